"""Who applies a rule: one judge a rule, one file a judge.

A judge is a final subclass of `Judge` in a file of this folder, or in a claims file that calls
`verify.rules.registry.register`. Only `decide` must be written; every other member has an answer that is
right for a rule that speaks of many runs together and claims no more.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np

from theory.claim import Claim, Proof
from theory.experiment import Experiment
from theory.falsehood import FalsehoodKind
from verify.outcome import Decision, Judgement, Observation
from verify.rules.ends import alternatives, interval, nearest, unmeasured, worst_end
from verify.statistics.intervals import exceeds, rate_lower
from verify.statistics.power import LEAST_POWER, first_runs
from verify.statistics.trials import as_number

__all__ = ["Exempt", "Judge", "Plan", "Planted", "Power", "Readout", "Unnamed", "same_value"]

R = TypeVar("R")


def same_value(observation: Observation) -> Any:
    """The measured value as it is."""
    return observation.value


@dataclass(frozen=True)
class Planted:
    """A false statement about the runs of a true one.

    Args:
        of: the true claim.
        name, kind: what was changed.
        rule: the rule it is judged by.
        why: why it is false when `of` holds, without looking at any verdict.
        value: its value on a run, from the true claim's observation. None for a declared falsehood, whose
            values were measured on their own (`measured`).
        measured: the claim that was measured, where that is not `of`.
    """

    of: Claim
    name: str
    kind: FalsehoodKind
    rule: Any
    why: str
    value: Callable[[Observation], Any] | None = same_value
    measured: Claim | None = None


@dataclass(frozen=True)
class Exempt:
    """A change of a claim that is not a falsehood here, and why."""

    of: Claim
    name: str
    kind: FalsehoodKind
    why: str
    detail: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Readout:
    """One observation in numbers; nan where there is none.

    `measured` is 1 or 0 for an event. `low` and `high` are the ends within which the rule wants it.
    """

    measured: float
    predicted: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Whether the observation lies within its ends."""
        return math.isfinite(self.measured) and self.low <= self.measured <= self.high

    @property
    def factor(self) -> float:
        """By which factor the nearer end could move in before the observation left the band.

        Above 1 inside, below 1 outside; `bound / observed` for an upper bound. inf for an observed 0 under an
        upper bound, nan where a ratio has no meaning (negative numbers).

        >>> Readout(2.0, 0.0, 0.5, 8.0).factor, Readout(4.0, 0.0, 0.0, 2.0).factor
        (4.0, 0.5)
        """
        if math.isnan(self.measured) or self.measured < 0:
            return math.nan
        factors = []
        if 0 < self.high < math.inf:
            factors.append(math.inf if self.measured == 0 else self.high / self.measured)
        if self.low > 0:
            factors.append(self.measured / self.low)
        return min(factors, default=math.nan)


@dataclass(frozen=True)
class Plan:
    """What a planned power is computed with beside the rule and the number of runs, and in words.

    `spread` is the standard deviation of a trial's number, `tail` the share of trials beyond the margin
    around their median (`Equivalence.tail`), `quantities` how many are compared at once,
    `cells` the (runs, mean predicted variance) of each cell. None where they are not known or not needed.
    """

    spread: float | None = None
    quantities: int = 1
    cells: Sequence[tuple[int, float]] | None = None
    basis: str = ""
    tail: float = 1.0

    def grown(self, factor: float) -> Plan:
        """What is planned with so many times the runs."""
        if self.cells is None:
            return self
        return replace(self, cells=[(round(count * factor), v) for count, v in self.cells])


@dataclass(frozen=True)
class Power:
    """Planned power, what it was planned with, and the runs that reach `LEAST_POWER` where these do not."""

    value: float
    basis: str
    needed: int | None


@dataclass(frozen=True)
class Unnamed:
    """A constant that a rule leaves unnamed: the largest ratio that its values at any two runs may have (its
    largest value, when not two-sided)."""

    ratio: float
    two_sided: bool


