"""The conditional law of one step from a given state (Theorem 4.2 in expectation and in probability)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import places
from theory.label_noise_sgd.claims.made import claim, experiment, reading
from theory.label_noise_sgd.conditions import DATA
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.proofs import exact
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here, note
from theory.rules import Law, Universal, ZScores

__all__ = ["CLAIMS", "drift"]

Floats = NDArray[np.float64]

_FROZEN = box(
    "states drawn at the lazy start", places.lazy, d=(3, 12), width=(2, 8), batch=(1, 4),
    amplified=(0.02, 0.3), tilt=(0.002, 0.1), target=TARGETS,
)  # fmt: skip
ONE_STEP = experiment("one_step", _FROZEN, (0, 40, 120), engine="frozen", draws=40_000, steps=1)
ONE_STEP_DATA = experiment(
    "one_step_data",
    box(
        "states drawn at the lazy start, with a data set", places.data_set, d=(3, 12), width=(2, 8),
        batch=(1, 4), amplified=(0.02, 0.3), tilt=(0.002, 0.1), target=TARGETS, rows=(0.5, 4),
    ),
    (0, 80, 280), engine="frozen", draws=40_000, steps=1,
)  # fmt: skip
SINGLE_NEURON = experiment(
    "single_neuron",
    box(
        "states drawn at the lazy start, batch 1", places.lazy, d=(3, 12), width=(2, 8),
        amplified=(0.02, 0.3), tilt=(0.002, 0.1), target=TARGETS,
    ),
    (0, 600, 1500), engine="frozen", draws=4000, steps=1,
)  # fmt: skip
ANY_BATCH = experiment(
    "any_batch", _FROZEN, (0, 600, 1500), engine="frozen", draws=4000, steps=1, start="solved",
)  # fmt: skip


def drift(run: LinearRun) -> tuple[float, float]:
    r"""Mean change of `sum_i (|w_i|^2 - a_i^2)` over draws from one state, and its exact expectation.

    `-eta^2 (tr W C W^T - |a|^2 tr C)`, C = E g g^T. Both with the sign that makes the latter positive.
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
    sign = float(np.sign(expected))
    return -sign * float(run.values["drift_sum"]), sign * float(expected)


def betainc(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function; scipy is loaded where it is called."""
    from scipy.special import betainc as incomplete

    return float(incomplete(a, b, x))


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


def never_increases(run: LinearRun) -> bool:
    """Whether the first neuron's balance decreased in every draw."""
    return bool(run.values["decreases"][0] == 1.0)


CLAIMS: tuple[Claim, ...] = (
    claim(
        "one_step.drift",
        note("Theorem 4.2, in expectation"),
        r"$E[\Delta D_i \mid \text{state}] = -\eta^2 (w_i^T C w_i - a_i^2 \mathrm{tr}\, C)$, "
        r"$C = \frac{1}{B}[(\sigma^2 + |\delta|^2) I + 2\delta\delta^T] + (1 - "
        r"\frac{1}{B})\delta\delta^T$ for "
        r"Gaussian inputs.",
        Law(0.01, "an exact expectation: sampling error only", planned_spread=0.012),
        drift,
        ONE_STEP,
        proof=exact.drift,
        measured="mean change of $\\sum_i D_i$ over 40,000 draws, and its formula, with the formula's sign",
    ),
    claim(
        "one_step.drift_data",
        here("one step"),
        r"For batches drawn from n rows with replacement the mean step is that of Gaussian inputs with $C "
        r"= \frac{1}{Bn}\sum_j (r_j^2 + \sigma^2) x_j x_j^T + (1-\frac{1}{B})\bar g "
        r"\bar g^T$ for "
        r"batches drawn from n rows with replacement.",
        Law(0.01, "an exact expectation: sampling error only", planned_spread=0.012),
        drift,
        ONE_STEP_DATA,
        conditions=(DATA,),
        measured="mean change of $\\sum_i D_i$ over 40,000 draws, and its formula, with the formula's sign",
    ),
    claim(
        "one_step.decrease_probability",
        note("Theorem 4.2, the decrease with high probability made exact"),
        r"Batch 1: $D_i$ decreases with probability $1 - I_{\rho^2}(\frac{1}{2}, \frac{d-1}{2})$, "
        r"$\rho = |a_i|/|w_i| < 1$, whatever the residual.",
        ZScores("an exact probability and the binomial spread of its frequency", bias=0.2),
        decrease_score,
        SINGLE_NEURON,
        proof=exact.decrease_probability,
        measured="share of 4,000 steps with $D_1$ lower, its probability, binomial spread",
    ),
    claim(
        "one_step.decrease_probability_any_batch",
        here("one step"),
        r"At any batch $D_i$ decreases with the probability of batch 1 when $\theta = \theta^*$ and inputs "
        r"are Gaussian.",
        ZScores("an exact probability and the binomial spread of its frequency", bias=0.2),
        decrease_score,
        ANY_BATCH,
        measured="share of 4,000 steps with $D_1$ lower, its probability, binomial spread",
    ),
    reading(
        "balance_falls_at_every_step",
        "one_step.decrease_probability",
        note("Theorem 4.2 read step by step"),
        r"$|w_i|^2 - a_i^2$ falls at every step.",
        Universal("as a theorem it dies of one step"),
        never_increases,
        SINGLE_NEURON,
        measured="whether it fell in all of 4,000 draws",
    ),
)
