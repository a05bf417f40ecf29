"""Phase diagrams: a panel a quantity, predicted boundaries on top, cells outside the conditions hatched."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from theory.plane import Axis, PlaneQuantity
from verify.phase.boundaries import Located
from verify.phase.diagram import Phase
from verify.report.figures.style import grid_of_axes, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["draw_phase", "phase_png"]

Floats = NDArray[np.float64]

#: Sequential maps that stay readable in grey, for a plane's quantities in turn; the curves are drawn in
#: colours none of them has.
_MAPS = ("Blues", "YlOrBr", "Greens", "Purples", "Oranges", "Greys")
#: Of families of predictions in turn, and the marks of what is located.
_COLOURS, _MARKS = ("#000000", "#CC3366", "#117733", "#882255"), "osD^"
_DASHES: dict[bool, Literal["-", "--"]] = {False: "-", True: "--"}
_DPI = 150


def axis_label(latex: str) -> str:
    r"""The name of an axis as matplotlib sets it: a formula without dollars is still one, a word is a word.

    >>> axis_label(r"\gamma"), axis_label(r"$d/n^2$"), axis_label("width"), axis_label("kappa_0")
    ('$\\gamma$', '$d/n^2$', 'width', '$kappa_0$')
    """
    return f"${latex}$" if "$" not in latex and any(sign in latex for sign in "\\^_{") else latex


def draw_phase(phase: Phase, boundaries: Sequence[Located], quantities: Sequence[str]) -> Figure:
    """The diagram; cells whose setting misses a condition are hatched instead of coloured.

    Raises:
        ValueError: naming a quantity that is not known.
    """
    known = {q.name: q for q in phase.plane.quantities}
    for name in quantities:
        if name not in known:
            raise ValueError(f"--quantity must be of {', '.join(known)}, was {name!r}")
    figure, axes = grid_of_axes(
        len(quantities), len(quantities), height=4.6, width=4.2 * len(quantities) + 0.6
    )
    handles: dict[str, Any] = {}
    for ax, name in zip(axes, quantities, strict=True):
        handles |= _panel(figure, ax, phase, known[name], boundaries)
    where = "all cells coloured" if phase.claim_id is None else f"conditions of {phase.claim_id}"
    held = textwrap.fill("; ".join(filter(None, (_set(phase.plane.fixed), where))), 60 * len(quantities))
    figure.suptitle(held, fontsize=9.5)
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


def phase_png(phase: Phase, boundaries: Sequence[Located], quantities: Sequence[str]) -> bytes:
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
    figure: Figure, ax: Any, phase: Phase, q: PlaneQuantity, boundaries: Sequence[Located]
) -> dict[str, Any]:
    """One quantity; returns the legend's handles by label."""
    from matplotlib.colors import LogNorm, Normalize
    from matplotlib.patches import Patch

    plane = phase.plane
    xs, ys = (sorted({getattr(c, axis) for c in phase.cells}) for axis in "xy")
    at = {(c.x, c.y): c for c in phase.cells}
    grid = np.array([[at[x, y].values[q.name].value for x in xs] for y in ys])
    hatched = np.array([[bool(at[x, y].outside) for x in xs] for y in ys])
    x_edges, y_edges = _edges(xs, plane.x.log), _edges(ys, plane.y.log)

    # A value of 0 has no place on a logarithmic scale.
    none = ~hatched & (grid <= 0) if q.log else np.zeros_like(hatched)
    shown = np.where(hatched | none | ~np.isfinite(grid), np.nan, grid)
    seen = shown[np.isfinite(shown)]
    low, high = q.limits or ((float(seen.min()), float(seen.max())) if seen.size else (0.1, 1.0))
    norm: Normalize = Normalize(low, high)
    if q.log:
        least = max(low, high / 300)
        norm = LogNorm(least, high if high > low else 2 * low)
    colours = _MAPS[phase.plane.quantities.index(q) % len(_MAPS)]
    mesh = ax.pcolormesh(
        x_edges, y_edges, np.ma.masked_invalid(shown), cmap=colours, norm=norm, rasterized=True
    )
    handles: dict[str, Any] = {}
    missing = ~hatched & ~np.isfinite(grid)
    for mask, face, mark, text in (
        (hatched, "#FFFFFF", "////", "outside the conditions"),
        (none, "#EFEFEF", "", q.at_zero),
        (missing & np.isposinf(grid), "#D9D9D9", "..", q.at_infinity),
        (missing & ~np.isposinf(grid), "#D9D9D9", "..", "no run"),
    ):
        for row, column in zip(*np.nonzero(mask), strict=True):
            ax.add_patch(_rectangle(x_edges, y_edges, int(row), int(column), face, mark))
        if mask.any():
            handles[text] = Patch(facecolor=face, edgecolor="#8C8C8C", hatch=mark, linewidth=0)
    if plane.x.log:
        ax.set_xscale("log")
    if plane.y.log:
        ax.set_yscale("log")
    ax.set_xlim(*_view(x_edges, plane.x))
    ax.set_ylim(*_view(y_edges, plane.y))
    ax.grid(False)
    handles |= _curves(ax, phase, q.name)
    handles |= _located(ax, phase, q.name, boundaries)
    ax.set_xlabel(axis_label(plane.x.latex))
    ax.set_ylabel(axis_label(plane.y.latex))
    ax.set_title(q.title, loc="left")
    bar = figure.colorbar(mesh, ax=ax, location="right", shrink=0.92, pad=0.02)
    if q.log:
        from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator

        bar.ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 4.0, 6.0)))
        bar.ax.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        bar.ax.yaxis.set_minor_locator(NullLocator())
    return handles


