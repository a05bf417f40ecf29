"""Losses at the end of Stage I."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from verify.outcome import Showcase, Verification
from verify.report.figures.style import CLEAN, NOISY, FigureSpec, panels, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURE", "draw"]

_LOG2 = math.log(2)


def draw(verification: Verification) -> Figure | None:
    """Losses of clean and noisy samples at the early-stopping clock, with the log 2 threshold."""
    shows = [s for s in verification.showcases if not s.clean.all()]
    if not shows:
        return None
    figure, axes = panels(len(shows), 2, height=2.9)
    for ax, show in zip(axes, shows, strict=True):
        _panel(ax, show)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def _panel(ax: Any, show: Showcase) -> None:
    at = min(int(np.searchsorted(show.clock, show.t_1_clock * (1 - 1e-9))), len(show.clock) - 1)
    losses = np.logaddexp(0.0, -show.margins[at])
    clean, noisy = losses[show.clean], losses[~show.clean]
    edges = np.linspace(min(0.0, float(losses.min())), float(losses.max()) * 1.05, 36)
    ax.hist(clean, bins=edges, color=CLEAN, alpha=0.75, label="clean samples")
    ax.hist(noisy, bins=edges, color=NOISY, alpha=0.75, label="noisy samples")
    ax.axvline(_LOG2, color="black", linewidth=1.1)
    top = ax.get_ylim()[1]
    ax.set_ylim(0, top * 1.35)
    ax.text(_LOG2, top * 1.28, " log 2", ha="left", va="center", fontsize=8.5)
    if len(clean):
        _gap(ax, float(clean.max()), float(noisy.min()), top * 1.1)
    counts = f"{len(clean)} clean, {len(noisy)} noisy, at s = {show.clock[at]:.3g}"
    ax.set_title(plain_text(f"{show.title}\n{counts}"), loc="left")
    ax.set_xlabel(r"loss $\ell(\tilde{y} f)$")
    ax.set_ylabel("samples")


def _gap(ax: Any, last_clean: float, first_noisy: float, height: float) -> None:
    """The distance between the largest clean and the smallest noisy loss; negative: they overlap."""
    gap = first_noisy - last_clean
    ax.plot([last_clean, first_noisy], [height, height], color="#333333", marker="|", linewidth=1)
    word = "gap" if gap > 0 else "overlap"
    inside = last_clean < _LOG2 < first_noisy
    note = f"{word} {abs(gap):.2f}" + ("" if inside else ", log 2 does not separate")
    # Beside the threshold line, so that the two labels never share a place.
    ax.annotate(
        note, (max(last_clean, first_noisy), height), xytext=(6, 0), textcoords="offset points",
        ha="left", va="center", fontsize=8.5,
    )  # fmt: skip


FIGURE = FigureSpec(
    name="loss_histograms",
    title="Sample selection by the log 2 threshold",
    caption="Losses at the early-stopping time. Proposition 4.3 says that the vertical line at log 2"
    " separates clean from noisy samples exactly; the size of the gap is how much room there is.",
    draw=draw,
)
