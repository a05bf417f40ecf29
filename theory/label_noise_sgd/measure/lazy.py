"""The lazy regime and Phase I: the control without noise, the decay, its durations, the second layer's
motion.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from theory.label_noise_sgd import decay
from theory.label_noise_sgd.run import LinearRun
from theory.run import NotApplicable

__all__ = [
    "balance_bound",
    "blew_up",
    "cosine_change",
    "crossover",
    "crossover_naive",
    "decay_past_phase_one",
    "decay_unamplified",
    "direction_decay",
    "escape",
    "escape_product",
    "forced_decay",
    "forced_rest",
    "full_batch_decay",
    "kernel_change",
    "log_decay",
    "off_drop",
    "on_drop",
    "persistent_decay",
    "persistent_first_order",
    "second_layer_size",
    "second_layer_spread",
    "static_descent",
    "static_drift",
    "survived",
    "theta_variance",
    "unreached_decay",
]

Floats = NDArray[np.float64]
Pair = tuple[float, float]


# -- without noise ----------------------------------------------------------------------------------------


def kernel_change(run: LinearRun) -> Pair:
    """Relative change of the kernel matrix `M + s I`, and the bound `3 (|theta*|^2 + 1)/mu^2`."""
    p, s = run.path, run.setting
    K = p.P[:, :-1, :-1] + p.s[:, None, None] * np.eye(s.d)
    mu = s.mu_0 + 1.0
    change = float(np.linalg.norm(K[-1] - K[0]) / np.linalg.norm(K[0]))
    return change, 3 * (s.target**2 + 1) / mu**2


def cosine_change(run: LinearRun) -> Pair:
    """Mean cosine at the end, and at the start."""
    return float(run.path.cos[-1]), float(run.path.cos[0])


def balance_bound(run: LinearRun) -> Pair:
    """Largest |change of D_i| over its bound `eta^2 max(|w_i|^2, a_i^2) sum |g|^2` (largest over
    records), and 1.
    """
    p = run.path
    first, last = p.network(0), p.network(-1)

    def parts(z: Floats) -> tuple[Floats, Floats]:
        return np.sum(z[:, :-1] ** 2, axis=1), z[:, -1] ** 2

    change = np.abs(np.subtract(*parts(last)) - np.subtract(*parts(first)))
    top = np.zeros(s_len := len(first))
    for t in range(len(p.steps)):
        w, a = parts(p.network(t))
        top = np.maximum(top, np.maximum(w, a))
    assert s_len == len(top)
    return float(np.max(change / (p.eta**2 * top * p.gradient_square[-1]))), 1.0


# -- the decay --------------------------------------------------------------------------------------------


def _last_of_phase_one(run: LinearRun, times: float = 10.0, longest: float = 3.0) -> int | None:
    """The last record with M_perp > times s and L <= longest, if L has come to .3 there."""
    s, p = run.setting, run.path
    clock = decay.decay_clock(p.steps, p.perp[0], s.eta, s.sigma, s.d, s.batch)
    out = ~((p.perp > times * p.s) & (clock <= longest))
    last = int(np.argmax(out)) - 1 if out.any() else len(clock) - 1
    return last if last > 0 and clock[last] >= 0.3 else None


def _decayed(run: LinearRun) -> tuple[int, float] | NotApplicable:
    if run.path.blew_up:
        return NotApplicable("the run blew up")
    last = _last_of_phase_one(run)
    if last is None:
        return NotApplicable("Phase I ends before a decay of .3")
    return last, float(np.log(run.path.perp[0] / run.path.perp[last]))


def log_decay(run: LinearRun) -> Pair | NotApplicable:
    """`ln(M_perp(0)/M_perp(t))` at the end of Phase I or L = 3, and L(t) with the seed's own M_perp(0)."""
    got = _decayed(run)
    if isinstance(got, NotApplicable):
        return got
    s, p = run.setting, run.path
    return got[1], float(decay.decay_clock(p.steps[got[0]], p.perp[0], s.eta, s.sigma, s.d, s.batch))


