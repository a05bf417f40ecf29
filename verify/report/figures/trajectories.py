"""Coefficients over the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.outcome import Verification
from verify.report.figures.style import (
    CLEAN,
    NOISY,
    SIGNAL,
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
    """Signal coefficients of both sides and the noise mass of clean and noisy samples, a panel a run."""
    shows = verification.showcases
    if not shows:
        return None
    figure, axes = panels(len(shows), 2, height=3.5)
    for ax, show in zip(axes, shows, strict=True):
        log_clock(ax, show.clock)
        quantile_band(ax, show.clock, show.noise_mass[:, show.clean], CLEAN, "noise mass, clean samples")
        quantile_band(ax, show.clock, show.noise_mass[:, ~show.clean], NOISY, "noise mass, noisy samples")
        for side, (name, dash) in enumerate((("j = +1", "-"), ("j = −1", "--"))):
            ax.plot(
                show.clock, show.gamma[:, side], color=SIGNAL[side], linestyle=dash, linewidth=1.8,
                label=f"signal γ, {name}",
            )  # fmt: skip
        draw_marks(ax, show.marks)
        ax.set_title(plain_text(show.title), loc="left", pad=30)
        ax.set_ylabel("coefficient")
    axes[0].legend(loc="upper left")
    return figure


FIGURE = FigureSpec(
    name="trajectories",
    title="Signal and noise over training",
    caption="Stage I: the signal coefficients lie above the noise mass of the noisy samples. Stage II begins"
    " where the purple band overtakes the signal. Bands hold the middle 80 % of the samples, thin lines the"
    " extremes; vertical lines are measured and predicted times.",
    draw=draw,
)
