"""The paper item by item: what is stated, and a line a claim that unfolds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
from verify.report.regimes import constants_text
from verify.report.sections.material import Material
from verify.report.wording import rule_sentence

__all__ = ["anchor", "claim_line", "heading_section", "section", "traits"]

_NOTE = (
    "A line a claim: its verdict with grade and region, what it says, one number with its 95 % interval, and "
    "the cell of the region that is least certified. The reason, and the command that makes its runs again, "
    "unfold in report.html and stand in the appendix; elsewhere that command is the one below with the "
    "claim's id."
)
_AGAIN = (
    "It needs the package{commit} (pip install . in its folder, or make) and writes reports/again. The same "
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
    again = reproduce(first, material.verification.run_info).replace(first.claim.id, "ID")
    blocks: tuple[Block, ...] = (
        Text(_NOTE, "small"),
        Text(("reproduce:", Code(again)), "small"),
        Text(_AGAIN.format(commit=_at_commit(material.verification.run_info)), "small"),
        *_what_conditions_say(material.headings),
        *(heading_section(material, k, h) for k, h in stated),
    )
    reported = any(p.caveat for p in material.verification.papers)
    title = "What the paper is reported to state, item by item" if reported else "The paper, item by item"
    return Section("items", title, blocks, short="Item by item")


def _at_commit(run_info: Mapping[str, Any]) -> str:
    commit = run_info.get("git_commit")
    return f" at commit {str(commit)[:12]} (git checkout {str(commit)[:12]})" if commit else ""


def _conditions(headings: Sequence[Heading]) -> dict[str, Condition]:
    return {c.name: c for h in headings for j in h.judgements for c in j.claim.conditions}


def _what_conditions_say(headings: Sequence[Heading]) -> tuple[Section, ...]:
    """One table for all items: many share their conditions."""
    conditions = _conditions(headings)
    if not conditions:
        return ()
    rows = tuple((Plain(c.name), Formula(c.latex), c.why) for c in conditions.values())
    table = Table("Every condition of these claims", ("condition", "inequality", "what for"), rows, "stack")
    return (Section(_CONDITIONS, "What the conditions say", (table,), folded=True),)


def heading_section(material: Material, number: int, heading: Heading) -> Section:
    """The words of the item, then its claims."""
    said: tuple[Block, ...] = (Text(heading.words, "stated"),) if heading.words else ()
    conditions = _conditions((heading,))
    if conditions:
        first = next(j.claim for j in heading.judgements if j.claim.conditions)
        at = constants_text(conditions.values(), first.constants)
        names = (
            f"of its claims between them{f' (at {at})' if at else ''}; each names its own: "
            f"{', '.join(conditions)}."
        )
        stated = any(not h.beyond for h in material.headings)
        word = Link(f"#{_CONDITIONS}", "Conditions") if stated else Plain("Conditions")
        said = (*said, Text((word, Plain(names)), "small"))
    if heading.numbers is not None:
        shown = heading.numbers()
        body = tuple(tuple(map(Plain, row)) for row in shown.rows)
        said = (*said, Table(shown.caption, shown.head, body, "score"))
    claims = Claims(tuple(claim_line(material, j) for j in heading.judgements), brief=True)
    return Section(anchor(number), heading.name, (*said, claims))


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
        own = ", ".join(c.name for c in claim.conditions)
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
    blocks += [
        Text(_reproduce(judgement, run_info), "small"),
        Text(reproduce(judgement, run_info), "command"),
    ]
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
    """Why, where a claim is left open: it belongs to its line."""
    return (Plain(f"Undecided: {judgement.decision.reason}"),) if judgement.verdict == "inconclusive" else ()


def _reproduce(judgement: Judgement, run_info: Mapping[str, Any]) -> str:
    """`reproduce (its runs took 12 s here):`"""
    took = (run_info.get("timings") or {}).get("experiments", {}).get(judgement.claim.experiment.id)
    return (
        f"reproduce (its runs took {max(1, math.ceil(took))} s of computing here):" if took else "reproduce:"
    )


def traits(judgement: Judgement) -> dict[str, str]:
    """What claims are filtered by."""
    claim = judgement.claim
    return {
        "verdict": judgement.verdict,
        "region": region_word(judgement) or "none",
        "role": claim.role,
        "provenance": claim.provenance,
    }
