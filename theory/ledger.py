"""The ledger: all claims by id, checked for consistency; papers and users register through it alike."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from theory.claim import Claim

if TYPE_CHECKING:
    import networkx as nx

    from theory.paper import Paper

__all__ = ["Ledger", "builtin_ledger", "ledger_of"]


class Ledger:
    """Claims by id.

    Raises:
        ValueError: when an id is registered twice.
    """

    def __init__(self, claims: Iterable[Claim] = ()) -> None:
        self._claims: dict[str, Claim] = {}
        for claim in claims:
            self.register(claim)

    def register(self, claim: Claim) -> Claim:
        """Add a claim; its id must be new."""
        if not isinstance(claim, Claim):
            raise ValueError(f"only a Claim can be registered, was {type(claim).__name__}")
        if claim.id in self._claims:
            raise ValueError(f"claim id {claim.id!r} is registered already")
        self._claims[claim.id] = claim
        return claim

    def __iter__(self) -> Iterator[Claim]:
        return iter(self._claims.values())

    def __len__(self) -> int:
        return len(self._claims)

    def __contains__(self, claim_id: object) -> bool:
        return claim_id in self._claims

    def __getitem__(self, claim_id: str) -> Claim:
        return self._claims[claim_id]

    def matching(self, patterns: Iterable[str]) -> list[Claim]:
        """Claims whose id matches any of the glob patterns, in ledger order.

        Raises:
            ValueError: when a pattern matches nothing.
        """
        wanted: set[str] = set()
        for pattern in patterns:
            found = fnmatch.filter(self._claims, pattern)
            if not found:
                near = difflib.get_close_matches(pattern, self._claims, 3)
                hint = f"; did you mean {', '.join(near)}?" if near else ""
                raise ValueError(f"no claim matches {pattern!r}{hint}")
            wanted.update(found)
        return [claim for claim in self if claim.id in wanted]

    def graph(self) -> nx.DiGraph:
        """The dependency graph: an edge from each claim to every claim that rests on it."""
        import networkx as nx

        graph = nx.DiGraph()
        graph.add_nodes_from(self._claims)
        for claim in self:
            graph.add_edges_from((parent, claim.id) for parent in claim.parents)
        return graph

    def check(self) -> None:
        """Raise ValueError when a parent does not exist or claims rest on each other in a circle."""
        for claim in self:
            for parent in claim.parents:
                if parent not in self._claims:
                    raise ValueError(f"claim {claim.id}: parent {parent!r} is not in the ledger")
        try:
            TopologicalSorter({claim.id: claim.parents for claim in self}).prepare()
        except CycleError as error:
            raise ValueError(f"claims rest on each other in a circle: {error.args[1][:-1]}") from None


def ledger_of(papers: Iterable[Paper]) -> Ledger:
    """The claims of papers.

    Raises:
        ValueError: when an id is registered twice, a parent is missing or claims rest on each other.
    """
    ledger = Ledger(claim for paper in papers for claim in paper.claims)
    ledger.check()
    return ledger


def builtin_ledger() -> Ledger:
    """The claims of every built-in paper that is not optional."""
    from theory.paper import find_papers

    return ledger_of(find_papers().values())
