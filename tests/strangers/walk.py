"""A random walk: the reflection principle for its maximum."""

import math
from dataclasses import dataclass

import numpy as np

from theory import (
    AbstractSetting,
    Box,
    Claim,
    Coordinate,
    Event,
    Experiment,
    Identity,
    Quantity,
    Source,
    function_model,
)


@dataclass(frozen=True)
class Walk(AbstractSetting):
    length: int


def walk(s, rng):
    path = np.concatenate([[0], np.cumsum(rng.integers(0, 2, s.length) * 2 - 1)])
    return {"end": int(path[-1]), "top": int(path.max()), "path": path}


FELLER = Source("Feller 1968", "III.1")
WALKS = Experiment(
    "walk.walks",
    place=Box("walks", (Coordinate("length", 20, 2000, whole=True),), lambda x: Walk(**x)),
    model=function_model(Walk, walk),
    runs={"quick": 300, "default": 1000, "full": 5000},
)


def low(run):
    """P(max >= a) = 2 P(end > a) + P(end = a) <= 2 exp(-a^2/(2n))."""
    return run.top <= math.sqrt(2 * run.setting.length * math.log(2 / 0.05))


def lower(run):
    return run.top <= math.sqrt(run.setting.length) / 2


def claim(name, statement, rule, measure, **more):
    return Claim(f"walk.{name}", FELLER, "derived", statement, rule, measure, WALKS, **more)


CLAIMS = [
    claim("top", r"$\max S \le \sqrt{2n\ln 40}$ with probability 0.95", Event(0.05), low),
    claim(
        "small",
        r"$\max S \le \sqrt{n}/2$ with probability 0.95",
        Event(0.05),
        lower,
        role="reading",
        corrected_by="walk.top",
    ),
    claim(
        "parity",
        "the end has the parity of the length",
        Identity(1.0, per_step=False),
        lambda run: float((run.end - run.setting.length) % 2),
    ),
]
QUANTITIES = [
    Quantity("height", (), "steps", "of the top", lambda run: float(run.top), within=(0.0, math.inf))
]
