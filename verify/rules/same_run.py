"""Two ways of making a run, compared run by run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim, Proof
from theory.rules import SameRun
from verify.outcome import Decision, Judgement, Observation
from verify.rules.ends import plain_value
from verify.rules.excess import log_excess
from verify.rules.identity import IDENTITY_RATE
from verify.rules.judge import Exempt, Judge, Plan, Planted, Readout
from verify.statistics.trials import SHOWN, count, plain, value_error, without_runs

__all__ = ["Pair", "SameRunJudge", "decide_same_run", "pairs", "relative_difference"]


@dataclass(frozen=True)
class Pair:
    """Two runs that should be one, or one and its control: `of` is the run that is compared, `with_engine`
    the other's ("" within one run), `difference` their largest relative difference, nan when not measured."""

    of: Observation
    with_engine: str
    difference: float


def relative_difference(first: float, second: float, scale: float = 0.0) -> float:
    """`|first - second| / max(|first|, |second|, scale)`; 0 for equal numbers, infinite ones included.

    >>> relative_difference(1.0, 2.0), relative_difference(0.0, 0.1, scale=1.0)
    (0.5, 0.1)
    """
    if math.isnan(first) or math.isnan(second):
        return math.nan
    if first == second:
        return 0.0
    if math.isinf(first) or math.isinf(second):
        return math.inf
    return abs(first - second) / max(abs(first), abs(second), scale)


def _numbers(o: Observation) -> dict[str, float]:
    value = plain_value(o.value)
    try:
        named = dict(value) if isinstance(value, Mapping) else {"": value}
        if not named or any(isinstance(v, (str, type(None))) for v in named.values()):
            raise TypeError
        return {str(k): float(v) for k, v in named.items()}
    except (TypeError, ValueError) as error:
        raise value_error(o, "a number, or a mapping of names to numbers") from error


def pairs(rule: SameRun, observations: Sequence[Observation]) -> tuple[list[Pair], int]:
    """Every pair that can be compared, and how many runs have no partner.

    Raises:
        ValueError: naming the claim value, when it is not what the rule asks for.
    """
    engines = list(dict.fromkeys(o.engine for o in sorted(observations, key=lambda o: o.index)))
    if len(engines) < 2:
        return [Pair(o, "", _within(rule, o)) for o in observations], 0
    known = {(o.engine, o.setting, o.seed): o for o in observations}
    out, alone = [], 0
    for o in observations:
        first = known.get((engines[0], o.setting, o.seed))
        if o.engine == engines[0]:
            alone += not any((e, o.setting, o.seed) in known for e in engines[1:])
        elif first is None:
            alone += 1
        else:
            out.append(Pair(o, engines[0], _between(rule, first, o)))
    return out, alone


def _within(rule: SameRun, o: Observation) -> float:
    """Of one run: the pair that was measured, or its relative difference."""
    value = plain_value(o.value)
    if isinstance(value, tuple):
        if len(value) != 2:
            raise value_error(o, "a pair (first, second), or their relative difference >= 0")
        return relative_difference(float(value[0]), float(value[1]), rule.scale)
    (number,) = _numbers(replace(o, value=value)).values() if not isinstance(value, Mapping) else (-1.0,)
    if number < 0:
        raise value_error(o, "a pair (first, second), or their relative difference >= 0")
    return number


def _between(rule: SameRun, first: Observation, second: Observation) -> float:
    """Of two runs: the largest difference over the names they measured."""
    one, two = _numbers(first), _numbers(second)
    if set(one) != set(two):
        raise value_error(second, f"a mapping with the names {sorted(one)} as under {first.engine}")
    found = [relative_difference(one[name], two[name], rule.scale) for name in one]
    return math.nan if any(math.isnan(d) for d in found) else max(found)


