"""The letters of this paper, and the quantities of a run that a sweep may name."""

from __future__ import annotations

from theory.label_noise_sgd.run import LinearRun
from theory.letters import Entry
from theory.quantity import Quantity

__all__ = ["LETTERS", "QUANTITIES"]

LETTERS: tuple[Entry, ...] = (
    Entry("m", "m", "neurons", "neurons", "Setting"),
    Entry("d", "d", "inputs", "inputs", "Setting"),
    Entry("eta", r"\eta", "step", "1", "Setting"),
    Entry("sigma", r"\sigma", "size of the label noise", "label", "Setting"),
    Entry("batch", "B", "samples a step", "samples", "Setting"),
    Entry("target", r"|\theta^*|", "length of the target", "1", "Setting"),
    Entry("rho", r"\rho", "radius of sharpness-aware minimisation", "weight", "Setting"),
    Entry("n", "n", "size of the data set, 0 for new inputs", "samples", "Setting"),
    Entry("spread", r"\zeta", "eigenvalues of the inputs' covariance fall like k^-zeta", "1", "Setting"),
    Entry("kappa", r"\kappa", "slow rate eta^2 sigma^2/B", "per step", "Groups"),
    Entry("amplified", r"c_B m/d", "distance from the edge of stability", "1", "Groups"),
    Entry("chi", r"\chi", "adiabaticity eta sigma^2 d^(3/2)/(2 B |theta*|)", "1", "Groups"),
    Entry("mu_0", r"\mu_0", "initial mean of M, m/d", "1", "Groups"),
    Entry("u", "u", "first layer along the target, th.M th", "1", "Run"),
    Entry("perp", r"M_\perp", "first layer across the target", "1", "Run"),
    Entry("s", "s", "|a|^2", "1", "Run"),
    Entry("tau", r"\tau", "slow clock -ln(det P/det P_0)/(2d)", "clock", "Run"),
    Entry("cos", r"\cos", "mean |cos(w_i, theta*)| over neurons", "1", "Run"),
    Entry("w", "w_i", "first-layer weights of neuron i", "1", "Run"),
    Entry("a", "a_i", "second-layer weight of neuron i", "1", "Run"),
    Entry("z", "z_i", "(w_i, a_i), a row of Z", "1", "Run"),
    Entry("Z", "Z_T", "weights of all neurons after T steps, a row (w_i, a_i) each", "1", "Run"),
    Entry("W", "W", "first layer, a row w_i a neuron; W_perp is its part across the target", "1", "Run"),
    Entry("M", "M", "W^T W", "1", "Run"),
    Entry("theta", r"\theta", "W^T a: the linear function that the network is", "1", "Run"),
    Entry("D", "D_i", "|w_i|^2 - a_i^2: balance of neuron i", "1", "Run"),
    Entry("delta", r"\delta", "theta - theta*", "1", "Run"),
    Entry("Delta", r"\Delta", "change in one step", "1", "Run"),
    Entry("C", "C", "mean square of the gradient of the output: E g g^T", "1", "Run"),
    Entry("g", "g", "gradient of a batch's loss in theta", "1", "Run"),
    Entry("H", "H(g)", "g e^T + e g^T, e the axis of the output weight", "1", "Run"),
    Entry("identity", "I", "the identity matrix", "1", "Run"),
    Entry("I_rho", r"I_{\rho^2}", "the regularised incomplete beta function", "probability", "Run"),
    Entry("QV", "QV_T", "sum of squared steps up to step T", "1", "Run"),
    Entry("V", "V", "stationary variance of a coordinate of theta in Phase I", "1", "Run"),
    Entry("L", "L(t)", "predicted ln of M_perp(0)/M_perp(t)", "1", "Run"),
    Entry(
        "T",
        "T",
        "|theta*|, or a step; T_1, T_x are numbers of steps",
        "1",
        "Run",
    ),
    Entry("c_B", "c_B", "eta/2 (1 + (d+1)/B): amplification of noise by the curvature", "1", "Groups"),
    Entry("mu", r"\mu", "mean curvature tr M/d + s along the run", "1", "Run"),
    Entry(
        "q",
        "q",
        "E a^4/v of an imposed second layer; q_0: small start's size",
        "1",
        "Setting",
    ),
    Entry("v", "v", "variance of an imposed second layer", "1", "Setting"),
    Entry("p", "p", "chance that an imposed second layer keeps its state", "probability", "Setting"),
    Entry("t_0", "t_0", "size of the entries of a small start", "1", "Setting"),
    Entry("N", "N(0, I_d)", "the standard normal law", "1", "Run"),
)


def _w_norm(run: LinearRun) -> float:
    return float(run.path.w_norm[-1])


def _cos(run: LinearRun) -> float:
    return float(run.path.cos[-1])


def _u(run: LinearRun) -> float:
    return float(run.path.u[-1])


def _perp(run: LinearRun) -> float:
    return float(run.path.perp[-1])


def _s(run: LinearRun) -> float:
    return float(run.path.s[-1])


def _theta(run: LinearRun) -> float:
    return float(run.path.theta[-1] @ run.path.unit)


def _cos_at(run: LinearRun, clock: float) -> float:
    return float(run.path.cos[run.at(clock)])


QUANTITIES: tuple[Quantity, ...] = (
    Quantity("w_norm", (), "1", "mean |w_i| at the end", _w_norm),
    Quantity("cos", (), "1", "mean |cos(w_i, theta*)| at the end", _cos),
    Quantity("cos_at", ("clock",), "1", "mean |cos(w_i, theta*)| at a clock", _cos_at),
    Quantity("u", (), "1", "first layer along theta* at the end", _u),
    Quantity("M_perp", (), "1", "first layer across theta* at the end", _perp),
    Quantity("s", (), "1", "|a|^2 at the end", _s),
    Quantity("theta", (), "1", "theta along theta* at the end", _theta),
)
