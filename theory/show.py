"""How values look in a notebook: small tables in HTML, curves over a clock."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["axes", "curves", "html_table", "number_text"]


def number_text(value: Any) -> str:
    """A value in a cell: four significant digits.

    >>> number_text(0.123456), number_text(True), number_text(40_000), number_text(None)
    ('0.1235', 'yes', '40000', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    return str(value)


def html_table(title: str, rows: Mapping[str, str]) -> str:
    """Two columns under a title; the title and the first column are text, the second is HTML already.

    >>> html_table("a < b", {"n": "5"})
    '<table><caption>a &lt; b</caption><tr><th scope="row">n</th><td>5</td></tr></table>'
    """
    lines = (f'<tr><th scope="row">{escape(name)}</th><td>{cell}</td></tr>' for name, cell in rows.items())
    return f"<table><caption>{escape(title)}</caption>{''.join(lines)}</table>"


def axes(count: int = 1) -> list[Axes]:
    """Empty axes side by side, in a figure that no window shows; a notebook draws `axes[0].figure`."""
    figure = _picture()(figsize=(5.2 * count, 3.6), layout="constrained")
    return list(np.atleast_1d(figure.subplots(1, count)))


@cache
def _picture() -> type[Figure]:
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A figure that a notebook shows without further words."""

        def _repr_png_(self) -> bytes:
            buffer = io.BytesIO()
            self.savefig(buffer, format="png", dpi=110)
            return buffer.getvalue()

    return Picture


def curves(
    ax: Axes, x: Any, groups: Sequence[tuple[str, Any, str]], *, x_label: str, y_label: str, title: str
) -> None:
    """One line a group: values (T,), or the median of (T, k) with a band from 5 to 95 %.

    Args:
        groups: (name, values, colour); one without values is left out.
    """
    for name, values, colour in groups:
        y = np.asarray(values, dtype=np.float64)
        if y.ndim == 2 and y.shape[1] == 0:
            continue
        if y.ndim == 2:
            low, y, high = np.quantile(y, (0.05, 0.5, 0.95), axis=1)
            ax.fill_between(x, low, high, color=colour, alpha=0.2, linewidth=0)
            name = f"{name}: median, 5-95 %"
        ax.plot(x, y, color=colour, label=name)
    ax.set(xlabel=x_label, ylabel=y_label, title=title)
    if groups:
        ax.legend(frameon=False, fontsize="small")
