"""Fitting the ends of a band on one block of trials and judging the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from theory.claim import Proof
from theory.rules import FittedBand
from verify.outcome import Decision, Observation
from verify.statistics.intervals import rate_p
from verify.statistics.rate import RateDecision, decide_rate
from verify.statistics.trials import by_seed, count, finite, number_value, plain, without_runs

__all__ = [
    "admissible_ratio",
    "decide_fitted_band",
    "fewest_outside",
    "fit_band",
    "new_range_p",
    "trimmed_band",
]

#: Share of delta that may be left out of a fit.
_TRIMMED = 0.2


def fit_band(rule: FittedBand, values: Sequence[float]) -> tuple[float, float] | None:
    """`[min / widen, max * widen]`, or `[0, max * widen]` when one-sided, of the values that can be a
    constant (finite; positive when two-sided, not negative when one-sided); None when there is none."""
    kept = [v for v in finite(values) if _constant(rule, v)]
    if not kept:
        return None
    return (min(kept) / rule.widen if rule.two_sided else 0.0), max(kept) * rule.widen


def trimmed_band(rule: FittedBand, values: Sequence[float], without: int) -> tuple[float, float] | None:
    """The narrowest `fit_band` of all but so many of the values; None where too few are left.

    >>> trimmed_band(FittedBand(8.0, "example", widen=1.0), [0.01, 1.0, 2.0, 3.0], 1)
    (1.0, 3.0)
    """
    kept = sorted(v for v in finite(values) if _constant(rule, v))
    count = len(kept) - without
    if without < 1 or count < 2:
        return None
    if not rule.two_sided:
        return fit_band(rule, kept[:count])
    starts = range(without + 1)
    best = min(starts, key=lambda k: kept[k + count - 1] / kept[k])
    return fit_band(rule, kept[best : best + count])


def _constant(rule: FittedBand, value: float) -> bool:
    return math.isfinite(value) and (value > 0 or (value == 0 and not rule.two_sided))


def admissible_ratio(rule: FittedBand) -> float:
    """Largest ratio of values (largest value, when one-sided) whose band, widened, is not wider than
    `max_ratio`."""
    return rule.max_ratio / (rule.widen**2 if rule.two_sided else rule.widen)


def fewest_outside(rule: FittedBand, trials: Sequence[Sequence[float]]) -> int:
    """Trials that lie wholly outside the best admissible band: the smallest count over all bands that,
    widened, are not wider than `max_ratio`.

    A band that the claim asserts is one of them, so under the claim this count is at most binomial with
    rate delta, whatever band it asserts.

    >>> fewest_outside(FittedBand(8.0, "example"), [[1.0], [2.0], [2.5], [40.0], [math.nan]])
    2
    """
    flat = np.array([v if _constant(rule, v) else math.nan for trial in trials for v in trial])
    starts = np.cumsum([0, *(len(trial) for trial in trials)])[:-1]
    if not rule.two_sided:
        inside = flat <= admissible_ratio(rule) * (1 + 1e-12)
        return len(trials) - int(np.logical_or.reduceat(inside, starts).sum())
    width = admissible_ratio(rule) * (1 + 1e-12)
    if len(flat) == len(trials):  # of one value each: how many lie in a window is a difference of places
        ordered = np.sort(flat[np.isfinite(flat)])
        reach = np.searchsorted(ordered, width * ordered, side="right") - np.searchsorted(ordered, ordered)
        return len(trials) - int(reach.max(initial=0))
    most = 0
    for low in np.unique(flat[np.isfinite(flat)]):  # an optimal band starts at a value
        inside = (flat >= low) & (flat <= width * low)
        most = max(most, int(np.logical_or.reduceat(inside, starts).sum()))
    return len(trials) - most


def new_range_p(outside: int, judged: int, fitted: int, two_sided: bool) -> float:
    """P(at least `outside` of `judged` values lie beyond the range of `fitted` ones) when all come from one
    distribution: the share beyond the range is Beta(2, fitted - 1), Beta(1, fitted) one-sided.

    >>> new_range_p(0, 10, 10, True), round(new_range_p(1, 1, 9, False), 3)
    (1.0, 0.1)
    """
    if outside == 0 or fitted < (2 if two_sided else 1):
        return 1.0
    from scipy.stats import betabinom

    a, b = (2, fitted - 1) if two_sided else (1, fitted)
    return float(betabinom.sf(outside - 1, judged, a, b))


def decide_fitted_band(
    rule: FittedBand, observations: Sequence[Observation], proof: Proof | None
) -> Decision:
    """Fit the band on one block of trials, judge the other as for `Band`.

    A band of all fitting runs that is too wide gives way to the narrowest one without a fifth of delta of
    them, where that is not: the claim allows more of them outside, and the other block judges either.

    Trials are numbered in the order of their runs' indices, over those judged; the even ones fit, the odd
    ones judge, so that both blocks see the same settings and no seed stands in both. A value that is no
    constant (nan, inf, or of the wrong sign) is left out of the fit, counted, and violates any band.

    SUPPORTED when the judging block's violation rate is below delta and the band not wider than
    `max_ratio`. REFUTED, at alpha/2 each, when surely more than delta of all trials leave every band of that
    width; or when surely more than delta of the judging block leaves the fitted one, and more than two
    halves of one sample would (docs/statistics.md).
    `predicted` is the fitted band, `measured` the range of the judged values, `n_trials` counts both blocks.

    Raises:
        ValueError: naming the claim value, when it is not a real number.
    """
    if not observations:
        return without_runs(proof)
    trials = by_seed(observations)
    fitting, judging = trials[0::2], trials[1::2]
    fit_values = [number_value(o) for trial in fitting for o in trial]
    values = [number_value(o) for trial in judging for o in trial]
    band, cut = fit_band(rule, fit_values), 0
    if band is not None and _width(rule, band) > rule.max_ratio:
        without = int(_TRIMMED * rule.delta * len(fitting))
        narrow = trimmed_band(rule, fit_values, without)
        if narrow is not None and _width(rule, narrow) <= rule.max_ratio:
            band, cut = narrow, without

    def violated(o: Observation) -> bool:
        value = number_value(o)
        if band is None:
            return not _constant(rule, value)
        return not (math.isfinite(value) and band[0] <= value <= band[1])

    ends = "a band that could not be fitted" if band is None else f"[{band[0]:.4g}, {band[1]:.4g}]"
    if cut:
        ends += f" (fitted without the {count(cut, 'run')} farthest out)"
    what = f"of the judging block leave {ends}"
    result = decide_rate(judging, violated, rule.delta, rule.alpha, what, blocks=2)
    outside = fewest_outside(rule, [[number_value(o) for o in trial] for trial in trials])
    p_width = rate_p(outside, len(trials), rule.delta)[0]
    p_drift = 1.0 if cut else max(result.p_value, _drift_p(rule, fitting, judging, band))
    p_value = min(1.0, 2 * p_width, 2 * p_drift)
    ratio = None if band is None else _width(rule, band)
    too_wide = ratio is not None and ratio > rule.max_ratio
    result = _settled(rule, result, p_value, too_wide, band is None)
    reason = result.reason
    if band is None and result.verdict == "inconclusive":
        runs = "run" if len(fitting) == 1 else "runs"
        reason = f"None of the {len(fitting)} fitting {runs} has a finite value of the right sign."
    elif p_width <= p_drift and result.verdict == "refuted":
        reason = (
            f"{outside} of {count(len(trials), 'trial')} leave every band narrow enough to be a usable"
            f" constant ({_limit(rule)}), surely more than delta = {rule.delta:g} (p = {2 * p_width:.2g})."
            + (f" The fitted one, {ends}, is too wide." if too_wide else "")
        )
    elif too_wide:
        reason = (
            f"The band {ends} fitted on {count(len(fitting), 'trial')} is too wide to be a usable constant"
            f" ({_limit(rule)}), but only {outside} of {count(len(trials), 'trial')} leave the best band of"
            f" that width, which delta = {rule.delta:g} allows (p = {min(1.0, 2 * p_width):.2g})."
        )
    statistic: dict[str, Any] = {
        **result.statistic,
        "runs": len(observations),
        "trials": len(trials),
        "judging_runs": len(values),
        "lower": None if band is None else band[0],
        "upper": None if band is None else band[1],
        "width_ratio": None if ratio is None else plain(ratio),
        "max_ratio": rule.max_ratio,
        "outside_every_band": outside,
        "fitting_trials": len(fitting),
        "judging_trials": len(judging),
        "trimmed": cut,
        "left_out_of_fit": sum(not _constant(rule, v) for v in fit_values),
        "not_finite": len(values) - len(finite(values)),
    }
    kept = finite(values)
    return Decision(
        result.verdict,
        reason,
        measured=[min(kept), max(kept)] if kept else None,
        predicted=None if band is None else [plain(band[0]), plain(band[1])],
        statistic=statistic,
        n_trials=len(trials),
        needed=result.needed,
        p_value=p_value,
        support_p=1.0 if too_wide or band is None else result.support_p,
    )


def _settled(
    rule: FittedBand, judged: RateDecision, p_value: float, too_wide: bool, no_band: bool
) -> RateDecision:
    """The judging block's decision, after what the width and the other half have to say."""
    if p_value < rule.alpha:
        return replace(judged, verdict="refuted", needed=None)
    if judged.verdict == "refuted":
        reason = f"{judged.reason[:-1]}; but two halves of one sample may differ as much (p = {p_value:.2g})."
        return replace(judged, verdict="inconclusive", reason=reason)
    if too_wide or no_band:
        return replace(judged, verdict="inconclusive", needed=None)
    return judged


def _drift_p(
    rule: FittedBand,
    fitting: Sequence[Sequence[Observation]],
    judging: Sequence[Sequence[Observation]],
    band: tuple[float, float] | None,
) -> float:
    """`new_range_p` of the judging trials whose values are constants and all lie outside the band."""
    if band is None:
        return 1.0
    blocks = [
        [trial for trial in block if all(_constant(rule, number_value(o)) for o in trial)]
        for block in (fitting, judging)
    ]
    outside = sum(all(not band[0] <= number_value(o) <= band[1] for o in trial) for trial in blocks[1])
    return new_range_p(outside, len(blocks[1]), len(blocks[0]), rule.two_sided)


def _limit(rule: FittedBand) -> str:
    shape = "largest / smallest value" if rule.two_sided else "largest value"
    return f"{shape} at most {admissible_ratio(rule):.4g}, widened to {rule.max_ratio:g}"


def _width(rule: FittedBand, band: tuple[float, float]) -> float:
    low, high = band
    if not rule.two_sided:
        return high
    return high / low if low > 0 else math.inf
