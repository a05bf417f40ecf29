"""A numbered item of a paper, or a subject beyond it: what is stated, and the claims that test it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

__all__ = ["MOST_CLAIMS", "Item", "NumberTable", "check_items"]

#: Claims that the items of a paper may name together: a report shows each in a line, on a few pages.
MOST_CLAIMS = 40


@dataclass(frozen=True)
class NumberTable:
    """Numbers that a reader needs to use a statement, such as a threshold at some settings.

    Args:
        caption: what they are, and at which values of what is not in the table; plain text.
        head: of the columns.
        rows: as shown, each as long as the head.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if any(len(row) != len(self.head) for row in self.rows):
            raise ValueError(f"every row must have {len(self.head)} cells, as the head, were {self.rows!r}")


@dataclass(frozen=True)
class Item:
    """One heading of the report.

    Args:
        name: "Theorem 4.1 (Stage I)".
        claims: ids of the claims that test it, in the order in which they are shown.
        words: what is stated, in the paper's own words as far as they are known; text with $formulas$. ""
            where the claims say it themselves.
        beyond: whether it is no statement of the paper but a sharper or further one, found here.
        numbers: what a reader needs to use it, computed when a report is written; None for none.
    """

    name: str
    claims: tuple[str, ...]
    words: str = ""
    beyond: bool = False
    numbers: Callable[[], NumberTable] | None = None


def check_items(paper: str, items: Iterable[Item]) -> None:
    """Raise unless every item has a name and claims, none named twice, and few enough in all.

    Raises:
        ValueError: naming the paper and the item.

    >>> check_items("coin", [Item("Lemma 1", ("coin.fair",)), Item("Lemma 2", ("coin.fair",))])
    Traceback (most recent call last):
    ...
    ValueError: paper coin: item 'Lemma 2' names coin.fair, as another item does
    """
    named = set[str]()
    for item in items:
        if not item.name.strip() or not item.claims:
            raise ValueError(f"paper {paper}: an item needs a name and claims, was {item!r}")
        for claim in item.claims:
            if claim in named:
                raise ValueError(f"paper {paper}: item {item.name!r} names {claim}, as another item does")
            named.add(claim)
    if len(named) > MOST_CLAIMS:
        raise ValueError(f"paper {paper}: items may name {MOST_CLAIMS} claims in all, were {len(named)}")
