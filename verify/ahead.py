"""What stands beside the runs of built-in papers, worked out in the workers: plans, proofs, regions, and the
smallest runs that break what was refuted.

A worker finds a claim in its paper, by name, so what it computes is what this process would. Whatever has no
such name (claims of a file, changed claims), or fails there, is worked out here when it is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from theory.claim import Claim, Proof
from theory.experiment import Experiment
from theory.paper import Paper, load_paper
from theory.paper_names import paper_names
from verify.outcome import Counterexample, Decision, Judgement, Observation
from verify.region import Scope, scope_where_judged
from verify.runs.plan import RunSpec, plan_runs
from verify.runs.spread import hand_out

__all__ = ["Ahead"]

#: Fewer random settings are drawn here.
_MANY = 20


class Ahead:
    """The work of these claims that needs no run, handed out to so many workers.

    Args:
        claims: those that are judged.
        papers: where they come from.
        workers: 1 works everything out in this process.
    """

    def __init__(self, claims: Sequence[Claim], papers: Sequence[Paper], workers: int) -> None:
        self._workers = workers
        found = [p for p in papers if workers > 1 and p.name in paper_names() and load_paper(p.name) is p]
        known = {id(claim): paper.name for paper in found for claim in paper.claims}
        #: The claims that a worker can find, with their papers' names.
        self._named = [(known[id(claim)], claim) for claim in claims if id(claim) in known]

    def plans(
        self, experiments: Sequence[Experiment], profile: str, seed: int
    ) -> Iterator[tuple[Experiment, list[RunSpec]]]:
        """Every experiment with its planned runs (`plan_runs`), in order; large boxes are drawn from in the
        workers, which begin at once."""
        names = {claim.experiment.id: name for name, claim in self._named}
        far = [
            e
            for e in experiments
            if e.id in names and e.place.coordinates and e.runs.get(profile, 0) >= _MANY
        ]
        asked = [(names[e.id], e.id, e.runs[profile], profile, seed) for e in far]
        begun = hand_out(_planned, asked, self._workers)
        there = {e.id for e in far}

        def planned() -> Iterator[tuple[Experiment, list[RunSpec]]]:
            drawn = begun()
            for experiment in experiments:
                specs = next(drawn) if experiment.id in there else None
                if specs is None or isinstance(specs, BaseException):
                    specs = plan_runs(experiment, profile, seed)
                yield experiment, specs

        return planned()

    def proofs(self) -> Callable[[], dict[int, Proof]]:
        """Begins the proofs; what is returned collects those that ended well, by the identity of the function
        that several claims may share."""
        asked = {id(claim.proof): (name, claim.id) for name, claim in self._named if claim.proof is not None}
        begun = hand_out(_proved, list(asked.values()), self._workers)
        if self._workers == 1:
            return dict
        return lambda: {k: p for k, p in zip(asked, begun(), strict=True) if isinstance(p, Proof)}

    def scopes(self) -> Callable[[], dict[str, Scope]]:
        """Begins the scopes of all claims, where any run is judged; what is returned collects them by id."""
        papers = dict.fromkeys(name for name, _ in self._named)
        ids = {paper: tuple(c.id for name, c in self._named if name == paper) for paper in papers}
        begun = hand_out(_scoped, list(ids.items()), self._workers)
        return lambda: {
            id_: scope
            for scopes in begun()
            if not isinstance(scopes, BaseException)
            for id_, scope in scopes.items()
        }

    def counterexamples(
        self, judgements: Sequence[Judgement], profile: str, seed: int
    ) -> Iterator[tuple[float, Counterexample | BaseException | None]]:
        """Of every judgement, in order, its counterexample (`find_counterexample`) or what went wrong with
        the search, and the seconds that took."""
        names = {id(claim): name for name, claim in self._named}
        far = [j for j in judgements if id(j.claim) in names]
        asked = [(names[id(j.claim)], j.claim.id, j.decision, j.observations, profile, seed) for j in far]
        begun = hand_out(_broken_there, asked, self._workers)()
        for judgement in judgements:
            found = next(begun) if id(judgement.claim) in names else None
            if found is None or isinstance(found, BaseException):
                found = _broken(judgement, profile, seed)
            yield found


def _planned(asked: tuple[str, str, int, str, int]) -> list[RunSpec]:
    name, id_, runs, profile, seed = asked
    experiment = next(c.experiment for c in load_paper(name).claims if c.experiment.id == id_)
    return plan_runs(replace(experiment, runs={profile: runs}), profile, seed)


def _proved(asked: tuple[str, str]) -> Proof:
    name, id_ = asked
    proof: Any = load_paper(name).claim_map[id_].proof
    return proof()  # type: ignore[no-any-return]


def _broken(
    judgement: Judgement, profile: str, seed: int
) -> tuple[float, Counterexample | BaseException | None]:
    from verify.search.shrink import find_counterexample

    began = time.perf_counter()
    found: Counterexample | BaseException | None
    try:
        found = find_counterexample(judgement, profile, seed)
    except Exception as error:  # the refutation stands; what failed costs the smaller run alone
        found = error
    return time.perf_counter() - began, found


def _broken_there(
    asked: tuple[str, str, Decision, tuple[Observation, ...], str, int],
) -> tuple[float, Counterexample | BaseException | None]:
    name, id_, decision, observations, profile, seed = asked
    claim = load_paper(name).claim_map[id_]
    return _broken(Judgement(claim, decision, observations, ()), profile, seed)


def _scoped(asked: tuple[str, tuple[str, ...]]) -> dict[str, Scope]:
    name, ids = asked
    paper = load_paper(name)
    return {
        id_: scope_where_judged(claim, paper.reference_for(claim.experiment.setting_class))
        for id_ in ids
        for claim in (paper.claim_map[id_],)
    }
