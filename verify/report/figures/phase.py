"""Phase diagrams: a panel a quantity, predicted boundaries on top, cells outside the conditions hatched."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from verify.phase.boundaries import CURVES, Boundary
from verify.phase.diagram import LATE, QUANTITIES, Cell, Phase
from verify.report.figures.style import panels, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_phase", "phase_png"]

Floats = NDArray[np.float64]

#: Sequential maps that stay readable in grey; the curves are drawn in colours none of them has.
_MAPS = {"event": "Blues", "error": "YlOrBr", "t_half": "Greens"}
_TITLES = {
    "event": r"probability of Theorem 4.1's event",
    "error": rf"$D_{{test}}$ error at $s = {LATE:g}$",
    "t_half": r"$t_{half}$ in time units (median)",
}
_FAMILIES = {"stage one": "#000000", "plateau": "#CC3366"}
_DASHES: dict[bool, Literal["-", "--"]] = {False: "-", True: "--"}
_DPI = 150


def draw_phase(phase: Phase, boundaries: Sequence[Boundary], quantities: Sequence[str]) -> Figure:
    """The diagram; cells whose setting misses a condition are hatched instead of coloured.

    Raises:
        ValueError: naming a quantity that is not known.
    """
    for name in quantities:
        if name not in QUANTITIES:
            raise ValueError(f"--quantity must be of {', '.join(QUANTITIES)}, was {name!r}")
    figure, axes = panels(len(quantities), len(quantities), height=4.6, width=4.2 * len(quantities) + 0.6)
    handles: dict[str, Any] = {}
    for ax, name in zip(axes, quantities, strict=True):
        handles |= _panel(figure, ax, phase, name, boundaries)
    where = "all cells coloured" if phase.claim_id is None else f"conditions of {phase.claim_id}"
    figure.suptitle(f"{_set(phase.plane.fixed)}; {where}", fontsize=9.5)
    if handles:
        figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=2 if len(quantities) < 2 else 3,
        )
    return figure


def _set(text: str) -> str:
    """What is held fixed, with its powers and Greek letters set as formulas."""
    text = re.sub(r"10\^(\d+)", r"$10^{\1}$", text)
    return text.replace("kappa_0", r"$\kappa_0$")


def phase_png(phase: Phase, boundaries: Sequence[Boundary], quantities: Sequence[str]) -> bytes:
    """The same as PNG."""
    import io

    with style():
        figure = draw_phase(phase, boundaries, quantities)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=_DPI)
    return out.getvalue()


def _edges(centres: Sequence[float], log: bool) -> Floats:
    values = np.log(centres) if log else np.asarray(centres, dtype=np.float64)
    middle = (values[1:] + values[:-1]) / 2
    edges = np.concatenate([[2 * values[0] - middle[0]], middle, [2 * values[-1] - middle[-1]]])
    return np.exp(edges) if log else edges


def _panel(
    figure: Figure, ax: Any, phase: Phase, name: str, boundaries: Sequence[Boundary]
) -> dict[str, Any]:
    """One quantity; returns the legend's handles by label."""
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.patches import Patch

    plane = phase.plane
    xs, ys = (sorted({getattr(c, axis) for c in phase.cells}) for axis in "xy")
    at = {(c.x, c.y): c for c in phase.cells}
    grid = np.array([[_value(at[x, y], name) for x in xs] for y in ys])
    hatched = np.array([[bool(at[x, y].outside) for x in xs] for y in ys])
    x_edges, y_edges = _edges(xs, plane.x.log), _edges(ys, plane.y.log)

    norm: Normalize = Normalize(0, 1 if name == "event" else 0.5)
    # A time of 0 is none: the flipped samples are fit from the start, there is no Stage I.
    none = ~hatched & (grid <= 0) if name == "t_half" else np.zeros_like(hatched)
    shown = np.where(hatched | none | ~np.isfinite(grid), np.nan, grid)
    if name == "t_half":
        positive = shown[shown > 0]
        low, high = (float(positive.min()), float(positive.max())) if positive.size else (0.1, 1.0)
        least = max(low, high / 300)
        norm = LogNorm(least, high if high > low else 2 * low)
    mesh = ax.pcolormesh(
        x_edges, y_edges, np.ma.masked_invalid(shown), cmap=_MAPS[name], norm=norm, rasterized=True
    )
    handles: dict[str, Any] = {}
    missing = ~hatched & ~np.isfinite(grid)
    for mask, face, mark, text in (
        (hatched, "#FFFFFF", "////", "outside the conditions"),
        (none, "#EFEFEF", "", "0: fit from the start, no Stage I"),
        (missing, "#D9D9D9", "..", f"not reached by s = {LATE:g}" if name == "t_half" else "no run"),
    ):
        for row, column in zip(*np.nonzero(mask), strict=True):
            ax.add_patch(_rectangle(x_edges, y_edges, int(row), int(column), face, mark))
        if mask.any():
            handles[text] = Patch(facecolor=face, edgecolor="#8C8C8C", hatch=mark, linewidth=0)
    if plane.x.log:
        ax.set_xscale("log")
    if plane.y.log:
        ax.set_yscale("log")
    # Rates end at 0, wherever the outermost cells do.
    ax.set_xlim(max(x_edges[0], 0.0), x_edges[-1])
    ax.set_ylim(max(y_edges[0], 0.0), y_edges[-1])
    ax.grid(False)
    handles |= _curves(ax, phase, name)
    handles |= _located(ax, name, boundaries)
    ax.set_xlabel(plane.x.latex)
    ax.set_ylabel(plane.y.latex)
    ax.set_title(_TITLES[name], loc="left")
    bar = figure.colorbar(mesh, ax=ax, location="right", shrink=0.92, pad=0.02)
    if name == "t_half":
        from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

        bar.ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 4.0, 6.0)))
        bar.ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        bar.ax.yaxis.set_minor_locator(NullLocator())
    return handles


