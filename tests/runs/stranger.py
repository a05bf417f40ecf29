"""A stranger's claims file: four claims whose own code fails, each in another way, beside six that work."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import dataclass

import numpy as np

from theory import (
    AbstractSetting,
    Band,
    Box,
    Claim,
    Coordinate,
    Event,
    Experiment,
    Source,
    function_model,
)

LOCK = threading.Lock()  # what cannot travel to a worker


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int
    p: float


def toss(s: Coin, rng: np.random.Generator) -> dict[str, int]:
    with LOCK:
        return {"heads": int(rng.binomial(s.n, s.p))}


TOSSES = Experiment(
    "stranger.tosses",
    place=Box(
        "coins",
        (Coordinate("n", 10, 100, whole=True), Coordinate("p", 0.4, 0.6, "linear")),
        lambda x: Coin(**x),
    ),
    model=function_model(Coin, toss),
    runs={"quick": 100, "default": 100},
)


def claim(name, measure, rule=None):
    return Claim(
        id=f"stranger.{name}",
        source=Source("a stranger", "1"),
        provenance="derived",
        statement=name,
        rule=rule or Event(delta=0.05),
        measure=measure,
        experiment=TOSSES,
    )


def raises(run):
    if run.setting.n > 50:
        raise KeyError("no such thing")
    return True


def never_returns(run):
    while True:
        pass


CLAIMS = [
    claim("raises", raises),
    claim("exits", lambda run: sys.exit()),
    claim("kills", lambda run: os._exit(9)),
    claim("hangs", never_returns),
    claim("good_1", lambda run: run.heads <= run.setting.n),
    claim("good_2", lambda run: run.heads >= 0),
    claim("good_3", lambda run: bool(LOCK.locked()) or True),
    claim("good_4", lambda run: abs(run.heads / run.setting.n - run.setting.p) < 0.6),
    claim("good_5", lambda run: run.heads / run.setting.n, Band(-0.1, 1.1, "a share")),
    claim("false", lambda run: run.heads > run.setting.n / 2),
]
