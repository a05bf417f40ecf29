r"""Trends that a constant ratio cannot have: a residual power of a parameter of the setting.

An average over a box does not see errors of opposite sign at its two ends, and a fitted constant absorbs a
factor that varies over the box. Both show as a slope of `log(ratio)` against the logarithm of a parameter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.setting import AbstractSetting, Trends
from verify.outcome import Decision, Observation
from verify.statistics.power import runs_to_survive

__all__ = [
    "Trend",
    "bounded_slope",
    "declares",
    "guarded",
    "looked_at",
    "one_a_trial",
    "residual_powers",
    "steepest",
    "trends_of",
]

Floats = NDArray[np.float64]

_LEAST_RUNS = 12

#: Largest leverage of one run on the slope in a number that no class declared.
_LEVERAGE = 0.5

#: Correlation from which two numbers are a line in each other.
_SAME = 1 - 1e-9

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


def trends_of(settings: Sequence[Any]) -> Trends:
    """The trends that the settings' class declares; none where it declares none."""
    none = Trends()
    return getattr(type(settings[0]), "trends", none) if settings else none


def declares(settings: Sequence[Any]) -> bool:
    """Whether the settings' class says itself what trends there are; `Trends()` says that there are none."""
    return not settings or trends_of(settings) is not AbstractSetting.trends


def _varying(settings: Sequence[Any], names: Sequence[str]) -> list[str]:
    return [name for name in names if len({getattr(s, name) for s in settings}) >= 3]


def _column(settings: Sequence[Any], name: str) -> Floats:
    """A number's logarithm at every setting; what is `linear` as it is."""
    raw = np.array([float(getattr(s, name)) for s in settings])
    return raw if name in trends_of(settings).linear else np.log(raw)


def _declared(settings: Sequence[Any]) -> dict[str, Floats]:
    return {name: _column(settings, name) for name in _varying(settings, trends_of(settings).slopes)}


def _all_numbers(settings: Sequence[Any]) -> dict[str, Floats]:
    """Every number of the settings, fields first, then groups: its logarithm, or as it is where some value is
    not positive.

    Left out are those with fewer than three values, or with one but for rounding, those where one run decides
    the slope (leverage above 1/2), and those that are a line in an earlier one, whose slope says the same.
    """
    raw: dict[str, list[Any]] = {}
    for s in settings:
        for name, value in {**s.groups(), **s.as_dict()}.items():
            raw.setdefault(name, []).append(value)
    columns: dict[str, Floats] = {}
    for name in (*settings[0].as_dict(), *settings[0].groups()):
        found = raw[name]
        if any(isinstance(v, (bool, str)) for v in found) or len(set(found)) < 3:
            continue
        x = np.array(found, dtype=np.float64)
        if len(x) < len(settings) or not np.all(np.isfinite(x)):
            continue
        if np.ptp(x) <= (1 - _SAME) * np.max(np.abs(x)):
            continue  # one number but for rounding
        x = np.log(x) if np.all(x > 0) else x
        from_mean = x - x.mean()
        norm = float(np.linalg.norm(from_mean))
        if np.max(np.abs(from_mean)) ** 2 > _LEVERAGE * norm**2:
            continue
        others = (c - c.mean() for c in columns.values())
        if all(abs(float(from_mean @ c)) < _SAME * norm * float(np.linalg.norm(c)) for c in others):
            columns[name] = x
    return columns


def looked_at(settings: Sequence[Any]) -> dict[str, Floats]:
    """What a ratio is held against, (runs,) each: what the class declares as slopes, else all its numbers."""
    return _declared(settings) if declares(settings) else _all_numbers(settings)


def one_a_trial(settings: Sequence[Any], trials: Sequence[Sequence[Observation]]) -> list[Observation]:
    """One run of every trial, so that no two share a seed.

    Of a class that declares its trends the first. Else by turns, trial by trial: along a sweep, whose
    replicate is one trial, the first ones would all stand at one end.
    """
    if declares(settings):
        return [trial[0] for trial in trials]
    return [trial[k % len(trial)] for k, trial in enumerate(trials)]


