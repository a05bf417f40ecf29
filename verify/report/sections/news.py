"""What is new about the paper: statements that fail with their corrections, and sharper ones."""

from __future__ import annotations

from verify.report.blocks import Block, Cell, Chip, Items, Line, Link, Plain, Section, Text
from verify.report.number import number_text, word
from verify.report.sections.items import heading_section
from verify.report.sections.material import Material

__all__ = ["section"]

_MOST = 8


def section(material: Material) -> Section | None:
    """Corrections of readings that fail, then the items beyond the paper; None without either."""
    blocks: list[Block] = []
    failed = [
        j for j in material.verification.judgements if j.claim.role == "reading" and j.verdict == "refuted"
    ]
    if failed:
        lines: list[Cell] = []
        for judgement in failed[:_MOST]:
            claim, true = judgement.claim, material.by_id.get(judgement.claim.corrected_by)
            said: list[Cell] = [
                (Chip(judgement.verdict), Plain(f"{claim.source.item}:"), claim.statement,
                 Plain(f"({number_text(judgement)})")),
            ]  # fmt: skip
            if true is not None:
                said.append(
                    (Plain("True instead:"), word(true), true.claim.statement, material.ref(true.claim.id))
                )
            lines.append(Line(tuple(said)))
        more = len(failed) - _MOST
        if more > 0:
            lines.append((Plain(f"and {more} more:"), Link("appendix.html#findings", "findings")))
        title = "Statements that fail as printed or read, and what is true instead"
        blocks.append(Section("corrections", title, (Items(tuple(lines)),)))
    blocks += [heading_section(material, k, h) for k, h in enumerate(material.headings) if h.beyond]
    if not blocks:
        return None
    note = Text("For the paper's authors: nothing here is stated there; each line is judged like any other.")
    return Section("new", "What is new about the paper", (note, *blocks), short="What is new")
