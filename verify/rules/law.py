"""Laws: measured against predicted, nothing fitted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim, Proof
from theory.rules import Law
from theory.run import Estimate
from verify.outcome import Decision, Judgement, Observation, Verdict
from verify.rules.centre import (
    centre_error,
    centre_power,
    compared,
    least_trials,
    undecided_because,
    where_it_lies,
)
from verify.rules.centre_judge import CentreJudge, predicted_times
from verify.rules.excess import CAP, clipped
from verify.rules.judge import Exempt, Plan, Planted, Readout
from verify.rules.trend import Trend, bounded_slope, guarded, one_a_trial, steepest
from verify.rules.variants import least_shift, log_values, prediction_changes
from verify.rules.words import mean_in_words, with_median
from verify.statistics.intervals import rate_p
from verify.statistics.trials import (
    as_number,
    by_seed,
    count,
    mean_of,
    percent,
    plain,
    trial_means,
    value_error,
    without_runs,
)

__all__ = ["LawJudge", "decide_law", "log_ratio", "majority_p"]


#: What a mean log ratio is a mean of.
_CENTRES = {"median": "median", "mean": "geometric mean"}


def _pair(observation: Observation) -> tuple[float, float]:
    try:
        measured, predicted = observation.value
        return float(measured), float(predicted)
    except (TypeError, ValueError) as error:
        raise value_error(observation, "a pair (measured, predicted)") from error


def log_ratio(observation: Observation) -> float | None:
    """`log(measured / predicted)`, None when one of the two is not finite and positive.

    Raises:
        ValueError: naming the claim value, when it is not a pair of numbers.
    """
    measured, predicted = _pair(observation)
    if not (0 < measured < math.inf and 0 < predicted < math.inf):
        return None
    return math.log(measured) - math.log(predicted)


def _extreme_settings(ratios: dict[Any, list[float]]) -> list[float]:
    """Lowest and highest geometric mean ratio of a setting."""
    means = [mean_of(values) for values in ratios.values()]
    return [math.exp(min(means)), math.exp(max(means))]


def decide_law(rule: Law, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """Decide `|median log(measured / predicted)| <= log(1 + margin)` over runs that share no seed, or the
    same of the mean.

    It is over all trials, of one setting or of many; a trial's log ratio is the mean over the runs of its
    seed. A run without a finite positive pair has no log ratio: a median is supported with some only where
    it is wherever theirs lie, a mean with none; when such runs are surely the majority the law is refuted.
    Two ways to refute then share the error level
    (docs/statistics.md).
    `measured` and `predicted` are geometric means; the statistic's `setting_ratios` show whether settings
    err in opposite directions.

    Raises:
        ValueError: naming the claim value, when it is not a pair of numbers.
    """
    if not observations:
        return without_runs(proof)
    trials = trial_means(observations, log_ratio)
    means, hopeless = trials.means, trials.without
    by_setting: dict[Any, list[float]] = {}
    for o, ratio in trials.found:
        by_setting.setdefault(o.setting, []).append(ratio)
    measured = [math.log(_pair(o)[0]) for o, _ in trials.found]
    no_ratio = len(observations) - len(trials.found)
    n = len(means) + hopeless
    statistic: dict[str, Any] = {
        "runs": len(observations),
        "trials": n,
        "not_finite": no_ratio,
        "interval": None,
        "interval_of": "measured / predicted",
        "level": 1 - 2 * rule.alpha,
        "margin": rule.margin,
    }
    p_majority = majority_p(hopeless, n)
    if p_majority < rule.alpha:
        reason = (
            f"{hopeless} of {count(n, 'trial')} have no finite positive value, surely more than half:"
            " measured and predicted have no common average."
        )
        return Decision("refuted", reason, None, None, statistic, n, p_value=p_majority, support_p=1.0)
    least = least_trials(rule)
    if len(means) < least:
        reason = (
            f"Only {len(means)} of {count(n, 'trial')} have a finite positive measured and predicted"
            f" value; {least} are needed."
        )
        few = least + hopeless
        return Decision(
            "inconclusive", reason, None, None, statistic, n, few, p_value=p_majority, support_p=1.0
        )

    result = compared(rule, means, math.log1p(rule.margin), hopeless)
    known = not no_ratio or (rule.of == "median" and not trials.partial)
    ratio = math.exp(result.mean)
    centre = float(np.mean(measured))
    all_ratios = [r for values in by_setting.values() for r in values]
    statistic |= {
        "of": rule.of,
        "ratio": ratio,
        "centre_log_ratio": result.mean,
        "mean_log_ratio": float(np.mean(means)),
        "spread": result.spread,
        **({} if result.tail is None else {"tail": result.tail}),
        "standard_error": centre_error(rule, result, len(means)),
        "interval": _ends(result.inner),
        "outer_interval": _ends(result.outer),
        "outer_level": 1 - rule.alpha,
        "settings": len(by_setting),
        "setting_ratios": _extreme_settings(by_setting),
    }
    p_value = min(1.0, result.p_value * (2 if hopeless else 1), p_majority)
    refuted = result.verdict == "refuted" and p_value < rule.alpha
    interval = statistic["outer_interval" if refuted else "interval"]
    level = percent(1 - rule.alpha if refuted else 1 - 2 * rule.alpha)
    verdict: Verdict = "inconclusive" if result.verdict == "refuted" and not refuted else result.verdict
    shown = result.outer if refuted else result.inner
    where = {"supported": "inside", "refuted": "outside"}.get(verdict) or where_it_lies(
        shown, math.log1p(rule.margin)
    )
    needed = result.needed
    more = "" if needed is None else f"; about {needed} runs would decide"
    if verdict == "inconclusive":
        more += undecided_because(rule, shown, len(means))
    if no_ratio:
        more += f"; {count(no_ratio, 'run')} without a finite positive value left out"
        if verdict == "supported" and known:
            more += ", which may lie anywhere"
        elif verdict == "supported":
            verdict, more = "inconclusive", f"{more}, so the {_CENTRES[rule.of]} over all runs is not known"
    average = "in the median" if rule.of == "median" else "in the geometric mean"
    reason = (
        f"Over {count(len(means), 'trial')} measured / predicted is {ratio:.4g} {average}, {level}"
        f" interval [{_shown(interval[0])}, {_shown(interval[1])}], {where}"
        f" [{1 / (1 + rule.margin):.4g}, {1 + rule.margin:.4g}]{more}."
    )
    return Decision(
        verdict,
        reason,
        measured=math.exp(centre),
        predicted=math.exp(centre - float(np.mean(all_ratios))),
        statistic=statistic,
        n_trials=n,
        needed=needed,
        p_value=p_value,
        support_p=result.support_p if known else 1.0,
    )


def _ends(interval: Estimate) -> list[float | None]:
    return [plain(_exp(interval.low)), plain(_exp(interval.high))]


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf


def _shown(end: float | None) -> str:
    return "∞" if end is None else f"{end:.4g}"


def majority_p(hopeless: int, trials: int) -> float:
    """p-value of "at least half of the trials have a value", for half of the error level: twice the binomial
    tail given that some trial has none; 1 when all have one."""
    if not hopeless:
        return 1.0
    return min(1.0, 2 * rate_p(hopeless, trials, 0.5)[0] / (1 - 0.5**trials))


def _trends(rule: Law, observations: Sequence[Observation]) -> list[Trend]:
    """Slopes of the log ratio of one run of every trial, against what errors within the margin can have."""
    ones = one_a_trial([o.setting for o in observations], by_seed(observations))
    usable = [(o.setting, ratio) for o in ones if (ratio := log_ratio(o)) is not None]
    return steepest([s for s, _ in usable], [r for _, r in usable], math.log1p(rule.margin))


def _log_ratio_of(value: Any) -> float | None:
    measured, predicted = (float(v) for v in value)
    if not (measured > 0 and predicted > 0 and math.isfinite(measured)):
        return None
    return math.log(measured) - math.log(predicted)


def _inverted(o: Observation) -> tuple[Any, float]:
    measured, predicted = o.value[0], float(o.value[1])
    return measured, 1 / predicted if predicted else math.inf


class LawJudge(CentreJudge[Law]):
    """A median (or mean) log ratio against its margin."""

    rule: ClassVar[type] = Law
    explanation: ClassVar[str] = (
        "Measured against predicted with nothing fitted, by an equivalence test of the median log ratio (or"
        " of its mean: the ratio's geometric mean, no expectation); a slope of it in a parameter, steeper"
        " than the margin allows, refutes too."
    )
    number_of: ClassVar[str] = "measured / predicted"

    def decide(self, rule: Law, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        decision = decide_law(rule, observations, proof)
        return guarded(rule.alpha, decision, _trends(rule, observations) if observations else [])

    def excess(
        self, rule: Law, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """`|log(measured / predicted)| - log(1 + margin)`."""
        ratio = _log_ratio_of(value)
        return CAP if ratio is None else clipped(abs(ratio) - math.log1p(rule.margin))

    def planned(self, rule: Law, n_trials: int, plan: Plan) -> float | None:
        return centre_power(rule, n_trials, plan, math.log1p(rule.margin))

    def worst(self, rule: Law, observations: Sequence[Observation]) -> list[Observation] | None:
        far = 10 * (1 + rule.margin)
        if rule.bound is not None:  # no run lies beyond it: a rounding error inside
            far = min(far, math.exp(rule.bound * (1 - 1e-12)))
        return [replace(o, value=(far, 1.0)) for o in observations]

    def score(self, rule: Law, observations: Sequence[Observation]) -> float:
        centre = self.centre(rule, [_log_ratio_of(o.value) for o in observations])
        return CAP if centre is None else abs(centre) - math.log1p(rule.margin)

    def leans(self, rule: Law, decision: Decision) -> bool:
        centre = decision.statistic.get("centre_log_ratio", math.inf)
        return not isinstance(centre, float) or abs(centre) > math.log1p(rule.margin)

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """The prediction halved, doubled, inverted, with a factor lost or a power wrong."""
        rule: Any = claim.rule
        room = math.log1p(rule.margin)
        settings = [o.setting for o in observations]
        seen = set()
        for change in prediction_changes(settings):
            logs = np.log([change.factor(s) for s in settings]) if settings else np.zeros(1)
            key = tuple(logs.round(12))
            if not np.any(logs) or key in seen:
                why = "at these settings it changes nothing, or as another one does"
                yield Exempt(claim, change.name, change.kind, why)
                continue
            seen.add(key)
            shift = least_shift(logs, rule.of)
            why = ""
            if shift > 2 * room:
                why = (
                    f"the {rule.of} log ratio lies within {room:.3g} of 0, so with this change at least "
                    f"{shift:.3g} - {room:.3g} from it"
                )
            elif change.power_of is not None:
                x = log_values(settings, change.power_of)
                allowed = bounded_slope(x, room) if len(set(x.tolist())) >= 3 else math.inf
                if abs(change.power) > 2 * allowed:
                    why = (
                        f"errors within the margin have slopes up to {allowed:.2g}; this adds"
                        f" {change.power:+g}"
                    )
            if why:
                yield Planted(claim, change.name, change.kind, rule, why, predicted_times(change.factor))
            else:
                reason = "over these settings the change stays within what the margin allows"
                yield Exempt(claim, change.name, change.kind, reason)
        logs = np.array([math.log(float(o.value[1])) for o in observations if float(o.value[1]) > 0])
        if least_shift(logs, rule.of) > room:
            why = "prediction and its inverse are further apart than the margin allows for both"
            yield Planted(claim, "prediction inverted", "symbols", rule, why, _inverted)
        else:
            yield Exempt(
                claim, "prediction inverted", "symbols", "the prediction is about 1, or on both sides of it"
            )

    def readout(self, rule: Law, decision: Decision, observation: Observation) -> Readout:
        value = observation.value
        pair = list(value) if isinstance(value, (tuple, list, np.ndarray)) else []
        if len(pair) != 2:
            return Readout(math.nan, math.nan, math.nan, math.nan)
        measured, predicted = as_number(pair[0]), as_number(pair[1])
        return Readout(measured, predicted, predicted / (1 + rule.margin), predicted * (1 + rule.margin))

    def ratio(self, readouts: Sequence[Readout], measured: float, predicted: float) -> float:
        """The geometric mean over the runs, as the rule judges it."""
        logs = [
            math.log(r.measured / r.predicted)
            for r in readouts
            if 0 < r.measured < math.inf and 0 < r.predicted < math.inf
        ]
        return math.exp(math.fsum(logs) / len(logs)) if logs else math.nan

    def sentence(self, rule: Law) -> str:
        how = "in the median" if rule.of == "median" else "in the geometric mean"
        return f"Measured over predicted must be 1 within {rule.margin:.1%} {how}, by equivalence."

    def numbers(self, judgement: Judgement) -> str:
        rule: Any = judgement.claim.rule
        readouts = [self.readout(rule, judgement.decision, o) for o in judgement.judged]
        text = mean_in_words([r.measured / r.predicted for r in readouts if r.predicted])
        centre = judgement.decision.statistic.get("centre_log_ratio")
        return with_median(text, rule.of, None if centre is None else math.exp(centre))
