"""The verdict "vacuous": supported claims are asked about adversarial runs (`verify.adversarial`)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from simulation.models import Job, engine_of, flawed_engines
from theory.experiment import Experiment
from theory.run import NotApplicable
from verify.adversarial import Adversary, Others, Replay
from verify.load import travelling
from verify.outcome import Judgement, Observation
from verify.rules.registry import judge_of
from verify.runs.batch import Batch, Measurement, batches
from verify.runs.make import Made
from verify.runs.plan import job_of, plan_runs, spec_of
from verify.second_stage import nominal_seconds

__all__ = ["REPLAY_SECONDS", "Elsewhere", "with_vacuous"]

#: For all moves of one claim on one run.
REPLAY_SECONDS = 2.0
#: Other runs beside a run that is looked at closely.
_OTHERS = 2
#: And so many of the longest runs of the model's other experiments.
_LONGEST = 3
#: Of cheap runs so many are chosen along the size of their settings.
_SPREAD = 8
#: Judged runs that are looked at closely before a claim is called vacuous.
_ENDS = 6
#: Of a claim's judged runs, those that one is chosen from, at most.
_CANDIDATES = 60
#: What is noted of a claim for which there was no time.
_LEFT_OUT = (
    "Adversarial runs would take more than a tenth of the time: it was not asked whether it could fail."
)
#: What is noted of a claim that some moves might have broken, and that none broke which it answered.
_UNSETTLED = (
    "No adversarial run that was answered in time moves the answer, and not all were: whether it could fail"
    " is not settled."
)


@dataclass(frozen=True)
class Elsewhere:
    """Experiments of which no claim is judged, and what they would be planned with: where a claim is judged
    alone, their first runs stand in for the judged ones of others."""

    experiments: tuple[Experiment, ...] = ()
    profile: str = ""
    seed: int = 0

    def longest(self, experiment: Experiment, engine: str) -> list[Job]:
        """The longest first runs by this engine among those of the experiment's model."""
        return _longest_of(
            job_of(e, spec.setting, spec.seed, engine_of(e.of_model, engine))
            for e in self.experiments
            if e != experiment and e.of_model == experiment.of_model and e.runs.get(self.profile, 0)
            for spec in plan_runs(replace(e, runs={self.profile: 1}), self.profile, self.seed)[:1]
            if spec.engine == engine
        )


def with_vacuous(
    judgements: Sequence[Judgement],
    make: Callable[[list[Batch], Made], Iterable[Measurement]],
    seconds: float = REPLAY_SECONDS,
    allowed: float = math.inf,
    elsewhere: Elsewhere | None = None,
) -> list[Judgement]:
    """The judgements with every supported claim that no adversarial run moves VACUOUS.

    A claim that one of its judged runs breaks could fail. Of the others one judged run of each experiment is
    made again, the cheapest that most of its claims look at, and moved by itself: that breaks nearly every
    claim. What is left is looked at closely, on a few of its judged runs with other runs and false engines
    beside them. A replay that is not complete (out of time, or the claim's own code failed) says
    nothing.

    Args:
        make: makes batches and notes what fails, in workers where the claims are a user's own.
        seconds: for all moves of one claim on one run.
        allowed: nominal seconds for making runs (`verify.second_stage.nominal_seconds`): planned, not
            measured. A claim that is left out says so.
        elsewhere: what of their papers is not judged.
    """
    asked = [j for j in judgements if j.verdict == "supported" and not _could_fail(j)]
    if not asked:
        return list(judgements)
    spent, work, left_out = _within(_first_looks(asked, seconds), allowed)
    moved = {id_ for id_, replays in _replays(work, make, Made()).items() if any(r.moved_by for r in replays)}
    notes, found = Made(), dict[str, list[Replay]]()
    # One run moves most claims: on the others only what is left is looked at.
    for ends in (slice(1), slice(1, None)):
        left = [j for j in asked if j.claim.id not in moved | left_out]
        looks = _close_looks(left, judgements, seconds, elsewhere or Elsewhere(), ends)
        price, work, more_left_out = _within(looks, allowed - spent)
        spent, left_out = spent + price, left_out | more_left_out
        for id_, replays in (_replays(work, make, notes) if work else {}).items():
            found.setdefault(id_, []).extend(replays)
            moved |= {id_} if any(r.moved_by for r in replays) else set()
    return [
        _noted(j)
        if j.claim.id in left_out
        else _worded(j, found.get(j.claim.id, []), j.claim.id in notes.failures)
        for j in judgements
    ]


def _could_fail(judgement: Judgement) -> bool:
    """Whether nothing is left to ask: no run enters, or one of the judged runs breaks the claim."""
    rule = judgement.claim.rule
    judge = judge_of(rule)
    return not judge.needs_runs or any(
        (judge.sure_excess(rule, o.value, o.steps, o.dtype) or 0.0) > 0 for o in judgement.judged
    )


