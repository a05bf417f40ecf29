"""Figures of the report: drawn where there is data, in spite of odd numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from report_cases import by_id, make_verification

from verify.outcome import MadeExhibit, Verification
from verify.report import figures as figure_module
from verify.report import write_report
from verify.report.blocks import Figure
from verify.report.figures import draw_all
from verify.report.figures.event_map import cells, map_panels
from verify.report.figures.style import FigureSpec


def pixels(png: bytes) -> Any:
    import io

    from matplotlib.image import imread

    return imread(io.BytesIO(png), format="png")


def test_every_figure_is_drawn_and_not_blank(figures: list[Figure]) -> None:
    exhibits = ["exhibit_label_noise", "exhibit_no_noise"]
    others = ["exponents", "bounds", "slack", "trust"]
    assert [f.name for f in figures] == ["coverage", "event_map", *exhibits, *others]
    for figure in figures:
        assert figure.error == ""
        assert figure.png is not None
        image = pixels(figure.png)[..., :3]
        assert image.shape[1] > 700
        assert 0.005 < (image < 0.9).any(axis=2).mean() < 0.6, figure.name
        assert figure.caption.endswith(".")
        assert len(figure.alt) > len(figure.title)
        assert "?" in figure.title


def test_no_two_verdicts_end_in_one_colour() -> None:
    """Fewer colours, smaller files: those that mean something stay what they are."""
    from verify.report.figures.style import VERDICT_COLOURS

    spec = FigureSpec("colours", "Which colours?", "Bars.", partial(_bars, tuple(VERDICT_COLOURS.values())))
    seen = {tuple(c) for c in (255 * pixels(figure_module._png(spec))[..., :3]).round().reshape(-1, 3)}
    for colour in VERDICT_COLOURS.values():
        wanted = tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))
        assert min(sum(abs(a - b) for a, b in zip(wanted, c, strict=True)) for c in seen) <= 6, colour


def _bars(colours: tuple[str, ...]) -> Any:
    """Colours as thin bars, as points half transparent, and a ramp of many more beside them."""
    from matplotlib.figure import Figure

    figure = Figure()
    ax = figure.subplots()
    ax.bar(range(len(colours)), 1.0, width=0.04, color=colours)
    ax.scatter([k % 7 for k in range(200)], [1 + k / 100 for k in range(200)], s=4, alpha=0.45,
               c=[colours[k % len(colours)] for k in range(200)])  # fmt: skip
    ax.imshow([[k / 300 for k in range(300)]], extent=(0, 6, 3, 4), aspect="auto", cmap="viridis")
    ax.set_xlim(-1, 8)
    ax.set_ylim(0, 4)
    return figure


def test_figures_without_data_are_left_out() -> None:
    assert draw_all(Verification((), (), {})) == []
    names = [f.name for f in draw_all(make_verification("zoo.exponent.eta", exhibits=False))]
    assert names == ["exponents"]


def test_figures_survive_odd_numbers(verification: Verification) -> None:
    odd = []
    for judgement in verification.judgements:
        for bad in (math.inf, math.nan, 0.0):
            changed = tuple(
                replace(o, value=_spoilt(o.value, bad)) if o.not_judged is None else o
                for o in judgement.observations
            )
            odd.append(replace(judgement, observations=changed))
    assert [f.error for f in draw_all(Verification(tuple(odd), (), {})) if f.error] == []


def _spoilt(value: Any, bad: float) -> Any:
    if isinstance(value, tuple):
        return tuple(bad for _ in value)
    return bad if isinstance(value, float) else value


def test_a_failing_figure_costs_only_itself(
    small: Verification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("no <data>")

    def unreadable(_: Verification) -> list[FigureSpec]:
        raise KeyError("no numbers")

    broken = FigureSpec("broken", "Broken", "Nothing.", fail)  # type: ignore[arg-type]
    more = (lambda _: [broken], unreadable, *figure_module.FIGURES)
    monkeypatch.setattr(figure_module, "FIGURES", more)
    write_report(small, tmp_path / "out")
    html = (tmp_path / "out" / "appendix.html").read_text("utf-8")
    assert "This figure could not be drawn: ZeroDivisionError: no &lt;data&gt;" in html
    drawn = {p.stem for p in (tmp_path / "out" / "figures").iterdir()}
    assert drawn == {"coverage", "exponents", "trust"}
    assert "This figure could not be drawn: KeyError: &#39;no numbers&#39;" in html


def test_drawing_leaves_matplotlib_as_it_was(small: Verification) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw_all(small)
    assert dict(matplotlib.rcParams) == before


def test_event_map_counts_cells(verification: Verification) -> None:
    judgement = by_id(verification, "zoo.map.small_init")
    found = cells(judgement)
    assert len(found) == 24
    assert sum(c.judged for c in found) == len(judgement.judged) == 240
    assert {c.judged for c in found if c.at("kappa_0") == 100.0} == {0}
    assert sum(c.held for c in found) == sum(bool(o.value) for o in judgement.judged)


def test_worker_processes_draw_the_same_figures(small: Verification) -> None:
    exhibits = make_verification("zoo.lemma.norms").exhibits
    both = replace(small, exhibits=exhibits)
    alone, together = draw_all(both), draw_all(both, jobs=2)
    exhibits_drawn = ["exhibit_label_noise", "exhibit_no_noise"]
    assert [f.name for f in together] == ["coverage", *exhibits_drawn, "exponents", "trust"]
    assert alone == together


def test_an_exhibit_that_failed_is_named(small: Verification) -> None:
    broken = MadeExhibit("zoo", "gone", "Gone", "", (), "ValueError: no data here")
    (figure,) = draw_all(replace(small, judgements=(), exhibits=(broken,)))
    assert figure.name == "exhibit_gone"
    assert figure.png is None
    assert figure.error == "ValueError: no data here"


def test_the_users_own_matplotlib_settings_play_no_part() -> None:
    import matplotlib

    from verify.report.figures.style import style

    with matplotlib.rc_context({"text.usetex": True}):
        with style():
            assert not matplotlib.rcParams["text.usetex"]
        assert matplotlib.rcParams["text.usetex"]


@pytest.mark.parametrize("height", [2.75, 3.5])
def test_a_legend_below_stands_clear_of_the_axes_name(height: float) -> None:
    from verify.report.figures.style import grid_of_axes, legend_below, style

    with style():
        figure, axes = grid_of_axes(3, 3, height=height)
        for ax in axes:
            ax.plot([0.01, 10], [1, 2], label="one")
            ax.set_xscale("log")
            ax.set_xlabel(r"clock $s = t/(nm/\eta\sigma_\xi^2d)$")
            legend_below(ax, 1, 8)
        figure.draw_without_rendering()
        for ax in axes:
            assert ax.get_legend().get_window_extent().y1 <= ax.xaxis.label.get_window_extent().y0


def test_a_label_that_says_the_axis_otherwise_is_no_series(verification: Verification) -> None:
    """n/d beside d/n: one curve, not as many as there are points."""
    judgement = by_id(verification, "zoo.map.small_init")
    axis = map_panels(judgement, {})[0].x
    twice = replace(
        judgement,
        observations=tuple(
            replace(o, labels={**o.labels, "inverse": 1 / o.labels[axis]}) for o in judgement.observations
        ),
    )
    panels, plain = map_panels(twice, {}), map_panels(judgement, {})
    assert [(p.x, p.series, len(p.cells)) for p in panels] == [(p.x, p.series, len(p.cells)) for p in plain]


def test_strips_end_where_the_reference_box_does(verification: Verification) -> None:
    """Runs far beyond it would leave it no room: they are a share at that end."""
    from theory import Box
    from theory.two_stage.paper import THIS
    from verify.report.figures.coverage import _strips

    judged = [j for j in verification.judgements if j.judged]
    values = sorted({o.setting.n for j in judged for o in j.judged})  # type: ignore[attr-defined]
    low, high = values[1], values[-2]
    whole = THIS.reference_boxes[0]
    narrow = (replace(c, low=low, high=high) if c.name == "n" else c for c in whole.coordinates)
    box = Box("narrow", tuple(narrow), whole.make)
    strip = next(s for s in _strips(box, judged, {}) if s.name == "n")
    free = next(s for s in _strips(None, judged, {}) if s.name == "n")
    assert (strip.low, strip.high) == (pytest.approx(low), pytest.approx(high))
    assert free.beyond == (0, 0)
    assert free.high >= values[-1]
    settings = {o.setting for j in judged for o in j.judged}
    above = sum(s.n > high for s in settings) / len(settings)  # type: ignore[attr-defined]
    assert strip.beyond[1] == pytest.approx(above)
    assert above > 0


def test_a_caption_speaks_of_the_panels_that_are_drawn() -> None:
    from verify.report.figures.trust import _caption, _Found

    found = [_Found("sign", 1, 2), _Found("factor", 2, 2)]
    assert "Planted" not in _caption([0.9, 1.0], (), ())
    assert "power" not in _caption([0.9], (), ())
    assert "by kind, with" in _caption([0.9, 1.0], found, ())
    assert "by the distance" in _caption([0.9, 1.0], found, found)
