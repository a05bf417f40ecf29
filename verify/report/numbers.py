"""What the runs of a claim say, in the few numbers that a sentence can hold."""

from __future__ import annotations

import math

import numpy as np

from theory.rules import Band, Event, EventMap, Exponent, FittedBand, Law
from verify.outcome import Judgement
from verify.report.reading import read
from verify.statistics.intervals import mean_interval, rate_interval

__all__ = ["in_numbers"]


def in_numbers(judgement: Judgement) -> str:
    """The numbers of a judged claim: counts and shares of events; mean, interval and standard deviation (sd)
    over runs of quantities.

    Intervals are those of the runs, not of the rule's decision: two-sided at 95 % whatever the rule's level.
    """
    rule = judgement.claim.rule
    if isinstance(rule, EventMap):
        return _map(judgement, rule)
    if isinstance(rule, Event):
        return _share([bool(o.value) for o in judgement.judged])
    if isinstance(rule, Band):
        return _mean([float(o.value) for o in judgement.judged])
    if isinstance(rule, FittedBand):
        return _mean([float(o.value) for o in judgement.judged])
    if isinstance(rule, Law):
        readings = [read(judgement, o) for o in judgement.judged]
        ratios = [r.measured / r.predicted for r in readings if r.predicted]
        return _mean(ratios)
    if isinstance(rule, Exponent):
        interval = judgement.decision.statistic.get("interval")
        ends = f" ({_number(interval[0])} to {_number(interval[1])})" if interval else ""
        return f"exponent {_number(judgement.decision.measured)}{ends}"
    return judgement.decision.reason.rstrip(".")


def _share(held: list[bool]) -> str:
    share = rate_interval(sum(held), len(held), 0.05)
    return f"{sum(held)} of {len(held)} runs, {100 * share.low:.3g}–{100 * share.high:.3g} %"


def _map(judgement: Judgement, rule: EventMap) -> str:
    beyond = [bool(o.value) for o in judgement.judged if o.labels[rule.axis] >= rule.threshold]
    below = [bool(o.value) for o in judgement.judged if o.labels[rule.axis] < rule.threshold]
    text = _share(beyond)
    if not below:
        return text
    if rule.axis == "inside":
        return f"{text}; outside, {_share(below)}"
    axis = rule.axis.replace("d_over_n", "d/n").replace("signal_margin", "n SNR^2 (1 - 2 tau)")
    return f"{text} where {axis} is at least {rule.threshold:g}; below, {_share(below)}"


def _mean(values: list[float]) -> str:
    kept = [v for v in values if math.isfinite(v)]
    if not kept:
        return "no finite value"
    mean = mean_interval(kept, 0.05)
    if len(kept) == 1 or mean.high - mean.low < 1e-12:
        text = f"{_number(mean.value)} in {len(kept)} runs" if len(kept) > 1 else _number(mean.value)
    else:
        text = f"{_number(mean.value)}, {_number(mean.low)} to {_number(mean.high)}"
        text += f", sd {_number(float(np.std(kept, ddof=1)))}"
    if len(kept) < len(values):
        text += f", {len(values) - len(kept)} not finite"
    return text


def _number(value: float) -> str:
    """Three significant digits, at most four decimals.

    >>> _number(0.000123), _number(1.0), _number(-12.34)
    ('0.0001', '1', '-12.3')
    """
    text = f"{float(f'{float(value):.3g}'):.4f}" if abs(value) < 100 else f"{value:.3g}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
