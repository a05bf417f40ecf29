"""Cells: a claim that says "every" or "any" is also looked at in parts of its region, cut before any run.

A pooled rate hides a corner that always breaks. Cells are thirds of each coordinate and dimensionless group
of the planned settings, or the labelled cells of a grid as they are; only the plan cuts them. The claim's
p-value is `min(1, 2 min(p of the pool, Holm-smallest p of the cells))`: valid under the null that the rate is
at most delta in every cell, whatever the dependence between cells. Support is decided on the pool alone; the
least certified cell is told beside it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from theory.claim import Claim
from verify.outcome import Decision, Observation
from verify.rules.registry import decide, judge_of
from verify.rules.words import number_in_words
from verify.statistics.intervals import rate_upper

__all__ = ["WEAKEST_LEVEL", "Cell", "cell_end", "cell_in_words", "planned_cells", "with_cells"]

#: Of the one-sided upper limit that is told for the least certified cell.
WEAKEST_LEVEL = 0.05

#: A coordinate is cut in so many parts of equally many planned runs.
_PARTS = 3


@dataclass(frozen=True)
class Cell:
    """A part of the planned runs: its words and the indices of its runs; the coordinate that it is a third
    of, and the ends, None where it is open or no third."""

    name: str
    runs: frozenset[int]
    axis: str | None = None
    low: float | None = None
    high: float | None = None


def planned_cells(claim: Claim, planned: Sequence[Observation]) -> tuple[Cell, ...]:
    """The cells of the planned runs at which the claim is to be judged; () where there is one part only.

    Nothing measured enters: settings, labels and conditions alone.
    """
    judge, rule = judge_of(claim.rule), claim.rule
    kept = [o for o in planned if _admitted(claim, o)]
    place = claim.experiment.place
    if place.coordinates:
        shown = {c.name: c.shown for c in place.coordinates if c.shown}
        found = _thirds(kept, _numbers(place, kept), shown)
    else:
        kept = [o for o in kept if judge.claimed(rule, o.labels)]
        found = _labelled(kept)
    everything = frozenset(o.index for o in kept)
    cells: dict[frozenset[int], Cell] = {}
    for cell in found:
        if cell.runs and cell.runs != everything:
            cells.setdefault(cell.runs, cell)
    return tuple(cells.values())


def _admitted(claim: Claim, o: Observation) -> bool:
    """Whether the plan has the claim judged at this run: by its conditions, not by what came of it."""
    if not o.checks:
        return True
    if any(c.name not in claim.drops and not c.inside for c in o.checks):
        return False
    return not (claim.is_probe and all(c.inside for c in o.checks if c.name in claim.drops))


def _numbers(place: Any, planned: Sequence[Observation]) -> dict[str, list[float]]:
    """Coordinates of the place and groups of the setting, by name: a number a run."""
    out: dict[str, list[float]] = {}
    settings = [o.setting for o in planned]
    rows = [place.values_of(s) for s in settings]
    if rows and None not in rows:
        for c in place.coordinates:
            if c.low < c.high:
                out[c.name] = [float(row[c.name]) for row in rows]
    groups = [s.groups() for s in settings]
    for name in groups[0] if groups else ():
        values = [float(g.get(name, math.nan)) for g in groups]
        if name not in out and all(map(math.isfinite, values)):
            out[name] = values
    return out


def _thirds(
    planned: Sequence[Observation], numbers: Mapping[str, Sequence[float]], shown: Mapping[str, str]
) -> list[Cell]:
    """A cell a third of each of the numbers, in the words that readers see."""
    cells = []
    for name, values in numbers.items():
        ordered = sorted(values)
        n = len(ordered)
        if len(set(ordered)) < _PARTS or n < 2 * _PARTS:
            continue
        cuts = [-math.inf]
        for k in range(1, _PARTS):
            cut = ordered[math.ceil(k * n / _PARTS) - 1]
            # Equal values stay together; what they leave must be half of a part or more.
            apart, left = sum(cuts[-1] < v <= cut for v in ordered), sum(v > cut for v in ordered)
            if min(apart, left) >= n / (2 * _PARTS):
                cuts.append(cut)
        cuts.append(math.inf)
        for low, high in itertools.pairwise(cuts):
            runs = frozenset(o.index for o, v in zip(planned, values, strict=True) if low < v <= high)
            ends = (None if math.isinf(end) else end for end in (low, high))
            cells.append(Cell(_words(shown.get(name, name), low, high), runs, name, *ends))
    return cells


def _words(name: str, low: float, high: float) -> str:
    if math.isinf(low):
        return f"{name} up to {cell_end(high)}"
    if math.isinf(high):
        return f"{name} above {cell_end(low)}"
    return f"{name} {cell_end(low)} to {cell_end(high)}"


def cell_end(value: float) -> str:
    """An end of a cell, which may be far below any rate.

    >>> cell_end(12.345), cell_end(0.0), cell_end(1.4666e-05)
    ('12.3', '0', '1.47e-05')
    """
    return number_in_words(value) if value == 0 or abs(value) >= 1e-3 else f"{value:.3g}"


def _labelled(planned: Sequence[Observation]) -> list[Cell]:
    groups: dict[tuple[tuple[str, Any], ...], set[int]] = {}
    for o in planned:
        groups.setdefault(tuple(o.labels.items()), set()).add(o.index)
    return [Cell(", ".join(map(_label, labels)), frozenset(runs)) for labels, runs in groups.items()]


def _label(label: tuple[str, Any]) -> str:
    name, value = label
    return f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"


def with_cells(
    claim: Claim, decision: Decision, planned: Sequence[Observation]
) -> tuple[Decision, dict[str, Any] | None]:
    """The decision with its cells' part in the p-value, and the least certified cell.

    `planned` are all observations of the plan, judged or not. A cell that surely breaks refutes; a pool that
    refutes by less than half of its level no longer does. The cell told is the one with the largest upper
    limit of its violation rate: {"cell", "violations", "of", "upper"}, numbers of independent trials, with
    "axis", "low" and "high" where it is a third of a coordinate.
    """
    rule: Any = claim.rule
    judge = judge_of(rule)
    if not judge.in_cells or decision.p_value is None or decision.verdict not in _OPEN:
        return decision, None
    cells = planned_cells(claim, planned)
    if not cells:
        return decision, None
    judged = {o.index: o for o in planned if o.not_judged is None}
    found: list[tuple[float, Cell]] = []
    weakest: dict[str, Any] | None = None
    for cell in cells:
        seen = [judged[k] for k in sorted(cell.runs) if k in judged]
        if not seen:
            continue
        own = decide(rule, seen)
        found.append((1.0 if own.p_value is None else own.p_value, cell))
        trials = own.n_trials
        # A trial counts against the upper limit when any run of it violates; so decide_rate's own limit.
        broken = min(int(own.statistic.get("violations", 0)), trials)
        upper = rate_upper(broken, trials, WEAKEST_LEVEL) if trials else 1.0
        if weakest is None or upper > weakest["upper"]:
            weakest = {"cell": cell.name, "violations": broken, "of": trials, "upper": upper}
            if cell.axis is not None:
                weakest |= {"axis": cell.axis, "low": cell.low, "high": cell.high}
    if not found or weakest is None:
        return decision, None
    p_cell, worst = min(found, key=lambda item: item[0])
    p_cells = min(1.0, p_cell * len(found))
    pooled = decision.p_value
    p_value = min(1.0, 2 * min(pooled, p_cells))
    statistic = {
        **decision.statistic,
        "p_pooled": pooled,
        "p_cells": p_cells,
        "cells_looked_at": len(found),
        "p_cells_from": worst.name,
    }
    decision = replace(decision, p_value=p_value, statistic=statistic)
    decision = _decided(rule, decision, pooled, p_cells, worst.name)
    if decision.verdict == "supported":
        text = f" Weakest cell: {cell_in_words(rule, weakest, ',')} at 95 % confidence"
        text += (
            ": on average over the region; not certified cell by cell."
            if weakest["upper"] > float(rule.delta)
            else ": certified cell by cell."
        )
        decision = replace(decision, reason=decision.reason + text)
    return decision, weakest


def cell_in_words(rule: Any, weakest: Mapping[str, Any], after: str = ":") -> str:
    """The least certified cell with its count and limit. Of what is claimed to happen in a share of the runs
    (delta above 1/2) both are told of what happens; else of what violates the claim.

    >>> cell = {"cell": "n above 80", "violations": 55, "of": 63, "upper": 0.935}
    >>> from theory.rules import Event
    >>> cell_in_words(Event(delta=0.95), cell), cell_in_words(Event(), cell)
    ('n above 80: happens in 8 of 63, rate above 0.065', 'n above 80: 55 of 63 violate it, rate below 0.935')
    """
    broken, of, upper = weakest["violations"], weakest["of"], float(weakest["upper"])
    if float(rule.delta) > 0.5:
        count, limit = f"happens in {of - broken} of {of}", f"above {number_in_words(1 - upper)}"
    else:
        count, limit = f"{broken} of {of} violate it", f"below {number_in_words(upper)}"
    return f"{weakest['cell']}{after} {count}, rate {limit}"


#: Verdicts that cells may change or qualify.
_OPEN = ("supported", "refuted", "inconclusive")


def _decided(rule: Any, decision: Decision, pooled: float, p_cells: float, cell: str) -> Decision:
    assert decision.p_value is not None
    if decision.p_value < float(rule.alpha):
        if decision.verdict == "refuted" or 2 * p_cells >= float(rule.alpha):
            return decision
        reason = (
            f"In the cell {cell} the claim surely breaks (p = {p_cells:.2g} after Holm's correction over the"
            f" cells), whatever the pool says. {decision.reason}"
        )
        return replace(decision, verdict="refuted", reason=reason, needed=None, grade=None)
    if decision.verdict != "refuted":
        return decision
    reason = (
        f"{decision.reason} But half of the error level is kept for the cells, and p = {pooled:.2g} is not"
        f" below {float(rule.alpha) / 2:g}."
    )
    return replace(decision, verdict="inconclusive", reason=reason)
