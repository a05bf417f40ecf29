"""Z-scores: is a prediction right within its own predicted spread?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim, Proof
from theory.rules import Event, ZScores
from theory.run import Estimate
from verify.outcome import Decision, Judgement, Observation, Verdict
from verify.rules.ends import is_open, nearest
from verify.rules.event import decide_event
from verify.rules.excess import CAP, clipped
from verify.rules.judge import Exempt, Judge, Plan, Planted
from verify.rules.variants import CONSTANTS, Change, prediction_changes
from verify.rules.words import number_in_words
from verify.statistics.equivalence import equivalence
from verify.statistics.intervals import MIN_REPLICATES, mean_interval, runs_for_mean
from verify.statistics.power import equivalence_power, rate_power
from verify.statistics.rate import RateDecision, decide_rate
from verify.statistics.trials import by_seed, count, percent, value_error, without_runs

__all__ = ["ZScoresJudge", "decide_zscores", "is_outlier", "spread_interval", "z_score"]


def _values(observation: Observation) -> tuple[float, float, float, float]:
    wanted = "(measured, predicted, sd > 0, slack >= 0)"
    try:
        measured, predicted, sd, slack = (float(v) for v in observation.value)
    except (TypeError, ValueError) as error:
        raise value_error(observation, wanted) from error
    if not (0 < sd < math.inf and 0 <= slack < math.inf and math.isfinite(predicted)):
        raise value_error(observation, wanted)
    return measured, predicted, sd, slack


def z_score(observation: Observation) -> float:
    """`(measured - predicted)/sd`; nan or inf when the measured value is.

    Raises:
        ValueError: naming the claim value, when it is not (measured, predicted, sd > 0, slack >= 0).
    """
    measured, predicted, sd, _ = _values(observation)
    return (measured - predicted) / sd


def is_outlier(rule: ZScores, observation: Observation) -> bool:
    """Whether a run lies beyond `sds * sd + slack`; a value that is not finite does."""
    measured, predicted, sd, slack = _values(observation)
    return not abs(measured - predicted) <= rule.sds * sd + slack


def spread_interval(values: Sequence[float], alpha: float) -> Estimate:
    """Standard deviation of a normal sample with its two-sided chi-squared interval at `1 - alpha`.

    >>> e = spread_interval([-1.0, 0.0, 1.0], 0.1)
    >>> round(e.value, 3), round(e.low, 3), round(e.high, 3)
    (1.0, 0.578, 4.415)
    """
    from scipy.special import chdtri, gammaincinv

    degrees = len(values) - 1
    if degrees < 1:
        return Estimate(math.nan, 0.0, math.inf)
    sd = float(np.std(np.asarray(values, dtype=np.float64), ddof=1))
    # chdtri is the inverse of the upper tail.
    low = sd * math.sqrt(degrees / float(chdtri(degrees, alpha / 2)))
    high = sd * math.sqrt(degrees / (2 * float(gammaincinv(degrees / 2, alpha / 2))))
    return Estimate(sd, low, high)


def decide_zscores(rule: ZScores, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """Decide outliers, bias and spread; all three must be shown.

    Support needs each at alpha (the claim is then wrong at most at alpha), refutation needs one of them at
    alpha/3. A trial's z-score is the first of its seed, so that dependent runs do not narrow an interval. A
    measured value that is not finite is an outlier and has no z-score; with one, bias and spread over all
    runs
    are not known and nothing is supported.

    Raises:
        ValueError: naming the claim value, when it is not (measured, predicted, sd > 0, slack >= 0).
    """
    if not observations:
        return without_runs(proof)
    trials = by_seed(observations)
    what = f"lie more than {rule.sds:g} sd + slack from the prediction"

    def outlier(o: Observation) -> bool:
        return is_outlier(rule, o)

    rate = decide_rate(trials, outlier, rule.delta, rule.alpha, what)
    sure = decide_rate(trials, outlier, rule.delta, rule.alpha / 3, what)
    if sure.verdict == "refuted" or rate.verdict == "refuted":
        rate = sure
    scores = [z_score(trial[0]) for trial in trials]
    z = [score for score in scores if math.isfinite(score)]
    missing = len(scores) - len(z)
    if len(z) < MIN_REPLICATES:
        reason = (
            f"{rate.reason} Only {count(len(z), 'trial')} with a finite z-score; {MIN_REPLICATES} are needed."
        )
        verdict: Verdict = "refuted" if rate.verdict == "refuted" else "inconclusive"
        needed = None if verdict == "refuted" else max(MIN_REPLICATES, rate.needed or 0)
        return Decision(
            verdict,
            reason,
            None,
            1.0,
            rate.statistic,
            len(trials),
            needed,
            p_value=min(1.0, 3 * rate.p_value),
            support_p=1.0,
        )

    mean, sd = (
        _Part(f(z, 2 * rule.alpha), f(z, rule.alpha / 3), *ends)
        for f, ends in ((mean_interval, (-rule.bias, rule.bias)), (spread_interval, rule.spread))
    )
    verdicts = [rate.verdict, mean.verdict, sd.verdict]
    verdict = "inconclusive"
    if "refuted" in verdicts:
        verdict = "refuted"
    elif verdicts == ["supported"] * 3 and not missing:
        verdict = "supported"
    needed = None
    if verdict == "inconclusive" and not missing:
        plan = _runs_to_decide(rule, rate, mean, sd)
        needed = None if plan is None else max(plan, len(trials) + 1)
    parts_p = [(rate.p_value, rate.support_p), _bias_p(z, rule.bias), _spread_p(z, rule.spread)]
    more = "" if needed is None else f" About {needed} runs would decide."
    left_out = f" {count(missing, 'run')} without a finite value." if missing else ""
    reason = (
        f"{rate.reason} Over {count(len(z), 'trial')} the z-scores have mean {mean.sentence(rule.alpha)},"
        f" and standard deviation {sd.sentence(rule.alpha)}.{left_out}{more}"
    )
    statistic: dict[str, Any] = {
        **rate.statistic,
        "outlier_verdict": rate.verdict,
        "bias_verdict": mean.verdict,
        "spread_verdict": sd.verdict,
        "z_mean": mean.inner.value,
        "z_mean_interval": [mean.inner.low, mean.inner.high],
        "z_sd": sd.inner.value,
        "z_sd_interval": [sd.inner.low, sd.inner.high],
        "z_largest": max(map(abs, z)),
        "not_finite": missing,
    }
    return Decision(
        verdict,
        reason,
        measured=sd.inner.value,
        predicted=1.0,
        statistic=statistic,
        n_trials=len(trials),
        needed=needed,
        p_value=min(1.0, 3 * min(p for p, _ in parts_p)),
        support_p=1.0 if missing else max(p for _, p in parts_p),
    )


def _bias_p(z: Sequence[float], bias: float) -> tuple[float, float]:
    """p-values of `|mean| <= bias` and of `|mean| >= bias`, by t-tests."""
    result = equivalence(z, 0.0, bias, 0.05)  # the p-values do not depend on the level
    return result.p_value, result.support_p


def _spread_p(z: Sequence[float], ends: tuple[float, float]) -> tuple[float, float]:
    """p-values of "the standard deviation lies within the ends" (two-sided) and of "outside", chi-squared."""
    from scipy.special import chdtr, chdtrc

    degrees = len(z) - 1
    squares = float(np.var(np.asarray(z, dtype=np.float64), ddof=1)) * degrees
    low, high = (squares / end**2 for end in ends)
    p_value = min(1.0, 2 * min(float(chdtr(degrees, low)), float(chdtrc(degrees, high))))
    return p_value, max(float(chdtrc(degrees, low)), float(chdtr(degrees, high)))


@dataclass(frozen=True)
class _Part:
    """One of the two equivalence tests: intervals that support and that refute, and the ends."""

    inner: Estimate
    outer: Estimate
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        if self.outer.high < self.low or self.outer.low > self.high:
            return "refuted"
        inside = self.low <= self.inner.low and self.inner.high <= self.high
        return "supported" if inside else "inconclusive"

    def sentence(self, alpha: float) -> str:
        refuted = self.verdict == "refuted"
        interval = self.outer if refuted else self.inner
        level = percent(1 - alpha / 3 if refuted else 1 - 2 * alpha)
        lies = {"supported": "inside", "refuted": "outside", "inconclusive": "neither inside nor outside"}
        return (
            f"{self.inner.value:.3g} ({level} interval [{interval.low:.3g}, {interval.high:.3g}],"
            f" {lies[self.verdict]} [{self.low:g}, {self.high:g}])"
        )


def _runs_to_decide(rule: ZScores, rate: RateDecision, mean: _Part, sd: _Part) -> int | None:
    """Runs that would refute by a part whose estimate lies outside its margin, if there is one; else runs
    that would support by all parts."""
    bias = abs(mean.inner.value) - rule.bias
    refuting = [
        runs_for_mean(sd.inner.value, bias, rule.alpha / 6) if bias > 0 else None,
        _runs_for_spread(sd.inner.value, rule, rule.alpha / 6, outside=True),
    ]
    found = [plan for plan in refuting if plan is not None]
    if found:
        return min(found)
    plans = [rate.needed] if rate.verdict != "supported" else []
    if mean.verdict != "supported":
        plans.append(runs_for_mean(sd.inner.value, -bias, rule.alpha))
    if sd.verdict != "supported":
        plans.append(_runs_for_spread(sd.inner.value, rule, rule.alpha))
    kept = [plan for plan in plans if plan is not None]
    return max(kept) if kept and len(kept) == len(plans) else None


def _runs_for_spread(sd: float, rule: ZScores, level: float, outside: bool = False) -> int | None:
    """Runs that put the interval inside the margin (or outside) with probability .8 if the observed spread
    is true, to the normal approximation `sd(ln S) = 1/sqrt(2 n)`; None when it lies on the other side."""
    from scipy.special import ndtri

    low, high = rule.spread
    if not sd > 0:
        return None
    inside = min(math.log(sd / low), math.log(high / sd))
    gap = -inside if outside else inside
    if gap <= 0:
        return None
    runs = 0.5 * (float(-ndtri(level) + ndtri(0.8)) / gap) ** 2
    return math.ceil(runs) + 1 if runs < 100_000 else None


class ZScoresJudge(Judge[ZScores]):
    """Outliers, bias and spread of z-scores. Planned power: a lower bound of P(SUPPORTED) for standard normal
    scores (Bonferroni over the three parts)."""

    rule: ClassVar[type] = ZScores
    explanation: ClassVar[str] = (
        "Measured minus predicted over the predicted standard deviation: few outliers, a mean near 0 and a"
        " spread near 1, each within its declared margin."
    )
    local: ClassVar[bool] = True
    many: ClassVar[bool] = True
    open_value = "pair"
    average: ClassVar[bool] = True

    def assignments(self, rule: ZScores, observations: Sequence[Observation]) -> list[list[Observation]]:
        """Beside the usual ends: open numbers where normal scores would put them, as far as they may be.

        All at their prediction would have no spread, which speaks against the claim.
        """
        found = super().assignments(rule, observations)
        if not any(is_open(o.value) for o in observations):
            return found
        from scipy.special import ndtri

        # Scores in an order that has nothing to do with the plan's: a trend of its own would be no help.
        ordered = np.random.default_rng(0).permutation(len(observations))
        scores = ndtri((np.arange(len(ordered)) + 0.5) / len(ordered))
        normal = list(found[0])
        for k, score in zip(ordered, scores, strict=True):
            o = observations[k]
            if isinstance(o.value, (tuple, list)) and not math.isnan(float(o.value[1])):
                target = float(o.value[1]) + float(score) * float(o.value[2])
                normal[k] = replace(o, value=(nearest(o.value[0], target, target), *o.value[1:]))
        return [normal, *found]

    def decide(self, rule: ZScores, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_zscores(rule, observations, proof)

    def excess(
        self, rule: ZScores, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """`(|measured - predicted| - slack) / (sds sd) - 1`."""
        measured, predicted, sd, slack = (float(v) for v in value)
        distance = (abs(measured - predicted) - slack) / (rule.sds * sd) - 1
        return clipped(distance) if math.isfinite(distance) else CAP

    def plan(self, rule: ZScores, decision: Decision, observations: Sequence[Observation]) -> Plan:
        return Plan(basis="standard normal scores")

    def planned(self, rule: ZScores, n_trials: int, plan: Plan) -> float | None:
        from scipy.special import chdtr, chdtri, gammaincinv, ndtr

        if n_trials < MIN_REPLICATES:
            return 0.0
        degrees = n_trials - 1
        outliers = rate_power(2 * float(ndtr(-rule.sds)), n_trials, rule.delta, rule.alpha)
        bias = equivalence_power(n_trials, 1.0, rule.bias, rule.alpha)
        assert bias is not None
        # The sums of squares whose whole interval lies within the spread; chdtri inverts the upper tail.
        least = rule.spread[0] ** 2 * float(chdtri(degrees, rule.alpha))
        most = rule.spread[1] ** 2 * 2 * float(gammaincinv(degrees / 2, rule.alpha))
        spread = max(0.0, float(chdtr(degrees, most) - chdtr(degrees, least)))
        return max(0.0, outliers + bias + spread - 2)

    def worst(self, rule: ZScores, observations: Sequence[Observation]) -> list[Observation] | None:
        return [replace(o, value=(math.inf, *list(o.value)[1:])) for o in observations]

    def at_setting(self, rule: ZScores, observations: Sequence[Observation], alpha: float) -> Decision:
        """At one setting its outliers count: no spread over settings."""
        broken = self.broken(rule, observations)
        held = [replace(o, value=o not in broken) for o in observations]
        return decide_event(Event(rule.delta, alpha), held, None)

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """The prediction changed as for a law, of the other sign, its standard deviation halved or
        doubled."""
        rule: Any = claim.rule
        predicted = np.array([float(o.value[1]) for o in observations])
        sd = np.array([float(o.value[2]) for o in observations])
        settings = [o.setting for o in observations]

        def by_factor(factor: Callable[[Any], float]) -> Callable[[Observation], tuple[float, ...]]:
            return lambda o: (o.value[0], o.value[1] * factor(o.setting), *o.value[2:])

        changes = [*prediction_changes(settings), Change("prediction of the other sign", "sign", _minus)]
        for change in changes:
            moved = (
                (np.array([change.factor(s) for s in settings]) - 1) * predicted / sd
                if settings
                else np.zeros(1)
            )
            shift = abs(float(moved.mean()))
            if shift > 2 * rule.bias:
                why = f"the mean z lies within {rule.bias:g} of 0 and moves by {shift:.3g}"
                yield Planted(claim, change.name, change.kind, rule, why, by_factor(change.factor))
            else:
                why = "the change is small against the predicted spread"
                yield Exempt(claim, change.name, change.kind, why)
        low, high = rule.spread
        for c in CONSTANTS:

            def scaled(o: Observation, c: float = c) -> tuple[float, ...]:
                return (o.value[0], o.value[1], c * o.value[2], o.value[3])

            name = f"standard deviation x {c:g}"
            if max(c, 1 / c) > high / low:
                why = f"the spread of z moves from [{low:g}, {high:g}] to [{low / c:.3g}, {high / c:.3g}]"
                yield Planted(claim, name, "constant", rule, why, scaled)
            else:
                yield Exempt(claim, name, "constant", "the declared spread allows both")

    def sentence(self, rule: ZScores) -> str:
        low, high = rule.spread
        return (
            f"At most a share {rule.delta:g} of runs may lie beyond {rule.sds:g} predicted standard"
            f" deviations; the mean z-score must lie within ±{rule.bias:g} and its standard deviation in"
            f" [{low:g}, {high:g}], each certified at level {1 - rule.alpha:g}."
        )

    def numbers(self, judgement: Judgement) -> str:
        statistic = judgement.decision.statistic
        mean, ends, sd = (statistic.get(k) for k in ("z_mean", "z_mean_interval", "z_sd"))
        if mean is None or ends is None or sd is None:
            return judgement.decision.reason.rstrip(".")
        low, high = (number_in_words(end) for end in ends)
        return f"mean z {number_in_words(mean)}, {low} to {high}; sd of z {number_in_words(sd)}"


def _minus(setting: Any) -> float:
    return -1.0