def _first_looks(asked: Sequence[Judgement], seconds: float) -> Iterator[list[Batch]]:
    """Of each experiment and engine the runs that are looked at first: one for most claims."""
    for experiment in dict.fromkeys(j.claim.experiment for j in asked):
        left = [j for j in asked if j.claim.experiment == experiment]
        seen = {_run(o): o for j in left for o in (*_ends(j), *_apart(j.judged))}
        read = {j.claim.id: {_run(o) for o in j.judged} for j in left}
        readers = {run: {id_ for id_, runs in read.items() if run in runs} for run in seen}
        cost = {run: _work_of(experiment, o) for run, o in seen.items()}
        while left:
            run = min(seen, key=lambda k: (-len(readers[k]), cost[k], k))
            mine = [j for j in left if j.claim.id in readers[run]]
            elsewhere = [o for o in seen.values() if o.setting != seen[run].setting]
            ends = sorted(elsewhere, key=lambda o: o.index)[:: max(1, len(elsewhere) - 1)][:_OTHERS]
            others = [_job(experiment, o) for o in ends]
            yield _looked_at(experiment, seen[run], mine, others, seconds, alone=True)
            left = [j for j in left if j not in mine]
            taken = {j.claim.id for j in mine}
            readers = {k: ids - taken for k, ids in readers.items()}


def _run(o: Observation) -> tuple[int, int]:
    """A run of an experiment: of two claims one may stand on the first runs, one on fresh ones, and both are
    numbered from 0."""
    return o.index, o.seed