class Judge(ABC, Generic[R]):
    """How rules of one type are decided, planned, searched, planted, read and worded.

    Attributes:
        rule: the type of rule; rules of its subclasses too, unless they have a judge of their own.
        explanation: what such a rule asks, for a reader of the report.
        by_chance: whether an unlucky seed could refute a true claim; then it shares the error budget.
        rounding: whether its bound is an allowance for rounding, meant to be loose.
        bounds: whether it bounds a number, so that slack can be told.
        single: whether one run that breaks it refutes it.
        local: whether the runs of one setting alone can be judged.
        many: whether it speaks of averages, which fail as a whole sooner than at one setting.
        whole: whether only the whole experiment can stand for a counterexample.
        needs_runs: whether it says nothing without any.
        in_cells: whether cells of the plan have a part in its p-value (`verify.cells`).
        open_value: where in the measured value the number stands that may be a `Resolved` or nan: the value
            itself, the first of (measured, predicted, ...), all members of a mapping, or nowhere (True and
            False are exempt).
        average: whether such numbers err together, as in a mean, or each run for itself.
        leaves_out: whether `decide` leaves out and counts what was not measured (nan) by itself.
        number_of: what `numbers` gives where they are bare numbers: "measured / predicted".
    """

    rule: ClassVar[type]
    explanation: ClassVar[str] = ""
    by_chance: ClassVar[bool] = True
    rounding: ClassVar[bool] = False
    bounds: ClassVar[bool] = False
    single: ClassVar[bool] = False
    local: ClassVar[bool] = False
    many: ClassVar[bool] = False
    whole: ClassVar[bool] = False
    needs_runs: ClassVar[bool] = True
    in_cells: ClassVar[bool] = False
    open_value: ClassVar[Literal["", "number", "pair", "mapping"]] = ""
    average: ClassVar[bool] = False
    leaves_out: ClassVar[bool] = False
    number_of: ClassVar[str] = ""

    # Deciding --------------------------------------------------------------------------------------

    @abstractmethod
    def decide(self, rule: R, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        """What the rule says of the judged observations; a proof that fails is seen to before."""

    def excess(
        self, rule: R, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """Above 0 when one run's value breaks the claim, growing with the distance from what is claimed.

        Dimensionless, within +-`verify.rules.excess.CAP`. None for rules that speak of many runs only.
        """
        return None

    def sure_excess(
        self, rule: R, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """`excess` at the end of a `Resolved` value that speaks most for the claim; None for nan."""
        if type(value) in (float, bool, int):  # most are, of very many runs
            nan = self.open_value and value != value
            return None if nan else self.excess(rule, value, steps, dtype, decision)
        if self.open_value and unmeasured(value):
            return None
        found = [self.excess(rule, v, steps, dtype, decision) for v in alternatives(value)]
        known = [e for e in found if e is not None]
        return min(known) if known else None

    def target(self, rule: R, value: Any) -> tuple[float, float]:
        """Between which numbers the claim wants a run's open number: a pair's prediction, by default."""
        predicted = float(value[1])
        return predicted, predicted

    def assignments(self, rule: R, observations: Sequence[Observation]) -> list[list[Observation]]:
        """The observations with plain numbers: where they speak most for the claim, then where most against
        (each run at its worse end; for an average all low, all high)."""
        if not self.open_value:
            return [list(observations)]

        def at(pick: Callable[[Any, float, float], float]) -> list[Observation]:
            return [replace(o, value=self._with_number(rule, o.value, pick)) for o in observations]

        most_for = at(nearest)
        if not self.average:
            return [most_for, at(worst_end)]
        return [most_for, at(lambda v, low, high: interval(v)[0]), at(lambda v, low, high: interval(v)[1])]

    def _with_number(self, rule: R, value: Any, pick: Callable[[Any, float, float], float]) -> Any:
        if self.open_value == "number":
            return pick(value, *self.target(rule, value))
        if isinstance(value, np.ndarray):
            value = tuple(value.tolist())
        if not isinstance(value, (tuple, list)) or math.isnan(float(value[1])):
            rest = value[2:] if isinstance(value, (tuple, list)) else ()
            value = (math.nan, 1.0, *rest)  # nothing was measured, or nothing predicted
        return (pick(value[0], *self.target(rule, value)), *value[1:])

    def claimed(self, rule: R, labels: Mapping[str, float]) -> bool:
        """Whether something is claimed of runs with these labels."""
        return True

    def place_fault(self, rule: R, experiment: Experiment) -> str:
        """Why the rule cannot be decided on runs of this experiment, in one line; "" where it can."""
        return ""

    def least_p(self, rule: R) -> tuple[float, str]:
        """Smallest p-value of a refutation by any number of runs, and what to declare for a smaller one."""
        return 0.0, ""

    # Planning --------------------------------------------------------------------------------------

    def plan(self, rule: R, decision: Decision, observations: Sequence[Observation]) -> Plan:
        """What the power is planned with. The effect is never the observed one, and a spread is only where
        the rule does not plan it."""
        return Plan()

    def planned(self, rule: R, n_trials: int, plan: Plan) -> float | None:
        """Probability that so many trials give the right verdict, before any is made; None: not known."""
        return None

    def runs_for(self, rule: R, n_trials: int, plan: Plan, power: float) -> int | None:
        """Fewest trials above `n_trials` that reach this power; None when none do."""

        def reached(runs: int) -> bool:
            value = self.planned(rule, runs, plan.grown(runs / max(1, n_trials)))
            return value is not None and value >= power

        return first_runs(reached, n_trials + 1)

    def power(
        self, rule: R, decision: Decision, observations: Sequence[Observation], least: float = LEAST_POWER
    ) -> Power | None:
        """Planned power of a decision's trials, with its basis and, below `least`, the runs it would take."""
        plan = self.plan(rule, decision, observations)
        value = self.planned(rule, decision.n_trials, plan)
        if value is None:
            return None
        enough = value >= least
        needed = None if enough else self.runs_for(rule, decision.n_trials, plan, least)
        return Power(value, plan.basis, needed)

    # Could it have failed? -------------------------------------------------------------------------

    def worst(self, rule: R, observations: Sequence[Observation]) -> list[Observation] | None:
        """The judged runs with the values that speak most against the rule; None: not known."""
        return None

    def fails_at(self, rule: R, n_trials: int, level: float) -> str:
        """In words, which outcomes of so many trials refute alone and at the error level; "" when only the
        p-value of the worst one says it."""
        return ""

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        """False variants of a claim that holds, from its judged observations, and changes that are none.

        Only the setting, the labels and what the claim PREDICTS tell whether a variant is false, never how
        close measured and predicted came.
        """
        name = type(claim.rule).__name__
        yield Exempt(claim, "all changes", "formula", f"no generator for rules of type {name}")

    # Searching ------------------------------------------------------------------------------------------

    def share(self, rule: R) -> float | None:
        """The share of the runs of a setting that may break the claim; None for other statements."""
        delta = getattr(rule, "delta", None)
        return None if delta is None else float(delta)

    def broken(self, rule: R, observations: Sequence[Observation]) -> list[Observation]:
        """The runs that break the claim, the worst first."""
        excess = [(self.sure_excess(rule, o.value, o.steps, o.dtype) or 0.0, o) for o in observations]
        return [o for value, o in sorted(excess, key=lambda item: -item[0]) if value > 0]

    def score(self, rule: R, observations: Sequence[Observation]) -> float:
        """How near runs of one setting come to breaking the claim together; a search drives it upward."""
        values = [self.sure_excess(rule, o.value, o.steps, o.dtype) or 0.0 for o in observations]
        return sum(values) / len(values)

    def breaks(self, rule: R, observations: Sequence[Observation]) -> bool:
        """Whether runs of one setting break the claim there, at the rule's own level."""
        broken, share = len(self.broken(rule, observations)), self.share(rule)
        if self.single or share is None:
            return broken > 0
        level = float(getattr(rule, "alpha", 0.05))
        return exceeds(rate_lower(broken, len(observations), level), share)

    def at_setting(self, rule: Any, observations: Sequence[Observation], alpha: float) -> Decision:
        """The claim judged on runs of one setting at this level, by a `local` judge."""
        return self.decide(replace(rule, alpha=alpha), observations, None)

    def leans(self, rule: R, decision: Decision) -> bool:
        """Whether an undecided judgement at one setting points toward refutation."""
        rate, share = decision.statistic.get("violation_rate"), self.share(rule)
        return not isinstance(rate, float) or share is None or rate > share

    def example(self, rule: R, decision: Decision, observations: Sequence[Observation]) -> Observation | None:
        """The run that stands for the whole experiment of a `whole` judge."""
        return observations[0] if observations else None

    def unnamed(self, rule: R) -> Unnamed | None:
        """The constant that the rule leaves unnamed; None where every number is declared."""
        return None

    # Reading and wording -----------------------------------------------------------------------------------

    def readout(self, rule: R, decision: Decision, observation: Observation) -> Readout:
        """Measured value, prediction and accepted ends of one judged observation."""
        return Readout(as_number(observation.value), math.nan, math.nan, math.nan)

    def expected(self, judgement: Judgement, setting: Any, readouts: Sequence[Readout]) -> float:
        """What the claim expects at a setting on average; nan where it names no number."""
        kept = [r.predicted for r in readouts if not math.isnan(r.predicted)]
        return float(np.mean(kept)) if kept else math.nan

    def ratio(self, readouts: Sequence[Readout], measured: float, predicted: float) -> float:
        """Measured over expected at one setting, from the means of both."""
        return measured / predicted if 0 < predicted < math.inf else math.nan

    def sentence(self, rule: R) -> str:
        """How the claim is decided, with its declared numbers."""
        return f"Decided by {type(rule).__name__}."

    def numbers(self, judgement: Judgement) -> str:
        """What the runs say, in the few numbers that a sentence can hold.

        Intervals are those of the runs, not of the decision: two-sided at 95 % whatever the rule's level.
        """
        return judgement.decision.reason.rstrip(".")

    def brief(self, judgement: Judgement) -> str:
        """The same for a cell of a table: no interval, no spread."""
        return self.numbers(judgement)
