"""Deciding at both ends of what measured numbers stand for.

A `Resolved` number stands for an interval, nan ("not measured") for every number. A rule is then decided
where they speak most for and where they speak most against the claim; its verdict stands where all agree,
else nothing is decided. So neither a saturated quantity nor a missing one supports or refutes anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Real
from operator import ne
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.resolved import Resolved
from verify.outcome import Decision, Observation
from verify.statistics.trials import SHOWN, count

if TYPE_CHECKING:
    from theory.claim import Proof
    from verify.rules.judge import Judge

__all__ = [
    "alternatives",
    "decide_at_ends",
    "interval",
    "is_open",
    "is_resolved",
    "nearest",
    "plain_value",
    "scaled",
    "unmeasured",
    "worst_end",
]

#: Numbers of which nan alone is not itself.
_PLAIN = frozenset({float, bool, int})
_ROWS = frozenset({list, tuple})
#: A number known to no better than this share of itself counts as unresolved, when the ends disagree.
_COARSE = 0.1


def interval(value: Any) -> tuple[float, float]:
    """The numbers that a number stands for.

    >>> interval(2.0), interval(Resolved(2.0, 0.5)), interval(math.nan)
    ((2.0, 2.0), (1.5, 2.5), (-inf, inf))
    """
    if isinstance(value, Resolved):
        return value.low, value.high
    number = float(value)
    return (-math.inf, math.inf) if math.isnan(number) else (number, number)


def _members(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, np.ndarray):
        return list(value.ravel())
    return list(value) if isinstance(value, (tuple, list)) else [value]


def unmeasured(value: Any) -> bool:
    """Whether a measured value, or one of its members, is nan."""
    if type(value) in _PLAIN:  # most are asked many times
        return value != value  # type: ignore[no-any-return]
    return any(_is_nan(v) for v in _members(value))


def _is_nan(member: Any) -> bool:
    if type(member) in _PLAIN:
        return member != member  # type: ignore[no-any-return]
    return isinstance(member, (Real, Resolved)) and math.isnan(float(member))


def is_open(value: Any) -> bool:
    """Whether a measured value stands for more than one number."""
    if type(value) in _PLAIN:
        return value != value  # type: ignore[no-any-return]
    members = value.values() if type(value) is dict else value if type(value) in _ROWS else None
    if members is not None and _PLAIN.issuperset(map(type, members)):  # without a step of Python's a member
        return any(map(ne, members, members))
    return unmeasured(value) or is_resolved(value)


def plain_value(value: Any) -> Any:
    """The value with every `Resolved` number as it was measured.

    >>> plain_value((Resolved(1.0, 0.5), 2.0))
    (1.0, 2.0)
    """
    if isinstance(value, Resolved):
        return float(value)
    if isinstance(value, Mapping):
        return {name: plain_value(v) for name, v in value.items()}
    if isinstance(value, (tuple, list)):
        return tuple(plain_value(v) for v in value)
    return value


def alternatives(value: Any) -> list[Any]:
    """The value at its low ends, as measured and at its high ends."""
    if not any(isinstance(v, Resolved) for v in _members(value)):
        return [value]

    def at(end: int) -> Any:
        def one(v: Any) -> Any:
            return (v.low, float(v), v.high)[end] if isinstance(v, Resolved) else v

        if isinstance(value, Mapping):
            return {name: one(v) for name, v in value.items()}
        return tuple(one(v) for v in value) if isinstance(value, (tuple, list)) else one(value)

    return [at(0), at(1), at(2)]


def scaled(value: Any, factor: float) -> Any:
    """A number times a factor, with its resolution.

    >>> scaled(2.0, 3.0), scaled(Resolved(2.0, 0.5), 3.0)
    (6.0, Resolved(value=6.0, resolution=1.5, floor=None, ceiling=None))
    """
    return value.times(factor) if isinstance(value, Resolved) else float(value) * factor


def nearest(value: Any, low: float, high: float) -> float:
    """Of the numbers that a value stands for, the one nearest to `[low, high]`; as measured where it may be.

    >>> nearest(Resolved(3.0, 1.0), 0.0, 2.5), nearest(math.nan, 0.0, 1.0)
    (2.5, 0.0)
    """
    least, most = interval(value)
    number = float(value)
    if math.isnan(number):
        number = low if math.isfinite(low) else high if math.isfinite(high) else 0.0
    return min(max(min(max(number, low), high), least), most)


def worst_end(value: Any, low: float, high: float) -> float:
    """Of the numbers that a value stands for, the one farthest outside `[low, high]`.

    >>> worst_end(Resolved(2.0, 1.0), 0.0, 2.5), worst_end(Resolved(1.0, 0.1), 0.0, 2.5)
    (3.0, 0.9)
    """
    least, most = interval(value)
    return most if most - high >= low - least else least


def decide_at_ends(
    judge: Judge[Any], rule: Any, observations: Sequence[Observation], proof: Proof | None
) -> Decision:
    """The verdict on which all ends agree, else INCONCLUSIVE; p-values are the largest of theirs.

    `statistic` is that of the measured runs at the numbers as measured, with the share of `unresolved` runs
    (at a floor or ceiling, or known to no better than a tenth), the `unmeasured` ones and the verdicts.
    """
    missing = [] if judge.leaves_out else [o for o in observations if unmeasured(o.value)]
    lost = {id(o) for o in missing}
    kept = [replace(o, value=plain_value(o.value)) for o in observations if id(o) not in lost]
    if not kept:
        return Decision(
            "inconclusive",
            f"None of {count(len(observations), 'run')} was measured (nan).",
            None,
            None,
            {"runs": len(observations), "trials": 0, "interval": None, "level": None},
            0,
            p_value=1.0,
            support_p=1.0,
        )
    centre = judge.decide(rule, kept, proof)
    if missing and judge.average:  # whatever the others say: a mean over all runs may be anything
        found = [replace(centre, verdict="inconclusive", needed=None, p_value=1.0, support_p=1.0)]
    else:
        found = [judge.decide(rule, seen, proof) for seen in judge.assignments(rule, observations)]
    if not missing:
        found.append(centre)
    verdicts = list(dict.fromkeys(d.verdict for d in found))
    agreed = len(verdicts) == 1 and not (missing and judge.average)
    unresolved = sum(_unresolved(o.value) for o in observations)
    statistic = {
        **centre.statistic,
        "unresolved": unresolved / len(observations),
        "unmeasured": [o.index for o in missing][:SHOWN],
        "verdicts_at_the_ends": verdicts,
    }
    p_values = [1.0 if d.p_value is None else d.p_value for d in found]
    supports = [1.0 if d.support_p is None else d.support_p for d in found]
    return replace(
        centre,
        verdict=found[0].verdict if agreed else "inconclusive",
        reason=f"{centre.reason} {_words(observations, missing, unresolved, verdicts, agreed)}".strip(),
        statistic=statistic,
        needed=found[0].needed if agreed else None,
        p_value=max(p_values),
        support_p=max(supports),
    )


def _unresolved(value: Any) -> bool:
    numbers = [v for v in _members(value) if isinstance(v, Resolved)]
    return any(
        math.isinf(v.low) or math.isinf(v.high) or v.resolution > _COARSE * abs(v.value) for v in numbers
    )


def _words(
    observations: Sequence[Observation],
    missing: Sequence[Observation],
    unresolved: int,
    verdicts: Sequence[str],
    agreed: bool,
) -> str:
    parts = []
    if missing:
        runs = ", ".join(str(o.index) for o in missing[:SHOWN])
        more = "" if len(missing) <= SHOWN else ", ..."
        ending = "the verdict is the same whatever they are" if agreed else "what they are would decide"
        parts.append(
            f"Not measured (nan) in {count(len(missing), 'run')} of {len(observations)}: {runs}{more};"
            f" {ending}."
        )
    if len(verdicts) > 1 and any(is_resolved(o.value) for o in observations):
        parts.append(
            "But the numbers are known to a resolution only, and at the ends of what they stand for the rule"
            f" says {' and '.join(verdicts)}: {unresolved} of {count(len(observations), 'run')} are"
            " unresolved (at a floor or ceiling, or known to no better than a tenth). A finer resolution"
            " (smaller steps, more samples) or settings farther from the floor would decide."
        )
    return " ".join(parts)


def is_resolved(value: Any) -> bool:
    """Whether a measured value, or one of its members, is known to a resolution only."""
    return type(value) not in _PLAIN and any(isinstance(v, Resolved) for v in _members(value))
