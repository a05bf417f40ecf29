"""Fitted bands: ends fitted on one half of the runs, judged on the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim, Proof
from theory.place import SWEPT
from theory.rules import FittedBand
from verify.outcome import Decision, Judgement, Observation
from verify.rules.ends import interval, nearest, scaled
from verify.rules.excess import log_excess
from verify.rules.judge import Exempt, Plan, Planted, Readout, Unnamed
from verify.rules.rate_judge import RateJudge
from verify.rules.residuals import measured_powers, planned_inside, residual_plan, tilted
from verify.rules.variants import EXPONENT_ERRORS, factors_of, fields_of, power_of, slips_of
from verify.rules.with_powers import with_powers
from verify.rules.words import mean_in_words, number_in_words
from verify.statistics.intervals import rate_p
from verify.statistics.power import TRUE_RATE_SHARE
from verify.statistics.rate import RateDecision, decide_rate
from verify.statistics.trials import as_number, by_seed, count, finite, number_value, plain, without_runs

__all__ = [
    "FittedBandJudge",
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


def _times(factor: Callable[[Any], float]) -> Callable[[Observation], Any]:
    return lambda o: scaled(o.value, factor(o.setting))


def _logs(factor: Callable[[Any], float], settings: Sequence[Any]) -> NDArray[np.float64]:
    """Logarithms of a factor at every setting."""
    return np.log([factor(s) for s in settings]) if settings else np.zeros(1)


def _changed_sign(o: Observation) -> Any:
    return scaled(o.value, -1.0)


def _ends(decision: Decision) -> tuple[float, float]:
    """The fitted ends that a decision tells; nan without."""
    statistic = decision.statistic
    low, high = as_number(statistic.get("lower")), as_number(statistic.get("upper"))
    return (math.nan, math.nan) if math.isnan(low) or math.isnan(high) else (low, high)


@dataclass(frozen=True)
class PowersPlan(Plan):
    """With the (replicates, spread of a slope) of every power that is measured."""

    powers: Sequence[tuple[int, float, float]] = ()

    def grown(self, factor: float) -> PowersPlan:
        """As many more replicates of every sweep."""
        return replace(self, powers=[(round(k * factor), s, room) for k, s, room in self.powers])


class FittedBandJudge(RateJudge[FittedBand]):
    """A constant times a scale: ends fitted on one block of trials, judged on the other."""

    rule: ClassVar[type] = FittedBand
    explanation: ClassVar[str] = (
        "As an event: the quantity over its scale lies in a band that is fitted on one block of runs and"
        " judged on another; runs that no band of the allowed width contains refute. Every power of a"
        " parameter left in the ratio must be shown to lie within the declared margin of 0; one surely"
        " outside refutes."
    )
    number_of: ClassVar[str] = "in units of its scale"
    bounds: ClassVar[bool] = True
    local: ClassVar[bool] = False
    in_cells: ClassVar[bool] = False
    blocks: ClassVar[int] = 2
    open_value = "number"

    def assignments(self, rule: FittedBand, observations: Sequence[Observation]) -> list[list[Observation]]:
        """As near together as the numbers may be, and as far apart: those above the median at their high end,
        those below at their low ones, equal ones by turns, so that one block is fitted high and the other
        judged low."""
        numbers = finite([float(o.value) for o in observations])
        middle = float(np.median(numbers)) if numbers else 1.0
        ends = [interval(o.value) for o in observations]
        least, most = max((e[0] for e in ends), default=0.0), min((e[1] for e in ends), default=math.inf)
        # One number that all may be makes the ratio a constant.
        common = min(max(middle, least), most) if least <= most else middle
        apart = []
        for k, o in enumerate(sorted(observations, key=lambda o: o.index)):
            low, high = interval(o.value)
            above = k % 2 == 0 if float(o.value) == middle else float(o.value) > middle
            far = high if above else low
            apart.append(replace(o, value=math.nan if math.isinf(low) and math.isinf(high) else far))
        near = [replace(o, value=nearest(o.value, common, common)) for o in observations]
        return [near, apart, *tilted(near, observations)]

    def decide(self, rule: FittedBand, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        box = [o for o in observations if SWEPT not in o.labels]
        decision = decide_fitted_band(rule, box, proof)
        return with_powers(rule, decision, measured_powers(rule, observations))

    def claimed(self, rule: FittedBand, labels: Mapping[str, Any]) -> bool:
        """A point of a sweep stands for a power, not for the constant."""
        return SWEPT not in labels

    def plan(self, rule: FittedBand, decision: Decision, observations: Sequence[Observation]) -> Plan:
        powers = residual_plan(rule, decision)
        basis = f"true violation rate {TRUE_RATE_SHARE * rule.delta:g}"
        return PowersPlan(
            basis=f"{basis}, no power left, slopes scattered as observed" if powers else basis, powers=powers
        )

    def planned(self, rule: FittedBand, n_trials: int, plan: Plan) -> float | None:
        constants = super().planned(rule, n_trials, plan)
        if constants is None or not isinstance(plan, PowersPlan):
            return constants
        return max(0.0, constants + planned_inside(rule, plan.powers) - 1)

    def excess(
        self, rule: FittedBand, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """Log distance outside the ends fitted by `decision`; None without."""
        if decision is None:
            return None
        lower, upper = decision.statistic.get("lower"), decision.statistic.get("upper")
        if lower is None or upper is None:
            return None
        above = log_excess(float(value), upper)
        return above if lower <= 0 <= value else max(above, -log_excess(float(value), lower))

    def worst(self, rule: FittedBand, observations: Sequence[Observation]) -> list[Observation] | None:
        return [replace(o, value=math.inf) for o in observations]

    def fails_at(self, rule: FittedBand, n_trials: int, level: float) -> str:
        return ""

    def unnamed(self, rule: FittedBand) -> Unnamed | None:
        return Unnamed(admissible_ratio(rule), rule.two_sided)

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """The other sign; a factor lost or a power wrong in the scale, where the box varies it enough."""
        rule: Any = claim.rule
        yield Planted(
            claim,
            "quantity of the other sign",
            "sign",
            rule,
            "the quantity is positive, its negative is no constant times the scale",
            _changed_sign,
        )
        yield Exempt(claim, "quantity x 0.5, x 2", "constant", "the fitted constant absorbs it")
        settings = [o.setting for o in observations]
        changes: list[tuple[str, Any, Callable[[Any], float]]] = [
            (f"scale without {name}", "factor", f) for name, f in factors_of(settings).items()
        ]
        powers: list[tuple[str, Any, Callable[[Any], float]]] = [
            (f"scale x {name}^{error:+g}", kind, power_of(name, -error))
            for error, kind in EXPONENT_ERRORS
            for name in fields_of(settings)
        ]
        if not rule.two_sided:
            why = "an upper bound with a fitted constant: it is finite on any bounded box"
            yield Exempt(claim, "factors lost, powers wrong", "factor", why)
            return
        absorbed, of_groups = [], {f"scale without {name}" for name in slips_of(settings).group_factors}
        known = {tuple(_logs(factor, settings).round(12)) for _, _, factor in powers}
        for name, kind, factor in (*changes, *powers):
            logs = _logs(factor, settings)
            if kind == "factor" and tuple(logs.round(12)) in known:
                continue  # the same as a power
            spread = float(logs.max() - logs.min())
            if kind != "exponent 0.1" and name not in of_groups and spread > 2 * math.log(rule.widen):
                why = (
                    f"no power beyond {rule.power:g} may be left in the ratio; this leaves one of at least "
                    f"twice that less "
                    f"{rule.power:g}, over a range of {math.exp(spread):.3g}"
                )
                yield Planted(claim, name, kind, rule, why, _times(factor))
            else:
                absorbed.append((name, kind, spread))
        for kind in dict.fromkeys(kind for _, kind, _ in absorbed):
            names = ", ".join(name for name, k, _ in absorbed if k == kind)
            why = (
                f"the rule leaves room for a power {rule.power:g}"
                if kind == "exponent 0.1"
                else "over this box the factor varies by no more than what the fitted band is widened by"
            )
            yield Exempt(claim, names, kind, why)

    def readout(self, rule: FittedBand, decision: Decision, observation: Observation) -> Readout:
        return Readout(as_number(observation.value), math.nan, *_ends(decision))

    def sentence(self, rule: FittedBand) -> str:
        return (
            f"A band fitted on half of the runs (widened by {rule.widen:g}, at most {rule.max_ratio:g} wide)"
            f" must hold on the other half, with a violation rate below {rule.delta:g} certified at level"
            f" {1 - rule.alpha:g}."
        )

    def numbers(self, judgement: Judgement) -> str:
        values = mean_in_words([float(o.value) for o in judgement.judged])
        ratio, most = (judgement.decision.statistic.get(k) for k in ("width_ratio", "max_ratio"))
        rule: Any = judgement.claim.rule
        if ratio is None or most is None or not rule.two_sided:
            return values
        cut = judgement.decision.statistic.get("trimmed")
        fitted = f"all fitted runs but {cut}" if cut else "all"
        return f"{values}; {fitted} within a factor {number_in_words(ratio)}, of at most {most:g} allowed"
