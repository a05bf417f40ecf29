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
from functools import partial
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
    kind: Kind, name: str, where: Experiment, rule: Rule, why: str, measure: Callable[[Any], Any], **more: Any
) -> None:
    """`why` says in words what makes it what it is."""
    id_ = f"referee.{kind}.{name}"
    TRUTHS[id_] = kind
    source = Source("known by construction", name)
    CLAIMS.append(Claim(id_, source, "derived", why, rule=rule, measure=measure, experiment=where, **more))


false_, loose_, saturated_, true_ = (partial(claim, kind) for kind in ("false", "loose", "saturated", "true"))


def _noise(run: Any, sd: float, k: int = 0) -> float:
    return math.exp(sd * float(run.z[k]))


# fmt: off
# Ten that are false ---------------------------------------------------------------------------------------

false_("one_cell_of_ten", CELLS, Event(), "every pair meets it: the seventh of ten misses three runs in ten",
       lambda run: bool(run.u[0] > (0.3 if run.setting.n == 46 else 0.003)))
false_("bracket", RUNS, Universal(), "no value leaves the bracket: one in a hundred does",
       lambda run: 1.0 - abs(float(run.z[0])) / 2.6)
false_("corner", RUNS, Universal(), "it holds everywhere: not in the corner of large n and large x",
       lambda run: not (run.setting.n > 1500 and run.setting.x > 3))
false_("ties", RUNS, Ordering(delta=0.05),
       "the first comes strictly before the second: they tie in one run of six",
       lambda run: int(3 * run.u[0]) < 2 + int(2 * run.u[1]))
false_("exponent_1_12", ALONG_N, Exponent("n", 1.0), "linear in n: the power is 1.12",
       lambda run: run.setting.n**1.12 * _noise(run, 0.1, run.setting.n % 7))
false_("constant_x_1_06", RUNS, Law(0.05, "a constant 5 % off must not pass"),
       "the constant is 1: it is 1.06",
       lambda run: (1.06 * _noise(run, 0.03), 1.0))
false_("off_by_one_step", RUNS, ZScores("a time in steps with its spread"),
       "the time has this mean and spread: it is one step later, a third of the spread",
       lambda run: (20 + 3 * float(run.z[0]) + 1, 20.0, 3.0, 0.0))
false_("mean_for_median", RUNS, Law(0.1, "the typical value"),
       "the value is typically 1: its mean is, its median is .61",
       lambda run: (math.exp(float(run.z[0]) - 0.5), 1.0))
false_("only_on_average", RUNS, Difference(0.05, "an absolute error"),
       "measured is predicted: too low at small x, too high at large x, right on average",
       lambda run: (0.2 * math.log(run.setting.x / 2) + 0.05 * float(run.z[0]), 0.0))
false_("scale", SCALES, FittedBand(max_ratio=60.0, reason="a wide band"), "Theta(n^1.4/m^.2): it is Theta(n)",
       lambda run: (run.setting.n**-0.4 * run.setting.m**0.2 * (1 + run.setting.x)
                    * _noise(run, 0.2, run.setting.n % 7)))

# Ten that are loose ---------------------------------------------------------------------------------------

loose_("on_average", RUNS, Difference(0.05, "an absolute error"),
       "measured is predicted to .05: right on average, a little low at small x and high at large",
       lambda run: (0.06 * math.log(run.setting.x / 2) + 0.05 * float(run.z[0]), 0.0))
loose_("proved_bound", RUNS, UniversalBound(), "a uniform number is below 300 x",
       lambda run: (float(run.u[0]), 300.0 * run.setting.x))
loose_("lower_bound", RUNS, Bound(upper=False), "1 + u is at least .04",
       lambda run: (1.0 + float(run.u[0]), 0.04))
loose_("heavy_bound", RUNS, Bound(),
       "a Cauchy number is below 30: tight for the largest, loose by thirty for the typical",
       lambda run: (abs(float(run.heavy[0])), 30.0))
loose_("constant_x_1_06", RUNS, Law(0.1, "ten per cent"), "the constant is 1 to ten per cent: it is 1.06",
       lambda run: (1.06 * _noise(run, 0.05), 1.0))
loose_("exponent_1_03", ALONG_M, Exponent("m", 1.0), "linear in m: the power is 1.03",
       lambda run: run.setting.m**1.03 * _noise(run, 0.05, run.setting.m % 7))
loose_("shift", RUNS, Difference(0.05, "an absolute error"), "measured is predicted to .05: it is .03 off",
       lambda run: (0.03 + 0.05 * float(run.z[0]), 0.0))
loose_("most_cells", CELLS, Event(),
       "it holds with probability .95: on average over the pairs; in one of them .91",
       lambda run: bool(run.u[0] > (0.09 if run.setting.n == 43 else 0.003)))
