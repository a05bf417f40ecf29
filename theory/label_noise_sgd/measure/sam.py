"""Sharpness-aware minimisation: decay rates, where full batch ends, decay with label noise, collapse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.label_noise_sgd import sam, sam_field
from theory.label_noise_sgd.run import LinearRun

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
    "sample_rate",
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


def flat_across(run: LinearRun) -> float:
    """Mean eigenvalue of M across theta* at the end over |theta*|: 1 when flat, 0 when aligned."""
    return float(run.path.perp[-1] / run.setting.target)


def noise_decay(run: LinearRun) -> Pair:
    """ln-decay of M_perp under normalised SAM with label noise, and the long closed form."""
    s, p = run.setting, run.path
    root = sam.normalised_root_long(p.steps[-1:], p.perp[0], s.eta, s.rho, s.sigma, s.d)
    return _fall(run, p.perp), float(2 * np.log(np.sqrt(p.perp[0]) / root[-1]))


def noise_decay_short(run: LinearRun) -> Pair:
    """The same, and the short closed form."""
    s, p = run.setting, run.path
    root = sam.normalised_root(p.steps[-1:], p.perp[0], s.eta, s.rho, s.sigma, s.d)
    return _fall(run, p.perp), float(2 * np.log(np.sqrt(p.perp[0]) / root[-1]))


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
