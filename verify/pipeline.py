"""The whole verification: plan, run, measure, judge, look for counterexamples."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from theory.claim import Claim
from theory.experiment import Experiment
from theory.paper import Paper
from theory.question import Question
from verify.ahead import Ahead
from verify.exhibits import begin_exhibits, measured_curves
from verify.guarded import judged_or_errored
from verify.judge import Admissions, note_parents, observe
from verify.load import reference_box_of, travelling
from verify.outcome import Counterexample, Judgement, Observation, paper_name
from verify.progress import progress_bar
from verify.region import all_on_conditions, scope_of
from verify.release_seed import release_seed
from verify.run_info import run_info
from verify.runs.backends import Backend, SerialBackend, backend_for
from verify.runs.batch import Batch, Measurement, batches
from verify.runs.built_in import built_in, own_model
from verify.runs.entries import Entries, name_of, runs_to_compare
from verify.runs.make import CLAIM_SECONDS, MOST_AGAIN, Made, make_runs, recheck
from verify.runs.plan import RunSpec
from verify.second_stage import (
    allowed_seconds,
    fresh_observations,
    nominal_seconds,
    second_stage,
    within_first_share,
)
from verify.statistics.error_budget import ERROR_BUDGET, FIRST_SHARE, budget_use, within_budget
from verify.statistics.joint import headline, with_joint
from verify.timings import Timings
from verify.vacuous import Elsewhere, with_vacuous
from verify.verification import Verification

if TYPE_CHECKING:
    from simulation.models import Engine
    from verify.runs.keep import Keeper

__all__ = ["published_seed", "verify_claims"]


def verify_claims(
    claims: Sequence[Claim],
    profile: str = "quick",
    seed: int | None = None,
    jobs: int = 1,
    *,
    device: str = "cpu",
    papers: Sequence[Paper] = (),
    exhibits: bool = True,
    place: Literal["own", "conditions"] = "own",
    progress: bool = False,
    counterexamples: bool = True,
    keeper: Keeper | None = None,
    error_budget: float = ERROR_BUDGET,
    engine: Engine | None = None,
    backend: Backend | None = None,
    claim_seconds: float | None = None,
    adversaries: bool = True,
    fresh_runs: bool = True,
) -> Verification:
    """Judge claims on fresh runs.

    Claims that name the same experiment share its runs. Verdicts depend on (claims, profile, seed)
    only, not on the number of workers. A user's own code runs in worker processes, at one job too; claims of
    the built-in papers alone are measured in this process at one job.

    Args:
        seed: base seed; None: derived from what is judged (`verify.release_seed`).
        papers: whose questions are answered and exhibits shown, as far as their claims are judged.
        exhibits: whether they are made; they cost runs and serve figures alone.
        place: "conditions" draws the settings of every claim from its conditions, in its paper's reference
            box, instead of its own place; claims without a region there stay and say why.
        keeper: keeps finished runs and gives them back in a later call (`verify.runs.keep`).
        error_budget: bounds, paper by paper, the probability that any of its claims is refuted though it
            holds; four fifths for the first runs, the rest for fresh ones.
        engine: makes the runs in place of the model's (a false one); such runs are never kept.
        backend: where runs are made; default by `jobs`.
        claim_seconds: allowed to one call of a claim's measure; None: ten times what a call of the median
            claim takes, and `CLAIM_SECONDS` at least.
        adversaries: whether supported claims are asked about adversarial runs too: those that none moves are
            VACUOUS (`verify.vacuous`).
        fresh_runs: whether claims that their runs leave undecided are judged once more on fresh ones
            (`verify.second_stage`).

    Raises:
        ValueError: when the budget lies outside (0, 1), two experiments share an id, or an engine is missing.
    """
    if not 0.0 < error_budget < 1.0:
        raise ValueError(f"error_budget must lie in (0, 1), was {error_budget!r}")
    grows = claim_seconds is None
    claim_seconds = CLAIM_SECONDS if claim_seconds is None else claim_seconds
    seed = published_seed(claims, papers) if seed is None else seed
    started = time.perf_counter()
    owners = {claim.id: paper for paper in papers for claim in paper.claims}
    boxes = {c.id: owners[c.id].reference_for(c.experiment.setting_class) for c in claims if c.id in owners}
    boxes |= {c.id: reference_box_of(c) for c in claims if c.id not in owners}
    stay: Mapping[str, str] = {}
    moved: frozenset[str] = frozenset()
    if place == "conditions":
        own_places = {claim.id: claim.experiment.place for claim in claims}
        known = {id_: box for id_, box in boxes.items() if box is not None}
        with progress_bar(progress, len(claims), "drawing settings of claims") as advance:
            claims, stay = all_on_conditions(claims, known, advance)
        moved = frozenset(c.id for c in claims if c.experiment.place is not own_places[c.id])
    experiments = _experiments(claims)
    chosen = {paper_name(claim, papers) for claim in claims}
    papers = [paper for paper in papers if paper.name in chosen]
    questions = _questions(papers, claims)
    curves = [curve for question in questions for curve in question.curves]
    shared = {claim.id for claim in claims} & {curve.id for curve in curves}
    if shared:
        raise ValueError(f"questions: a curve has the id of a claim: {sorted(shared)[0]!r}")
    own = frozenset(claim.id for claim in claims if not built_in(claim.measure, claim.experiment.of_model))
    if backend is None:
        backend = backend_for(jobs, isolated=bool(own))
    notes, timings, again = Made(), Timings(), 0
    ahead = Ahead(claims, papers, backend.workers if backend.name == "loky" else 1)
    work: list[Batch] = []
    admit = Admissions()
    with timings.stage("plans"):
        coming = ahead.plans(experiments, profile, seed)
        proved, scoped = ahead.proofs(), ahead.scopes()
        plans: dict[str, list[RunSpec]] = {}
        for experiment, specs in coming:
            plans[experiment.id] = specs
            mine = [c for c in claims if c.experiment.id == experiment.id]
            wanted = {spec.index: [c.id for c in mine if admit(c, spec)[1] is None] for spec in specs}
            drawn = [c for c in curves if c.experiment.id == experiment.id]
            measures = {c.id: travelling(c) for c in mine} | {c.id: c.measure for c in drawn}
            wanted = {index: ids + [c.id for c in drawn] if ids else [] for index, ids in wanted.items()}
            if engine is None and own_model(experiment.of_model):  # compared when they are made again
                measures[name_of(experiment.id)] = Entries()
                for index in runs_to_compare([s for s in specs if wanted[s.index]], MOST_AGAIN):
                    wanted[index] = [*wanted[index], name_of(experiment.id)]
            work += batches(experiment, specs, measures, wanted, by=engine, twice=own)
    made: dict[str, dict[int, Measurement]] = {e.id: {} for e in experiments}
    with timings.stage("runs"), progress_bar(progress, sum(len(b.specs) for b in work)) as advance:
        for measurement in make_runs(
            work,
            notes,
            device=device,
            backend=backend,
            keeper=keeper,
            claim_seconds=claim_seconds,
            grows=grows,
            advance=advance,
        ):
            made[measurement.spec.experiment][measurement.spec.index] = measurement
    timings.engines["runs"] = first = notes.engine_seconds
    if backend.name != SerialBackend.name and not device.startswith("cuda"):
        with timings.stage("runs made again"):
            longest = max(claim_seconds, notes.allowed) if grows else claim_seconds
            again = recheck(
                work, made, notes, device=device, backend=backend, keeper=keeper, claim_seconds=longest
            )
        timings.engines["runs made again"] = notes.engine_seconds - first

    judgements: list[Judgement] = []
    with timings.stage("proofs and judging"):
        proofs = proved()
        for claim in claims:
            id_ = claim.experiment.id
            unmade = {index: why for (experiment, index), why in notes.unmade.items() if experiment == id_}
            observations = observe(claim, plans[id_], made[id_], unmade, claim.id in notes.failures, admit)
            with timings.claim(claim.id):
                judgement = judged_or_errored(claim, observations, notes, unmade, proofs)
            if claim.id in stay:
                own_place = f"Judged on its own place: {stay[claim.id]}."
                judgement = replace(judgement, chain=(*judgement.chain, own_place))
            judgements.append(judgement)
        judgements = _within_budgets(judgements, FIRST_SHARE * error_budget)

    def more(stage: str, kept_by: Keeper | None, batches: list[Batch], notes: Made) -> Iterator[Measurement]:
        before = notes.engine_seconds
        yield from make_runs(
            batches,
            notes,
            device=device,
            backend=backend,
            keeper=kept_by,
            claim_seconds=claim_seconds,
            grows=grows,
        )
        spent = timings.engines.get(stage, 0.0)
        timings.engines[stage] = spent + notes.engine_seconds - before

    def fresh(
        selected: Sequence[Claim], plans: Mapping[str, Sequence[RunSpec]]
    ) -> Mapping[str, tuple[Observation, ...]]:
        return fresh_observations(selected, plans, partial(more, "second stage", keeper), engine, own)

    with timings.stage("second stage"):
        if fresh_runs:
            first_seconds = nominal_seconds(work)
            judgements = second_stage(
                judgements, profile, seed, error_budget, first_seconds, fresh, ahead.plans
            )
        else:
            judgements = within_first_share(judgements)
    if adversaries and engine is None:
        with timings.stage("adversarial runs"):
            allowed = allowed_seconds(profile, nominal_seconds(work))
            judged = {e.id for e in experiments}
            rest = _experiments([c for p in papers for c in p.claims if c.experiment.id not in judged])
            others = Elsewhere(tuple(rest), profile, seed)
            beside = partial(more, "adversarial runs", None if keeper is None else keeper.beside)
            judgements = with_vacuous(judgements, beside, allowed=allowed, elsewhere=others)
    judgements = with_joint(judgements)
    with timings.stage("regions"):
        scopes = scoped()
        judgements = [
            replace(
                j,
                scope=scopes[j.claim.id]
                if j.claim.id in scopes and j.judged
                else scope_of(
                    j.claim,
                    boxes.get(j.claim.id),
                    [o.setting for o in j.judged],
                    drawn=j.claim.id in moved,
                ),
            )
            for j in judgements
        ]
    exhibited = begin_exhibits(papers if exhibits else (), jobs=backend.workers, device=device)
    if counterexamples:
        with timings.stage("counterexamples"):
            refuted = [k for k, j in enumerate(judgements) if j.verdict == "refuted"]
            broken = ahead.counterexamples([judgements[k] for k in refuted], profile, seed)
            for k, (seconds, found) in zip(refuted, broken, strict=True):
                timings.claims[judgements[k].claim.id] += seconds
                judgements[k] = _with_counterexample(judgements[k], found)

    with timings.stage("exhibits"):
        shown = exhibited()
    timings.experiments = notes.seconds
    for claim in claims:
        timings.claims[claim.id] += notes.calls.get(claim.id, (0.0, 0))[0]

    runs = sum(len(b.specs) for b in work)
    steps = sum(job.steps for b in work for job in b.jobs)
    return Verification(
        judgements=tuple(note_parents(judgements)),
        exhibits=shown,
        questions=tuple(questions),
        curves=measured_curves(curves, made),
        papers=tuple(papers),
        run_info={
            **run_info(profile, seed, jobs, device, runs, steps, time.perf_counter() - started),
            "made_again": again,
            "memory": {
                "worker": notes.peak_bytes,
                "workers": 0 if backend.name == SerialBackend.name else backend.workers,
            },
            "place": place,
            "error_budget": budget_use(judgements, error_budget).as_dict(),
            "headline": headline(judgements).as_dict(),
            "timings": timings.as_dict(),
        },
    )


def published_seed(claims: Sequence[Claim], papers: Sequence[Paper]) -> int:
    """Of all claims of the papers that are judged: one claim alone is then judged on the runs it has among
    all."""
    judged = {claim.id for claim in claims}
    whole = {c.id: c for paper in papers if judged & set(paper.claim_map) for c in paper.claims}
    return release_seed((whole | {c.id: c for c in claims}).values())


def _questions(papers: Sequence[Paper], claims: Sequence[Claim]) -> list[Question]:
    """The papers' questions that a judged claim bears on."""
    judged = {claim.id for claim in claims}
    return [q for paper in papers for q in paper.questions if judged & set(q.claims)]


