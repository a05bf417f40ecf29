"""How far the bounds are from what is observed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from theory.rules import Identity
from verify.outcome import Verification
from verify.report.figures.style import VERDICT_COLOURS, WIDTH, FigureSpec, short_id
from verify.report.tightness import log10_slacks
from verify.rules.registry import is_bound

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURE", "draw"]


def draw(verification: Verification) -> Figure | None:
    """A strip of runs with its quartile box for each bound; bands first, rounding allowances below."""
    from matplotlib.figure import Figure

    found = [(j, slacks) for j in verification.judgements if is_bound(j) and len(slacks := log10_slacks(j))]
    if not found:
        return None
    found.sort(key=lambda item: (isinstance(item[0].claim.rule, Identity), np.median(item[1])))
    figure = Figure(figsize=(WIDTH, 1.1 + 0.36 * len(found)), layout="constrained")
    ax = figure.subplots()
    for row, (judgement, slacks) in enumerate(found):
        # Golden-ratio jitter spreads the points evenly and needs no random numbers.
        jitter = (np.arange(len(slacks)) * 0.6180339887 % 1 - 0.5) * 0.5
        colour = VERDICT_COLOURS[judgement.verdict]
        ax.plot(slacks, row + jitter, linestyle="", marker="o", markersize=2.6, color=colour, alpha=0.45,
                markeredgewidth=0)  # fmt: skip
        q25, median, q75 = np.quantile(slacks, [0.25, 0.5, 0.75])
        ax.plot([q25, q75], [row, row], color="black", linewidth=4, alpha=0.55, solid_capstyle="butt")
        ax.plot([median], [row], marker="|", markersize=13, color="black", markeredgewidth=1.6)
    ax.axvline(0, color="black", linewidth=1)
    ax.set_yticks(range(len(found)))
    ax.set_yticklabels(
        [
            short_id(j.claim.id) + (" (rounding)" if isinstance(j.claim.rule, Identity) else "")
            for j, _ in found
        ]
    )
    ax.set_ylim(len(found) - 0.4, -0.6)
    ax.set_xlabel("log10(bound / observed): 0 touches the bound, 1 is a factor 10 inside, below 0 is outside")
    for verdict in dict.fromkeys(j.verdict for j, _ in found):
        ax.plot([], [], linestyle="", marker="o", color=VERDICT_COLOURS[verdict], label=verdict)
    figure.legend(loc="outside upper left", ncols=4)
    return figure


FIGURE = FigureSpec(
    name="slack",
    title="Tightness of the bounds",
    caption="Each point is a run, the bar holds the middle half, the tick is the median. Points close to the"
    " vertical line show a bound that is tight; points far to the right a constant that could be smaller.",
    draw=draw,
)