def steepest(settings: Sequence[Any], log_ratios: Sequence[float], bound: float) -> list[Trend]:
    """Slopes of `log ratio` in each parameter and group alone, against what errors within `+-bound` can have:
    those that the settings' class declares, else all of its numbers (`looked_at`).

    Only settings are looked at, not the predicted values: their own scatter would show as a slope. Empty for
    fewer than 12 runs, or where nothing takes three values.
    """
    values = np.asarray(log_ratios, dtype=np.float64)
    if len(values) < _LEAST_RUNS:
        return []
    found = []
    for name, x in looked_at(settings).items():
        design = np.column_stack([np.ones(len(x)), x - x.mean()])
        slopes, errors, freedom = _robust(design, values)
        found.append(Trend(name, float(slopes[1]), float(errors[1]), freedom, bounded_slope(x, bound)))
    return found


def residual_powers(
    settings: Sequence[Any],
    log_ratios: Sequence[float],
    allowed: float,
    parameters: Sequence[str] | None = None,
    held: Sequence[str] | None = None,
) -> list[Trend]:
    """Powers of each parameter left in a ratio at fixed dimensionless groups, by least squares in logarithms.

    The `held` groups enter linearly and squared (in logarithms, but for the `linear` ones), since a constant
    may depend on them. Parameters and groups are those that the class names, unless they are given. Empty
    when there are hardly more runs than unknowns.
    """
    values = np.asarray(log_ratios, dtype=np.float64)
    trends = trends_of(settings)
    parameters = _varying(settings, trends.powers if parameters is None else parameters)
    columns = [_column(settings, name) for name in parameters]
    for name in _varying(settings, trends.held if held is None else held):
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


#: How a ratio's trend reads; `name`, `slope` are the trend's.
_RATIO = "ratio changes like {name}^{slope:.3g}"


def guarded(alpha: float, decision: Decision, found: Sequence[Trend], words: str = _RATIO) -> Decision:
    """The decision, which also becomes REFUTED when a trend is surely steeper than allowed.

    All trends of a claim together have a tenth of its error level, the rule's own test the rest: the
    p-value is the smaller of the two, each divided by its share, and a refutation needs it below alpha.
    """
    if not found:
        return decision
    own = decision.p_value
    assert own is not None
    steep = min(found, key=lambda t: t.p_value)
    of_trends = min(1.0, steep.p_value * len(found) / _SHARE)
    p_value = min(of_trends, own / (1 - _SHARE), 1.0)
    statistic = {
        **decision.statistic,
        "trends": {t.parameter: [t.slope, t.error] for t in found},
        "trends_allowed": {t.parameter: t.allowed for t in found},
    }
    decision = replace(decision, statistic=statistic, p_value=p_value)
    if decision.verdict == "refuted":
        if p_value < alpha:
            return decision
        needed = runs_to_survive(decision.n_trials, own, (1 - _SHARE) * alpha)
        more = "" if needed is None else f"; about {needed} runs would decide"
        why = (
            f" But a tenth of the error level is kept for trends, and p = {own:.3g} is not below the"
            f" {(1 - _SHARE) * alpha:.3g} that is left{more}."
        )
        return replace(decision, verdict="inconclusive", reason=f"{decision.reason}{why}", needed=needed)
    if of_trends >= alpha:
        return decision
    what = "power" if words is _RATIO else "slope"
    reason = (
        f"The {words.format(name=steep.parameter, slope=steep.slope)} (standard error {steep.error:.2g})"
        f" over the settings, surely beyond the {what} {steep.allowed:.2g} that the rule leaves room for."
        f" {decision.reason}"
    )
    return replace(decision, verdict="refuted", reason=reason, needed=None, support_p=1.0)
