"""The verdict table: what each claim says, and how it ended."""

from __future__ import annotations

from verify.outcome import Judgement
from verify.report.blocks import Cell, Chip, Code, Line, Plain, Section, Table, Tag, Text
from verify.report.claims import reproduce
from verify.report.sections.material import Material
from verify.report.wording import show

__all__ = ["section"]

_NOTE = (
    "paper: stated by the paper, hidden constants left open. framework: the standard form in the work "
    "that the paper builds on. derived: not in any paper, derived here. A probe leaves a condition out on "
    "purpose, to learn whether it is needed; a refuted probe is a finding about the condition and no "
    "failure of the claim. A reading is a published or tempting statement that is expected to fail; the "
    "claim that says what is true instead is named beside it. Below each claim stands the command that "
    "judges it again."
)
_HEAD = ("claim", "what it says", "verdict", "power", "why")


def section(material: Material) -> Section:
    """A table an item of the paper, in the paper's order."""
    groups: dict[str, list[Judgement]] = {}
    for judgement in material.verification.judgements:
        groups.setdefault(str(judgement.claim.source), []).append(judgement)
    rows = tuple(_row(material, j) for group in groups.values() for j in group)
    table = Table("Every claim with its verdict", _HEAD, rows, "verdicts")
    return Section("verdicts", "Verdicts", (table, Text(_NOTE, "small")))


def _row(material: Material, judgement: Judgement) -> tuple[Cell, ...]:
    claim = judgement.claim
    tags: list[Cell] = [Plain(claim.source.item), Tag(claim.provenance)]
    if claim.role != "claim":
        tags.append(Tag(claim.role))
    if claim.corrected_by:
        tags += ["corrected by", material.ref(claim.corrected_by)]
    again = ("reproduce:", Code(reproduce(judgement, material.verification.run_info)))
    return (
        Line((material.ref(claim.id), tuple(tags))),
        claim.statement,
        Chip(judgement.verdict)
        if judgement.scope is None
        else (Chip(judgement.verdict), judgement.scope.word),
        Plain(show(judgement.decision.power)),
        Line((judgement.decision.reason, again)),
    )
