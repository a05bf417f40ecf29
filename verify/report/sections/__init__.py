"""The sections of a report: one file a section, listed here in the order in which they stand."""

from __future__ import annotations

from collections.abc import Callable

from verify.report.blocks import Section
from verify.report.sections import (
    answers,
    claims,
    conditions,
    dependence,
    figures,
    findings,
    glance,
    letters,
    method,
    regimes,
    tightness,
    unjudged,
    vacuity,
    verdicts,
    versions,
)
from verify.report.sections.material import Material

__all__ = ["SECTIONS", "all_sections"]

SECTIONS: tuple[Callable[[Material], Section | None], ...] = (
    glance.section,
    findings.section,
    answers.section,
    verdicts.section,
    figures.section,
    claims.section,
    dependence.section,
    conditions.section,
    regimes.section,
    unjudged.section,
    tightness.section,
    vacuity.section,
    letters.section,
    method.section,
    versions.section,
)


def all_sections(material: Material) -> tuple[Section, ...]:
    """Those that have something to say."""
    made = [section(material) for section in SECTIONS]
    return tuple(section for section in made if section is not None)
