"""The exponent of the iid test error over the clock: what plain sampling cannot see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from verify.outcome import Showcase, Verification
from verify.report.figures.style import FigureSpec, draw_marks, log_clock, panels, plain_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURE"]


def draw(verification: Verification) -> Figure | None:
    """One panel per run whose log errors are known at most of its clocks."""
    shows = [s for s in verification.showcases if np.isfinite(s.iid_log_error[:, 1]).mean() >= 0.5]
    if not shows:
        return None
    figure, axes = panels(len(shows), 2, height=3.0)
    for ax, show in zip(axes, shows, strict=True):
        _panel(ax, show)
    return figure


def _panel(ax: Any, show: Showcase) -> None:
    log_clock(ax, show.error_clock)
    scale = show.setting.n / show.setting.d
    estimate, low, high = -scale * show.iid_log_error.T
    known = np.isfinite(estimate) & np.isfinite(low)
    spread = [estimate[known] - high[known], low[known] - estimate[known]]
    ax.errorbar(
        show.error_clock[known],
        estimate[known],
        yerr=np.maximum(spread, 0.0),
        color="#332288",
        marker="o",
        markersize=3.5,
        linewidth=1.1,
    )
    ax.set_ylim(bottom=0.0)
    draw_marks(ax, show.marks)
    ax.set_title(plain_text(show.title), loc="left", pad=30)
    ax.set_ylabel(r"$-\frac{n}{d}\,\ln\,\mathrm{err}_{iid}$")


FIGURE = FigureSpec(
    name="iid_exponent",
    title="How rare an error on fresh noise is",
    caption="The iid test error is exp(-c d/n); the curve is c, by line sampling, with intervals mostly"
    " smaller than the points. With flipped labels it falls through Stage II: the error grows by orders of"
    " magnitude and yet stays tiny when d is much larger than n. Without flipped labels it levels off.",
    draw=draw,
)
