"""Residuals of the exact identities, and the conditional law of one step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc

from theory.label_noise_sgd.run import LinearRun
from theory.run import NotApplicable

__all__ = [
    "balance",
    "compression",
    "decrease_score",
    "drift",
    "drop_is_variation",
    "obstruction",
    "sam_balance",
    "sam_transport",
    "stationary_balance",
    "transport",
    "volume",
]

Floats = NDArray[np.float64]


def _twin(run: LinearRun) -> LinearRun:
    assert run.control is not None
    return run.control


def transport(run: LinearRun) -> float:
    """|Z_T - Z_0 Phi_T|, relative to the largest |Z| so far; Phi comes from another run of d + 1 neurons."""
    phi = _twin(run).path.frame
    z = run.path.z
    error = max(float(np.max(np.abs(z[t] - z[0] @ phi[t]))) for t in range(len(z)))
    return error / float(np.max(np.abs(z)))


def compression(run: LinearRun) -> float:
    """|Z - U R| between the run of m neurons and that of d + 1, relative to the largest |Z|."""
    one, two = run.path, _twin(run).path
    error = max(float(np.max(np.abs(one.z[t] - two.network(t)))) for t in range(len(one.steps)))
    return error / float(np.max(np.abs(one.z)))


def _balance(path_end: Floats) -> Floats:
    return np.asarray(np.sum(path_end[:, :-1] ** 2, axis=1) - path_end[:, -1] ** 2)


def balance(run: LinearRun) -> float:
    """|change of |w_i|^2 - a_i^2 minus (QV w_i - QV a_i)|, the largest over neurons, relative to the
    largest QV.
    """
    p = run.path
    change = _balance(p.z[-1]) - _balance(p.z[0])
    return float(np.max(np.abs(change - (p.qv_w - p.qv_a))) / np.max(np.abs(p.z)) ** 2)


def volume(run: LinearRun) -> float | NotApplicable:
    """|ln det P_T - ln det P_0 - 2 sum ln|1 - eta^2 |g|^2||, relative to (d+1) and while rounding allows
    it.
    """
    p = run.path
    if p.z.shape[1] < p.d + 1:
        return NotApplicable("fewer than d + 1 neurons: the volume is 0")
    early = np.abs(p.log_volume) < 15.0
    error = np.abs(p.log_det - p.log_det[0] - p.log_volume)[early]
    return float(np.max(error) / (p.d + 1))


def obstruction(run: LinearRun) -> tuple[float, float] | NotApplicable:
    """(largest bound/M_perp over records, 1): M_perp is at least `[det P/(u s)]^(1/(d-1))` by the volume
    law.
    """
    p = run.path
    if p.d < 2 or p.z.shape[1] < p.d + 1:
        return NotApplicable("d >= 2 and m >= d + 1 are needed")
    start = p.log_det[0] + p.log_volume
    bound = np.exp((start - np.log(p.u * p.s)) / (p.d - 1))
    return float(np.max(bound / p.perp)), 1.0


def drift(run: LinearRun) -> tuple[float, float]:
    r"""Mean change of `sum_i (|w_i|^2 - a_i^2)` over draws from one state, and its exact expectation.

    `-eta^2 (tr W C W^T - |a|^2 tr C)`, C = E g g^T. Both with the sign turned.
    """
    s, p = run.setting, run.path
    z = p.z[0]
    w, a = z[:, :-1], z[:, -1]
    delta = w.T @ a - p.target
    data, B = run.values["data"], s.batch
    if data is None:
        C = (s.sigma**2 + delta @ delta) * np.eye(s.d) / B
        C += (1 + 1 / B) * np.outer(delta, delta)
    else:
        r = data @ delta
        mean = r @ data / len(data)
        C = (data.T * (r**2 + s.sigma**2)) @ data / (B * len(data))
        C += (1 - 1 / B) * np.outer(mean, mean)
    expected = s.eta**2 * (np.einsum("ij,jk,ik->", w, C, w) - a @ a * np.trace(C))
    return -float(run.values["drift_sum"]), float(expected)


def decrease_score(run: LinearRun) -> tuple[float, float, float, float]:
    r"""Of the first neuron: share of steps with D_i lower, `1 - I_{rho^2}(1/2, (d-1)/2)`, its spread,
    slack 0.
    """
    s, z = run.setting, run.path.z[0]
    ratio = abs(z[0, -1]) / float(np.linalg.norm(z[0, :-1]))
    p = 1 - float(betainc(0.5, (s.d - 1) / 2, ratio**2)) if ratio < 1 else 0.0
    n = int(run.values["draws"])
    # With a chance near 0 or 1 the count is far from normal; half a draw keeps the spread honest.
    return float(run.values["decreases"][0]), p, float(np.sqrt(max(p * (1 - p), 0.5 / n) / n)), 0.5 / n


def drop_is_variation(run: LinearRun) -> tuple[float, float]:
    """Drop of tr M, and the second layer's quadratic variation."""
    p = run.path
    return float(p.trace[0] - p.trace[-1]), float(p.qv_a.sum())


def stationary_balance(run: LinearRun) -> tuple[float, float]:
    """Sums over time of |W g|^2 and |a|^2 |g|^2: equal on average where nothing drifts."""
    return float(run.path.qv_a.sum()), float(run.path.qv_w.sum())


def _kick(near: Floats, far: Floats) -> Floats:
    d = len(near)
    K = np.zeros((d + 1, d + 1))
    K[:d, :d] = np.outer(near, far)
    K[d, d] = near @ far
    return K


def sam_transport(run: LinearRun) -> float:
    """|Z' - Z (I - eta H(g') - eta rho~ K)| over all steps, relative to the largest |Z|."""
    z, eta, d = run.path.z, run.setting.eta, run.setting.d
    worst = 0.0
    for t, (near, far, radius) in enumerate(
        zip(run.values["near"], run.values["far"], run.values["radius"], strict=True)
    ):
        step = np.eye(d + 1) - eta * radius * _kick(near, far)
        step[:d, d] -= eta * far
        step[d, :d] -= eta * far
        worst = max(worst, float(np.max(np.abs(z[t + 1] - z[t] @ step))))
    return worst / float(np.max(np.abs(z)))


def sam_balance(run: LinearRun) -> float:
    """|Delta D - (-2 eta rho~ [(w.g)(w.g') - a^2 g.g'] + |dw|^2 - da^2)|, relative to the largest |z|^2."""
    z, eta = run.path.z, run.setting.eta
    worst = 0.0
    for t, (near, far, radius) in enumerate(
        zip(run.values["near"], run.values["far"], run.values["radius"], strict=True)
    ):
        w, a = z[t][:, :-1], z[t][:, -1]
        move = z[t + 1] - z[t]
        bracket = (w @ near) * (w @ far) - a**2 * (near @ far)
        said = -2 * eta * radius * bracket + np.sum(move[:, :-1] ** 2, axis=1) - move[:, -1] ** 2
        worst = max(worst, float(np.max(np.abs(_balance(z[t + 1]) - _balance(z[t]) - said))))
    return worst / float(np.max(np.abs(z))) ** 2
