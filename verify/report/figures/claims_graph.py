"""Which claim rests on which."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from verify.outcome import Verification
from verify.report.figures.style import VERDICT_COLOURS, VERDICT_MARKERS, FigureSpec, short_id

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.figure import Figure

__all__ = ["FIGURE", "draw", "layout"]

_ABSENT = "not in this run"
_SWEEPS = 12


def draw(verification: Verification) -> Figure | None:
    """The claims that rest on others or carry others, left to right by depth."""
    import networkx as nx
    from matplotlib.figure import Figure

    graph: nx.DiGraph = nx.DiGraph()
    verdicts: dict[str, str] = {}
    for judgement in verification.judgements:
        verdicts[judgement.claim.id] = judgement.verdict
        graph.add_edges_from((parent, judgement.claim.id) for parent in judgement.claim.parents)
    if not graph.number_of_edges():
        return None
    place = layout(graph)
    columns = 1 + max(x for x, _ in place.values())
    tallest = max(sum(x == column for x, _ in place.values()) for column in range(columns))
    figure = Figure(figsize=(max(8.0, 2.45 * columns), 1.0 + 0.46 * tallest), layout="constrained")
    ax = figure.subplots()
    ax.set_axis_off()
    for parent, child in graph.edges:
        _edge(ax, place[parent], place[child])
    for node, (x, y) in place.items():
        _node(ax, x, y, node, verdicts.get(node, _ABSENT))
    ax.set_xlim(-0.1, columns - 0.02)
    ys = [y for _, y in place.values()]
    ax.set_ylim(min(ys) - 0.6, max(ys) + 0.6)
    for verdict in [v for v in (*VERDICT_COLOURS, _ABSENT) if v in {verdicts.get(n, _ABSENT) for n in place}]:
        ax.plot([], [], linestyle="", **_marker(verdict), label=verdict)
    figure.legend(loc="outside upper left", ncols=5)
    return figure


def layout(graph: nx.DiGraph) -> dict[str, tuple[int, float]]:
    """Column (longest path from a claim without parents) and height of each node.

    Heights follow the mean height of the neighbours (Sugiyama's barycentre sweeps), which keeps edges
    short and few of them crossing.
    """
    import networkx as nx

    columns = [sorted(layer) for layer in nx.topological_generations(graph)]
    tallest = max(len(column) for column in columns)
    height: dict[str, float] = {}

    def spread(column: list[str]) -> None:
        gap = tallest / len(column)
        for i, node in enumerate(column):
            height[node] = -(i + 0.5) * gap

    for column in columns:
        spread(column)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            near = graph.predecessors if forward else graph.successors
            goal = {}
            for node in column:
                around = [height[other] for other in near(node)]
                goal[node] = sum(around) / len(around) if around else height[node]
            column.sort(key=_downwards(goal))
            spread(column)
    return {node: (x, height[node]) for x, column in enumerate(columns) for node in column}


def _downwards(goal: dict[str, float]) -> Callable[[str], tuple[float, str]]:
    return lambda node: (-goal[node], node)


def _marker(verdict: str) -> dict[str, Any]:
    if verdict == _ABSENT:
        return {"marker": "o", "markersize": 8, "color": "white", "markeredgecolor": "#8C8C8C"}
    return {"marker": VERDICT_MARKERS[verdict], "markersize": 8, "color": VERDICT_COLOURS[verdict]}


def _node(ax: Any, x: int, y: float, node: str, verdict: str) -> None:
    ax.plot([x], [y], zorder=3, **_marker(verdict))
    ax.annotate(
        short_id(node, 24), (x, y), xytext=(8, 0), textcoords="offset points", va="center", fontsize=8,
        linespacing=1.0, zorder=4,
        bbox={"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85},
    )  # fmt: skip


def _edge(ax: Any, start: tuple[int, float], end: tuple[int, float]) -> None:
    """A smooth line that leaves and arrives horizontally."""
    import numpy as np

    t = np.linspace(0, 1, 40)
    ease = t * t * (3 - 2 * t)
    ax.plot(
        start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * ease, color="#B0B0B0",
        linewidth=0.9, zorder=1,
    )  # fmt: skip


FIGURE = FigureSpec(
    name="claims_graph",
    title="What rests on what",
    caption="A line runs from each claim (left) to the claims that rest on it (right). A supported theorem on"
    " a refuted or undecided lemma needs a closer look: the chain of its verdict names the lemma. Claims"
    " that stand alone are not drawn.",
    draw=draw,
)
