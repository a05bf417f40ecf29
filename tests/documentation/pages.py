"""The claims files that pages of the documentation show whole."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
_FILE = re.compile(r"```python\n# (?P<name>\w+\.py)\n(?P<code>.*?)```", re.S)

HOW_TO = sorted(page.relative_to(DOCS).as_posix() for page in (DOCS / "howto").glob("*.md"))


def written(page: str, folder: Path) -> Path:
    """The file that a page shows, under its own name."""
    (found,) = _FILE.finditer((DOCS / page).read_text(encoding="utf-8"))
    file = folder / found["name"]
    file.write_text(found["code"], encoding="utf-8")
    return file
