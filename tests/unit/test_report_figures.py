"""Figures of the report: drawn where there is data, in spite of odd numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_cases import by_id, make_verification

from verify.outcome import Verification
from verify.report import figures as figure_module
from verify.report import write_report
from verify.report.figures import FIGURES, draw_all
from verify.report.figures.claims_graph import layout
from verify.report.figures.event_map import cells
from verify.report.figures.style import FigureSpec


def pixels(png: bytes) -> Any:
    import io

    from matplotlib.image import imread

    return imread(io.BytesIO(png), format="png")


def test_every_figure_is_drawn_and_not_blank(verification: Verification) -> None:
    drawn = draw_all(verification)
    assert [f.name for f in drawn] == [f.name for f in FIGURES]
    for figure in drawn:
        assert figure.error == ""
        assert figure.png is not None
        image = pixels(figure.png)[..., :3]
        assert image.shape[1] > 700
        assert 0.005 < (image < 0.9).any(axis=2).mean() < 0.6, figure.name
        assert figure.caption.endswith(".")


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
    def fail(_: Verification) -> None:
        raise ZeroDivisionError("no <data>")

    broken = FigureSpec("broken", "Broken", "Nothing.", fail)
    monkeypatch.setattr(figure_module, "FIGURES", (broken, *FIGURES))
    write_report(small, tmp_path / "out")
    html = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "This figure could not be drawn: ZeroDivisionError: no &lt;data&gt;" in html
    drawn = {p.stem for p in (tmp_path / "out" / "figures").iterdir()}
    assert drawn == {"exponents", "claims_graph"}


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


def test_graph_layout_puts_parents_left() -> None:
    import networkx as nx

    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("a", "c"), ("d", "c"), ("e", "f")])
    place = layout(graph)
    assert all(place[p][0] < place[c][0] for p, c in graph.edges)
    assert len(set(place.values())) == len(place)