def _within_budgets(judgements: Sequence[Judgement], budget: float) -> list[Judgement]:
    """Every paper has a budget of its own: whether a claim is refuted must not depend on which other papers
    were run."""
    out: dict[int, Judgement] = {}
    for paper in dict.fromkeys(j.claim.paper for j in judgements):
        places = [k for k, j in enumerate(judgements) if j.claim.paper == paper]
        corrected = within_budget([judgements[k] for k in places], budget)
        out |= dict(zip(places, corrected, strict=True))
    return [out[k] for k in range(len(judgements))]


def _with_counterexample(judgement: Judgement, found: Counterexample | BaseException | None) -> Judgement:
    if isinstance(found, BaseException):
        text = f"No counterexample is named: {type(found).__name__}: {' '.join(str(found).split())}"
        return replace(judgement, chain=(*judgement.chain, text))
    return replace(judgement, counterexample=found)


def _experiments(claims: Sequence[Claim]) -> list[Experiment]:
    """Distinct experiments in ledger order.

    Raises:
        ValueError: when two different experiments share an id.
    """
    found: dict[str, Experiment] = {}
    for claim in claims:
        experiment = claim.experiment
        known = found.setdefault(experiment.id, experiment)
        if known != experiment:
            raise ValueError(
                f"claim {claim.id}: experiment id {experiment.id!r} is used by another experiment"
            )
    return list(found.values())
