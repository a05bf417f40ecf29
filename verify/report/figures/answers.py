"""A figure a question: its curves over the clock, its maps, its events and quantities, from all its
claims."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.rules import Event, EventMap
from verify.outcome import Judgement, MeasuredCurve, Verification
from verify.report.answers import Answer, answers
from verify.report.figures.event_map import MapPanel, draw_map, map_panels, on_grid
from verify.report.figures.style import (
    SERIES_COLOURS,
    VERDICT_COLOURS,
    VERDICT_MARKERS,
    FigureSpec,
    axis_names,
    grid_of_axes,
    legend_below,
    plain_text,
    short_id,
)
from verify.statistics.intervals import mean_interval, rate_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures"]

_CAPTION = (
    "Lines and large points are means over independent runs with 95 % intervals (dark bands, bars); light "
    "bands and small points show the runs themselves, from the 10 to the 90 % quantile. Shares of events "
    "have exact intervals; the dotted line is what the claim asks for."
)


@dataclass(frozen=True)
class _Share:
    """An event: in how many of its runs it held."""

    label: str
    held: int
    runs: int
    verdict: str
    declared: float


@dataclass(frozen=True)
class _Curve:
    """A measured curve without the functions that measured it."""

    title: str
    x_label: str
    y_label: str
    at: tuple[Any, ...]
    y_range: tuple[float, float] | None
    lines: Mapping[str, float]
    values: Mapping[str, Any]


def figures(verification: Verification) -> list[FigureSpec]:
    """One for each answered question that has anything to draw."""
    names = axis_names(verification)
    out = []
    for answer in answers(verification):
        curves, maps, shares = _parts(answer, names)
        if curves or maps or shares:
            draw = partial(_draw, curves, maps, shares)
            out.append(FigureSpec(answer.figure, answer.asked, _CAPTION, draw, answer.text))
    return out


def _parts(answer: Answer, names: Mapping[str, str]) -> tuple[list[_Curve], list[MapPanel], list[_Share]]:
    """Curves, maps and shares of events; a single share beside other panels is a sentence, no panel."""
    curves = [_curve_of(c) for c in answer.curves if c.runs]
    judged = [j for j in answer.judgements if j.judged]
    maps = [
        panel
        for j in judged
        if on_grid(j) and isinstance(j.claim.rule, EventMap)
        for panel in map_panels(j, names)
        if len(panel.cells) > 2
    ]
    events = [j for j in judged if isinstance(j.claim.rule, Event)]
    if len(events) == 1 and (curves or maps):
        events = []
    shares = [
        _Share(label, sum(bool(o.value) for o in j.judged), len(j.judged), j.verdict, 1 - j.claim.rule.delta)
        for j, label in zip(events, _labels(answer, events), strict=True)
        if isinstance(j.claim.rule, Event)
    ]
    return curves, maps, shares


def _curve_of(measured: MeasuredCurve) -> _Curve:
    c = measured.curve
    title = f"{c.title}\n{measured.runs} runs"
    return _Curve(title, c.x_label, c.y_label, c.at, c.y_range, c.lines, measured.values)


def _draw(curves: list[_Curve], maps: list[MapPanel], shares: list[_Share]) -> Figure:
    count = len(curves) + len(maps) + bool(shares)
    height = 3.1 if len(shares) < 8 else 3.9
    figure, axes = grid_of_axes(count, 2 if count in (2, 4) else 3, height=height)
    for ax, curve in zip(axes, curves, strict=False):
        _curve(ax, curve)
    for ax, panel in zip(axes[len(curves) :], maps, strict=False):
        draw_map(ax, panel)
    if shares:
        _shares(axes[-1], shares)
    return figure


def _labels(answer: Answer, events: Sequence[Judgement]) -> list[str]:
    """The words of each claim, or its id without what all share; what differs is added to equal ones."""
    split = [j.claim.id.split(".") for j in events]
    shared = 0
    while split and all(len(s) > shared + 1 and s[shared] == split[0][shared] for s in split):
        shared += 1
    ids = [short_id("." + ".".join(s[shared:] or s)) for s in split]
    words = [answer.words.get(j.claim.id) or text for j, text in zip(events, ids, strict=True)]
    return [
        f"{text}: {s[-1].replace('_', ' ')}" if words.count(text) > 1 else text
        for text, s in zip(words, split, strict=True)
    ]


def _curve(ax: Any, curve: _Curve) -> None:
    named = all(isinstance(place, str) for place in curve.at)
    for k, (name, values) in enumerate(curve.values.items()):
        draw = _cases if named else _over_clock if len(curve.at) > 12 else _points
        draw(ax, curve.at, values, name, SERIES_COLOURS[k % len(SERIES_COLOURS)], k)
    ax.set_title(plain_text(curve.title), loc="left")
    ax.set_ylabel(plain_text(curve.y_label))
    if curve.y_range is not None:
        low, high = curve.y_range
        ax.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))
    for name, value in curve.lines.items():
        ax.axhline(value, color="black", linewidth=0.9, linestyle=":", label=name or None)
    if not named:
        ax.set_xlabel(plain_text(curve.x_label))
    if len(curve.values) > 1:
        legend_below(ax, 1 + (len(curve.values) > 3), 8.5)


def _interval(column: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """Mean and 95 % interval of the numbers in a column."""
    kept = column[np.isfinite(column)]
    if not len(kept):
        return math.nan, math.nan, math.nan
    mean = mean_interval(kept, 0.05)
    return (mean.value, mean.low, mean.high) if len(kept) > 1 else (mean.value, math.nan, math.nan)


def _over_clock(ax: Any, at: Sequence[Any], values: Any, name: str, colour: str, k: int) -> None:
    mean, low, high = np.array([_interval(column) for column in values.T]).T
    some = np.isfinite(values).any(axis=0)
    spread = np.full((2, len(at)), np.nan)
    spread[:, some] = np.nanquantile(values[:, some], (0.1, 0.9), axis=0)
    ax.fill_between(at, *spread, color=colour, alpha=0.14, linewidth=0)
    ax.fill_between(at, low, high, color=colour, alpha=0.35, linewidth=0)
    ax.plot(at, mean, color=colour, linestyle=("-", "--", "-.", ":")[k % 4], label=name)


def _points(ax: Any, at: Sequence[Any], values: Any, name: str, colour: str, k: int) -> None:
    """A few places: the runs as small points, means with intervals as large ones."""
    mean, low, high = np.array([_interval(column) for column in values.T]).T
    for x, column in zip(at, values.T, strict=True):
        ax.plot([x] * len(column), column, linestyle="", marker=".", markersize=3, color=colour, alpha=0.35)
    ax.errorbar(at, mean, yerr=[mean - low, high - mean], color=colour, marker="o", markersize=4, capsize=2.5,
                linewidth=1.1, label=name)  # fmt: skip
    if min(at) > 0 and max(at) > 8 * min(at):
        ax.set_xscale("log")
        ax.set_xticks(at, labels=[f"{x:g}" for x in at])
        ax.minorticks_off()


def _cases(ax: Any, at: Sequence[Any], values: Any, name: str, colour: str, k: int) -> None:
    """A column of runs a case, the mean with its interval beside it."""
    for x, column in enumerate(values.T):
        kept = np.sort(column[np.isfinite(column)])
        # Spread sideways by rank, so that equal values stay visible and the picture repeats itself.
        aside = (np.arange(len(kept)) * 0.618) % 1 * 0.3 + 0.08
        ax.plot(x + aside, kept, linestyle="", marker=".", markersize=2.5, color=colour, alpha=0.35)
        mean, low, high = _interval(column)
        ax.errorbar(
            [x - 0.08], [mean], yerr=[[mean - low], [high - mean]], color=colour, marker="o", markersize=5,
            capsize=3, label=name if x == 0 else None,
        )  # fmt: skip
    ax.set_xticks(range(len(at)), labels=list(at))
    ax.set_xlim(-0.5, len(at) - 0.3)
    ax.grid(axis="x", visible=False)


def _shares(ax: Any, shares: Sequence[_Share]) -> None:
    """The share of runs in which each event held, with its exact interval."""
    for y, event in enumerate(reversed(shares)):
        share = rate_interval(event.held, event.runs, 0.05)
        ax.errorbar(
            [share.value], [y], xerr=[[share.value - share.low], [share.high - share.value]],
            color=VERDICT_COLOURS[event.verdict], marker=VERDICT_MARKERS[event.verdict], markersize=5,
            capsize=2.5, linestyle="",
        )  # fmt: skip
        ax.plot([event.declared] * 2, [y - 0.35, y + 0.35], color="black", linewidth=0.9, linestyle=":")
    wrapped = ["\n".join(textwrap.wrap(plain_text(event.label), 30)) for event in reversed(shares)]
    ax.set_yticks(range(len(shares)), labels=wrapped)
    ax.set_ylim(-0.6, len(shares) - 0.4)
    ax.set_xlim(-0.03, 1.03)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("share of runs")
    ax.set_title("how often the event held", loc="left")
