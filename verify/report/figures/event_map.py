"""Probability of events over a grid of settings."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from theory.place import Cells
from theory.rules import Event, EventMap
from verify.outcome import Judgement, Verification
from verify.report.figures.style import (
    SERIES_COLOURS,
    FigureSpec,
    axis_names,
    grid_of_axes,
    legend_below,
    plain_text,
    short_id,
)
from verify.rules.registry import read
from verify.statistics.intervals import rate_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Cell", "MapPanel", "cells", "draw_map", "figures", "map_panels", "on_grid"]

_MARKERS = ("o", "s", "^", "D", "v", "P")
#: Panels of one figure; claims are shown whole.
_MOST = 6
#: Runs of a cell, in the median: of fewer an interval reaches over most of [0, 1].
_LEAST = 8
#: Least distance of two labels, as a share of the axis.
_APART = 0.075
_CAPTION = (
    "Probability of each event over the grid, with exact 95 % intervals. The dotted line is the declared "
    "probability, a dashed one the threshold from which it is claimed: where the curves leave it is the edge "
    "of the regime. Hollow grey markers are cells that lie outside the conditions of the claim (or, for a "
    "probe, inside the dropped one) and were not judged."
)


@dataclass(frozen=True)
class Cell:
    """A grid cell: its labels, how many judged runs, in how many the event held."""

    labels: tuple[tuple[str, float], ...]
    held: int
    judged: int

    def at(self, name: str | None) -> float | None:
        """A coordinate."""
        return dict(self.labels).get(name) if name is not None else None


def cells(judgement: Judgement) -> list[Cell]:
    """The cells of a claim whose observations are true or false; empty for any other."""
    groups: dict[tuple[tuple[str, float], ...], list[bool | None]] = {}
    for o in judgement.observations:
        holds: bool | None = None
        if o.not_judged is None:
            holds = read(judgement, o).holds
        groups.setdefault(tuple(o.labels.items()), []).append(holds)
    return [
        Cell(labels, sum(v is True for v in values), sum(v is not None for v in values))
        for labels, values in groups.items()
    ]


@dataclass(frozen=True)
class MapPanel:
    """One panel: shares over the widest label `x`, a curve for each value of `series`; `threshold` is where
    on x the event is claimed from."""

    title: str
    cells: tuple[Cell, ...]
    x: str
    series: str | None
    declared: float
    threshold: float | None
    names: Mapping[str, str]

    def name(self, label: str) -> str:
        """How a label is written."""
        return self.names.get(label, label.replace("_", " "))


def on_grid(judgement: Judgement) -> bool:
    """Whether it is an event judged over cells that are no sweep."""
    place = judgement.claim.experiment.place
    return (
        isinstance(place, Cells) and not place.paired and isinstance(judgement.claim.rule, (Event, EventMap))
    )


def map_panels(judgement: Judgement, names: Mapping[str, str]) -> list[MapPanel]:
    """The panels of an event on a grid: the label with most values along x, the next one as series, a panel
    for each value of the others. A label that only says x otherwise (n/d beside d/n) is none of them. Empty
    where no cell was judged."""
    made = [c for c in cells(judgement) if c.labels]
    rule = judgement.claim.rule
    if isinstance(rule, EventMap) and rule.axis_text:
        names = {**names, rule.axis: rule.axis_text}
    if not any(c.judged for c in made) or not isinstance(rule, (Event, EventMap)):
        return []
    values: dict[str, set[float]] = {}
    for cell in made:
        for name, value in cell.labels:
            values.setdefault(name, set()).add(value)
    axis = rule.axis if isinstance(rule, EventMap) else ""
    order = sorted(values, key=lambda name: (-len(values[name]), name != axis))
    order = [name for name in order if name == order[0] or not _follows(made, name, order[0])]
    series = order[1] if len(order) > 1 and len(values[order[1]]) > 1 else None
    threshold = rule.threshold if isinstance(rule, EventMap) and rule.axis == order[0] else None
    groups: dict[tuple[tuple[str, float], ...], list[Cell]] = {}
    for cell in made:
        groups.setdefault(tuple((n, v) for n, v in cell.labels if n in order[2:]), []).append(cell)
    out = []
    for where, group in sorted(groups.items()):
        at = ", ".join(f"{names.get(n, n.replace('_', ' '))} = {v:g}" for n, v in where)
        title = short_id(judgement.claim.id, 42) + (f"\n{at}" if at else "")
        out.append(MapPanel(title, tuple(group), order[0], series, 1 - rule.delta, threshold, names))
    return out


def _follows(made: Sequence[Cell], label: str, other: str) -> bool:
    """Whether two labels, each of several values, tell each other."""
    pairs = {(c.at(label), c.at(other)) for c in made}
    ours, theirs = {a for a, _ in pairs}, {b for _, b in pairs}
    return len(pairs) == len(ours) == len(theirs) > 1


def figures(verification: Verification) -> list[FigureSpec]:
    """A panel for each event on a grid, several where the grid has more than two labels."""
    names = axis_names(verification)
    # The maps of a question stand in its own figure.
    asked = {claim for question in verification.questions for claim in question.claims}
    judged = [j for j in verification.judgements if on_grid(j) and j.claim.id not in asked]
    found = [(j, panels) for j in judged if _known(panels := map_panels(j, names))]
    if not found:
        return []
    # Edges of a regime first, then what is not supported: it shows most.
    found.sort(key=lambda f: (not isinstance(f[0].claim.rule, EventMap), f[0].verdict == "supported"))
    shown: list[tuple[Judgement, list[MapPanel]]] = []
    for judgement, panels in found:
        if not shown or sum(len(p) for _, p in shown) + len(panels) <= _MOST:
            shown.append((judgement, panels))
    alt = "; ".join(f"{j.claim.id}: {j.decision.reason}" for j, _ in shown)
    edges = any(isinstance(j.claim.rule, EventMap) for j, _ in shown)
    title = (
        "Where do events happen, on grids that no question shows?" if asked else "Where do the events happen?"
    )
    caption = _CAPTION if len(shown) == len(found) else f"{_CAPTION} {len(shown)} of {len(found)} claims."
    return [FigureSpec("event_map", title, caption, partial(_draw, [p for _, p in shown]), alt, lead=edges)]


def _known(panels: Sequence[MapPanel]) -> bool:
    """Whether the judged cells have runs enough for a share to say something."""
    counts = [c.judged for panel in panels for c in panel.cells if c.judged]
    return bool(counts) and statistics.median(counts) >= _LEAST


def _draw(rows: list[list[MapPanel]]) -> Figure:
    panels: list[MapPanel | None]
    widest = max(len(row) for row in rows)
    if widest in (2, 3):  # an event a row, so that its panels can be compared side by side
        panels = [panel for row in rows for panel in [*row, *[None] * (widest - len(row))]]
    else:
        panels = [panel for row in rows for panel in row]
    figure, axes = grid_of_axes(len(panels), widest if widest in (2, 3) else 3, height=2.9)
    for ax, panel in zip(axes, panels, strict=True):
        if panel is None:
            ax.remove()
        else:
            draw_map(ax, panel)
    return figure


def draw_map(ax: Any, panel: MapPanel) -> None:
    """Shares over the widest label, a curve for each value of the next one."""
    series: dict[float | None, list[Cell]] = {}
    for cell in panel.cells:
        series.setdefault(cell.at(panel.series), []).append(cell)
    xs = sorted({x for c in panel.cells if (x := c.at(panel.x)) is not None})
    if min(xs) > 0 and max(xs) > 8 * min(xs):
        ax.set_xscale("log")
    if len(xs) <= 9:
        ax.set_xticks(xs, labels=_tick_labels(xs, ax.get_xscale() == "log"))
        ax.minorticks_off()
    for i, (key, members) in enumerate(sorted(series.items(), key=lambda item: item[0] or 0.0)):
        members.sort(key=lambda c: c.at(panel.x) or 0.0)
        label = None if key is None else plain_text(f"{panel.name(panel.series or '')} = {key:g}")
        # Series side by side: equal shares, 1 above all, would hide each other.
        shift = (i - (len(series) - 1) / 2) * 0.012
        colour, marker = SERIES_COLOURS[i % len(SERIES_COLOURS)], _MARKERS[i % len(_MARKERS)]
        _curve(ax, members, panel.x, shift, colour, marker, label)
    some = any(c.judged for c in panel.cells)
    if not some:
        ax.text(0.5, 0.5, "outside the conditions:\nnot judged here", transform=ax.transAxes, ha="center",
                va="center", color="#666666")  # fmt: skip
    ax.axhline(panel.declared, color="black", linewidth=0.8, linestyle=":")
    if panel.threshold is not None:
        ax.axvline(panel.threshold, color="black", linewidth=0.8, linestyle="--")
    ax.set_ylim(-0.04, 1.06)
    ax.set_title(plain_text(panel.title), loc="left")
    ax.set_xlabel(plain_text(panel.name(panel.x)))
    ax.set_ylabel("probability")
    if panel.series is not None and some:
        legend_below(ax, 3, 7.5)


def _tick_labels(xs: Sequence[float], log: bool) -> list[str]:
    """A label a place, "" where it would overprint the one before.

    >>> _tick_labels([0.2, 0.35, 0.5, 0.6, 0.7, 2.0], True)
    ['0.2', '0.35', '0.5', '', '0.7', '2']
    """
    places = [math.log(x) if log else x for x in xs]
    span, shown, labels = places[-1] - places[0] or 1.0, -math.inf, []
    for x, place in zip(xs, places, strict=True):
        far = place - shown >= 1.3 * _APART * span
        labels.append(f"{x:.4g}" if far else "")
        shown = place if far else shown
    return labels


def _curve(
    ax: Any, members: list[Cell], x_name: str, shift: float, colour: str, marker: str, label: str | None
) -> None:
    judged = [c for c in members if c.judged]
    x = [(c.at(x_name) or 0.0) * (1 + shift) for c in judged]
    y = [c.held / c.judged for c in judged]
    limits = [rate_interval(c.held, c.judged, 0.05) for c in judged]
    error = [
        [max(0.0, p - e.low) for p, e in zip(y, limits, strict=True)],
        [max(0.0, e.high - p) for p, e in zip(y, limits, strict=True)],
    ]
    ax.errorbar(
        x, y, yerr=error, color=colour, marker=marker, markersize=4, linewidth=1.1, elinewidth=0.8,
        capsize=2, label=label,
    )  # fmt: skip
    silent = [(c.at(x_name) or 0.0) * (1 + shift) for c in members if not c.judged]
    ax.plot(silent, [0.0] * len(silent), linestyle="", marker=marker, markersize=4, color="#8C8C8C",
            markerfacecolor="none")  # fmt: skip
