"""Panels as papers give them: lines, bands, estimates with intervals, histograms."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.exhibit import Panel, Series
from verify.outcome import Verification
from verify.report.figures.style import (
    ROLE_COLOURS,
    ROLE_MARKERS,
    FigureSpec,
    draw_marks,
    grid_of_axes,
    legend_below,
    plain_text,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw", "figures"]

_BINS = 36
#: Of lines across, in their order.
_DASHES = (":", "-.", (0, (5, 3)))


def figures(verification: Verification) -> list[FigureSpec]:
    """One an exhibit."""
    return [
        FigureSpec(
            f"exhibit_{e.id}", f"What does one run show? {e.title}", e.caption, partial(draw, e.panels),
            f"{e.title}: {'; '.join(p.title.replace(chr(10), ', ') for p in e.panels)}. {e.caption}",
            lead=k == 0,
        )
        for k, e in enumerate(verification.exhibits)
        if e.panels
    ]  # fmt: skip


def draw(panels: tuple[Panel, ...]) -> Figure:
    """The panels side by side."""
    figure, axes = grid_of_axes(len(panels), 2 if len(panels) in (2, 4) else 3, height=3.5)
    # Names of marks stand between axes and title: titles of a row stay in line.
    pad = 28 if any(panel.marks for panel in panels) else 6
    for ax, panel in zip(axes, panels, strict=True):
        draw_panel(ax, panel, pad)
    return figure


def draw_panel(ax: Any, panel: Panel, pad: float = 28) -> None:
    """One panel on its axes, its legend below them: inside it would hide curves."""
    if "x" in panel.log:
        ax.set_xscale("log")
    if "y" in panel.log:
        ax.set_yscale("log")
    edges = _edges(panel)
    for k, series in enumerate(panel.series):
        _series(ax, series, edges, 1 + 0.07 * (k - (len(panel.series) - 1) / 2))
    for k, (name, value) in enumerate(panel.lines.items()):
        dashes = _DASHES[k % len(_DASHES)] if name else "-"
        ax.axhline(value, color="black", linewidth=0.9, linestyle=dashes, label=name or None)
    if panel.y_range is not None:
        low, high = (None if np.isnan(end) else end for end in panel.y_range)
        ax.set_ylim(low, high)
    draw_marks(ax, panel.marks)
    lines = panel.title.count("\n")
    ax.set_title(plain_text(panel.title), loc="left", pad=pad, fontsize=9.5 - lines)
    ax.set_xlabel(plain_text(panel.x))
    ax.set_ylabel(plain_text(panel.y))
    names = ax.get_legend_handles_labels()[1]
    if names:
        # Long names one below the other: two columns of them are wider than the axes.
        columns = 2 if max(map(len, names)) <= 22 and len(names) > 1 else 1
        legend_below(ax, columns, 8)


def _edges(panel: Panel) -> np.ndarray[Any, Any] | None:
    """Bins that all histograms of a panel share."""
    values = [s.arrays()[0] for s in panel.series if s.kind == "histogram"]
    kept = np.concatenate([v[np.isfinite(v)] for v in values]) if values else np.zeros(0)
    if not kept.size:
        return None
    return np.linspace(min(0.0, float(kept.min())), float(kept.max()) * 1.05 or 1.0, _BINS)


def _series(ax: Any, series: Series, edges: np.ndarray[Any, Any] | None, shift: float) -> None:
    colour, (x, y) = ROLE_COLOURS[series.role], series.arrays()
    label = plain_text(series.label) or None
    if series.kind == "histogram":
        if edges is not None:
            ax.hist(x[np.isfinite(x)], bins=edges, color=colour, alpha=0.75, label=label)
        return
    assert y is not None
    if series.kind == "band":
        ax.fill_between(x, y[:, 0], y[:, 1], color=colour, alpha=0.22, linewidth=0, label=label)
    elif series.kind == "estimate":
        _estimate(ax, x, y, colour, ROLE_MARKERS[series.role], shift, label)
    else:
        thin = y.ndim == 2 and y.shape[1] > 1
        drawn = ax.plot(
            x, y, color=colour, linestyle="--" if series.dashed else "-", linewidth=0.6 if thin else 1.5,
            alpha=0.8 if thin else 1.0,
        )  # fmt: skip
        drawn[0].set_label(label or "_")


def _estimate(ax: Any, x: Any, rows: Any, colour: str, marker: str, shift: float, label: str | None) -> None:
    """Points with intervals; on a logarithmic axis an arrow at the upper limit stands for an estimate of 0.

    Arrows stand beside their place by the factor `shift`: series without an event share their limits.
    """
    estimate, low, high = rows.T
    log = ax.get_yscale() == "log"
    seen = estimate > 0 if log else np.isfinite(estimate)
    # nan breaks the line: it must not bridge places at which nothing was seen.
    shown = np.where(seen, estimate, np.nan)
    # An interval that reaches 0 has no lower end on a logarithmic axis: it is drawn down to a tenth.
    below = np.where(low > 0, estimate - low, 0.9 * estimate) if log else estimate - low
    ax.errorbar(
        x, shown, yerr=[np.maximum(below, 0), np.maximum(high - estimate, 0)], color=colour, marker=marker,
        markersize=3.5, linewidth=1.1, elinewidth=0.8, label=label,
    )  # fmt: skip
    none = ~seen & (high > 0)
    if log and none.any():
        ax.plot(x[none] * shift, high[none], color=colour, marker=r"$\downarrow$", linestyle="", markersize=7)
