"""`python -m verify conformance`: the table, the exit status, one line for wrong input."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from simulation import run_law_conformance

Call = Callable[..., tuple[int, str, str]]

RIGHT = "from simulation import reduced_engine as ENGINE\n"
WRONG = """
from simulation import reduced_engine

def ENGINE(problem, *, eta, steps, dtype="float64", device="cpu"):
    return reduced_engine(problem, eta=1.1 * eta, steps=steps, dtype=dtype, device=device)
"""


@pytest.fixture
def here(command: Call, monkeypatch: pytest.MonkeyPatch) -> Call:
    """`python -m verify conformance ARGUMENTS`, with fewer draws of law engines: what their number shows is
    tested in `quality/test_law_conformance.py`."""
    monkeypatch.setattr("simulation.run_law_conformance", partial(run_law_conformance, draws=400))
    return partial(command, "conformance")


def test_one_of_ours(here: Call) -> None:
    code, out, _ = here("--engine", "law", "--seed", "3")
    assert code == 0
    assert out.startswith("engine law\ncheck ")
    assert "batch invariance" in out


def test_a_users_engines_are_judged_each(here: Call, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(RIGHT, encoding="utf-8")
    wrong.write_text(WRONG, encoding="utf-8")
    assert here("--engine-file", str(right))[0] == 0
    code, out, err = here("--engine-file", str(right), str(wrong))
    assert code == 1
    assert not err
    assert "engine right.py" in out
    failed = [line for line in out.splitlines() if line.startswith("gradient: autograd")]
    assert "passed" in failed[0]
    assert "case 0 (n 2, d 4, m 1" in failed[1]


LAW = """
from simulation import derive_seed, train_many

def {name}(settings, seeds, *, steps, dtype="float64", device="cpu"):
    seeds = [derive_seed(s, "my own") for s in seeds]
    settings = [s.with_(eta={rate} * s.eta) for s in settings]
    return train_many(settings, seeds, steps=steps, dtype=dtype, device=device)
"""


def test_a_users_law_engine_is_judged_as_one(here: Call, tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(LAW.format(name="ENGINE", rate="1.0"), encoding="utf-8")
    wrong.write_text(LAW.format(name="LAW_ENGINE", rate="1.01"), encoding="utf-8")
    code, out, err = here("--engine-file", str(right), str(wrong))
    assert (code, err) == (1, "")
    first, second = out.split("engine wrong.py")
    assert "law of the draw, d = 100n" in first
    assert "failed" not in first
    assert "TypeError" not in out
    failed = {line.split("  ")[0].strip() for line in second.splitlines() if "  failed  " in line}
    assert failed == {"trajectory: autograd", "scaling", "long run"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("def ENGINE(problem): ...", "ENGINE must take (problem, *, eta, steps, dtype, device) or, in law,"),
        ("def LAW_ENGINE(settings): ...", "LAW_ENGINE must take"),
        ("LAW_ENGINE = 3", "must define ENGINE, a callable (see simulation.Engine), or LAW_ENGINE"),
        ("ENGINE = LAW_ENGINE = print", "must define ENGINE or LAW_ENGINE, not both"),
        (None, "no such file"),
        ("raise SystemExit('stop\\nhere')", "does not import: SystemExit: stop here"),
        ("x = 1", "must define ENGINE, a callable"),
        ("ENGINE = 3", "must define ENGINE, a callable"),
        ("def f(:", "does not import: SyntaxError"),
    ],
)
def test_an_unusable_file_is_one_line(here: Call, tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "engine.py"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    code, out, err = here("--engine-file", str(path))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err


@pytest.mark.parametrize(
    "arguments", [("--engine", "torch"), ("--seed", "-1"), ("--engine-file",), ("--what",)]
)
def test_wrong_arguments_are_one_line(here: Call, arguments: tuple[str, ...]) -> None:
    code, out, err = here(*arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert arguments[0] in err