def _apart(judged: Sequence[Observation]) -> Sequence[Observation]:
    """Some of many runs, at equal distances: enough to choose one from."""
    return judged[:: -(-len(judged) // _CANDIDATES) or 1]


def _close_looks(
    asked: Sequence[Judgement],
    judgements: Sequence[Judgement],
    seconds: float,
    elsewhere: Elsewhere,
    ends: slice,
) -> Iterator[list[Batch]]:
    """Of each experiment a few judged runs of its claims, with others beside them: of the
    experiment, and the longest of the model's others, for the ends of the range that its numbers have."""
    for experiment in dict.fromkeys(j.claim.experiment for j in asked):
        mine = [j for j in asked if j.claim.experiment == experiment]
        looked: dict[tuple[int, int], list[Judgement]] = {}
        seen: dict[tuple[int, int], Observation] = {}
        for j in mine:
            for o in _ends(j)[ends]:
                seen[_run(o)] = o
                looked.setdefault(_run(o), []).append(j)
        work: list[Batch] = []
        near: dict[str, list[Observation]] = {}
        for j in mine:
            for o in j.judged:
                near.setdefault(o.engine, []).append(o)
        spread = {engine: _spread(experiment, of_engine) for engine, of_engine in near.items()}
        for run, claims in looked.items():
            beside = (*_beside(mine, seen[run]), *spread[seen[run].engine])
            different = {_run(o): o for o in beside if o.seed != seen[run].seed}
            others = [_job(experiment, o) for o in different.values()]
            engine = seen[run].engine
            others += _longest(judgements, experiment, engine) or elsewhere.longest(experiment, engine)
            work += _looked_at(experiment, seen[run], claims, others, seconds, alone=False)
        yield work


@dataclass(frozen=True)
class _Plain:
    """An adversary's replay in plain values, which are kept; one that ran out of time is none of them."""

    adversary: Adversary

    def __call__(self, run: Any) -> Any:
        replay = self.adversary(run)
        if isinstance(replay, NotApplicable) or not replay.in_time:
            return replay
        return replay.moved_by, replay.tried, replay.complete


def _looked_at(
    experiment: Experiment,
    o: Observation,
    judgements: Sequence[Judgement],
    others: Sequence[Job],
    seconds: float,
    alone: bool,
) -> list[Batch]:
    """One run, whose measures are the replays of these claims."""
    spec = spec_of(o)
    beside = Others(
        experiment.of_model,
        spec.engine,
        tuple(others),
        _job(experiment, o),
    )
    measures = {
        j.claim.id: _Plain(Adversary(travelling(j.claim), j.claim.rule, beside, alone, seconds))
        for j in judgements
    }
    return batches(experiment, [spec], measures, {spec.index: list(measures)})


def _within(looks: Iterable[list[Batch]], allowed: float) -> tuple[float, list[Batch], set[str]]:
    """The looks that the time allows, in order of cost, what they take, and the claims that are left out."""
    spent, work = 0.0, []
    left_out: set[str] = set()
    for look in sorted(looks, key=_price):
        if spent + _price(look) > allowed:
            left_out |= {name for b in look for name in b.names}
            continue
        spent += _price(look)
        work += look
    return spent, work, left_out


def _price(look: Sequence[Batch]) -> float:
    """Nominal seconds of a look: its runs, and those that are made beside them."""
    total = nominal_seconds(look)
    for batch in look:
        plain: Any = batch.measures[0][0][1]
        adversary: Adversary = plain.adversary
        if not adversary.alone:
            false = (batch.jobs[0],) * len(flawed_engines(batch.model))
            jobs = (*adversary.others.jobs, *false)
            total += sum(nominal_seconds([replace(batch, jobs=(job,), controls=())]) for job in jobs)
    return total


def _longest(judgements: Sequence[Judgement], experiment: Experiment, engine: str) -> list[Job]:
    """The longest judged runs by this engine among the model's other experiments, one an experiment."""
    found = {
        j.claim.experiment.id: _job(j.claim.experiment, o)
        for j in judgements
        if j.claim.experiment != experiment and j.claim.experiment.of_model == experiment.of_model
        for o in j.judged[:1]
        if o.engine == engine
    }
    return _longest_of(found.values())


def _longest_of(jobs: Iterable[Job]) -> list[Job]:
    return sorted(jobs, key=lambda job: (-job.steps, job.seed))[:_LONGEST]


def _replays(
    work: list[Batch], make: Callable[[list[Batch], Made], Iterable[Measurement]], notes: Made
) -> dict[str, list[Replay]]:
    found: dict[str, list[Replay]] = {}
    for measurement in make(work, notes):
        for id_, replay in measurement.values.items():
            found.setdefault(id_, []).append(replay if isinstance(replay, Replay) else Replay(*replay))
    return found


def _work_of(experiment: Experiment, o: Observation) -> float:
    return engine_of(experiment.of_model, o.engine).work(_job(experiment, o))


def _job(experiment: Experiment, o: Observation) -> Job:
    return job_of(experiment, o.setting, o.seed, engine_of(experiment.of_model, o.engine))


def _ends(judgement: Judgement) -> list[Observation]:
    """Judged runs at equal distances from the first on, and the last: two may by chance lie where nothing
    that moves them moves the answer. Where runs have no length and cost little, those at the smallest and the
    largest setting too."""
    judged = judgement.judged
    if not judged:
        return []
    step = max(1, (len(judged) - 1) // (_ENDS - 1))
    chosen = [
        *judged[::step][: _ENDS - 1],
        judged[-1],
        *_spread(judgement.claim.experiment, judged)[:: _SPREAD - 1],
    ]
    return list({o.index: o for o in chosen}.values())


def _spread(experiment: Experiment, seen: Sequence[Observation]) -> list[Observation]:
    """Runs from the smallest setting to the largest, where runs have no length; else none."""
    if engine_of(experiment.of_model, seen[0].engine).lengths:
        return []
    ordered = sorted(seen, key=lambda o: (o.setting.size(), o.index))
    return [ordered[round(k * (len(ordered) - 1) / (_SPREAD - 1))] for k in range(_SPREAD)]


def _beside(judgements: Sequence[Judgement], run: Observation) -> list[Observation]:
    """Other judged runs of the experiment by the same engine, at other settings where there are any."""
    seen = {_run(o): o for j in judgements for o in j.judged if o.engine == run.engine and o.seed != run.seed}
    ordered = sorted(seen.values(), key=lambda o: (o.setting == run.setting, o.index))
    elsewhere = [o for o in ordered if o.setting != run.setting]
    return [*elsewhere[:1], *elsewhere[-1:]][:_OTHERS] if len(elsewhere) > 1 else ordered[:_OTHERS]


def _noted(judgement: Judgement) -> Judgement:
    return replace(judgement, chain=(*judgement.chain, _LEFT_OUT))


def _worded(judgement: Judgement, replays: Sequence[Replay], failed: bool) -> Judgement:
    expected = len({o.index for o in _ends(judgement)})
    if judgement.verdict != "supported" or failed or len(replays) < max(1, expected):
        return judgement
    if any(r.moved_by is not None for r in replays):
        return judgement
    if not all(r.complete for r in replays):
        return replace(judgement, chain=(*judgement.chain, _UNSETTLED))
    tried = sum(r.tried for r in replays)
    text = (
        f"None of {tried} adversarial runs (settings exchanged, numbers exchanged, permuted, moved to the"
        " ends of their range, on another scale, false engines) moves the answer: it could not have failed."
    )
    decision = replace(
        judgement.decision, verdict="vacuous", reason=f"{judgement.decision.reason} {text}", grade=None
    )
    return replace(judgement, decision=decision, chain=(*judgement.chain, text), joint=None)
