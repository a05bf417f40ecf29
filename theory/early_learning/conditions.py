"""The inequalities under which claims on the mixture model are made."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from theory.condition import Condition, Constants
from theory.constant import Constant
from theory.early_learning.phase import LAMBDA_MEM, LAMBDA_SAT
from theory.early_learning.sources import beyond, paper
from theory.early_learning.symbols import (
    LOSS_IS,
    beta,
    eps,
    eta,
    gamma,
    gamma_c,
    kappa,
    lam,
    m,
    n,
    r0,
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
    "CE",
    "CLEAR_OF_MEM",
    "CLEAR_OF_PEAK",
    "CONDITIONS",
    "CONSTANTS",
    "CONSTANT_REASONS",
    "COUNTING",
    "EARLY",
    "ELR",
    "FEW_DIMENSIONS",
    "FROM_ZERO",
    "FROZEN",
    "HALF_EARLY",
    "KL",
    "LARGE",
    "LOADED",
    "MANY_DIMENSIONS",
    "NARROW",
    "NO_CLAMP",
    "NO_EARLY",
    "NO_MEMORY",
    "NO_REST",
    "PULLED",
    "REST_EXISTS",
    "SETTLED",
    "SHALLOW",
    "SMALL_NOISE",
    "STABLE",
    "THIRD_EARLY",
    "WIDE",
    "WIDER",
    "at_least",
    "at_most",
    "beyond_threshold",
    "tenth_early",
    "wrong_labels",
]

_sigma_delta = Constant("sigma_Delta", positive=True)

CONSTANTS = Constants({"sigma_Delta": 0.01})

#: Why each constant has its value.
CONSTANT_REASONS: Mapping[str, str] = {
    "sigma_Delta": "the paper names none; up to .0134 A_W(T) > .9999 from a start of norm 2 (claim "
    "stage.accuracy), and .01 leaves room"
}


def _ours(
    name: str, large: sp.Expr | float, small: sp.Expr | float, item: str, why: str, shown: str = ""
) -> Condition:
    """`large >= small`, from an item derived here."""
    return Condition(name, large, small, beyond(item), "derived", why, shown=shown)


def at_least(letter: sp.Symbol, value: float, item: str, why: str) -> Condition:
    """`letter >= value`."""
    return _ours(f"{letter.name} >= {value:g}", letter, sp.nsimplify(value), item, why)


def at_most(letter: sp.Symbol, value: float, item: str, why: str) -> Condition:
    """`letter <= value`."""
    return _ours(f"{letter.name} <= {value:g}", sp.nsimplify(value), letter, item, why)


def wrong_labels(count: int, item: str) -> Condition:
    """At least so many labels are wrong."""
    return _ours(f"w n >= {count}", w * n, count, item, "means over wrong labels are close to their limit")


def beyond_threshold(gap: float) -> Condition:
    """`p/n >= gamma_c + gap`, or `p/n <= gamma_c - |gap|` for a negative gap."""
    why = "n moves the transition's edges towards gamma_c"
    room = sp.nsimplify(abs(gap))
    if gap < 0:
        return _ours(f"p/n <= gamma_c - {-gap:g}", gamma_c, gamma + room, "D10", why)
    return _ours(f"p/n >= gamma_c + {gap:g}", gamma, gamma_c + room, "D10", why)


def tenth_early(item: str) -> Condition:
    """`kappa <= m/10`, for formulas of first order in kappa/m."""
    return _ours("kappa <= m/10", m, 10 * kappa, item, "first order in kappa/m")


def _loss(name: str, number: int, words: str) -> Condition:
    return Condition(
        words, LOSS_IS[name], sp.Integer(1), paper("section 3"), "paper", "which loss is minimised",
        fixes=(("loss", float(number)),), shown=rf"\text{{loss}} = \text{{{words}}}",
    )  # fmt: skip


CE = _loss("ce", 0, "cross entropy")
ELR = _loss("elr", 1, "ELR")
KL = _loss("kl", 2, "KL")
FROZEN = _loss("frozen", 3, "frozen target")
FROM_ZERO = Condition(
    "from zero", sp.Integer(0), r0, beyond("D2"), "derived", "the initial vector adds its own margins",
    fixes=(("start", 0.0),), shown="r_0 = 0",
)  # fmt: skip
NO_MEMORY = Condition(
    "t = p", sp.Integer(0), beta, beyond("E6"), "derived", "the targets are the prediction itself",
    fixes=(("beta", 0.0),), shown=r"\beta = 0",
)  # fmt: skip
NO_CLAMP = Condition(
    "no clamp", sp.Integer(0), eps, beyond("E8"), "derived", "a clamp stops the gradient of sure examples",
    fixes=(("clamp", 0.0),), shown=r"\epsilon = 0",
)  # fmt: skip
STABLE = _ours(
    "stable step",
    4,
    eta * (1 + lam) * (1 + sigma**2 + kappa * (1 + 1 / sp.sqrt(gamma)) ** 2),
    "D12",
    "half of the step at which descent oscillates, 8 over the largest eigenvalue of K, by its bound",
)
PULLED = _ours("kappa >= m/10", kappa, m / 10, "D7", "labels are memorised, or held, within the run")
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
    r"|\kappa/m - 1| \ge 0.35",
)
WIDE = _ours("p >= 50 n", gamma, 50, "D5", "noise of different examples is orthogonal")
WIDER = _ours("p >= 100 n", gamma, 100, "D5", "noise of different examples is orthogonal")
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
NO_REST = _ours(
    "lambda <= .9 t/(2t-1)",
    sp.Rational(9, 10) * t / (2 * t - 1),
    lam,
    "E4",
    "near the edge margins fall slowly",
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
SHALLOW = _ours(
    "lambda >= .3 lambda_sat",
    lam,
    sp.Rational(3, 10) * LAMBDA_SAT,
    "E6",
    "a memorised label's rest is far out, and reached slowly, where lambda is small",
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
    r"|\lambda/\lambda_{mem} - 1| \ge 0.1",
)
LOADED = _ours(
    "eta/(1-beta) <= tau_mem/2",
    (1 - beta) / eta,
    2 * rate_mem,
    "E7",
    "the targets load before labels are memorised",
    r"\eta/(1 - \beta) \le \tau_{mem}/2",
)

CONDITIONS: Mapping[str, tuple[Condition, ...]] = {
    "Theorem 1": (SMALL_NOISE, COUNTING, FEW_DIMENSIONS),
    "training": (CE, ELR, KL, FROZEN, FROM_ZERO, NO_MEMORY, NO_CLAMP, STABLE),
    "early learning": (EARLY, HALF_EARLY, THIRD_EARLY, PULLED, NO_EARLY, CLEAR_OF_PEAK),
    "sizes": (LARGE, NARROW, WIDE, WIDER, MANY_DIMENSIONS),
    "separability": (BELOW_THRESHOLD, ALL_SUPPORT),
    "regularisation": (REST_EXISTS, NO_REST, SETTLED, SHALLOW, BELOW_SAT, ABOVE_SAT, CLEAR_OF_MEM, LOADED),
}
