"""Exponents: one log-log slope a replicate, then equivalence of the mean slope with the claimed one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim, Proof
from theory.experiment import Experiment
from theory.place import Box
from theory.resolved import Resolved
from theory.rules import Exponent
from verify.outcome import Decision, Judgement, Observation
from verify.rules.ends import interval
from verify.rules.judge import Exempt, Judge, Plan, Planted, Readout
from verify.rules.variants import EXPONENT_ERRORS
from verify.rules.words import number_in_words
from verify.statistics.equivalence import equivalence
from verify.statistics.intervals import MIN_REPLICATES
from verify.statistics.power import equivalence_power
from verify.statistics.trials import as_number, count, mean_of, number_value, percent, without_runs

__all__ = ["ExponentJudge", "Fit", "curvature", "decide_exponent", "fit_slope", "mean_plan", "positive_ends"]

MIN_POINTS = 3

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fit:
    """Least squares of one replicate: `log value = intercept + slope log parameter + residual`."""

    parameter: Floats
    slope: float
    residual: Floats


def fit_slope(parameter: Floats, values: Floats) -> Fit | None:
    """Ordinary least squares in logarithms; both arguments (P,). None when a value is not finite and
    positive, or the parameter takes fewer than three distinct values.

    >>> x = np.array([1.0, 2.0, 4.0])
    >>> round(fit_slope(x, 3 / x**2).slope, 12)
    -2.0
    """
    if len(set(parameter.tolist())) < MIN_POINTS:
        return None
    if not (values.min() > 0 and values.max() < math.inf):  # of a nan neither holds
        return None
    x, y = np.log(parameter), np.log(values)
    x, y = x - x.mean(), y - y.mean()
    slope = float(x @ y / (x @ x))
    return Fit(parameter, slope, y - slope * x)


def curvature(fits: Sequence[Fit]) -> tuple[float, float, float]:
    """The largest absolute mean log-residual at a point of the sweep, where it is, and its standard error.

    A power law has none beyond its standard error (inf with one fit at that point); the slope of a curve
    is an average over the sweep, and says nothing beyond it.
    """
    parameter = np.concatenate([f.parameter for f in fits])
    residual = np.concatenate([f.residual for f in fits])
    best = (0.0, float(parameter[0]), 0.0)
    for x in sorted(set(parameter.tolist())):  # np.unique takes as long as all the rest
        at = residual[parameter == x]
        error = float(at.std(ddof=1) / math.sqrt(at.size)) if at.size > 1 else math.inf
        bend = abs(float(at.mean()))
        if bend >= best[0]:
            best = (bend, x, error)
    return best


def _parameter_value(rule: Exponent, observation: Observation) -> float:
    value = getattr(observation.setting, rule.parameter, None)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ValueError(
            f"rule parameter must name a positive number of the setting, was {rule.parameter!r} = {value!r}"
        )
    return float(value)


def _fits(rule: Exponent, observations: Sequence[Observation]) -> tuple[list[list[Fit]], int]:
    """The fits of each usable replicate (one an engine), and how many replicates are not usable."""
    replicates: dict[int, dict[str, list[Observation]]] = {}
    for o in sorted(observations, key=attrgetter("index")):
        replicates.setdefault(o.replicate, {}).setdefault(o.engine, []).append(o)
    kept: list[list[Fit]] = []
    for engines in replicates.values():
        fits = [
            fit_slope(
                np.array([_parameter_value(rule, o) for o in points]),
                np.array([number_value(o) for o in points]),
            )
            for points in engines.values()
        ]
        usable = [f for f in fits if f is not None]
        if len(usable) == len(fits):
            kept.append(usable)
    return kept, len(replicates) - len(kept)


def _left_out(rule: Exponent, observations: Sequence[Observation]) -> str:
    """Why replicates have no slope in logarithms."""
    values = [number_value(o) for o in observations]
    causes = []
    if (negative := sum(v <= 0 for v in values)) > 0:
        causes.append(f"{negative} of {len(values)} values are <= 0, which no power is")
    if any(not math.isfinite(v) for v in values):
        causes.append("a value not finite")
    return " and ".join(causes) or "too few points"


def decide_exponent(rule: Exponent, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """Decide `quantity ~ parameter ** value` up to the margin, from the slopes of the replicates.

    A replicate (equal `replicate` number: paired seeds along the sweep) with a value that is not finite
    and positive, or with fewer than three points, is left out and counted. Nothing is decided when fewer
    than three are left, or fewer than are left out: what is left would be a selection. Engines of one
    replicate are averaged. `n_trials` and `needed` count replicates.

    Raises:
        ValueError: naming the claim value, when it is not a real number; naming the rule's parameter.
    """
    if not observations:
        return without_runs(proof)
    kept, dropped = _fits(rule, observations)
    slopes = [mean_of([f.slope for f in fits]) for fits in kept]
    base: dict[str, Any] = {
        "runs": len(observations),
        "trials": len(kept),
        "dropped_replicates": dropped,
        "slopes": slopes,
        "interval": None,
        "interval_of": f"exponent of {rule.parameter}",
        "level": 1 - 2 * rule.alpha,
        "margin": rule.margin,
    }
    why = _left_out(rule, observations) if dropped else ""
    without = f" ({dropped} more left out: {why})" if dropped else ""
    have = f"{count(len(kept), 'replicate')}{without}"
    if len(kept) < MIN_REPLICATES:
        reason = f"Only {have} give a slope in {rule.parameter}; {MIN_REPLICATES} are needed."
        measured = float(np.mean(slopes)) if slopes else None
        return Decision(
            "inconclusive",
            reason,
            measured,
            rule.value,
            base,
            len(kept),
            MIN_REPLICATES + dropped,
            p_value=1.0,
            support_p=1.0,
        )

    result = equivalence(slopes, rule.value, rule.margin, rule.alpha)
    bend, where, bend_error = curvature([f for fits in kept for f in fits])
    statistic = {
        **base,
        "mean": result.mean,
        "spread": result.spread,
        "interval": [result.inner.low, result.inner.high],
        "outer_interval": [result.outer.low, result.outer.high],
        "outer_level": 1 - rule.alpha,
        "curvature": bend,
        "curvature_at": where,
        "curvature_error": bend_error if math.isfinite(bend_error) else None,
    }
    verdict, needed = result.verdict, result.needed
    refuted = verdict == "refuted"
    interval = result.outer if refuted else result.inner
    level = percent(1 - rule.alpha if refuted else 1 - 2 * rule.alpha)
    target = f"{rule.value:g} +- {rule.margin:g}"
    lies = {"supported": "inside", "refuted": "outside", "inconclusive": "neither inside nor outside"}
    more = "" if needed is None else f"; about {needed} replicates would decide"
    p_value, support_p = result.p_value, result.support_p
    if dropped > len(kept):
        verdict, needed, more = "inconclusive", None, "; more replicates are left out than judged"
        p_value = support_p = 1.0
    reason = (
        f"Over {have} the exponent of {rule.parameter} is {result.mean:.4g}, {level} interval"
        f" [{interval.low:.4g}, {interval.high:.4g}], {lies[result.verdict]} {target};"
        f" largest bend {bend:.2g} in log{more}."
    )
    return Decision(
        verdict,
        reason,
        result.mean,
        rule.value,
        statistic,
        len(kept),
        needed,
        p_value=p_value,
        support_p=support_p,
    )


def mean_plan(planned_spread: float | None, decision: Decision) -> Plan:
    """For a test of a mean: the spread that the rule plans, else the observed one, and which it is."""
    if planned_spread is not None:
        return Plan(planned_spread, basis=f"true value as claimed, planned spread {planned_spread:g}")
    seen = decision.statistic.get("spread")
    if seen is None or not math.isfinite(seen):
        return Plan()
    return Plan(float(seen), basis=f"true value as claimed, spread as observed, {seen:.3g}")


#: Ends of what an unresolved positive number may be, as factors of it: far beyond any slope's margin.
_FAR = 1e6


def positive_ends(value: Any) -> tuple[float, float]:
    """The interval of a positive number; an open or non-positive end far away, and finite."""
    low, high = interval(value)
    number = float(value)
    if not isinstance(value, Resolved):
        return number, number
    size = abs(number) if number else max(value.resolution, 1e-300)
    return (low if low > 0 else size / _FAR), (high if math.isfinite(high) else size * _FAR)


def _level(slope: float, logs: Sequence[float], points: Sequence[Observation]) -> float:
    """Intercept of a line of this slope in logarithms that the points allow, nearest to that of
    the numbers as measured; 0 without a positive one."""
    usable = [(x, o.value) for x, o in zip(logs, points, strict=True) if 0 < float(o.value) < math.inf]
    if not usable:
        return 0.0
    middle = float(np.median([math.log(float(v)) - slope * x for x, v in usable]))
    ends = [(x, *positive_ends(v)) for x, v in usable]
    least = max(math.log(low) - slope * x for x, low, _ in ends)
    most = min(math.log(high) - slope * x for x, _, high in ends)
    return min(max(middle, least), most) if least <= most else middle


class ExponentJudge(Judge[Exponent]):
    """A power along a sweep; planned power is P(SUPPORTED) at the claimed exponent, for normal slopes.

    No single run breaks it: the sweep as a whole is the counterexample.
    """

    rule: ClassVar[type] = Exponent
    explanation: ClassVar[str] = (
        "One log-log slope for every replicate of a sweep, then an equivalence test: the interval of the mean"
        " slope must lie inside the declared margin."
    )
    whole: ClassVar[bool] = True
    open_value = "number"
    leaves_out: ClassVar[bool] = True

    def assignments(self, rule: Exponent, observations: Sequence[Observation]) -> list[list[Observation]]:
        """On a line of the claimed slope as near as may be, and tilted as far as may be to either side.

        nan stays: its replicate has no slope, and is left out and counted.
        """
        groups: dict[tuple[int, str], list[Observation]] = {}
        for o in observations:
            groups.setdefault((o.replicate, o.engine), []).append(o)
        out: list[list[Observation]] = [[], [], []]
        for points in groups.values():
            logs = [math.log(_parameter_value(rule, o)) for o in points]
            middle = float(np.mean(logs))
            level = _level(rule.value, logs, points)
            for o, x in zip(points, logs, strict=True):
                if math.isnan(float(o.value)):
                    ends = (math.nan, math.nan, math.nan)
                else:
                    low, high = positive_ends(o.value)
                    line = math.exp(level + rule.value * x)
                    # At x below the middle of the sweep the low end makes it steeper, above it the high one.
                    tilt = (low, high) if x < middle else (high, low)
                    ends = (min(max(line, low), high), *tilt)
                for seen, value in zip(out, ends, strict=True):
                    seen.append(replace(o, value=value))
        return out

    def place_fault(self, rule: Exponent, experiment: Experiment) -> str:
        """Each replicate is a sweep of its parameter, of three values at least."""
        place, name, of = experiment.place, rule.parameter, f"Exponent({rule.parameter!r})"
        if isinstance(place, Box):
            return f"{of} needs a sweep of {name}; experiment {experiment.id} is a Box"
        if any(not hasattr(s, name) for s in place.settings):
            return f"{of}: the settings of experiment {experiment.id} have no {name!r}"
        values = len({getattr(s, name) for s in place.settings})
        if values >= MIN_POINTS:
            return ""
        have = f"experiment {experiment.id} has {count(values, 'value')}"
        return f"{of} needs a sweep of {name} over at least {MIN_POINTS} values; {have}"

    def decide(self, rule: Exponent, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_exponent(rule, observations, proof)

    def plan(self, rule: Exponent, decision: Decision, observations: Sequence[Observation]) -> Plan:
        return mean_plan(rule.planned_spread, decision)

    def planned(self, rule: Exponent, n_trials: int, plan: Plan) -> float | None:
        spread = plan.spread if rule.planned_spread is None else rule.planned_spread
        return equivalence_power(n_trials, spread, rule.margin, rule.alpha)

    def worst(self, rule: Exponent, observations: Sequence[Observation]) -> list[Observation] | None:
        far = rule.value + 10 * rule.margin + 1
        return [replace(o, value=float(getattr(o.setting, rule.parameter)) ** far) for o in observations]

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """Other exponents: off by 0.1 and 0.5, of the other sign, doubled, zero (the factor dropped)."""
        rule: Any = claim.rule
        room = 2 * rule.margin
        changes = [
            *((f"{rule.value:g} {error:+g}", kind, rule.value + error) for error, kind in EXPONENT_ERRORS),
            (f"{rule.value:g} of the other sign", "sign", -rule.value),
            (f"{rule.parameter} dropped", "factor", 0.0),
            (f"{rule.parameter} squared", "factor", 2 * rule.value),
        ]
        for name, kind, wrong in changes:
            # Rounding of 0.05 + 0.05 must not decide.
            if abs(wrong - rule.value) >= room * (1 - 1e-9):
                why = (
                    f"the true exponent lies within {rule.margin:g} of {rule.value:g}, so no nearer than that"
                    f" to {wrong:g}"
                )
                yield Planted(claim, f"exponent {name}", kind, replace(rule, value=wrong), why)
            else:
                why = f"the margin {rule.margin:g} allows both exponents"
                yield Exempt(claim, f"exponent {name}", kind, why)
        why = "an exponent does not depend on the constant before the power"
        yield Exempt(claim, "quantity x 2", "constant", why)

    def readout(self, rule: Exponent, decision: Decision, observation: Observation) -> Readout:
        return Readout(as_number(observation.value), math.nan, math.nan, math.nan)

    def expected(self, judgement: Judgement, setting: Any, readouts: Sequence[Readout]) -> float:
        """`C parameter ** value`, with `C` fitted to the judged runs and the exponent as declared."""
        rule: Any = judgement.claim.rule
        logs = [
            math.log(value) - rule.value * math.log(float(getattr(o.setting, rule.parameter)))
            for o in judgement.judged
            if 0 < (value := as_number(o.value)) < math.inf
        ]
        scale = float(np.exp(np.mean(logs))) if logs else math.nan
        return float(scale * float(getattr(setting, rule.parameter)) ** rule.value)

    def sentence(self, rule: Exponent) -> str:
        return (
            f"The exponent of {rule.parameter} must be {rule.value:g} within ±{rule.margin:g}:"
            f" the {1 - 2 * rule.alpha:.0%} interval of the mean slope inside."
        )

    def numbers(self, judgement: Judgement) -> str:
        if judgement.decision.measured is None:  # too few replicates have a slope
            return judgement.decision.reason.rstrip(".")
        interval = judgement.decision.statistic.get("interval")
        ends = f" ({number_in_words(interval[0])} to {number_in_words(interval[1])})" if interval else ""
        return f"exponent {number_in_words(judgement.decision.measured)}{ends}"
