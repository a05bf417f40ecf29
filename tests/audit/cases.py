"""Trainings with probes, made up: margins that first follow true labels and then all of them."""

from __future__ import annotations

import numpy as np

from simulation.audit.planning import plan
from simulation.audit.record import Record

STEPS = np.unique(np.round(1.3 ** np.arange(30)).astype(np.int64))


def margins_of(
    trained: np.ndarray, true: np.ndarray, seed: int, *, stage: bool = True, late: bool = True
) -> np.ndarray:
    """Margins over STEPS of a training that first learns true labels, then memorises (T, n)."""
    rng = np.random.default_rng(seed)
    wrong = trained != true
    grow = np.linspace(0, 4, len(STEPS))[:, None]
    towards = np.where(wrong, -1.0, 1.0) if stage else np.ones(len(true))
    base = grow * towards + rng.standard_normal(len(true)) * 0.9
    if late:
        base = base + np.where(np.arange(len(STEPS)) > 18, 1.0, 0.0)[:, None] * 9.0
    return base + 0.2 * rng.standard_normal((len(STEPS), len(true)))


def made(
    n: int = 1000,
    k: int = 2,
    t: float = 0.2,
    seed: int = 0,
    runs: int = 2,
    flips: str = "spread",
    **how: bool,
):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, k, n)
    observed = true.copy()
    if flips == "spread":
        wrong = rng.random(n) < t
        observed[wrong] = (true[wrong] + rng.integers(1, k, wrong.sum())) % k
    elif flips == "cluster":
        # A group that the model takes for what it is labelled: it behaves like right labels do.
        cluster = np.arange(n) < int(t * n)
        observed[cluster] = (true[cluster] + 1) % k
        true = np.where(cluster, observed, true)
    p = plan(observed, runs=runs, seed=seed)
    records = [
        Record(
            observed,
            p.labels[r],
            p.probes[r],
            STEPS,
            margins_of(p.labels[r], true, 10 * seed + r, **how).astype(np.float32),
            k,
        )
        for r in range(runs)
    ]
    return records, observed != true if flips == "spread" else np.arange(n) < int(t * n)
