"""What an audit says: values only; the sentences are in `simulation.audit.words`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simulation.audit.planning import Plan, matched_plan
from simulation.audit.rate import Rate
from simulation.audit.stage import Stage
from simulation.audit.suspicion import Suspicion
from simulation.audit.words import text_of

__all__ = ["FEWEST_CAUGHT", "Audit", "Selection", "Verdict"]

#: With fewer caught probes no tail can be compared.
FEWEST_CAUGHT = 15

Verdict = Literal["none", "few", "weak", "unlike", "spread", "uncalibrated"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Selection:
    """Dropping all suspects: whether it is advised, the flip rate left, the share of right labels lost."""

    safe: bool
    residual: float
    lost: float


@dataclass(frozen=True, eq=False)
class Audit:
    """The answer to a user's labels and training runs.

    Args:
        verdict: "none", "few", "weak", "unlike", "spread", or "uncalibrated" (records without probes).
        n, k, probes, runs, caught: samples, classes, probes in all runs, runs, probes caught at the stop.
        stage_one: first and last step of Stage I; None where there is none. stop_step: where to stop; None:
            do not.
        memorised_at_end: share of probes fit at the last checkpoint.
        flip_rate: (estimate, low, high); None where nothing can be said. level: of the interval.
        recall: share of wrong labels among the suspects. precision: (estimate, low).
        suspects: indices, most suspicious first. suspicion: scores (n,), above 0 for suspects.
        predicted: predicted class at the stop, (n,); None: not recorded.
        selection: what dropping the suspects does. profile: (fraction of caught probes, rate there).
        like: (q, z) of the test whether suspects are like flips. separation: (J, standard error) at the stop.
        assumptions, warnings: sentences.
    """

    verdict: Verdict
    n: int
    k: int
    probes: int
    runs: int
    caught: int
    observed: Ints
    classes: NDArray[Any]
    steps: Ints
    stage: Stage | None
    stage_one: tuple[int, int] | None
    stop_step: int | None
    memorised_at_end: float
    flip_rate: tuple[float, float, float] | None
    level: float
    recall: float | None
    precision: tuple[float, float] | None
    suspects: Ints
    suspicion: Floats
    predicted: Ints | None
    selection: Selection | None
    like: tuple[float, float] | None
    separation: tuple[float, float]
    matched: bool
    rate: Rate | None
    scores: Suspicion | None
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def profile(self) -> tuple[tuple[float, float], ...]:
        """Rate by cut: it should be flat down to the fraction where right labels end."""
        return () if self.rate is None else self.rate.profile

    def precision_at(self, m: int) -> float | None:
        """Expected share of wrong labels among the m most suspicious samples; None without a rate.

        It is t^ n B(c)/((1 - b) m) at the score c of sample m, B(c) the share of probes beyond. Beyond the
        topmost scores lie too few probes to count: down to the first `FEWEST_CAUGHT` of them the list is
        given the precision that it has there, which is less than it has further up.

        Raises:
            ValueError: m outside 1..number of suspects.
        """
        if not 1 <= m <= len(self.suspects):
            raise ValueError(f"m must lie in 1..{len(self.suspects)}, the suspects, was {m}")
        if self.rate is None or self.scores is None or self.flip_rate is None:
            return None
        scores, probes = self.suspicion[self.suspects], np.sort(self.scores.probes)
        enough = probes[-min(FEWEST_CAUGHT, len(probes))]
        m = max(m, min(int((scores >= enough).sum()), len(scores)))
        beyond = float(np.mean(probes >= scores[m - 1])) / (1 - self.rate.spoiled)
        return float(min(1.0, self.flip_rate[0] * beyond * self.n / m))

    def curves(self) -> dict[str, list[float]]:
        """Columns step, fit, probes_fit, separation, auroc over the checkpoints."""
        if self.stage is None:
            return {"step": [int(s) for s in self.steps]}
        stage = self.stage
        return {
            "step": [int(s) for s in stage.steps],
            "fit": stage.fit.tolist(),
            "probes_fit": stage.probes_fit.tolist(),
            "separation": stage.separation.tolist(),
            "auroc": stage.auroc.tolist(),
        }

    def second_plan(self, runs: int = 2, rate: float | None = None, seed: int = 1) -> Plan:
        """Probes that follow the class pairs of the suspects, for a second round after `unlike`.

        Raises:
            ValueError: there are no suspects, or predictions were not recorded.
        """
        if self.predicted is None:
            raise ValueError(
                "predicted classes were not recorded: record probabilities or outputs, not losses"
            )
        cells = np.zeros((self.k, self.k))
        np.add.at(cells, (self.predicted[self.suspects], self.observed[self.suspects]), 1.0)
        return matched_plan(self.observed, self.classes, cells, runs, rate, seed)

    def text(self) -> str:
        """The answer in words."""
        return text_of(self)

    def to_json(self) -> str:
        """Everything but the per-sample scores, as JSON; equal input gives equal bytes."""
        out: Mapping[str, Any] = {
            "verdict": self.verdict,
            "samples": self.n,
            "classes": self.k,
            "probes": self.probes,
            "runs": self.runs,
            "caught": self.caught,
            "stage_one": self.stage_one,
            "stop_step": self.stop_step,
            "memorised_at_end": self.memorised_at_end,
            "level": self.level,
            "flip_rate": _named(self.flip_rate, ("estimate", "low", "high")),
            "recall": self.recall,
            "precision": _named(self.precision, ("estimate", "low")),
            "selection": None if self.selection is None else vars(self.selection),
            "like": _named(self.like, ("q", "z")),
            "separation": _named(self.separation, ("J", "se")),
            "matched": self.matched,
            "profile": [list(p) for p in self.profile],
            "suspects": self.suspects.tolist(),
            "assumptions": list(self.assumptions),
            "warnings": list(self.warnings),
            "curves": self.curves(),
        }
        return json.dumps(out, indent=2, allow_nan=False)


def _named(values: tuple[float, ...] | None, names: tuple[str, ...]) -> dict[str, float] | None:
    return None if values is None else dict(zip(names, values, strict=True))
