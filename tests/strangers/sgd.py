"""SGD with additive noise on a quadratic: the stationary variance of an AR(1) recursion."""

from dataclasses import dataclass

import numpy as np
import sympy as sp

from simulation.models import Engine
from theory import (
    AbstractSetting,
    Box,
    Claim,
    Condition,
    Constant,
    Constants,
    Coordinate,
    Experiment,
    Exponent,
    Law,
    Model,
    Source,
    along,
)
from theory.rng import generator


@dataclass(frozen=True)
class Quadratic(AbstractSetting):
    """x <- x - step (curvature x + spread z)."""

    step: float
    curvature: float = 1.0
    spread: float = 1.0

    def __post_init__(self):
        if not 0 < self.step * self.curvature < 2:
            raise ValueError(f"step must lie in (0, 2/curvature), was {self.step!r}")

    def groups(self):
        return {"contraction": self.step * self.curvature}

    @property
    def clock_step(self):
        return self.step * self.curvature


class Descent:
    engine = "walkers"

    def __init__(self, job):
        self.setting, self.seed, self.dtype = job.setting, job.seed, job.dtype
        self.steps = np.array([0, job.steps])
        self.clock = self.steps * self.setting.clock_step
        rng, s = generator(job.seed, "noise"), job.setting
        x = np.zeros(256)
        for _ in range(job.steps):
            x = x - s.step * (s.curvature * x + s.spread * rng.standard_normal(256))
        self.variance = float(np.mean(x**2))


class Walkers(Engine):
    def make(self, jobs, *, device):
        return [Descent(job) for job in jobs]


NOTES = Source("Mandt et al. 2017", "equation 12")
STABLE = Condition(
    "stable", Constant("c"), sp.Symbol("step") * sp.Symbol("curvature"), NOTES, "paper", "mean square"
)
SGD = Model("sgd", Quadratic, {"walkers": Walkers()})
RUNS = {"quick": 120, "default": 400, "full": 2000}
QUADRATICS = Experiment(
    "sgd.stationary",
    place=Box("quadratics", (Coordinate("step", 0.05, 1.6),), lambda x: Quadratic(**x)),
    model=SGD,
    clock=8.0,
    runs=RUNS,
)
SWEEP = Experiment(
    "sgd.sweep",
    place=along("step", Quadratic(0.01), (0.01, 0.02, 0.04, 0.08)),
    model=SGD,
    clock=6.0,
    runs={"quick": 12, "default": 20, "full": 40},
)


def exact(s):
    return s.step * s.spread**2 / (s.curvature * (2 - s.step * s.curvature))


def flow(s):
    return s.step * s.spread**2 / (2 * s.curvature)


def claim(name, statement, rule, measure, experiment=QUADRATICS, **more):
    return Claim(f"sgd.{name}", NOTES, "derived", statement, rule, measure, experiment, (STABLE,),
                 Constants({"c": 1.5}), **more)  # fmt: skip


CLAIMS = [
    claim("variance", r"$E x^2 = \eta\sigma^2/(\lambda(2-\eta\lambda))$", Law(0.1, "walkers"),
          lambda run: (run.variance, exact(run.setting))),
    claim("flow", r"$E x^2 = \eta\sigma^2/(2\lambda)$ at any step", Law(0.1, "walkers"),
          lambda run: (run.variance, flow(run.setting)), role="reading", corrected_by="sgd.variance"),
    claim("linear", "the variance is linear in the step", Exponent("step", 1.0, 0.1),
          lambda run: run.variance, SWEEP),
]  # fmt: skip
