"""A figure a question: its curves over the clock, its maps, its events and quantities, from all its
claims."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.rules import Event, EventMap
from theory.two_stage.box import Grid
from verify.outcome import Judgement, MeasuredCurve, Verification
from verify.report.answers import Answer, answers
from verify.report.figures.event_map import Cell, by_panel, cells, draw_panel
from verify.report.figures.style import VERDICT_COLOURS, VERDICT_MARKERS, FigureSpec, panels, plain_text
from verify.statistics.intervals import mean_interval, rate_interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures"]

_COLOURS = ("#332288", "#CC6677", "#117733", "#DDAA33", "#6699CC", "#AA4499")
_CAPTION = (
    "Lines and large points are means over independent runs with 95 % intervals (dark bands, bars); light "
    "bands"
    " and small points show the runs themselves, from the 10 to the 90 % quantile. Shares of events have "
    "exact"
    " intervals; the dotted line is what the claim asks for."
)


def figures(verification: Verification) -> list[FigureSpec]:
    """One for each answered question."""
    return [
        FigureSpec(answer.figure, answer.asked, _CAPTION, partial(_draw, answer))
        for answer in answers(verification)
    ]


def _draw(answer: Answer, _: Verification) -> Figure | None:
    """Panels in the order curves, maps, events; None without any."""
    jobs: list[tuple[Any, ...]] = [(_curve, c) for c in answer.curves if c.runs]
    judged = [j for j in answer.judgements if j.judged]
    for judgement in judged:
        on_grid = isinstance(judgement.claim.experiment.place, Grid)
        made = cells(judgement) if on_grid and isinstance(judgement.claim.rule, EventMap) else []
        if len({cell.labels for cell in made}) > 2:
            jobs += [(draw_panel, judgement, value, group) for value, group in by_panel(made).items()]
            jobs += [(draw_panel, judgement, None, over) for over in (_over_n_squared(made),) if over]
    events = [j for j in judged if isinstance(j.claim.rule, Event)]
    if len(events) > 1 or (events and not jobs):  # one share is a sentence, no panel
        jobs.append((_shares, events, _labels(answer, events)))
    if not jobs:
        return None
    figure, axes = panels(len(jobs), 2 if len(jobs) in (2, 4) else 3, height=3.1 if len(events) < 8 else 3.9)
    for ax, (draw, *arguments) in zip(axes, jobs, strict=True):
        draw(ax, *arguments)
    return figure


def _over_n_squared(made: Sequence[Cell]) -> list[Cell]:
    """Cells of a sweep of d/n at several n, over d/n^2 instead: which of the two makes curves agree."""
    out = []
    for cell in made:
        ratio, n = cell.at("d_over_n"), cell.at("n")
        if ratio is None or n is None:
            return []
        out.append(Cell((("d_over_n2", ratio / n), ("n", n)), cell.held, cell.judged))
    return out


def _labels(answer: Answer, events: Sequence[Judgement]) -> list[str]:
    """The words of each claim, or its id without what all share; what differs is added to equal ones."""
    split = [j.claim.id.split(".") for j in events]
    shared = 0
    while all(len(s) > shared + 1 and s[shared] == split[0][shared] for s in split):
        shared += 1
    ids = [" ".join(s[shared:]).replace("_", " ") for s in split]
    words = [answer.words.get(j.claim.id) or text for j, text in zip(events, ids, strict=True)]
    return [
        f"{text}: {s[-1].replace('_', ' ')}" if words.count(text) > 1 else text
        for text, s in zip(words, split, strict=True)
    ]


def _curve(ax: Any, measured: MeasuredCurve) -> None:
    curve = measured.curve
    named = all(isinstance(place, str) for place in curve.at)
    for k, (name, values) in enumerate(measured.values.items()):
        draw = _cases if named else _over_clock if len(curve.at) > 12 else _points
        draw(ax, curve.at, values, name, _COLOURS[k % len(_COLOURS)], k)
    runs = f"{measured.runs} runs"
    ax.set_title(plain_text(f"{curve.title}\n{runs}"), loc="left")
    ax.set_ylabel(plain_text(curve.y_label))
    if curve.y_range is not None:
        low, high = curve.y_range
        ax.set_ylim(low - 0.03 * (high - low), high + 0.03 * (high - low))
    for name, value in curve.lines.items():
        ax.axhline(value, color="black", linewidth=0.9, linestyle=":", label=name or None)
    if not named:
        ax.set_xlabel(plain_text(curve.x_label))
    if len(measured.values) > 1:
        ax.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.19), ncols=1 + (len(measured.values) > 3))


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


def _shares(ax: Any, events: Sequence[Judgement], labels: Sequence[str]) -> None:
    """The share of runs in which each event held, with its exact interval."""
    for y, judgement in enumerate(reversed(events)):
        held = [bool(o.value) for o in judgement.judged]
        share = rate_interval(sum(held), len(held), 0.05)
        ax.errorbar(
            [share.value], [y], xerr=[[share.value - share.low], [share.high - share.value]],
            color=VERDICT_COLOURS[judgement.verdict], marker=VERDICT_MARKERS[judgement.verdict], markersize=5,
            capsize=2.5, linestyle="",
        )  # fmt: skip
        rule = judgement.claim.rule
        assert isinstance(rule, Event)
        ax.plot([1 - rule.delta] * 2, [y - 0.35, y + 0.35], color="black", linewidth=0.9, linestyle=":")
    wrapped = ["\n".join(textwrap.wrap(plain_text(text), 30)) for text in reversed(labels)]
    ax.set_yticks(range(len(events)), labels=wrapped)
    ax.set_ylim(-0.6, len(events) - 0.4)
    ax.set_xlim(-0.03, 1.03)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("share of runs")
    ax.set_title("how often the event held", loc="left")
