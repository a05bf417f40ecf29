"""Which functions a claim rests on, each with a digest of its source: what changed between two reports.

The claim's own functions (measure, proof, what makes its runs) and, from them on, every function and constant
of the same folder that they name. What stands elsewhere is seen by the digest of the whole source
(`verify.source_digest`).
"""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from theory.claim import Claim

__all__ = ["code_of"]

_DIGITS = 12


def code_of(claim: Claim) -> dict[str, str]:
    """Function -> digest of its source, constant -> its value, by name; "measure", "proof" and "simulate" are
    the claim's own.
    """
    found: dict[str, str] = {}
    left = [
        (name, function)
        for name, value in _own(claim)
        for function in (_function(value),)
        if function is not None
    ]
    seen: set[CodeType] = set()
    while left:
        name, function = left.pop(0)
        if function.__code__ in seen:
            continue
        seen.add(function.__code__)
        found.setdefault(name, _digest(function.__code__))
        for other, value in _named(function):
            called = _function(value)
            if called is None:
                found.setdefault(other, repr(value))
            elif _folder(called) == _folder(function):
                left.append((called.__qualname__, called))
    return dict(sorted(found.items()))


def _own(claim: Claim) -> Iterator[tuple[str, Any]]:
    yield "measure", claim.measure
    if claim.proof is not None:
        yield "proof", claim.proof
    engines = claim.experiment.of_model.engines
    if isinstance(engines, str):
        return
    if not isinstance(engines, Mapping):
        yield "simulate", engines
        return
    for name, engine in engines.items():
        made = getattr(engine, "simulate", None) or engine.make
        yield "simulate" if len(engines) == 1 else f"simulate {name}", made


def _function(value: Any) -> FunctionType | None:
    """The function that a value is or is made of: a method's, a partial's, a callable object's."""
    while isinstance(value, partial):
        value = value.func
    value = getattr(value, "__func__", value)
    if isinstance(value, FunctionType):
        return value
    if isinstance(value, type) or not callable(value):
        return None
    call = getattr(type(value), "__call__", None)  # noqa: B004
    return call if isinstance(call, FunctionType) else None


def _named(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function names: globals, and what it closes over or has as defaults."""
    codes = [function.__code__]
    for code in codes:
        codes += [c for c in code.co_consts if isinstance(c, CodeType)]
    known = function.__globals__
    values = {name: known[name] for code in codes for name in code.co_names if name in known}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            values[name] = cell.cell_contents
        except ValueError:  # not filled yet
            continue
    for name, value in values.items():
        plain = isinstance(value, bool | int | float | str) and not name.startswith("__")
        if plain or _function(value) is not None:
            yield name, value


def _folder(function: FunctionType) -> Path:
    return Path(function.__code__.co_filename).parent


@cache
def _digest(code: CodeType) -> str:
    """Of the lines on which the function stands, without blanks at their ends; of its compiled code where
    there is no source."""
    lines = linecache.getlines(code.co_filename)[code.co_firstlineno - 1 : _last(code)]
    text = "\n".join(line.strip() for line in lines).encode() if lines else code.co_code
    return hashlib.sha256(text).hexdigest()[:_DIGITS]


def _last(code: CodeType) -> int:
    inner = [_last(c) for c in code.co_consts if isinstance(c, CodeType)]
    return max([end for _, end, _, _ in code.co_positions() if end is not None] + inner, default=0)
