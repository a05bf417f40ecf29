"""Phase I: how fast label noise shrinks the first layer, in any covariance and batch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim, Prediction
from theory.label_noise_sgd import decay, places
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment, reading
from theory.label_noise_sgd.conditions import DATA, STABLE, UNEVEN, WIDE
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.proofs import closed_forms
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import abstract, here
from theory.label_noise_sgd.symbols import MEANINGS, B, M, d, eta, sigma
from theory.rules import Derived, Identity, Law
from theory.run import NotApplicable

__all__ = ["CLAIMS", "change_outside", "decay_unamplified", "log_decay"]

Floats = NDArray[np.float64]

_RATE = eta**2 * sigma**2 / B / (1 - eta / 2 * (1 + (d + 1) / B) * M)

DECAY = experiment("decay", places.LAZY, (15, 30, 90), 2.6, records=150)
SPECTRUM = experiment(
    "spectrum",
    box(
        "covariances that fall like k^-spread", places.spectrum, d=(4, 10), width=(40, 100), batch=(1, 4),
        amplified=(0.05, 0.2), tilt=(0.002, 0.005), target=TARGETS, spread=(0.3, 1),
    ),
    (0, 28, 60), 1.0,
)  # fmt: skip
FULL_BATCH = experiment(
    "full_batch",
    box(
        "full batches", places.data_set, d=(3, 8), width=(40, 80), amplified=(0.1, 0.4), tilt=(0.02, 0.05),
        target=TARGETS, rows=(3, 6),
    ),
    (0, 48, 200), 2.0, full_batch=True,
)  # fmt: skip
OFF_SPAN = experiment(
    "off_span",
    box(
        "fewer rows than inputs", places.data_set, d=(8, 12), width=(25, 60), amplified=(0.05, 0.2),
        tilt=(0.002, 0.01), target=TARGETS, rows=(0.3, 0.6),
    ),
    (0, 60, 120), 1.0,
)  # fmt: skip

NEAR_EDGE = experiment(
    "near_edge",
    box(
        "the lazy start, close to the edge of stability", places.lazy, d=(3, 20), width=(25, 100),
        batch=(1, 4), amplified=(0.75, 0.95), tilt=(0.0004, 0.003), target=TARGETS,
    ),
    (0, 40, 120), 2.6, records=150,
)  # fmt: skip


def _last_of_phase_one(run: LinearRun, times: float = 10.0, longest: float = 3.0) -> int | None:
    """The last record with M_perp > times s and L <= longest, if L has come to .3 there."""
    s, p = run.setting, run.path
    clock = decay.decay_clock(p.steps, p.perp[0], s.eta, s.sigma, s.d, s.batch)
    out = ~((p.perp > times * p.s) & (clock <= longest))
    last = int(np.argmax(out)) - 1 if out.any() else len(clock) - 1
    return last if last > 0 and clock[last] >= 0.3 else None


def _decayed(run: LinearRun) -> tuple[int, float] | NotApplicable:
    s = run.setting
    if run.path.blew_up:
        return NotApplicable("the run blew up")
    if decay.amplification(s.eta, s.d, s.batch) * run.path.perp[0] >= 1:
        return NotApplicable("no stationary residual: c_B M_perp(0) >= 1")
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


def solve_ivp(*equations: Any, **options: Any) -> Any:
    """scipy's, which is loaded where it is called."""
    from scipy.integrate import solve_ivp as solved

    return solved(*equations, **options)


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


def change_outside(run: LinearRun, rows: int) -> float:
    """Largest change of W outside the span of the data's first rows, relative to the largest |W|."""
    p, data = run.path, run.values["data"][:rows]
    _, _, vt = np.linalg.svd(data, full_matrices=True)
    off = vt[rows:].T
    w = p.z[:, :, :-1]
    return float(np.max(np.abs(w[-1] @ off - w[0] @ off)) / np.max(np.abs(w)))


