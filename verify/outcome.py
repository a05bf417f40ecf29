"""What a verification yields: observations, decisions, judgements. Plain values, no behaviour."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim, Proof
from theory.condition import ConditionCheck
from theory.exhibit import Panel
from theory.paper import Paper
from theory.question import Curve, Question
from theory.setting import AbstractSetting
from verify.region import Scope

__all__ = [
    "JUDGED",
    "VERDICTS",
    "Counterexample",
    "Decision",
    "Judgement",
    "MadeExhibit",
    "MeasuredCurve",
    "Observation",
    "Verdict",
    "Verification",
    "paper_name",
]

Verdict = Literal["supported", "refuted", "inconclusive", "derived", "vacuous", "not-applicable", "errored"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

#: Verdicts that say something of the claim.
JUDGED: frozenset[str] = frozenset({"supported", "refuted", "inconclusive", "derived", "vacuous"})


@dataclass(frozen=True)
class Observation:
    """One claim, measured on one run.

    `value` is what the claim's `measure` returned (bool, float, pair or mapping); None when the run was
    not judged, and then `not_judged` says why ("outside dimension, by a factor 3.1", or the
    `NotApplicable` reason). `replicate` numbers the runs of one setting; along a `Sweep` equal replicates
    share their seed. `steps` is the length of the run, `dtype` its float type.
    """

    experiment: str
    index: int
    replicate: int
    setting: AbstractSetting
    seed: int
    engine: str
    labels: Mapping[str, Any]
    value: Any
    not_judged: str | None
    steps: int
    dtype: str
    checks: tuple[ConditionCheck, ...] = ()

    @property
    def missed(self) -> ConditionCheck | None:
        """The condition that keeps it from being judged, where that is why."""
        return next((c for c in self.checks if not c.inside and str(c) == self.not_judged), None)

    @property
    def left_out(self) -> str:
        """Why it is not judged, without numbers: equal reasons count together."""
        missed = self.missed
        return self.not_judged or "" if missed is None else f"{missed.name}: outside"


@dataclass(frozen=True)
class Decision:
    """What a rule says of the observations.

    `statistic` holds what was computed, with its confidence interval, under plain names and JSON types;
    `needed` is the number of runs that would decide an inconclusive claim, where that can be said.

    `p_value` is the refutation's: a claim that holds (within its declared margin or rate) shows a value of at
    most x with probability at most x. `support_p` is the same for a claim wrong by its margin or more.
    Both are None where the decider gives none. `adjusted_p` is `p_value` after Holm's correction over the
    claims of the verification, `power` the planned power and `power_basis` what it was planned with
    (`verify.rules.power`); None until they are judged. `grade` qualifies a support (`verify.grades`): "exact"
    or "within margin" for a value, "loose" for a bound whose slack exceeds its declared factor.
    """

    verdict: Verdict
    reason: str
    measured: Any
    predicted: Any
    statistic: Mapping[str, Any]
    n_trials: int
    needed: int | None = None
    p_value: float | None = None
    support_p: float | None = None
    adjusted_p: float | None = None
    power: float | None = None
    power_basis: str = ""
    grade: str | None = None


@dataclass(frozen=True)
class Counterexample:
    """The smallest setting and seed found that break a claim, and the command that replays it."""

    setting: AbstractSetting
    seed: int
    engine: str
    value: Any
    replay: str

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "setting": self.setting.as_dict(),
            "groups": self.setting.groups(),
            "seed": self.seed,
            "engine": self.engine,
            "value": self.value,
            "replay": self.replay,
        }


@dataclass(frozen=True)
class Judgement:
    """A claim's verdict with everything it rests on.

    `chain` is the reason chain, one sentence a link: settings inside or not, what was computed, how the
    rule decided, which parents failed. `scope` says what the verdict speaks of.

    `weakest_cell` is the cell with the largest upper limit of its violation rate, {"cell", "violations",
    "of", "upper"} (`verify.cells`). `joint` says whether a support stands together with all others of its
    paper (`verify.statistics.joint`); None where that is not asked. `alone` marks an undecided claim that
    would be refuted on its own but not within the error budget.
    """

    claim: Claim
    decision: Decision
    observations: tuple[Observation, ...]
    chain: tuple[str, ...]
    counterexample: Counterexample | None = None
    proof: Proof | None = None
    scope: Scope | None = None
    weakest_cell: Mapping[str, Any] | None = None
    joint: bool | None = None
    alone: bool = False

    @property
    def grade(self) -> str | None:
        """How strong a support is: "exact", "within margin", "loose"; None for other verdicts and rules."""
        return self.decision.grade if self.verdict == "supported" else None

    @property
    def verdict(self) -> Verdict:
        """The verdict."""
        return self.decision.verdict

    @property
    def judged(self) -> list[Observation]:
        """The observations that count."""
        return [o for o in self.observations if o.not_judged is None]

    @property
    def n_settings(self) -> int:
        """Distinct settings judged."""
        return len({o.setting for o in self.judged})

    @property
    def fails_verification(self) -> bool:
        """A claim refuted inside its conditions: what makes `verify run` exit with status 1."""
        return self.verdict == "refuted" and self.claim.role == "claim"

    @property
    def unexpected(self) -> bool:
        """A reading, expected to fail, that is supported or derived."""
        return self.claim.role == "reading" and self.verdict in ("supported", "derived")


Floats = NDArray[np.float64]


def paper_name(claim: Claim, papers: Collection[Paper]) -> str:
    """The paper a claim belongs to: the one of the longest name that begins its id, else its first word."""
    names = [p.name for p in papers if claim.id.startswith(f"{p.name}.")]
    return max(names, key=len, default=claim.paper)


@dataclass(frozen=True)
class MadeExhibit:
    """A paper's exhibit after its run: panels to draw, or the error that kept it from being made."""

    paper: str
    id: str
    title: str
    caption: str
    panels: tuple[Panel, ...]
    error: str = ""


