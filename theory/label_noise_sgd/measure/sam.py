"""Sharpness-aware minimisation: decay rates, where full batch ends, decay with label noise, collapse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from theory.label_noise_sgd import sam, sam_field, slow_flow
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.trajectory import Trajectory
from theory.run import NotApplicable

__all__ = [
    "alive",
    "collapsed",
    "flat_across",
    "flat_s",
    "flat_u",
    "full_batch_rate",
    "noise_decay",
    "noise_decay_short",
    "plain_decay",
    "sample_across",
    "sample_along",
    "sample_rate",
    "sample_shrinkage",
    "slow_clock",
    "surviving_theta",
]

Floats = NDArray[np.float64]
Pair = tuple[float, float]


def _fall(run: LinearRun, values: Floats) -> float:
    return float(np.log(values[0] / values[-1]))


def sample_rate(run: LinearRun) -> Pair:
    """ln-decay of M_perp under 1-SAM, and `2 eta rho^2 (1 + (d + 5/2) eta mu)` integrated along the run."""
    s, p = run.setting, run.path
    rate = sam.normalised_rate(s.eta, s.rho, s.d, 0.0)
    mu = np.trapezoid(p.perp + p.s, p.steps.astype(float))
    expected = rate * (float(p.steps[-1]) + (s.d + 2.5) * s.eta * float(mu))
    return _fall(run, p.perp), expected


def slow_clock(run: LinearRun) -> Floats:
    """The slow clock of 1-SAM at the records: `ln((1 + c M_0) e^(2 eta rho^2 t) - c M_0)`, c = (d + 5/2) eta.

    The integral of the decay `2 eta rho^2 (1 + c M)` at `M = M_0 e^-tau`.
    """
    s, p = run.setting, run.path
    c = (s.d + 2.5) * s.eta * p.perp[0]
    x = 2 * s.eta * s.rho**2 * p.steps
    return np.asarray(x + np.log1p(c * -np.expm1(-x)))


def sample_across(run: LinearRun, goal: float) -> Pair:
    """M_perp under 1-SAM at a slow clock, and `M_perp(0) e^-tau`: no floor."""
    tau, p = slow_clock(run), run.path
    k = int(np.argmin(np.abs(tau - goal)))
    return float(p.perp[k]), float(p.perp[0] * np.exp(-tau[k]))


def sample_along(run: LinearRun, goal: float) -> Pair:
    """u under 1-SAM at a slow clock, and the implicit law of the slow flow."""
    tau, p, s = slow_clock(run), run.path, run.setting
    k = int(np.argmin(np.abs(tau - goal)))
    return float(p.u[k]), float(slow_flow.implicit_u(tau[k], p.u[0], s.d, s.target))


def full_batch_rate(run: LinearRun) -> Pair:
    """ln-decay of tr M under full-batch SAM while u s is far from |theta*|^2's end, and `2 eta rho^2/d`."""
    s, p = run.setting, run.path
    k = max(1, int(np.argmin(np.abs(p.trace / p.trace[0] - 0.5))))
    return float(np.log(p.trace[0] / p.trace[k])), float(2 * s.eta * s.rho**2 / s.d * p.steps[k])


def flat_u(run: LinearRun) -> Pair:
    """u at the end of full-batch SAM, and |theta*|."""
    return float(run.path.u[-1]), run.setting.target


def flat_s(run: LinearRun) -> Pair:
    """s at the end, and |theta*|."""
    return float(run.path.s[-1]), run.setting.target


def flat_across(run: LinearRun) -> Pair:
    """Mean eigenvalue of M across theta* at the end over |theta*|, and 1: it is 0 where neurons align."""
    return float(run.path.perp[-1] / run.setting.target), 1.0


def sample_shrinkage(run: LinearRun) -> Pair:
    """|theta*| - |mean of theta| under 1-SAM over the last half, relative to |theta*|, and rho^2 sqrt(d)."""
    s, p = run.setting, run.path
    mean = float(p.mean_theta(len(p.steps) // 2) @ p.unit)
    return 1 - mean / s.target, s.rho**2 * float(np.sqrt(s.d)) / s.target


def _until(p: Trajectory, root: Floats) -> int | NotApplicable:
    """The last record at which the predicted ln-decay is at most 1.3: well before sqrt(M) reaches 0."""
    good = root > 0
    fallen = np.where(good, 2 * np.log(root[0] / np.where(good, root, 1.0)), np.inf)
    k = int(np.argmax(fallen > 1.3)) - 1 if np.any(fallen > 1.3) else len(root) - 1
    return k if k > 0 and fallen[k] > 0.1 else NotApplicable("the run is too short for a decay of .1")


def _noise_decay(run: LinearRun, form: Callable[..., Floats]) -> Pair | NotApplicable:
    s, p = run.setting, run.path
    root = form(p.steps, p.perp[0], s.eta, s.rho, s.sigma, s.d)
    k = _until(p, root)
    if isinstance(k, NotApplicable):
        return k
    return float(np.log(p.perp[0] / p.perp[k])), float(2 * np.log(root[0] / root[k]))


def noise_decay(run: LinearRun) -> Pair | NotApplicable:
    """ln-decay of M_perp under normalised SAM with label noise, and the long closed form."""
    return _noise_decay(run, sam.normalised_root_long)


def noise_decay_short(run: LinearRun) -> Pair | NotApplicable:
    """The same, and the short closed form."""
    return _noise_decay(run, sam.normalised_root)


def plain_decay(run: LinearRun) -> Pair:
    """ln-decay of M_perp under unnormalised SAM with label noise, and `sigma^2 (eta^2 + 2 eta rho) t`."""
    s, p = run.setting, run.path
    return _fall(run, p.perp), sam.plain_rate(s.eta, s.rho, s.sigma) * float(p.steps[-1])


def alive(run: LinearRun) -> bool:
    """Whether theta along theta* is above a tenth of it at the end."""
    p = run.path
    return bool(p.theta[-1] @ p.unit > 0.1 * run.setting.target)


def collapsed(run: LinearRun) -> bool:
    """Whether it is not."""
    return not alive(run)


def surviving_theta(run: LinearRun) -> Pair:
    """Time mean of theta along theta* over the second half, and the mean field's rest point."""
    s, p = run.setting, run.path
    rest = sam_field.rest_point(s.rho, s.sigma, s.d, s.target)
    expected = rest[0] * rest[1] if rest else 0.0
    return float(p.mean_theta(len(p.steps) // 2) @ p.unit), expected
