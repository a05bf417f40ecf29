"""Questions asked of the paper, answered from verdicts and runs."""

from __future__ import annotations

from verify.report.answers import Answer
from verify.report.blocks import Block, Chip, Items, Section, Text
from verify.report.sections.material import Material

__all__ = ["section"]

_INTRODUCTION = (
    "Each sentence is composed from the verdicts and runs of the claims behind it. In brackets: shares of "
    "runs or means over runs, each followed by its 95 % interval; sd is the standard deviation between runs."
)


def section(material: Material) -> Section | None:
    """Statements, figure and evidence of every answer."""
    if not material.answers:
        return None
    blocks: tuple[Block, ...] = (
        Text(_INTRODUCTION, "small"),
        *(_answer(material, a) for a in material.answers),
    )
    return Section("questions", "Questions asked of the paper", blocks, short="Questions")


def _answer(material: Material, answer: Answer) -> Section:
    figure = material.figure(answer.figure)
    evidence = tuple((Chip(j.verdict), material.ref(j.claim.id)) for j in answer.judgements)
    count = len(evidence)
    title = f"The evidence: {count} claim{'s' if count != 1 else ''}"
    blocks: list[Block] = [Items(tuple(s.text for s in answer.statements))]
    if figure is not None:
        blocks.append(figure)
    blocks.append(Section("", title, (Items(evidence),), folded=True))
    return Section(answer.figure, answer.asked, tuple(blocks))
