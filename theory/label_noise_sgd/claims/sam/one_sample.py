"""Normalised SAM on single samples: the curve and the end of label noise."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import places, sam, slow_flow
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment, reading
from theory.label_noise_sgd.claims.rest_point import rest_s, rest_u
from theory.label_noise_sgd.conditions import SHARP, SMALL_STEP_SAM, with_
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.setting import LinearSetting
from theory.label_noise_sgd.sources import abstract, here
from theory.rules import Difference, Law
from theory.setting import AbstractSetting

__all__ = ["CLAIMS", "log_fall", "sample_rate"]

Floats = NDArray[np.float64]

SAM = experiment(
    "sam",
    box(
        "one-sample SAM", places.sam, d=(4, 12), width=(10, 30), kick=(0.03, 0.1), rho=(0.1, 0.25),
        target=TARGETS,
    ),
    (0, 32, 64), 5.0, records=250,
)  # fmt: skip
SAM_REST = experiment(
    "sam_rest",
    box(
        "one-sample SAM, to the end", places.sam, d=(3, 6), width=(10, 20), kick=(0.05, 0.1), rho=(0.15, 0.3),
        target=TARGETS,
    ),
    (16, 36, 120), 14.0,
)  # fmt: skip
SAM_LONG_STEP = experiment(
    "sam_long_step",
    box(
        "one-sample SAM, a large step", places.sam, d=(4, 12), width=(10, 30), kick=(0.8, 1.6),
        rho=(0.1, 0.25), target=TARGETS,
    ),
    (0, 40, 80), 5.0, records=250,
)  # fmt: skip


def _half_step(s: AbstractSetting) -> AbstractSetting:
    assert isinstance(s, LinearSetting)
    return s.with_(eta=s.eta / 2)


SAM_TWO_STEPS = replace(
    experiment("sam_two_steps", SAM.place, (0, 24, 96), 2.0, records=50), control=_half_step
)


def log_fall(run: LinearRun, values: Floats) -> float:
    return float(np.log(values[0] / values[-1]))


def sample_rate(run: LinearRun) -> Pair:
    """ln-decay of M_perp under 1-SAM, and `2 eta rho^2 (1 + (d + 5/2) eta mu)` integrated along the run."""
    s, p = run.setting, run.path
    rate = sam.normalised_rate(s.eta, s.rho, s.d, 0.0)
    mu = np.trapezoid(p.perp + p.s, p.steps.astype(float))
    expected = rate * (float(p.steps[-1]) + (s.d + 2.5) * s.eta * float(mu))
    return log_fall(run, p.perp), expected


def limit_rate(run: LinearRun) -> Pair:
    """Decay over `2 eta rho^2`, Richardson's limit of the run's step and half of it; and 1."""
    assert run.control is not None
    whole, half = (log_fall(r, r.path.perp) / float(r.clock[-1]) for r in (run, run.control))
    return 2 * half - whole, 1.0


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


def sample_shrinkage(run: LinearRun) -> Pair:
    """|theta*| - |mean of theta| under 1-SAM over the last half, relative to |theta*|, and rho^2 sqrt(d)."""
    s, p = run.setting, run.path
    mean = float(p.mean_theta(len(p.steps) // 2) @ p.unit)
    return 1 - mean / s.target, s.rho**2 * float(np.sqrt(s.d)) / s.target


_small = partial(claim, conditions=(SMALL_STEP_SAM,), constants=with_(c_step=0.101))
_by_sample = partial(_small, experiment=SAM)

CLAIMS: tuple[Claim, ...] = (
    _by_sample(
        "sam.sample_rate",
        abstract("the principles extend to SAM"),
        r"Normalised SAM on single samples, no label noise: $M_\perp$ decays at "
        r"$2\eta\rho^2(1 + (d + \frac{5}{2})\eta\mu)$.",
        Law(0.015, "second order in eta mu (d+1)", planned_spread=0.005),
        sample_rate,
        measured="ln-decay of M_perp over the run, and the integral of its rate",
        note="The correction is .01 along these runs, which do not tell d + 5/2 from d.",
    ),
    _by_sample(
        "sam.curve_across_1",
        here("one-sample SAM"),
        r"One-sample SAM follows the slow curve of label noise: $M_\perp = M_\perp(0)e^{-\tau}$ at "
        r"$\tau = \ln[(1+cM_0)e^{2\eta\rho^2t} - cM_0] = 1$, $c = (d+\frac{5}{2})\eta$.",
        Law(0.02, "second order in eta mu (d+1)", planned_spread=0.008),
        partial(sample_across, goal=1.0),
        measured="M_perp at the record nearest to tau = 1, and its law",
    ),
    _by_sample(
        "sam.curve_across_3",
        here("one-sample SAM"),
        r"One-sample SAM has the slow curve's $M_\perp$ at $\tau = 3$ too.",
        Law(0.02, "second order in eta mu (d+1)", planned_spread=0.012),
        partial(sample_across, goal=3.0),
        measured="M_perp at the record nearest to tau = 3, and its law",
    ),
    _by_sample(
        "sam.curve_along_1",
        here("one-sample SAM"),
        r"One-sample SAM has the slow curve's $u$ at $\tau = 1$: it follows the implicit law of the slow "
        r"flow.",
        Law(0.04, "second order in eta mu (d+1)", planned_spread=0.012),
        partial(sample_along, goal=1.0),
        measured="u at the record nearest to tau = 1, and its law",
    ),
    _by_sample(
        "sam.curve_along_3",
        here("one-sample SAM"),
        r"One-sample SAM has the slow curve's $u$ at $\tau = 3$ too.",
        Law(0.04, "second order in eta mu (d+1)", planned_spread=0.012),
        partial(sample_along, goal=3.0),
        measured="u at the record nearest to tau = 3, and its law",
    ),
    _small(
        "sam.rest_u",
        here("one-sample SAM"),
        r"One-sample SAM ends where label noise ends, $u = \sqrt{d}|\theta^*|$, with no floor and hardly "
        r"any shrinkage.",
        Law(0.02, "order rho^2", planned_spread=0.008),
        rest_u,
        SAM_REST,
        measured="u at the end",
    ),
    _small(
        "sam.rest_s",
        here("one-sample SAM"),
        r"One-sample SAM ends at $s = |\theta^*|/\sqrt{d}$.",
        Law(0.02, "order rho^2", planned_spread=0.008),
        rest_s,
        SAM_REST,
        measured="s at the end",
    ),
    edge(
        "sam_rate_step",
        SMALL_STEP_SAM,
        r"At $\eta\mu_0(d+1)$ in [.8, 1.6] $M_\perp$ still decays at "
        r"$2\eta\rho^2(1 + (d + \frac{5}{2})\eta\mu)$.",
        Law(0.015, "the margin inside the condition", planned_spread=0.03),
        sample_rate,
        SAM_LONG_STEP,
        conditions=(SMALL_STEP_SAM,),
        constants=with_(c_step=0.101),
        measured="ln-decay of M_perp over the run, and the integral of its rate",
    ),
    reading(
        "sam_shrinks_theta",
        "sam.rest_u",
        here("one-sample SAM"),
        r"1-SAM shrinks $\theta$ by $\rho^2\sqrt{d}$.",
        Difference(0.01, "a quarter of the smallest predicted value", planned_spread=0.05),
        sample_shrinkage,
        SAM_REST,
        conditions=(SHARP,),
        measured="shortfall of theta's time mean over |theta*|, and rho^2 sqrt(d)/|theta*|",
    ),
    _small(
        "sam.sample_rate_limit",
        here("one-sample SAM"),
        r"As $\eta \to 0$ the rate is $2\eta\rho^2$ itself (two step sizes, extrapolated).",
        Law(0.01, "second order in eta mu (d+1)", planned_spread=0.006),
        limit_rate,
        SAM_TWO_STEPS,
        measured="twice the rate at half the step minus the rate, over 2 eta rho^2, and 1",
    ),
)
