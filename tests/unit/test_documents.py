"""What README and the documentation show is what comes out: code blocks run, and numbers beside them hold."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    if "```python" in page.read_text(encoding="utf-8")
)
#: Code, and the text that it is said to print, if it is.
_BLOCK = re.compile(r"```python\n(?P<code>.*?)```(?:\n+prints\n+```text\n(?P<shown>.*?)```)?", re.S)
_NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")


def blocks(page: str) -> list[tuple[str, str | None]]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [(found["code"], found["shown"]) for found in _BLOCK.finditer(text)]


def same_text(printed: str, shown: str) -> bool:
    """The same words, and each number within 1 %: what another machine's rounding may move is less."""
    if _NUMBER.sub("#", printed).split() != _NUMBER.sub("#", shown).split():
        return False
    pairs = zip(_NUMBER.findall(printed), _NUMBER.findall(shown), strict=True)
    return all(float(a) == pytest.approx(float(b), rel=0.01) for a, b in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_code_blocks_run_and_print_what_they_are_said_to(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    names: dict[str, Any] = vars(module)
    exec(GIVEN.get(page, ""), names)
    for code, shown in blocks(page):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, page, "exec", dont_inherit=True), names)
        if shown is not None:
            assert same_text(out.getvalue(), shown), out.getvalue()


#: What a page takes as given, for its code to be read alone.
GIVEN = {
    "docs/store.md": "from theory import Setting\n\nseed = 0\n"
    "setting = Setting.from_n_snr2(\n"
    "    n=10, d=100, m=4, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=1.0, clock_step=0.1\n"
    ")\n"
}
#: As a user's mypy reads a file: types are checked, none have to be written.
_LENIENT = (
    "# mypy: disallow_untyped_defs=False, disallow_incomplete_defs=False, disallow_untyped_calls=False, "
    "disallow_any_generics=False, check_untyped_defs=True\n"
)


def type_checked(pages: dict[str, str], folder: Path) -> str:
    """What mypy says of these pages' code, one file a page; "" when it is content."""
    files = []
    for page, code in pages.items():
        files.append(folder / (re.sub(r"\W", "_", page) + ".py"))
        files[-1].write_text(_LENIENT + code, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stderr == ""
    return "" if done.returncode == 0 else done.stdout


@pytest.mark.slow
def test_code_blocks_have_the_types_that_a_user_sees(tmp_path: Path) -> None:
    pages = {page: GIVEN.get(page, "") + "\n".join(c for c, _ in blocks(page)) for page in PAGES}
    pages["wrong"] = "from theory import Setting\nx: int = Setting.from_n_snr2\n"
    said = type_checked(pages, tmp_path)
    # The wrong line is seen, so the stubs are read; nothing else is.
    assert re.search(r"wrong\.py:3: error: Incompatible types in assignment", said), said
    assert "Found 1 error in 1 file" in said, said


def test_the_front_page_shows_what_its_example_prints() -> None:
    assert "README.md" in PAGES
    assert any(shown is not None and "D_test error" in shown for _, shown in blocks("README.md"))


def test_a_number_that_moved_is_seen() -> None:
    assert same_text("(201, 200) error 0.0428\n", "(201, 200)  error 0.0429")
    assert not same_text("error 0.4998", "error 0.0428")
    assert not same_text("error 0.0428", "loss 0.0428")
    assert not same_text("1 2", "1")


def test_the_example_of_a_sweep_gives_the_table_beside_it(tmp_path: Path) -> None:
    text = (ROOT / "docs/sweeps.md").read_text(encoding="utf-8")
    config = re.search(r"```toml\n(.*?)```", text, re.S)
    assert config is not None
    (tmp_path / "sweep.toml").write_text(config[1])
    table = text[config.end() :].partition("```")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.split("\n") if "|" in line
    ]
    header, shown = rows[0], [[float(cell) for cell in row] for row in rows[2:]]
    assert len(shown) == 3
    command = [
        sys.executable,
        "-m",
        "verify",
        "sweep",
        str(tmp_path / "sweep.toml"),
        "--out",
        str(tmp_path / "x"),
    ]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    import pandas as pd

    summary = pd.read_csv(tmp_path / "x" / "summary.csv")
    found = summary[summary["d_over_n2"] == 100][header].to_numpy()
    for got, want in zip(found, shown, strict=True):
        assert got == pytest.approx(want, rel=0.02, abs=6e-4)
    # Every interval within what its quantity can be, and none of no width without reason.
    assert (summary["t_half low"] >= 0).all()
    for name in ("dtest_error(end)", "noisy_misfit(0.5)"):
        assert summary[f"{name} low"].between(0, 1).all()
        assert summary[f"{name} high"].between(0, 1).all()
        assert (summary[f"{name} low"] <= summary[f"{name} mean"]).all()
    assert (summary["t_half low"] < summary["t_half high"]).all()
