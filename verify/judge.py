"""From measurements to judgements: conditions, rule, proof, parents, reason chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from theory.claim import Claim, Proof
from theory.condition import ConditionCheck, check_all
from theory.run import NotApplicable, Run
from theory.setting import AbstractSetting
from verify import verification
from verify.cells import with_cells
from verify.grades import graded
from verify.outcome import Decision, Judgement, Observation
from verify.rules.power import with_power
from verify.rules.registry import decide, judge_of
from verify.runs.batch import Failure, Measurement
from verify.runs.plan import RunSpec
from verify.statistics.error_budget import ERROR_BUDGET, within_budget
from verify.statistics.trials import count

__all__ = [
    "Admission",
    "Admissions",
    "admitted",
    "errored",
    "judge",
    "judge_runs",
    "note_parents",
    "observe",
    "wordable",
]


#: The slack of every condition at a setting, and why a claim is not judged there (None: it is).
Admission = tuple[tuple[ConditionCheck, ...], str | None]


def admitted(claim: Claim, spec: RunSpec) -> Admission:
    """The slack of every condition at a run's setting, and why it is not judged there (None: it is).

    A probe is judged only where at least one of its dropped conditions fails.
    """
    checks = check_all(claim.conditions, spec.setting, claim.constants)
    for check in checks:
        if check.name not in claim.drops and not check.inside:
            return checks, str(check)
    if claim.is_probe and all(c.inside for c in checks if c.name in claim.drops):
        return checks, f"inside {', '.join(claim.drops)}, which this probe leaves out"
    return checks, None


class Admissions:
    """`admitted` of many claims on many runs: claims of equal conditions share what is checked at a
    setting."""

    def __init__(self) -> None:
        self._conditions: dict[Any, int] = {}
        self._claims: dict[str, int] = {}
        self._known: dict[tuple[int, AbstractSetting], Admission] = {}

    def __call__(self, claim: Claim, spec: RunSpec) -> Admission:
        """As `admitted`."""
        group = self._claims.get(claim.id)
        if group is None:
            key = (claim.conditions, claim.drops, claim.constants)
            group = self._claims[claim.id] = self._conditions.setdefault(key, len(self._conditions))
        known = self._known.get((group, spec.setting))
        if known is None:
            known = self._known[group, spec.setting] = admitted(claim, spec)
        return known


def observe(
    claim: Claim,
    specs: Sequence[RunSpec],
    measurements: Mapping[int, Measurement],
    unmade: Mapping[int, str] | None = None,
    failed: bool = False,
    admit: Callable[[Claim, RunSpec], Admission] = admitted,
) -> tuple[Observation, ...]:
    """One observation a planned run, judged or not, in plan order.

    Args:
        unmade: why runs could not be made, by index.
        failed: whether the claim's own code has failed: runs without a value are then no gap.
        admit: says whether the claim is judged at a run's setting.

    Raises:
        RuntimeError: when a run is missing that nothing explains.
    """
    out = []
    for spec in specs:
        checks, reason = admit(claim, spec)
        made = measurements.get(spec.index)
        value = None
        steps, dtype = 0, "float64"
        if reason is None and made is None:
            reason = (unmade or {}).get(spec.index)
            if reason is None:
                raise RuntimeError(f"run {spec.index} of {spec.experiment} was not made")
        elif reason is None and made is not None:
            steps, dtype = made.steps, made.dtype
            reason = made.not_applicable.get(claim.id)
            value = made.values.get(claim.id)
            if reason is None and claim.id not in made.values:
                if not failed:
                    raise RuntimeError(f"run {spec.index} of {spec.experiment} was not measured")
                reason = "not measured: the claim's own code failed"
        out.append(
            Observation(
                experiment=spec.experiment,
                index=spec.index,
                replicate=spec.replicate,
                setting=spec.setting,
                seed=spec.seed,
                engine=spec.engine,
                labels=spec.labels,
                value=value,
                not_judged=reason,
                steps=steps,
                dtype=dtype,
                checks=checks,
            )
        )
    return tuple(out)


def judge(claim: Claim, observations: tuple[Observation, ...], proof: Proof | None) -> Judgement:
    """Apply the claim's rule to the observations that count."""
    judged = [o for o in observations if o.not_judged is None]
    chain = [_scope(claim, observations, judged)]
    if proof is not None:
        chain.append("The symbolic proof holds." if proof.holds else "The symbolic proof FAILS.")
    silent = not judged and (judge_of(claim.rule).needs_runs or proof is None)
    if silent and not (proof is not None and not proof.holds):
        decision = Decision(
            verdict="not-applicable",
            reason=_why_none(claim, observations),
            measured=None,
            predicted=None,
            statistic={},
            n_trials=0,
            p_value=1.0,
            support_p=1.0,
        )
    else:
        decision = with_power(claim.rule, decide(claim.rule, judged, proof=proof), judged)
    decision, weakest = with_cells(claim, decision, observations)
    decision = graded(claim.rule, decision)
    chain.append(decision.reason)
    return verification.Judgement(
        claim, decision, observations, tuple(chain), None, proof, weakest_cell=weakest
    )


