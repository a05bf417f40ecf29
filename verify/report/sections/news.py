"""What is new about the paper: simpler statements that fail, and sharper ones."""

from __future__ import annotations

from collections.abc import Sequence

from verify.outcome import Judgement
from verify.report.blocks import Block, Cell, Chip, Items, Line, Link, Plain, Section, Text
from verify.report.number import number_text, word
from verify.report.sections.items import heading_section
from verify.report.sections.material import Material
from verify.report.summary import printed

__all__ = ["section"]


#: How many are told.
_MOST = 3
_TEMPTING = "Simpler statements that one might try, which fail too"


def section(material: Material) -> Section | None:
    """Simpler statements that fail, then the items beyond the paper; None without either. What fails as
    printed or read so stands in short, with its corrections."""
    blocks: list[Block] = []
    failed = [
        j for j in material.verification.judgements if j.claim.role == "reading" and j.verdict == "refuted"
    ]
    simpler = [j for j in failed if not printed(j) and j.claim.id not in material.of_items]
    if simpler:
        blocks.append(Section("simpler", _TEMPTING, (Items(_lines(material, simpler, _MOST)),)))
    blocks += [heading_section(material, k, h) for k, h in enumerate(material.headings) if h.beyond]
    if not blocks:
        return None
    note = Text(
        (
            "For the paper's authors: nothing here is stated there; each line is judged like any other. What "
            "fails as printed, and what is true instead, stands",
            Link("#short", "in short"),
        )
    )
    return Section("new", "What is new about the paper", (note, *blocks), short="What is new")


def _lines(material: Material, failed: Sequence[Judgement], most: int) -> tuple[Cell, ...]:
    """A line a reading with its correction; of more than `most` a link to the rest."""
    lines: list[Cell] = []
    for judgement in failed[:most]:
        claim, true = judgement.claim, material.by_id.get(judgement.claim.corrected_by)
        item = () if claim.provenance == "derived" else (Plain(f"{claim.source.item}:"),)
        said: list[Cell] = [
            (Chip(judgement.verdict), *item, claim.statement, Plain(f"({number_text(judgement)})")),
        ]
        if true is not None:
            said.append(
                (Plain("True instead:"), word(true), true.claim.statement, material.ref(true.claim.id))
            )
        lines.append(Line(tuple(said)))
    more = len(failed) - most
    if more > 0:
        lines.append((Plain(f"and {more} more:"), Link("appendix.html#findings", "findings")))
    return tuple(lines)
