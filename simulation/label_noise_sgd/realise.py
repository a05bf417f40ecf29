"""From a setting, options and a seed to a start, a target and what drives the run."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulation.label_noise_sgd.dynamics import Dynamics, Samples
from simulation.label_noise_sgd.problem import LinearProblem, sample_problem
from theory.label_noise_sgd.options import LinearOptions
from theory.label_noise_sgd.setting import LinearSetting
from theory.rng import generator

__all__ = ["data_set", "realise"]

Floats = NDArray[np.float64]


@lru_cache(maxsize=64)
def data_set(n: int, d: int, spread: float, seed: int) -> Floats:
    """n inputs x ~ N(0, Sigma) of a run, (n, d), read-only."""
    x = generator(seed, "label_noise_sgd.data").standard_normal((n, d))
    values = np.arange(1.0, d + 1) ** -spread
    x *= np.sqrt(values / values.mean())
    x.flags.writeable = False
    return x


def _start(s: LinearSetting, options: LinearOptions, seed: int) -> LinearProblem:
    target = np.zeros(s.d)
    target[0] = s.target
    if options.along == "even":
        target = np.full(s.d, s.target / np.sqrt(s.d))
    if options.start == "rich":
        # One neuron at the rich fixed point: |w| |a| = |theta*| with |w|^2 = sqrt(d) |theta*|.
        a = np.sqrt(s.target / np.sqrt(s.d))
        return LinearProblem(target[None, :] / a, np.array([a]), target)
    p = sample_problem(s.m, s.d, target, scale=s.start or None, seed=seed)
    if options.start == "solved":
        return LinearProblem(p.w_0, p.a_0, p.w_0.T @ p.a_0)
    return p


def realise(
    s: LinearSetting, options: LinearOptions, steps: int, seed: int
) -> tuple[LinearProblem, Dynamics]:
    """The problem and the dynamics of one run."""
    problem = _start(s, options, seed)
    if options.decay:
        return problem, Dynamics(s.eta, samples="population", decay_w=s.kappa / 2, decay_a=s.kappa * s.d / 2)
    samples: Samples = "online"
    data = static = None
    if options.population:
        samples = "population"
    elif s.n:
        samples = "full" if options.full_batch else "sampled"
        data = data_set(s.n, s.d, s.spread, seed)
        if options.static:
            signs = generator(seed, "label_noise_sgd.static").random(s.n) < 0.5
            static = np.where(signs, s.sigma, -s.sigma)
    blocks: tuple[tuple[int, float], ...] = ((1, 1.0),)
    if options.periods:
        half = options.half_period(steps)
        blocks = ((half, 1.0), (half, 0.0))
    elif options.off:
        off = int(np.ceil(options.off * np.sqrt(s.d) / (s.eta * s.target)))
        blocks = ((max(1, steps - off), 1.0), (1, 0.0))
    return problem, Dynamics(
        s.eta,
        samples=samples,
        batch=s.batch,
        sigma=s.sigma,
        spectrum=s.spectrum if s.spread else None,
        data=data,
        static=static,
        rho=s.rho,
        normalised=options.normalised,
        blocks=blocks,
        cycle=bool(options.periods),
    )
