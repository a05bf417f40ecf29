"""Drawn scores: the audit's estimator where its assumptions hold by construction, without any training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from simulation.audit.rate import estimate_rate
from simulation.audit.stage import rank_auroc
from simulation.models import Engine, Job
from theory.rng import generator

__all__ = ["ENGINES", "ScoreEngine", "draw_scores"]

_Z90 = 1.645


def draw_scores(n: int, k: int, flip_rate: float, probes: int, distance: float, seed: int) -> dict[str, Any]:
    """Scores of others and of uniform probes when right labels score N(-distance/2, 1), wrong ones
    N(+distance/2, 1).

    Which probes hit the true label follows from drawing true, observed and probe labels, k classes each.

    Returns:
        others, probes: scores; wrong: realised share of wrong observed labels; spoiled: realised share of
        probes with their true label; hit: probes with their true label; noisy: others with a wrong label.
    """
    rng = generator(seed, "images.scores")
    true = rng.integers(0, k, size=n)
    step = rng.integers(1, k, size=n)
    wrong = rng.random(n) < flip_rate
    observed = np.where(wrong, (true + step) % k, true)
    chosen = np.zeros(n, dtype=bool)
    chosen[rng.permutation(n)[:probes]] = True
    trained = np.where(chosen, (observed + rng.integers(1, k, size=n)) % k, observed)
    score = rng.standard_normal(n) + np.where(trained != true, distance / 2, -distance / 2)
    return {
        "others": score[~chosen], "probes": score[chosen], "wrong": float(wrong.mean()),
        "spoiled": float((trained == true)[chosen].mean()), "noisy": wrong[~chosen],
        "hit": (trained == true)[chosen],
    }  # fmt: skip


@dataclass(frozen=True)
class ScoreEngine(Engine):
    """A run is one draw with the interval that the audit gives for it."""

    most = 64

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Any]:
        """Each job a draw of its own."""
        return [_run(job) for job in jobs]

    def work(self, job: Job) -> float:
        """All draws cost about the same."""
        return float(job.setting.n)


def _run(job: Job) -> Any:
    s = job.setting
    drawn = draw_scores(s.n, s.k, s.flip_rate, s.probes, s.distance, job.seed)
    rate = estimate_rate(drawn["others"], drawn["probes"], s.n, s.k, _Z90)
    both = np.concatenate([drawn["others"], drawn["probes"]])
    is_probe = np.arange(len(both)) >= len(drawn["others"])
    others_auroc = rank_auroc(drawn["others"], drawn["noisy"]) if drawn["noisy"].any() else float("nan")
    return SimpleNamespace(
        setting=s, seed=job.seed, engine="draws", dtype="float64", steps=np.zeros(1, dtype=np.int64),
        clock=np.zeros(1), wrong=drawn["wrong"], spoiled=drawn["spoiled"], rate=rate.estimate, low=rate.low,
        high=rate.high, probe_auroc=rank_auroc(both, is_probe), flip_auroc=others_auroc,
    )  # fmt: skip


ENGINES: Mapping[str, Engine] = {"draws": ScoreEngine()}
