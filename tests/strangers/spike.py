"""Spiked covariance: the largest eigenvalue leaves the bulk at a spike of sqrt(gamma)."""

import math
from dataclasses import dataclass

import numpy as np
import sympy as sp

from theory import (
    AbstractSetting,
    Box,
    Claim,
    Condition,
    Coordinate,
    Event,
    Experiment,
    Law,
    Source,
    function_model,
)


@dataclass(frozen=True)
class Spike(AbstractSetting):
    samples: int
    ratio: float  # dimension over samples
    strength: float  # of the spike, over the noise

    def groups(self):
        return {"over_threshold": self.strength / math.sqrt(self.ratio)}


def sample(s, rng):
    p = max(2, round(s.ratio * s.samples))
    x = rng.standard_normal((s.samples, p))
    x[:, 0] *= math.sqrt(1 + s.strength)
    values, vectors = np.linalg.eigh(x.T @ x / s.samples)
    return {"top": float(values[-1]), "overlap": float(vectors[0, -1] ** 2)}


BBP = Source("Baik and Silverstein 2006", "Theorem 1.1")
OUT = Condition(
    "out", sp.Symbol("strength"), 2 * sp.sqrt(sp.Symbol("ratio")), BBP, "paper", "beyond the threshold"
)
SPIKES = Experiment(
    "spike.spikes",
    place=Box(
        "spikes",
        (
            Coordinate("samples", 150, 250, whole=True),
            Coordinate("ratio", 0.2, 1.0),
            Coordinate("strength", 2, 8),
        ),
        lambda x: Spike(**x),
    ),
    model=function_model(Spike, sample),
    runs={"quick": 250, "default": 400, "full": 2000},
)


def edge(s):
    return (1 + s.strength) * (1 + s.ratio / s.strength)


def overlap(s):
    return (1 - s.ratio / s.strength**2) / (1 + s.ratio / s.strength)


def claim(name, statement, rule, measure, **more):
    return Claim(f"spike.{name}", BBP, "paper", statement, rule, measure, SPIKES, (OUT,), **more)


NEAR = Law(0.05, "finite n")
CLAIMS = [
    claim("top", r"$\lambda_1 \to (1+\ell)(1+\gamma/\ell)$", NEAR, lambda run: (run.top, edge(run.setting))),
    claim(
        "naive",
        r"$\lambda_1 \to 1+\ell$",
        NEAR,
        lambda run: (run.top, 1 + run.setting.strength),
        role="reading",
        corrected_by="spike.top",
    ),
    claim(
        "overlap",
        "the overlap is within 0.2 of its limit",
        Event(0.05),
        lambda run: abs(run.overlap - overlap(run.setting)) <= 0.2,
    ),
]
