"""The figures of the report: what each shows is taken from a verification as plain values, and drawn from
them in any process."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Sequence
from functools import partial

from verify.outcome import Verification
from verify.report.blocks import Figure
from verify.report.figures import answers, bounds, coverage, event_map, exponents, panels, slack, trust
from verify.report.figures.style import MEANT, FigureSpec, style
from verify.runs.spread import hand_out

__all__ = ["FIGURES", "MOST", "begin_all", "draw_all"]

#: In the order of the report; adding a figure is adding its file and a line here.
FIGURES = (
    coverage.figures,
    event_map.figures,
    panels.figures,
    exponents.figures,
    bounds.figures,
    slack.figures,
    answers.figures,
    trust.figures,
)
#: A chosen dozen: no reader looks at more, and each costs bytes and seconds.
MOST = 12

#: The page is as wide as a figure of `WIDTH` then.
_DPI = 102
#: Of lines, text and a few fills; with so many colours no difference can be seen, at a third of the bytes.
_COLOURS = 64


def draw_all(verification: Verification, jobs: int = 1) -> list[Figure]:
    """At most `MOST` figures for which the verification has the data, in worker processes for several jobs.

    An error is kept in the figure's place: a verification that took minutes is worth more than a figure.
    """
    return begin_all(verification, jobs)()


def begin_all(verification: Verification, jobs: int = 1) -> Callable[[], list[Figure]]:
    """As `draw_all`, but what is returned collects the figures: meanwhile the workers draw."""
    out: list[Figure] = []
    specs: list[FigureSpec] = []
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
    specs = _chosen(specs)
    begun = hand_out(_timed, specs, jobs)

    def collected() -> list[Figure]:
        return [*out, *(_figure(spec, drawn) for spec, drawn in zip(specs, begun(), strict=True))]

    return collected


def _figure(spec: FigureSpec, drawn: tuple[bytes, float] | BaseException) -> Figure:
    error = f"{type(drawn).__name__}: {drawn}" if isinstance(drawn, BaseException) else ""
    png, seconds = (None, 0.0) if isinstance(drawn, BaseException) else drawn
    return Figure(spec.name, spec.title, spec.caption, png, error, spec.alt, spec.lead, seconds)


def _timed(spec: FigureSpec) -> tuple[bytes, float]:
    started = time.perf_counter()
    png = _png(spec)
    return png, time.perf_counter() - started


def _chosen(specs: Sequence[FigureSpec]) -> list[FigureSpec]:
    """Those that lead and one of every file first, then the others as they come; in the order of the report.

    Exhibits and questions are many of a file: the first two of each come before any third.
    """
    files = [spec.draw.func.__module__ if isinstance(spec.draw, partial) else "" for spec in specs]
    rank = [(not spec.lead, max(0, files[:k].count(files[k]) - 1), k) for k, spec in enumerate(specs)]
    kept = {k for _, _, k in sorted(rank)[:MOST]}
    return [spec for k, spec in enumerate(specs) if k in kept]


def _png(spec: FigureSpec) -> bytes:
    from PIL import Image

    with style():
        buffer, small = io.BytesIO(), io.BytesIO()
        # No date and no version in the file: equal data give equal bytes.
        figure = spec.draw()
        figure.set_dpi(_DPI)
        engine = figure.get_layout_engine()
        if engine is not None:
            # By itself, and once: saving would draw everything one more time to find the layout.
            engine.execute(figure)
            figure.set_layout_engine("none")
        figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    buffer.seek(0)
    image = Image.open(buffer).convert("RGB")
    # Colours that mean something stay what they are, the others are those of the picture.
    kept = [int(c[k : k + 2], 16) for c in MEANT for k in (1, 3, 5)]
    tree = image.quantize(_COLOURS - len(MEANT), method=Image.Quantize.FASTOCTREE)
    palette = Image.new("P", (1, 1))
    palette.putpalette([*kept, *(tree.getpalette() or ())])
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
    return small.getvalue()
