"""The section of wider conditions: each supported claim with one of its conditions left out.

Such a claim is false only where the condition is needed, which nobody declares: it is asked of runs outside
that condition alone, drawn in the paper's reference box. Refuted: the condition is needed. Supported: on the
reference box it is not. A condition that the whole box meets cannot be tried there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from theory.claim import Claim
from theory.paper import Paper
from verify.outcome import Judgement, Verdict
from verify.pipeline import verify_claims
from verify.region import on_conditions
from verify.soundness.section import Section, Table

__all__ = ["RUNS", "Wider", "section", "wider_conditions"]

#: Runs (replicates of cells) of each claim outside one condition: what breaks half of the time is refuted
#: within the budget by 40 of them.
RUNS = 40

_WORDS: Mapping[str, str] = {
    "refuted": "needed",
    "supported": "not needed on the reference box",
    "inconclusive": "not settled",
    "not-applicable": "not tried",
}


@dataclass(frozen=True)
class Wider:
    """A claim without one of its conditions, judged outside it; `judgement` is None where it has no region,
    for the reason `why`."""

    claim: Claim
    condition: str
    judgement: Judgement | None
    why: str

    @property
    def finding(self) -> str:
        """What is known of the condition, in words."""
        return "not tried" if self.judgement is None else _WORDS.get(self.judgement.verdict, "not settled")


def wider_conditions(
    claims: Sequence[Claim],
    verdicts: Mapping[str, Verdict],
    papers: Sequence[Paper],
    *,
    profile: str,
    seed: int = 0,
    jobs: int = 1,
    runs: int = RUNS,
    progress: bool = False,
) -> tuple[list[Wider], int]:
    """Every supported claim of the papers without each of its conditions in turn, and how many runs that
    took. Claims of one experiment with the same conditions share the runs."""
    boxes = {c.id: p.reference_for(c.experiment.setting_class) for p in papers for c in p.claims}
    asked: list[tuple[Claim, str, Claim | None, str]] = []
    for claim in claims:
        if verdicts.get(claim.id) != "supported" or claim.role != "claim":
            continue
        for condition in claim.conditions:
            probe = replace(
                claim,
                id=f"{claim.id}.without_{condition.name}",
                drops=(condition.name,),
                role="probe",
                proof=None,
                parents=(),
                experiment=replace(claim.experiment, runs={profile: runs}),
            )
            try:
                moved = on_conditions(probe, boxes.get(claim.id))
            except ValueError as error:
                asked.append((claim, condition.name, None, str(error)))
                continue
            unmoved = moved.experiment == probe.experiment
            why = "its cells have no axis to move" if unmoved else ""
            asked.append((claim, condition.name, None if unmoved else moved, why))
    probes = [probe for *_, probe, _ in asked if probe is not None]
    if not probes:
        return [Wider(claim, name, None, why) for claim, name, _, why in asked], 0
    done = verify_claims(
        probes,
        profile=profile,
        seed=seed,
        jobs=jobs,
        progress=progress,
        counterexamples=False,
        adversaries=False,
    )
    judged = {j.claim.id: j for j in done.judgements}
    found = [
        Wider(claim, name, None if probe is None else judged[probe.id], why)
        for claim, name, probe, why in asked
    ]
    return found, int(done.run_info["runs"])


def section(found: Sequence[Wider], runs: int) -> Section:
    """What was found as a section of the report: findings, which no target asks for."""
    counts = Counter(w.finding for w in found)
    needed = sorted({w.claim.id for w in found if w.finding == "needed"})
    record: dict[str, Any] = {
        "passed": True,
        "tried": sum(w.judgement is not None for w in found),
        "counts": dict(counts),
        "claims_with_a_needed_condition": needed,
        "conditions": [
            {
                "claim": w.claim.id,
                "condition": w.condition,
                "finding": w.finding,
                "reason": w.why if w.judgement is None else w.judgement.decision.reason,
            }
            for w in found
        ],
    }
    table = Table(
        "Claims without one of their conditions",
        ("finding", "claim", "condition", "evidence"),
        [[c["finding"], c["claim"], c["condition"], c["reason"]] for c in record["conditions"]],
    )
    words = ", ".join(f"{number} {word}" for word, number in counts.most_common()) or "none to try"
    return Section(
        "wider_conditions",
        "Wider conditions",
        record,
        [table],
        [f"conditions left out one by one: {words}"],
        True,
        runs,
    )
