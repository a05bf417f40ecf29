"""Planned power: how likely a number of runs is to settle a claim that is true with room to spare."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theory.rules import Band, Event, Exponent, FittedBand, Identity, Law, SameLaw
from verify.decide.same_law import certified_width
from verify.intervals import MIN_REPLICATES, rate_upper

__all__ = ["IDENTITY_RATE", "TRUE_RATE_SHARE", "planned_power"]

#: An event is planned for as if its true violation rate were this share of the allowed one: at the rate
#: delta itself no number of runs can support it, at 0 the plan would be too bold.
TRUE_RATE_SHARE = 0.1

#: The rate of violating runs for which an identity's power is stated.
IDENTITY_RATE = 0.05


def planned_power(
    rule: Any, n_trials: int, spread: float | None = None, *, quantities: int = 1
) -> float | None:
    """Probability that `n_trials` runs give the right verdict, before any is made.

    - Event, Ordering, Band: P(SUPPORTED) at a true violation rate of `delta / 10`; exact binomial.
    - FittedBand: the same for its judging block, `n_trials // 2` runs, given a fitted band that a run
      leaves at the rate `delta / 10`.
    - Identity: P(REFUTED) of an identity that fails in one run of twenty, `1 - 0.95 ** n_trials`; a true
      one is supported by every run.
    - Exponent, Law: P(SUPPORTED) when the true mean is the claimed one, for normal replicates with standard
      deviation `spread` (of the slopes, of the log ratios); None without a spread.
    - SameLaw: a lower bound of P(SUPPORTED) for equal continuous laws with `n_trials` runs of each engine,
      over this many quantities (asymptotic Kolmogorov distribution, Bonferroni).

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
    if isinstance(rule, (Event, Band)):
        return rate_power(TRUE_RATE_SHARE * rule.delta, n_trials, rule.delta, rule.alpha)
    if isinstance(rule, FittedBand):
        return rate_power(TRUE_RATE_SHARE * rule.delta, n_trials // 2, rule.delta, rule.alpha)
    if isinstance(rule, Exponent):
        return equivalence_power(n_trials, spread, rule.margin, rule.alpha)
    if isinstance(rule, Law):
        return equivalence_power(n_trials, spread, math.log1p(rule.margin), rule.alpha)
    if isinstance(rule, SameLaw):
        return _same_law_power(rule, n_trials, quantities)
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
    from scipy.special import chdtri, ndtr, stdtrit

    if spread is None:
        return None
    if replicates < MIN_REPLICATES:
        return 0.0
    if spread == 0:
        return 1.0
    error = spread / math.sqrt(replicates)
    degrees = replicates - 1
    tail = (np.arange(4000) + 0.5) / 4000
    sample_error = error * np.sqrt(chdtri(degrees, tail) / degrees)
    room = np.maximum(margin - stdtrit(degrees, 1 - alpha) * sample_error, 0.0)
    return float(np.mean(2 * ndtr(room / error) - 1))


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
