"""Bounds: does a quantity stay below what bounds it, and how far below?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim, Proof
from theory.rules import Bound, Universal, UniversalBound
from theory.run import Estimate
from verify.outcome import Decision, Judgement, Observation
from verify.rules.excess import clipped
from verify.rules.identity import IDENTITY_RATE
from verify.rules.judge import Exempt, Plan, Planted, Readout
from verify.rules.rate_judge import RateJudge
from verify.rules.universal import decide_universal
from verify.rules.variants import CONSTANTS, factors_of
from verify.rules.words import number_in_words
from verify.statistics.quantiles import quantile_interval
from verify.statistics.rate import decide_rate
from verify.statistics.trials import as_number, by_seed, plain, value_error, without_runs

__all__ = [
    "BoundJudge",
    "UniversalBoundJudge",
    "decide_bound",
    "decide_universal_bound",
    "ratio_in_words",
    "tightness_of",
]

#: Level of the interval of the constant; it decides nothing.
_LEVEL = 0.95


def _pair(observation: Observation) -> tuple[float, float]:
    try:
        quantity, bound = (float(v) for v in observation.value)
    except (TypeError, ValueError) as error:
        raise value_error(observation, "a pair (quantity, bound)") from error
    return quantity, bound


def _slack(rule: Bound, quantity: float, bound: float) -> float:
    """By how much the bound holds, rounding included; negative beyond it. A quantity that is not finite lies
    beyond an upper bound, whatever that is."""
    if math.isnan(bound) or not math.isfinite(quantity):
        return -math.inf
    room = bound - quantity if rule.upper else quantity - bound
    return room + (rule.rounding * abs(bound) if math.isfinite(bound) else 0.0)


def _ratio(rule: Bound, quantity: float, bound: float) -> float:
    """What the bound could be multiplied by to touch the quantity (its inverse for a lower bound): 1 is
    tight, above 1 broken; nan where a ratio has no meaning (numbers below 0, an infinite bound)."""
    top, bottom = (quantity, bound) if rule.upper else (bound, quantity)
    if not (top >= 0 and bottom >= 0) or (top == 0 and bottom == 0) or math.isinf(bottom):
        return math.nan
    return math.inf if bottom == 0 else top / bottom


def tightness_of(rule: Bound, observations: Sequence[Observation]) -> dict[str, Any]:
    """How tight the bound is, under plain names and JSON types; None where no ratio has a meaning.

    `slack_median` and `slack_worst` are log10(bound / quantity) (of the inverse for a lower bound),
    `largest_ratio` the largest quantity / bound (bound / quantity for a lower one), `constant` the 1 - delta
    quantile of these ratios over seeds (the largest of a seed's) with its order-statistics interval.
    """
    found = [(o, r) for o in observations if not math.isnan(r := _ratio(rule, *_pair(o)))]
    if not found:
        names = ("slack_median", "slack_worst", "largest_ratio", "constant", "constant_interval")
        return dict.fromkeys(names)
    ratios = [r for _, r in found]
    known = {id(o): r for o, r in found}
    of_trials = [max(known[id(o)] for o in trial) for trial in by_seed(o for o, _ in found)]
    constant = quantile_interval(of_trials, 1 - rule.delta, 1 - _LEVEL)
    return {
        "slack_median": plain(_log10_inverse(float(np.median(ratios)))),
        "slack_worst": plain(_log10_inverse(max(ratios))),
        "largest_ratio": plain(max(ratios)),
        "constant": plain(constant.value),
        "constant_interval": [plain(max(0.0, constant.low)), plain(constant.high)],
    }


def _log10_inverse(ratio: float) -> float:
    return math.inf if ratio == 0 else -math.inf if math.isinf(ratio) else -math.log10(ratio)


def _graded(rule: Bound, decision: Decision, observations: Sequence[Observation]) -> Decision:
    """The decision with its tightness, and the grade "loose" where support is."""
    tight = tightness_of(rule, observations)
    if tight["slack_median"] is None:
        return replace(decision, statistic={**decision.statistic, **tight})
    median = tight["slack_median"]
    loose = median > math.log10(rule.loose) and decision.verdict == "supported"
    share = f"{100 * (1 - rule.delta):g} %"
    low, high = tight["constant_interval"]
    least = "unbounded" if high is None else f"{high:.3g}"
    constant = _shown(tight["constant"])
    by = "multiplied" if rule.upper else "divided"
    factor = (
        f"the bound would have to be {by} by {constant} to hold in {share} of runs"
        if decision.verdict == "refuted"
        else f"in {share} of runs it could be {by} by {constant}"
    )
    room = "bound / quantity" if rule.upper else "quantity / bound"
    reason = (
        f"{decision.reason} {room} is {10**median:.3g} in the median; {factor}"
        f" (95 % interval {low:.3g} to {least}); {ratio_in_words(rule)} {_shown(tight['largest_ratio'])}."
    )
    if loose:
        reason += f" It is loose: by more than {_factor(rule)}."
    return replace(
        decision,
        reason=reason,
        statistic={**decision.statistic, **tight},
        grade="loose" if loose else None,
    )


def ratio_in_words(rule: Bound) -> str:
    """What the largest ratio is of: 1 is tight, more than 1 broken, on either side.

    >>> ratio_in_words(Bound(reason="")), ratio_in_words(Bound(upper=False, reason=""))
    ('quantity / bound at most', 'bound / quantity at most')
    """
    return f"{'quantity / bound' if rule.upper else 'bound / quantity'} at most"


def _factor(rule: Bound) -> str:
    named = f"factor `loose` = {rule.loose:g}"
    return f"the default {named}" if rule.loose == type(rule).loose else f"the declared {named}"


def _shown(value: float | None) -> str:
    return "∞" if value is None else f"{value:.3g}"


def decide_bound(rule: Bound, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """Decide `P(quantity <= bound) >= 1 - delta`, and tell how tight the bound is.

    `measured` and `predicted` are the medians of quantity and bound.

    Raises:
        ValueError: naming the claim value, when it is not a pair of numbers.
    """
    if not observations:
        return without_runs(proof)
    for o in observations:
        _pair(o)

    def violated(o: Observation) -> bool:
        return _slack(rule, *_pair(o)) < 0

    what = "lie beyond their bound"
    result = decide_rate(by_seed(observations), violated, rule.delta, rule.alpha, what)
    decision = Decision(
        result.verdict, result.reason, *_medians(observations), result.statistic, result.trials,
        result.needed, p_value=result.p_value, support_p=result.support_p,
    )  # fmt: skip
    return _graded(rule, decision, observations)


def _medians(observations: Sequence[Observation]) -> tuple[float | None, float | None]:
    quantities, bounds = zip(*(_pair(o) for o in observations), strict=True)
    return plain(float(np.median(quantities))), plain(float(np.median(bounds)))


def decide_universal_bound(
    rule: UniversalBound, observations: Sequence[Observation], proof: Proof | None
) -> Decision:
    """REFUTED by one run beyond its bound, else SUPPORTED; and how tight the bound is.

    Raises:
        ValueError: naming the claim value, when it is not a pair of numbers, or holds an `Estimate`.
    """
    if not observations:
        return without_runs(proof)
    for o in observations:
        if isinstance(o.value, (tuple, list)) and any(isinstance(v, Estimate) for v in o.value):
            raise value_error(o, "computed, not an Estimate: a sampled number may break by chance")
    slacks = [replace(o, value=_slack(rule, *_pair(o))) for o in observations]
    decision = decide_universal(Universal(rule.reason), slacks, proof)
    measured, predicted = _medians(observations)
    return _graded(rule, replace(decision, measured=measured, predicted=predicted), observations)


def _scaled(rule: Bound, factor: Callable[[Any], float]) -> Callable[[Observation], tuple[Any, float]]:
    return lambda o: (o.value[0], float(o.value[1]) * factor(o.setting))


class BoundJudge(RateJudge[Bound]):
    """A bound of the runs' own, one Bernoulli trial a run, with its tightness."""

    rule: ClassVar[type] = Bound
    explanation: ClassVar[str] = (
        "As an event: the quantity stays within the bound that is computed for its run. Beside the rate"
        " stands how tight the bound is, and a supported one that is loose says so."
    )
    bounds: ClassVar[bool] = True
    open_value = "pair"

    def target(self, rule: Bound, value: Any) -> tuple[float, float]:
        bound = float(value[1])
        return (-math.inf, bound) if rule.upper else (bound, math.inf)

    def decide(self, rule: Bound, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_bound(rule, observations, proof)

    def excess(
        self, rule: Bound, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """How far the quantity lies beyond its bound, over the larger of the two in size."""
        quantity, bound = (float(v) for v in value)
        scale = max(abs(quantity), abs(bound))
        slack = _slack(rule, quantity, bound)
        return clipped(-slack / scale if 0 < scale < math.inf else -slack)

    def worst(self, rule: Bound, observations: Sequence[Observation]) -> list[Observation] | None:
        far = math.inf if rule.upper else -math.inf
        return [replace(o, value=(far, float(o.value[1]))) for o in observations]

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """The bound the other way round; constants and factors are told by its slack, as a smaller bound may
        hold as well."""
        rule: Any = claim.rule
        apart = [_ratio(rule, *_pair(o)) for o in observations]
        strict = sum(r < 1 - 2 * rule.rounding for r in apart) / len(apart) if apart else 0.0
        if strict > 2 * rule.delta:
            why = f"the quantity lies strictly within its bound in a share {strict:.3g} of the runs"
            yield Planted(claim, "the bound the other way", "sign", replace(rule, upper=not rule.upper), why)
        else:
            yield Exempt(
                claim, "the bound the other way", "sign", "quantity and bound are equal in many runs"
            )
        names = ", ".join(
            [*(f"bound x {c:g}" for c in CONSTANTS), *factors_of([o.setting for o in observations])]
        )
        yield Exempt(claim, names, "constant", "another bound may hold as well: see the bound's slack")

    def readout(self, rule: Bound, decision: Decision, observation: Observation) -> Readout:
        value = observation.value
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            return Readout(math.nan, math.nan, math.nan, math.nan)
        quantity, bound = as_number(value[0]), as_number(value[1])
        ends = (-math.inf, bound) if rule.upper else (bound, math.inf)
        return Readout(quantity, bound, *ends)

    def sentence(self, rule: Bound) -> str:
        side = "at most" if rule.upper else "at least"
        return (
            f"The quantity must be {side} its bound, with a violation rate below {rule.delta:g} certified at"
            f" level {1 - rule.alpha:g}; loose beyond a factor {rule.loose:g}."
        )

    def numbers(self, judgement: Judgement) -> str:
        statistic = judgement.decision.statistic
        broken, runs, largest = (statistic.get(k) for k in ("violations", "runs", "largest_ratio"))
        text = f"{broken} of {runs} runs beyond the bound"
        rule: Any = judgement.claim.rule
        slack = statistic.get("slack_median")
        if largest is None:
            return text
        # Loose by the median, and beyond in single runs: neither is seen from the largest ratio alone.
        median = "" if slack is None else f", {number_in_words(10 ** -float(slack))} in the median"
        return f"{text}, {ratio_in_words(rule)} {number_in_words(largest)}{median}"


class UniversalBoundJudge(BoundJudge):
    """A bound of every run: one beyond it refutes."""

    rule: ClassVar[type] = UniversalBound
    explanation: ClassVar[str] = (
        "The quantity stays within the bound that is computed for its run, in every run: one beyond it"
        " refutes. Beside it stands how tight the bound is."
    )
    by_chance: ClassVar[bool] = False
    in_cells: ClassVar[bool] = False
    single: ClassVar[bool] = True

    def decide(self, rule: Any, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_universal_bound(rule, observations, proof)

    def plan(self, rule: Bound, decision: Decision, observations: Sequence[Observation]) -> Plan:
        return Plan(basis=f"a bound that fails in a share {IDENTITY_RATE:g} of the runs is found")

    def planned(self, rule: Bound, n_trials: int, plan: Plan) -> float | None:
        return 1 - (1 - IDENTITY_RATE) ** n_trials

    def runs_for(self, rule: Bound, n_trials: int, plan: Plan, power: float) -> int | None:
        return max(n_trials + 1, math.ceil(math.log(1 - power) / math.log(1 - IDENTITY_RATE)))

    def share(self, rule: Bound) -> float | None:
        return None

    def fails_at(self, rule: Bound, n_trials: int, level: float) -> str:
        return "one run beyond its bound refutes"

    def sentence(self, rule: Bound) -> str:
        side = "at most" if rule.upper else "at least"
        return f"The quantity must be {side} its bound in every run; loose beyond a factor {rule.loose:g}."
