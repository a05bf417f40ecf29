"""Phase diagrams: cells, boundaries, files, and what is drawn where."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from theory.ledger import builtin_ledger
from theory.plane import LevelSet
from theory.run import Estimate
from theory.two_stage import planes
from theory.two_stage.planes import EVENT_CLAIM, late_share_sum, mean_field_growth
from theory.two_stage.setting import Setting
from verify.out_folder import check_out_folder
from verify.phase import files as phase_files
from verify.phase.boundaries import located_boundaries, sign_change
from verify.phase.diagram import Cell, Phase, phase_diagram
from verify.phase.files import write_phase
from verify.report.figures.phase import draw_phase, phase_png

NONE = Estimate(math.nan, math.nan, math.nan)
PLANES = {plane.name: plane for plane in planes.PLANES}
QUANTITIES = [q.name for q in planes.QUANTITIES]


def synthetic(
    name: str, push: Callable[[float, float], float], growth: Callable[[float, float], float], cells: int = 12
) -> Phase:
    plane = PLANES[name]
    values = {
        "event": Estimate(0.5, 0.1, 0.9),
        "error": Estimate(0.1, 0.0, 0.2),
        "t_half": Estimate(1, 0.5, math.inf),
    }
    made = [
        Cell(
            x, y, plane.setting(x, y), (), 3, values,
            {"first_push": (push(x, y),) * 3, "growth": (growth(x, y),) * 3, "plateau_error": (-0.2,) * 3},
        )
        for x, y in plane.values(cells)
    ]  # fmt: skip
    return Phase(plane, tuple(made), None, 0, plane.variables)


def plateau_curves(name: str) -> dict[bool, LevelSet]:
    """By whether p = 1."""
    return {s.dashed: s for s in PLANES[name].level_sets if s.family == "plateau"}


@pytest.fixture(scope="module")
def small() -> Phase:
    return phase_diagram(PLANES["snr-tau"], cells=6, runs=3, seed=0)


# Boundaries ------------------------------------------------------------------------------------------


def test_a_boundary_where_theory_draws_it_is_located_there() -> None:
    phase = synthetic(
        "snr-tau",
        lambda a, tau: 1 - a * (1 - 2 * tau),
        lambda a, tau: 1 - late_share_sum(a, tau, tau, 0.5),
    )
    by_name = {b.name: b for b in located_boundaries(phase)}
    assert by_name["first push"].located.value == pytest.approx(1.0, abs=1e-9)
    # Linear interpolation of a curved function between cells a factor 1.37 apart.
    assert by_name["plateau growth"].located.value == pytest.approx(1.0, abs=0.01)


def test_a_boundary_elsewhere_is_seen_to_be_elsewhere() -> None:
    phase = synthetic("snr-tau", lambda a, tau: 1.3 - a * (1 - 2 * tau), lambda a, tau: 1.0)
    by_name = {b.name: b for b in located_boundaries(phase)}
    assert by_name["first push"].located.value == pytest.approx(1.3, abs=1e-9)
    assert by_name["first push"].located.low > 1.0
    assert by_name["plateau growth"].rows == ()
    assert "crossed in 0 rows only" in by_name["plateau growth"].text


def test_the_first_push_of_real_runs_turns_at_two_p_for_one_half(small: Phase) -> None:
    (push,) = [b for b in located_boundaries(small) if b.name == "first push"]
    assert len(push.rows) >= 5
    assert push.located.low <= 1.0 <= push.located.high
    assert push.located.high < 2.0  # so p = 1 is excluded


@pytest.mark.parametrize("tau", [0.0, 0.1, 0.2])
def test_the_plateau_condition_is_the_same_as_a_times_one_minus_four_tau(tau: float) -> None:
    for p in (0.5, 1.0):
        a = 2 * p / (1 - 4 * tau)
        assert late_share_sum(a, tau, tau, p) == pytest.approx(1.0)
        curve = plateau_curves("snr-tau")[p == 1.0]
        assert float(curve.value(np.array(a), np.array(tau))) - curve.level == pytest.approx(0.0)


def test_the_curve_for_unequal_rates_is_the_same_condition() -> None:
    curve = plateau_curves("tau-tau")[False]
    for plus, minus in ((0.1, 0.2), (0.3, 0.2)):
        above = late_share_sum(4.0, plus, minus, 0.5) > 1
        assert (float(curve.value(np.array(plus), np.array(minus))) > curve.level) == above


# Cells -----------------------------------------------------------------------------------------------


def test_cells_know_their_coordinates_and_runs(small: Phase) -> None:
    assert len(small.cells) == 36
    for cell in small.cells:
        assert isinstance(cell.setting, Setting)
        assert cell.setting.n_snr2 == pytest.approx(cell.x)
        assert cell.setting.tau_plus == cell.setting.tau_minus == cell.y
        assert cell.runs <= 3
        assert (e := cell.values["event"]).low <= e.value <= e.high
    strong = max(small.cells, key=lambda c: c.x - 100 * c.y)
    weak = min(small.cells, key=lambda c: c.x - 100 * c.y)
    assert strong.values["event"].value == 1.0
    assert strong.values["error"].value < 0.1
    assert weak.values["event"].value == 0.0
    assert weak.values["error"].value > 0.4


def test_the_axes_of_the_dimension_plane() -> None:
    s = PLANES["dimension-kappa"].setting(0.5, 3.0)
    assert s.d / s.n**2 == pytest.approx(0.5)
    assert s.kappa_0 == pytest.approx(3.0)


def test_cells_outside_a_claims_conditions_are_marked() -> None:
    phase = phase_diagram(
        PLANES["dimension-kappa"], cells=3, runs=1, claim=builtin_ledger()[EVENT_CLAIM], seed=1
    )
    for cell in phase.cells:
        needed = math.log(6 * 100**2 / 0.05)
        assert cell.outside == (() if cell.x >= needed else ("dimension",))
    figure = draw_phase(phase, (), ["event"])
    mesh = figure.axes[0].collections[0]
    coloured = ~np.ma.getmaskarray(mesh.get_array()).ravel()
    by_row = sorted(phase.cells, key=lambda c: (c.y, c.x))
    assert coloured.tolist() == [not c.outside for c in by_row]
    assert 0 < coloured.sum() < 9


def test_a_diagram_is_a_function_of_its_seed() -> None:
    first, again, other = (phase_diagram(PLANES["tau-tau"], cells=3, runs=1, seed=s) for s in (5, 5, 6))
    assert [c.numbers["growth"] for c in first.cells] == [c.numbers["growth"] for c in again.cells]
    assert [c.numbers["growth"] for c in first.cells] != [c.numbers["growth"] for c in other.cells]


# Files -----------------------------------------------------------------------------------------------


def test_the_files_hold_every_cell(small: Phase, tmp_path: Path) -> None:
    boundaries = located_boundaries(small)
    paths = write_phase(small, boundaries, phase_png(small, boundaries, QUANTITIES), tmp_path / "new")
    assert [p.name for p in paths] == ["snr-tau.png", "snr-tau.csv", "snr-tau.json"]
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == sorted(p.name for p in paths)
    assert paths[0].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    with paths[1].open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 36
    assert float(rows[7]["event"]) == small.cells[7].values["event"].value
    data = json.loads(paths[2].read_text(), parse_constant=lambda text: pytest.fail(f"not strict: {text}"))
    assert len(data["cells"]) == 36
    assert {b["name"] for b in data["boundaries"]} == {b.name for b in boundaries}


def test_a_failed_write_leaves_the_old_file(
    small: Phase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "snr-tau.png"
    old.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(phase_files.os, "fsync", full)
    with pytest.raises(ValueError, match=r"--out: folder .* No space left"):
        write_phase(small, (), b"new", tmp_path)
    assert old.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["snr-tau.png"]


def test_an_unwritable_folder_is_refused_before_any_run(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for folder in (file, file / "below"):
        with pytest.raises(ValueError, match="--out"):
            check_out_folder(folder)
    check_out_folder(tmp_path / "a" / "b")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_an_unknown_quantity_is_named(small: Phase) -> None:
    with pytest.raises(ValueError, match="--quantity must be of event, error, t_half, was 'loss'"):
        draw_phase(small, (), ["loss"])


def test_cells_without_runs_or_times_are_drawn_too(small: Phase) -> None:
    empty = replace(small.cells[0], runs=0, values=dict.fromkeys(QUANTITIES, NONE), numbers={})
    late = Estimate(math.inf, math.inf, math.inf)
    never = replace(small.cells[1], values={**small.cells[1].values, "t_half": late})
    phase = replace(small, cells=(empty, never, *small.cells[2:]))
    boundaries = located_boundaries(phase)
    assert phase_png(phase, boundaries, QUANTITIES)[:4] == b"\x89PNG"


# The window of the runs -------------------------------------------------------------------------------


def test_the_mean_field_growth_tends_to_the_late_share_sum() -> None:
    """Early it lies below 1 - c_+ - c_-, so that a short run shows the boundary above c_+ + c_- = 1."""
    setting = Setting.from_n_snr2(
        n=100, d=10**14, m=20, n_snr2=4.0, tau_plus=0.2, tau_minus=0.15, kappa_0=1e4, clock_step=0.5
    )
    limit = 1 - late_share_sum(4.0, 0.2, 0.15, 0.5)
    early, late, later = (
        mean_field_growth(setting, first, 4 * first) - limit for first in (10.0, 40.0, 160.0)
    )
    assert 0.03 < early < 0.1
    assert 0 < later < late < 0.4 * early
    assert later < 0.01
    assert sign_change(lambda x: x - 0.3, 0.0, 1.0) == pytest.approx(0.3, abs=1e-3)
    assert sign_change(lambda x: 1.0, 0.0, 1.0) is None
