"""The largest eigenvalue of a sample covariance: its edge (Marchenko-Pastur), its law (Tracy-Widom)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

import theory as th

__all__ = ["THIS", "Covariance", "largest"]

#: Mean and standard deviation of the Tracy-Widom law of real matrices.
TW_MEAN, TW_SD = -1.2065335745, 1.2680340


@dataclass(frozen=True)
class Covariance(th.AbstractSetting):
    """`X^T X/n` of a Gaussian matrix of n rows and p = gamma n columns."""

    n: int
    gamma: float
    draws: int = 1

    @property
    def edge(self) -> float:
        """`(1 + sqrt(gamma))^2`, the end of the Marchenko-Pastur law."""
        return (1 + math.sqrt(self.gamma)) ** 2

    @property
    def centre(self) -> tuple[float, float]:
        """Centre and scale of the largest eigenvalue at finite n; the scale is of order n^(-2/3)."""
        a, b = math.sqrt(self.n - 0.5), math.sqrt(round(self.gamma * self.n) - 0.5)
        return (a + b) ** 2 / self.n, (a + b) * (1 / a + 1 / b) ** (1 / 3) / self.n


def largest(s: Covariance, rng: np.random.Generator) -> dict[str, float]:
    """The largest eigenvalue, exact in law: that of B B^T/n with B bidiagonal and chi-distributed (Dumitriu
    and Edelman 2002), p numbers in place of a matrix. The first draw, and the spread of all."""
    from scipy.linalg import eigvalsh_tridiagonal

    p = round(s.gamma * s.n)
    found = []
    for _ in range(s.draws):
        main = rng.chisquare(s.n - np.arange(p))
        below = rng.chisquare(np.arange(p - 1, 0, -1))
        squares, products = main + np.append(0.0, below), np.sqrt(main[:-1] * below)
        found.append(eigvalsh_tridiagonal(squares / s.n, products / s.n, "i", (p - 1, p - 1))[0])
    return {"largest": float(found[0]), "spread": float(np.std(found))}


MP = th.Source("Marchenko and Pastur 1967", "Theorem 1", "edge: Geman 1980")
TW = th.Source("Johnstone 2001", "Theorem 1.1", "centred as Ma 2012")
N, GAMMA, C = sp.Symbol("n"), sp.Symbol("gamma"), th.Constant("C")
WIDE = th.Condition("columns", N * GAMMA, C, TW, "derived", "both sizes are large")
MODEL = th.function_model(Covariance, largest, name="examples.marchenko_pastur")
BOX = th.Box("covariances", (th.Coordinate("n", 200, 2000, whole=True), th.Coordinate("gamma", 0.1, 1)),
             lambda x: Covariance(**x))  # fmt: skip
EDGE = th.Experiment("examples.marchenko_pastur.edge", model=MODEL, place=BOX,
                     runs={"quick": 500, "default": 1500, "full": 10_000})  # fmt: skip
SIZES = th.along("n", Covariance(100, 0.5, draws=40), (100, 200, 400, 800))
SPREAD = th.Experiment("examples.marchenko_pastur.spread", model=MODEL, place=SIZES,
                       runs={"quick": 24, "default": 60, "full": 300})  # fmt: skip


def claim(name: str, where: th.Source, text: str, rule: Any, measure: Any, runs: Any) -> th.Claim:
    return th.Claim(f"examples.marchenko_pastur.{name}", where, "paper", text, rule, measure, runs, (WIDE,),
                    th.Constants({"C": 20.0}))  # fmt: skip


def score(run: Any) -> tuple[float, float, float, float]:
    centre, scale = run.setting.centre
    return run.largest, centre + TW_MEAN * scale, TW_SD * scale, 0.0


CLAIMS = (
    claim("edge", MP, r"The largest eigenvalue of $X^T X/n$ is $(1 + \sqrt\gamma)^2$.",
          th.Law(0.05, "finite n moves it by n^(-2/3), 3 % at n = 200"),
          lambda run: (run.largest, run.setting.edge), EDGE),
    claim("tracy_widom", TW, r"Centred and scaled it has mean $-1.2065$ and standard deviation $1.2680$.",
          th.ZScores("the limit law, centred with n - 1/2 and p - 1/2"), score, EDGE),
    claim("spread", TW, r"It fluctuates by $n^{-2/3}$.", th.Exponent("n", -2 / 3), lambda run: run.spread,
          SPREAD),
)  # fmt: skip


def falsehoods(ledger: th.Ledger) -> list[th.Falsehood]:
    wrong = replace(CLAIMS[2], rule=th.Exponent("n", -0.5))
    why = "at an edge eigenvalues are n^(-2/3) apart, not n^(-1/2)"
    return [th.Falsehood(CLAIMS[2].id, "n^(-1/2) for n^(-2/3)", "exponent 0.1", wrong, why)]


THIS = th.Paper(
    "examples.marchenko_pastur",
    th.Reference("I. M. Johnstone", 2001, "On the distribution of the largest eigenvalue in principal "
                 "components analysis", "Annals of Statistics 29"),
    CLAIMS, (Covariance,), {"Limit": (WIDE,)}, constants=th.Constants({"C": 20.0}), falsehoods=falsehoods,
    optional=True, reference_box=th.Box("all", (th.Coordinate("n", 50, 5000, whole=True),
                                        th.Coordinate("gamma", 0.02, 1)), lambda x: Covariance(**x)),
)  # fmt: skip
