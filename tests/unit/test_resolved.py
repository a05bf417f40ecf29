"""Numbers known to a resolution: a saturated quantity decides nothing, a well resolved one as before."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decide_cases import BASE, observation, observations, sweep, well_formed

from theory import Resolved
from theory.rules import Band, Bound, Difference, Exponent, FittedBand, Law, SameLaw, UniversalBound, ZScores
from verify.outcome import Observation
from verify.rules.registry import decide, excess, judge_of


def one_step(replicates: int = 12) -> list[Observation]:
    """A time of one step at every step size: what a fast quantity looks like on whole steps."""
    out: list[Observation] = []
    for r in range(replicates):
        for eta in (0.5, 1.0, 2.0, 4.0):
            value = Resolved(1.0, 1.0, floor=1.0)
            out.append(observation(value, len(out), setting=BASE.with_(eta=eta), replicate=r, seed=r))
    return out


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 1.0])
def test_a_saturated_time_neither_has_an_exponent_nor_lacks_it(exponent: float) -> None:
    """Without its resolution "1/eta" was refuted at [0, 0] and "independent of eta" supported."""
    rule = Exponent("eta", exponent)
    found = well_formed(decide(rule, one_step()))
    assert found.verdict == "inconclusive"
    assert found.statistic["unresolved"] == 1.0
    assert "48 of 48 runs are unresolved" in found.reason
    plain = [replace(o, value=float(o.value)) for o in one_step()]
    assert decide(rule, plain).verdict == ("supported" if exponent == 0 else "refuted")


def test_an_exponent_of_well_resolved_times_is_decided_as_before() -> None:
    seen = [replace(o, value=Resolved(o.value, 1e-4 * o.value)) for o in sweep([-1.0, -1.01, -0.99, -1.0])]
    assert well_formed(decide(Exponent("eta", -1.0), seen)).verdict == "supported"
    assert well_formed(decide(Exponent("eta", -0.5), seen)).verdict == "refuted"


def resolved_pairs(ratio: float, resolution: float, runs: int = 30) -> list[Observation]:
    rng = np.random.default_rng(2)
    values = ratio * np.exp(0.02 * rng.standard_normal(runs))
    return observations([(Resolved(float(v), resolution), 1.0) for v in values])


CASES: list[tuple[Any, float]] = [
    (Law(0.1, "why"), 1.0),
    (Difference(0.1, "why"), 1.0),
]


@pytest.mark.parametrize(("rule", "right"), CASES)
def test_an_average_is_decided_when_both_ends_agree(rule: Any, right: float) -> None:
    assert well_formed(decide(rule, resolved_pairs(right, 0.01))).verdict == "supported"
    assert well_formed(decide(rule, resolved_pairs(2 * right, 0.01))).verdict == "refuted"
    coarse = well_formed(decide(rule, resolved_pairs(right, 0.3)))
    assert coarse.verdict == "inconclusive"
    assert "A finer resolution" in coarse.reason
    # 0.2 away at a resolution of 0.15: both "inside" and "far outside" are among what the numbers stand for.
    assert decide(rule, resolved_pairs(1.2 * right, 0.15)).verdict == "inconclusive"
    assert decide(rule, resolved_pairs(2 * right, 0.15)).verdict == "refuted"


def test_z_scores_of_coarse_times_are_open() -> None:
    rng = np.random.default_rng(3)
    z = rng.standard_normal(1200)
    rule = ZScores("why")
    fine = observations([(Resolved(float(v), 0.01), 0.0, 1.0, 0.0) for v in z])
    coarse = observations([(Resolved(float(v), 0.8), 0.0, 1.0, 0.0) for v in z])
    assert well_formed(decide(rule, fine)).verdict == "supported"
    assert well_formed(decide(rule, coarse)).verdict == "inconclusive"


def test_a_band_counts_only_sure_violations_for_refutation() -> None:
    rule = Band(0.0, 1.0, "why")
    inside = observations([Resolved(0.5, 0.1)] * 80)
    across = observations([Resolved(1.05, 0.1)] * 80)
    beyond = observations([Resolved(2.0, 0.1)] * 80)
    assert [decide(rule, seen).verdict for seen in (inside, across, beyond)] == [
        "supported",
        "inconclusive",
        "refuted",
    ]
    assert judge_of(rule).broken(rule, across) == []
    assert len(judge_of(rule).broken(rule, beyond)) == 80


def test_a_rate_counted_on_few_samples_is_open_at_its_floor() -> None:
    """ "error <= 0.001" from 100 samples without an error: nothing is known below 1/100."""
    rule = Band(0.0, 1e-3, "why")
    assert decide(rule, observations([Resolved(0.0, 0.01)] * 100)).verdict == "inconclusive"
    assert decide(rule, observations([0.0] * 100)).verdict == "supported"


def test_a_theta_of_saturated_numbers_is_open() -> None:
    rule = FittedBand(max_ratio=4.0, reason="why", powers=())
    fine = observations([Resolved(1.0, 0.01)] * 200)
    saturated = observations([Resolved(1.0, 1.0, floor=1.0)] * 200)
    assert well_formed(decide(rule, fine)).verdict == "supported"
    assert well_formed(decide(rule, saturated)).verdict == "inconclusive"


def test_two_laws_that_both_saturate_are_not_the_same_law() -> None:
    rule = SameLaw(0.5, "why")

    def seen(resolution: float) -> list[Observation]:
        rng = np.random.default_rng(4)
        return [
            observation({"t": Resolved(float(v), resolution)}, k, engine=("one", "two")[k % 2])
            for k, v in enumerate(rng.uniform(size=600))
        ]

    assert well_formed(decide(rule, seen(1e-6))).verdict == "supported"
    assert well_formed(decide(rule, seen(1.0))).verdict == "inconclusive"


@pytest.mark.parametrize("rule", [Bound(), UniversalBound()])
def test_a_bound_is_held_against_both_ends(rule: Bound) -> None:
    def seen(value: float) -> list[Observation]:
        return observations([(Resolved(value, 0.1), 1.0)] * 80)

    assert [decide(rule, seen(v)).verdict for v in (0.5, 1.0, 1.5)] == [
        "supported",
        "inconclusive",
        "refuted",
    ]


def test_floor_and_ceiling_are_open() -> None:
    assert (Resolved(0.0, 0.1, floor=0.0).low, Resolved(0.0, 0.1, floor=0.0).high) == (-math.inf, 0.1)
    assert Resolved(1.0, 0.1, ceiling=1.0).high == math.inf
    assert (Resolved(0.5, 0.1, 0.0, 1.0).low, Resolved(0.5, 0.1, 0.0, 1.0).high) == (0.4, 0.6)


@pytest.mark.parametrize(
    ("arguments", "name"),
    [((1.0, -0.1), "resolution"), ((1.0, math.nan), "resolution"), ((1.0, 0.1, 2.0, 1.0), "floor")],
)
def test_wrong_arguments_are_named(arguments: tuple[float, ...], name: str) -> None:
    with pytest.raises(ValueError, match=name):
        Resolved(*arguments)


def test_a_wrong_value_among_open_ones_is_named() -> None:
    with pytest.raises(ValueError, match="claim value must be a real number"):
        decide(Band(0.0, 1.0, "why"), observations([Resolved(0.5, 0.1), "text"]))


def test_a_missing_number_breaks_no_claim() -> None:
    from test_judges import claim

    assert excess(claim(Band(0.0, 1.0, "why")), observation(math.nan, 0)) is None
    assert excess(claim(Law(0.1, "why")), observation((math.nan, 1.0), 0)) is None


def test_the_store_gives_a_resolved_number_back() -> None:
    from verify.store.tree import tree_of, value_of

    for value in (Resolved(1.0, 0.5), Resolved(0.0, 0.01, floor=0.0, ceiling=1.0), (Resolved(2.0, 0.0), 1.0)):
        assert value_of(tree_of(value)) == value
    missing = value_of(tree_of(Resolved(math.nan, 0.0)))
    assert isinstance(missing, Resolved)
    assert math.isnan(missing.value)
