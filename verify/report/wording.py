"""Numbers and rules in words, alike in HTML and Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from theory.rules import Band, Event, EventMap, Exponent, FittedBand, Identity, Law, SameLaw
from verify.jsonable import jsonable

__all__ = ["RULE_EXPLANATIONS", "VERDICT_EXPLANATIONS", "rule_sentence", "show", "show_range"]

_LIST = 8


def show(value: Any) -> str:
    """A value for reading: four significant digits, long lists cut.

    >>> show(0.123456), show([1.0, None]), show({"a": True}), show(40_000), show(1.0)
    ('0.1235', '[1, –]', 'a: yes', '40000', '1')
    """
    value = jsonable(value) if not isinstance(value, float) else value
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if math.isnan(value):
            return "–"
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return "; ".join(f"{k}: {show(v)}" for k, v in value.items()) or "–"
    if isinstance(value, list):
        shown = ", ".join(show(v) for v in value[:_LIST])
        rest = f", … {len(value)} in all" if len(value) > _LIST else ""
        return f"[{shown}{rest}]"
    return str(value)


def show_range(values: Any) -> str:
    """Smallest to largest, or the one value.

    >>> show_range([3, 1, 2]), show_range([2.0, 2.0])
    ('1 to 3', '2')
    """
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"{low} to {high}"


def rule_sentence(rule: Any) -> str:
    """How this claim is decided, with its declared numbers."""
    if isinstance(rule, Identity):
        text = f"Every relative residual must stay below {rule.factor:g} · eps(dtype) · steps."
    elif isinstance(rule, Event):
        text = f"The violation rate must be below {rule.delta:g}, certified at level {1 - rule.alpha:g}."
    elif isinstance(rule, EventMap):
        text = (
            f"Where {rule.axis} is at least {rule.threshold:g}, the violation rate must be below"
            f" {rule.delta:g}, certified at level {1 - rule.alpha:g}; every cell's share is reported."
        )
    elif isinstance(rule, Band):
        text = (
            f"The quantity must lie in [{show(rule.lower)}, {show(rule.upper)}], with a violation rate below"
            f" {rule.delta:g} certified at level {1 - rule.alpha:g}."
        )
    elif isinstance(rule, FittedBand):
        text = (
            f"A band fitted on half of the runs (widened by {rule.widen:g}, at most {rule.max_ratio:g} wide)"
            f" must hold on the other half, with a violation rate below {rule.delta:g} certified at level"
            f" {1 - rule.alpha:g}."
        )
    elif isinstance(rule, Exponent):
        text = (
            f"The exponent of {rule.parameter} must be {rule.value:g} within ±{rule.margin:g}:"
            f" the {1 - 2 * rule.alpha:.0%} interval of the mean slope inside."
        )
    elif isinstance(rule, Law):
        text = f"Measured over predicted must be 1 within {rule.margin:.1%} on average, by equivalence."
    elif isinstance(rule, SameLaw):
        text = (
            f"Both engines must give the same distributions: no test rejects at {rule.alpha:g}, and a"
            f" distance below {rule.margin:g} is certified."
        )
    else:
        text = f"Decided by {type(rule).__name__}."
    reason = getattr(rule, "reason", "")
    return f"{text} Declared because: {reason}." if reason else text


VERDICT_EXPLANATIONS = {
    "supported": "the runs exclude, at the declared error level, that the claim is wrong by more than its"
    " declared margin or violation rate",
    "refuted": "the runs exclude, at the same level and within the error budget of the whole verification"
    " (Holm's correction over all claims), that it is right; the smallest counterexample found is given with"
    " the command that replays it",
    "inconclusive": "the runs exclude neither, or exclude one with too small a planned power (support) or"
    " not within the error budget (refutation); where it can be told, the number of runs that would decide",
    "not-applicable": "no run lay inside the claim's conditions, or the quantity was not defined on any",
}

RULE_EXPLANATIONS = {
    "identity": "Equality of reals. The relative residual of every run is compared with the rounding error"
    " that its float type and number of steps allow; a symbolic proof is required where one is given.",
    "event": "One trial a seed: it holds or it does not. The exact (Clopper-Pearson) one-sided limits of the"
    " violation rate are compared with delta.",
    "ordering": "As an event: the stated order holds in a run or it does not.",
    "band": "As an event: the quantity lies between two ends. The ends are declared, or fitted on one block"
    " of runs and judged on another; runs that no band of the allowed width contains refute.",
    "exponent": "One log-log slope for every replicate of a sweep, then an equivalence test: the interval of"
    " the mean slope must lie inside the declared margin.",
    "law": "Measured against predicted with nothing fitted, by an equivalence test of the mean log ratio; or"
    " the same distribution under two engines, by two-sample tests and a certified distance.",
}
