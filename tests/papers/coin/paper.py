"""A whole paper about tossing a coin: the test subject of everything that must know no paper."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import sympy as sp

import theory as th

WHERE = th.Source("Bernoulli 1713", "part four")


@dataclass(frozen=True)
class Coin(th.AbstractSetting):
    """`n` tosses of a coin that shows heads with probability `p`; `side` is the side that is counted."""

    trends: ClassVar[th.Trends] = th.Trends(slopes=("n", "p"), powers=("n",), held=("p",), linear=("p",))
    n: int
    p: float
    side: str = "heads"

    def __post_init__(self) -> None:
        if not (isinstance(self.n, int) and self.n >= 1):
            raise ValueError(f"n must be a whole number >= 1, was {self.n!r}")
        if not 0 < self.p < 1:
            raise ValueError(f"p must lie in (0, 1), was {self.p!r}")
        if self.side not in ("heads", "tails"):
            raise ValueError(f"side must be heads or tails, was {self.side!r}")

    def groups(self) -> Mapping[str, float]:
        return {"variance": self.n * self.p * (1 - self.p)}


def toss(setting: Coin, rng: np.random.Generator) -> Mapping[str, Any]:
    up = rng.random(setting.n) < setting.p
    counted = up if setting.side == "heads" else ~up
    return {"share": float(counted.mean()), "heads": float(up.sum()), "tails": float((~up).sum())}


MODEL = Coin.model = th.function_model(Coin, toss, name="coin")
BOX = th.Box(
    "coins",
    (th.Coordinate("n", 40, 400, whole=True), th.Coordinate("p", 0.2, 0.8, "linear")),
    lambda x: Coin(**x),
)
TOSSES = th.Experiment("coin.tosses", place=BOX, runs={"quick": 400, "default": 800, "full": 1600})
_N, _P, _C = sp.Symbol("n"), sp.Symbol("p"), th.Constant("C")
ENOUGH = th.Condition("enough", _N * _P * (1 - _P), 5 * _C, WHERE, "derived", "nearly normal")


def expected(run: th.Run) -> float:
    return float(run.setting.p if run.setting.side == "heads" else 1 - run.setting.p)


def near(run: Any) -> bool:
    """Hoeffding's inequality at probability 5 %."""
    return abs(run.share - expected(run)) <= math.sqrt(math.log(2 / 0.05) / (2 * run.setting.n))


def score(run: Any) -> tuple[float, float, float, float]:
    p, n = expected(run), run.setting.n
    return run.share, p, math.sqrt(p * (1 - p) / n), 0.5 / n


def left_over(run: Any) -> float:
    return float(abs(run.heads + run.tails - run.setting.n))


def _claim(name: str, statement: str, rule: Any, measure: Any) -> th.Claim:
    return th.Claim(
        id=f"coin.{name}", source=WHERE, provenance="derived", statement=statement, rule=rule,
        measure=measure, experiment=TOSSES, conditions=(ENOUGH,), constants=th.Constants({"C": 1.0}),
    )  # fmt: skip


CLAIMS = (
    _claim("sum", "heads and tails are all tosses", th.Identity(), left_over),
    _claim("near", "the share is near p", th.Event(delta=0.05), near),
    _claim("share", "the share is p", th.Law(0.1, "an example"), lambda run: (run.share, expected(run))),
    _claim("score", "the share is normal", th.ZScores("an example"), score),
)  # fmt: skip


def falsehoods(ledger: th.Ledger) -> list[th.Falsehood]:
    true = ledger["coin.share"]
    wrong = replace(true, measure=lambda run: (run.share, 1.3 * expected(run)))
    return [th.Falsehood(true.id, "1.3 p for p", "factor", wrong, "no share is 1.3 p on average")]


def _made(values: Mapping[str, Any]) -> Coin:
    p = values["p"] if "p" in values else values["odds"] / (1 + values["odds"])
    return Coin(int(values["n"]), p, values.get("side", "heads"))


PARAMETERS = th.Parameters(
    (
        th.Parameter("n", "tosses", whole=True), th.Parameter("p", "probability of heads"),
        th.Parameter("odds", "p / (1 - p)"),
        th.Parameter("side", "side counted", default="heads", words=("heads", "tails")),
    ),
    _made,
    one_of=(("p", "odds"),),
    usual=lambda given: {"n": 100} | ({} if "odds" in given else {"p": 0.5}) | dict(given),
)  # fmt: skip
PLANE = th.Plane(
    "fair", th.Axis("p", "$p$", 0.3, 0.7), th.Axis("n", "$n$", 20, 2000, log=True),
    lambda p, n: Coin(round(n), p), lambda run: {"more": float(run.share > 0.5), "excess": run.share - 0.5},
    (th.PlaneQuantity("more", "more heads than tails", "rate", (0.0, 1.0)),),
    level_sets=(th.LevelSet("$p = 1/2$", lambda p, n: p + 0 * n, 0.5),),
    boundaries=(th.Boundary("fair coin", lambda p, n: p, 0.5, "excess", "p", quantities=("more",)),),
)  # fmt: skip

REFERENCE = th.Box(
    "reference",
    (th.Coordinate("n", 1, 10_000, whole=True), th.Coordinate("p", 0.01, 0.99, "linear")),
    BOX.make,
)
THIS = th.Paper(
    name="coin",
    reference=th.Reference("Bernoulli", 1713, "The art of conjecturing", "Basel"),
    claims=CLAIMS,
    settings=(Coin,),
    conditions={"Enough tosses": (ENOUGH,)},
    constants=th.Constants({"C": 1.0}),
    parameters={Coin: PARAMETERS},
    reference_box=REFERENCE,
    regime=lambda s: (f"The share scatters by {math.sqrt(s.p * (1 - s.p) / s.n):.2g}.",),
    planes=(PLANE,),
    quantities=(
        th.Quantity("share", (), "share", "of the side counted", lambda run: run.share),
        th.Quantity("count", ("word",), "tosses", "with this side up", lambda run, side: getattr(run, side),
                 words={0: ("heads", "tails")}),
    ),
    letters=(th.Entry("n", "n", "number of tosses", "tosses", "Setting"),),
    falsehoods=falsehoods,
)  # fmt: skip
