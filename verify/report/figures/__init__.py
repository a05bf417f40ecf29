"""The figures of the report: one file a figure, listed here."""

from __future__ import annotations

import io
from dataclasses import dataclass

from verify.outcome import Verification
from verify.report.figures import (
    answers,
    bounds,
    claims_graph,
    event_map,
    exponents,
    iid_exponent,
    loss_histograms,
    margins,
    slack,
    test_errors,
    trajectories,
)
from verify.report.figures.style import FigureSpec, style

__all__ = ["FIGURES", "DrawnFigure", "draw_all"]

#: In the order of the report; adding a figure is adding its file and a line here.
FIGURES: tuple[FigureSpec, ...] = (
    trajectories.FIGURE,
    margins.FIGURE,
    loss_histograms.FIGURE,
    test_errors.FIGURE,
    iid_exponent.FIGURE,
    event_map.FIGURE,
    exponents.FIGURE,
    bounds.FIGURE,
    slack.FIGURE,
    claims_graph.FIGURE,
)

_DPI = 130


@dataclass(frozen=True)
class DrawnFigure:
    """A figure as PNG, or the error that kept it from being drawn."""

    name: str
    title: str
    caption: str
    png: bytes | None
    error: str = ""


def draw_all(verification: Verification) -> list[DrawnFigure]:
    """Every figure for which the verification has the data; those of the questions come last.

    An error is kept in the figure's place: a verification that took minutes is worth more than a figure.
    """
    out = []
    for spec in (*FIGURES, *answers.figures(verification)):
        png, error = None, ""
        try:
            with style():
                figure = spec.draw(verification)
                if figure is None:
                    continue
                buffer = io.BytesIO()
                # No date and no version in the file: equal data give equal bytes.
                figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
                png = buffer.getvalue()
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
        out.append(DrawnFigure(spec.name, spec.title, spec.caption, png, error))
    return out