def decide_same_run(rule: SameRun, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """REFUTED by a single pair that differs by more than the tolerance, else SUPPORTED.

    A pair with nan is not measured: unless another refutes, nothing is decided then. Runs without a partner
    are counted; without any pair nothing is decided. `measured` is the largest difference; `n_trials` counts
    pairs.

    Raises:
        ValueError: naming the claim value, when it is not what the rule asks for.
    """
    if not observations:
        return without_runs(proof)
    found, alone = pairs(rule, observations)
    known = [p for p in found if not math.isnan(p.difference)]
    missing = [p for p in found if math.isnan(p.difference)]
    broken = [p for p in known if p.difference > rule.tolerance]
    worst = max(known, key=lambda p: p.difference, default=None)
    with_ = (
        ""
        if worst is None or not worst.with_engine
        else f" between {worst.of.engine} and {worst.with_engine}"
    )
    if worst is None:
        reason = f"No pair of runs could be compared ({count(alone, 'run')} without a partner)."
    elif broken:
        reason = (
            f"{len(broken)} of {count(len(known), 'pair')} differ by more than {rule.tolerance:g}: the"
            f" largest relative difference{with_} is {worst.difference:.3g}."
        )
    else:
        reason = (
            f"In {count(len(known), 'pair')} the largest relative difference{with_}, {worst.difference:.3g},"
            f" is within {rule.tolerance:g}."
        )
    if missing:
        runs = ", ".join(str(p.of.index) for p in missing[:SHOWN])
        reason += f" Not measured (nan) in {count(len(missing), 'pair')}: runs {runs}."
    if alone and worst is not None:
        reason += f" {count(alone, 'run')} without a partner."
    verdict = "refuted" if broken else "supported" if known and not missing else "inconclusive"
    return Decision(
        verdict,  # type: ignore[arg-type]
        reason,
        measured=None if worst is None else plain(worst.difference),
        predicted=0.0,
        statistic={
            "runs": len(observations),
            "trials": len(known),
            "pairs": len(found),
            "violations": len(broken),
            "unmeasured": [p.of.index for p in missing][:SHOWN],
            "without_partner": alone,
            "worst_run": None if worst is None else worst.of.index,
            "tolerance": rule.tolerance,
            "interval": None,
            "level": None,
            "violating": [p.of.index for p in broken][:SHOWN],
        },
        n_trials=len(known),
        needed=None,
        p_value=0.0 if broken else 1.0,  # the same computation twice: no chance is involved
        support_p=0.0 if verdict == "supported" else 1.0,
    )


class SameRunJudge(Judge[SameRun]):
    """Run by run. Planned power is P(REFUTED) when one pair of twenty differs."""

    rule: ClassVar[type] = SameRun
    explanation: ClassVar[str] = (
        "The same run made in two ways, by two engines with the same seeds or beside its control: every"
        " pair's relative difference is held against the declared tolerance."
    )
    by_chance: ClassVar[bool] = False
    whole: ClassVar[bool] = True

    def decide(self, rule: SameRun, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_same_run(rule, observations, proof)

    def example(
        self, rule: SameRun, decision: Decision, observations: Sequence[Observation]
    ) -> Observation | None:
        """The run of the worst pair."""
        worst = decision.statistic.get("worst_run")
        return next((o for o in observations if o.index == worst), None)

    def plan(self, rule: SameRun, decision: Decision, observations: Sequence[Observation]) -> Plan:
        return Plan(basis=f"a difference in a share {IDENTITY_RATE:g} of the pairs is found")

    def planned(self, rule: SameRun, n_trials: int, plan: Plan) -> float | None:
        return 1 - (1 - IDENTITY_RATE) ** n_trials

    def worst(self, rule: SameRun, observations: Sequence[Observation]) -> list[Observation] | None:
        engines = list(dict.fromkeys(o.engine for o in observations))
        if len(engines) < 2:
            return [replace(o, value=math.inf) for o in observations]

        def far(o: Observation) -> Any:
            number = math.inf if o.engine == engines[0] else 0.0
            return dict.fromkeys(o.value, number) if isinstance(o.value, Mapping) else number

        return [replace(o, value=far(o)) for o in observations]

    def fails_at(self, rule: SameRun, n_trials: int, level: float) -> str:
        return "one pair beyond the tolerance refutes"

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """One side of every pair off by twice the tolerance and more."""
        rule: Any = claim.rule
        engines = list(dict.fromkeys(o.engine for o in observations))
        factor = 1 + 4 * rule.tolerance

        def moved(value: Any) -> Any:
            if isinstance(value, Mapping):
                return {k: factor * float(v) for k, v in value.items()}
            return factor * float(value)

        def one_side(o: Observation) -> Any:
            if len(engines) > 1:
                return moved(o.value) if o.engine == engines[0] else o.value
            return (factor * float(o.value[0]), o.value[1])

        name = f"one side x (1 + {4 * rule.tolerance:g})"
        paired = len(engines) > 1 or all(isinstance(o.value, (tuple, list)) for o in observations)
        values = [v for o in observations for v in np.ravel(list(_flat(o.value)))]
        if not paired or rule.tolerance >= 0.25:
            yield Exempt(claim, name, "constant", "the difference was measured inside the claim")
        elif not any(abs(float(v)) > rule.scale for v in values):
            yield Exempt(claim, name, "constant", "every number lies below the scale")
        else:
            why = "both sides agree within the tolerance, so one of them moved by four times it does not"
            yield Planted(claim, name, "constant", rule, why, one_side)

    def readout(self, rule: SameRun, decision: Decision, observation: Observation) -> Readout:
        value = plain_value(observation.value)
        if isinstance(value, tuple) and len(value) == 2:
            found = relative_difference(float(value[0]), float(value[1]), rule.scale)
            return Readout(found, 0.0, 0.0, rule.tolerance)
        return Readout(math.nan, math.nan, math.nan, math.nan)

    def score(self, rule: SameRun, observations: Sequence[Observation]) -> float:
        worst = max((p.difference for p in pairs(rule, observations)[0]), default=0.0)
        return log_excess(worst, rule.tolerance)

    def sentence(self, rule: SameRun) -> str:
        return f"The relative difference of every pair of runs must be at most {rule.tolerance:g}."

    def numbers(self, judgement: Judgement) -> str:
        statistic, largest = judgement.decision.statistic, judgement.decision.measured
        size = "" if largest is None else f", largest relative difference {largest:.3g}"
        return f"{statistic.get('trials', 0)} pairs{size}"


def _flat(value: Any) -> Iterator[float]:
    value = plain_value(value)
    members = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else [value]
    yield from (float(v) for v in members)
