"""Mistakes in the slow curve, its rest point, the noisy rich state and small starts."""

from __future__ import annotations

import numpy as np

from theory.label_noise_sgd import rich, slow_flow
from theory.label_noise_sgd.claims import rest_point, rich_state, small_start
from theory.label_noise_sgd.claims.made import Pair
from theory.label_noise_sgd.falsehoods.slip import Slip
from theory.label_noise_sgd.run import LinearRun
from theory.run import NotApplicable

__all__ = ["SLIPS"]


def _flow_without_power(run: LinearRun) -> float:
    """|u^2 - d T^2| u^(-2/d): the power (d+1)/d lost."""
    s = run.setting
    start, rest = s.mu_0 + 3 * np.sqrt(s.d) * s.target, np.sqrt(s.d) * s.target
    end = float(slow_flow.implicit_u(1.0, start, s.d, s.target))

    def invariant(u: float) -> float:
        return float(np.log(abs(u**2 - rest**2)) - 2 / s.d * np.log(u))

    return abs(invariant(end) - invariant(start) + 2.0)


def _rest_of_small_start(run: LinearRun) -> float:
    """u = s = T: where noiseless descent from a small start ends."""
    d, T = run.setting.d, run.setting.target
    return abs(-T + (1 + d) * T**2 / (2 * T)) / T


def _ratio_one(run: LinearRun) -> Pair:
    """|w_i|^2/a_i^2 = 1, the ratio of noiseless descent."""
    return rest_point.neuron_ratio(run)[0], 1.0


def _kernel_ratio_two(run: LinearRun) -> Pair:
    """Kernel ratio 2, that of a small start."""
    return rest_point.kernel_ratio(run)[0], 2.0


def _floor_twice(run: LinearRun) -> Pair:
    """A floor of eta sigma^2/B."""
    got = rich_state.floor(run)
    return got[0], 2 * got[1]


def _pooled_floor_without_root(run: LinearRun) -> Pair:
    """tan^2 = (d-1) eta sigma^2/(2 B |theta*|)."""
    s = run.setting
    said = rich.pooled_floor(s.eta, s.sigma, s.d, s.target, s.batch) * float(np.sqrt(s.d))
    return rich_state.tangent_floor(run)[0], said


def _shrinkage_without_d(run: LinearRun) -> Pair:
    """eta sigma^2/2B, without sqrt(d)."""
    s = run.setting
    return rich_state.shrinkage(run)[0], s.eta * s.sigma**2 / (2 * s.batch)


def _half_time_twice(run: LinearRun) -> Pair | NotApplicable:
    """ln(T/q_0)/(eta T)."""
    got = small_start.half_time(run)
    return got if isinstance(got, NotApplicable) else (got[0], 2 * got[1])


SLIPS: tuple[Slip, ...] = (
    Slip("curve.flow_derived", "power (d+1)/d lost", "formula", _flow_without_power, "it is not 1"),
    Slip("rest.fixed_point_derived", "u = s = T", "symbols", _rest_of_small_start, "d > 1"),
    Slip("rest.neuron_ratio", "ratio 1 for d", "constant", _ratio_one, "d >= 3"),
    Slip("rest.kernel_ratio", "ratio 2 for d + 1", "constant", _kernel_ratio_two, "d >= 3"),
    Slip("floor.across", "twice the floor", "factor", _floor_twice, "a factor 2"),
    Slip("floor.tangent", "no sqrt(d)", "symbols", _pooled_floor_without_root, "d >= 3"),
    Slip("shrinkage.mean", "no sqrt(d)", "symbols", _shrinkage_without_d, "d >= 3"),
    Slip("small_start.half_time", "twice the time", "factor", _half_time_twice, "a factor 2"),
)  # fmt: skip
