"""The paper item by item: what is stated, and a line a claim that unfolds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from theory.condition import Condition
from verify.outcome import Judgement
from verify.report.blocks import (
    Block,
    Cell,
    ClaimEntry,
    Claims,
    Code,
    Formula,
    Items,
    Line,
    Link,
    Plain,
    Section,
    Table,
    Text,
)
from verify.report.claims import reproduce
from verify.report.headings import Heading
from verify.report.number import coverage_text, number_text, region_word, weakest_text, word
from verify.report.regimes import constant_names, constants_text
from verify.report.sections.material import Material
from verify.report.wording import rule_sentence, show

__all__ = ["again", "anchor", "claim_line", "heading_section", "made_with", "runs_of", "section", "traits"]

_NOTE = (
    "A line a claim: its verdict with grade and region, what it says, one number with its 95 % interval, and "
    "the cell of the region that is least certified. The reason, and the command that makes its runs again, "
    "unfold in report.html and stand in the appendix; elsewhere that command is the one below with the "
    "claim's id."
)
_AGAIN = (
    "It needs the package{made} (pip install . in its folder, or make) and writes reports/again. The same "
    "bits are promised on the same machine with the same versions only; elsewhere numbers agree to rounding, "
    "which may tip a run that lies at an edge. The number stands in the claim's "
    "line of report.html, under measured and statistic of claims.json, and in comparison.csv. "
    "Support does not depend on which claims are judged together; a refutation may, as Holm's correction "
    "over fewer claims is weaker, and so does what holds jointly."
)

#: Anchor of what the conditions say.
_CONDITIONS = "conditions-said"


def anchor(number: int) -> str:
    """Of the heading of this number."""
    return f"item-{number + 1}"


def section(material: Material) -> Section | None:
    """Every item that the paper states; those beyond it stand with what is new."""
    stated = [(k, h) for k, h in enumerate(material.headings) if not h.beyond]
    if not stated:
        return None
    first = stated[0][1].judgements[0]
    run_info = material.verification.run_info
    command = reproduce(first, run_info).replace(first.claim.id, "ID")
    blocks: tuple[Block, ...] = (
        Text(_NOTE, "small"),
        Text((*_labelled("reproduce:", made_with(run_info)), Code(command)), "small"),
        Text(_AGAIN.format(made=_checkout(run_info)), "small"),
        *_what_conditions_say(material, material.headings),
        *(heading_section(material, k, h) for k, h in stated),
    )
    reported = any(p.caveat for p in material.verification.papers)
    title = "What the paper is reported to state, item by item" if reported else "The paper, item by item"
    return Section("items", title, blocks, short="Item by item")


def _checkout(run_info: Mapping[str, Any]) -> str:
    commit = _commit(run_info)
    return f" at that commit (git checkout {commit})" if commit else " of that release"


def _commit(run_info: Mapping[str, Any]) -> str:
    return str(run_info.get("git_commit") or "")[:12]


def made_with(run_info: Mapping[str, Any]) -> str:
    """Release and commit with which a command gives the same numbers: `release 0.1.0, commit 0123456789ab`.

    >>> made_with({"version": "0.1.0", "git_commit": "0123456789abcdef"}), made_with({})
    ('release 0.1.0, commit 0123456789ab', '')
    """
    version, commit = run_info.get("version"), _commit(run_info)
    parts = (f"release {version}" if version else "", f"commit {commit}" if commit else "")
    return ", ".join(part for part in parts if part)


def _labelled(label: str, text: str) -> tuple[Cell, ...]:
    return (label, Plain(f"({text})")) if text else (label,)


def _conditions(headings: Sequence[Heading]) -> dict[str, Condition]:
    return {c.name: c for h in headings for j in h.judgements for c in j.claim.conditions}


def _groups(material: Material) -> dict[str, tuple[Condition, ...]]:
    """The headings under which a paper has several conditions."""
    papers = material.verification.papers
    return {name: members for p in papers for name, members in p.conditions.items() if len(members) > 1}


def _by_group(material: Material, conditions: Mapping[str, Condition]) -> list[str]:
    """Names of conditions; a heading for all that stand under it."""
    left, named = dict(conditions), []
    for heading, members in _groups(material).items():
        names = [c.name for c in members]
        if all(name in left for name in names):
            named.append(heading)
            left = {name: c for name, c in left.items() if name not in names}
    return [*named, *left]


def _what_conditions_say(material: Material, headings: Sequence[Heading]) -> tuple[Block, ...]:
    """One table for all items, many of which share their conditions, and why constants have their values."""
    conditions = _conditions(headings)
    if not conditions:
        return ()
    group = {c.name: name for name, members in _groups(material).items() for c in members}
    rows = tuple((_named(c, group), Formula(c.latex), c.why) for c in conditions.values())
    table = Table("Every condition of these claims", ("condition", "inequality", "what for"), rows, "stack")
    chosen = _constants(material, conditions.values())
    said = Section(_CONDITIONS, "What the conditions say", (table, *chosen), folded=True)
    reading = " ".join(p.reading for p in material.verification.papers if p.reading)
    return (Text(("How the conditions are read:", reading), "small"), said) if reading else (said,)


def _named(condition: Condition, group: Mapping[str, str]) -> Cell:
    """A condition, with the heading under which its paper has it."""
    name = Plain(condition.name)
    return Line((name, Plain(group[condition.name]))) if condition.name in group else name


def _constants(material: Material, conditions: Collection[Condition]) -> tuple[Table, ...]:
    """The constants that stand in these conditions, each with its value and why it has it."""
    reasons = {name: why for p in material.verification.papers for name, why in p.reasons.items()}
    values = {name: v for p in material.verification.papers for name, v in p.constants.values.items()}
    used = [name for name in constant_names(conditions, values) if name in reasons]
    rows = tuple((Plain(name), Plain(show(values[name])), reasons[name]) for name in used)
    head = ("constant", "value", "why this one")
    return (Table("Their constants, unless a claim says otherwise", head, rows, "stack"),) if rows else ()


def heading_section(material: Material, number: int, heading: Heading) -> Section:
    """The words of the item, then its claims."""
    said: tuple[Block, ...] = (Text(heading.words, "stated"),) if heading.words else ()
    conditions = _conditions((heading,))
    if conditions:
        first = next(j.claim for j in heading.judgements if j.claim.conditions)
        at = constants_text(conditions.values(), first.constants)
        names = (
            f"of its claims between them{f' (at {at})' if at else ''}; each names its own: "
            f"{', '.join(_by_group(material, conditions))}."
        )
        stated = any(not h.beyond for h in material.headings)
        word = Link(f"#{_CONDITIONS}", "Conditions") if stated else Plain("Conditions")
        said = (*said, Text((word, Plain(names)), "small"))
    if heading.numbers is not None:
        shown = heading.numbers()
        body = tuple(tuple(map(Plain, row)) for row in shown.rows)
        said = (*said, Table(shown.caption, shown.head, body, "score"))
    said = (*said, *_together(material.headings, number))
    claims = Claims(tuple(claim_line(material, j) for j in heading.judgements), brief=True)
    return Section(anchor(number), heading.name, (*said, claims))


def runs_of(judgement: Judgement) -> tuple[str, int] | None:
    """What two claims share that are judged on the same runs; None of a claim without runs."""
    seen = judgement.observations
    return (judgement.claim.experiment.id, seen[0].seed) if seen else None


def _together(headings: Sequence[Heading], number: int) -> tuple[Text, ...]:
    """Which claims of an item share their runs, and with which earlier items: what fails in one may be what
    fails in another."""
    judgements = headings[number].judgements
    groups: dict[tuple[str, int] | None, list[str]] = {}
    split = [j.claim.id.split(".") for j in judgements]
    columns = zip(*(words[:-1] for words in split), strict=False)
    left_out = sum(1 for _ in itertools.takewhile(lambda words: len(set(words)) == 1, columns))
    for judgement, words in zip(judgements, split, strict=True):
        groups.setdefault(runs_of(judgement), []).append(".".join(words[left_out:]))
    groups.pop(None, None)
    told = []
    for runs, names in groups.items():
        earlier = [h.name for h in headings[:number] if any(runs_of(j) == runs for j in h.judgements)]
        also = (
            f" (with claims of {', '.join(name.partition(' (')[0] for name in earlier)})" if earlier else ""
        )
        if also or len(names) > 1:
            told.append(f"{', '.join(names)}{also}")
    if not told:
        return ()
    said = f"Judged on the same runs, so not independent of each other: {'; '.join(told)}."
    return (Text(Plain(said), "small"),)


def claim_line(material: Material, judgement: Judgement) -> ClaimEntry:
    """A claim of the report; its details stand in the appendix."""
    claim, run_info = judgement.claim, material.verification.run_info
    weakest, number = weakest_text(judgement), number_text(judgement)
    numbers: list[Cell] = [Plain(number)] if number else []
    if weakest:
        numbers.append(Plain(f"weakest cell {weakest}"))
    blocks: list[Block] = [Text(judgement.decision.reason)]
    if claim.measured:
        blocks.append(Text(("Measured:", claim.measured), "small"))
    if claim.conditions:
        own = ", ".join(_by_group(material, {c.name: c for c in claim.conditions}))
        outside = f"; judged outside {', '.join(claim.drops)}" if claim.drops else ""
        blocks.append(Text(Plain(f"Conditions: {own}{outside}."), "small"))
    region = "" if judgement.scope is None else judgement.scope.text
    if region:
        share = coverage_text(judgement)
        covered = f" It covers {share} of the claim's conditions in the reference box." if share else ""
        blocks.append(Text(Plain(f"Region: {region}.{covered}"), "small"))
    blocks.append(Text(("Decided:", rule_sentence(claim.rule)), "small"))
    if judgement.joint is not None:
        together = "with all that hold jointly" if judgement.joint else "on its own, not with all others"
        blocks.append(Text(Plain(f"It stands {together} (Holm over the paper's claims)."), "small"))
    if claim.note:
        blocks.append(Text(("Reading:", claim.note), "small"))
    if judgement.counterexample is not None:
        blocks.append(Text("The smallest counterexample found:", "small"))
        blocks.append(Text(judgement.counterexample.replay, "command"))
    blocks += again(judgement, run_info)
    if claim.corrected_by:
        blocks.append(Items((("What is true instead:", material.ref(claim.corrected_by)),)))
    return ClaimEntry(
        claim.id,
        word(judgement),
        (claim.statement, Code(claim.id), *_undecided(judgement)),
        Line(tuple(numbers)) if numbers else Plain(""),
        tuple(blocks),
        traits(judgement),
    )


def _undecided(judgement: Judgement) -> tuple[Cell, ...]:
    """What would decide a claim that is left open: it belongs to its line; why so unfolds."""
    if judgement.verdict != "inconclusive":
        return ()
    needed = judgement.decision.needed
    parts = (
        "refuted alone, not within the error budget of the paper" if judgement.alone else "",
        f"about {needed} runs would decide" if needed is not None else "",
    )
    told = "; ".join(part for part in parts if part)
    return (Plain(f"Undecided: {told or 'these runs exclude neither'}."),)


def again(judgement: Judgement, run_info: Mapping[str, Any]) -> list[Block]:
    """The command that makes a claim's runs again, with which release, and what they took."""
    took = (run_info.get("timings") or {}).get("experiments", {}).get(judgement.claim.experiment.id)
    spent = f"its runs took {max(1, math.ceil(took))} s of computing here" if took else ""
    told = "; ".join(part for part in (made_with(run_info), spent) if part)
    return [Text(_labelled("reproduce:", told), "small"), Text(reproduce(judgement, run_info), "command")]


def traits(judgement: Judgement) -> dict[str, str]:
    """What claims are filtered by."""
    claim = judgement.claim
    return {
        "verdict": judgement.verdict,
        "region": region_word(judgement) or "none",
        "role": claim.role,
        "provenance": claim.provenance,
    }
