"""Answers at a glance: a row a question."""

from __future__ import annotations

import numpy as np

from theory.question import Comparison, OfCurve
from verify.outcome import MeasuredCurve
from verify.report.answers import Answer
from verify.report.blocks import Cell, Chip, Line, Link, Plain, Section, Table
from verify.report.sections.material import Material
from verify.rules.registry import judge_of
from verify.rules.words import number_in_words

__all__ = ["section"]


def section(material: Material) -> Section | None:
    """The short form of every answer."""
    if not material.answers:
        return None
    rows = tuple((Link(f"appendix.html#{a.figure}", a.asked), Line(a.gist)) for a in material.answers)
    table = Table("What was asked, and the short answer", ("question", "answer"), rows, "stack")
    compared = (_compared(a, a.compared) for a in material.answers if a.compared is not None)
    return Section("glance", "Answers at a glance", (table, *compared), short="Answers")


def _compared(answer: Answer, compared: Comparison) -> Table:
    """The table that a question asks for: a brief number a claim, with its verdict where it does not hold,
    and what curves measure on the same runs."""
    found = {j.claim.id: j for j in answer.judgements if j.judged}
    curves = {c.curve.id: c for c in answer.curves}

    def cell(asked: str | OfCurve) -> Cell:
        if isinstance(asked, OfCurve):
            curve = curves.get(asked.curve)
            return Plain("not measured" if curve is None or not curve.runs else _measured(asked, curve))
        if asked not in found:
            return Plain("not measured" if asked else "–")
        judgement = found[asked]
        brief = judge_of(judgement.claim.rule).brief(judgement)
        number = Plain(compared.said.get(asked, "{these}").replace("{these}", brief))
        return number if judgement.verdict == "supported" else (Chip(judgement.verdict), number)

    rows = tuple((Plain(name), *map(cell, asked)) for name, asked in compared.rows.items())
    return Table(compared.caption, compared.head, rows, "stack")


def _measured(asked: OfCurve, measured: MeasuredCurve) -> str:
    """`0.0012 on average, above 0.02 in 3 of 120 runs *`, of the runs with a value."""
    (values,) = measured.values.values()
    at = measured.curve.at.index
    numbers = values[:, at(asked.at)]
    if asked.less:
        numbers = values[:, at(asked.less)] - numbers
    kept = numbers[np.isfinite(numbers)]
    if not len(kept):
        return "no value *"
    beyond = kept < asked.limit if asked.less else kept > asked.limit
    where = f"{'below' if asked.less else 'above'} {number_in_words(asked.limit)}"
    mean = number_in_words(float(kept.mean()))
    return f"{mean} on average, {where} in {int(beyond.sum()) or 'none'} of {len(kept)} runs *"
