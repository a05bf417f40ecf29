"""What a run holds, entry by entry: whether two runs of one seed are the same is asked of each.

Of a user's own model some runs are made twice by every verification (`verify.runs.make.recheck`). A claim's
value may agree by luck, as True does with True: so what the runs hold is compared too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.falsehood import AlteredRun
from verify.runs.batch import Failure
from verify.runs.plan import RunSpec

__all__ = ["Entries", "entries_of", "fault_of_runs", "is_entries", "name_of", "runs_to_compare"]

_NAME = "runs of "
#: One run in so many, and so many of the last ones.
_EVERY, _LAST = 100, 2
#: Numbers of a list that are taken one by one.
_FEW = 100


def entries_of(run: Any) -> list[str]:
    """Names of what a run holds: the entries of a function's mapping, or its public attributes."""
    values = getattr(run, "values", None)
    names = list(values) if isinstance(values, dict) else [n for n in dir(run) if not n.startswith("_")]
    return [name for name in names if not callable(_read(run, name))]


def _read(run: Any, name: str) -> Any:
    try:
        return getattr(run, name, None)
    except Exception:  # a property of a user's class may raise anything
        return None


def name_of(experiment: str) -> str:
    """The measure's name among those of the claims, of which none has a space."""
    return f"{_NAME}{experiment}"


def is_entries(name: str) -> bool:
    """Whether a measure of this name is `Entries`."""
    return name.startswith(_NAME)


def runs_to_compare(specs: Sequence[RunSpec], most: int) -> frozenset[int]:
    """Indices of the runs whose entries are kept: one in a hundred, `most` or so of many, and the last."""
    every = max(_EVERY, len(specs) // most)
    return frozenset(s.index for s in specs if s.index % every == 0) | {s.index for s in specs[-_LAST:]}


@dataclass(frozen=True)
class Entries:
    """A measure: a digest of every entry of a run. What cannot be read, or has no bytes of its own, is left
    out."""

    def __call__(self, run: Any) -> dict[str, str]:
        """By the entry's name."""
        plain = run._run if isinstance(run, AlteredRun) else run  # what was made, without its control arm
        found = dict(_digests(plain))
        control = getattr(run, "control", None) if plain is not run else None
        return found if control is None else found | {f"control.{n}": d for n, d in _digests(control)}


def fault_of_runs(one: Mapping[str, str], other: Any) -> Failure | None:
    """The first entry in which two runs of one seed differ, as a failure of the model; None for none."""
    if not isinstance(other, Mapping):
        return None
    entry = next((name for name in one if name in other and one[name] != other[name]), None)
    if entry is None:
        return None
    said = f"{entry} of two runs of one seed differs: a run must be a function of (setting, seed)"
    return Failure("not reproducible", said)


def _digests(run: Any) -> list[tuple[str, str]]:
    out = []
    for name in entries_of(run):
        try:
            data = _bytes(getattr(run, name))
        except Exception:  # an attribute of a user's class may raise anything, and is then compared by nobody
            continue
        if data is not None:
            out.append((name, hashlib.sha256(data).hexdigest()[:16]))
    return out


def _joined(parts: Sequence[bytes | None]) -> bytes | None:
    return None if None in parts else b"|".join(b"%d:%b" % (len(p), p) for p in parts if p is not None)


def _bytes(value: Any) -> bytes | None:
    from verify.store.tree import UnkeptValue, tree_of

    if hasattr(value, "detach") and hasattr(value, "numpy"):  # a tensor, no library asked for
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        if value.dtype.kind in "fc":
            value = np.where(np.isnan(value), np.nan, value)  # a nan has no sign
        return f"{value.dtype.str}{value.shape}".encode() + np.ascontiguousarray(value).tobytes()
    if isinstance(value, list | tuple):
        if len(value) > _FEW and {type(v) for v in value} == {float}:  # a million one by one take seconds
            return _bytes(np.array(value))
        return _joined([_bytes(item) for item in value])
    if isinstance(value, Set):  # in no order: that of words is another one in every process
        found = [_bytes(item) for item in value]
        return _joined(sorted(p for p in found if p is not None)) if None not in found else None
    if isinstance(value, Mapping):
        pairs = [_joined([_bytes(key), _bytes(item)]) for key, item in value.items()]
        return _joined(sorted(p for p in pairs if p is not None)) if None not in pairs else None
    try:
        return json.dumps(tree_of(value)).encode()
    except UnkeptValue:
        text = repr(value)
        return None if " at 0x" in text else text.encode()  # an address is no number of the run
