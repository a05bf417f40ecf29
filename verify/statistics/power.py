"""Planned power: how likely a number of runs is to settle a claim that is true with room to spare.

A test that could hardly support the claim at this number of runs and supports it nevertheless was lucky; such
a verdict is INCONCLUSIVE (`with_power`). A refutation is not touched: its error is bounded by alpha at every
number of runs, so luck produces it no more often than declared. docs/statistics.md argues both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.rules import (
    Band,
    Calibration,
    Event,
    EventMap,
    Exponent,
    FittedBand,
    Identity,
    Law,
    SameLaw,
    ZScores,
)
from verify.outcome import Decision, Observation
from verify.rules.calibration import border_cumulants, gamma_tail
from verify.rules.same_law import certified_width
from verify.statistics.intervals import MAX_RUNS, MIN_REPLICATES, rate_upper, runs_for_event

__all__ = [
    "IDENTITY_RATE",
    "LEAST_POWER",
    "TRUE_RATE_SHARE",
    "planned_power",
    "runs_for_power",
    "with_power",
]

#: Below this planned power a claim is not SUPPORTED.
LEAST_POWER = 0.8

#: An event is planned for as if its true violation rate were this share of the allowed one: at the rate
#: delta itself no number of runs can support it, at 0 the plan would be too bold.
TRUE_RATE_SHARE = 0.1

#: The rate of violating runs for which an identity's power is stated.
IDENTITY_RATE = 0.05

#: Runs, and mean predicted variance `p (1 - p)` of a run, of each cell of a `Calibration`.
Cells = Sequence[tuple[int, float]]


def planned_power(
    rule: Any,
    n_trials: int,
    spread: float | None = None,
    *,
    quantities: int = 1,
    cells: Cells | None = None,
) -> float | None:
    """Probability that `n_trials` runs give the right verdict, before any is made.

    - Event, Ordering, EventMap, Band: P(SUPPORTED) at a true violation rate of `delta / 10`; exact binomial.
    - FittedBand: the same for its judging block, `n_trials // 2` runs, given a fitted band that a run
      leaves at the rate `delta / 10`.
    - Identity: P(REFUTED) of an identity that fails in one run of twenty, `1 - 0.95 ** n_trials`; a true
      one is supported by every run.
    - Exponent, Law: P(SUPPORTED) when the true mean is the claimed one, for normal replicates with standard
      deviation `spread` (of the slopes, of the log ratios); the rule's `planned_spread` goes before the
      argument; None without either.
    - SameLaw: a lower bound of P(SUPPORTED) for equal continuous laws with `n_trials` runs of each engine,
      over this many quantities (asymptotic Kolmogorov distribution, Bonferroni).
    - ZScores: a lower bound of P(SUPPORTED) for standard normal scores (Bonferroni over its three parts).
    - Calibration: P(SUPPORTED) when every cell's probability is right, given the cells' runs and predicted
      variances (gamma law of the mean square's first three cumulants); None without the cells.

    `n_trials` counts what `Decision.n_trials` counts. None for a rule it does not know.

    Raises:
        ValueError: when n_trials is negative, spread negative, or quantities below 1.

    >>> from theory.rules import Event, Law
    >>> [round(planned_power(Event(delta=0.05), n), 2) for n in (58, 59, 200)]
    [0.0, 0.74, 1.0]
    >>> planned_power(Law(margin=0.1, reason="example"), 10) is None
    True
    """
    if n_trials < 0:
        raise ValueError(f"n_trials must be at least 0, was {n_trials!r}")
    if spread is not None and not spread >= 0:
        raise ValueError(f"spread must be at least 0, was {spread!r}")
    if quantities < 1:
        raise ValueError(f"quantities must be at least 1, was {quantities!r}")
    if isinstance(rule, Identity):
        return 1 - (1 - IDENTITY_RATE) ** n_trials
    if isinstance(rule, (Event, EventMap, Band)):
        return rate_power(TRUE_RATE_SHARE * rule.delta, n_trials, rule.delta, rule.alpha)
    if isinstance(rule, FittedBand):
        return rate_power(TRUE_RATE_SHARE * rule.delta, n_trials // 2, rule.delta, rule.alpha)
    if isinstance(rule, (Exponent, Law)):
        margin = rule.margin if isinstance(rule, Exponent) else math.log1p(rule.margin)
        planned = spread if rule.planned_spread is None else rule.planned_spread
        return equivalence_power(n_trials, planned, margin, rule.alpha)
    if isinstance(rule, SameLaw):
        return _same_law_power(rule, n_trials, quantities)
    if isinstance(rule, ZScores):
        return _zscores_power(rule, n_trials)
    if isinstance(rule, Calibration) and cells is not None:
        return _calibration_power(rule, cells)
    return None


def rate_power(rate: float, trials: int, delta: float, alpha: float) -> float:
    """P(the upper limit of the violation rate is below delta) at this true rate; exact binomial."""
    from scipy.special import bdtr

    low, high = -1, trials + 1  # the most violations that support: -1 when none does
    while high - low > 1:
        middle = (low + high) // 2
        if rate_upper(middle, trials, alpha) < delta:
            low = middle
        else:
            high = middle
    return float(bdtr(low, trials, rate)) if low >= 0 else 0.0


def equivalence_power(replicates: int, spread: float | None, margin: float, alpha: float) -> float | None:
    """P(two one-sided t-tests support) when the true mean is the claimed value.

    Given the sample's standard deviation `S` the mean must fall within `margin - t S / sqrt(R)`; the
    average over `S` is a sum over 4000 equally likely values of its chi-squared law.
    """
    from scipy.special import ndtr, stdtrit

    if spread is None:
        return None
    if replicates < MIN_REPLICATES:
        return 0.0
    if spread == 0:
        return 1.0
    error = spread / math.sqrt(replicates)
    degrees = replicates - 1
    sample_error = error * _spread_quantiles(degrees)
    room = np.maximum(margin - stdtrit(degrees, 1 - alpha) * sample_error, 0.0)
    return float(np.mean(2 * ndtr(room / error) - 1))


@lru_cache(maxsize=64)
def _spread_quantiles(degrees: int) -> NDArray[np.float64]:
    """Equally likely values of a normal sample's standard deviation over the true one, (4000,)."""
    from scipy.special import chdtri

    return np.asarray(np.sqrt(chdtri(degrees, (np.arange(4000) + 0.5) / 4000) / degrees))


def _same_law_power(rule: SameLaw, runs: int, quantities: int) -> float:
    from scipy.special import kolmogi, kolmogorov

    if runs == 0:
        return 0.0
    scale = math.sqrt(runs / 2)
    room = (rule.margin - certified_width(rule.alpha, quantities, runs, runs)) * scale
    critical = float(kolmogi(rule.alpha / quantities))
    if room <= 0:
        return 0.0
    return max(0.0, 1 - quantities * float(kolmogorov(min(room, critical))))


def _zscores_power(rule: ZScores, runs: int) -> float:
    from scipy.special import chdtr, chdtri, ndtr

    if runs < MIN_REPLICATES:
        return 0.0
    degrees = runs - 1
    outliers = rate_power(2 * float(ndtr(-rule.sds)), runs, rule.delta, rule.alpha)
    bias = equivalence_power(runs, 1.0, rule.bias, rule.alpha)
    assert bias is not None
    # chdtri inverts the upper tail: the sums of squares whose whole interval lies within the spread.
    least = rule.spread[0] ** 2 * float(chdtri(degrees, rule.alpha))
    most = rule.spread[1] ** 2 * float(chdtri(degrees, 1 - rule.alpha))
    spread = max(0.0, float(chdtr(degrees, most) - chdtr(degrees, least)))
    return max(0.0, outliers + bias + spread - 2)


def _calibration_power(rule: Calibration, cells: Cells) -> float:
    from scipy.special import gammaincinv

    used = [(runs, v) for runs, v in cells if runs >= MIN_REPLICATES]
    if not used:
        return 0.0
    variance = sum(2 * v**2 / (runs * (runs - 1)) for runs, v in used) / len(used) ** 2
    if variance == 0:
        return 1.0
    third = sum(8 * (v / runs) ** 3 for runs, v in used) / len(used) ** 3
    # The largest mean square that supports: the alpha quantile of its law where the claim just holds.
    spread, skew = border_cumulants(rule.margin, [v / runs for runs, v in used])
    shape, scale = 4 * spread**3 / skew**2, skew / (2 * spread)
    most = rule.margin**2 + scale * (float(gammaincinv(shape, rule.alpha)) - shape)
    return 1 - gamma_tail(most, variance, third)


def runs_for_power(
    rule: Any,
    n_trials: int,
    spread: float | None = None,
    *,
    quantities: int = 1,
    cells: Cells | None = None,
    power: float = LEAST_POWER,
) -> int | None:
    """Fewest runs above `n_trials` found to have this planned power; None when there are none up to
    `MAX_RUNS`, or the rule has no planned power. A `Calibration`'s cells grow in proportion.

    >>> runs_for_power(Event(delta=0.05), 59), runs_for_power(Identity(), 6)
    (93, 32)
    """
    if isinstance(rule, (Event, EventMap, Band, FittedBand)):
        blocks = 2 if isinstance(rule, FittedBand) else 1
        runs = runs_for_event(TRUE_RATE_SHARE * rule.delta, rule.delta, rule.alpha, power)
        return None if runs is None else max(n_trials + 1, blocks * runs)

    def reached(runs: int) -> bool:
        grown = None
        if cells is not None:
            grown = [(round(count * runs / max(1, n_trials)), v) for count, v in cells]
        value = planned_power(rule, runs, spread, quantities=quantities, cells=grown)
        return value is not None and value >= power

    return _first(reached, n_trials + 1)


def _first(reached: Callable[[int], bool], start: int) -> int | None:
    """The smallest number from `start` on that is reached, of a condition that stays once reached."""
    low, high = start, start
    while not reached(high):
        if high >= MAX_RUNS:
            return None
        low, high = high + 1, min(2 * high, MAX_RUNS)
    while low < high:
        middle = (low + high) // 2
        if reached(middle):
            high = middle
        else:
            low = middle + 1
    return high


def with_power(rule: Any, decision: Decision, observations: Sequence[Observation]) -> Decision:
    """The decision with its planned power; SUPPORTED below `LEAST_POWER` becomes INCONCLUSIVE, with the runs
    that would reach it.

    The effect is the planned one (the claim true with room to spare), never the observed; only a spread that
    the rule does not plan is taken from the runs, and `power_basis` says so.
    """
    spread, basis = _spread(rule, decision)
    values = [len(o.value) for o in observations[:1] if isinstance(o.value, Mapping)]
    quantities = max([1, *values])
    cells = _cells(rule, decision)
    power = planned_power(rule, decision.n_trials, spread, quantities=quantities, cells=cells)
    decision = replace(decision, power=power, power_basis="" if power is None else basis)
    if power is None or power >= LEAST_POWER or decision.verdict != "supported":
        return decision
    needed = runs_for_power(rule, decision.n_trials, spread, quantities=quantities, cells=cells)
    more = "no number of runs up to 100000 has" if needed is None else f"about {needed} runs would have"
    reason = (
        f"{decision.reason} But a true claim is supported by this many runs only with probability {power:.2g}"
        f" ({basis}), so this may be luck; {more} the power {LEAST_POWER:g}."
    )
    return replace(decision, verdict="inconclusive", reason=reason, needed=needed)


def _spread(rule: Any, decision: Decision) -> tuple[float | None, str]:
    """The spread that the power is computed with, and the plan in words."""
    if isinstance(rule, (Exponent, Law)):
        if rule.planned_spread is not None:
            return rule.planned_spread, f"true value as claimed, planned spread {rule.planned_spread:g}"
        seen = decision.statistic.get("spread")
        if seen is None or not math.isfinite(seen):
            return None, ""
        return float(seen), f"true value as claimed, spread as observed, {seen:.3g}"
    if isinstance(rule, Identity):
        return None, f"an identity that fails in a share {IDENTITY_RATE:g} of the runs is found"
    if isinstance(rule, SameLaw):
        return None, "equal continuous laws"
    if isinstance(rule, ZScores):
        return None, "standard normal scores"
    if isinstance(rule, Calibration):
        return None, "right probabilities in every cell"
    delta = getattr(rule, "delta", None)
    return None, "" if delta is None else f"true violation rate {TRUE_RATE_SHARE * delta:g}"


def _cells(rule: Any, decision: Decision) -> Cells | None:
    table = decision.statistic.get("cells")
    if not isinstance(rule, Calibration) or not table:
        return None
    return [(int(cell["runs"]), float(cell["variance"])) for cell in table]
