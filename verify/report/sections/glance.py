"""Answers at a glance: a row a question."""

from __future__ import annotations

from theory.question import Comparison
from verify.report.answers import Answer
from verify.report.blocks import Cell, Chip, Link, Plain, Section, Table
from verify.report.sections.material import Material
from verify.rules.registry import judge_of

__all__ = ["section"]


def section(material: Material) -> Section | None:
    """The short form of every answer."""
    if not material.answers:
        return None
    rows = tuple((Link(f"appendix.html#{a.figure}", a.asked), a.short) for a in material.answers)
    table = Table("What was asked, and the short answer", ("question", "answer"), rows)
    compared = (_compared(a, a.compared) for a in material.answers if a.compared is not None)
    return Section("glance", "Answers at a glance", (table, *compared), short="Answers")


def _compared(answer: Answer, compared: Comparison) -> Table:
    """The table that a question asks for: a brief number a claim, with its verdict where it does not hold."""
    found = {j.claim.id: j for j in answer.judgements if j.judged}

    def cell(claim: str) -> Cell:
        if claim not in found:
            return Plain("not measured" if claim else "–")
        judgement = found[claim]
        brief = judge_of(judgement.claim.rule).brief(judgement)
        number = Plain(compared.said.get(claim, "{these}").replace("{these}", brief))
        return number if judgement.verdict == "supported" else (Chip(judgement.verdict), number)

    rows = tuple((Plain(name), *map(cell, claims)) for name, claims in compared.rows.items())
    return Table(compared.caption, compared.head, rows, "stack")
