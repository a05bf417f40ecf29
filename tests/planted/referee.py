r"""Forty claims whose truth is known by construction: ten false, ten loose, ten saturated, ten true.

    python -m verify run --claims-file tests/planted/referee.py --claims "referee.*" --profile default

A false one must never be supported, a loose one must carry a word that says so, a saturated one must end
inconclusive, a true one must not be refuted. Runs are calls of a small function: what is measured is made of
its random numbers, so that each truth can be read off its own lines. `TRUTHS` names the four kinds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import sympy as sp

from theory import (
    AbstractSetting,
    Band,
    Bound,
    Box,
    Claim,
    Condition,
    Constant,
    Constants,
    Coordinate,
    Difference,
    Event,
    Experiment,
    Exponent,
    FittedBand,
    Identity,
    Joined,
    Law,
    Ordering,
    Resolved,
    Source,
    Trends,
    Universal,
    UniversalBound,
    ZScores,
    along,
    function_model,
)
from theory.place import grid
from theory.rules import Rule

Kind = Literal["false", "loose", "saturated", "true"]


@dataclass(frozen=True)
class Lab(AbstractSetting):
    """`n` and `m` are sizes, `x` a dimensionless group on which a constant may depend."""

    trends = Trends(slopes=("n", "m", "x"), powers=("n", "m"), held=("x",))
    n: int
    m: int
    x: float


def numbers(setting: Lab, rng: np.random.Generator) -> Mapping[str, Any]:
    """Normal, uniform and heavy-tailed numbers, all independent."""
    return {"z": rng.normal(size=8), "u": rng.random(8), "heavy": rng.standard_cauchy(4)}


MODEL = function_model(Lab, numbers, name="lab")
BASE = Lab(n=40, m=10, x=2.0)
BOX = Box(
    "lab",
    (Coordinate("n", 40, 4000, whole=True), Coordinate("m", 10, 160, whole=True), Coordinate("x", 1.0, 4.0)),
    lambda values: Lab(**values),
)
NARROW = Box(
    "narrow lab",
    (Coordinate("n", 60, 90, whole=True), Coordinate("m", 10, 20, whole=True), Coordinate("x", 1.0, 4.0)),
    lambda values: Lab(**values),
)
SIZES = (40, 120, 360, 1080, 3240)
WIDTHS = (10, 30, 90, 300, 1000)
RUNS = Experiment("referee.box", place=BOX, runs={"quick": 400, "default": 800}, model=MODEL)
PLAIN = Experiment("referee.narrow", place=NARROW, runs={"quick": 300}, model=MODEL)
SCALES = Experiment(
    "referee.scales",
    place=Joined(BOX, {"n": along("n", BASE, SIZES), "m": along("m", BASE, WIDTHS)}, every=12),
    runs={"quick": 300},
    model=MODEL,
)
ALONG_N = Experiment("referee.along_n", place=along("n", BASE, SIZES), runs={"quick": 40}, model=MODEL)
ALONG_M = Experiment("referee.along_m", place=along("m", BASE, WIDTHS), runs={"quick": 40}, model=MODEL)
CELLS = Experiment(
    "referee.cells",
    place=grid("pairs", tuple(({"pair": k}, Lab(40 + k, 10, 2.0)) for k in range(10))),
    runs={"quick": 90},
    model=MODEL,
)
CLAIMS: list[Claim] = []
TRUTHS: dict[str, Kind] = {}


def claim(
    kind: Kind, name: str, rule: Rule, measure: Callable[[Any], Any], where: Experiment, why: str, **more: Any
) -> None:
    """`why` says in words what makes it what it is."""
    id_ = f"referee.{kind}.{name}"
    TRUTHS[id_] = kind
    CLAIMS.append(
        Claim(
            id=id_,
            source=Source("known by construction", name),
            provenance="derived",
            statement=why,
            rule=rule,
            measure=measure,
            experiment=where,
            **more,
        )
    )


def _noise(run: Any, sd: float, k: int = 0) -> float:
    return math.exp(sd * float(run.z[k]))


# Ten that are false ---------------------------------------------------------------------------------------

claim(
    "false",
    "one_cell_of_ten",
    Event(),
    lambda run: bool(run.u[0] > (0.3 if run.setting.n == 46 else 0.003)),
    CELLS,
    "every pair meets it: the seventh of ten misses three runs in ten",
)
claim(
    "false",
    "bracket",
    Universal(),
    lambda run: 1.0 - abs(float(run.z[0])) / 2.6,
    RUNS,
    "no value leaves the bracket: one in a hundred does",
)
claim(
    "false",
    "corner",
    Universal(),
    lambda run: not (run.setting.n > 1500 and run.setting.x > 3),
    RUNS,
    "it holds everywhere: not in the corner of large n and large x",
)
claim(
    "false",
    "ties",
    Ordering(delta=0.05),
    lambda run: int(3 * run.u[0]) < 2 + int(2 * run.u[1]),
    RUNS,
    "the first comes strictly before the second: they tie in one run of six",
)
claim(
    "false",
    "exponent_1_12",
    Exponent("n", 1.0),
    lambda run: run.setting.n**1.12 * _noise(run, 0.1, run.setting.n % 7),
    ALONG_N,
    "linear in n: the power is 1.12",
)
claim(
    "false",
    "constant_x_1_06",
    Law(0.05, "a constant 5 % off must not pass"),
    lambda run: (1.06 * _noise(run, 0.03), 1.0),
    RUNS,
    "the constant is 1: it is 1.06",
)
claim(
    "false",
    "off_by_one_step",
    ZScores("a time in steps with its spread"),
    lambda run: (20 + 3 * float(run.z[0]) + 1, 20.0, 3.0, 0.0),
    RUNS,
    "the time has this mean and spread: it is one step later, a third of the spread",
)
claim(
    "false",
    "mean_for_median",
    Law(0.1, "the typical value"),
    lambda run: (math.exp(float(run.z[0]) - 0.5), 1.0),
    RUNS,
    "the value is typically 1: its mean is, its median is .61",
)
claim(
    "false",
    "only_on_average",
    Difference(0.05, "an absolute error"),
    lambda run: (0.2 * math.log(run.setting.x / 2) + 0.05 * float(run.z[0]), 0.0),
    RUNS,
    "measured is predicted: too low at small x, too high at large x, right on average",
)
claim(
    "false",
    "scale",
    FittedBand(max_ratio=60.0, reason="a wide band"),
    lambda run: (
        run.setting.n**-0.4 * run.setting.m**0.2 * (1 + run.setting.x) * _noise(run, 0.2, run.setting.n % 7)
    ),
    SCALES,
    "Theta(n^1.4/m^.2): it is Theta(n)",
)

# Ten that are loose ---------------------------------------------------------------------------------------

claim(
    "loose",
    "on_average",
    Difference(0.05, "an absolute error"),
    lambda run: (0.06 * math.log(run.setting.x / 2) + 0.05 * float(run.z[0]), 0.0),
    RUNS,
    "measured is predicted to .05: right on average, a little low at small x and high at large",
)
claim(
    "loose",
    "proved_bound",
    UniversalBound(),
    lambda run: (float(run.u[0]), 300.0 * run.setting.x),
    RUNS,
    "a uniform number is below 300 x",
)
claim(
    "loose",
    "lower_bound",
    Bound(upper=False),
    lambda run: (1.0 + float(run.u[0]), 0.04),
    RUNS,
    "1 + u is at least .04",
)
claim(
    "loose",
    "heavy_bound",
    Bound(),
    lambda run: (abs(float(run.heavy[0])), 30.0),
    RUNS,
    "a Cauchy number is below 30: tight for the largest, loose by thirty for the typical",
)
claim(
    "loose",
    "constant_x_1_06",
    Law(0.1, "ten per cent"),
    lambda run: (1.06 * _noise(run, 0.05), 1.0),
    RUNS,
    "the constant is 1 to ten per cent: it is 1.06",
)
claim(
    "loose",
    "exponent_1_03",
    Exponent("m", 1.0),
    lambda run: run.setting.m**1.03 * _noise(run, 0.05, run.setting.m % 7),
    ALONG_M,
    "linear in m: the power is 1.03",
)
claim(
    "loose",
    "shift",
    Difference(0.05, "an absolute error"),
    lambda run: (0.03 + 0.05 * float(run.z[0]), 0.0),
    RUNS,
    "measured is predicted to .05: it is .03 off",
)
claim(
    "loose",
    "most_cells",
    Event(),
    lambda run: bool(run.u[0] > (0.09 if run.setting.n == 43 else 0.003)),
    CELLS,
    "it holds with probability .95: on average over the pairs; in one of them .91",
)
claim(
    "loose",
    "order",
    FittedBand(max_ratio=30.0, reason="O(n)", two_sided=False),
    lambda run: 3 * run.setting.n**-0.5 * _noise(run, 0.2, run.setting.n % 7),
    SCALES,
    "O(n): it is Theta(sqrt(n))",
)
claim(
    "loose",
    "late_by_a_tenth",
    ZScores("a time with its spread"),
    lambda run: (20 + 3 * float(run.z[0]) + 0.25, 20.0, 3.0, 0.0),
    RUNS,
    "the time has this mean and spread: a twelfth of the spread later",
)

# Ten that are saturated -----------------------------------------------------------------------------------


def _first_step(run: Any) -> Resolved:
    """A time that every run shows at its first step."""
    return Resolved(1.0, 1.0, floor=1.0)


claim("saturated", "inverse", Exponent("n", -1.0), _first_step, ALONG_N, "the time falls like 1/n")
claim("saturated", "independent", Exponent("m", 0.0), _first_step, ALONG_M, "the time does not depend on m")
claim(
    "saturated", "law", Law(0.1, "ten per cent"), lambda run: (_first_step(run), 1.0), RUNS, "the time is 1"
)
claim(
    "saturated",
    "theta",
    FittedBand(max_ratio=60.0, reason="a wide band"),
    lambda run: _first_step(run).times(run.setting.n / 400),
    SCALES,
    "the time is Theta(1/n)",
)
claim(
    "saturated",
    "theta_flat",
    FittedBand(max_ratio=60.0, reason="a wide band"),
    _first_step,
    SCALES,
    "the time is Theta(1)",
)
claim(
    "saturated",
    "band",
    Band(0.95, 1.5, "a share near its ceiling"),
    lambda run: Resolved(1.0, 0.01, ceiling=1.0),
    RUNS,
    "the odds lie in .95 to 1.5",
)
claim(
    "saturated",
    "rare",
    Bound(),
    lambda run: (Resolved(0.0, 0.01), 1e-4),
    RUNS,
    "the error is below 1e-4: none in 100 samples",
)
claim(
    "saturated",
    "difference",
    Difference(0.05, "an absolute error"),
    lambda run: (Resolved(0.0, 0.1, floor=0.0), 0.0),
    RUNS,
    "the loss is 0: below what can be seen",
)
claim(
    "saturated",
    "scores",
    ZScores("a time with its spread"),
    lambda run: (_first_step(run), 1.0, 0.5, 0.0),
    RUNS,
    "the time has this mean and spread",
)
claim(
    "saturated",
    "proved",
    UniversalBound(),
    lambda run: (Resolved(5.0, 0.0, ceiling=5.0), 6.0 + float(run.u[0])),
    RUNS,
    "the time is below 6 and more: the run was cut at 5",
)

# Ten that are true ----------------------------------------------------------------------------------------

_N, _X = sp.Symbol("n"), sp.Symbol("x")
_LARGE = Condition("large", _N, 100 * Constant("C"), Source("here", "1"), "derived", "n is large")
_CALM = Condition("calm", 3 * Constant("C"), _X, Source("here", "2"), "derived", "x is small")


def _inside_only(run: Any) -> bool:
    return bool(run.setting.n >= 100 and run.setting.x <= 3) or bool(run.u[0] < 0.5)


claim(
    "true",
    "conditions",
    Event(),
    _inside_only,
    RUNS,
    "it holds where n >= 100 and x <= 3",
    conditions=(_LARGE, _CALM),
    constants=Constants({"C": 1.0}),
)
claim(
    "true",
    "conditions_turned",
    Event(),
    _inside_only,
    RUNS,
    "the same with its conditions in another order",
    conditions=(_CALM, _LARGE),
    constants=Constants({"C": 1.0}),
)
claim(
    "true",
    "rare_failure",
    Event(),
    lambda run: bool(run.u[0] > 0.01),
    CELLS,
    "every pair meets it in 99 runs of a hundred",
)
claim(
    "true",
    "tight_bound",
    UniversalBound(),
    lambda run: (float(run.u[0]) * run.setting.x, run.setting.x),
    RUNS,
    "u x is below x",
)
claim(
    "true",
    "heavy_tails",
    Law(0.1, "ten per cent"),
    lambda run: (math.exp(0.1 * max(-60.0, min(60.0, float(run.heavy[0])))), 1.0),
    RUNS,
    "typically 1; its logarithm is Cauchy",
)
claim(
    "true",
    "even_and_odd",
    Difference(0.05, "an absolute error"),
    lambda run: (0.02 * (-1) ** run.setting.n + 0.05 * float(run.z[0]), 0.0),
    RUNS,
    "measured is predicted to .05, a little above for even n and below for odd",
)
claim(
    "true",
    "ties_allowed",
    Ordering(delta=0.05),
    lambda run: int(3 * run.u[0]) <= 2 + int(2 * run.u[1]),
    RUNS,
    "the first is not after the second; they may tie",
)
claim(
    "true",
    "scale",
    FittedBand(max_ratio=60.0, reason="a wide band"),
    lambda run: (1 + run.setting.x) * _noise(run, 0.2, run.setting.n % 7),
    SCALES,
    "Theta(n/m)",
)
claim(
    "true",
    "scale_up_to_logarithms",
    FittedBand(max_ratio=60.0, reason="a wide band", logs={"n": 1.0}),
    lambda run: math.log(run.setting.n) * _noise(run, 0.2, run.setting.n % 7),
    SCALES,
    "Theta(n) up to a logarithm",
)
claim(
    "true",
    "rounded_sum",
    Identity(factor=64.0, per_step=False),
    lambda run: abs(float(run.u.sum() - run.u[::-1].sum())) / float(run.u.sum()),
    RUNS,
    "a sum does not depend on the order",
)