def decay_unamplified(run: LinearRun) -> Pair | NotApplicable:
    """The same, and kappa t."""
    got = _decayed(run)
    if isinstance(got, NotApplicable):
        return got
    return got[1], float(run.setting.kappa * run.path.steps[got[0]])


def decay_past_phase_one(run: LinearRun) -> Pair | NotApplicable:
    """M_perp at the end (mean over the last 2 % of the run), and `M_perp(0) e^-L + eta sigma^2/2B`."""
    s, p = run.setting, run.path
    if p.blew_up:
        return NotApplicable("the run blew up")
    first = int(0.98 * (len(p.steps) - 1))
    clock = decay.decay_clock(p.steps[first:], p.perp[0], s.eta, s.sigma, s.d, s.batch)
    expected = p.perp[0] * np.exp(-clock) + decay.floor(s.eta, s.sigma, s.batch)
    return p.mean_perp(first), float(np.mean(expected))


def _directions(run: LinearRun, spectrum: Floats, batch: float, start: Floats) -> Floats:
    s = run.setting
    end = float(run.path.steps[-1])

    def right(_: float, y: Floats) -> Floats:
        return -decay.direction_rates(spectrum, np.exp(y), s.eta, s.sigma, batch)

    done = solve_ivp(right, (0.0, end), np.log(start), rtol=1e-8, atol=1e-10)
    return np.asarray(np.log(start) - done.y[:, -1])


def direction_decay(run: LinearRun) -> Pair:
    """Log-decay of M_kk for general Sigma, summed over directions without signal; and its integral."""
    p = run.path
    diagonal = np.sum(p.z[:, :, :-1] ** 2, axis=1)
    measured = np.log(diagonal[0] / diagonal[-1])[1:]
    return float(measured.sum()), float(
        _directions(run, run.setting.spectrum, run.setting.batch, diagonal[0])[1:].sum()
    )


def full_batch_decay(run: LinearRun) -> Pair:
    """The same for full-batch descent with fresh label noise, in the eigenbasis of the data."""
    p, s = run.path, run.setting
    data = run.values["data"]
    values, vectors = np.linalg.eigh(data.T @ data / len(data))
    diagonal = np.sum((p.z[:, :, :-1] @ vectors) ** 2, axis=1)
    # No batch is drawn: the residual's own second moment does not enter the gradient's covariance.
    start = np.log(diagonal[0])

    def right(_: float, y: Floats) -> Floats:
        M = np.exp(y)
        variance = (s.eta * M / 2) * (s.sigma**2 / len(data)) / (1 - 0.5 * s.eta * M * values)
        return np.asarray(-2 * s.eta * values * variance / M)

    done = solve_ivp(right, (0.0, float(p.steps[-1])), start, rtol=1e-8, atol=1e-10)
    weights = (vectors.T @ p.unit) ** 2 < 0.5
    return (
        float(np.log(diagonal[0] / diagonal[-1])[weights].sum()),
        float((start - done.y[:, -1])[weights].sum()),
    )


def unreached_decay(run: LinearRun) -> float:
    """Largest change of W outside the span of the data, relative to the largest |W|."""
    p, data = run.path, run.values["data"]
    _, _, vt = np.linalg.svd(data, full_matrices=True)
    off = vt[len(data) :].T
    w = p.z[:, :, :-1]
    return float(np.max(np.abs(w[-1] @ off - w[0] @ off)) / np.max(np.abs(w)))


# -- durations --------------------------------------------------------------------------------------------


def _first_below(steps: NDArray[np.int64], values: Floats, level: float) -> float | None:
    below = np.flatnonzero(values <= level)
    if not len(below) or below[0] == 0:
        return None
    k = int(below[0])
    x0, x1, y0, y1 = steps[k - 1], steps[k], np.log(values[k - 1]), np.log(values[k])
    return float(x0 + (x1 - x0) * (y0 - np.log(level)) / (y0 - y1))


