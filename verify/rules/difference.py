"""Differences: measured minus predicted within an absolute margin, in the median or on average."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim, Proof
from theory.rules import Difference
from verify.outcome import Decision, Judgement, Observation
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
from verify.rules.law import majority_p
from verify.rules.trend import guarded, one_a_trial, steepest
from verify.rules.variants import Change, least_shift, prediction_changes
from verify.rules.words import mean_in_words, with_median
from verify.statistics.trials import (
    as_number,
    by_seed,
    count,
    percent,
    plain,
    trial_means,
    value_error,
    without_runs,
)

__all__ = ["LEAST_TRIALS", "DifferenceJudge", "decide_difference", "difference"]

#: Fewest independent trials for a verdict.
LEAST_TRIALS = 8


def difference(observation: Observation) -> float | None:
    """`measured - predicted`; None when one of the two is not finite.

    Raises:
        ValueError: naming the claim value, when it is not a pair of numbers.
    """
    try:
        measured, predicted = (float(v) for v in observation.value)
    except (TypeError, ValueError) as error:
        raise value_error(observation, "a pair (measured, predicted)") from error
    both = math.isfinite(measured) and math.isfinite(predicted)
    return measured - predicted if both else None


def decide_difference(rule: Difference, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """Decide `|median(measured - predicted)| <= margin` over runs that share no seed, or the mean's.

    A trial's difference is the mean over the runs of its seed. A run with an infinite value has none: a
    median is supported with some only where it is wherever theirs lie, a mean with none; when such runs are
    surely the majority, the claim is refuted. Fewer than 8 trials decide nothing. `measured` and `predicted`
    are means over the usable runs.

    Raises:
        ValueError: naming the claim value, when it is not a pair of numbers.
    """
    if not observations:
        return without_runs(proof)
    trials = trial_means(observations, difference)
    means, hopeless = trials.means, trials.without
    usable = [o for o, _ in trials.found]
    n = len(means) + hopeless
    lost = len(observations) - len(usable)
    statistic: dict[str, Any] = {
        "runs": len(observations),
        "trials": n,
        "not_finite": lost,
        "interval": None,
        "interval_of": "measured - predicted",
        "level": 1 - 2 * rule.alpha,
        "margin": rule.margin,
    }
    p_majority = majority_p(hopeless, n)
    if p_majority < rule.alpha:
        reason = f"{hopeless} of {count(n, 'trial')} have no finite value, surely more than half."
        return Decision("refuted", reason, None, None, statistic, n, p_value=p_majority, support_p=1.0)
    measured = float(np.mean([float(o.value[0]) for o in usable])) if usable else None
    predicted = float(np.mean([float(o.value[1]) for o in usable])) if usable else None
    least = max(LEAST_TRIALS, least_trials(rule))
    if len(means) < least:
        reason = f"Only {len(means)} of {count(n, 'trial')} have finite values; {least} are needed."
        return Decision(
            "inconclusive", reason, measured, predicted, statistic, n, least + hopeless,
            p_value=p_majority, support_p=1.0,
        )  # fmt: skip
    result = compared(rule, means, rule.margin, hopeless)
    known = not lost or (rule.of == "median" and not trials.partial)
    p_value = min(1.0, result.p_value * (2 if hopeless else 1), p_majority)
    refuted = result.verdict == "refuted" and p_value < rule.alpha
    verdict = "inconclusive" if result.verdict == "refuted" and not refuted else result.verdict
    interval = result.outer if refuted else result.inner
    level = percent(1 - rule.alpha if refuted else 1 - 2 * rule.alpha)
    lies = {"supported": "inside", "refuted": "outside"}.get(verdict) or where_it_lies(interval, rule.margin)
    more = "" if result.needed is None else f"; about {result.needed} runs would decide"
    if verdict == "inconclusive":
        more += undecided_because(rule, interval, len(means))
    if lost:
        more += f"; {count(lost, 'run')} without a finite value left out"
        if verdict == "supported" and known:
            more += ", which may lie anywhere"
        elif verdict == "supported":
            verdict, more = "inconclusive", f"{more}, so the {rule.of} over all runs is not known"
    statistic |= {
        "of": rule.of,
        "difference": result.mean,
        "mean_difference": float(np.mean(means)),
        "spread": result.spread,
        **({} if result.tail is None else {"tail": result.tail}),
        "standard_error": centre_error(rule, result, len(means)),
        "interval": [plain(result.inner.low), plain(result.inner.high)],
        "outer_interval": [plain(result.outer.low), plain(result.outer.high)],
        "outer_level": 1 - rule.alpha,
    }
    average = "in the median" if rule.of == "median" else "on average"
    reason = (
        f"Over {count(len(means), 'trial')} measured - predicted is {result.mean:.4g} {average}, {level}"
        f" interval [{interval.low:.4g}, {interval.high:.4g}], {lies} +-{rule.margin:g}{more}."
    )
    return Decision(
        verdict, reason, measured, predicted, statistic, n, result.needed,
        p_value=p_value, support_p=result.support_p if known else 1.0,
    )  # fmt: skip


def _minus(setting: Any) -> float:
    return -1.0


class DifferenceJudge(CentreJudge[Difference]):
    """A median (or mean) difference against its margin."""

    rule: ClassVar[type] = Difference
    explanation: ClassVar[str] = (
        "Measured minus predicted with nothing fitted, by an equivalence test of its median against an"
        " absolute margin; a slope of it in a parameter, steeper than the margin allows, refutes too."
    )
    number_of: ClassVar[str] = "measured - predicted"

    def decide(self, rule: Difference, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        decision = decide_difference(rule, observations, proof)
        if decision.statistic.get("interval") is None:
            return decision
        ones = one_a_trial([o.setting for o in observations], by_seed(observations))
        known = [(o.setting, d) for o in ones if (d := difference(o)) is not None]
        found = steepest([s for s, _ in known], [d for _, d in known], rule.margin)
        return guarded(
            rule.alpha, decision, found, "difference changes with {name} by {slope:.3g} in its log"
        )

    def excess(
        self, rule: Difference, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """`(|measured - predicted| - margin) / margin`."""
        measured, predicted = (float(v) for v in value)
        distance = abs(measured - predicted)
        return clipped((distance - rule.margin) / rule.margin) if math.isfinite(distance) else CAP

    def planned(self, rule: Difference, n_trials: int, plan: Plan) -> float | None:
        return centre_power(rule, n_trials, plan, rule.margin) if n_trials >= LEAST_TRIALS else 0.0

    def worst(self, rule: Difference, observations: Sequence[Observation]) -> list[Observation] | None:
        return [replace(o, value=(float(o.value[1]) + 10 * rule.margin, o.value[1])) for o in observations]

    def score(self, rule: Difference, observations: Sequence[Observation]) -> float:
        centre = self.centre(rule, [difference(o) for o in observations])
        return CAP if centre is None else clipped((abs(centre) - rule.margin) / rule.margin)

    def leans(self, rule: Difference, decision: Decision) -> bool:
        centre = decision.statistic.get("difference")
        return not isinstance(centre, float) or abs(centre) > rule.margin

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """The prediction of the other sign, halved, doubled, with a factor lost or a power wrong."""
        rule: Any = claim.rule
        predicted = np.array([float(o.value[1]) for o in observations])
        settings = [o.setting for o in observations]
        for change in [*prediction_changes(settings), Change("prediction of the other sign", "sign", _minus)]:
            factors = np.array([change.factor(s) for s in settings])
            shift = least_shift((factors - 1) * predicted, rule.of)
            if shift > 2 * rule.margin:
                why = f"the {rule.of} lies within {rule.margin:g} of 0 and moves by at least {shift:.3g}"
                yield Planted(claim, change.name, change.kind, rule, why, predicted_times(change.factor))
            else:
                why = f"the change surely moves the {rule.of} by {shift:.2g} only, as the margin allows"
                yield Exempt(claim, change.name, change.kind, why)

    def readout(self, rule: Difference, decision: Decision, observation: Observation) -> Readout:
        value = observation.value
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            return Readout(math.nan, math.nan, math.nan, math.nan)
        measured, predicted = as_number(value[0]), as_number(value[1])
        return Readout(measured, predicted, predicted - rule.margin, predicted + rule.margin)

    def sentence(self, rule: Difference) -> str:
        average = "in the median" if rule.of == "median" else "on average"
        return f"Measured minus predicted must be 0 within ±{rule.margin:g} {average}, by equivalence."

    def numbers(self, judgement: Judgement) -> str:
        rule: Any = judgement.claim.rule
        readouts = [self.readout(rule, judgement.decision, o) for o in judgement.judged]
        text = mean_in_words([r.measured - r.predicted for r in readouts])
        return with_median(text, rule.of, judgement.decision.statistic.get("difference"))
