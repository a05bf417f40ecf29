"""What noise is needed: static labels under SGD, and under full-batch descent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import places
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment
from theory.label_noise_sgd.conditions import DATA, STABLE, with_
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here
from theory.rules import Difference, Law

__all__ = ["CLAIMS"]

Floats = NDArray[np.float64]

_STATIC = box(
    "static label noise, more rows than inputs", places.data_set, d=(3, 8), width=(25, 60),
    amplified=(0.04, 0.1), tilt=(0.003, 0.01), target=TARGETS, rows=(2, 12),
)  # fmt: skip
STATIC = experiment("static", _STATIC, (0, 20, 60), 0.7, static=True)
STATIC_DESCENT = experiment("static_descent", _STATIC, (0, 20, 40), 0.05, static=True, full_batch=True)

STATIC_LARGE_STEP = experiment(
    "static_large_step",
    box(
        "static label noise, large steps", places.data_set, d=(3, 8), width=(25, 60), amplified=(0.3, 0.5),
        tilt=(0.003, 0.01), target=TARGETS, rows=(4, 12),
    ),
    (0, 20, 60), 0.7, static=True,
)  # fmt: skip


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


_SMALL_STEP = with_(c_edge=0.101)

CLAIMS: tuple[Claim, ...] = (
    claim(
        "cause.static_noise_with_sgd",
        here("which noise is needed"),
        r"Label noise that is never refreshed drives the same drift under SGD, through C of the "
        r"fit's residuals.",
        Law(0.1, "amplification by eta tr(Sigma) mu/2 is left out", planned_spread=0.03),
        static_drift,
        STATIC,
        conditions=(
            DATA,
            STABLE,
        ),
        constants=_SMALL_STEP,
        measured="drop of sum_i D_i after the fit, and the integral of eta^2(tr M C - s tr C)",
    ),
    claim(
        "cause.no_drift_under_full_batch",
        here("which noise is needed"),
        r"Under full-batch descent the same static labels drive none: gradient noise is the cause, "
        r"not relabelling.",
        Difference(1e-3, "a drift that matters is of order 1"),
        static_descent,
        STATIC_DESCENT,
        conditions=(DATA,),
        measured="relative change of sum_i D_i after the fit, and 0",
    ),
    edge(
        "static_large_step",
        STABLE,
        r"At $c_B m/d$ in [.3, .5] the drift under static labels is still that of C without amplification.",
        Law(0.1, "the margin inside the condition", planned_spread=0.1),
        static_drift,
        STATIC_LARGE_STEP,
        constants=_SMALL_STEP,
        measured="drop of sum_i D_i after the fit, and the integral of eta^2(tr M C - s tr C)",
    ),
)
