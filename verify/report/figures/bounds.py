"""Predicted against measured, for laws and bands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.rules import Band, FittedBand, Law
from theory.source import PROVENANCES
from verify.outcome import Judgement, Observation, Verification
from verify.report.figures.style import (
    TEXT_COLOURS,
    FigureSpec,
    axis_names,
    grid_of_axes,
    plain_text,
    readable_log_ticks,
    short_id,
)
from verify.rules.judge import Readout
from verify.rules.registry import read

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures"]

_MOST = 6
_ORDER = "those not supported first, then the paper's own"
_CAPTION = (
    "Laws: each point is a run, the diagonal is exact agreement, the grey wedge the declared relative margin "
    "(which the rule applies to {centre}, not to each run). Bands: values over the group that differs most "
    "between the runs, the accepted range in grey. Orange crosses lie outside. A cloud far below the upper "
    "end is a loose bound."
)

_INSIDE, _OUTSIDE = "#0072B2", "#D55E00"


@dataclass(frozen=True)
class _Shown:
    """One claim: its readings over where they were made; `margin` is a law's, None for a band, and
    `of` the centre that it is of."""

    title: str
    verdict: str
    margin: float | None
    x_name: str
    x: tuple[float, ...]
    readings: tuple[Readout, ...]
    of: str = ""


def figures(verification: Verification) -> list[FigureSpec]:
    """Laws as predicted against measured with the diagonal; bands as values between their ends."""
    names = axis_names(verification)
    found, said = [], []
    for judgement in sorted(verification.judgements, key=_weight):
        if not isinstance(judgement.claim.rule, (Law, Band, FittedBand)):
            continue
        points = [(o, r) for o in judgement.judged if math.isfinite((r := read(judgement, o)).measured)]
        if len(points) < 2:
            continue
        found.append(_shown(judgement, points, names))
        said.append(f"{judgement.claim.id}: {judgement.decision.reason}")
    if not found:
        return []
    caption = _CAPTION.format(centre=_centre(found))
    if len(found) > _MOST:
        caption = f"{caption} {_MOST} of {len(found)}: {_ORDER}."
    draw = partial(_draw, found[:_MOST])
    alt = "; ".join(said[:_MOST])
    return [FigureSpec("bounds", "Do laws and bands hold run by run?", caption, draw, alt)]


def _centre(shown: Sequence[_Shown]) -> str:
    """What the rules of the laws shown apply their margins to: `mean`, `median`, or either."""
    of = {s.of for s in shown if s.of}
    return f"the {of.pop()}" if len(of) == 1 else "their median or mean" if of else "the median"


def _weight(judgement: Judgement) -> tuple[int, int]:
    """What a reader wants to see first."""
    order = ("refuted", "inconclusive", "supported")
    verdict = order.index(judgement.verdict) if judgement.verdict in order else len(order)
    return verdict, PROVENANCES.index(judgement.claim.provenance)


def _shown(judgement: Judgement, points: list[tuple[Observation, Readout]], names: Any) -> _Shown:
    rule = judgement.claim.rule
    name, x = _widest([o for o, _ in points])
    return _Shown(
        short_id(judgement.claim.id, 34), judgement.verdict, rule.margin if isinstance(rule, Law) else None,
        names.get(name, name.replace("_", " ")), x, tuple(r for _, r in points),
        rule.of if isinstance(rule, Law) else "",
    )  # fmt: skip


def _widest(observations: list[Observation]) -> tuple[str, tuple[float, ...]]:
    """The group (field, where there are none) that differs most between the runs, by ratio, and its values;
    the number of the run where none does."""
    settings = [o.setting for o in observations]
    groups = [
        s.groups() or {k: v for k, v in s.as_dict().items() if not isinstance(v, str)} for s in settings
    ]
    best, ratio = "run", 1.0
    for name in groups[0]:
        values = [float(g.get(name, 0.0)) for g in groups]
        if min(values) > 0 and max(values) / min(values) > ratio * (1 + 1e-9):
            best, ratio = name, max(values) / min(values)
    if best == "run":
        return best, tuple(float(o.index) for o in observations)
    return best, tuple(float(g[best]) for g in groups)


def _draw(found: list[_Shown]) -> Figure:
    figure, axes = grid_of_axes(len(found), 4, height=2.75, width=11.5)
    for ax, shown in zip(axes, found, strict=True):
        if shown.margin is not None:
            _law(ax, shown.margin, list(shown.readings))
        else:
            _band(ax, shown)
        ax.set_title(
            f"{shown.title}\n{shown.verdict}", loc="left", fontsize=9, color=TEXT_COLOURS[shown.verdict]
        )
    return figure


def _scatter(ax: Any, x: list[float], y: list[float], inside: list[bool]) -> None:
    for wanted, colour, marker in ((True, _INSIDE, "o"), (False, _OUTSIDE, "X")):
        chosen = [i for i, here in enumerate(inside) if here is wanted]
        ax.plot(
            [x[i] for i in chosen], [y[i] for i in chosen], linestyle="", marker=marker,
            markersize=3 if wanted else 5.5, color=colour, alpha=0.6 if wanted else 0.95,
            markeredgewidth=0,
        )  # fmt: skip


def _law(ax: Any, margin: float, readings: list[Readout]) -> None:
    kept = [r for r in readings if r.measured > 0 and 0 < r.predicted < math.inf]
    if not kept:
        ax.text(0.5, 0.5, "no positive pair", transform=ax.transAxes, ha="center", color="#666666")
        return
    values = [v for r in kept for v in (r.measured, r.predicted)]
    ends = np.array([min(values) * 0.9, max(values) * 1.1])
    ax.fill_between(ends, ends / (1 + margin), ends * (1 + margin), color="#BBBBBB", alpha=0.5, linewidth=0)
    ax.plot(ends, ends, color="black", linewidth=0.8)
    _scatter(ax, [r.predicted for r in kept], [r.measured for r in kept], [r.holds for r in kept])
    if ends[1] > 8 * ends[0]:
        ax.set_xscale("log")
        ax.set_yscale("log")
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    if 8 * ends[0] < ends[1] < 100 * ends[0]:
        readable_log_ticks(ax.xaxis, ax.yaxis)
    ax.set_xlabel("predicted")
    ax.set_ylabel("measured")


def _band(ax: Any, shown: _Shown) -> None:
    readings, x = list(shown.readings), list(shown.x)
    low, high = readings[0].low, readings[0].high
    values = [r.measured for r in readings]
    finite_ends = [e for e in (low, high) if math.isfinite(e)]
    span = [*values, *finite_ends]
    if min(span) > 0 and max(span) > 20 * min(span):
        ax.set_yscale("log")
    _scatter(ax, x, values, [r.holds for r in readings])
    if min(x) > 0 and max(x) > 3 * min(x):
        ax.set_xscale("log")
    for end in finite_ends:
        ax.axhline(end, color="black", linewidth=0.8)
    bottom, top = ax.get_ylim()
    ax.axhspan(max(low, bottom), min(high, top), color="#BBBBBB", alpha=0.35, linewidth=0, zorder=0)
    ax.set_ylim(bottom, top)
    ax.set_xlabel(plain_text(shown.x_name))
    ax.set_ylabel("measured")
