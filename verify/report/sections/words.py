"""The words of verdicts, and the letters of the settings and of the statements that a report shows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from theory.letters import Entry
from verify.outcome import VERDICTS
from verify.report.blocks import Block, Chip, Formula, Items, Line, Link, Section, Tag, Text
from verify.report.sections.material import Material
from verify.report.wording import VERDICT_EXPLANATIONS, WORD_EXPLANATIONS

__all__ = ["section"]

_FORMULA = re.compile(r"(?<!\\)\$(.+?)(?<!\\)\$")


def section(material: Material) -> Section:
    """Verdicts in use, grades, regions and roles, then the letters of settings and of items' statements."""
    used = {j.verdict for j in material.verification.judgements}
    verdicts = tuple(
        (Chip(v), f"{VERDICT_EXPLANATIONS[v]}.") for v in VERDICTS if v in used or v == "vacuous"
    )
    words = tuple((Tag(name), f"{text}.") for name, text in WORD_EXPLANATIONS.items())
    blocks: list[Block] = [Items((*verdicts, *words), style="columns")]
    settings = {o.setting for j in material.verification.judgements for o in j.judged[:1]}
    names = {name for s in settings for name in (*s.as_dict(), *s.groups())}
    letters = [material.letters[name] for name in sorted(names) if name in material.letters]
    if letters:
        more = Line((Link("appendix.html#letters", "All letters, with units"),))
        inner: tuple[Block, ...] = (_entries(letters), Text(more, "small"))
        blocks.append(Section("", "Letters", inner))
    others = _of_statements(material, names)
    if others:
        blocks.append(Section("", "Letters of the statements", (_entries(others),), folded=True))
    return Section("words", "Glossary", tuple(blocks))


def _entries(letters: Iterable[Entry]) -> Items:
    return Items(tuple((Formula(e.latex), e.meaning) for e in letters), style="columns")


def _of_statements(material: Material, left_out: set[str]) -> list[Entry]:
    """The other letters whose head, without indices and arguments, stands in an item's statement."""
    shown = {claim for paper in material.verification.papers for item in paper.items for claim in item.claims}
    formulas = "  ".join(
        formula
        for j in material.verification.judgements
        if j.claim.id in shown
        for formula in _FORMULA.findall(j.claim.statement)
    )
    return [
        entry
        for name, entry in material.letters.items()
        if name not in left_out and _stands_in(re.split(r"[_^({]", entry.latex, maxsplit=1)[0], formulas)
    ]


def _stands_in(head: str, formulas: str) -> bool:
    r"""Whether a letter stands in formulas by itself, not as a part of a command or a word.

    >>> _stands_in("a", r"a^* + 1"), _stands_in("a", r"\tau"), _stands_in(r"\eta", r"\eta t")
    (True, False, True)
    """
    before = "" if head.startswith("\\") else r"(?<![A-Za-z\\])"
    return bool(head.strip() and re.search(rf"{before}{re.escape(head.strip())}(?![A-Za-z])", formulas))
