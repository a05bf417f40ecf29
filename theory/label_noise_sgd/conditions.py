"""The inequalities under which the closed forms are claimed, with the values of their constants."""

from __future__ import annotations

import sympy as sp

from theory.condition import Condition, Constants
from theory.constant import Constant
from theory.label_noise_sgd.sources import here
from theory.label_noise_sgd.symbols import B, T, d, eta, m, n, rho, sigma, t_0, v, zeta

__all__ = [
    "ADIABATIC",
    "CONSTANTS",
    "DATA",
    "FAR_FROM_EDGE",
    "GENTLE_PULL",
    "IMPOSED",
    "MANY_INPUTS",
    "NOT_TINY",
    "NO_NOISE",
    "SHARP",
    "SLOW_STEP",
    "SMALL",
    "SMALL_STEP_SAM",
    "STABLE",
    "UNEVEN",
    "WIDE",
    "with_",
]

_C = {
    name: Constant(name, positive=True)
    for name in ("c_edge", "c_chi", "c_width", "c_step", "c_small", "c_pull", "c_inputs", "c_imposed")
}

_AMPLIFIED = eta / 2 * (1 + (d + 1) / B) * m / d
_CHI = eta * sigma**2 * d ** sp.Rational(3, 2) / (2 * B * T)

STABLE = Condition(
    "stable", _C["c_edge"], _AMPLIFIED, here("decay"), "derived",
    "c_B m/d is the distance from the edge of mean-square stability, 1: the residual has a stationary law.",
)  # fmt: skip
FAR_FROM_EDGE = Condition(
    "beyond the edge", _AMPLIFIED, _C["c_edge"], here("stability"), "derived",
    "c_B m/d well above 1: the residual grows at every step.",
)  # fmt: skip
NOT_TINY = Condition(
    "several inputs", d, _C["c_inputs"], here("stability"), "derived",
    "with few inputs a run beyond the edge may shrink M below it before it leaves.",
)  # fmt: skip
MANY_INPUTS = Condition(
    "many inputs", d, _C["c_inputs"], here("second layer"), "derived",
    "the part of a outside the range of W, which falls like e^(-d L), is gone before the window.",
)  # fmt: skip
ADIABATIC = Condition(
    "adiabatic", _C["c_chi"], _CHI, here("slow curve"), "derived",
    "chi compares the floor of M_perp with the rich fixed point: the slow motion is slow only where "
    "it is small.",
)  # fmt: skip
WIDE = Condition(
    "wide", m / d, _C["c_width"], here("decay"), "derived",
    "M starts close to (m/d) I.",
)  # fmt: skip
SMALL_STEP_SAM = Condition(
    "small step (SAM)", _C["c_step"], eta * m * (d + 1) / d, here("one-sample SAM"), "derived",
    "first order in eta mu_0 (d+1): squared increments are a correction.",
)  # fmt: skip
SMALL = Condition(
    "small start", _C["c_small"] * T, m * t_0**2 * (d + 1), here("small start"), "derived",
    "what W carries across theta* is small beside |theta*|; a small t_0 alone is not enough.",
)  # fmt: skip
SLOW_STEP = Condition(
    "slow step", _C["c_step"], eta * T, here("small start"), "derived",
    "steps follow the flow.",
)  # fmt: skip
GENTLE_PULL = Condition(
    "gentle pull", _C["c_pull"], eta * m * v, here("imposed second layer"), "derived",
    "the imposed second layer stays below its own edge of stability.",
)  # fmt: skip

NO_NOISE = Condition(
    "no label noise", sp.Integer(0), sigma, here("small start"), "derived",
    "a noiseless flow: label noise moves what it conserves.", shown=r"\sigma = 0",
)  # fmt: skip
IMPOSED = Condition(
    "imposed second layer", v, _C["c_imposed"], here("imposed second layer"), "derived",
    "a(t) is drawn with variance v, not trained.", shown="v > 0",
)  # fmt: skip
SHARP = Condition(
    "SAM", rho, _C["c_imposed"], here("SAM steps"), "derived", "gradients are taken at a perturbed point.",
    shown=r"\rho > 0",
)  # fmt: skip
DATA = Condition(
    "data set", n, sp.Integer(1), here("one step"), "derived", "batches are drawn from n rows, not anew.",
)  # fmt: skip
UNEVEN = Condition(
    "uneven covariance", zeta, _C["c_imposed"], here("any covariance"), "derived",
    "directions of the inputs have variances of their own.", shown=r"\zeta > 0",
)  # fmt: skip

#: Values in use where a claim names none of its own.
CONSTANTS = Constants(
    {
        "c_edge": 0.6,
        "c_chi": 0.03,
        "c_width": 24.0,
        "c_step": 0.13,
        "c_small": 0.1,
        "c_pull": 0.6,
        "c_inputs": 6.0,
        "c_imposed": 1e-12,
    }
)


def with_(**values: float) -> Constants:
    """The constants with some changed."""
    return CONSTANTS.with_(**values)
