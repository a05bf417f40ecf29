r"""The law of every single sample, with the active filters read from a run; and what D_test makes of it.

With `q_i = |xi_i|^2/(sigma_xi^2 d)` and `p_i(s)` the share of label-side filters active on sample i,

    dG_i/ds = g(M_i)      dP_i/ds = p_i(s) q_i g(M_i)      gamma_y = (a/n) sum_{i in class y} y_i y~_i G_i
    M_i = P_i + y_i y~_i gamma_{y_i} + b(q_i G_i)

Only the cross-talk between samples (of order sqrt(n/d)) and the filters that still turn to their signal are
left out. p_i is integrated along the path: for kappa_0 < 1 it moves while the sample is being fit, and a
share
frozen at any single time is wrong by tens of percent.

Source: derived here (`docs/derivations/mean_field.md`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.two_stage.mean_field.activation_law import head_start
from theory.two_stage.mean_field.mean_field import g
from theory.two_stage.run import Run

__all__ = ["SamplePaths", "memorisation_error", "run_sample_law", "sample_law"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SamplePaths:
    """`clock` (T,); `gamma` (T, 2), index 0 is y = +1; `mass` P and `margins` M, (T, n)."""

    clock: Floats
    gamma: Floats
    mass: Floats
    margins: Floats


def sample_law(
    *,
    a: float,
    clock_step: float,
    iota: float,
    y: ArrayLike,
    y_observed: ArrayLike,
    active: Floats,
    q: Floats,
) -> SamplePaths:
    """The Euler map of the law with step h.

    Args:
        a, clock_step, iota: `n SNR^2`, h, size of an initial product.
        y, y_observed: labels, (n,).
        active: p_i at steps 0..T-1, (T, n).
        q: squared norms of the noise patches in units of sigma_xi^2 d, (n,).

    Source: derived here.
    """
    labels = np.asarray(y, dtype=np.float64)
    agree = labels * np.asarray(y_observed, dtype=np.float64)
    steps, n = active.shape
    side = np.where(labels > 0, 0, 1)
    push = (a * clock_step / n) * agree
    gamma, mass, margins = np.zeros((steps, 2)), np.zeros((steps, n)), np.empty((steps, n))
    G: Floats = np.zeros(n)
    for t in range(steps):
        margins[t] = mass[t] + agree * gamma[t, side] + head_start(q * G, iota)
        if t == steps - 1:
            break
        slope = g(margins[t])
        G = G + clock_step * slope
        mass[t + 1] = mass[t] + clock_step * active[t] * q * slope
        gamma[t + 1] = gamma[t] + np.bincount(side, push * slope, 2)
    return SamplePaths(clock_step * np.arange(steps, dtype=np.float64), gamma, mass, margins)


def run_sample_law(run: Run) -> SamplePaths:
    """The law for a run that keeps the state of every step.

    Raises:
        ValueError: when a recorded step has no snapshot.
    """
    if len(run.snapshot_steps) != int(run.steps[-1]) + 1:
        raise ValueError(
            f"run must keep every step's state (every_step_snapshots), kept {len(run.snapshot_steps)} of "
            f"{int(run.steps[-1]) + 1}"
        )
    s = run.setting
    return sample_law(
        a=s.n_snr2,
        clock_step=s.clock_step,
        iota=s.iota,
        y=run.y,
        y_observed=run.y_observed,
        active=run.active_fraction,
        q=np.diag(run.gram)[1:] / (s.sigma_xi**2 * s.d),
    )


def memorisation_error(run: Run, clock: float) -> float:
    r"""`(1/2) tau^ x (share of noisy samples fit) + (1/2n) #{clean I: P_I > gamma_{-y_I}}` at a snapshot.

    A D_test point repeats the noise of sample I with a label of its own; it is wrong for one of the two
    labels
    when the noise of I outweighs the signal against it. For d >> n this is the D_test error at EVERY time.

    Source: derived here (`docs/derivations/test_errors.md`).
    """
    k = run.snapshot_at(clock)
    row = int(np.searchsorted(run.steps, run.snapshot_steps[k]))
    gamma = run.gamma[row].mean(axis=1)
    against = np.where(run.y > 0, gamma[1], gamma[0])
    memorised = run.noisy & (run.margins[row] > 0)
    overflowing = run.clean & (run.noise_mass[k] > against)
    return 0.5 * float(np.mean(memorised | overflowing))
