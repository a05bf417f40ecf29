"""The main claims of a report, under the headings of the paper's items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from theory.item import MOST_CLAIMS, NumberTable
from verify.outcome import Judgement, Verification

__all__ = ["Heading", "headings"]


@dataclass(frozen=True)
class Heading:
    """An item of the paper with the claims of it that were asked for."""

    name: str
    words: str
    judgements: tuple[Judgement, ...]
    beyond: bool = False
    numbers: Callable[[], NumberTable] | None = None


def headings(verification: Verification) -> tuple[Heading, ...]:
    """The items that the paper names; without any the claims by their source, the paper's own first,
    `MOST_CLAIMS` in all."""
    by_id = {j.claim.id: j for j in verification.judgements}
    named = [
        Heading(
            item.name,
            item.words,
            tuple(by_id[c] for c in item.claims if c in by_id),
            item.beyond,
            item.numbers,
        )
        for paper in verification.papers
        for item in paper.items
    ]
    found = tuple(heading for heading in named if heading.judgements)
    return found or _by_source(verification.judgements)


def _by_source(judgements: Sequence[Judgement]) -> tuple[Heading, ...]:
    own = [j for j in judgements if j.claim.provenance == "paper"]
    others = [j for j in judgements if j.claim.provenance != "paper"]
    groups: dict[str, list[Judgement]] = {}
    for judgement in [*own, *others][:MOST_CLAIMS]:
        groups.setdefault(str(judgement.claim.source), []).append(judgement)
    return tuple(Heading(name, "", tuple(group)) for name, group in groups.items())
