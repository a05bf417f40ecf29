"""What all figures share: colours, type, panels, quantile bands."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from theory.exhibit import Role
from verify.outcome import Verification

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "MEANT",
    "ROLE_COLOURS",
    "ROLE_MARKERS",
    "SERIES_COLOURS",
    "TEXT_COLOURS",
    "VERDICT_COLOURS",
    "VERDICT_MARKERS",
    "WIDTH",
    "FigureSpec",
    "axis_names",
    "draw_marks",
    "grid_of_axes",
    "legend_below",
    "plain_text",
    "readable_log_ticks",
    "short_id",
    "style",
]

# Okabe and Ito's colours for verdicts, Tol's for kinds of samples: both sets keep apart under the common
# colour blindnesses, and no colour means two things.
VERDICT_COLOURS: dict[str, str] = {
    "supported": "#0072B2",
    "refuted": "#D55E00",
    "inconclusive": "#E69F00",
    "derived": "#56B4E9",
    "vacuous": "#CC79A7",
    "not-applicable": "#8C8C8C",
    "errored": "#000000",
}
#: The same for text, dark enough on white.
TEXT_COLOURS = VERDICT_COLOURS | {
    "refuted": "#B34700",
    "inconclusive": "#8A5A00",
    "derived": "#1F6F9E",
    "vacuous": "#8F3F6D",
    "not-applicable": "#5C5C5C",
}
VERDICT_MARKERS = {
    "supported": "o", "refuted": "X", "inconclusive": "D", "derived": "^", "vacuous": "v",
    "not-applicable": "s", "errored": "P",
}  # fmt: skip
ROLE_COLOURS: dict[Role, str] = {
    "clean": "#117733", "noisy": "#AA4499", "positive": "#332288", "negative": "#6699CC",
    "measured": "#332288", "predicted": "#999933", "control": "#DDAA33", "other": "#CC6677",
}  # fmt: skip
ROLE_MARKERS: dict[Role, str] = {
    "clean": "o", "noisy": "s", "positive": "o", "negative": "D", "measured": "o", "predicted": "^",
    "control": "v", "other": "s",
}  # fmt: skip
SERIES_COLOURS = ("#332288", "#CC6677", "#117733", "#DDAA33", "#6699CC", "#AA4499")
#: All of these, which a smaller file must not change.
MEANT = tuple(
    dict.fromkeys(
        (*VERDICT_COLOURS.values(), *TEXT_COLOURS.values(), *ROLE_COLOURS.values(), *SERIES_COLOURS)
    )
)

WIDTH = 10.5

#: How far below its axes a legend stands, in points: clear of tick labels and of a name with two indices.
_BELOW = 38

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
    "mathtext.fontset": "dejavusans",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "axes.formatter.useoffset": False,
}


@dataclass(frozen=True)
class FigureSpec:
    """A figure of the report: words, and a function without arguments that draws it. The function and the
    values it holds can be pickled, so that any process can draw it. `lead` figures stand in the report
    itself, others in its appendix."""

    name: str
    title: str
    caption: str
    draw: Callable[[], Figure]
    alt: str = ""
    lead: bool = False


@contextmanager
def style() -> Iterator[None]:
    """matplotlib's parameters for the report, put back afterwards; the user's own play no part: they may ask
    for what is not here, such as LaTeX."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def grid_of_axes(
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


def legend_below(ax: Any, columns: int, fontsize: float) -> None:
    """A legend below the axes' name, at a distance in points: a share of the axes' height falls short of it
    where the axes are low."""
    from matplotlib.transforms import offset_copy

    ax.legend(
        loc="upper left", bbox_to_anchor=(-0.02, 0), borderaxespad=0, ncols=columns, fontsize=fontsize,
        bbox_transform=offset_copy(ax.transAxes, ax.figure, y=-_BELOW, units="points"),
    )  # fmt: skip


def readable_log_ticks(*axes: Any) -> None:
    """Few labels on logarithmic axes of at most two decades, where those of minor ticks would overlap."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    for axis in axes:
        low, high = axis.get_view_interval()
        subs = (1.0, 2.0, 5.0) if high / low < 100 else (1.0,)
        axis.set_major_locator(LogLocator(subs=subs))
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
        axis.set_minor_formatter(NullFormatter())


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


def axis_names(verification: Verification) -> dict[str, str]:
    """How fields, groups and labels are written on axes: the letters of the papers by their names in code."""
    return {entry.letter: f"${entry.latex}$" for paper in verification.papers for entry in paper.letters}


def short_id(claim_id: str, width: int = 80) -> str:
    """A claim id without its paper, for titles and labels; in lines of at most `width` signs.

    >>> short_id("paper.theorem_4_1.clean_fit")
    'Thm 4.1 · clean fit'
    >>> short_id("paper.proposition_4_3.selection_gap", 12)
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
