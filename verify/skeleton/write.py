"""`python -m verify new NAME`: a folder with a paper that works, to be changed line by line."""

from __future__ import annotations

import keyword
import os
import re
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from theory.paper import paper_names

__all__ = ["SIZES", "write_skeleton"]

#: The three sizes of a theorem (docs/claims.md).
SIZES = ("function", "model", "paper")

#: A template is the file that it makes, with this ending, and `NAME` where the paper's name belongs.
_ENDING = ".txt"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def write_skeleton(name: str, size: str = "function", folder: Path = Path()) -> list[Path]:
    """Write `folder/name`: claims, one of them planted false, their test and a README. All or nothing.

    Args:
        name: of the paper, of its folder, and the first word of its claims' ids.
        size: "function", "model" or "paper".

    Returns:
        The paths written, in order.

    Raises:
        ValueError: for a name that is no lower-case Python name or is taken, a size that is none, or a folder
            that exists or cannot be written.
    """
    if size not in SIZES:
        raise ValueError(f"--size must be one of {', '.join(SIZES)}, was {size!r}")
    _check_name(name)
    target = Path(folder) / name
    if os.path.lexists(target):
        raise ValueError(f"NAME: {target} exists already; take another name")
    try:
        aside = Path(tempfile.mkdtemp(prefix=f".{name}.new-", dir=folder))
    except OSError as error:
        raise ValueError(f"NAME: {target} cannot be written: {error.strerror or error}") from error
    made = aside / name
    try:
        made.mkdir()
        for template in sorted((Path(__file__).parent / size).glob(f"*{_ENDING}")):
            file = made / template.name.removesuffix(_ENDING).replace("NAME", name)
            text = template.read_text(encoding="utf-8").replace("NAME", name)
            file.write_text(text, encoding="utf-8")
        made.rename(target)
    except OSError as error:
        raise ValueError(f"NAME: {target} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return sorted(target.iterdir())


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ValueError(
            f"NAME must be lower-case letters, digits and '_', begin with a letter and be no word of Python, "
            f"was {name!r}"
        )
    if name in {known.split(".")[0] for known in paper_names()}:
        raise ValueError(f"NAME: {name!r} is a built-in paper; take another name")
    found = find_spec(name)
    if found is not None and found.origin is not None:
        raise ValueError(f"NAME: {name!r} is the name of an installed module ({found.origin}); take another")
