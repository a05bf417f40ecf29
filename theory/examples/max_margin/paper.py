r"""Logistic regression on separable data turns to the max-margin direction, as slowly as 1/ln t.

On the support vectors the margins become `m_i = ln t + 2 ln gamma - ln n - ln p_i`, with gamma the largest
margin and p the normalised dual weights: the slopes of the loss must be proportional to p and the loss is
`1/(gamma^2 t)`, since it falls by the square of its gradient, `gamma L`. The norm of w is that of its part
along the max-margin direction, `sum_i p_i m_i / gamma`. So the margin of `w/|w|` is
`gamma min m / sum p m`, which falls short of gamma by `gamma (ln max p - sum p ln p) / ln t`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp

import theory as th
from theory.examples.max_margin.mixture import Mixture

__all__ = ["THIS"]

WHERE = th.Source("Soudry et al. 2018", "Theorem 3", "with the constants derived here")
D, N = sp.Symbol("d"), sp.Symbol("n")
SEPARABLE = th.Condition(
    "separable", D, N, WHERE, "paper", "n independent vectors lie on one side of a plane"
)
RUNS = th.Experiment(
    "examples.max_margin.descent",
    place=th.Box("mixtures", (th.Coordinate("n", 8, 24, whole=True), th.Coordinate("d", 24, 40, whole=True),
                              th.Coordinate("separation", 2, 4)), lambda x: Mixture(**x)),
    clock=8000.0,
    runs={"quick": 40, "default": 120, "full": 600},
)  # fmt: skip


def claim(name: str, statement: str, margin: float, reason: str, measure: Any) -> th.Claim:
    return th.Claim(f"examples.max_margin.{name}", WHERE, "derived", statement, th.Law(margin, reason),
                    measure, RUNS, (SEPARABLE,))  # fmt: skip


def loss(run: Any) -> tuple[float, float]:
    return math.exp(run.log_loss[-1] + run.log_time[-1] + 2 * math.log(run.best)), 1.0


def halved(run: Any) -> tuple[float, float]:
    return run.gap(run.log_time[-1]) / run.gap(run.log_time[-1] / 2), 0.5


def constant(run: Any) -> tuple[float, float]:
    p, end = run.weights[run.weights > 0], run.log_time[-1]
    return run.gap(end) * end, run.best * float(np.log(p.max()) - p @ np.log(p))


CLAIMS = (
    claim("loss", r"The loss is $1/(\gamma^2 t)$, with $\gamma$ the largest margin.", 0.05,
          r"steps of a few per cent in $\ln t$", loss),
    claim("gap", r"The margin gap falls as $1/\ln t$: at $t^2$ it is half of that at $t$.", 0.05,
          r"$\ln t + O(1)$ for $\ln t$ of some 50", halved),
    claim("constant", r"The gap is $\gamma\,(\ln \max_i p_i - \sum_i p_i \ln p_i)/\ln t$, p: dual weights.",
          0.1, r"$\ln t + O(1)$ for $\ln t$ of some 100", constant),
)  # fmt: skip


def falsehoods(ledger: th.Ledger) -> list[th.Falsehood]:
    wrong = replace(CLAIMS[1], measure=lambda run: (halved(run)[0], math.exp(-run.log_time[-1] / 2)))
    return [th.Falsehood(CLAIMS[1].id, "1/t for 1/ln t", "formula", wrong, "the loss falls so, not the gap")]


THIS = th.Paper(
    "examples.max_margin",
    th.Reference("D. Soudry, E. Hoffer, M. S. Nacson, S. Gunasekar, N. Srebro", 2018,
                 "The implicit bias of gradient descent on separable data", "JMLR 19"),
    CLAIMS, (Mixture,), {"Theorem 3": (SEPARABLE,)}, falsehoods=falsehoods, optional=True,
    reference_box=th.Box("all", (th.Coordinate("n", 4, 40, whole=True), th.Coordinate("d", 8, 80, whole=True),
                         th.Coordinate("separation", 1, 6)), lambda x: Mixture(**x)),
)  # fmt: skip
