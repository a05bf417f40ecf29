"""Runs that do not count, and why."""

from __future__ import annotations

from verify.report.blocks import Line, Plain, Section, Table, Text
from verify.report.sections.material import Material
from verify.report.summary import not_judged

__all__ = ["section"]


def section(material: Material) -> Section:
    """A row a claim with runs left out."""
    rows = tuple(
        (
            material.ref(j.claim.id),
            Plain(f"{sum(reasons.values())} of {len(j.observations)}"),
            Line(tuple(Plain(f"{count}: {reason}") for reason, count in reasons.items())),
        )
        for j in material.verification.judgements
        if (reasons := not_judged(j))
    )
    blocks = (
        Table("Runs left out of a verdict", ("claim", "runs left out", "reasons"), rows)
        if rows
        else Text("Every planned run counts for every claim."),
    )
    return Section("unjudged", "Not judged, and why", blocks, short="Not judged")
