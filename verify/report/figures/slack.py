"""How far the bounds are from what is observed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from theory.rules import Identity
from verify.outcome import Verification
from verify.report.figures.style import VERDICT_COLOURS, WIDTH, FigureSpec, short_id
from verify.report.tightness import log10_slacks
from verify.rules.registry import is_bound

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures"]

#: Claim, verdict, slack of each run.
_Row = tuple[str, str, NDArray[np.float64]]
#: Bounds that are shown, of which so many are the widest.
_MOST, _WIDEST = 28, 8

_CAPTION = (
    "Each point is a run, the bar holds the middle half, the "
    "tick is the median. Points close to the vertical line show a bound that is tight; points far to the "
    "right a constant that could be smaller. Allowances for rounding stand in the appendix's table alone."
)


def figures(verification: Verification) -> list[FigureSpec]:
    """A strip of runs with its quartile box for each bound, the tightest first; of many the tightest and the
    widest."""
    found: list[_Row] = [
        (short_id(j.claim.id), j.verdict, slacks)
        for j in verification.judgements
        if is_bound(j) and not isinstance(j.claim.rule, Identity) and len(slacks := log10_slacks(j))
    ]
    found.sort(key=lambda row: np.median(row[2]))
    if not found:
        return []
    crossed = [row[0] for row in found if row[2].min() < 0]
    alt = f"{len(found)} bounds; crossed in some runs: {', '.join(crossed) or 'none'}."
    caption = _CAPTION
    if len(found) > _MOST:
        caption = f"{_CAPTION} Of {len(found)} the {_MOST - _WIDEST} tightest and the {_WIDEST} widest."
        found = [*found[: _MOST - _WIDEST], *found[-_WIDEST:]]
    title = "How far are bounds from what is observed?"
    return [FigureSpec("slack", title, caption, partial(_draw, found), alt)]


def _draw(found: list[_Row]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, 1.1 + 0.3 * len(found)), layout="constrained")
    ax = figure.subplots()
    for row, (_, verdict, slacks) in enumerate(found):
        # Golden-ratio jitter spreads the points evenly and needs no random numbers.
        jitter = (np.arange(len(slacks)) * 0.6180339887 % 1 - 0.5) * 0.5
        ax.plot(slacks, row + jitter, linestyle="", marker="o", markersize=2.6, alpha=0.45,
                color=VERDICT_COLOURS[verdict], markeredgewidth=0)  # fmt: skip
        q25, median, q75 = np.quantile(slacks, [0.25, 0.5, 0.75])
        ax.plot([q25, q75], [row, row], color="black", linewidth=4, alpha=0.55, solid_capstyle="butt")
        ax.plot([median], [row], marker="|", markersize=13, color="black", markeredgewidth=1.6)
    ax.axvline(0, color="black", linewidth=1)
    ax.set_yticks(range(len(found)), labels=[name for name, _, _ in found])
    ax.set_ylim(len(found) - 0.4, -0.6)
    ax.set_xlabel("log10(bound / observed): 0 touches the bound, 1 is a factor 10 inside, below 0 is outside")
    for verdict in dict.fromkeys(verdict for _, verdict, _ in found):
        ax.plot([], [], linestyle="", marker="o", color=VERDICT_COLOURS[verdict], label=verdict)
    figure.legend(loc="outside upper left", ncols=4)
    return figure
