"""Bands: declared ends, or ends fitted on one half of the runs and judged on the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from theory.claim import Proof
from theory.rules import Band, FittedBand
from verify.decide.rate import decide_rate
from verify.decide.trials import by_seed, count, finite, number_value, plain, without_runs
from verify.outcome import Decision, Observation

__all__ = ["decide_band", "decide_fitted_band", "fit_band"]


def _range(values: Sequence[float]) -> list[float] | None:
    kept = finite(values)
    return [min(kept), max(kept)] if kept else None


def decide_band(rule: Band, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """Decide `P(lower <= quantity <= upper) >= 1 - delta`; `measured` is the range of the finite values.

    nan and inf are violations, also where an end is infinite: inf stands for "did not happen within the
    run", which tells nothing about the quantity.

    Raises:
        ValueError: naming the claim value, when it is not a real number.
    """
    if not observations:
        return without_runs(proof)

    def violated(o: Observation) -> bool:
        value = number_value(o)
        return not (math.isfinite(value) and rule.lower <= value <= rule.upper)

    what = f"leave [{rule.lower:.4g}, {rule.upper:.4g}]"
    result = decide_rate(by_seed(observations), violated, rule.delta, rule.alpha, what)
    values = [number_value(o) for o in observations]
    statistic = {
        **result.statistic,
        "lower": plain(rule.lower),
        "upper": plain(rule.upper),
        "not_finite": len(values) - len(finite(values)),
    }
    return Decision(
        result.verdict,
        result.reason,
        measured=_range(values),
        predicted=[plain(rule.lower), plain(rule.upper)],
        statistic=statistic,
        n_trials=result.trials,
        needed=result.needed,
    )


def fit_band(rule: FittedBand, values: Sequence[float]) -> tuple[float, float] | None:
    """`[min / widen, max * widen]`, or `[0, max * widen]` when one-sided, of the values that can be a
    constant (finite; positive when two-sided, not negative when one-sided); None when there is none."""
    kept = [v for v in finite(values) if v > 0 or (v == 0 and not rule.two_sided)]
    if not kept:
        return None
    return (min(kept) / rule.widen if rule.two_sided else 0.0), max(kept) * rule.widen


def decide_fitted_band(
    rule: FittedBand, observations: Sequence[Observation], proof: Proof | None
) -> Decision:
    """Fit the band on one block of trials, judge the other as for `Band`.

    Trials are numbered in the order of their runs' indices, over those judged; the even ones fit, the odd
    ones judge, so that both blocks see the same settings and no seed stands in both. A value that is no
    constant (nan, inf, or of the wrong sign) is left out of the fit, counted, and violates any band in
    the judging block. A band wider than `max_ratio` refutes whatever the judging block says.
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
    band = fit_band(rule, fit_values)

    def violated(o: Observation) -> bool:
        value = number_value(o)
        if band is None:
            return fit_band(rule, [value]) is None
        return not (math.isfinite(value) and band[0] <= value <= band[1])

    ends = "a band that could not be fitted" if band is None else f"[{band[0]:.4g}, {band[1]:.4g}]"
    what = f"of the judging block leave {ends}"
    result = decide_rate(judging, violated, rule.delta, rule.alpha, what, blocks=2)
    verdict, reason, needed = result.verdict, result.reason, result.needed
    ratio = None if band is None else _width(rule, band)
    if band is None and verdict == "supported":
        verdict, needed = "inconclusive", None
        reason = f"None of the {count(len(fitting), 'fitting run')} has a finite value of the right sign."
    if ratio is not None and ratio > rule.max_ratio:
        shape = "upper / lower" if rule.two_sided else "upper end"
        verdict, needed = "refuted", None
        reason = (
            f"The band {ends} fitted on {count(len(fitting), 'trial')} is too wide to be a usable"
            f" constant: {shape} = {ratio:.3g} exceeds {rule.max_ratio:g}."
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
        "fitting_trials": len(fitting),
        "judging_trials": len(judging),
        "left_out_of_fit": sum(fit_band(rule, [v]) is None for v in fit_values),
        "not_finite": len(values) - len(finite(values)),
    }
    return Decision(
        verdict,
        reason,
        measured=_range(values),
        predicted=None if band is None else [plain(band[0]), plain(band[1])],
        statistic=statistic,
        n_trials=len(trials),
        needed=needed,
    )


def _width(rule: FittedBand, band: tuple[float, float]) -> float:
    low, high = band
    if not rule.two_sided:
        return high
    return high / low if low > 0 else math.inf
