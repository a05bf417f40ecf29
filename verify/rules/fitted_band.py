"""The judge of fitted bands: ends fitted on one half of the runs, judged on the other."""

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
from verify.rules.band_fit import admissible_ratio, decide_fitted_band
from verify.rules.ends import interval, nearest, scaled
from verify.rules.excess import log_excess
from verify.rules.judge import Exempt, Plan, Planted, Readout, Unnamed
from verify.rules.rate_judge import RateJudge
from verify.rules.residuals import measured_powers, planned_inside, residual_plan, tilted
from verify.rules.variants import EXPONENT_ERRORS, factors_of, fields_of, power_of, slips_of
from verify.rules.with_powers import with_powers
from verify.rules.words import mean_in_words, number_in_words
from verify.statistics.power import TRUE_RATE_SHARE
from verify.statistics.trials import as_number, finite

__all__ = ["FittedBandJudge"]


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