def _value(cell: Cell, name: str) -> float:
    return float(getattr(cell, name).value)


def _rectangle(x_edges: Floats, y_edges: Floats, row: int, column: int, face: str, hatch: str) -> Any:
    from matplotlib.patches import Rectangle

    x, y = x_edges[column], y_edges[row]
    return Rectangle(
        (x, y), x_edges[column + 1] - x, y_edges[row + 1] - y, facecolor=face, edgecolor="#8C8C8C",
        hatch=hatch, linewidth=0,
    )  # fmt: skip


def _curves(ax: Any, phase: Phase, name: str) -> dict[str, Any]:
    from matplotlib.lines import Line2D

    (x_low, x_high), (y_low, y_high) = ax.get_xlim(), ax.get_ylim()
    x = np.geomspace(x_low, x_high, 300) if phase.plane.x.log else np.linspace(x_low, x_high, 300)
    y = np.geomspace(y_low, y_high, 300) if phase.plane.y.log else np.linspace(y_low, y_high, 300)
    mesh_x, mesh_y = np.meshgrid(x, y)
    handles: dict[str, Any] = {}
    for curve in CURVES[phase.plane.name]:
        both = phase.plane.name == "dimension-kappa"
        if not both and (curve.family == "plateau") != (name == "error"):
            continue
        values = curve.f(mesh_x, mesh_y)
        if (values > 0).all() or (values < 0).all():
            continue
        colour, dash = _FAMILIES[curve.family], _DASHES[curve.dashed]
        # A pale outline keeps the line visible on dark cells.
        ax.contour(mesh_x, mesh_y, values, levels=[0.0], colors="white", linewidths=3.4, alpha=0.8)
        ax.contour(mesh_x, mesh_y, values, levels=[0.0], colors=colour, linestyles=dash, linewidths=1.6)
        handles[curve.label] = Line2D([], [], color=colour, linestyle=dash, linewidth=1.6)
    return handles


def _located(ax: Any, name: str, boundaries: Sequence[Boundary]) -> dict[str, Any]:
    """Where the runs cross, as points: the first push with the times, the plateau's growth with its error."""
    handles: dict[str, Any] = {}
    for boundary in boundaries:
        if not boundary.rows or (boundary.name, name) not in (
            ("first push", "t_half"), ("first push", "event"), ("plateau growth", "error"),
        ):  # fmt: skip
            continue
        x, y, numbers = zip(*boundary.rows, strict=True)
        assert all(math.isfinite(v) for v in numbers)
        first = boundary.name == "first push"
        marks = ax.plot(
            x, y, linestyle="", marker="o" if first else "s", markersize=4.5, color="white",
            markeredgecolor=_FAMILIES["stage one" if first else "plateau"], markeredgewidth=1.2, zorder=5,
        )  # fmt: skip
        handles[f"{boundary.name}, located in runs"] = marks[0]
    return handles
