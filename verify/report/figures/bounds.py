"""Predicted against measured, for laws and bands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.rules import Band, FittedBand, Law
from verify.outcome import Judgement, Verification
from verify.report.figures.style import TEXT_COLOURS, FigureSpec, panels, short_id
from verify.rules.judge import Readout
from verify.rules.registry import read

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURE", "draw"]

_INSIDE, _OUTSIDE = "#0072B2", "#D55E00"


def draw(verification: Verification) -> Figure | None:
    """Laws as predicted against measured with the diagonal; bands as values between their ends."""
    found = []
    for judgement in verification.judgements:
        if not isinstance(judgement.claim.rule, (Law, Band, FittedBand)):
            continue
        points = [
            (o.setting.kappa_0, r)
            for o in judgement.judged
            if math.isfinite((r := read(judgement, o)).measured)
        ]
        if points:
            found.append((judgement, points))
    if not found:
        return None
    figure, axes = panels(len(found), 4, height=2.75, width=11.5)
    for ax, (judgement, points) in zip(axes, found, strict=True):
        if isinstance(judgement.claim.rule, Law):
            _law(ax, judgement, [r for _, r in points])
        else:
            _band(ax, judgement, points)
        ax.set_title(
            f"{short_id(judgement.claim.id, 36)}\n{judgement.verdict}", loc="left", fontsize=9,
            color=TEXT_COLOURS[judgement.verdict],
        )  # fmt: skip
    return figure


def _scatter(ax: Any, x: list[float], y: list[float], inside: list[bool]) -> None:
    for wanted, colour, marker in ((True, _INSIDE, "o"), (False, _OUTSIDE, "X")):
        chosen = [i for i, here in enumerate(inside) if here is wanted]
        ax.plot(
            [x[i] for i in chosen], [y[i] for i in chosen], linestyle="", marker=marker,
            markersize=3 if wanted else 5.5, color=colour, alpha=0.6 if wanted else 0.95,
            markeredgewidth=0,
        )  # fmt: skip


def _law(ax: Any, judgement: Judgement, readings: list[Readout]) -> None:
    rule = judgement.claim.rule
    assert isinstance(rule, Law)
    kept = [r for r in readings if r.measured > 0 and 0 < r.predicted < math.inf]
    if not kept:
        ax.text(0.5, 0.5, "no positive pair", transform=ax.transAxes, ha="center", color="#666666")
        return
    values = [v for r in kept for v in (r.measured, r.predicted)]
    ends = np.array([min(values) * 0.9, max(values) * 1.1])
    ax.fill_between(
        ends, ends / (1 + rule.margin), ends * (1 + rule.margin), color="#BBBBBB", alpha=0.5, linewidth=0
    )
    ax.plot(ends, ends, color="black", linewidth=0.8)
    _scatter(ax, [r.predicted for r in kept], [r.measured for r in kept], [r.holds for r in kept])
    if ends[1] > 8 * ends[0]:
        ax.set_xscale("log")
        ax.set_yscale("log")
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    ax.set_xlabel("predicted")
    ax.set_ylabel("measured")


def _band(ax: Any, judgement: Judgement, points: list[tuple[float, Readout]]) -> None:
    """Values over kappa_0: the parameter that separates the regimes."""
    readings = [r for _, r in points]
    kappa = [k for k, _ in points]
    low, high = readings[0].low, readings[0].high
    values = [r.measured for r in readings]
    finite_ends = [e for e in (low, high) if math.isfinite(e)]
    span = [*values, *finite_ends]
    if min(span) > 0 and max(span) > 20 * min(span):
        ax.set_yscale("log")
    _scatter(ax, kappa, values, [r.holds for r in readings])
    if max(kappa) > 3 * min(kappa):
        ax.set_xscale("log")
    else:
        centre = (max(kappa) * min(kappa)) ** 0.5
        ax.set_xlim(centre / 2, centre * 2)
    for end in finite_ends:
        ax.axhline(end, color="black", linewidth=0.8)
    bottom, top = ax.get_ylim()
    ax.axhspan(max(low, bottom), min(high, top), color="#BBBBBB", alpha=0.35, linewidth=0, zorder=0)
    ax.set_ylim(bottom, top)
    ax.set_xlabel(r"$\kappa_0$ of the run")
    ax.set_ylabel("measured")


FIGURE = FigureSpec(
    name="bounds",
    title="Predicted against measured",
    caption="Laws: each point is a run, the diagonal is exact agreement, the grey wedge the declared relative"
    " margin (which the rule applies to the mean, not to each run). Bands: values over kappa_0, the accepted"
    " range in grey. Orange crosses lie outside. A cloud far below the upper end is a loose bound.",
    draw=draw,
)
