"""Powers left in a Theta: supported by equivalence, along sweeps or over a box; refuted surely outside."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from decide_cases import well_formed
from scipy import stats

from theory import AbstractSetting, Box, Cells, Coordinate, Event, Experiment, Joined, Resolved, Trends, along
from theory.claim import Claim
from theory.place import SWEPT, Point
from theory.rules import FittedBand
from theory.source import Source
from verify.outcome import Decision, Observation
from verify.rules.power import with_power
from verify.rules.registry import decide
from verify.rules.residuals import Residual, Residuals, measured_powers
from verify.rules.with_powers import _SHARE, _what_is_missing
from verify.statistics.intervals import runs_for_mean


@dataclass(frozen=True)
class Net(AbstractSetting):
    """A stand-in for a network: a constant may depend on the group `a`."""

    trends = Trends(powers=("n", "m", "d"), held=("a",))
    n: int
    m: int
    d: int
    a: float


BASE = Net(n=40, m=8, d=50_000, a=10.0)
BOX = Box(
    "nets",
    (
        Coordinate("n", 40, 90, whole=True),
        Coordinate("m", 10, 24, whole=True),
        Coordinate("d", 5e4, 5e5, whole=True),
        Coordinate("a", 8.0, 20.0),
    ),
    lambda x: Net(**x),
)
#: Two decades of m and d, 1.3 of n.
PLACE = Joined(
    BOX,
    {
        "n": along("n", BASE, (40, 80, 180, 360, 800)),
        "m": along("m", BASE, (8, 25, 80, 250, 800)),
        "d": along("d", BASE, (50_000, 200_000, 1_000_000, 5_000_000)),
    },
    every={"n": 8, "m": 15, "d": 10},
)
RULE = FittedBand(max_ratio=20.0, reason="test")
Ratio = Callable[[Net], float]


@lru_cache(maxsize=250)
def drawn(seed: int, runs: int) -> tuple[Point, ...]:
    """The points of `PLACE`, the same whatever is measured there."""
    return tuple(PLACE.points(runs, lambda r: np.random.default_rng((seed, r))))


def observed(
    seed: int, ratio: Ratio, spread: float = 0.2, place: Any = PLACE, runs: int = 240
) -> list[Observation]:
    """`ratio` times log-normal noise at every point of the place, each draw its own."""
    rng = np.random.default_rng(seed)
    points = (
        drawn(seed, runs)
        if place is PLACE
        else place.points(runs, lambda r: np.random.default_rng((seed, r)))
    )
    return [
        Observation(
            "example", k, p.replicate, p.setting, 1000 + k, "law", p.labels,
            ratio(p.setting) * math.exp(spread * rng.standard_normal()), None, 10, "float64",
        )
        for k, p in enumerate(points)
    ]  # fmt: skip


def judged(rule: FittedBand, *args: Any, **kwargs: Any) -> Decision:
    seen = observed(*args, **kwargs)
    return with_power(rule, well_formed(decide(rule, seen)), seen)


def true(s: Net) -> float:
    return 1.0 + s.a / 20


def wrong(s: Net) -> float:
    """Theta(n m/d) judged as Theta(n^1.4 m^.8/d^.85)."""
    return float(s.n**-0.4 * s.m**0.2 * s.d**-0.15)


def test_the_true_scale_is_supported_and_the_sentence_tells_every_power() -> None:
    found = judged(RULE, 0, true)
    assert found.verdict == "supported"
    assert all(f" {name} " in found.reason for name in ("n", "m", "d"))
    assert {p["of"] for p in found.statistic["powers"].values()} == {"sweep"}
    assert found.support_p is not None
    assert found.support_p < 0.05


@pytest.mark.parametrize(
    "ratio",
    [wrong, lambda s: s.n**-0.4, lambda s: s.m**0.2, lambda s: s.d**-0.15],
)
def test_a_wrong_scale_is_refuted_in_nineteen_of_twenty_seeds_and_never_supported(ratio: Ratio) -> None:
    verdicts = [judged(RULE, seed, ratio).verdict for seed in range(100)]
    assert verdicts.count("supported") == 0
    # A power .15 is half as far outside as .2, and its sweep has twelve replicates: no claim of 95 %.
    if ratio(replace(BASE, d=500_000)) == ratio(BASE) or ratio is wrong:
        assert verdicts.count("refuted") >= 95


def test_a_power_on_the_border_is_supported_and_refuted_at_most_at_the_level() -> None:
    suites = 250
    counts = {"supported": 0, "refuted": 0, "inconclusive": 0}
    for seed in range(suites):
        counts[decide(RULE, observed(seed, lambda s: s.n**0.1)).verdict] += 1
    assert stats.binom.sf(counts["supported"] - 1, suites, RULE.alpha) > 1e-4
    assert stats.binom.sf(counts["refuted"] - 1, suites, 0.5 * RULE.alpha) > 1e-4


def test_a_true_theta_up_to_logarithms_is_rarely_refuted_and_supported_where_they_are_declared() -> None:
    up_to = replace(RULE, logs={"n": 1.0, "m": -1.0})
    ratio = lambda s: math.log(s.n) / math.log(s.m)  # noqa: E731
    suites = 200
    verdicts = [decide(up_to, observed(seed, ratio)).verdict for seed in range(suites)]
    assert verdicts.count("refuted") <= stats.binom.isf(1e-4, suites, up_to.alpha)
    assert verdicts.count("supported") > 0.9 * suites
    # Half of the logarithm is admitted too; undeclared the same logarithms are powers.
    assert decide(up_to, observed(0, lambda s: math.sqrt(math.log(s.n)))).verdict == "supported"
    assert decide(RULE, observed(0, ratio)).verdict == "refuted"
    # A power beyond the logarithm's is none.
    assert decide(up_to, observed(0, lambda s: s.n**0.5)).verdict == "refuted"


def test_a_logarithm_of_a_parameter_about_one_is_an_error() -> None:
    rule = replace(RULE, logs={"a": 1.0}, powers=("a",))
    seen = observed(0, true, place=Box("b", (*BOX.coordinates[:3], Coordinate("a", 0.5, 2)), BOX.make))
    with pytest.raises(ValueError, match="one side of 1"):
        decide(rule, seen)


def test_without_sweeps_support_waits_for_the_powers_and_says_what_is_missing() -> None:
    found = judged(RULE, 0, true, place=BOX)
    assert found.verdict == "inconclusive"
    assert "runs of this box would decide, or one" in found.reason
    assert "or a sweep of it" in found.reason
    assert found.needed is not None
    assert found.needed > 240
    assert judged(RULE, 0, true, 0.2, BOX, 20 * found.needed).verdict == "supported"


def test_a_power_seen_outside_its_room_says_how_many_runs_would_refute() -> None:
    ratio: Ratio = lambda s: s.n**0.2  # noqa: E731
    found = judged(RULE, 1, ratio, 0.5, runs=120)
    power = found.statistic["powers"]["n"]
    assert (found.verdict, power["power"] > 0.1) == ("inconclusive", True)
    assert "replicates of its sweep would decide" in found.reason
    assert found.needed is not None
    assert judged(RULE, 1, ratio, 0.5, runs=2 * found.needed).verdict == "refuted"


def test_without_sweeps_a_wrong_scale_is_never_supported_and_a_gross_one_refuted() -> None:
    assert "supported" not in {judged(RULE, seed, wrong, place=BOX).verdict for seed in range(60)}
    gross = [judged(RULE, seed, lambda s: s.n**1.0, place=BOX).verdict for seed in range(40)]
    assert gross.count("refuted") >= 38


def test_an_upper_bound_may_fall_and_may_not_grow() -> None:
    bound = replace(RULE, two_sided=False)
    loose = judged(bound, 0, lambda s: 5 / s.m)
    assert loose.verdict == "supported"
    assert "grows by no power" in loose.reason
    assert judged(replace(bound, max_ratio=1e4), 0, lambda s: s.n**0.4).verdict == "refuted"


def test_of_a_bound_only_whole_numbers_have_a_limit_unless_named() -> None:
    bound = replace(RULE, two_sided=False, max_ratio=1e4)

    @dataclass(frozen=True)
    class Rate(AbstractSetting):
        n: int
        eps: float

    box = Box("r", (Coordinate("n", 10, 1000, whole=True), Coordinate("eps", 1e-3, 0.1)), lambda x: Rate(**x))
    ratio: Any = lambda s: s.eps * math.log(1 / s.eps)  # O(1/eps), truly log(1/eps)  # noqa: E731
    assert set(measured_names(bound, observed(0, ratio, place=box))) == {"n"}
    assert judged(bound, 0, ratio, place=box).verdict == "supported"
    assert judged(replace(bound, powers=("eps",)), 0, ratio, place=box).verdict == "refuted"


def measured_names(rule: FittedBand, seen: list[Observation]) -> list[str]:
    return [r.parameter for r in measured_powers(rule, seen).measured]


def test_a_class_that_declares_nothing_has_the_powers_of_what_varies_by_two() -> None:
    @dataclass(frozen=True)
    class Plain(AbstractSetting):
        n: int
        width: float
        p: float
        word: str = "x"

    box = Box(
        "plain",
        (Coordinate("n", 10, 1000, whole=True), Coordinate("width", 1.0, 1.5), Coordinate("p", 0.2, 0.7)),
        lambda x: Plain(**x),
    )
    seen = observed(0, lambda s: 1.0, place=box)
    assert measured_names(RULE, seen) == ["n", "p"]
    assert measured_names(replace(RULE, powers=("n",)), seen) == ["n"]
    assert measured_names(replace(RULE, exact={"p": "a ratio"}), seen) == ["n"]


def test_a_scale_of_which_nothing_varies_is_not_supported() -> None:
    fixed = Cells("one", (({}, BASE),))
    found = judged(RULE, 0, true, place=fixed)
    assert found.verdict == "inconclusive"
    assert "no parameter of the scale varies" in found.reason
    alone = judged(replace(RULE, powers=()), 0, true, place=fixed)
    assert alone.verdict == "supported"
    assert "Nothing is claimed, and nothing shown, of how it scales" in alone.reason


def test_replicates_without_a_slope_are_counted_and_too_many_decide_nothing() -> None:
    def gaps(share: float) -> list[Observation]:
        rng = np.random.default_rng(1)
        return [
            replace(o, value=math.inf) if o.labels.get(SWEPT) == "m" and rng.random() < share else o
            for o in observed(1, lambda s: s.m**0.5)
        ]

    few, many = decide(RULE, gaps(0.05)), decide(RULE, gaps(0.5))
    assert few.verdict == "refuted"
    assert few.statistic["powers"]["m"]["left_out"] > 0
    assert many.verdict != "supported"
    assert "replicates of the sweep of m" in many.reason or many.statistic["powers"]["m"]["left_out"] > 0


def test_a_saturated_sweep_decides_nothing() -> None:
    """The ratio is one step over the scale: it must stand for any number below."""

    seen = [
        replace(o, value=Resolved(1.0, 1.0, floor=1.0)) if o.labels.get(SWEPT) == "m" else o
        for o in observed(0, true)
    ]
    assert decide(RULE, seen).verdict == "inconclusive"


def test_a_joined_place_serves_a_fitted_band_alone() -> None:
    experiment = Experiment("powers.e", place=PLACE, runs={"quick": 8})
    with pytest.raises(ValueError, match="only a FittedBand tells apart"):
        Claim(
            id="powers.c", source=Source("me", "1"), provenance="derived", statement="s", rule=Event(),
            measure=lambda run: True, experiment=experiment,
        )  # fmt: skip


def test_the_plan_of_a_joined_place() -> None:
    points = list(PLACE.points(40, lambda r: np.random.default_rng(r)))
    box = [p for p in points if SWEPT not in p.labels]
    assert len(box) == 40
    assert [p.setting for p in box] == [p.setting for p in BOX.points(40, lambda r: np.random.default_rng(r))]
    swept = [p for p in points if p.labels.get(SWEPT) == "n"]
    assert len(swept) == 5 * 5
    assert {p.setting.as_dict()["d"] for p in swept} == {BASE.d}
    # Seeds: paired along a replicate, apart between sweeps and from the box.
    assert {p.key for p in points} == {"", " along n", " along m", " along d"}
    moved = PLACE.moved_to(replace(BOX, name="elsewhere"))
    assert moved.name == "elsewhere"
    assert PLACE.contains(BASE) is BOX.contains(BASE)
    with pytest.raises(ValueError, match="paired"):
        Joined(BOX, {"n": replace(along("n", BASE, (40, 80, 160)), paired=False)})
    with pytest.raises(ValueError, match="at least one parameter"):
        Joined(BOX, {})


@pytest.mark.parametrize("field", ["logs", "exact", "both"])
def test_what_a_rule_refuses(field: str) -> None:
    cases: dict[str, dict[str, Any]] = {
        "logs": {"logs": {"n": math.nan}},
        "exact": {"exact": {"n": " "}},
        "both": {"exact": {"n": "why"}, "powers": ("n",)},
    }
    changes = cases[field]
    with pytest.raises(ValueError, match="exact" if field != "logs" else "logs"):
        replace(RULE, **changes)


def test_a_plan_beside_logarithms_is_for_the_middle_of_the_room() -> None:
    """Slopes that scatter by .25 show in 40 replicates that a power lies in +-.2, and not in +-.1."""
    from verify.rules.fitted_band import PowersPlan
    from verify.rules.residuals import planned_inside

    rule = FittedBand(20.0, "test", logs={"n": 1.0})
    narrow, wide = (planned_inside(rule, [(40, 0.25, room)]) for room in (0.1, 0.2))
    assert narrow < 0.8 < 0.99 < wide
    grown = PowersPlan(powers=[(40, 0.25, 0.1)]).grown(3.0)
    assert planned_inside(rule, grown.powers) > 0.99


def _left(value: float, error: float, parameter: str = "n") -> Residual:
    return Residual(parameter, value, error, 9, -0.1, 0.1, 10, "sweep")


def test_runs_are_counted_at_the_level_of_what_they_would_show() -> None:
    spread = 0.05 * math.sqrt(10)
    assert _left(0.08, 0.05).runs_for(0.05, 1e-4) == runs_for_mean(spread, 0.02, 0.05)
    assert _left(0.12, 0.05).runs_for(0.05, 1e-4) == runs_for_mean(spread, 0.02, 1e-4)


def test_of_several_powers_the_one_outside_that_needs_fewest_runs_decides() -> None:
    """Those inside would have to be shown to be so, all of them."""
    near, far, outside = _left(0.08, 0.05), _left(0.11, 0.05, "m"), _left(0.2, 0.05, "d")
    level = RULE.alpha / 3
    wanted = outside.runs_for(1.0, _SHARE * level / 2)
    assert wanted is not None
    assert _needed(near, far, outside) == 10 * wanted
    inside = near.runs_for(level, 1.0)
    assert inside is not None
    assert wanted < inside
    assert _needed(near, near, near) == 10 * inside


def _needed(*measured: Residual) -> int:
    needed = _what_is_missing(RULE, Residuals(measured), 100)[1]
    assert needed is not None
    return needed
