"""The sympy symbols that every formula of the package is written in.

One letter has one meaning everywhere; `theory.two_stage.letters` lists meaning and unit. Positivity is
declared
because the Setting guarantees it; sympy may use it when it simplifies.
"""

from __future__ import annotations

import sympy as sp

__all__ = [
    "C_T",
    "SETTING_SYMBOLS",
    "C",
    "a",
    "c_T",
    "d",
    "delta",
    "eps",
    "eta",
    "h",
    "iota",
    "kappa_0",
    "m",
    "mu_norm",
    "n",
    "p",
    "s",
    "sigma_0",
    "sigma_xi",
    "sigma_zeta",
    "t",
    "tau",
    "tau_minus",
    "tau_plus",
    "time_unit",
]

n = sp.Symbol("n", positive=True, integer=True)
d = sp.Symbol("d", positive=True, integer=True)
m = sp.Symbol("m", positive=True, integer=True)
sigma_xi = sp.Symbol(r"sigma_xi", positive=True)
sigma_zeta = sp.Symbol(r"sigma_zeta", positive=True)
mu_norm = sp.Symbol(r"\|\mu\|", positive=True)
tau_plus = sp.Symbol(r"tau_+", nonnegative=True)
tau_minus = sp.Symbol(r"tau_-", nonnegative=True)
tau = sp.Symbol(r"tau", nonnegative=True)
sigma_0 = sp.Symbol(r"sigma_0", positive=True)
eta = sp.Symbol(r"eta", positive=True)

# Free constants: never silently 1. Each claim says which value it uses and why.
C = sp.Symbol("C", positive=True)
c_T = sp.Symbol("c_T", positive=True)
C_T = sp.Symbol("C_T", positive=True)
delta = sp.Symbol("delta", positive=True)
eps = sp.Symbol("epsilon", positive=True)

# Clock and groups as letters of their own, for statements in clock units.
t = sp.Symbol("t", nonnegative=True)
s = sp.Symbol("s", nonnegative=True)
h = sp.Symbol("h", positive=True)
p = sp.Symbol("p", positive=True)

a = n * mu_norm**2 / (sigma_xi**2 * d)
iota = sigma_0 * sigma_xi * sp.sqrt(d)
kappa_0 = sigma_0 * sigma_xi * d / sp.sqrt(n)
time_unit = n * m / (eta * sigma_xi**2 * d)

SETTING_SYMBOLS: dict[sp.Symbol, str] = {
    n: "n",
    d: "d",
    m: "m",
    sigma_xi: "sigma_xi",
    mu_norm: "signal_norm",
    tau_plus: "tau_plus",
    tau_minus: "tau_minus",
    sigma_0: "sigma_0",
    eta: "eta",
}
