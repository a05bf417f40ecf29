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
    "BELOW_COUNTING",
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

EARLY = Condition(
    "kappa <= m", m, kappa, beyond("D3"), "derived", "wrong labels are first classified as their true class"
)
HALF_EARLY = Condition(
    "kappa <= m/2", m, 2 * kappa, beyond("D7"), "derived", "the early peak stands clear of fluctuations"
)
THIRD_EARLY = Condition(
    "kappa <= m/3",
    m,
    3 * kappa,
    beyond("E6"),
    "derived",
    "no example starts on the noisy side and stays there",
)
NO_EARLY = Condition("kappa >= m", kappa, m, beyond("E6"), "derived", "there is no early learning to keep")
CLEAR_OF_PEAK = Condition(
    "kappa/m away from 1",
    (kappa / m - 1) ** 2,
    sp.Rational(35, 100) ** 2,
    beyond("D3"),
    "derived",
    "near kappa = m a single run's A_W fluctuates around 1/2",
)
WIDE = Condition("p >= 50 n", gamma, 50, beyond("D5"), "derived", "noise of different examples is orthogonal")
LARGE = Condition("n >= 200", n, 200, beyond("D3"), "derived", "averages over examples are close to means")
NARROW = Condition("sigma <= 1", 1, sigma, beyond("D3"), "derived", "a new example's noise is moderate")
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
BELOW_COUNTING = Condition(
    "p/n <= 1 - w", 1 - w, gamma, beyond("D10"), "derived", "where the counting argument says nothing"
)
FEW_DIMENSIONS = Condition("p <= n", 1, gamma, paper("Theorem 1"), "paper", "used in norm bounds only")
MANY_DIMENSIONS = Condition(
    "p >= 2 n", gamma, 2, beyond("D11"), "derived", "the noise's Gram matrix is well conditioned"
)
BELOW_THRESHOLD = Condition(
    "p/n <= .85 gamma_c",
    sp.Rational(85, 100) * gamma_c,
    gamma,
    beyond("D10"),
    "derived",
    "near the threshold the finite minimiser is far out and fluctuates",
)
ALL_SUPPORT = Condition(
    "all are support vectors",
    (2 * w + kappa) / (1 + kappa) * sp.sqrt(gamma),
    2,
    beyond("D11"),
    "derived",
    "otherwise late margins are no single number",
)
REST_EXISTS = Condition(
    "lambda >= 1.1 t/(2t-1)",
    lam,
    sp.Rational(11, 10) * t / (2 * t - 1),
    beyond("E4"),
    "derived",
    "a wrong example has a finite rest",
)
SETTLED = Condition(
    "offset at tau = 2000 at most .05",
    sp.Rational(5, 100) * FROZEN_OFFSET[1].subs(tau, 2000),
    FROZEN_OFFSET[0],
    beyond("E4"),
    "derived",
    "the approach to the rest is like 1/tau",
)
BELOW_SAT = Condition(
    "lambda <= .9 lambda_sat",
    sp.Rational(9, 10) * LAMBDA_SAT,
    lam,
    beyond("E6"),
    "derived",
    "near lambda_sat the rest is far out and reached slowly",
)
ABOVE_SAT = Condition(
    "lambda >= 1.25 lambda_sat",
    lam,
    sp.Rational(125, 100) * LAMBDA_SAT,
    beyond("E6"),
    "derived",
    "wrong margins run off at a rate that vanishes at lambda_sat",
)
CLEAR_OF_MEM = Condition(
    "lambda away from lambda_mem",
    (lam / LAMBDA_MEM - 1) ** 2,
    sp.Rational(1, 100),
    beyond("E6"),
    "derived",
    "at lambda_mem itself wrong margins rest at 0",
)
LOADED = Condition(
    "eta/(1-beta) <= tau_mem/2",
    (1 - beta) / eta,
    2 * rate_mem,
    beyond("E7"),
    "derived",
    "the targets load before labels are memorised",
)

CONDITIONS: Mapping[str, tuple[Condition, ...]] = {
    "Theorem 1": (SMALL_NOISE, COUNTING, FEW_DIMENSIONS),
    "early learning": (EARLY, HALF_EARLY, THIRD_EARLY, NO_EARLY, CLEAR_OF_PEAK),
    "sizes": (LARGE, NARROW, WIDE, MANY_DIMENSIONS),
    "separability": (BELOW_COUNTING, BELOW_THRESHOLD, ALL_SUPPORT),
    "regularisation": (REST_EXISTS, SETTLED, BELOW_SAT, ABOVE_SAT, CLEAR_OF_MEM, LOADED),
}