@dataclass(frozen=True)
class MeasuredCurve:
    """A question's curve on its runs: `values` by series, (runs, places); nan where a run has none."""

    curve: Curve
    values: Mapping[str, Floats]

    @property
    def runs(self) -> int:
        """Runs with a value anywhere."""
        return max((int(np.isfinite(v).any(axis=1).sum()) for v in self.values.values()), default=0)


@dataclass(frozen=True)
class Verification:
    """A whole verification: what the report is made of.

    `run_info` holds versions, seed, device, profile, wall time, git commit and the number of runs; `papers`
    are those that the claims belong to.
    """

    judgements: tuple[Judgement, ...]
    exhibits: tuple[MadeExhibit, ...]
    run_info: Mapping[str, Any]
    questions: tuple[Question, ...] = ()
    curves: tuple[MeasuredCurve, ...] = ()
    papers: tuple[Paper, ...] = ()

    def by_paper(self) -> dict[str, Verification]:
        """The part of each paper whose claims were judged, by its name; claims of a file stand under the
        first word of their ids."""
        names: dict[str, list[Judgement]] = {}
        for judgement in self.judgements:
            names.setdefault(paper_name(judgement.claim, self.papers), []).append(judgement)
        if len(names) < 2:
            return dict.fromkeys(names, self)
        parts = {}
        for name, judgements in names.items():
            ids = {j.claim.id for j in judgements}
            questions = tuple(q for q in self.questions if ids & set(q.claims))
            curves = {c.id for q in questions for c in q.curves}
            parts[name] = replace(
                self,
                judgements=tuple(judgements),
                exhibits=tuple(e for e in self.exhibits if e.paper == name),
                questions=questions,
                curves=tuple(c for c in self.curves if c.curve.id in curves),
                papers=tuple(p for p in self.papers if p.name == name),
                run_info={**self.run_info, "judged_together": len(names)},
            )
        return parts

    @property
    def refuted(self) -> tuple[Judgement, ...]:
        """Claims refuted inside their conditions."""
        return tuple(j for j in self.judgements if j.fails_verification)

    def __getitem__(self, claim_id: str) -> Judgement:
        for judgement in self.judgements:
            if judgement.claim.id == claim_id:
                return judgement
        raise KeyError(claim_id)

    def status(self, fail_on: Collection[str] = ()) -> int:
        """Exit status: 3 when a claim's own code failed; 1 when a claim is refuted inside its conditions or
        ended in a word of `fail_on`; 5 when nothing was judged; else 0."""
        words = {j.verdict for j in self.judgements if j.claim.role == "claim"}
        words |= {"alone" for j in self.judgements if j.alone and j.claim.role == "claim"}  # type: ignore[misc]
        if "errored" in {j.verdict for j in self.judgements}:
            return 3
        if self.refuted or words & set(fail_on):
            return 1
        return 0 if any(j.verdict in JUDGED for j in self.judgements) else 5

    @property
    def exit_status(self) -> int:
        """`status()`."""
        return self.status()
