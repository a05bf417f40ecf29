"""Margins over the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.outcome import Verification
from verify.report.figures.style import (
    CLEAN,
    NOISY,
    FigureSpec,
    draw_marks,
    log_clock,
    panels,
    plain_text,
    quantile_band,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURE", "draw"]


def draw(verification: Verification) -> Figure | None:
    """Quantile bands of the clean and of the noisy samples' margins, a panel a run."""
    shows = verification.showcases
    if not shows:
        return None
    figure, axes = panels(len(shows), 2, height=3.4)
    for ax, show in zip(axes, shows, strict=True):
        log_clock(ax, show.clock)
        ax.axhline(0, color="black", linewidth=0.9)
        quantile_band(ax, show.clock, show.margins[:, show.clean], CLEAN, "clean samples")
        quantile_band(ax, show.clock, show.margins[:, ~show.clean], NOISY, "noisy samples")
        draw_marks(ax, show.marks)
        ax.set_title(plain_text(show.title), loc="left", pad=30)
        ax.set_ylabel(r"margin $\tilde{y} f(W, x)$")
    axes[0].legend(loc="upper left")
    return figure


FIGURE = FigureSpec(
    name="margins",
    title="Margins of clean and noisy samples",
    caption="Above the zero line a sample is classified as it is labelled. In Stage I every noisy sample lies"
    " below it (it is classified as its true label); in Stage II all of them cross. Without label noise"
    " there is a single band that never dips.",
    draw=draw,
)
