r"""Trends that a constant ratio cannot have: a residual power of a parameter of the setting.

An average over a box does not see errors of opposite sign at its two ends, and a fitted constant absorbs a
factor that varies over the box. Both show as a slope of `log(ratio)` against the logarithm of a parameter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from theory.claim import Proof
from theory.rules import FittedBand, Law
from theory.two_stage.setting import Setting
from verify.outcome import Decision, Observation
from verify.rules.fitted_band import fit_band
from verify.rules.law import log_ratio
from verify.statistics.error_budget import runs_to_survive
from verify.statistics.trials import by_seed, number_value

__all__ = [
    "PARAMETERS",
    "Trend",
    "bounded_slope",
    "fitted_band_trends",
    "law_trends",
    "residual_powers",
    "steepest",
    "with_trends",
]

Floats = NDArray[np.float64]
R = TypeVar("R", FittedBand, Law)

#: Parameters whose residual powers are looked at. A power of eta shows as one of sigma_xi^-2 and of d^-1,
#: since
#: the clock step is held fixed.
PARAMETERS = ("n", "m", "d", "sigma_xi")

#: Dimensionless groups that a constant may depend on: they are held fixed when a power is read.
GROUPS = ("n_snr2", "tau_plus", "tau_minus", "kappa_0", "clock_step")

_LEAST_RUNS = 12

#: Share of a rule's error level that all trends of a claim have together; the rule's own test has the rest.
_SHARE = 0.1


@dataclass(frozen=True)
class Trend:
    """The slope of `log ratio` in `log parameter`, its standard error and the degrees of freedom left;
    `allowed` is the largest slope that the claim leaves room for."""

    parameter: str
    slope: float
    error: float
    freedom: int
    allowed: float

    @property
    def p_value(self) -> float:
        """Of `|slope| <= allowed`: a t-test against the nearer end of the range, doubled for its two ends."""
        from scipy.special import stdtr

        excess = abs(self.slope) - self.allowed
        if excess <= 0:
            return 1.0
        return min(1.0, 2 * float(stdtr(self.freedom, -excess / self.error))) if self.error > 0 else 0.0


def bounded_slope(logs: Floats, bound: float) -> float:
    """The steepest least-squares slope of errors within `+-bound` at the points `logs`: `bound sum|x|/sum
    x^2`.

    >>> bounded_slope(np.array([-1.0, 1.0]), 0.1)
    0.1
    """
    x = logs - logs.mean()
    return bound * float(np.abs(x).sum() / (x @ x))


def _robust(design: Floats, values: Floats) -> tuple[Floats, Floats, int]:
    """Least squares with the HC3 covariance: errors of unequal size do not narrow an interval."""
    inverse = np.linalg.pinv(design.T @ design)
    coefficients = inverse @ design.T @ values
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    residual = (values - design @ coefficients) / np.maximum(1 - leverage, 1e-3)
    covariance = inverse @ (design.T * residual**2) @ design @ inverse
    return coefficients, np.sqrt(np.maximum(np.diag(covariance), 0.0)), len(values) - design.shape[1]


def _varying(settings: Sequence[Setting], names: Sequence[str]) -> list[str]:
    return [name for name in names if len({getattr(s, name) for s in settings}) >= 3]


def _column(settings: Sequence[Setting], name: str) -> Floats:
    """A parameter's logarithm at every setting; flip rates, which may be 0, as they are."""
    raw = np.array([float(getattr(s, name)) for s in settings])
    return raw if name.startswith("tau") else np.log(raw)


def steepest(settings: Sequence[Setting], log_ratios: Sequence[float], bound: float) -> list[Trend]:
    """Slopes of `log ratio` in each parameter and group alone, against what errors within `+-bound` can have.

    Only settings are looked at, not the predicted values: their own scatter would show as a slope. Empty for
    fewer than 12 runs, or where nothing takes three values.
    """
    values = np.asarray(log_ratios, dtype=np.float64)
    if len(values) < _LEAST_RUNS:
        return []
    found = []
    for name in _varying(settings, (*PARAMETERS, "eta", *GROUPS)):
        x = _column(settings, name)
        design = np.column_stack([np.ones(len(x)), x - x.mean()])
        slopes, errors, freedom = _robust(design, values)
        found.append(Trend(name, float(slopes[1]), float(errors[1]), freedom, bounded_slope(x, bound)))
    return found


