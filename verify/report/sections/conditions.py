"""The conditions of the claims, each stated once."""

from __future__ import annotations

from theory.condition import Condition, Constants
from verify.report.blocks import Formula, Line, Plain, Section, Table, Tag, Text
from verify.report.regimes import constants_text
from verify.report.sections.material import Material

__all__ = ["section"]


def section(material: Material) -> Section | None:
    """Inequality, constants, source and purpose of every condition that a claim names."""
    found: dict[str, tuple[Condition, Constants]] = {}
    for judgement in material.verification.judgements:
        for condition in judgement.claim.conditions:
            found.setdefault(condition.name, (condition, judgement.claim.constants))
    if not found:
        return None
    rows = tuple(
        (
            Plain(name),
            Formula(condition.latex),
            Plain(constants_text([condition], constants)),
            Line((Plain(str(condition.source)), Tag(condition.provenance))),
            condition.why,
        )
        for name, (condition, constants) in found.items()
    )
    head = ("condition", "inequality", "constants", "source", "what for")
    note = Text(
        "The slack of a condition is value over threshold; below 1 it is outside, by the inverse factor."
    )
    return Section("conditions", "Conditions", (note, Table("Every condition of these claims", head, rows)))
