"""What sections are written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from theory.letters import Entry
from verify.outcome import Judgement, Verification
from verify.report.answers import Answer, answers
from verify.report.blocks import Cell, Code, Figure, Ref
from verify.report.headings import Heading, headings
from verify.vacuity import Vacuity, vacuities

__all__ = ["Layer", "Material"]

Layer = Literal["report", "appendix"]


@dataclass(frozen=True)
class Material:
    """A verification of one paper and its figures; what several sections need is computed once. `known` are
    its vacuities, where they have been computed before."""

    verification: Verification
    figures: Sequence[Figure]
    layer: Layer = "appendix"
    known: Sequence[Vacuity] | None = None

    @cached_property
    def answers(self) -> list[Answer]:
        """The questions of which a claim was judged."""
        return answers(self.verification)

    @cached_property
    def headings(self) -> tuple[Heading, ...]:
        """The main claims by item."""
        return headings(self.verification)

    @cached_property
    def vacuities(self) -> Sequence[Vacuity]:
        """One a claim with runs."""
        return vacuities(self.verification) if self.known is None else self.known

    @cached_property
    def by_id(self) -> dict[str, Judgement]:
        """Judgements by claim id."""
        return {j.claim.id: j for j in self.verification.judgements}

    @cached_property
    def first_with_proof(self) -> dict[tuple[str, ...], str]:
        """The first claim that a proof of these steps belongs to: several may cite one."""
        found: dict[tuple[str, ...], str] = {}
        for judgement in self.verification.judgements:
            if judgement.proof is not None:
                found.setdefault(judgement.proof.steps, judgement.claim.id)
        return found

    @cached_property
    def main(self) -> frozenset[str]:
        """Ids of the claims that the report shows; the appendix shows all."""
        return frozenset(j.claim.id for h in self.headings for j in h.judgements)

    @cached_property
    def of_items(self) -> frozenset[str]:
        """Ids of the claims that stand under an item of the paper itself, not beyond it."""
        return frozenset(j.claim.id for h in self.headings if not h.beyond for j in h.judgements)

    @cached_property
    def letters(self) -> dict[str, Entry]:
        """The paper's letters by their names in code."""
        return {e.letter: e for paper in self.verification.papers for e in paper.letters}

    def ref(self, claim_id: str) -> Cell:
        """A link to a claim, plain where it stands in another report; the appendix names it without its
        paper, which all of them share."""
        if claim_id not in self.by_id:
            return Code(claim_id)
        if self.layer == "appendix":
            return Ref(claim_id, name=claim_id.removeprefix(f"{self.by_id[claim_id].claim.paper}."))
        return Ref(claim_id, appendix=claim_id not in self.main)

    def figure(self, name: str) -> Figure | None:
        """A figure by name."""
        return next((f for f in self.figures if f.name == name), None)
