"""Which claim rests on which, as a list that nests."""

from __future__ import annotations

from verify.report.blocks import Branch, Cell, Chip, Items, Section, Text
from verify.report.sections.material import Material

__all__ = ["section"]

_NOTE = (
    "Below each claim stand the claims that rest on it. A supported theorem on a refuted or undecided lemma "
    "needs a closer look: the chain of its verdict names the lemma. Claims that stand alone are left out; "
    "one that rests on several stands below each, and unfolds below the first."
)


def section(material: Material) -> Section | None:
    """None where no claim rests on another."""
    children: dict[str, list[str]] = {}
    has_parent = set()
    for judgement in material.verification.judgements:
        for parent in judgement.claim.parents:
            children.setdefault(parent, []).append(judgement.claim.id)
            has_parent.add(judgement.claim.id)
    if not children:
        return None
    seen: set[str] = set()

    def entry(claim: str) -> Cell | Branch:
        judgement = material.by_id.get(claim)
        absent: Cell = (material.ref(claim), "(not in this run)")
        head = absent if judgement is None else (Chip(judgement.verdict), material.ref(claim))
        below = children.get(claim, []) if claim not in seen else []
        seen.add(claim)
        return Branch(head, Items(tuple(entry(child) for child in below))) if below else head

    roots = [claim for claim in children if claim not in has_parent]
    tree = Items(tuple(entry(root) for root in roots))
    return Section("dependence", "What rests on what", (Text(_NOTE, "small"), tree), folded=True)
