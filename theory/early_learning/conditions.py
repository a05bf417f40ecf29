"""The inequalities under which claims on the mixture model are made."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from theory.condition import Condition, Constants
from theory.constant import Constant
from theory.early_learning.phase import LAMBDA_MEM, LAMBDA_SAT
from theory.early_learning.sources import beyond, paper
from theory.early_learning.symbols import (
    beta,
    eta,
    gamma,
    gamma_c,
    kappa,
    lam,
    m,
    n,
    rate_mem,
    sigma,
    t,
    tau,
    w,
)
from theory.early_learning.targets import FROZEN_OFFSET

__all__ = [
    "ABOVE_SAT",
    "ALL_SUPPORT",
    "BELOW_SAT",
    "BELOW_THRESHOLD",
    "CLEAR_OF_MEM",
    "CLEAR_OF_PEAK",
    "CONDITIONS",
    "CONSTANTS",
    "COUNTING",
    "EARLY",
    "FEW_DIMENSIONS",
    "HALF_EARLY",
    "LARGE",
    "LOADED",
    "MANY_DIMENSIONS",
    "NARROW",
    "NO_EARLY",
    "REST_EXISTS",
    "SETTLED",
    "SMALL_NOISE",
    "THIRD_EARLY",
    "WIDE",
]

_sigma_delta = Constant("sigma_Delta", positive=True)

#: sigma_Delta: the paper names none; .01 is where A_W(T) > .9999 from a start of norm 2 (see first_step).
CONSTANTS = Constants({"sigma_Delta": 0.01})


def _ours(name: str, large: sp.Expr | float, small: sp.Expr | float, item: str, why: str) -> Condition:
    """`large >= small`, from an item derived here."""
    return Condition(name, large, small, beyond(item), "derived", why)


EARLY = _ours("kappa <= m", m, kappa, "D3", "wrong labels are first classified as their true class")
HALF_EARLY = _ours("kappa <= m/2", m, 2 * kappa, "D7", "the early peak stands clear of fluctuations")
THIRD_EARLY = _ours("kappa <= m/3", m, 3 * kappa, "E6", "no example starts on the noisy side and stays there")
NO_EARLY = _ours("kappa >= m", kappa, m, "E6", "there is no early learning to keep")
CLEAR_OF_PEAK = _ours(
    "kappa/m away from 1",
    (kappa / m - 1) ** 2,
    sp.Rational(35, 100) ** 2,
    "D3",
    "near kappa = m a single run's A_W fluctuates around 1/2",
)
WIDE = _ours("p >= 50 n", gamma, 50, "D5", "noise of different examples is orthogonal")
LARGE = _ours("n >= 200", n, 200, "D3", "averages over examples are close to means")
NARROW = _ours("sigma <= 1", 1, sigma, "D3", "a new example's noise is moderate")
SMALL_NOISE = Condition(
    "sigma <= sigma_Delta",
    _sigma_delta,
    sigma,
    paper("Theorem 1"),
    "paper",
    "for every Delta there is a sigma_Delta, independent of n and p",
)
COUNTING = Condition(
    "p/n >= 1 - w", gamma, 1 - w, paper("Theorem 1"), "paper", "the counting argument for separability"
)
FEW_DIMENSIONS = Condition("p <= n", 1, gamma, paper("Theorem 1"), "paper", "used in norm bounds only")
MANY_DIMENSIONS = _ours("p >= 2 n", gamma, 2, "D11", "the noise's Gram matrix is well conditioned")
BELOW_THRESHOLD = _ours(
    "p/n <= .85 gamma_c",
    sp.Rational(85, 100) * gamma_c,
    gamma,
    "D10",
    "near the threshold the finite minimiser is far out and fluctuates",
)
ALL_SUPPORT = _ours(
    "all are support vectors",
    (2 * w + kappa) / (1 + kappa) * sp.sqrt(gamma),
    2,
    "D11",
    "otherwise late margins are no single number",
)
REST_EXISTS = _ours(
    "lambda >= 1.1 t/(2t-1)",
    lam,
    sp.Rational(11, 10) * t / (2 * t - 1),
    "E4",
    "a wrong example has a finite rest",
)
SETTLED = _ours(
    "offset at tau = 2000 at most .05",
    sp.Rational(5, 100) * FROZEN_OFFSET[1].subs(tau, 2000),
    FROZEN_OFFSET[0],
    "E4",
    "the approach to the rest is like 1/tau",
)
BELOW_SAT = _ours(
    "lambda <= .9 lambda_sat",
    sp.Rational(9, 10) * LAMBDA_SAT,
    lam,
    "E6",
    "near lambda_sat the rest is far out and reached slowly",
)
ABOVE_SAT = _ours(
    "lambda >= 1.25 lambda_sat",
    lam,
    sp.Rational(125, 100) * LAMBDA_SAT,
    "E6",
    "wrong margins run off at a rate that vanishes at lambda_sat",
)
CLEAR_OF_MEM = _ours(
    "lambda away from lambda_mem",
    (lam / LAMBDA_MEM - 1) ** 2,
    sp.Rational(1, 100),
    "E6",
    "at lambda_mem itself wrong margins rest at 0",
)
LOADED = _ours(
    "eta/(1-beta) <= tau_mem/2",
    (1 - beta) / eta,
    2 * rate_mem,
    "E7",
    "the targets load before labels are memorised",
)

CONDITIONS: Mapping[str, tuple[Condition, ...]] = {
    "Theorem 1": (SMALL_NOISE, COUNTING, FEW_DIMENSIONS),
    "early learning": (EARLY, HALF_EARLY, THIRD_EARLY, NO_EARLY, CLEAR_OF_PEAK),
    "sizes": (LARGE, NARROW, WIDE, MANY_DIMENSIONS),
    "separability": (BELOW_THRESHOLD, ALL_SUPPORT),
    "regularisation": (REST_EXISTS, SETTLED, BELOW_SAT, ABOVE_SAT, CLEAR_OF_MEM, LOADED),
}
