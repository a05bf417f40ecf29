"""What a verdict speaks of: the region of a claim's conditions, coverage, places drawn from conditions."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from decide_cases import claim_of

from theory import (
    AbstractSetting,
    Box,
    Cells,
    Claim,
    Condition,
    Constant,
    Constants,
    Coordinate,
    Experiment,
    Paper,
    Reference,
    Source,
    function_model,
)
from theory.rng import generator
from theory.two_stage.box import Domain, Sweep
from theory.two_stage.setting import Setting
from verify.pipeline import verify_claims
from verify.region import all_on_conditions, drawn_region, on_conditions, scope_of
from verify.report.comparison import write_comparison
from verify.runs.backends import SerialBackend
from verify.vacuity import condition_share

HERE = Source("example", "1")


@dataclass(frozen=True)
class Pair(AbstractSetting):
    a: float
    b: float


def box(name: str = "all", a: tuple[float, float] = (1, 100), b: tuple[float, float] = (0, 1)) -> Box:
    return Box(name, (Coordinate("a", *a), Coordinate("b", *b, "linear")), lambda x: Pair(**x))


#: a >= c: of the reference box's a, on its logarithmic scale, one half for c = 10.
LARGE = Condition("large", sp.Symbol("a"), Constant("c"), HERE, "derived", "an example")
MODEL = function_model(Pair, lambda s, rng: {"ok": s.b < 0.9})


def claim(place: Box | Cells, c: float = 10.0, **changes: Any) -> Claim:
    experiment = Experiment("pairs", place, model=MODEL, runs={"quick": 200})
    given: dict[str, Any] = {"conditions": (LARGE,), "constants": Constants({"c": c})}
    return claim_of("pairs.small", experiment, **({"measure": lambda run: run.ok} | given | changes))


def scope(place: Box | Cells, c: float = 10.0):  # type: ignore[no-untyped-def]
    return scope_of(claim(place, c), box(), [Pair(20, 0.5)])


@pytest.mark.parametrize(
    ("a", "b", "share"),
    [
        ((10, 100), (0, 1), 1.0),
        ((1, 100), (0, 1), 1.0),
        ((10, 100), (0, 0.5), 0.5),
        ((10, 31.6228), (0, 0.5), 0.25),
    ],
)
def test_coverage_is_the_share_of_the_conditions_region(
    a: tuple[float, float], b: tuple[float, float], share: float
) -> None:
    found = scope(box("own", a, b))
    assert found.coverage == pytest.approx(share, abs=0.04)
    assert found.region == ("conditions" if share == 1 else "box")
    assert found.word == ("" if share == 1 else "on its box")


def test_boxes_that_differ_in_their_functions_alone_are_not_taken_for_each_other() -> None:
    """As where a box is made anew in a notebook, or two files call theirs the same."""
    ends = (Coordinate("a", 1, 100), Coordinate("b", 0, 1, "linear"))
    asked = claim(box("own"))
    shares = []

    def made(x: Any) -> Pair:
        return Pair(**x)

    for make, accept in (
        (made, None),
        (lambda x: Pair(100.0, x["b"]), None),
        (made, lambda s: s.a > 10),
        (made, None),
    ):
        shares.append(drawn_region(asked, Box("same", ends, make, accept=accept)).share)
    assert shares == pytest.approx([0.5, 1.0, 1.0, 0.5], abs=0.04)


def test_cells_have_no_coverage() -> None:
    found = scope(Cells("two", (({}, Pair(20, 0.1)), ({}, Pair(50, 0.1)))))
    assert (found.region, found.coverage, found.word) == ("cells", None, "on its cells")


def test_settings_are_drawn_from_the_conditions_alone() -> None:
    moved = on_conditions(claim(box("own", (1, 100), (0, 0.5))), box())
    place = moved.experiment.place
    settings = [place.draw(generator(0, "x", k)) for k in range(300)]  # type: ignore[union-attr]
    assert min(s.a for s in settings) >= 10  # type: ignore[attr-defined]
    assert max(s.b for s in settings) > 0.95  # type: ignore[attr-defined]
    assert scope_of(moved, box(), settings).region == "conditions"
    assert scope_of(moved, box(), settings, drawn=True).coverage == 1.0


def test_a_probe_is_drawn_outside() -> None:
    moved = on_conditions(claim(box(), drops=("large",)), box())
    settings = [moved.experiment.place.draw(generator(0, "x", k)) for k in range(100)]  # type: ignore[union-attr]
    assert max(s.a for s in settings) < 10  # type: ignore[attr-defined]


def test_conditions_that_hold_almost_nowhere_are_named() -> None:
    with pytest.raises(ValueError, match=r"^claim pairs\.small: 0 of 4000 .* 'large' rejects most \(4000\)$"):
        on_conditions(claim(box(), c=1000.0), box())
    with pytest.raises(ValueError, match="no reference box"):
        on_conditions(claim(box()), None)


def test_of_many_claims_those_without_a_region_stay_and_say_why() -> None:
    inside, nowhere = claim(box()), claim(box(), id="pairs.nowhere", drops=("large",), c=1e-3)
    paper = Paper("pairs", Reference("A", 2025, "T", "W"), (inside,), settings=(Pair,), reference_box=box())
    moved, stay = all_on_conditions([inside, nowhere], {"pairs.small": box(), "pairs.nowhere": box()})
    assert moved[0].experiment.place.name == "its conditions"
    assert moved[1] == nowhere
    assert list(stay) == ["pairs.nowhere"]
    assert "'inside large' rejects most (4000)" in stay["pairs.nowhere"]
    with pytest.raises(ValueError, match=r"^claim pairs\.nowhere: 0 of 4000"):
        all_on_conditions([nowhere], {"pairs.nowhere": box()})
    both = replace(paper, claims=(inside, nowhere))
    done = verify_claims(
        [inside, nowhere], "quick", papers=(both,), place="conditions", backend=SerialBackend()
    )
    assert any("Judged on its own place: claim pairs.nowhere: 0 of 4000" in c for c in done[nowhere.id].chain)


def test_claims_judged_at_the_same_settings_share_their_runs() -> None:
    one, two = claim(box()), claim(box(), id="pairs.again")
    other = claim(box(), id="pairs.other", c=20.0)
    places = [on_conditions(c, box()).experiment for c in (one, two, other)]
    assert places[0] == places[1]
    assert places[0].id != places[2].id


def test_a_claim_that_holds_on_its_box_is_refuted_on_its_conditions() -> None:
    own = claim(box("own", (10, 100), (0, 0.5)))
    paper = Paper("pairs", Reference("A", 2025, "T", "W"), (own,), settings=(Pair,), reference_box=box())
    (narrow,) = verify_claims(
        [own], "quick", papers=(paper,), counterexamples=False, backend=SerialBackend()
    ).judgements
    (wide,) = verify_claims(
        [own], "quick", papers=(paper,), place="conditions", counterexamples=False, backend=SerialBackend()
    ).judgements
    assert (narrow.verdict, narrow.scope.word) == ("supported", "on its box")  # type: ignore[union-attr]
    assert (wide.verdict, wide.scope.region) == ("refuted", "conditions")  # type: ignore[union-attr]


@dataclass(frozen=True)
class Line(AbstractSetting):
    a: float


def lines(low: float, high: float) -> Box:
    return Box("lines", (Coordinate("a", low, high),), lambda x: Line(**x))


def a_paper(claims: tuple[Claim, ...], boxes: Box | tuple[Box, ...]) -> Paper:
    return Paper("pairs", Reference("A", 2025, "T", "W"), claims, settings=(Pair, Line), reference_box=boxes)


def test_each_class_of_settings_has_a_reference_box_of_its_own() -> None:
    pairs = claim(box("own", (10, 100), (0, 0.5)))
    model = function_model(Line, lambda s, rng: {"ok": s.a < 1000}, name="lines")
    on_lines = Experiment("pairs.lines", lines(100, 316.228), model=model, runs={"quick": 200})
    line = claim(box(), id="pairs.line", experiment=on_lines, c=10.0)
    paper = a_paper((pairs, line), (box(), lines(1, 1000)))
    assert [paper.reference_for(kind) for kind in (Pair, Line)] == [box(), lines(1, 1000)]
    done = verify_claims(
        [pairs, line], "quick", papers=(paper,), counterexamples=False, backend=SerialBackend()
    )
    # Of [10, 100] x [0, 1] the half; of [10, 1000] on its logarithmic scale a quarter.
    found = [j.scope.coverage for j in done.judgements]  # type: ignore[union-attr]
    assert found == pytest.approx([0.5, 0.25], abs=0.04)
    wide = verify_claims(
        [pairs, line],
        "quick",
        papers=(paper,),
        place="conditions",
        counterexamples=False,
        backend=SerialBackend(),
    )
    assert [(j.verdict, j.scope.region) for j in wide.judgements] == [  # type: ignore[union-attr]
        ("refuted", "conditions"),
        ("supported", "conditions"),
    ]
    alone = a_paper((pairs, line), box())
    done = verify_claims(
        [pairs, line], "quick", papers=(alone,), counterexamples=False, backend=SerialBackend()
    )
    assert done["pairs.line"].scope.coverage is None  # type: ignore[union-attr]
    with pytest.raises(ValueError, match=r"pairs\.line: there is no reference box"):
        verify_claims([line], "quick", papers=(alone,), place="conditions", backend=SerialBackend())


def test_two_reference_boxes_of_one_class_are_refused() -> None:
    with pytest.raises(ValueError, match="paper pairs: two reference boxes make Line"):
        a_paper((), (box(), lines(1, 10), lines(1, 100)))


def test_vacuity_holds_conditions_against_the_box_of_their_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    line = claim(box(), c=10.0, experiment=Experiment("x", lines(1, 10), model=MODEL, runs={"quick": 1}))
    paper = a_paper((line,), (box(), lines(1, 1000)))
    monkeypatch.setattr("verify.vacuity.paper_of", lambda kind: paper)
    share = condition_share(line)
    assert share.low < 2 / 3 < share.high


def test_a_sweep_keeps_its_axis_around_new_base_points() -> None:
    base = Setting.from_n_snr2(
        n=60, d=6000, m=8, n_snr2=8.0, tau_plus=0.1, tau_minus=0.1, kappa_0=0.1, clock_step=0.05
    )
    reference = Domain(
        "reference", n=(20, 40), m=(4, 8), signal_margin=(4.0, 8.0), tau=(0.1, 0.2), kappa_0=(0.1, 1.0),
        dimension=(10.0, 20.0), clock_step=(0.02, 0.05),
    )  # fmt: skip
    own = Experiment("sweep", Sweep("eta", base, (0.5, 1.0, 2.0)), clock=1.0, runs={"quick": 16})
    moved = on_conditions(claim(box(), conditions=(), experiment=own), reference).experiment
    points = list(moved.place.points(16, lambda r: generator(0, "x", r)))
    assert len(points) == 48
    bases = {(p.setting.n, p.setting.m, p.setting.d) for p in points}  # type: ignore[attr-defined]
    assert len(bases) == 8
    assert all(20 <= n <= 40 for n, _, _ in bases)
    for r in range(16):
        etas = [p.labels["eta"] for p in points if p.replicate == r]
        assert etas == pytest.approx([etas[1] / 2, etas[1], 2 * etas[1]])
    assert replace(own, id="x").place.rebased(reference) is not None  # type: ignore[union-attr]


def test_a_table_holds_the_fields_of_every_class_of_settings(tmp_path: Path) -> None:
    model = function_model(Line, lambda s, rng: {"ok": True}, name="lines")
    on_lines = Experiment("pairs.lines", lines(1, 9), model=model, runs={"quick": 3})
    claims = [claim(box(), id="pairs.line", experiment=on_lines, conditions=()), claim(box("own", (10, 100)))]
    done = verify_claims(claims, "quick", counterexamples=False, backend=SerialBackend())
    write_comparison(done, tmp_path / "c.csv")
    with (tmp_path / "c.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 203
    assert {row["claim"]: row["b"] == "" for row in rows} == {"pairs.small": False, "pairs.line": True}
    assert all(float(row["a"]) >= 1 for row in rows)


def test_no_setting_is_drawn_that_an_engine_cannot_hold() -> None:
    """A network with its arrays is not made at d = 1e9; engines that form none are asked anywhere."""
    from simulation.models import engine_of
    from theory.two_stage.paper import THIS
    from verify.runs.plan import engine_names, job_of, plan_runs

    reach = {}
    for id_ in ("two_stage.closure", "two_stage.theorem_4_1.clean_fit"):
        claim_ = THIS.claim_map[id_]
        moved = on_conditions(claim_, THIS.reference_for(claim_.experiment.setting_class))
        experiment = moved.experiment
        engines = [engine_of(experiment.of_model, name) for name in engine_names(experiment)]
        settings = [s.setting for s in plan_runs(replace(experiment, runs={"quick": 40}), "quick", 3)]
        jobs = [(engine, job_of(experiment, s, 0, engine)) for s in settings for engine in engines]
        assert max(engine.memory(job).total for engine, job in jobs) <= 2**28
        reach[id_] = max(s.d for s in settings)
    assert reach["two_stage.closure"] < 1e6 < reach["two_stage.theorem_4_1.clean_fit"]
