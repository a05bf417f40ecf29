"""Coin tosses and Gaussian means: claims whose truth is known exactly, two of them right on the border."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

import theory as th

__all__ = ["BORDER", "THIS", "Tosses", "toss"]


@dataclass(frozen=True)
class Tosses(th.AbstractSetting):
    """n tosses of a coin that shows heads with probability p, and the mean of n standard normal numbers."""

    n: int
    p: float

    def __post_init__(self) -> None:
        if self.n < 1 or not 0 < self.p < 1:
            raise ValueError(f"n must be at least 1 and p lie in (0, 1), was {self.n!r} and {self.p!r}")


def toss(s: Tosses, rng: np.random.Generator) -> dict[str, float]:
    """The share of heads; a mean of variance 1/n; and a number uniform in (0, 1)."""
    share = rng.binomial(s.n, s.p) / s.n
    return {"share": share, "mean": rng.standard_normal() / math.sqrt(s.n), "uniform": rng.random()}


WHERE = th.Source("Bernoulli 1713", "part four")
N, P, C = sp.Symbol("n"), sp.Symbol("p"), th.Constant("C")
MANY = th.Condition("many", N * P * (1 - P), C, WHERE, "derived", "a share of few heads is skew")
CONSTANTS = th.Constants({"C": 8.0})
TOSSES = th.Experiment(
    "examples.coins.tosses",
    model=th.function_model(Tosses, toss, name="examples.coins"),
    place=th.Box("coins", (th.Coordinate("n", 50, 500, whole=True), th.Coordinate("p", 0.2, 0.8, "linear")),
                 lambda x: Tosses(**x)),
    runs={"quick": 400, "default": 1000, "full": 5000},
)  # fmt: skip


def claim(name: str, statement: str, rule: th.Rule, measure: Any, *conditions: th.Condition) -> th.Claim:
    return th.Claim(f"examples.coins.{name}", WHERE, "derived", statement, rule, measure, TOSSES,
                    conditions, CONSTANTS)  # fmt: skip


def hoeffding(run: Any) -> tuple[float, float]:
    return abs(run.share - run.setting.p), math.sqrt(math.log(2 / 0.05) / (2 * run.setting.n))


def score(run: Any) -> tuple[float, float, float, float]:
    n, p = run.setting.n, run.setting.p
    return run.share, p, math.sqrt(p * (1 - p) / n), 0.5 / n


#: Exactly as often false, and exactly as far off, as the claim allows: no number of runs decides it.
BORDER = (
    claim("border_rate", "A uniform number is above $.05$ with probability $.95$.", th.Event(0.05),
          lambda run: run.uniform > 0.05),
    claim("border_ratio", r"$1.1 e^{\mathrm{mean}}$ is 1 in the median, within 10 %.",
          th.Law(0.1, "its median is 1.1"), lambda run: (1.1 * math.exp(run.mean), 1.0)),
)  # fmt: skip
CLAIMS = (
    claim("hoeffding", r"$|\mathrm{share} - p| \le \sqrt{\ln 40/(2n)}$ with probability $.95$.",
          th.Bound(delta=0.05), hoeffding),
    claim("share", "The share of heads is normal, with mean $p$ and variance $p(1 - p)/n$.",
          th.ZScores("the central limit theorem"), score, MANY),
    claim("mean", "The mean of n standard normal numbers is normal, with variance $1/n$.",
          th.ZScores("exact"), lambda run: (run.mean, 0.0, run.setting.n**-0.5, 0.0)),
    *BORDER,
)  # fmt: skip


def falsehoods(ledger: th.Ledger) -> list[th.Falsehood]:
    rate = replace(BORDER[0], measure=lambda run: run.uniform > 0.1)
    mean = replace(CLAIMS[2], measure=lambda run: (run.mean, 0.0, run.setting.n**-0.5 / 2, 0.0))
    return [
        th.Falsehood(BORDER[0].id, "twice the rate", "constant", rate, "it is false in a tenth of the runs"),
        th.Falsehood(CLAIMS[2].id, "half the spread", "factor", mean, "the variance is 1/n, not 1/(4n)"),
    ]


THIS = th.Paper(
    "examples.coins",
    th.Reference("J. Bernoulli", 1713, "Ars conjectandi", "Basel"),
    CLAIMS, (Tosses,), {"Limit": (MANY,)}, constants=CONSTANTS, falsehoods=falsehoods, optional=True,
    reference_box=th.Box("all", (th.Coordinate("n", 10, 5000, whole=True),
                         th.Coordinate("p", 0.02, 0.98, "linear")), lambda x: Tosses(**x)),
)  # fmt: skip
