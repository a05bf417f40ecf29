"""The words of verdicts, and the letters of the settings."""

from __future__ import annotations

from verify.outcome import VERDICTS
from verify.report.blocks import Block, Chip, Formula, Items, Line, Link, Section, Tag, Text
from verify.report.sections.material import Material
from verify.report.wording import VERDICT_EXPLANATIONS, WORD_EXPLANATIONS

__all__ = ["section"]


def section(material: Material) -> Section:
    """Verdicts in use, grades, regions and roles, then the letters that settings are made of."""
    used = {j.verdict for j in material.verification.judgements}
    verdicts = tuple((Chip(v), f"{VERDICT_EXPLANATIONS[v]}.") for v in VERDICTS if v in used)
    words = tuple((Tag(name), f"{text}.") for name, text in WORD_EXPLANATIONS.items())
    blocks: list[Block] = [Items((*verdicts, *words), style="columns")]
    settings = {o.setting for j in material.verification.judgements for o in j.judged[:1]}
    names = dict.fromkeys(name for s in settings for name in (*s.as_dict(), *s.groups()))
    letters = [material.letters[name] for name in sorted(names) if name in material.letters]
    if letters:
        entries = tuple((Formula(e.latex), e.meaning) for e in letters)
        more = Line((Link("appendix.html#letters", "All letters, with units"),))
        blocks.append(Section("", "Letters", (Items(entries, style="columns"), Text(more, "small"))))
    return Section("words", "Glossary", tuple(blocks))
