"""Cells cut from the plan: what breaks in one of them, and what is told of the weakest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from decide_cases import claim_of
from scipy import stats

from theory import AbstractSetting, Box, Claim, Coordinate, Experiment, function_model
from theory.place import grid
from theory.rules import Band, Event, EventMap, FittedBand, Ordering, Rule
from verify.cells import planned_cells
from verify.judge import judge
from verify.outcome import Judgement, Observation


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int
    p: float


MODEL = function_model(Coin, lambda s, rng: {"x": rng.random()}, name="cells")
BOX = Box(
    "coins",
    (Coordinate("n", 10, 1000, whole=True), Coordinate("p", 0.1, 0.9, "linear")),
    lambda x: Coin(int(x["n"]), x["p"]),
)
GRID = grid("grid", tuple(({"p": round(0.1 * k, 1)}, Coin(100, round(0.1 * k, 1))) for k in range(10)))


def claim(rule: Rule, place: Any = BOX) -> Claim:
    return claim_of("cells.claim", Experiment("cells", place, model=MODEL, runs={"quick": 9}), rule=rule)


def seen(place: Any, value: Any, runs: int, seed: int = 0) -> tuple[Observation, ...]:
    """`value(setting, rng)` on planned runs."""
    rng = np.random.default_rng(seed)
    points = place.points(runs, lambda r: np.random.default_rng([seed, r]))
    return tuple(
        Observation("cells", k, p.replicate, p.setting, 10_000 * seed + k, "function", p.labels,
                    value(p.setting, rng), None, 0, "float64")
        for k, p in enumerate(points)
    )  # fmt: skip


def judged(rule: Rule, place: Any, value: Any, runs: int, seed: int = 0) -> Judgement:
    return judge(claim(rule, place), seen(place, value, runs, seed), None)


def test_cells_are_thirds_of_every_coordinate_and_know_nothing_measured() -> None:
    one, other = (seen(BOX, lambda s, rng, b=b: b, 90) for b in (True, False))
    cells = planned_cells(claim(Event()), one)
    assert cells == planned_cells(claim(Event()), other)
    skipped = tuple(replace(o, not_judged="did not apply") if o.index % 2 else o for o in one)
    assert cells == planned_cells(claim(Event()), skipped)
    assert [len(c.runs) for c in cells] == [30] * 6
    assert [c.name.split()[0] for c in cells] == ["n"] * 3 + ["p"] * 3
    assert all(frozenset().union(*(c.runs for c in cells[k : k + 3])) == set(range(90)) for k in (0, 3))
    low = [o.setting.p for o in one if o.index in cells[3].runs]
    high = [o.setting.p for o in one if o.index in cells[5].runs]
    assert max(low) < min(high)


def test_equal_values_leave_no_crumbs() -> None:
    """Of n = 2..6 in whole numbers, no cell holds fewer than a sixth of the runs."""
    few = Box("few", (Coordinate("n", 2, 6, whole=True),), lambda x: Coin(int(x["n"]), 0.5))
    for seed in range(5):
        planned = seen(few, lambda s, rng: True, 53, seed=seed)
        cells = planned_cells(claim(Event(), few), planned)
        assert 2 <= len(cells) <= 3
        assert all(6 * len(c.runs) >= 53 for c in cells)
        assert sum(len(c.runs) for c in cells) == 53


def test_grid_cells_stay_as_they_are_and_one_setting_has_none() -> None:
    cells = planned_cells(claim(Event(), GRID), seen(GRID, lambda s, rng: True, 7))
    assert [(c.name, len(c.runs)) for c in cells] == [(f"p = {p:g}", 7) for p in np.arange(10) / 10]
    one = grid("one", (({}, Coin(10, 0.5)),))
    assert planned_cells(claim(Event(), one), seen(one, lambda s, rng: True, 7)) == ()
    beyond = planned_cells(claim(EventMap("p", 0.5), GRID), seen(GRID, lambda s, rng: True, 7))
    assert [c.name for c in beyond] == [f"p = {p:g}" for p in (0.5, 0.6, 0.7, 0.8, 0.9)]


RULES: list[tuple[Rule, Any, Any]] = [
    (Event(), True, False),
    (Ordering(), True, False),
    (Band(0.0, 1.0, "why"), 0.5, 2.0),
    (EventMap("p", 0.3), True, False),
]


@pytest.mark.parametrize(("rule", "holds", "breaks"), RULES)
def test_a_surely_broken_cell_refutes_whatever_the_pool_says(rule: Rule, holds: Any, breaks: Any) -> None:
    """One of ten cells always breaks, at 12 runs each: 10 % of the pool, where delta is 5 %."""
    wrong = judged(rule, GRID, lambda s, rng: breaks if s.p == 0.4 else holds, 12)
    assert wrong.verdict == "refuted", wrong.decision.reason
    assert wrong.decision.statistic["p_cells_from"] == "p = 0.4"
    assert wrong.decision.p_value is not None
    assert wrong.decision.p_value < 1e-12
    right = judged(rule, GRID, lambda s, rng: holds, 16)
    assert (right.verdict, right.decision.p_value) == ("supported", 1.0)


def test_a_broken_third_of_a_box_refutes_a_claim_whose_pool_supports() -> None:
    delta = Event(delta=0.2)
    wrong = judged(delta, BOX, lambda s, rng: s.p < 0.7 or rng.random() < 0.4, 400)
    assert wrong.verdict == "refuted"
    assert wrong.decision.statistic["p_pooled"] > 0.5
    assert "whatever the pool says" in wrong.decision.reason
    assert wrong.decision.statistic["p_cells_from"].startswith("p above")


def test_the_p_value_is_twice_the_smaller_of_pool_and_holm() -> None:
    found = judged(Event(), GRID, lambda s, rng: s.p != 0.2 or s.n < 0, 4)
    cell = float(stats.binom.sf(3, 4, 0.05))
    pool = float(stats.binom.sf(3, 40, 0.05))
    assert found.decision.p_value == pytest.approx(2 * min(10 * cell, pool))


def test_the_weakest_cell_stands_beside_a_support() -> None:
    few = judged(Event(), GRID, lambda s, rng: True, 20)
    assert few.weakest_cell == {
        "cell": "p = 0", "violations": 0, "of": 20, "upper": pytest.approx(1 - 0.05 ** (1 / 20))
    }  # fmt: skip
    assert few.decision.reason.endswith("on average over the region; not certified cell by cell.")
    many = judged(Event(), GRID, lambda s, rng: True, 60)
    assert many.weakest_cell is not None
    assert many.weakest_cell["upper"] < 0.05
    assert "not certified" not in many.decision.reason
    some = judged(Event(delta=0.2), GRID, lambda s, rng: s.p != 0.3 or rng.random() < 0.7, 20)
    assert some.weakest_cell is not None
    assert some.weakest_cell["cell"] == "p = 0.3"


def test_other_rules_have_no_cells() -> None:
    fitted = judged(FittedBand(4.0, "why"), GRID, lambda s, rng: 1.0, 20)
    assert fitted.weakest_cell is None
    assert "p_pooled" not in fitted.decision.statistic


def test_true_claims_on_the_border_keep_their_level() -> None:
    """Violation rate exactly delta in every cell: refuted alone in at most alpha of the suites."""
    rule, suites = Event(delta=0.2), 400
    refuted = sum(
        judged(rule, GRID, lambda s, rng: bool(rng.random() >= 0.2), 12, seed=k).verdict == "refuted"
        for k in range(suites)
    )
    assert stats.binom.sf(refuted - 1, suites, 0.05) > 1e-4
