"""Settings of every test: property tests by profile, one thread a process; and the command line.

`HYPOTHESIS_PROFILE` chooses how hard property tests try:

- quick (when it is not set): few examples, the same on every machine and in every run;
- default: a hundred new examples in every run;
- full: a thousand new examples in every run.

Standing in `tests/`, this file also puts the folder on the import path (`from oracle.numpy_cnn import ...`).
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

# Arrays here are small: more threads only contend with the other test processes. Read when torch and
# numpy's BLAS are first loaded, in child processes too.
# Nothing that an earlier test, or the user, has made is reused unless a test asks for it.
os.environ["THEOREM_VERIFIER_RUNS"] = ""
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
# A hundred tests start a Python of their own: where the environment forbids to keep bytecode, each would
# compile every module anew, and so would each collection.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# No failure for slowness, and no state kept between runs.
settings.register_profile("quick", derandomize=True, max_examples=30, deadline=None, database=None)
settings.register_profile("default", max_examples=100, deadline=None, database=None, print_blob=True)
settings.register_profile("full", max_examples=1000, deadline=None, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

if settings.get_current_profile_name() == "quick" and hasattr(providers, "_get_local_constants"):
    # Else hypothesis draws numbers that stand in the modules loaded so far: other examples in another order
    # of tests, and seconds in each process to look through them all.
    providers._get_local_constants = lambda: providers._local_constants  # type: ignore[attr-defined]


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: a search for garbage need not look through it, and
    would take a second each time that a library asks for one."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's own code is measured here, not in workers that each begin anew: for tests of other things."""
    from verify.runs.backends import SerialBackend

    for module in ("verify.pipeline", "verify.soundness.falsehoods", "verify.runs.make"):
        monkeypatch.setattr(f"{module}.backend_for", lambda jobs, isolated=False: SerialBackend())


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Exit status, stdout and stderr of `python -m verify WORDS`, in this process."""

    def call(*words: str) -> tuple[int, str, str]:
        from verify.cli.main import main

        monkeypatch.setattr(sys, "argv", ["verify", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        assert isinstance(stop.value.code, int)
        captured = capsys.readouterr()
        return stop.value.code, captured.out, captured.err

    return call
