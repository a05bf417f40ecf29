"""Bands with declared ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from theory.claim import Claim, Proof
from theory.rules import Band, Event
from verify.outcome import Decision, Judgement, Observation
from verify.rules.ends import scaled
from verify.rules.excess import outside
from verify.rules.judge import Exempt, Planted, Readout
from verify.rules.rate_judge import RateJudge
from verify.rules.variants import CONSTANTS, EXPONENT_ERRORS, factors_of, fields_of, power_of
from verify.rules.words import beyond_in_words, end_in_words, mean_in_words, number_in_words
from verify.statistics.rate import decide_rate
from verify.statistics.trials import as_number, by_seed, finite, number_value, plain, without_runs

__all__ = ["BandJudge", "decide_band"]


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

    what = f"lie {beyond_in_words(rule.lower, rule.upper)}"
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
        p_value=result.p_value,
        support_p=result.support_p,
    )


def _within(rule: Band) -> str:
    if math.isinf(rule.lower):
        return f"be at most {end_in_words(rule.upper)}"
    if math.isinf(rule.upper):
        return f"be at least {end_in_words(rule.lower)}"
    return f"lie in [{end_in_words(rule.lower)}, {end_in_words(rule.upper)}]"


def _share_outside(rule: Band, factors: Sequence[float]) -> float:
    """Share of runs whose factor moves the whole band off itself."""
    moved = 0
    for c in factors:
        low, high = sorted((c * rule.lower, c * rule.upper))
        moved += low > rule.upper or high < rule.lower
    return moved / len(factors) if factors else 0.0


def _times(factor: Callable[[Any], float]) -> Callable[[Observation], Any]:
    return lambda o: scaled(o.value, factor(o.setting))


class BandJudge(RateJudge[Band]):
    """A number between declared ends, one Bernoulli trial a run."""

    rule: ClassVar[type] = Band
    explanation: ClassVar[str] = "As an event: the quantity lies between two declared ends."
    number_of: ClassVar[str] = "value"
    bounds: ClassVar[bool] = True
    open_value = "number"

    def target(self, rule: Band, value: Any) -> tuple[float, float]:
        return rule.lower, rule.upper

    def decide(self, rule: Band, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_band(rule, observations, proof)

    def excess(
        self, rule: Band, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """Distance outside the band (negative inside) over the larger of 1 and its finite ends."""
        return outside(float(value), rule.lower, rule.upper)

    def worst(self, rule: Band, observations: Sequence[Observation]) -> list[Observation] | None:
        return [replace(o, value=math.inf) for o in observations]

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """Outside instead of inside; the quantity halved, doubled, with a factor lost, with a power wrong."""
        rule: Any = claim.rule

        def beyond(o: Observation) -> bool:
            return not rule.lower <= float(o.value) <= rule.upper

        yield Planted(
            claim,
            "outside the band",
            "sign",
            Event(delta=rule.delta, alpha=rule.alpha, reason="the band's own"),
            "the quantity lies inside in a share of at least 1 - delta, so outside in at most delta",
            beyond,
        )
        settings = [o.setting for o in observations]
        changes: list[tuple[str, Any, Callable[[Any], float]]] = [
            *((f"quantity x {c:g}", "constant", lambda s, c=c: c) for c in CONSTANTS),
            *(
                (f"quantity / ({name})", "factor", lambda s, f=f: 1 / f(s))
                for name, f in factors_of(settings).items()
            ),
            *(
                (
                    f"quantity x {name}^{error:+g}",
                    kind,
                    power_of(name, error),
                )
                for error, kind in EXPONENT_ERRORS
                for name in fields_of(settings)
            ),
        ]
        weaker = []
        for name, kind, factor in changes:
            share = _share_outside(rule, [factor(s) for s in settings])
            if 1 - share + rule.delta < 1 - rule.delta:
                why = (
                    f"at {share:.3g} of the settings the factor moves the band off itself, and both can hold "
                    f"at no more "
                    "than the rest"
                )
                yield Planted(claim, name, kind, rule, why, _times(factor))
            else:
                weaker.append((name, kind))
        for kind in dict.fromkeys(kind for _, kind in weaker):
            names = ", ".join(name for name, k in weaker if k == kind)
            why = (
                "the moved band overlaps the declared one: the variant may hold as well"
                " (see the bound's slack)"
            )
            yield Exempt(claim, names, kind, why)

    def readout(self, rule: Band, decision: Decision, observation: Observation) -> Readout:
        return Readout(as_number(observation.value), math.nan, rule.lower, rule.upper)

    def sentence(self, rule: Band) -> str:
        return (
            f"The quantity must {_within(rule)}, with a violation rate below"
            f" {rule.delta:g} certified at level {1 - rule.alpha:g}."
        )

    def numbers(self, judgement: Judgement) -> str:
        rule: Any = judgement.claim.rule
        found = [float(o.value) for o in judgement.judged]
        values = mean_in_words(found)
        if judgement.verdict == "refuted" and rule.lower == -rule.upper:
            # Of both signs they average out: what is judged is their size.
            values = f"in size {mean_in_words(list(map(abs, found)))}"
        return f"{values}; {self._beyond(judgement)}" if self._beyond(judgement) else values

    def brief(self, judgement: Judgement) -> str:
        values = finite([float(o.value) for o in judgement.judged])
        mean = f"{number_in_words(sum(values) / len(values))} on average" if values else "no value"
        return f"{mean}, {self._beyond(judgement)}" if self._beyond(judgement) else mean

    def _beyond(self, judgement: Judgement) -> str:
        """In how many runs the number lies beyond the band: `above 0.02 in none of 120 runs`."""
        rule: Any = judgement.claim.rule
        broken, runs = (judgement.decision.statistic.get(k) for k in ("violations", "runs"))
        if broken is None or runs is None:
            return ""
        return f"{beyond_in_words(rule.lower, rule.upper)} in {broken or 'none'} of {runs} runs"
