"""A decision on a band's constants joined with that on its powers, with the sentence of each outcome."""

from __future__ import annotations

import math
from dataclasses import replace

from theory.rules import FittedBand
from verify.outcome import Decision
from verify.rules.residuals import Residual, Residuals

__all__ = ["with_powers"]


#: Share of a rule's error level that all powers of a claim have together; the constants have the rest.
_SHARE = 0.5


def with_powers(rule: FittedBand, decision: Decision, found: Residuals) -> Decision:
    """The decision on the constants, joined with that on the powers.

    Support needs both. All powers together have half of the error level, the constants the other: the p-value
    is the smaller of the two, each divided by its share.
    """
    k, own = found.number, decision.p_value
    if own is None:
        return decision
    steep = min(found.measured, key=lambda r: r.p_value, default=None)
    of_powers = 1.0 if steep is None else min(1.0, steep.p_value * k / _SHARE)
    weak = max(found.measured, key=lambda r: r.support_p, default=None)
    shown = 1.0 if found.missing else 0.0 if weak is None else min(1.0, k * weak.support_p)
    own_support = 1.0 if decision.support_p is None else decision.support_p
    decision = replace(
        decision,
        p_value=min(of_powers, own / (1 - _SHARE), 1.0),
        support_p=max(own_support, shown),
        statistic={
            **decision.statistic,
            "powers": {r.parameter: r.as_dict() for r in found.measured},
            "powers_missing": found.missing,
            "powers_stated": dict(rule.exact),
        },
    )
    assert decision.p_value is not None
    if decision.p_value < rule.alpha:
        if of_powers < rule.alpha and steep is not None:
            return replace(
                decision,
                verdict="refuted",
                reason=f"{_surely(rule, steep)} {decision.reason}",
                needed=None,
                support_p=1.0,
            )
        return decision
    if decision.verdict == "refuted":
        why = f" But half of the error level is kept for powers, and p = {own:.3g} is not below the other."
        return replace(decision, verdict="inconclusive", reason=decision.reason + why)
    if decision.verdict != "supported":
        return decision
    if shown < rule.alpha:
        return _loose(rule, replace(decision, reason=f"{decision.reason} {_inside(rule, found)}"), found)
    missing, needed = _what_is_missing(rule, found, decision.n_trials)
    return replace(
        decision, verdict="inconclusive", reason=f"{decision.reason} {missing}", needed=needed, grade=None
    )


def _loose(rule: FittedBand, decision: Decision, found: Residuals) -> Decision:
    """A bound whose ratio surely falls like a power is true and loose: it grows faster than it need."""
    level = rule.alpha / found.number
    falling = [r for r in found.measured if r.value + r.half_width(level) < -rule.power]
    if rule.two_sided or not falling:
        return decision
    how = ", ".join(f"{r.parameter}^{r.value:.2g}" for r in falling)
    text = f" It is loose: the quantity falls behind its bound like {how}."
    return replace(decision, grade="loose", reason=decision.reason + text)


def _where(r: Residual) -> str:
    what = "slopes of its sweep" if r.of == "sweep" else "runs over the box"
    return f"{r.replicates} {what}"


def _surely(rule: FittedBand, r: Residual) -> str:
    room = f"[{r.low:.3g}, {r.high:.3g}]" if math.isfinite(r.low) else f"at most {r.high:.3g}"
    return (
        f"The ratio changes like {r.parameter}^{r.value:.3g} (standard error {r.error:.2g}, {_where(r)}),"
        f" surely beyond the power that the rule leaves room for, {room}."
    )


def _inside(rule: FittedBand, found: Residuals) -> str:
    level = rule.alpha / found.number
    if not found.measured:
        return "Nothing is claimed, and nothing shown, of how it scales: the rule names no power."
    parts = [f"{r.parameter} {r.value:+.3f} +- {r.half_width(level):.2g}" for r in found.measured]
    stated = f" Stated, not measured: {', '.join(rule.exact)}." if rule.exact else ""
    if rule.two_sided:
        text = f"No power is left in the ratio beyond +-{rule.power:g}"
    else:
        text = f"The ratio grows by no power above {rule.power:g}"
    logs = f" and logarithms of {', '.join(rule.logs)}" if rule.logs else ""
    return f"{text}{logs}: {', '.join(parts)}.{stated}"


def _what_is_missing(rule: FittedBand, found: Residuals, trials: int) -> tuple[str, int | None]:
    """The sentence of a support that the powers hold back, and the runs that would decide."""
    level = rule.alpha / found.number
    parts: list[str] = []
    needed: list[int | None] = []
    refuting: list[int] = []
    for r in found.measured:
        if min(1.0, found.number * r.support_p) < rule.alpha:
            continue
        more = r.runs_for(level, _SHARE * level / 2)
        half = r.half_width(level)
        text = f"the power of {r.parameter} is {r.value:+.3f} +- {half:.2g}, not shown to lie in"
        text += f" [{r.low:.3g}, {r.high:.3g}]" if math.isfinite(r.low) else f" (-inf, {r.high:.3g}]"
        if more is None:
            text += f" ({_where(r)})"
        elif r.of == "sweep":
            text += f": about {more} replicates of its sweep would decide"
        else:
            text += (
                f": about {more} runs of this box would decide, or one"
                f" {math.sqrt(more / r.replicates):.2g} times as wide in log {r.parameter}, or a sweep of it"
            )
        parts.append(text)
        needed.append(None if more is None else math.ceil(trials * more / r.replicates))
        if more is not None and r.outside:
            refuting.append(math.ceil(trials * more / r.replicates))
    if found.missing:
        parts.append(found.missing)
        needed.append(None)
    total = None if None in needed or not needed else max(n for n in needed if n is not None)
    total = min(refuting, default=total)  # one power surely outside decides
    return f"But {'; '.join(parts)}.", None if total is None else max(total, trials + 1)