def crossover(run: LinearRun) -> Pair | NotApplicable:
    """Steps until M_perp reaches `sqrt(d) |theta*|`, and T_x with the seed's own M_perp(0)."""
    s, p = run.setting, run.path
    time = _first_below(p.steps, p.perp, np.sqrt(s.d) * s.target)
    if time is None:
        return NotApplicable("M_perp does not cross sqrt(d) |theta*| in this run")
    return time, decay.crossover_steps(p.perp[0], s.eta, s.sigma, s.d, s.target, s.batch)


def crossover_naive(run: LinearRun) -> Pair | NotApplicable:
    """The same, and `ln(mu_0/(sqrt(d) |theta*|))/kappa`."""
    got = crossover(run)
    if isinstance(got, NotApplicable):
        return got
    s, p = run.setting, run.path
    return got[0], float(np.log(p.perp[0] / (np.sqrt(s.d) * s.target)) / s.kappa)


def _escape(run: LinearRun) -> tuple[float, float, float] | NotApplicable:
    s, p = run.setting, run.path
    drop = float(np.sqrt(np.log(s.m) / s.m))
    time = _first_below(p.steps, p.perp, p.perp[0] * (1 - drop))
    if time is None:
        return NotApplicable("the drop is not reached in this run")
    return time, drop, float(p.perp[0])


def escape(run: LinearRun) -> Pair | NotApplicable:
    """Steps until M_perp has lost the share sqrt(ln m/m), and T_1."""
    got = _escape(run)
    if isinstance(got, NotApplicable):
        return got
    s = run.setting
    return got[0], decay.escape_steps(got[2], got[1], s.eta, s.sigma, s.d, s.batch)


def escape_product(run: LinearRun) -> Pair | NotApplicable:
    """The same, and the product form `-ln(1 - delta_m)(1 - c_B mu_0)/kappa`."""
    got = _escape(run)
    if isinstance(got, NotApplicable):
        return got
    s = run.setting
    c = decay.amplification(s.eta, s.d, s.batch) * got[2]
    return got[0], float(-np.log1p(-got[1]) * (1 - c) / s.kappa)


# -- the second layer -------------------------------------------------------------------------------------


def _window(run: LinearRun) -> int:
    """The record from which moments are summed."""
    return int(np.searchsorted(run.path.steps, run.path.moments_from))


def theta_variance(run: LinearRun) -> Pair:
    """Variance of theta across theta* over the window, and V at the window's mean mu."""
    s, p = run.setting, run.path
    first = _window(run)
    measured = float(p.var_theta(first)[1:].mean())
    mu = p.mean_perp(first) + p.mean_s(first)
    return measured, float(decay.residual_variance(mu, s.eta, s.sigma, s.d, s.batch))


