"""A loop gives the same bits whether it was compiled in this process or loaded from the cache on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("compiled_digests.py")
ROOT = Path(__file__).parents[2]


def digests(cache: Path) -> list[str]:
    where = {"NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, **where}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.splitlines()


@pytest.mark.slow
def test_compiled_here_or_loaded_a_loop_gives_the_same_bits(tmp_path: Path) -> None:
    """A helper that is compiled with its caller may be merged into it, one that was loaded is called: sums
    may then be split differently.
    """
    first = digests(tmp_path)
    assert len({line.partition(" ")[0] for line in first}) == 8, "each has a run of its own"
    assert digests(tmp_path) == first, "all loaded"
    # Where no helper is kept beside them, loops compiled again are those compiled first.
    compiled = {file.parent for file in tmp_path.rglob("*.nbi") if "dvance" not in file.name}
    loops = [file for folder in compiled for file in folder.glob("*dvance*")]
    assert {file.name.partition(".advance")[0] for file in loops} >= {"kernel"}
    for kept in loops:
        kept.unlink()
    assert digests(tmp_path) == first, "helpers loaded, loops compiled"
    assert all(file.exists() for file in loops)