loose_("order", SCALES, FittedBand(max_ratio=30.0, reason="O(n)", two_sided=False),
       "O(n): it is Theta(sqrt(n))",
       lambda run: 3 * run.setting.n**-0.5 * _noise(run, 0.2, run.setting.n % 7))
loose_("late_by_a_tenth", RUNS, ZScores("a time with its spread"),
       "the time has this mean and spread: a twelfth of the spread later",
       lambda run: (20 + 3 * float(run.z[0]) + 0.25, 20.0, 3.0, 0.0))

# Ten that are saturated -----------------------------------------------------------------------------------


def _first_step(run: Any) -> Resolved:
    """A time that every run shows at its first step."""
    return Resolved(1.0, 1.0, floor=1.0)


saturated_("inverse", ALONG_N, Exponent("n", -1.0), "the time falls like 1/n", _first_step)
saturated_("independent", ALONG_M, Exponent("m", 0.0), "the time does not depend on m", _first_step)
saturated_("law", RUNS, Law(0.1, "ten per cent"), "the time is 1",
           lambda run: (_first_step(run), 1.0))
saturated_("theta", SCALES, FittedBand(max_ratio=60.0, reason="a wide band"), "the time is Theta(1/n)",
           lambda run: _first_step(run).times(run.setting.n / 400))
saturated_("theta_flat", SCALES, FittedBand(max_ratio=60.0, reason="a wide band"), "the time is Theta(1)",
           _first_step)
saturated_("band", RUNS, Band(0.95, 1.5, "a share near its ceiling"), "the odds lie in .95 to 1.5",
           lambda run: Resolved(1.0, 0.01, ceiling=1.0))
saturated_("rare", RUNS, Bound(), "the error is below 1e-4: none in 100 samples",
           lambda run: (Resolved(0.0, 0.01), 1e-4))
saturated_("difference", RUNS, Difference(0.05, "an absolute error"), "the loss is 0: below what can be seen",
           lambda run: (Resolved(0.0, 0.1, floor=0.0), 0.0))
saturated_("scores", RUNS, ZScores("a time with its spread"), "the time has this mean and spread",
           lambda run: (_first_step(run), 1.0, 0.5, 0.0))
saturated_("proved", RUNS, UniversalBound(), "the time is below 6 and more: the run was cut at 5",
           lambda run: (Resolved(5.0, 0.0, ceiling=5.0), 6.0 + float(run.u[0])))

# Ten that are true ----------------------------------------------------------------------------------------

_N, _X = sp.Symbol("n"), sp.Symbol("x")
_LARGE = Condition("large", _N, 100 * Constant("C"), Source("here", "1"), "derived", "n is large")
_CALM = Condition("calm", 3 * Constant("C"), _X, Source("here", "2"), "derived", "x is small")


def _inside_only(run: Any) -> bool:
    return bool(run.setting.n >= 100 and run.setting.x <= 3) or bool(run.u[0] < 0.5)


true_("conditions", RUNS, Event(),
      "it holds where n >= 100 and x <= 3", _inside_only,
      conditions=(_LARGE, _CALM), constants=Constants({"C": 1.0}))
true_("conditions_turned", RUNS, Event(),
      "the same with its conditions in another order", _inside_only,
      conditions=(_CALM, _LARGE), constants=Constants({"C": 1.0}))
true_("rare_failure", CELLS, Event(), "every pair meets it in 99 runs of a hundred",
      lambda run: bool(run.u[0] > 0.01))
true_("tight_bound", RUNS, UniversalBound(), "u x is below x",
      lambda run: (float(run.u[0]) * run.setting.x, run.setting.x))
true_("heavy_tails", RUNS, Law(0.1, "ten per cent"), "typically 1; its logarithm is Cauchy",
      lambda run: (math.exp(0.1 * max(-60.0, min(60.0, float(run.heavy[0])))), 1.0))
true_("even_and_odd", RUNS, Difference(0.05, "an absolute error"),
      "measured is predicted to .05, a little above for even n and below for odd",
      lambda run: (0.02 * (-1) ** run.setting.n + 0.05 * float(run.z[0]), 0.0))
true_("ties_allowed", RUNS, Ordering(delta=0.05), "the first is not after the second; they may tie",
      lambda run: int(3 * run.u[0]) <= 2 + int(2 * run.u[1]))
true_("scale", SCALES, FittedBand(max_ratio=60.0, reason="a wide band"), "Theta(n/m)",
      lambda run: (1 + run.setting.x) * _noise(run, 0.2, run.setting.n % 7))
true_("scale_up_to_logarithms", SCALES, FittedBand(max_ratio=60.0, reason="a wide band", logs={"n": 1.0}),
      "Theta(n) up to a logarithm",
      lambda run: math.log(run.setting.n) * _noise(run, 0.2, run.setting.n % 7))
true_("rounded_sum", RUNS, Identity(factor=64.0, per_step=False), "a sum does not depend on the order",
      lambda run: abs(float(run.u.sum() - run.u[::-1].sum())) / float(run.u.sum()))