def _families(phase: Phase) -> list[str]:
    """Families of predictions: one has one colour."""
    plane = phase.plane
    return list(dict.fromkeys([*(s.family for s in plane.level_sets), *(b.family for b in plane.boundaries)]))


def _view(edges: Floats, axis: Axis) -> tuple[float, float]:
    """From edge to edge of the cells, but of a number that is never negative not below 0, and of a share not
    beyond 1.

    >>> edges = np.array([-0.1, 0.3, 1.06])
    >>> _view(edges, Axis("x", "x", 0.05, 0.95)), _view(edges, Axis("x", "x", -0.05, 1.0))
    ((0.0, 1.0), (-0.1, 1.06))
    """
    low, high = float(edges[0]), float(edges[-1])
    if axis.low < 0:
        return low, high
    return max(low, 0.0), min(high, 1.0) if axis.high <= 1 and not axis.log else high


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
    families = _families(phase)
    for curve in phase.plane.level_sets:
        if curve.quantities and name not in curve.quantities:
            continue
        values = np.asarray(curve.value(mesh_x, mesh_y)) - curve.level
        if (values > 0).all() or (values < 0).all():
            continue
        colour = _COLOURS[families.index(curve.family) % len(_COLOURS)]
        dash = _DASHES[curve.dashed]
        # A pale outline keeps the line visible on dark cells.
        ax.contour(mesh_x, mesh_y, values, levels=[0.0], colors="white", linewidths=3.4, alpha=0.8)
        ax.contour(mesh_x, mesh_y, values, levels=[0.0], colors=colour, linestyles=dash, linewidths=1.6)
        handles[curve.label] = Line2D([], [], color=colour, linestyle=dash, linewidth=1.6)
    return handles


def _located(ax: Any, phase: Phase, name: str, boundaries: Sequence[Located]) -> dict[str, Any]:
    """Where the runs cross, as points."""
    handles: dict[str, Any] = {}
    families = _families(phase)
    for located in boundaries:
        if not located.rows or name not in located.boundary.quantities:
            continue
        x, y, numbers = zip(*located.rows, strict=True)
        assert all(math.isfinite(v) for v in numbers)
        k = families.index(located.boundary.family)
        marks = ax.plot(
            x, y, linestyle="", marker=_MARKS[k % len(_MARKS)], markersize=4.5, color="white",
            markeredgecolor=_COLOURS[k % len(_COLOURS)], markeredgewidth=1.2, zorder=5,
        )  # fmt: skip
        handles[f"{located.name}, located in runs"] = marks[0]
    return handles
