"""Mistakes in the laws of Phase I: its rate, its durations, the second layer's motion."""

from __future__ import annotations

import numpy as np

from theory.label_noise_sgd import decay
from theory.label_noise_sgd.claims import durations, phase_one, second_layer
from theory.label_noise_sgd.claims.made import Pair
from theory.label_noise_sgd.falsehoods.slip import Slip
from theory.label_noise_sgd.run import LinearRun
from theory.run import NotApplicable

__all__ = ["SLIPS"]


def _decay_with_sigma(run: LinearRun) -> Pair | NotApplicable:
    """kappa with sigma instead of sigma^2."""
    got = phase_one.log_decay(run)
    if isinstance(got, NotApplicable):
        return got
    return got[0], got[1] / run.setting.sigma


def _decay_with_half_batch(run: LinearRun) -> Pair | NotApplicable:
    """c_B without the d + 1 directions: amplification by 1 + 1/B."""
    got = phase_one.decay_unamplified(run)
    if isinstance(got, NotApplicable):
        return got
    s = run.setting
    c = 0.5 * s.eta * (1 + 1 / s.batch) * run.path.perp[0]
    return got[0], got[1] + c * (1 - float(np.exp(-got[0])))


def _law_without_exponential(run: LinearRun) -> float:
    """L - c_B M_0 L = kappa t: the amplification of the start, for ever."""
    s = run.setting
    c = min(s.amplified, 0.9)
    m_0 = c / decay.amplification(s.eta, s.d, s.batch)
    clock = float(decay.decay_clock(1.0 / s.kappa, m_0, s.eta, s.sigma, s.d, s.batch))
    return abs(clock - c * clock - 1.0)


def _outside_all_rows_but_one(run: LinearRun) -> float:
    """Outside the span of all rows but one: one direction of the data is in it."""
    return phase_one.change_outside(run, len(run.values["data"]) - 1)


def _crossover_at_target(run: LinearRun) -> Pair | NotApplicable:
    """Phase I until |theta*| instead of sqrt(d) |theta*|."""
    got = durations.crossover(run)
    if isinstance(got, NotApplicable):
        return got
    s = run.setting
    m_0 = float(run.path.perp[0])
    c = decay.amplification(s.eta, s.d, s.batch)
    return got[0], float((np.log(m_0 / s.target) - c * (m_0 - s.target)) / s.kappa)


def _variance_unamplified(run: LinearRun) -> Pair:
    """V = eta mu sigma^2/2B."""
    s, p = run.setting, run.path
    first = second_layer.window(run)
    mu = p.mean_perp(first) + p.mean_s(first)
    return second_layer.theta_variance(run)[0], s.eta * mu * s.sigma**2 / (2 * s.batch)


SLIPS: tuple[Slip, ...] = (
    Slip("decay.rate", "no amplification", "formula", phase_one.decay_unamplified, "c_B m/d is at least .08"),
    Slip("decay.rate", "sigma for sigma^2", "exponent 0.5", _decay_with_sigma, "sigma is rarely near 1"),
    Slip("decay.rate", "amplification without d", "formula", _decay_with_half_batch, "d + 1 is at least 4"),
    Slip("decay.law_derived", "no exponential", "formula", _law_without_exponential, "L > 1 - e^-L"),
    Slip("decay.off_span", "one row left out", "symbols", _outside_all_rows_but_one, "it pulls W"),
    Slip("duration.crossover", "|theta*| for sqrt(d)|theta*|", "symbols", _crossover_at_target, "d >= 3"),
    Slip("second_layer.theta_variance", "no amplification", "formula", _variance_unamplified, "c_B mu >= .1"),
)  # fmt: skip
