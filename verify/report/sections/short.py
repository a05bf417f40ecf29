"""In short: a row an item, then what fails, what is loose, where it stops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from theory.rules import EventMap
from verify.outcome import Judgement
from verify.report.blocks import Block, Cell, Chip, Items, Link, Plain, Section, Table, Text
from verify.report.headings import Heading
from verify.report.number import number_text
from verify.report.sections.items import anchor, runs_of
from verify.report.sections.material import Material
from verify.report.summary import printed

__all__ = ["section"]

_HEAD = ("item", "holds", "holds on a part", "fails", "undecided", "not judged", "not jointly")
_NOTE = (
    "Holds: supported or derived, on settings drawn from the claim's conditions within the reference box, or "
    "without any. On a part: on a box or on cells that were chosen, or with a bound that is loose. Ours: "
    "claims made here under the item, such as where a statement fails. Fails: those listed below, readings "
    "among them; probes, which leave a condition out on purpose, count nowhere. "
    "Not jointly: supported by itself, not together with all others of the paper."
)
_MOST = 8


def section(material: Material) -> Section:
    """The table, and the lists that are not empty."""
    rows = tuple(_row(k, heading) for k, heading in enumerate(material.headings))
    blocks: list[Block] = []
    if rows:
        blocks.append(Table("How the claims of each item on this page ended", _HEAD, rows, "score"))
        blocks.append(Text(_NOTE, "small"))
    main = [j for heading in material.headings for j in heading.judgements]
    refuted = [j for j in material.verification.judgements if j.verdict == "refuted"]
    own = [j for j in refuted if printed(j)]
    fails = [j for j in refuted if not printed(j) and j.claim.role == "claim"]
    read = [
        j for j in refuted if j.claim.role == "reading" and not printed(j) and j.claim.id in material.of_items
    ]
    loose = [j for j in main if j.grade == "loose"]
    stops = [j for j in main if _stops(j)]
    for title, found, last in (
        ("What fails as printed", own, True),
        ("What fails inside its own conditions", fails, True),
        ("What fails when read so, though not printed in so many words", read, True),
        ("What is only loosely so", loose, False),
        ("Where it stops, and which conditions are needed", stops, False),
    ):
        if found:
            lines = tuple(
                _line(material, j, last, _same_runs(j, found) if last else "") for j in found[:_MOST]
            )
            more = len(found) - _MOST
            if more > 0:
                lines = (*lines, (Plain(f"and {more} more:"), Link("appendix.html#findings", "findings")))
            blocks.append(Section("", title, (Items(lines),)))
    return Section("short", "In short", tuple(blocks))


def _row(number: int, heading: Heading) -> tuple[Cell, ...]:
    counts = dict.fromkeys(_HEAD[1:], 0)
    ours = dict.fromkeys(_HEAD[1:], 0)
    for judgement in heading.judgements:
        kind = _kind(judgement)
        if kind:
            counts[kind] += 1
            ours[kind] += judgement.claim.provenance == "derived" and not heading.beyond
            counts[_HEAD[-1]] += kind.startswith("holds") and judgement.joint is False
    link = Link(f"#{anchor(number)}", heading.name)
    return (link, *(Plain(_counted(n, ours[kind])) for kind, n in counts.items()))


def _counted(number: int, ours: int) -> str:
    """
    >>> _counted(6, 2), _counted(3, 0), _counted(0, 0)
    ('6 (2 ours)', '3', '')
    """
    return f"{number} ({ours} ours)" if ours else str(number) if number else ""


def _kind(judgement: Judgement) -> str:
    """The column in which a claim counts; "" where it counts in none."""
    if judgement.verdict == "refuted" and not judgement.claim.is_probe:
        return "fails"
    if judgement.claim.role != "claim":
        return ""
    if judgement.verdict == "derived":
        return "holds"
    if judgement.verdict == "supported":
        part = judgement.grade == "loose" or (judgement.scope is not None and judgement.scope.word != "")
        return "holds on a part" if part else "holds"
    return "not judged" if judgement.verdict in ("not-applicable", "errored") else "undecided"


def _stops(judgement: Judgement) -> bool:
    probe = judgement.claim.is_probe and judgement.verdict in ("supported", "refuted")
    return probe or (isinstance(judgement.claim.rule, EventMap) and judgement.verdict == "supported")


def _same_runs(judgement: Judgement, found: Sequence[Judgement]) -> str:
    """Which earlier finding of a list stands on the same runs."""
    mine = runs_of(judgement)
    for other in found[: found.index(judgement)]:
        if mine is not None and runs_of(other) == mine:
            return f"On the runs of {other.claim.id}, so not independent of it."
    return ""


def _line(material: Material, judgement: Judgement, correct: bool, shared: str = "") -> Cell:
    claim = judgement.claim
    parts: list[Cell] = [Chip(judgement.verdict), claim.statement, Plain(f"({number_text(judgement)})")]
    if shared:
        parts.append(Plain(shared))
    if claim.is_probe:
        several = len(claim.drops) > 1
        if judgement.verdict == "refuted":
            needed = "not all of which are superfluous" if several else "which is needed"
        else:
            needed = f"which {'were' if several else 'was'} not needed here"
        parts.append(Plain(f"Judged outside {_listed(claim.drops)}, {needed}."))
    if correct and claim.corrected_by:
        true = material.by_id.get(claim.corrected_by)
        said = () if true is None else (Chip(true.verdict), true.claim.statement)
        parts += [Plain("True instead:"), *said, material.ref(claim.corrected_by)]
    return tuple(parts)


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
