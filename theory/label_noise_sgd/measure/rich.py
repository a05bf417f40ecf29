"""The slow curve, the rich fixed point, its floor, shrinkage and exponents; noiseless escape from a small
start.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.label_noise_sgd import decay, rich, slow_flow
from theory.label_noise_sgd.run import LinearRun
from theory.run import NotApplicable

__all__ = [
    "across",
    "across_in_plain_clock",
    "alignment_curve",
    "along",
    "along_in_plain_clock",
    "annealed_slope",
    "balance_conserved",
    "cosine_at_half",
    "exponents",
    "floor",
    "frozen_cosine",
    "general_matrix",
    "general_s",
    "half_time",
    "kernel_ratio",
    "last_exponent",
    "logistic_error",
    "near_one",
    "neuron_ratio",
    "quiet_cosine",
    "quiet_norm",
    "readme_cosine",
    "readme_norm",
    "rest_s",
    "rest_u",
    "second_layer",
    "shrinkage",
    "signs_agree",
    "small_start_tangent",
    "stops_short",
    "tangent_floor",
    "top_exponent",
]

Floats = NDArray[np.float64]
Pair = tuple[float, float]


def _clock(run: LinearRun) -> Floats:
    """L(t) with the seed's own start; the setting's clock for runs without label noise."""
    s, p = run.setting, run.path
    if run.options.decay or s.rho > 0:
        return run.clock
    return np.asarray(decay.decay_clock(p.steps, p.perp[0], s.eta, s.sigma, s.d, s.batch))


def _floor(run: LinearRun) -> float:
    s = run.setting
    return 0.0 if run.options.decay or s.rho > 0 else decay.floor(s.eta, s.sigma, s.batch)


def _near(run: LinearRun, clock: Floats, goal: float) -> slice:
    """Records within .05 of a clock: a few, to average the fast motion out."""
    where = np.flatnonzero(np.abs(clock - goal) <= 0.05)
    middle = int(np.argmin(np.abs(clock - goal)))
    return slice(where[0], where[-1] + 1) if len(where) else slice(middle, middle + 1)


def _at(run: LinearRun, goal: float, clock: Floats, measured: Floats, expected: Floats) -> Pair:
    part = _near(run, clock, goal)
    return float(np.mean(measured[part])), float(np.mean(expected[part]))


def across(run: LinearRun, goal: float) -> Pair:
    """M_perp and `M_perp(0) e^-tau + floor` at a slow clock."""
    tau, p = _clock(run), run.path
    return _at(run, goal, tau, p.perp, p.perp[0] * np.exp(-tau) + _floor(run))


def along(run: LinearRun, goal: float) -> Pair:
    """u and its implicit law at a slow clock."""
    tau, p, s = _clock(run), run.path, run.setting
    return _at(run, goal, tau, p.u, slow_flow.implicit_u(tau, p.u[0], s.d, s.target))


def across_in_plain_clock(run: LinearRun, goal: float) -> Pair:
    """M_perp at kappa t = goal, and `M_perp(0) e^-(kappa t) + floor`."""
    p = run.path
    return _at(run, goal, run.clock, p.perp, p.perp[0] * np.exp(-run.clock) + _floor(run))


def along_in_plain_clock(run: LinearRun, goal: float) -> Pair:
    """u at kappa t = goal, and the implicit law in kappa t."""
    p, s = run.path, run.setting
    return _at(run, goal, run.clock, p.u, slow_flow.implicit_u(run.clock, p.u[0], s.d, s.target))


def second_layer(run: LinearRun, goal: float) -> Pair:
    """s u and |theta*|^2, averaged over half a unit of the slow clock before `goal`."""
    tau, p = _clock(run), run.path
    part = (tau > goal - 0.5) & (tau <= goal)
    return float(np.mean(p.s[part] * p.u[part])), run.setting.target**2


def alignment_curve(run: LinearRun, goal: float) -> Pair:
    """Mean cosine over neurons at a slow clock, and the closed form, no parameter fitted."""
    tau, p, s = _clock(run), run.path, run.setting
    k = int(np.argmin(np.abs(tau - goal)))
    u = float(slow_flow.implicit_u(tau[k], p.u[0], s.d, s.target))
    return float(p.cos[k]), slow_flow.mean_cosine(u, p.perp[0] * float(np.exp(-tau[k])) + _floor(run), s.d)


# -- the fixed point --------------------------------------------------------------------------------------


def rest_u(run: LinearRun) -> Pair:
    """u at the end, and `sqrt(d) |theta*|`."""
    return float(run.path.u[-1]), float(np.sqrt(run.setting.d) * run.setting.target)


def rest_s(run: LinearRun) -> Pair:
    """s at the end, and `|theta*|/sqrt(d)`."""
    return float(run.path.s[-1]), float(run.setting.target / np.sqrt(run.setting.d))


def general_s(run: LinearRun) -> Pair:
    """s at the end, and `sqrt(theta*.Sigma theta*/tr Sigma)`."""
    end = slow_flow.general_fixed_point(run.setting.spectrum, run.path.target)
    return float(run.path.s[-1]), end[1]


def general_matrix(run: LinearRun) -> Pair:
    """Relative error (Frobenius) of M at the end against `theta* theta*^T/s`, and 0."""
    end, _ = slow_flow.general_fixed_point(run.setting.spectrum, run.path.target)
    return float(np.linalg.norm(run.path.P[-1, :-1, :-1] - end) / np.linalg.norm(end)), 0.0


def neuron_ratio(run: LinearRun) -> Pair:
    """Median over neurons of |w_i|^2/a_i^2 at the end, and d."""
    z = run.path.network()
    return float(np.median(np.sum(z[:, :-1] ** 2, axis=1) / z[:, -1] ** 2)), float(run.setting.d)


def signs_agree(run: LinearRun) -> Pair:
    """Share of neurons with sign a_i = sign w_i.theta* at the end, and 1."""
    z = run.path.network()
    return float(np.mean(np.sign(z[:, -1]) == np.sign(z[:, :-1] @ run.path.unit))), 1.0


def kernel_ratio(run: LinearRun) -> Pair:
    """lambda_1/lambda_2 of the kernel `M + s I` at the end, and d + 1."""
    p = run.path
    values = np.linalg.eigvalsh(p.P[-1, :-1, :-1]) + p.s[-1]
    return float(values[-1] / values[-2]), float(run.setting.d + 1)


# -- with the noise on ------------------------------------------------------------------------------------


def floor(run: LinearRun) -> Pair:
    """Mean M_perp over the last third, and `eta sigma^2/(2 B)`."""
    return run.path.mean_perp(2 * len(run.steps) // 3), _floor(run)


def tangent_floor(run: LinearRun) -> Pair:
    """Pooled tan^2 of those means, and `(d-1) eta sigma^2/(2 B sqrt(d) |theta*|)`."""
    s, first = run.setting, 2 * len(run.steps) // 3
    measured = (s.d - 1) * run.path.mean_perp(first) / run.path.mean_u(first)
    return measured, rich.pooled_floor(s.eta, s.sigma, s.d, s.target, s.batch)


def annealed_slope(run: LinearRun) -> Pair | NotApplicable:
    """Slope of ln of the part of W that makes no output, in tau over the second half; and `-(1 - chi)`."""
    p = run.path
    half = slice(len(p.steps) // 2, None)
    values = p.perp_given_a[half]
    if not np.all(values > 1e-24):
        return NotApplicable("the part without output has reached rounding")
    return float(np.polyfit(p.tau[half], np.log(values), 1)[0]), -(1 - run.setting.chi)


def shrinkage(run: LinearRun) -> Pair:
    """|theta*| - |time mean of theta| after a tenth of the run, and `eta sigma^2 sqrt(d)/(2 B)`."""
    s = run.setting
    mean = run.path.mean_theta(len(run.steps) // 10)
    return float(s.target - mean @ run.path.unit), rich.shrinkage(s.eta, s.sigma, s.d, s.batch)


def _exponents(run: LinearRun) -> tuple[Floats, Floats]:
    """`2 lambda/kappa` measured after kappa t = 10, and predicted to first order."""
    s, p = run.setting, run.path
    first = int(np.searchsorted(run.clock, 10.0))
    rates = 2 * (p.logs[-1] - p.logs[first]) / float(p.steps[-1] - p.steps[first])
    expected = rich.first_order_exponents(s.eta, s.sigma, s.d, s.target, s.batch)
    return np.sort(rates)[::-1] / s.kappa, expected / s.kappa


def exponents(run: LinearRun) -> Pair:
    """Mean of the middle d - 1 exponents, and their first-order form, both over kappa."""
    got, expected = _exponents(run)
    return float(got[1:-1].mean()), float(expected[1])


def top_exponent(run: LinearRun) -> Pair:
    """The largest exponent over kappa, and 0."""
    return float(_exponents(run)[0][0]), 0.0


def last_exponent(run: LinearRun) -> Pair:
    """Minus the smallest exponent over kappa, and its first-order form."""
    got, expected = _exponents(run)
    return -float(got[-1]), -float(expected[-1])


def cosine_at_half(run: LinearRun) -> Pair | NotApplicable:
    """Mean cosine when mean |w_i| has halved, and at the start."""
    p = run.path
    below = np.flatnonzero(p.w_norm <= 0.5 * p.w_norm[0])
    if not len(below):
        return NotApplicable("mean |w_i| does not halve in this run")
    return float(p.cos[below[0]]), float(p.cos[0])


def readme_cosine(run: LinearRun) -> Pair:
    """Mean cosine at the end, and .65."""
    return float(run.path.cos[-1]), 0.65


def readme_norm(run: LinearRun) -> Pair:
    """Mean |w_i| at the end over its start, and .07."""
    return float(run.path.w_norm[-1] / run.path.w_norm[0]), 0.07


def quiet_norm(run: LinearRun) -> Pair:
    """Mean |w_i| at the end over its start in the arm without noise, and 1."""
    assert run.control is not None
    quiet = run.control.path.w_norm
    return float(quiet[-1] / quiet[0]), 1.0


def quiet_cosine(run: LinearRun) -> Pair:
    """Largest change of the mean cosine in the arm without noise, and 0."""
    assert run.control is not None
    quiet = run.control.path.cos
    return float(np.max(np.abs(quiet - quiet[0]))), 0.0


def stops_short(run: LinearRun) -> Pair:
    """Mean cosine at the end, and .6."""
    return float(run.path.cos[-1]), 0.6


def near_one(run: LinearRun) -> Pair:
    """Mean cosine at the end, and 1."""
    return float(run.path.cos[-1]), 1.0


# -- no noise, small start --------------------------------------------------------------------------------


def _q_0(run: LinearRun) -> float:
    z = run.path.network(0)
    return float(np.sum(((z[:, :-1] @ run.path.unit + z[:, -1]) / 2) ** 2))


def half_time(run: LinearRun) -> Pair | NotApplicable:
    """Steps until theta along theta* is half of it, and `ln(T/q_0 - 1)/(2 eta T)`."""
    s, p = run.setting, run.path
    along_target = p.theta @ p.unit
    above = np.flatnonzero(along_target >= s.target / 2)
    if not len(above) or above[0] == 0:
        return NotApplicable("half of theta* is not reached in this run")
    k = int(above[0])
    # A logistic curve is straight in ln(theta/(T - theta)).
    odds = np.log(along_target[k - 1 : k + 1] / (s.target - along_target[k - 1 : k + 1]))
    share = -odds[0] / (odds[1] - odds[0])
    time = p.steps[k - 1] + share * (p.steps[k] - p.steps[k - 1])
    return float(time), rich.escape_from_small_start(_q_0(run), s.eta, s.target)


def logistic_error(run: LinearRun) -> Pair:
    """Largest |theta - logistic|/|theta*| over records, and 0."""
    s, p = run.setting, run.path
    said = rich.logistic(p.steps, _q_0(run), s.eta, s.target)
    return float(np.max(np.abs(p.theta @ p.unit - said)) / s.target), 0.0


def small_start_tangent(run: LinearRun) -> Pair:
    """Final pooled tan^2, and `|W_perp(0)|^2/|theta*|`."""
    p = run.path
    return float((p.trace[-1] - p.u[-1]) / p.u[-1]), float((p.trace[0] - p.u[0]) / run.setting.target)


def balance_conserved(run: LinearRun) -> Pair:
    """Final u - s over |theta*|, and its initial value over |theta*|."""
    p, T = run.path, run.setting.target
    return float((p.u[-1] - p.s[-1]) / T), float((p.u[0] - p.s[0]) / T)


def frozen_cosine(run: LinearRun) -> Pair:
    """Mean cosine when theta is half of theta*, and the closed form with W across theta* frozen."""
    s, p = run.setting, run.path
    k = int(np.argmin(np.abs(p.theta @ p.unit - s.target / 2)))
    z = p.network(0)
    w, a = z[:, :-1] @ p.unit, z[:, -1]
    growth, shrink = (1 + s.eta * s.target) ** p.steps[k], (1 - s.eta * s.target) ** p.steps[k]
    # Saturation slows all neurons alike: the growing mode's size is set by theta = q_0 growth^2.
    factor = np.sqrt(float(p.theta[k] @ p.unit) / (_q_0(run) * growth**2))
    w_now = (factor * growth * (w + a) + shrink / factor * (w - a)) / 2
    rest = np.sum(z[:, :-1] ** 2, axis=1) - w**2
    return float(p.cos[k]), float(np.mean(np.abs(w_now) / np.sqrt(w_now**2 + rest)))
