"""Measured power laws against the claimed exponents."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.rules import Exponent
from verify.outcome import Judgement, Verification
from verify.report.figures.style import (
    TEXT_COLOURS,
    FigureSpec,
    axis_names,
    grid_of_axes,
    plain_text,
    readable_log_ticks,
    short_id,
)
from verify.statistics.trials import as_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures", "sweep_curves"]

_MOST = 6
#: Replicates that are drawn of each; the slope is of all.
_LINES = 8

_CAPTION = (
    "Each thin line is one replicate with the same draws along the sweep, at most eight. The grey fan is "
    "the claimed slope with its declared margin; a supported exponent has its measured slope and interval "
    "inside."
)

Curve = tuple[list[float], list[float]]


def sweep_curves(judgement: Judgement) -> list[Curve]:
    """(parameter, value) of each replicate and engine, positive finite values in order of the parameter."""
    rule = judgement.claim.rule
    assert isinstance(rule, Exponent)
    groups: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for o in judgement.judged:
        value = as_number(o.value)
        if 0 < value < math.inf:
            x = float(getattr(o.setting, rule.parameter))
            groups.setdefault((o.replicate, o.engine), []).append((x, value))
    return [([x for x, _ in sorted(g)], [v for _, v in sorted(g)]) for g in groups.values()]


@dataclass(frozen=True)
class _Slopes:
    """One exponent: replicates of the sweep, the claimed slope and the measured one."""

    title: str
    verdict: str
    parameter: str
    claimed: float
    margin: float
    mean: float
    interval: tuple[float, float] | None
    curves: tuple[Curve, ...]


def figures(verification: Verification) -> list[FigureSpec]:
    """A panel for each exponent: replicates, mean line, and the claimed slope with its margin."""
    names = axis_names(verification)
    found, said = [], []
    for judgement in verification.judgements:
        rule = judgement.claim.rule
        if not isinstance(rule, Exponent) or not (curves := sweep_curves(judgement)):
            continue
        statistic = judgement.decision.statistic
        interval = statistic.get("interval")
        found.append(
            _Slopes(
                short_id(judgement.claim.id, 44), judgement.verdict,
                names.get(rule.parameter, rule.parameter.replace("_", " ")), rule.value, rule.margin,
                as_number(statistic.get("mean")), tuple(interval) if interval else None, tuple(curves),
            )
        )  # fmt: skip
        said.append(f"{judgement.claim.id}: {judgement.decision.reason}")
    if not found:
        return []
    title = "Are the exponents those that are claimed?"
    # A supported one shows least: the others come first where not all find a place.
    order = sorted(range(len(found)), key=lambda k: found[k].verdict == "supported")[:_MOST]
    caption = _CAPTION if len(found) <= _MOST else f"{_CAPTION} {_MOST} of {len(found)}."
    draw = partial(_draw, [found[k] for k in sorted(order)])
    return [FigureSpec("exponents", title, caption, draw, "; ".join(said[k] for k in sorted(order)))]


def _draw(found: list[_Slopes]) -> Figure:
    figure, axes = grid_of_axes(len(found), 3, height=2.9)
    for ax, slopes in zip(axes, found, strict=True):
        _panel(ax, slopes)
    return figure


def _panel(ax: Any, slopes: _Slopes) -> None:
    x = np.log([v for xs, _ in slopes.curves for v in xs])
    y = np.log([v for _, ys in slopes.curves for v in ys])
    centre_x, centre_y = float(x.mean()), float(y.mean())
    grid = np.linspace(float(x.min()), float(x.max()), 50)

    def line(slope: float) -> Any:
        return np.exp(centre_y + slope * (grid - centre_x))

    ends = np.array([line(slopes.claimed - slopes.margin), line(slopes.claimed + slopes.margin)])
    ax.fill_between(np.exp(grid), ends.min(axis=0), ends.max(axis=0), color="#BBBBBB", alpha=0.6,
                    linewidth=0, label=f"claimed {slopes.claimed:g} ± {slopes.margin:g}")  # fmt: skip
    for xs, ys in slopes.curves[:_LINES]:
        ax.plot(xs, ys, color="#6699CC", linewidth=0.5, alpha=0.5, marker="o", markersize=2.4)
    title = f"{slopes.title}\n"
    if math.isfinite(slopes.mean):
        ax.plot(np.exp(grid), line(slopes.mean), color="#332288", label="mean measured slope")
        title += f"slope {slopes.mean:.3f}"
        if slopes.interval:
            title += f" [{slopes.interval[0]:.3f}, {slopes.interval[1]:.3f}]"
        title += ", "
    ax.set_title(title + slopes.verdict, loc="left", color=TEXT_COLOURS[slopes.verdict])
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(plain_text(slopes.parameter))
    ax.set_ylabel("measured")
    readable_log_ticks(ax.xaxis, ax.yaxis)
    ax.legend(loc="best", fontsize=7.5)
