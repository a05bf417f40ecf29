"""A table of a paper's own, written as csv beside its report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from theory.experiment import Experiment

__all__ = ["Table"]


@dataclass(frozen=True)
class Table:
    """Rows that the runs of an experiment give.

    Args:
        name: of the file, without its ending.
        columns: headings in order.
        experiment: the runs, those of one of the paper's claims.
        measure: what one run gives, as one or several rows.
    """

    name: str
    columns: tuple[str, ...]
    experiment: Experiment
    measure: Callable[[Any], Iterable[Mapping[str, Any] | Sequence[Any]]]
