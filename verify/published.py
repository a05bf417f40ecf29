"""A published table of means, as a csv file of one's own."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["OWN_COLUMNS", "PublishedCell", "load_published", "value_of"]

#: Columns that are no coordinate of the setting.
OWN_COLUMNS = ("quantity", "mean", "standard_error", "tolerance", "note")


@dataclass(frozen=True)
class PublishedCell:
    """One row.

    Args:
        line: of the file.
        values: the coordinates of the setting, numbers or words.
        quantity: as a sweep writes it.
        mean: as published.
        standard_error: of that mean, as published; None where it is not known.
        tolerance: how far a mean may lie from it and still be the same: what rounding, or a figure that was
            read off, leaves open.
        note: anything.
    """

    line: int
    values: Mapping[str, Any]
    quantity: str
    mean: float
    standard_error: float | None = None
    tolerance: float = 0.0
    note: str = ""


def load_published(path: Path) -> list[PublishedCell]:
    """The rows of a csv file (UTF-8, a header, lines that begin with # are comments).

    Raises:
        ValueError: naming the file, the line and the column, what it was and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"FILE: {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"FILE: {path} is not a text file in UTF-8") from None
    lines = [
        (k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")
    ]
    if len(lines) < 2:
        raise ValueError(f"FILE: {path} must have a header and at least one row")
    rows = list(csv.reader([line for _, line in lines]))
    header = [name.strip() for name in rows[0]]
    for name in header:
        if not name or header.count(name) > 1:
            raise ValueError(f"FILE: {path}:{lines[0][0]}: column {name!r} must have a name, used once")
    for name in ("quantity", "mean"):
        if name not in header:
            raise ValueError(f"FILE: {path}:{lines[0][0]}: column {name} is missing; has {', '.join(header)}")
    return [_cell(path, number, header, row) for (number, _), row in zip(lines[1:], rows[1:], strict=True)]


def _cell(path: Path, line: int, header: Sequence[str], row: Sequence[str]) -> PublishedCell:
    if len(row) != len(header):
        raise ValueError(f"FILE: {path}:{line}: must have {len(header)} columns, has {len(row)}")
    given = {name: text.strip() for name, text in zip(header, row, strict=True)}

    def number(name: str, least: float | None = None) -> float | None:
        text = given.get(name, "")
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or (least is not None and value < least):
            allowed = "a finite number" + ("" if least is None else f" >= {least:g}")
            raise ValueError(f"FILE: {path}:{line}: {name} must be {allowed}, was {text!r}")
        return value

    mean = number("mean")
    if mean is None or not given["quantity"]:
        raise ValueError(f"FILE: {path}:{line}: quantity and mean must be given")
    return PublishedCell(
        line,
        {name: value_of(text) for name, text in given.items() if name not in OWN_COLUMNS and text},
        given["quantity"],
        mean,
        number("standard_error", 0.0),
        number("tolerance", 0.0) or 0.0,
        given.get("note", ""),
    )


def value_of(text: str) -> Any:
    """A whole number, a number or a word."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
