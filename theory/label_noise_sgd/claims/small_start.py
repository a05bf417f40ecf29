"""Noiseless descent from a small start: Lemmas 4.5 and 4.6 made exact."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import places, rich
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment
from theory.label_noise_sgd.conditions import NO_NOISE, SLOW_STEP, SMALL, with_
from theory.label_noise_sgd.places import box
from theory.label_noise_sgd.proofs import closed_forms
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here, note
from theory.rules import Difference, Law
from theory.run import NotApplicable

__all__ = ["CLAIMS", "half_time"]

Floats = NDArray[np.float64]

SMALL_START = experiment(
    "small_start",
    box(
        "small starts", places.small_start, d=(5, 20), m=(50, 200), smallness=(0.001, 0.1),
        speed=(0.002, 0.01), target=(0.5, 1),
    ),
    (16, 20, 60), 70.0, population=True, records=1500,
)  # fmt: skip
LARGE_START = experiment(
    "large_start",
    box(
        "starts that are not small", places.small_start, d=(5, 20), m=(50, 200), smallness=(0.5, 4),
        speed=(0.002, 0.01), target=(0.5, 1),
    ),
    (0, 20, 60), 70.0, population=True, records=1500,
)  # fmt: skip


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


_small = partial(
    claim, experiment=SMALL_START, conditions=(NO_NOISE, SMALL, SLOW_STEP), constants=with_(c_step=0.0101)
)


CLAIMS: tuple[Claim, ...] = (
    _small(
        "small_start.half_time",
        note("Lemma 4.5, the time T_2 made exact"),
        r"Noiseless descent from entries of size $t_0$ reaches half of $\theta^*$ after $\ln(T/q_0 - "
        r"1)/(2\eta T)$ "
        r"steps, $q_0 = \sum_i((w_{\parallel,i} + a_i)/2)^2$.",
        Law(0.01, "first order in eta T and in m t_0^2 (d+1)/T", planned_spread=0.003),
        half_time,
        proof=closed_forms.logistic,
        measured="interpolated step, and the formula",
    ),
    _small(
        "small_start.logistic",
        note("Lemma 4.6, the convergence of theta made exact"),
        r"$\theta_\parallel(t) = T/(1 + (T/q_0 - 1)e^{-2\eta T t})$ to .02 T at its worst step, in the "
        "median over runs.",
        Difference(0.02, "first order in m t_0^2 (d+1)/T", planned_spread=0.004),
        logistic_error,
        proof=closed_forms.logistic,
        measured="largest error over records relative to T, and 0",
    ),
    _small(
        "small_start.alignment",
        note("Lemma 4.5, the alignment reached made exact"),
        r"Noiseless descent from a small start ends with pooled $\tan^2 = |W_\perp(0)|^2/|\theta^*|$: what "
        r"W carried across $\theta^*$ stays.",
        Law(0.05, "first order in m t_0^2 (d+1)/T", planned_spread=0.01),
        small_start_tangent,
        measured="final pooled tan^2, and the formula",
    ),
    _small(
        "small_start.balance",
        here("small start"),
        r"Noiseless descent from a small start ends with the $u - s$ of its start, to "
        r"$5\cdot10^{-3}|\theta^*|$ in the median.",
        Difference(5e-3, "second order in eta", planned_spread=5e-4),
        balance_conserved,
        measured="final and initial (u - s)/|theta*|",
    ),
    _small(
        "small_start.cosine",
        here("small start"),
        r"At half of $\theta^*$ the mean cosine is that of "
        r"$w_\parallel(t) = \frac{1}{2}[(1+\eta T)^t(w+a) + (1-\eta T)^t(w-a)]$ with $w_\perp$ frozen.",
        Difference(0.01, "first order in m t_0^2 (d+1)/T", planned_spread=0.001),
        frozen_cosine,
        measured="mean cosine at the record nearest to half of theta*, and the closed form",
    ),
    edge(
        "small_start",
        SMALL,
        r"At $m t_0^2(d+1)/|\theta^*|$ in [.5, 4] $\theta$ is still logistic to .02, in the median.",
        Difference(0.02, "the margin inside the condition", planned_spread=0.05),
        logistic_error,
        LARGE_START,
        conditions=(SMALL,),
        measured="largest error over records relative to T, and 0",
    ),
)
