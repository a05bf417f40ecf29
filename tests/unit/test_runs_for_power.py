"""Runs for a planned power, and decisions with their power, by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from decide_cases import observation

from theory.rules import (
    Band,
    Calibration,
    Event,
    EventMap,
    Exponent,
    FittedBand,
    Identity,
    Law,
    SameLaw,
    ZScores,
)
from verify.outcome import Decision
from verify.rules.power import planned_power, runs_for_power, with_power
from verify.statistics.intervals import runs_for_event
from verify.statistics.power import rate_power


def test_runs_for_a_power_are_the_fewest() -> None:
    for rule, blocks in (
        (Event(0.2, 0.02), 1),
        (EventMap("x", 1.0, 0.2, 0.02), 1),
        (Band(0.0, 1.0, "test", 0.2, 0.02), 1),
        (FittedBand(8.0, "test", delta=0.2, alpha=0.02), 2),
    ):
        runs = runs_for_event(0.02, 0.2, 0.02, 0.8)
        assert runs is not None
        assert runs_for_power(rule, 5) == blocks * runs
        assert runs_for_power(rule, 999) == 1000
        assert runs_for_power(rule, 5, power=0.95) == blocks * (runs_for_event(0.02, 0.2, 0.02, 0.95) or 0)
    assert runs_for_power(Event(2e-6), 5) is None


@pytest.mark.parametrize(
    ("rule", "known"),
    [
        (Identity(), {}),
        (Law(0.1, "test"), {"spread": 0.1}),
        (SameLaw(0.3, "test"), {"quantities": 2}),
        (ZScores("test"), {}),
    ],
)
def test_runs_for_a_power_reach_it_first(rule: Any, known: dict[str, Any]) -> None:
    runs = runs_for_power(rule, 4, **known)
    assert runs is not None

    def power(n: int) -> float:
        found = planned_power(rule, n, **known)
        assert found is not None
        return found

    assert power(runs - 1) < 0.8 <= power(runs)
    assert runs_for_power(rule, runs - 1, **known) == runs
    assert runs_for_power(rule, runs, **known) == runs + 1
    assert power((runs_for_power(rule, 4, power=0.9, **known) or 0) - 1) < 0.9


def test_runs_that_reach_no_power() -> None:
    assert runs_for_power(Law(0.1, "test"), 4) is None
    assert runs_for_power(object(), 4) is None
    assert runs_for_power(Law(1e-6, "test"), 4, 1.0) is None


def test_cells_grow_in_proportion() -> None:
    rule, cells = Calibration(0.1, "test"), [(4, 0.2), (7, 0.25)]
    runs = runs_for_power(rule, 11, cells=cells)
    assert runs is not None

    def power(n: int) -> float:
        return planned_power(rule, n, cells=[(round(4 * n / 11), 0.2), (round(7 * n / 11), 0.25)]) or 0.0

    assert power(runs - 1) < 0.8 <= power(runs)
    assert runs_for_power(rule, 0, cells=[(1, 0.2)]) is not None


def supported(n: int, **statistic: Any) -> Decision:
    return Decision("supported", "Seen.", 1.0, 1.0, statistic, n)


def test_a_support_that_was_luck_is_withdrawn() -> None:
    rule = Event(0.05)
    found = with_power(rule, supported(59), [observation(True)])
    power = rate_power(0.005, 59, 0.05, 0.05)
    assert power < 0.8
    assert (found.verdict, found.power, found.needed) == ("inconclusive", power, 93)
    assert found.power_basis == "true violation rate 0.005"
    assert found.reason == (
        f"Seen. But a true claim is supported by this many runs only with probability {power:.2g}"
        " (true violation rate 0.005), so this may be luck; about 93 runs would have the power 0.8."
    )
    enough = with_power(rule, supported(93), [])
    assert (enough.verdict, enough.reason) == ("supported", "Seen.")
    assert enough.power == rate_power(0.005, 93, 0.05, 0.05)
    refuted = with_power(rule, replace(supported(3), verdict="refuted"), [])
    assert (refuted.verdict, refuted.power, refuted.reason) == ("refuted", 0.0, "Seen.")
    never = with_power(Event(2e-6), supported(3), [])
    assert (never.needed, never.verdict) == (None, "inconclusive")
    assert "; no number of runs up to 100000 has the power 0.8." in never.reason


@pytest.mark.parametrize(
    ("rule", "statistic", "basis"),
    [
        (Law(0.1, "test", planned_spread=0.25), {}, "true value as claimed, planned spread 0.25"),
        (Exponent("n", 1.0), {"spread": 0.123456}, "true value as claimed, spread as observed, 0.123"),
        (Identity(), {}, "an identity that fails in a share 0.05 of the runs is found"),
        (SameLaw(0.1, "test"), {}, "equal continuous laws"),
        (ZScores("test"), {}, "standard normal scores"),
        (
            Calibration(0.1, "test"),
            {"cells": [{"runs": 9, "variance": 0.2}]},
            "right probabilities in every cell",
        ),
        (Band(0.0, 1.0, "test", delta=0.2), {}, "true violation rate 0.02"),
    ],
)
def test_the_plan_in_words(rule: Any, statistic: dict[str, Any], basis: str) -> None:
    found = with_power(rule, supported(40, **statistic), [])
    assert found.power_basis == basis
    cells = [(9, 0.2)] if "cells" in statistic else None
    assert found.power == planned_power(rule, 40, statistic.get("spread"), cells=cells)


@pytest.mark.parametrize("spread", [None, math.nan, math.inf])
def test_no_spread_no_power(spread: float | None) -> None:
    statistic = {} if spread is None else {"spread": spread}
    found = with_power(Law(0.1, "test"), supported(9, **statistic), [])
    assert (found.power, found.power_basis, found.verdict) == (None, "", "supported")
    assert with_power(object(), supported(9), []).power is None
    assert with_power(Calibration(0.1, "test"), supported(9), []).power is None
    assert with_power(Calibration(0.1, "test"), supported(9, cells=[]), []).power is None
    assert with_power(Event(), supported(93, cells=[{"runs": 1}]), []).verdict == "supported"


def test_quantities_are_read_from_the_first_run() -> None:
    rule, runs = SameLaw(0.2, "test"), 700
    seen = [observation({"x": 1.0, "y": 2.0, "z": 3.0}), observation({"x": 1.0})]
    assert with_power(rule, supported(runs), seen).power == planned_power(rule, runs, quantities=3)
    assert with_power(rule, supported(runs), []).power == planned_power(rule, runs, quantities=1)
    few = with_power(rule, supported(400), seen)
    assert few.needed == runs_for_power(rule, 400, quantities=3)
    law = with_power(Law(0.1, "test"), supported(4, spread=0.1), [])
    assert law.needed == runs_for_power(Law(0.1, "test"), 4, 0.1)
    table = [{"runs": 4, "variance": 0.2}, {"runs": 7, "variance": 0.25}]
    cell = with_power(Calibration(0.1, "test"), supported(11, cells=table), [])
    assert cell.needed == runs_for_power(Calibration(0.1, "test"), 11, cells=[(4, 0.2), (7, 0.25)])
