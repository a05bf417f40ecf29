"""Claims on coins under the rules for theorems, each beside a false one: a claims file like any user's.

Heads of n tosses: `P(|share - p| >= t) <= 2 exp(-2 n t^2)` (Hoeffding), mean p, and share <= 1 always.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from theory import (
    AbstractSetting,
    Bound,
    Box,
    Claim,
    Coordinate,
    Derived,
    Difference,
    Experiment,
    Law,
    Resolved,
    Rule,
    SameRun,
    Source,
    Universal,
    UniversalBound,
    function_model,
)


@dataclass(frozen=True)
class Coins(AbstractSetting):
    n: int
    p: float


def toss(s: Coins, rng: np.random.Generator) -> dict[str, float]:
    return {"share": rng.binomial(s.n, s.p) / s.n}


TOSSES = Experiment(
    "coin_rules.tosses",
    place=Box(
        "coins",
        (Coordinate("n", 100, 1000, whole=True), Coordinate("p", 0.2, 0.8, "linear")),
        lambda x: Coins(n=int(x["n"]), p=x["p"]),
    ),
    model=function_model(Coins, toss, name="coin_rules"),
    runs={"quick": 200},
)
NO_RUNS = replace(TOSSES, id="coin_rules.none", runs={"quick": 0})


def claim(name, rule: Rule, measure, experiment=TOSSES, **more):
    return Claim(
        id=f"coin_rules.{name}",
        source=Source("coins", name),
        provenance="derived",
        statement=name,
        rule=rule,
        measure=measure,
        experiment=experiment,
        **more,
    )


def width(s: Coins, share: float) -> float:
    """Hoeffding's deviation that is exceeded in at most this share of runs."""
    return math.sqrt(math.log(2 / share) / (2 * s.n))


def proved(holds: bool):
    from theory.claim import Proof

    return lambda: Proof(holds, ("(a + b)^2 = a^2 + 2 a b + b^2",))


def deviation(run) -> float:
    return abs(run.share - run.setting.p)


RARE = 0.3


CLAIMS = [
    claim("universal.true", Universal(), lambda run: 0.0 <= run.share <= 1.0),
    claim("universal.false", Universal(), lambda run: deviation(run) < width(run.setting, RARE)),
    claim("bound.true", Bound(delta=0.05), lambda run: (deviation(run), width(run.setting, 0.05))),
    claim("bound.false", Bound(delta=0.05), lambda run: (deviation(run), 0.3 * width(run.setting, 0.05))),
    claim("bound.loose", Bound(), lambda run: (deviation(run), 1.0)),
    claim("universal_bound.true", UniversalBound(loose=1e6), lambda run: (run.share, 1.0)),
    claim("universal_bound.false", UniversalBound(), lambda run: (deviation(run), width(run.setting, RARE))),
    claim("difference.true", Difference(0.02, "why"), lambda run: (run.share, run.setting.p)),
    claim("difference.false", Difference(0.02, "why"), lambda run: (run.share, run.setting.p + 0.05)),
    claim("difference.missing", Difference(0.02, "why"), lambda run: (math.nan, run.setting.p)),
    claim("same_run.true", SameRun(1e-12, "why"), lambda run: (run.share, 1 - (1 - run.share))),
    claim("same_run.false", SameRun(1e-12, "why"), lambda run: (run.share, run.share * (1 + 1e-9))),
    claim("derived.true", Derived("symbolic a, b"), lambda run: 0.0, experiment=NO_RUNS, proof=proved(True)),
    claim(
        "derived.false", Derived("symbolic a, b"), lambda run: 0.0, experiment=NO_RUNS, proof=proved(False)
    ),
    claim("saturated", Law(0.1, "why"), lambda run: (Resolved(1.0, 1.0, floor=1.0), 1.0)),
    claim("law.missing", Law(0.1, "why"), lambda run: (math.nan, run.setting.p)),
]
