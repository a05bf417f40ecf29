"""The sections of a report: one file a section, listed here in the order in which they stand."""

from __future__ import annotations

from collections.abc import Callable

from verify.report.blocks import Section
from verify.report.sections import (
    answers,
    cite,
    claims,
    conditions,
    dependence,
    figures,
    findings,
    glance,
    items,
    letters,
    method,
    news,
    regimes,
    short,
    tightness,
    trust,
    unjudged,
    vacuity,
    versions,
    words,
)
from verify.report.sections.material import Layer, Material

__all__ = ["SECTIONS", "all_sections"]

SECTIONS: dict[Layer, tuple[Callable[[Material], Section | None], ...]] = {
    "report": (
        short.section,
        glance.section,
        items.section,
        news.section,
        figures.section,
        trust.section,
        words.section,
        cite.section,
    ),
    "appendix": (
        claims.section,
        findings.section,
        answers.section,
        figures.section,
        dependence.section,
        conditions.section,
        regimes.section,
        unjudged.section,
        tightness.section,
        vacuity.section,
        letters.section,
        method.section,
        versions.section,
    ),
}


def all_sections(material: Material) -> tuple[Section, ...]:
    """Those of the layer that have something to say."""
    made = [section(material) for section in SECTIONS[material.layer]]
    return tuple(section for section in made if section is not None)