def second_layer_spread(run: LinearRun) -> Pair:
    """Slope of Var_t(a_i) on |w_i|^2 over neurons, and V/mu^2."""
    s, p = run.setting, run.path
    first = _window(run)
    w = np.sum(p.network((first + len(p.steps) - 1) // 2)[:, :-1] ** 2, axis=1)
    slope = float(np.sum(w * p.var_a) / np.sum(w**2))
    mu = p.mean_perp(first) + p.mean_s(first)
    return slope, float(decay.residual_variance(mu, s.eta, s.sigma, s.d, s.batch)) / mu**2


def second_layer_size(run: LinearRun) -> Pair:
    """Mean of |a|^2 over the window, and `d V/mu + |theta*|^2/mu`."""
    s, p = run.setting, run.path
    first = _window(run)
    mu = p.mean_perp(first) + p.mean_s(first)
    V = float(decay.residual_variance(mu, s.eta, s.sigma, s.d, s.batch))
    return p.mean_s(first), (s.d * V + s.target**2) / mu


def on_drop(run: LinearRun) -> Pair:
    """ln-drop of tr M over the blocks with noise, and L over their steps."""
    drops, _ = _block_drops(run)
    s, p = run.setting, run.path
    half = run.options.half_period(int(p.steps[-1]))
    on = float(np.sum(np.arange(p.steps[-1]) // half % 2 == 0))
    return drops, float(decay.decay_clock(on, p.perp[0], s.eta, s.sigma, s.d, s.batch))


def off_drop(run: LinearRun) -> Pair:
    """Largest |ln-drop| of tr M over a block without noise, and 0."""
    return _block_drops(run)[1], 0.0


def _block_drops(run: LinearRun) -> Pair:
    p = run.path
    step = np.diff(np.log(p.trace))
    blocks = p.steps[:-1] // run.options.half_period(int(p.steps[-1]))
    on = blocks % 2 == 0
    off = [abs(float(step[blocks == b].sum())) for b in np.unique(blocks[~on])]
    return -float(step[on].sum()), max(off, default=0.0)


# -- stability, imposed second layers, static noise -------------------------------------------------------


def blew_up(run: LinearRun) -> bool:
    """Whether |a|^2 passed 100 m."""
    return bool(run.path.blew_up)


def survived(run: LinearRun) -> bool:
    """Whether it did not."""
    return not run.path.blew_up


def _forced(run: LinearRun) -> tuple[float, float]:
    """ln-decay of M across theta* and the steps it took, while it is above rounding."""
    perp = (run.values["trace"] - run.values["along"]) / (run.setting.d - 1)
    good = perp > 1e-9 * perp[0]
    last = len(perp) - 1 if good.all() else int(np.argmin(good)) - 1
    return float(np.log(perp[0] / perp[last])), float(run.steps[last])


def _fourth(run: LinearRun) -> float:
    return (3.0 if run.options.imposed == "gaussian" else 1.5) * run.setting.variance


def forced_decay(run: LinearRun) -> Pair:
    """ln-decay of M_perp under an imposed second layer, i.i.d. in time, and `-n ln(factor)`."""
    s = run.setting
    measured, steps = _forced(run)
    return measured, -steps * float(np.log(decay.forced_factor(s.eta, s.variance, s.m, _fourth(run))))


def forced_rest(run: LinearRun) -> Pair:
    """Time mean of M along theta* over the second half, and its stationary value."""
    s, half = run.setting, len(run.steps) // 2
    total = run.values["along_sum"][-1] - run.values["along_sum"][half]
    return float(total / (run.steps[-1] - run.steps[half])), decay.forced_signal(
        s.eta, s.variance, s.m, _fourth(run), s.target
    )


def persistent_decay(run: LinearRun) -> Pair:
    """ln-decay of M_perp under a persistent chain, and the heuristic rate."""
    s = run.setting
    measured, steps = _forced(run)
    return measured, steps * decay.persistent_rate(s.eta, s.variance, s.m, s.persistence)


def persistent_first_order(run: LinearRun) -> Pair:
    """The same, and `2 eta v` whatever the persistence."""
    s = run.setting
    measured, steps = _forced(run)
    return measured, steps * 2 * s.eta * s.variance


def _balance_sum(run: LinearRun) -> Floats:
    return run.path.trace - run.path.s


def static_drift(run: LinearRun) -> Pair:
    """Drop of `sum_i D_i` under SGD with static noise after the fit, and what C of the residuals predicts."""
    s, p, data = run.setting, run.path, run.values["data"]
    first = int(0.25 * (len(p.steps) - 1))
    best = np.linalg.lstsq(data, run.values["static"], rcond=None)[0]
    r = data @ best - run.values["static"]
    C = (data.T * r**2) @ data / (s.batch * s.n)
    M, size = p.P[:, :-1, :-1], p.s
    rate = np.einsum("tij,ij->t", M, C) - size * np.trace(C)
    steps = p.steps[first:].astype(float)
    expected = float(s.eta**2 * np.trapezoid(rate[first:], steps))
    return float(_balance_sum(run)[first] - _balance_sum(run)[-1]), expected


def static_descent(run: LinearRun) -> Pair:
    """Relative change of `sum_i D_i` under full-batch descent with the same labels, and 0."""
    total = _balance_sum(run)
    first = int(0.25 * (len(total) - 1))
    return float((total[first] - total[-1]) / total[0]), 0.0