def residual_powers(settings: Sequence[Setting], log_ratios: Sequence[float], allowed: float) -> list[Trend]:
    """Powers of each parameter left in a ratio at fixed dimensionless groups, by least squares in logarithms.

    The groups enter linearly and squared (in logarithms, but for the flip rates), since a constant may
    depend on them. Empty when there are hardly more runs than unknowns.
    """
    values = np.asarray(log_ratios, dtype=np.float64)
    parameters = _varying(settings, PARAMETERS)
    columns = [_column(settings, name) for name in parameters]
    for name in _varying(settings, GROUPS):
        x = _column(settings, name)
        x = x - x.mean()
        columns += [x, x**2]
    if not parameters or len(values) < max(_LEAST_RUNS, 2 * (len(columns) + 1)):
        return []
    design = np.column_stack([np.ones(len(values)), *(c - c.mean() for c in columns)])
    if np.linalg.matrix_rank(design / np.linalg.norm(design, axis=0)) < design.shape[1]:
        return []
    slopes, errors, freedom = _robust(design, values)
    return [
        Trend(name, float(slope), float(error), freedom, allowed)
        for name, slope, error in zip(parameters, slopes[1:], errors[1:], strict=False)
        if math.isfinite(error)
    ]


def fitted_band_trends(rule: FittedBand, observations: Sequence[Observation]) -> list[Trend]:
    """Powers left in a two-sided ratio, from the first run of every trial of both blocks.

    A constant may depend on the dimensionless groups; a power of n, m, d or sigma_xi at fixed groups may not
    exceed `rule.power`. A one-sided bound has none: it may be looser than it need be.
    """
    firsts = [trial[0] for trial in by_seed(observations)]
    usable = [o for o in firsts if fit_band(rule, [number_value(o)]) is not None]
    if not rule.two_sided:
        return []
    return residual_powers(
        [o.setting for o in usable], [math.log(number_value(o)) for o in usable], rule.power
    )


def law_trends(rule: Law, observations: Sequence[Observation]) -> list[Trend]:
    """Slopes of the log ratio of the first run of every trial, against what errors within the margin can
    have."""
    firsts = [trial[0] for trial in by_seed(observations)]
    usable = [(o.setting, ratio) for o in firsts if (ratio := log_ratio(o)) is not None]
    return steepest([s for s, _ in usable], [r for _, r in usable], math.log1p(rule.margin))


def with_trends(
    decider: Callable[[R, Sequence[Observation], Proof | None], Decision],
    trends: Callable[[R, Sequence[Observation]], list[Trend]],
) -> Callable[[R, Sequence[Observation], Proof | None], Decision]:
    """The decider, which also REFUTES when a trend is surely steeper than allowed.

    All trends of a claim together have a tenth of its error level, the decider's own test the rest: the
    p-value is the smaller of the two, each divided by its share, and a refutation needs it below alpha.
    """

    def decide(rule: R, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        decision = decider(rule, observations, proof)
        found = trends(rule, observations) if observations else []
        if not found:
            return decision
        own = decision.p_value
        assert own is not None
        steep = min(found, key=lambda t: t.p_value)
        of_trends = min(1.0, steep.p_value * len(found) / _SHARE)
        p_value = min(of_trends, own / (1 - _SHARE), 1.0)
        statistic = {**decision.statistic, "trends": {t.parameter: [t.slope, t.error] for t in found}}
        decision = replace(decision, statistic=statistic, p_value=p_value)
        if decision.verdict == "refuted":
            if p_value < rule.alpha:
                return decision
            needed = runs_to_survive(decision.n_trials, own, (1 - _SHARE) * rule.alpha)
            more = "" if needed is None else f"; about {needed} runs would decide"
            why = (
                f" But a tenth of the error level is kept for trends, and p = {own:.3g} is not below the"
                f" {(1 - _SHARE) * rule.alpha:.3g} that is left{more}."
            )
            return replace(decision, verdict="inconclusive", reason=f"{decision.reason}{why}", needed=needed)
        if of_trends >= rule.alpha:
            return decision
        reason = (
            f"The ratio changes like {steep.parameter}^{steep.slope:.3g} (standard error {steep.error:.2g})"
            f" over the settings, surely beyond the power {steep.allowed:.2g} that the rule leaves room for."
            f" {decision.reason}"
        )
        return replace(decision, verdict="refuted", reason=reason, needed=None, support_p=1.0)

    return decide
