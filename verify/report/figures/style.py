"""What all figures share: colours, type, panels, quantile bands."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from verify.outcome import Verification

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "CLEAN",
    "NOISY",
    "PARAMETER_NAMES",
    "SIGNAL",
    "TEXT_COLOURS",
    "VERDICT_COLOURS",
    "VERDICT_MARKERS",
    "WIDTH",
    "FigureSpec",
    "draw_marks",
    "log_clock",
    "panels",
    "plain_text",
    "quantile_band",
    "short_id",
    "style",
]

Floats = NDArray[np.float64]

# Okabe and Ito's colours for verdicts, Tol's for kinds of samples: both sets keep apart under the common
# colour blindnesses, and no colour means two things.
VERDICT_COLOURS = {
    "supported": "#0072B2",
    "refuted": "#D55E00",
    "inconclusive": "#E69F00",
    "not-applicable": "#8C8C8C",
}
#: The same for text, dark enough on white.
TEXT_COLOURS = {
    "supported": "#0072B2",
    "refuted": "#B34700",
    "inconclusive": "#8A5A00",
    "not-applicable": "#5C5C5C",
}
VERDICT_MARKERS = {"supported": "o", "refuted": "X", "inconclusive": "D", "not-applicable": "s"}
CLEAN, NOISY = "#117733", "#AA4499"
SIGNAL = ("#332288", "#6699CC")

WIDTH = 10.5

#: How settings and labels are written on axes.
PARAMETER_NAMES = {
    "eta": r"$\eta$",
    "sigma_xi": r"$\sigma_\xi$",
    "sigma_0": r"$\sigma_0$",
    "kappa_0": r"$\kappa_0$",
    "tau": r"$\tau$",
    "tau_plus": r"$\tau_+$",
    "tau_minus": r"$\tau_-$",
    "d_over_n2": r"$d/n^2$",
    "signal_margin": r"$a\,(1-2\tau)$",
    "n_snr2": r"$n\,\mathrm{SNR}^2$",
    "d_over_n": r"$d/n$",
    "clock_step": r"$h$",
}

_STYLE: Any = {
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "mathtext.fontset": "stix",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.formatter.useoffset": False,
}


@dataclass(frozen=True)
class FigureSpec:
    """A figure of the report. `draw` returns None when the verification has no data for it."""

    name: str
    title: str
    caption: str
    draw: Callable[[Verification], Figure | None]


@contextmanager
def style() -> Iterator[None]:
    """matplotlib's parameters for the report, put back afterwards."""
    import matplotlib

    with matplotlib.rc_context(_STYLE):
        yield


def panels(
    count: int, columns: int, *, height: float = 2.7, width: float = WIDTH
) -> tuple[Figure, list[Any]]:
    """A figure with `count` axes in rows of `columns`, without empty ones."""
    from matplotlib.figure import Figure

    columns = min(columns, count)
    rows = math.ceil(count / columns)
    width = min(width, 6.4) if columns == 1 else width
    figure = Figure(figsize=(width, height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def plain_text(text: str) -> str:
    """Text that matplotlib can set: as mathtext when it parses, else without its meaning."""
    from matplotlib.mathtext import MathTextParser

    if "$" not in text:
        return text
    try:
        for line in text.splitlines():
            MathTextParser("path").parse(line)
    except ValueError:
        return text.replace("$", r"\$")
    return text


def short_id(claim_id: str, width: int = 80) -> str:
    """A claim id without its paper, for titles and labels; in lines of at most `width` signs.

    >>> short_id("two_stage.theorem_4_1.clean_fit")
    'Thm 4.1 · clean fit'
    >>> short_id("two_stage.proposition_4_3.selection_gap", 12)
    'Prop 4.3 ·\\nselection\\ngap'
    """
    words = claim_id.split(".")
    words = words[1:] if len(words) > 1 else words
    # The dot stays with the word before it; textwrap breaks at plain spaces only.
    text = "\N{NO-BREAK SPACE}· ".join(_NUMBERED.sub(_item_name, word).replace("_", " ") for word in words)
    return "\n".join(textwrap.wrap(text, width)).replace("\N{NO-BREAK SPACE}", " ")


_NUMBERED = re.compile(r"^(theorem|proposition|lemma|corollary)((?:_\d+)+)$")
_ITEMS = {"theorem": "Thm", "proposition": "Prop", "lemma": "Lemma", "corollary": "Cor"}


def _item_name(match: re.Match[str]) -> str:
    return f"{_ITEMS[match.group(1)]} {match.group(2).strip('_').replace('_', '.')}"


def log_clock(ax: Any, clock: Floats) -> None:
    """A logarithmic clock axis where the clock spans more than a factor 30; it starts after s = 0."""
    positive = clock[clock > 0]
    if len(positive) and positive[-1] > 30 * positive[0]:
        ax.set_xscale("log")
        ax.set_xlim(positive[0] * 0.96, positive[-1] * 1.04)
    ax.set_xlabel(r"clock $s = t\,/\,(nm/\eta\sigma_\xi^2 d)$")


def quantile_band(ax: Any, x: Floats, values: Floats, colour: str, label: str) -> None:
    """Median, 10 to 90 % band and thin extremes of values (T, k) over x (T,)."""
    if values.shape[1] == 0:
        return
    low, q10, median, q90, high = np.quantile(values, [0.0, 0.1, 0.5, 0.9, 1.0], axis=1)
    ax.fill_between(x, q10, q90, color=colour, alpha=0.22, linewidth=0)
    for edge in (low, high):
        ax.plot(x, edge, color=colour, linewidth=0.6, alpha=0.8)
    ax.plot(x, median, color=colour, label=label)


def draw_marks(ax: Any, marks: Mapping[str, float], *, names: bool = True) -> None:
    """Named clocks as vertical lines, their names above the axes and out of each other's way."""
    low, high = ax.get_xlim()
    shown = sorted((s, name) for name, s in marks.items() if math.isfinite(s) and low <= s <= high)
    previous, level = -math.inf, 0
    for s, name in shown:
        ax.axvline(s, color="#555555", linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
        place = float(ax.transAxes.inverted().transform(ax.transData.transform((s, 0)))[0])
        level = (level + 1) % 3 if place - previous < 0.09 else 0
        previous = place
        if names:
            ax.text(
                place, 1.01 + 0.065 * level, plain_text(name), transform=ax.transAxes,
                ha="center", va="bottom", fontsize=8.5, color="#333333",
            )  # fmt: skip
