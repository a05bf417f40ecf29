"""pydantic's errors as one line that names the key, what it was and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

__all__ = ["one_line"]


def one_line(error: ValidationError, model: type[BaseModel], inner: type[BaseModel]) -> str:
    """The first error; unknown keys before all others, since they explain what is missing.

    `inner` is what the keys of a table in `model` are held against.
    """
    details: Sequence[Any] = error.errors(include_url=False)
    unknown = [e for e in details if e["type"] == "extra_forbidden"]
    first = (unknown or details)[0]
    key = _key(first["loc"])
    if unknown:
        return f"unknown key {key!r}{_near(first['loc'], model if len(first['loc']) == 1 else inner)}"
    message = str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "missing":
        return f"{key} is missing"
    if first["type"] == "value_error" and not key:
        return message
    if first["type"] == "value_error" and isinstance(first["input"], dict):
        return f"{key}: {message}"
    allowed = message.removeprefix("Input ").replace("should be", "must be", 1)
    return f"{key} {allowed}, was {_shown(first['input'])}"


def _key(loc: Sequence[int | str]) -> str:
    """The dotted key, without pydantic's names for the members of a union."""
    parts = [str(part) for part in loc if str(part) not in ("values", "range", "number")]
    return ".".join(parts)


def _near(loc: Sequence[int | str], table: type[BaseModel]) -> str:
    known = [field.alias or name for name, field in table.model_fields.items()]
    near = difflib.get_close_matches(str(loc[-1]), known, n=3)
    return f"; did you mean {', '.join(near)}?" if near else f"; known: {', '.join(known)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