def unreached_decay(run: LinearRun) -> float:
    """`change_outside` the span of all rows."""
    return change_outside(run, len(run.values["data"]))


CLAIMS: tuple[Claim, ...] = (
    claim(
        "decay.law_derived",
        here("decay"),
        r"From the stationarity of the residual: $V = \frac{\eta\mu\sigma^2/2B}{1 - c_B\mu}$ and "
        r"$\ln(M_0/M) - c_B(M_0 - M) = \kappa t$, $c_B = \frac{\eta}{2}(1 + \frac{d+1}{B})$, $\kappa = "
        r"\eta^2\sigma^2/B$.",
        Derived("symbolic d, B, eta, sigma; isotropic Gaussian inputs, M >> s"),
        closed_forms.residual_of_decay,
        DECAY,
        proof=closed_forms.decay,
        measured="relative residual of the closed form at the run's setting",
    ),
    claim(
        "decay.rate",
        abstract("Phase I, weight magnitudes shrink"),
        r"Phase I: $\ln(M_\perp(0)/M_\perp(t)) = L(t)$, $L - c_B M_\perp(0)(1 - e^{-L}) = \kappa t$: "
        r"the rate "
        r"$\kappa/(1 - c_B M_\perp)$ knows neither m nor d but for its amplification.",
        Law(0.02, "corrections of order s/M_perp, below 1/10 where it is read", planned_spread=0.01),
        log_decay,
        DECAY,
        conditions=(STABLE, WIDE),
        parents=("label_noise_sgd.decay.law_derived",),
        prediction=Prediction(r"-\dot M_\perp/M_\perp", _RATE, "per step", MEANINGS),
        measured="ln-decay at the end of Phase I (M_perp = 10 s or L = 3), and L there",
    ),
    reading(
        "decay_without_amplification",
        "decay.rate",
        here("decay"),
        r"Phase I decays at $\kappa = \eta^2\sigma^2/B$.",
        Law(0.02, "the margin of the amplified law", planned_spread=0.05),
        decay_unamplified,
        DECAY,
        conditions=(STABLE, WIDE),
        measured="ln-decay at the end of Phase I, and kappa t",
    ),
    claim(
        "decay.by_direction",
        here("any covariance"),
        r"General $\Sigma$: along eigen-direction k the rate is $2\eta\lambda_k V_k/M_{kk}$ with "
        r"$V_k = \frac{\eta M_{kk}}{2B} S/(1 - \frac{\eta}{2} M_{kk}\lambda_k(1 + \frac{1}{B}))$, "
        r"$S = \sigma^2 + \sum_j \lambda_j V_j$.",
        Law(0.03, "corrections of order s/M", planned_spread=0.01),
        direction_decay,
        SPECTRUM,
        conditions=(UNEVEN,),
        measured="ln-decay of M_kk summed over directions without signal, and the integral of its rate",
    ),
    claim(
        "decay.full_batch_fresh_noise",
        here("any covariance"),
        r"Full-batch descent with fresh label noise decays too, at $\kappa/n$ along each data direction.",
        Law(0.03, "corrections of order s/M", planned_spread=0.015),
        full_batch_decay,
        FULL_BATCH,
        conditions=(DATA,),
        measured="ln-decay in the eigenbasis of the data without signal, and the integral of its rate",
    ),
    claim(
        "decay.off_span",
        here("any covariance"),
        r"Outside the span of the data nothing decays.",
        Identity(),
        unreached_decay,
        OFF_SPAN,
        conditions=(DATA,),
        measured="largest change of W outside the span, relative to the largest $|W|$",
    ),
    edge(
        "near_the_edge_of_stability",
        STABLE,
        r"At $c_B m/d$ in [.75, .95] runs that start below the edge and survive follow $L(t)$ too.",
        Law(0.02, "the margin inside the condition", planned_spread=0.03),
        log_decay,
        NEAR_EDGE,
        conditions=(STABLE, WIDE),
        measured="ln-decay at the end of Phase I, and L there",
    ),
)
