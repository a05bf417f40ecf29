"""The letters of the paper's formulas. One letter, one meaning; `LETTERS` says which field of a setting it
is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import sympy as sp

__all__ = [
    "LETTERS",
    "LOSS_IS",
    "P",
    "a",
    "beta",
    "eps",
    "eta",
    "f",
    "function_of",
    "gamma",
    "gamma_c",
    "kappa",
    "lam",
    "m",
    "n",
    "p",
    "r0",
    "rate_mem",
    "sg",
    "sigma",
    "t",
    "tau",
    "w",
]

n = sp.Symbol("n", positive=True, integer=True)
p = sp.Symbol("p", positive=True, integer=True)
sigma = sp.Symbol("sigma", positive=True)
w = sp.Symbol("w", positive=True)
m = sp.Symbol("m", positive=True)
kappa = sp.Symbol("kappa", positive=True)
gamma = sp.Symbol("gamma", positive=True)
eta = sp.Symbol("eta", positive=True)
lam = sp.Symbol("lambda", nonnegative=True)
beta = sp.Symbol("beta", nonnegative=True)
eps = sp.Symbol("epsilon", nonnegative=True)
r0 = sp.Symbol("r_0", nonnegative=True)
t = sp.Symbol("t", positive=True)
gamma_c = sp.Symbol("gamma_c", positive=True)
rate_mem = sp.Symbol("rho_mem", positive=True)

#: By loss the symbol that is 1 under it and 0 under the others.
LOSS_IS: Mapping[str, sp.Symbol] = {
    "ce": sp.Symbol("1_CE", nonnegative=True),
    "elr": sp.Symbol("1_ELR", nonnegative=True),
    "kl": sp.Symbol("1_KL", nonnegative=True),
    "frozen": sp.Symbol("1_frozen", nonnegative=True),
}

# Of a run, not of a setting: signal coefficient, margin, probability of the true class, training time.
a = sp.Symbol("a", real=True)
f = sp.Symbol("f", real=True)
P = sp.Symbol("P", positive=True)
tau = sp.Symbol("tau", positive=True)

#: Symbol -> attribute of `MixtureSetting`.
LETTERS: Mapping[sp.Symbol, str] = {
    n: "n",
    p: "p",
    sigma: "sigma",
    w: "w",
    m: "m",
    kappa: "kappa",
    gamma: "gamma",
    eta: "eta",
    lam: "lam",
    beta: "beta",
    eps: "clamp",
    r0: "start",
    t: "target",
    gamma_c: "gamma_c",
    rate_mem: "rate_mem",
    **{symbol: f"is_{loss}" for loss, symbol in LOSS_IS.items()},
}


def sg(x: sp.Expr) -> sp.Expr:
    """The logistic function `1/(1 + e^-x)`."""
    return 1 / (1 + sp.exp(-x))


@cache
def function_of(expr: sp.Expr, *symbols: sp.Symbol) -> Callable[..., Any]:
    """The numbers of an expression: a function of floats or arrays in the order of `symbols`.

    >>> float(function_of(m / sp.sqrt(m**2 + kappa), m, kappa)(0.6, 0.64))
    0.6
    """
    function: Callable[..., Any] = sp.lambdify(symbols, expr, modules=["scipy", "numpy"])
    return function
