"""The Johnson-Lindenstrauss lemma for distances, with its constant: a theorem on one random object."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

import theory as th

__all__ = ["JL", "THIS", "distortion", "least"]


@dataclass(frozen=True)
class JL(th.AbstractSetting):
    """`n` points of R^d are mapped to R^k by a Gaussian matrix; distances may change by a share `eps`."""

    n: int
    eps: float
    k: int
    d: int = 20

    @property
    def ratio(self) -> float:
        """`k eps^2 / ln n`: what the constant is compared with."""
        return self.k * self.eps**2 / math.log(self.n)


def distortion(s: JL, rng: np.random.Generator) -> dict[str, float]:
    """The largest change of a distance, and of a squared distance, by one map."""
    from scipy.spatial.distance import pdist

    x, p = rng.standard_normal((s.n, s.d)), rng.standard_normal((s.d, s.k)) / math.sqrt(s.k)
    shares = pdist(x @ p) / pdist(x)
    return {"worst": float(abs(shares - 1).max()), "squared": float(abs(shares**2 - 1).max())}


def least(s: JL, rng: np.random.Generator) -> dict[str, float]:
    """The least k from which on (up to the setting's) no distance is off by more than eps: the geometric mean
    over 40 maps, whose first k columns are a map to R^k."""
    x = rng.standard_normal((s.n, s.d))
    left, right = np.triu_indices(s.n, 1)
    steps = (x[left] - x[right]) / np.linalg.norm(x[left] - x[right], axis=1)[:, None]

    def one() -> int:
        squares = (rng.standard_normal((s.k, s.d)) @ steps.T) ** 2
        means = np.cumsum(squares, axis=0) / np.arange(1, s.k + 1)[:, None]
        return int(np.flatnonzero(np.max(abs(np.sqrt(means) - 1), axis=1) > s.eps)[-1]) + 2

    return {"k": math.exp(np.mean([math.log(one()) for _ in range(40)]))}


def at(n: int, eps: float, ratio: float) -> JL:
    return JL(n, eps, math.ceil(ratio * math.log(n) / eps**2))


WHERE = th.Source("Johnson and Lindenstrauss 1984", "Lemma 1")
N, EPS, K, C = sp.Symbol("n"), sp.Symbol("eps"), sp.Symbol("k"), th.Constant("c")
ENOUGH = th.Condition("k_large", K, C * sp.log(N) / EPS**2, WHERE, "derived", "a pair fails with 2 n^-4")
POINTS = th.Condition("points", N, 10, WHERE, "derived", "and some pair of n^2/2 with at most n^-2 <= .01")
SMALL = th.Condition("small", 0.5, EPS, WHERE, "derived", "the lower tail of a chi is as light as the upper")
ALL, WORST = (ENOUGH, POINTS, SMALL), 2 * (sp.log(N) + sp.log(10)) / (EPS**2 / 4 - EPS**3 / 6)
SQUARED = th.Condition("k_squared", K, WORST, WHERE, "derived", "the same for the squares' tails")
BOX = th.Box("points", (th.Coordinate("n", 10, 60, whole=True), th.Coordinate("eps", 0.2, 0.5),
                        th.Coordinate("ratio", 8, 8.5)), lambda x: at(**x))  # fmt: skip
FIVE = tuple(({"eps": eps}, at(10, eps, 12.0)) for eps in (0.28, 0.2, 0.14, 0.1, 0.07))
MAPS = th.Experiment("examples.jl.maps", model=th.function_model(JL, distortion, name="examples.jl"),
                     place=BOX, runs={"quick": 600, "default": 1500, "full": 10_000})  # fmt: skip
LEAST = th.Experiment("examples.jl.least", model=th.function_model(JL, least, name="examples.jl.least"),
                      place=th.Cells("sweep of eps", FIVE, paired=True),
                      runs={"quick": 12, "default": 40, "full": 200})  # fmt: skip


def claim(name: str, text: str, rule: th.Rule, measure: Any, where: Any = MAPS, **more: Any) -> th.Claim:
    given: dict[str, Any] = {"conditions": ALL, "constants": th.Constants({"c": 8.0})} | more
    return th.Claim(f"examples.jl.{name}", WHERE, "derived", text, rule, measure, where, **given)


CLAIMS = (
    claim("holds", r"$k \ge 8 \ln n/\epsilon^2$ keeps all distances within $\epsilon$ (probability $.99$).",
          th.Event(0.01), lambda run: run.worst <= run.setting.eps),
    claim("constant", r"$k \max |\mathrm{change}|^2 / \ln n \le 8$ (probability $.99$); how small may 8 be?",
          th.Bound(delta=0.01), lambda run: (run.worst**2 * run.setting.k / math.log(run.setting.n), 8.0)),
    claim("squared", r"The same $k$ keeps all squared distances within $\epsilon$ (probability $.99$).",
          th.Event(0.01), lambda run: run.squared <= run.setting.eps,
          conditions=(*ALL, SQUARED), drops=("k_squared",)),
    claim("exponent", r"The least $k$ that keeps all distances within $\epsilon$ grows as $\epsilon^{-2}$.",
          th.Exponent("eps", -2.0, margin=0.1), lambda run: run.k, LEAST, conditions=(POINTS, SMALL)),
)  # fmt: skip


def falsehoods(ledger: th.Ledger) -> list[th.Falsehood]:
    true = CLAIMS[3]
    wrong = replace(true, rule=th.Exponent("eps", -1.0, margin=0.1))
    return [th.Falsehood(true.id, "eps^-1 for eps^-2", "exponent 0.5", wrong, "k grows as eps^-2")]


THIS = th.Paper(
    "examples.jl",
    th.Reference("Johnson, Lindenstrauss", 1984, "Extensions of Lipschitz mappings", "Contemp. Math. 26"),
    CLAIMS, (JL,), {"Lemma": ALL}, constants=th.Constants({"c": 8.0}), falsehoods=falsehoods, optional=True,
    reference_box=th.Box("sets of points", (th.Coordinate("n", 5, 150, whole=True),
                         th.Coordinate("eps", 0.15, 0.8), th.Coordinate("ratio", 4, 16)), lambda x: at(**x)),
)  # fmt: skip
