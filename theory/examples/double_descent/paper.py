"""Double descent of least squares without a ridge: the risk on both sides of gamma = p/n = 1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

import theory as th

__all__ = ["THIS", "LeastSquares", "risk"]


@dataclass(frozen=True)
class LeastSquares(th.AbstractSetting):
    """n samples of `y = x.beta + noise` with p = gamma n isotropic Gaussian features and |beta| = 1."""

    n: int
    gamma: float
    sigma: float = 0.5

    @property
    def distance(self) -> float:
        """`|gamma - 1|`, from the pole."""
        return abs(self.gamma - 1)


def risk(s: LeastSquares, rng: np.random.Generator) -> dict[str, float]:
    """`E|beta_hat - beta|^2` of the minimum-norm fit over the noise, the features given: bias, variance."""
    p = max(1, round(s.gamma * s.n))
    _, values, rows = np.linalg.svd(rng.standard_normal((s.n, p)), full_matrices=False)
    beta = rng.standard_normal(p)
    beta /= np.linalg.norm(beta)
    seen = float(np.sum((rows @ beta) ** 2)) if p > s.n else 1.0
    return {"bias": 1 - seen, "variance": float(s.sigma**2 * np.sum(values**-2.0))}


def limit(s: LeastSquares) -> tuple[float, float]:
    """Bias and variance as n grows."""
    g = s.gamma
    return (0.0, s.sigma**2 * g / (1 - g)) if g < 1 else (1 - 1 / g, s.sigma**2 / (g - 1))


def unequal(run: Any) -> bool:
    other = run.control
    return bool(run.bias + run.variance > 3 * (other.bias + other.variance))


WHERE = th.Source("Hastie et al. 2022", "Theorem 1")
N, GAP, C = sp.Symbol("n"), sp.Abs(sp.Symbol("gamma") - 1), th.Constant("C")
FEW = th.Condition("few", 1, sp.Symbol("gamma"), WHERE, "paper", "fewer features than samples")
MANY = th.Condition("many", sp.Symbol("gamma"), 1, WHERE, "paper", "more features than samples")
POLE = th.Condition("pole", 0, GAP, WHERE, "paper", "as many features as samples", fixes=(("gamma", 1.0),))
AWAY = th.Condition("off_pole", N * GAP**2, C, WHERE, "derived", "|p - n| is several times sqrt(n)")
MODEL = th.function_model(LeastSquares, risk, name="examples.double_descent")


def runs(name: str, low: float, high: float, **more: Any) -> th.Experiment:
    sizes = (th.Coordinate("n", 80, 200, whole=True), th.Coordinate("gamma", low, high))
    box = th.Box(name, (*sizes, th.Coordinate("sigma", 0.2, 1)), lambda x: LeastSquares(**x))
    return th.Experiment(f"examples.double_descent.{name}", model=MODEL, place=box,
                         runs={"quick": 120, "default": 400, "full": 2000}, **more)  # fmt: skip


def claim(name: str, text: str, rule: Any, measure: Any, where: Any, *conditions: Any) -> th.Claim:
    return th.Claim(f"examples.double_descent.{name}", WHERE, "paper", text, rule, measure, where, conditions,
                    th.Constants({"C": 4.0}))  # fmt: skip


def total(run: Any) -> tuple[float, float]:
    return run.bias + run.variance, sum(limit(run.setting))


LAW = th.Law(0.05, "finite n: n + 1 for n in p - n - 1, 2 % at n = 100 and gamma = 1.5")
CLAIMS = (
    claim("under", r"For $\gamma < 1$ the risk is $\sigma^2 \gamma/(1 - \gamma)$.", LAW, total,
          runs("under", 0.1, 0.8), FEW, AWAY),
    claim("over", r"For $\gamma > 1$ the risk is $1 - 1/\gamma + \sigma^2/(\gamma - 1)$.", LAW, total,
          runs("over", 1.25, 8), MANY, AWAY),
    claim("peak", r"At $\gamma = 1$ the risk is more than three times that at $\gamma = 2$.",
          th.Ordering(0.1), unequal, runs("peak", 1, 1, control=lambda s: s.with_(gamma=2.0)), POLE),
)  # fmt: skip


def falsehoods(ledger: th.Ledger) -> list[th.Falsehood]:
    true = CLAIMS[1]
    wrong = replace(true, measure=lambda run: (run.bias + run.variance, limit(run.setting)[1]))
    why = "the fit sees n of p directions of beta, and misses 1 - 1/gamma of it"
    return [th.Falsehood(true.id, "without the bias", "formula", wrong, why)]


THIS = th.Paper(
    "examples.double_descent",
    th.Reference("T. Hastie, A. Montanari, S. Rosset, R. J. Tibshirani", 2022,
                 "Surprises in high-dimensional ridgeless least squares", "Annals of Statistics 50"),
    CLAIMS, (LeastSquares,), {"Theorem 1": (AWAY,)}, constants=th.Constants({"C": 4.0}),
    falsehoods=falsehoods, optional=True,
    reference_box=th.Box("all", (th.Coordinate("n", 40, 300, whole=True), th.Coordinate("gamma", 0.05, 16),
                         th.Coordinate("sigma", 0.1, 2)), lambda x: LeastSquares(**x)),
)  # fmt: skip
