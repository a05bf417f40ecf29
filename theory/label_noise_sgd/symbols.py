"""Letters of the two-layer linear network, shared by every formula of this paper."""

from __future__ import annotations

import sympy as sp

__all__ = [
    "MEANINGS",
    "B",
    "M",
    "T",
    "d",
    "eta",
    "m",
    "n",
    "p",
    "rho",
    "s",
    "sigma",
    "t",
    "t_0",
    "tau",
    "u",
    "v",
    "zeta",
]

m = sp.Symbol("m", positive=True)  # neurons
d = sp.Symbol("d", positive=True)  # inputs
eta = sp.Symbol("eta", positive=True)  # step
sigma = sp.Symbol("sigma", nonnegative=True)  # size of the label noise
B = sp.Symbol("B", positive=True)  # batch
T = sp.Symbol("T", positive=True)  # |theta*|
rho = sp.Symbol("rho", nonnegative=True)  # radius of sharpness-aware minimisation
t = sp.Symbol("t", nonnegative=True)  # steps
tau = sp.Symbol("tau", nonnegative=True)  # slow clock
M = sp.Symbol("M", positive=True)  # first layer across theta*: M_perp
u = sp.Symbol("u", positive=True)  # first layer along theta*: th.M th
s = sp.Symbol("s", positive=True)  # |a|^2
n = sp.Symbol("n", nonnegative=True)  # size of the data set
t_0 = sp.Symbol("t_0", nonnegative=True)  # standard deviation of a small start
v = sp.Symbol("v", nonnegative=True)  # variance of an imposed second layer
p = sp.Symbol("p", nonnegative=True)  # its persistence
zeta = sp.Symbol("zeta", nonnegative=True)  # eigenvalues of Sigma fall like k^-zeta

#: What a prediction's letters are, for its list of constants.
MEANINGS = {
    "m": "neurons, of the setting",
    "d": "inputs, of the setting",
    "eta": "step, of the setting",
    "sigma": "size of the label noise, of the setting",
    "B": "batch, of the setting",
    "T": "|theta*|, of the setting",
    "M": "M_perp of the run",
}
