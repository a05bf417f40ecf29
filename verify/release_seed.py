"""The seed of published verdicts: derived from what is judged, so that nobody chose it.

Anything that can change a verdict changes the seed: the release, and of every claim its rule, margins, place,
measurement and conditions. A verdict that was picked among seeds would need a changed claim for every try.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from importlib import metadata
from types import CodeType
from typing import Any

from theory.claim import Claim

__all__ = ["claim_digest", "installed_version", "release_seed"]

_DISTRIBUTION = "theorem-verifier"


def release_seed(claims: Iterable[Claim], version: str | None = None) -> int:
    """`sha256(version + digest of every claim) mod 2^31`, in any order of the claims.

    Args:
        version: of the release; None: the installed one.
    """
    digests = sorted(claim_digest(claim) for claim in claims)
    text = "\n".join([installed_version() if version is None else version, *digests])
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % 2**31


def claim_digest(claim: Claim) -> str:
    """Of id, rule with its margins, place, numbers of runs, measurement and conditions; 64 hexadecimal
    digits.

    A measurement enters by its source, and by the values that it closes over; where there is no source, by
    its compiled code. Functions that it calls enter with the version only.
    """
    experiment = claim.experiment
    parts = [
        claim.id,
        _text(claim.rule),
        _text(experiment.place),
        _text(dict(experiment.runs)),
        _text([experiment.clock, experiment.engines, experiment.snapshots, experiment.options]),
        _text(claim.measure),
        *(f"{c.name}: {c.large!s} >= {c.small!s}" for c in claim.conditions),
        _text(dict(claim.constants.values)),
        _text(claim.drops),
    ]
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def installed_version() -> str:
    """Of the release that is installed."""
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unreleased"


def _text(value: Any, depth: int = 0) -> str:
    """A text that is equal in every process for equal values: no address, no order of a set."""
    if depth > 6:
        return f"<{type(value).__qualname__}>"
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return repr(value)
    if isinstance(value, partial):
        return f"partial({', '.join(_text(v, depth + 1) for v in (value.func, value.args, value.keywords))})"
    if is_dataclass(value) and not isinstance(value, type):
        inner = ", ".join(f"{f.name}={_text(getattr(value, f.name), depth + 1)}" for f in fields(value))
        return f"{type(value).__qualname__}({inner})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_text(v, depth + 1)}" for k, v in value.items()) + "}"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(_text(v, depth + 1) for v in value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(v, depth + 1) for v in value) + "]"
    if hasattr(value, "tolist"):  # an array
        return _text(value.tolist(), depth + 1)
    if type(value).__module__.startswith("sympy"):
        return str(value)
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    function = getattr(value, "__func__", value)
    code = getattr(function, "__code__", None)
    if code is None:
        return f"{type(value).__module__}.{type(value).__qualname__}"
    owner = getattr(value, "__self__", None)
    own = "" if owner is None else _text(owner, depth + 1) if depth == 0 else type(owner).__qualname__
    return f"{own}.{_source(value, code)}[{_closed_over(function, depth)}]"


def _source(function: Any, code: CodeType) -> str:
    """The source without leading blanks: equal under every version of Python, as compiled code is not."""
    try:
        return "\n".join(line.strip() for line in inspect.getsource(function).splitlines())
    except (OSError, TypeError):
        return f"{code.co_code.hex()}|{_constants(code)}|{','.join(code.co_names)}"


def _constants(code: CodeType) -> str:
    return ",".join(
        _constants(c) + c.co_code.hex() if isinstance(c, CodeType) else _text(c) for c in code.co_consts
    )


def _closed_over(function: Any, depth: int) -> str:
    cells = getattr(function, "__closure__", None) or ()
    values = []
    for cell in cells:
        try:
            values.append(_text(cell.cell_contents, depth + 1))
        except ValueError:  # not filled yet
            values.append("")
    values += [_text(v, depth + 1) for v in getattr(function, "__defaults__", None) or ()]
    return ", ".join(values)
