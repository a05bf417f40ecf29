"""Probability of events over a grid of settings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from theory.rules import Event, EventMap
from theory.two_stage.box import Grid
from verify.outcome import Judgement, Verification
from verify.report.figures.style import PARAMETER_NAMES, FigureSpec, panels, plain_text, short_id
from verify.rules.registry import read
from verify.statistics.intervals import rate_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURE", "Cell", "by_panel", "cells", "draw", "draw_panel"]

_COLOURS = ("#332288", "#CC6677", "#117733", "#DDAA33", "#6699CC", "#AA4499")
_MARKERS = ("o", "s", "^", "D", "v", "P")
#: The label that gets its own panels: it separates the regimes.
_PANEL_LABEL = "kappa_0"


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


def draw(verification: Verification) -> Figure | None:
    """A row for each event on a grid, a panel for each kappa_0, the widest label along x."""
    found: list[tuple[Judgement, list[Cell]]] = []
    for judgement in verification.judgements:
        on_grid = isinstance(judgement.claim.experiment.place, Grid)
        if on_grid and isinstance(judgement.claim.rule, (Event, EventMap)):
            made = [c for c in cells(judgement) if c.labels]
            if any(c.judged for c in made):
                found.append((judgement, made))
    if not found:
        return None
    rows = [[(j, value, group) for value, group in by_panel(made).items()] for j, made in found]
    widest = max(len(row) for row in rows)
    if widest in (2, 3):  # an event a row, so that its panels can be compared side by side
        jobs = [job for row in rows for job in [*row, *[None] * (widest - len(row))]]
        figure, axes = panels(len(jobs), widest, height=2.9)
    else:
        jobs = [job for row in rows for job in row]
        figure, axes = panels(len(jobs), 3, height=2.9)
    for ax, job in zip(axes, jobs, strict=True):
        if job is None:
            ax.remove()
        else:
            draw_panel(ax, *job)
    return figure


def by_panel(made: list[Cell]) -> dict[float | None, list[Cell]]:
    """The cells of each kappa_0, None where cells carry none."""
    out: dict[float | None, list[Cell]] = {}
    for cell in made:
        out.setdefault(cell.at(_PANEL_LABEL), []).append(cell)
    return dict(sorted(out.items(), key=lambda item: -math.inf if item[0] is None else item[0]))


def _axes_labels(group: list[Cell]) -> tuple[str, str | None]:
    """The label with most values along x, the next one as series."""
    values: dict[str, set[float]] = {}
    for cell in group:
        for name, value in cell.labels:
            if name != _PANEL_LABEL:
                values.setdefault(name, set()).add(value)
    order = sorted(values, key=lambda name: -len(values[name]))
    if not order:
        return _PANEL_LABEL, None
    series = order[1] if len(order) > 1 and len(values[order[1]]) > 1 else None
    return order[0], series


def draw_panel(ax: Any, judgement: Judgement, value: float | None, group: list[Cell]) -> None:
    """Shares over the widest label, a curve for each value of the next one."""
    x_name, series_name = _axes_labels(group)
    series: dict[float | None, list[Cell]] = {}
    for cell in group:
        series.setdefault(cell.at(series_name), []).append(cell)
    xs = [x for c in group if (x := c.at(x_name)) is not None]
    if min(xs) > 0 and max(xs) > 8 * min(xs):
        ax.set_xscale("log")
    if len(set(xs)) <= 9:
        ax.set_xticks(sorted(set(xs)), labels=[f"{x:g}" for x in sorted(set(xs))])
        ax.minorticks_off()
    for i, (key, members) in enumerate(sorted(series.items(), key=lambda item: item[0] or 0.0)):
        members.sort(key=lambda c: c.at(x_name) or 0.0)
        label = None if key is None else f"{PARAMETER_NAMES.get(series_name or '', series_name)} = {key:g}"
        # Series side by side: equal shares, 1 above all, would hide each other.
        shift = (i - (len(series) - 1) / 2) * 0.012
        _curve(ax, members, x_name, shift, _COLOURS[i % len(_COLOURS)], _MARKERS[i % len(_MARKERS)], label)
    if not any(c.judged for c in group):
        ax.text(0.5, 0.5, "outside the conditions:\nnot judged here", transform=ax.transAxes, ha="center",
                va="center", color="#666666")  # fmt: skip
    rule = judgement.claim.rule
    if isinstance(rule, (Event, EventMap)):
        ax.axhline(1 - rule.delta, color="black", linewidth=0.8, linestyle=":")
    if isinstance(rule, EventMap) and rule.axis == x_name:
        ax.axvline(rule.threshold, color="black", linewidth=0.8, linestyle="--")
    ax.set_ylim(-0.04, 1.06)
    where = "" if value is None else f"\n{PARAMETER_NAMES[_PANEL_LABEL]} = {value:g}"
    ax.set_title(plain_text(short_id(judgement.claim.id) + where), loc="left")
    ax.set_xlabel(plain_text(PARAMETER_NAMES.get(x_name, x_name.replace("_", " "))))
    ax.set_ylabel("probability")
    if series_name is not None and any(c.judged for c in group):
        ax.legend(loc="lower right", frameon=True, framealpha=1.0, edgecolor="none")


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


FIGURE = FigureSpec(
    name="event_map",
    title="Where the events happen",
    caption="Probability of each event over the grid, with exact 95 % intervals. The dotted line is the"
    " declared probability, a dashed one the threshold from which it is claimed. Look for where the curves"
    " leave it: that is the edge of the regime. Hollow grey markers are cells that lie outside the"
    " conditions of the claim (or, for a probe, inside the dropped one) and were not judged.",
    draw=draw,
)
