"""Letters of the two-layer linear network, shared by every formula of this paper."""

from __future__ import annotations

import sympy as sp

__all__ = ["B", "M", "T", "d", "eta", "m", "rho", "s", "sigma", "t", "tau", "u"]

m = sp.Symbol("m", positive=True)  # neurons
d = sp.Symbol("d", positive=True)  # inputs
eta = sp.Symbol("eta", positive=True)  # step
sigma = sp.Symbol("sigma", positive=True)  # size of the label noise
B = sp.Symbol("B", positive=True)  # batch
T = sp.Symbol("T", positive=True)  # |theta*|
rho = sp.Symbol("rho", positive=True)  # radius of sharpness-aware minimisation
t = sp.Symbol("t", nonnegative=True)  # steps
tau = sp.Symbol("tau", nonnegative=True)  # slow clock
M = sp.Symbol("M", positive=True)  # first layer across theta*: M_perp
u = sp.Symbol("u", positive=True)  # first layer along theta*: th.M th
s = sp.Symbol("s", positive=True)  # |a|^2
