"""Both test errors over the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from verify.outcome import Showcase, Verification
from verify.report.figures.style import (
    FigureSpec,
    draw_marks,
    log_clock,
    panels,
    plain_text,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FIGURE", "draw"]

_IID, _SPURIOUS = "#332288", "#CC6677"


def draw(verification: Verification) -> Figure | None:
    """Test error under fresh noise and under spurious features with confidence intervals, a panel a run."""
    shows = [s for s in verification.showcases if len(s.error_clock)]
    if not shows:
        return None
    figure, axes = panels(len(shows), 2, height=3.3)
    for ax, show in zip(axes, shows, strict=True):
        _panel(ax, show)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    return figure


def _panel(ax: Any, show: Showcase) -> None:
    log_clock(ax, show.error_clock)
    ax.set_yscale("log")
    _curve(ax, show.error_clock, show.iid_error, _IID, "o", 0.98, "fresh noise (iid)")
    _curve(ax, show.error_clock, show.spurious_error, _SPURIOUS, "s", 1.02, "spurious features")
    ax.plot([], [], color="#555555", marker=r"$\downarrow$", linestyle="", label="none seen: upper limit")
    floor = 0.5 * show.setting.tau_min
    if floor > 0:
        ax.axhline(floor, color="black", linewidth=0.9, linestyle=":")
        ax.annotate(
            r"$\frac{1}{2}\,\min(\tau_+,\tau_-)$", (1, floor), xycoords=("axes fraction", "data"),
            xytext=(-2, 3), textcoords="offset points", ha="right", va="bottom", fontsize=9,
        )  # fmt: skip
    ax.set_ylim(top=1.0)
    draw_marks(ax, show.marks)
    ax.set_title(plain_text(show.title), loc="left", pad=30)
    ax.set_ylabel("test error")


def _curve(
    ax: Any, clock: NDArray[np.float64], rows: NDArray[np.float64], colour: str, marker: str, shift: float,
    label: str,
) -> None:  # fmt: skip
    """Points with intervals; where no error was seen, an arrow at the upper limit instead of a point.

    Arrows stand beside their clock by the factor `shift`: two curves without errors share their limits.
    """
    estimate, low, high = rows.T
    seen = estimate > 0
    # nan breaks the line: it must not bridge clocks at which no error was seen.
    shown = np.where(seen, estimate, np.nan)
    # An interval that reaches 0 has no lower end on a logarithmic axis: it is drawn down to a tenth.
    below = np.where(low > 0, estimate - low, 0.9 * estimate)
    ax.errorbar(
        clock, shown, yerr=[np.maximum(below, 0), np.maximum(high - estimate, 0)],
        color=colour, marker=marker, markersize=3.5, linewidth=1.1, elinewidth=0.8, label=label,
    )  # fmt: skip
    none = ~seen & (high > 0)
    ax.plot(clock[none] * shift, high[none], color=colour, marker=r"$\downarrow$", linestyle="", markersize=7)


FIGURE = FigureSpec(
    name="test_errors",
    title="Test errors: fresh noise against spurious features",
    caption="Theorem 4.2 puts the error under spurious features above the dotted line at the end of training;"
    " Proposition 4.3 puts the error at early stopping far below it. Arrows mark the upper confidence limit"
    " where no error was seen among the test samples; an interval that reaches zero is cut at a tenth of its"
    " estimate.",
    draw=draw,
)
