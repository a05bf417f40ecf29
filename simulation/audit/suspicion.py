"""How much each sample's label is doubted: margins around the stop, made comparable between runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.audit.record import Record

__all__ = ["Suspicion", "suspicion"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Suspicion:
    """Scores; a sample is a suspect where its score is above 0 (loss above log 2 for two classes).

    Args:
        score: (n,), mean over the runs in which the sample is no probe.
        others: scores of samples that are no probes, run by run, joined. probes: of the probes, joined.
        runs: how many runs were joined.
    """

    score: Floats
    others: Floats
    probes: Floats
    runs: int


def suspicion(records: Sequence[Record], at: int) -> Suspicion:
    """S_i = mean of -M_i over the checkpoints `at` +- 2, divided by the run's median modulus of it."""
    n = len(records[0].observed)
    total, times = np.zeros(n), np.zeros(n)
    others, probes = [], []
    for record in records:
        mean = -record.margins[max(at - 2, 0) : at + 3].mean(axis=0, dtype=np.float64)
        scale = float(np.median(np.abs(mean)))
        score = mean / scale if scale > 0 else mean
        mask = np.zeros(n, dtype=bool)
        mask[record.probes] = True
        total[~mask] += score[~mask]
        times[~mask] += 1
        others.append(score[~mask])
        probes.append(score[mask])
    # A sample that is a probe in every run is never seen with its own label: no suspicion can be formed.
    average = np.divide(total, times, out=np.full(n, -np.inf), where=times > 0)
    return Suspicion(average, np.concatenate(others), np.concatenate(probes), len(records))
