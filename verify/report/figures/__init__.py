"""The figures of the report: what each shows is taken from a verification as plain values, and drawn from
them in any process."""

from __future__ import annotations

import io

from verify.outcome import Verification
from verify.report.blocks import Figure
from verify.report.figures import answers, bounds, event_map, exponents, panels, slack
from verify.report.figures.style import FigureSpec, style
from verify.runs.spread import spread

__all__ = ["FIGURES", "draw_all"]

#: In the order of the report; adding a figure is adding its file and a line here.
FIGURES = (
    panels.figures,
    event_map.figures,
    exponents.figures,
    bounds.figures,
    slack.figures,
    answers.figures,
)

_DPI = 120
#: Of lines, text and a few fills; with so many colours no difference can be seen, at a third of the bytes.
_COLOURS = 64


def draw_all(verification: Verification, jobs: int = 1) -> list[Figure]:
    """Every figure for which the verification has the data, in worker processes for several jobs.

    An error is kept in the figure's place: a verification that took minutes is worth more than a figure.
    """
    out, specs = [], []
    for figures in FIGURES:
        try:
            specs += figures(verification)
        except Exception as problem:
            name = figures.__module__.rpartition(".")[2]
            out.append(Figure(name, name.replace("_", " "), "", None, f"{type(problem).__name__}: {problem}"))
    out += [
        Figure(f"exhibit_{exhibit.id}", exhibit.title, exhibit.caption, None, exhibit.error)
        for exhibit in verification.exhibits
        if exhibit.error
    ]
    for spec, drawn in zip(specs, spread(_png, specs, jobs), strict=True):
        error = f"{type(drawn).__name__}: {drawn}" if isinstance(drawn, BaseException) else ""
        png = None if isinstance(drawn, BaseException) else drawn
        out.append(Figure(spec.name, spec.title, spec.caption, png, error, spec.alt))
    return out


def _png(spec: FigureSpec) -> bytes:
    from PIL import Image

    with style():
        buffer, small = io.BytesIO(), io.BytesIO()
        # No date and no version in the file: equal data give equal bytes.
        spec.draw().savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    buffer.seek(0)
    image = Image.open(buffer).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    image.save(small, format="png", optimize=True)
    return small.getvalue()