def wordable(judgement: Judgement) -> None:
    """Ask the rule's judge for all that a report says of a judgement: what fails does so here, for this claim
    alone."""
    rule, judge = judgement.claim.rule, judge_of(judgement.claim.rule)
    judge.sentence(rule)
    if judgement.judged:
        judge.numbers(judgement)
        readouts = [judge.readout(rule, judgement.decision, o) for o in judgement.judged]
        judge.expected(judgement, judgement.judged[0].setting, readouts)


def errored(
    claim: Claim,
    observations: tuple[Observation, ...],
    spec: RunSpec | None,
    failure: Failure,
    replay: str,
    whose: Literal["claim", "model"] = "claim",
) -> Judgement:
    """The judgement of a claim whose own code, or its model's, failed: on which run, at which line, how to
    see it again."""
    where = "" if spec is None else f" on {spec.where} at {spec.setting}"
    reason = f"The {whose}'s own code failed{where}: {failure}."
    if replay:
        reason += f" Again: {replay}"
    decision = Decision(
        verdict="errored",
        reason=reason,
        measured=None,
        predicted=None,
        statistic={"failure": failure.kind, "error": failure.text, "line": failure.line},
        n_trials=0,
    )
    return verification.Judgement(claim, decision, observations, (reason,))


def _given(claim: Claim, index: int, run: Run) -> Observation:
    value = claim.measure(run)
    reason = value.reason if isinstance(value, NotApplicable) else None
    return Observation(
        claim.experiment.id, index, index, run.setting, run.seed, run.engine, {},
        value if reason is None else None, reason, int(run.steps[-1]), str(run.dtype),
    )  # fmt: skip


def judge_runs(claims: Sequence[Claim], runs: Sequence[Run], budget: float = ERROR_BUDGET) -> list[Judgement]:
    """Claims judged on runs that were made already (by a paper's own command): each by its rule, all within
    the error budget of a verification.

    Conditions are the caller's: which of the claims speak of these runs. A claim that says nothing of any
    is left out.
    """
    out = []
    for claim in claims:
        seen = tuple(_given(claim, k, run) for k, run in enumerate(runs))
        judged = [o for o in seen if o.not_judged is None]
        if judged:
            decision = decide(claim.rule, judged)
            out.append(Judgement(claim, decision, seen, (decision.reason,)))
    return within_budget(out, budget)


def _scope(claim: Claim, observations: Sequence[Observation], judged: Sequence[Observation]) -> str:
    settings = len({o.setting for o in judged})
    where = (
        f"outside {', '.join(claim.drops)} on purpose"
        if claim.is_probe
        else "inside all of its conditions"
        if claim.conditions
        else "without conditions"
    )
    text = f"Judged on {len(judged)} of {len(observations)} runs at {count(settings, 'setting')}, {where}."
    skipped = Counter(o.left_out for o in observations if o.not_judged is not None)
    if skipped:
        parts = ", ".join(f"{k}: {reason}" for reason, k in skipped.most_common(3))
        text += f" Not judged: {parts}."
    return text


def _why_none(claim: Claim, observations: Sequence[Observation]) -> str:
    if not observations:
        return f"No run of experiment {claim.experiment.id} belongs to this profile."
    reasons = Counter(o.left_out for o in observations)
    reason, most = reasons.most_common(1)[0]
    return f"No run could be judged; {most} of {len(observations)}: {reason}."


def note_parents(judgements: Sequence[Judgement]) -> list[Judgement]:
    """Add to each reason chain which of the claims it rests on did not stand."""
    verdicts = {j.claim.id: j.verdict for j in judgements}
    out = []
    for judgement in judgements:
        weak = [
            f"{parent} ({verdicts[parent]})"
            for parent in judgement.claim.parents
            if verdicts.get(parent, "supported") not in ("supported", "derived")
        ]
        if weak:
            chain = (*judgement.chain, f"Rests on {', '.join(weak)}.")
            judgement = replace(judgement, chain=chain)
        out.append(judgement)
    return out
