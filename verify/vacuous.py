"""The verdict "vacuous": supported claims are asked about adversarial runs (`verify.adversarial`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from simulation.models import engine_of
from theory.claim import Claim
from verify.adversarial import Adversary, Others, Replay
from verify.load import travelling
from verify.outcome import Judgement, Observation
from verify.rules.registry import judge_of
from verify.runs.batch import Batch, Measurement, batches
from verify.runs.make import Made
from verify.runs.plan import RunSpec, job_of, spec_of

__all__ = ["REPLAY_SECONDS", "with_vacuous"]

#: For all moves of one claim on one run.
REPLAY_SECONDS = 10.0
#: Runs that are looked at of each claim, and other runs beside them.
_RUNS, _OTHERS = 2, 2


def with_vacuous(
    judgements: Sequence[Judgement],
    make: Callable[[list[Batch], Made], Iterable[Measurement]],
    seconds: float = REPLAY_SECONDS,
) -> list[Judgement]:
    """The judgements with every supported claim that no adversarial run moves VACUOUS.

    The first and the last judged run of a claim are looked at. A replay that is not complete (out of time,
    or the claim's own code failed) says nothing.

    Args:
        make: makes batches and notes what fails, in workers where the claims are a user's own.
        seconds: for all moves of one claim on one run.
    """
    asked = {
        j.claim.id: j for j in judgements if j.verdict == "supported" and judge_of(j.claim.rule).needs_runs
    }
    work: list[Batch] = []
    for experiment in dict.fromkeys(j.claim.experiment for j in asked.values()):
        mine = [j for j in asked.values() if j.claim.experiment == experiment]
        specs: dict[int, RunSpec] = {}
        wanted: dict[int, list[Claim]] = {}
        for j in mine:
            for o in _chosen(j):
                specs[o.index] = spec_of(o)
                wanted.setdefault(o.index, []).append(j.claim)
        for index, claims in wanted.items():
            spec = specs[index]
            engine = engine_of(experiment.of_model, spec.engine)
            others = Others(
                experiment.of_model,
                spec.engine,
                tuple(job_of(experiment, s.setting, s.seed, engine) for s in _beside(mine, spec)),
                job_of(experiment, spec.setting, spec.seed, engine),
            )
            measures = {c.id: Adversary(travelling(c), c.rule, others, seconds) for c in claims}
            work += batches(experiment, [spec], measures, {index: list(measures)})
    if not work:
        return list(judgements)
    notes = Made()
    found: dict[str, list[Replay]] = {}
    for measurement in make(work, notes):
        for id_, replay in measurement.values.items():
            found.setdefault(id_, []).append(replay)
    return [_worded(j, found.get(j.claim.id, []), j.claim.id in notes.failures) for j in judgements]


def _chosen(judgement: Judgement) -> list[Observation]:
    judged = judgement.judged
    return [judged[0], judged[-1]][: min(_RUNS, len(judged))] if judged else []


def _beside(judgements: Sequence[Judgement], spec: RunSpec) -> list[Observation]:
    """Other judged runs of the experiment by the same engine, at other settings where there are any."""
    seen = {
        o.index: o for j in judgements for o in j.judged if o.engine == spec.engine and o.seed != spec.seed
    }
    ordered = sorted(seen.values(), key=lambda o: (o.setting == spec.setting, o.index))
    elsewhere = [o for o in ordered if o.setting != spec.setting]
    return [*elsewhere[:1], *elsewhere[-1:]][:_OTHERS] if len(elsewhere) > 1 else ordered[:_OTHERS]


def _worded(judgement: Judgement, replays: Sequence[Replay], failed: bool) -> Judgement:
    expected = len({o.index for o in _chosen(judgement)})
    if judgement.verdict != "supported" or failed or len(replays) < max(1, expected):
        return judgement
    if any(r.moved_by is not None or not r.complete for r in replays):
        return judgement
    tried = sum(r.tried for r in replays)
    text = (
        f"None of {tried} adversarial runs (settings exchanged, numbers exchanged, permuted, moved to the"
        " ends of their range, false engines) moves the answer: it could not have failed."
    )
    decision = replace(
        judgement.decision, verdict="vacuous", reason=f"{judgement.decision.reason} {text}", grade=None
    )
    return replace(judgement, decision=decision, chain=(*judgement.chain, text), joint=None)
