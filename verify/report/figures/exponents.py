"""Measured power laws against the claimed exponents."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.rules import Exponent
from verify.outcome import Judgement, Verification
from verify.report.figures.style import PARAMETER_NAMES, TEXT_COLOURS, FigureSpec, panels, short_id
from verify.statistics.trials import as_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURE", "draw", "sweep_curves"]

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


def draw(verification: Verification) -> Figure | None:
    """A panel for each exponent: replicates, mean line, and the claimed slope with its margin."""
    found = [
        (j, curves)
        for j in verification.judgements
        if isinstance(j.claim.rule, Exponent) and (curves := sweep_curves(j))
    ]
    if not found:
        return None
    figure, axes = panels(len(found), 3, height=2.9)
    for ax, (judgement, curves) in zip(axes, found, strict=True):
        _panel(ax, judgement, curves)
    return figure


def _panel(ax: Any, judgement: Judgement, curves: list[Curve]) -> None:
    rule = judgement.claim.rule
    assert isinstance(rule, Exponent)
    x = np.log([v for xs, _ in curves for v in xs])
    y = np.log([v for _, ys in curves for v in ys])
    centre_x, centre_y = float(x.mean()), float(y.mean())
    grid = np.linspace(float(x.min()), float(x.max()), 50)

    def line(slope: float) -> Any:
        return np.exp(centre_y + slope * (grid - centre_x))

    ends = np.array([line(rule.value - rule.margin), line(rule.value + rule.margin)])
    ax.fill_between(np.exp(grid), ends.min(axis=0), ends.max(axis=0), color="#BBBBBB", alpha=0.6,
                    linewidth=0, label=f"claimed {rule.value:g} ± {rule.margin:g}")  # fmt: skip
    for xs, ys in curves:
        ax.plot(xs, ys, color="#6699CC", linewidth=0.5, alpha=0.5, marker="o", markersize=2.4)
    statistic = judgement.decision.statistic
    mean, interval = as_number(statistic.get("mean")), statistic.get("interval")
    title = f"{short_id(judgement.claim.id, 44)}\n"
    if math.isfinite(mean):
        ax.plot(np.exp(grid), line(mean), color="#332288", label="mean measured slope")
        title += f"slope {mean:.3f}"
        if interval:
            title += f" [{interval[0]:.3f}, {interval[1]:.3f}]"
        title += ", "
    ax.set_title(title + judgement.verdict, loc="left", color=TEXT_COLOURS[judgement.verdict])
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(PARAMETER_NAMES.get(rule.parameter, rule.parameter))
    ax.set_ylabel("measured")
    _readable_log_ticks(ax)
    ax.legend(loc="best", fontsize=7.5)


def _readable_log_ticks(ax: Any) -> None:
    """Few labels: a sweep seldom spans a decade, where logarithmic minor labels would overlap."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for axis in (ax.xaxis, ax.yaxis):
        low, high = axis.get_view_interval()
        subs = (1.0, 2.0, 5.0) if high / low < 100 else (1.0,)
        axis.set_major_locator(LogLocator(subs=subs))
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
        axis.set_minor_formatter(NullFormatter())


FIGURE = FigureSpec(
    name="exponents",
    title="Exponents",
    caption="Each thin line is one replicate with the same draws along the sweep. The grey fan is the claimed"
    " slope with its declared margin; a supported exponent has its measured slope and interval inside.",
    draw=draw,
)
