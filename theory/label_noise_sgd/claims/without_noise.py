"""The control: without noise the network stays lazy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import places
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment
from theory.label_noise_sgd.conditions import NO_NOISE, WIDE, with_
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here, readme
from theory.rules import Difference, UniversalBound

__all__ = ["CLAIMS"]

Floats = NDArray[np.float64]

NOISELESS = experiment(
    "noiseless",
    box("no noise", places.noiseless, d=(3, 20), width=(50, 200), speed=(0.02, 0.5), target=TARGETS),
    (32, 60, 120), 0.4, population=True, records=40,
)  # fmt: skip

NARROW_CONTROL = experiment(
    "narrow_control",
    box(
        "narrow networks, no noise", places.noiseless, d=(5, 20), width=(2, 5), speed=(0.02, 0.5),
        target=TARGETS,
    ),
    (0, 160, 320), 0.4, population=True, records=40,
)  # fmt: skip


def kernel_change(run: LinearRun) -> Pair:
    """Relative change of the kernel matrix `M + s I`, and the bound `3 (|theta*|^2 + |theta_0|^2)/mu^2`."""
    p, s = run.path, run.setting
    K = p.P[:, :-1, :-1] + p.s[:, None, None] * np.eye(s.d)
    mu = s.mu_0 + 1.0
    change = float(np.linalg.norm(K[-1] - K[0]) / np.linalg.norm(K[0]))
    return change, 3 * (s.target**2 + float(p.theta[0] @ p.theta[0])) / mu**2


def cosine_change(run: LinearRun) -> Pair:
    """Mean cosine at the end, and at the start."""
    return float(run.path.cos[-1]), float(run.path.cos[0])


def balance_bound(run: LinearRun) -> Pair:
    """Largest |change of D_i| over its bound `eta^2 max(|w_i|^2, a_i^2) sum |g|^2` (largest over
    records), and 1.
    """
    p = run.path
    first, last = p.network(0), p.network(-1)

    def parts(z: Floats) -> tuple[Floats, Floats]:
        return np.sum(z[:, :-1] ** 2, axis=1), z[:, -1] ** 2

    change = np.abs(np.subtract(*parts(last)) - np.subtract(*parts(first)))
    top = np.zeros(s_len := len(first))
    for t in range(len(p.steps)):
        w, a = parts(p.network(t))
        top = np.maximum(top, np.maximum(w, a))
    assert s_len == len(top)
    return float(np.max(change / (p.eta**2 * top * p.gradient_square[-1]))), 1.0


#: m >= 20 d.
_TWENTY = with_(c_width=20.0)

CLAIMS: tuple[Claim, ...] = (
    claim(
        "lazy.kernel_frozen",
        here("without noise"),
        r"Without noise the kernel $M + s I$ changes by at most $3(|\theta^*|^2+|\theta_0|^2)/\mu^2$, "
        r"$\mu = m/d + 1$.",
        UniversalBound(loose=20.0),
        kernel_change,
        NOISELESS,
        conditions=(
            NO_NOISE,
            WIDE,
        ),
        constants=_TWENTY,
        measured="relative change of the kernel matrix in Frobenius norm, and the bound",
    ),
    claim(
        "lazy.cosine_frozen",
        readme("synthetic experiment, the run without label noise"),
        r"Without noise the mean cosine between neurons and $\theta^*$ ends within $10^{-3}$ of its "
        "start, in the median over runs.",
        Difference(1e-3, "alignment that matters is of order 1"),
        cosine_change,
        NOISELESS,
        conditions=(
            NO_NOISE,
            WIDE,
        ),
        constants=_TWENTY,
        measured="mean cosine at the end and at the start",
    ),
    claim(
        "lazy.balance_bound",
        here("without noise"),
        r"$|\Delta D_i| \leq \eta^2 \max_t \max(|w_i|^2, a_i^2) \sum_t |g_t|^2$.",
        UniversalBound(),
        balance_bound,
        NOISELESS,
        parents=("label_noise_sgd.identity.balance",),
        conditions=(NO_NOISE,),
        measured="largest ratio over neurons, and 1",
    ),
    edge(
        "narrow_control",
        WIDE,
        r"At m/d in [2, 5] the mean cosine without noise still ends within $10^{-3}$ of its start, in the "
        "median.",
        Difference(1e-3, "the margin inside the condition", planned_spread=0.01),
        cosine_change,
        NARROW_CONTROL,
        constants=_TWENTY,
        measured="mean cosine at the end and at the start",
    ),
)
