"""The notebooks run as they stand and say what is stored in them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from documentation.pages import DOCS

nbformat = pytest.importorskip("nbformat", reason="the extra `notebooks` is not installed")
nbclient = pytest.importorskip("nbclient", reason="the extra `notebooks` is not installed")
pytest.importorskip("ipykernel", reason="the extra `notebooks` is not installed")

NOTEBOOKS = sorted(file.stem for file in (DOCS / "notebooks").glob("*.ipynb"))
_NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")


def said(notebook: Any) -> list[str]:
    """Every line of text that the cells put out, without numbers: their last digits are a machine's."""
    texts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    ]
    return [" ".join(_NUMBER.sub("#", line).split()) for text in texts for line in text.splitlines()]


def executed(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """A notebook as stored, and as it comes out when run in another folder."""
    monkeypatch.setenv("PYTHONPATH", str(DOCS.parent))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    monkeypatch.setenv("IPYTHONDIR", str(folder / "ipython"))
    stored = nbformat.read(DOCS / "notebooks" / f"{name}.ipynb", as_version=4)
    fresh = nbformat.from_dict(stored)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbclient.NotebookClient(fresh, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return nbformat.read(DOCS / "notebooks" / f"{name}.ipynb", as_version=4), fresh


def test_there_are_three() -> None:
    assert NOTEBOOKS == ["first_theorem", "my_labels", "phase_diagram"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("name", ["first_theorem", "my_labels", "phase_diagram"])
def test_a_notebook_says_what_is_stored_in_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, fresh = executed(name, tmp_path, monkeypatch)
    assert said(stored), "stored without outputs"
    assert said(fresh) == said(stored)
    pictures = [
        sum("image/png" in o.get("data", {}) for c in book.cells for o in c.get("outputs", []))
        for book in (stored, fresh)
    ]
    assert pictures[0] == pictures[1] >= 1


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_machine_s_paths_and_no_errors_are_stored(name: str) -> None:
    text = (DOCS / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
    assert not re.search(r"/(tmp|home|work|root|usr)/|\\u001b\[", text)
    assert '"output_type": "error"' not in text
    assert sys.prefix not in text
