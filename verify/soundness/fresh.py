"""Fresh runs for planted falsehoods that the first ones leave undecided, as a verification would make them.

A falsehood that stood in the ledger would be judged once more where its first runs leave it undecided
(`verify.second_stage`); so is a planted one, on the fresh runs of its claim.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from theory.claim import Claim
from verify.outcome import Judgement, Observation
from verify.progress import progress_bar
from verify.runs.backends import Backend
from verify.runs.batch import Batch, Measurement
from verify.runs.make import CLAIM_SECONDS, Made, make_runs
from verify.runs.plan import RunSpec
from verify.second_stage import fresh_observations, fresh_plans, fresh_seconds, settles
from verify.statistics.error_budget import ERROR_BUDGET, FIRST_SHARE

__all__ = ["FreshRuns", "second_level"]


def second_level(judgements: Sequence[Judgement]) -> float:
    """The share of the second budget that one more claim would have beside those of these, judged on their
    first runs, that are judged again."""
    again = sum(settles(j) for j in judgements)
    return (1 - FIRST_SHARE) * ERROR_BUDGET / (1 + again)


@dataclass
class FreshRuns:
    """The fresh observations of claims, by id; each claim's are made once. Each experiment has the time that
    a verification would give it if nothing else were judged again.

    Args:
        profile, seed: of the verification.
        backend: makes them.
        own: ids of claims that are a user's own code.
    """

    profile: str
    seed: int
    backend: Backend
    own: frozenset[str] = frozenset()
    runs: int = 0
    _known: dict[str, tuple[Observation, ...]] = field(default_factory=dict)

    def __call__(self, claims: Iterable[Claim]) -> Mapping[str, tuple[Observation, ...]]:
        """Of every claim whose runs the time allows; of the others, and of one whose code fails, none."""
        asked = {c.id: c for c in claims}
        missing = [c for id_, c in asked.items() if id_ not in self._known]
        experiments = list({c.experiment.id: c.experiment for c in missing}.values())
        found_plans = fresh_plans(experiments, self.profile, self.seed, fresh_seconds(self.profile))
        plans: dict[str, Sequence[RunSpec]] = {id_: specs for id_, (specs, _) in found_plans.items() if specs}
        found = fresh_observations(
            [c for c in missing if c.experiment.id in plans], plans, self._make, twice=self.own
        )
        self._known |= {c.id: found.get(c.id, ()) for c in missing}
        return {id_: self._known[id_] for id_ in asked}

    def _make(self, work: list[Batch], notes: Made) -> Iterable[Measurement]:
        planned = sum(len(b.specs) for b in work)
        self.runs += planned
        with progress_bar(sys.stderr.isatty(), planned) as advance:
            yield from make_runs(
                work, notes, backend=self.backend, claim_seconds=CLAIM_SECONDS, grows=True, advance=advance
            )
