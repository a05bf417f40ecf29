"""`train`: one run of a two-layer linear network; `train_many`: many, over threads."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simulation.label_noise_sgd.compressed import run_compressed
from simulation.label_noise_sgd.dynamics import Dynamics
from simulation.label_noise_sgd.full import run_full
from simulation.label_noise_sgd.problem import LinearProblem, checked
from theory.label_noise_sgd.trajectory import Trajectory
from theory.rng import generator

__all__ = ["ENGINE_NAMES", "record_grid", "run_dynamics", "train", "train_many"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ENGINE_NAMES = ("compressed", "full")

_RECORDS = 100


def record_grid(record: int | Sequence[int] | None, steps: int) -> Ints:
    """Recorded steps: at most 101 even ones, every `record`-th, or the given ones; 0 and `steps` always.

    >>> record_grid(4, 10).tolist(), record_grid([3], 5).tolist()
    ([0, 4, 8, 10], [0, 3, 5])
    """
    if record is None:
        inner: NDArray[Any] = np.unique(np.round(np.linspace(0, steps, min(steps, _RECORDS) + 1)))
    elif isinstance(record, (int, np.integer)):
        if record < 1:
            raise ValueError(f"record must be an integer >= 1, a list of steps or None, was {record!r}")
        inner = np.arange(0, steps + 1, int(record))
    else:
        inner = np.asarray(list(record))
        if inner.size and (inner.min() < 0 or inner.max() > steps or np.any(inner != np.round(inner))):
            raise ValueError(f"record must hold whole steps between 0 and {steps}, was {record!r}")
    return np.union1d(inner, [0, steps]).astype(np.int64)


def run_dynamics(
    problem: LinearProblem,
    dynamics: Dynamics,
    steps: int,
    *,
    seed: int = 0,
    engine: str = "compressed",
    record: int | Sequence[int] | None = None,
    limit: float = np.inf,
    **more: Any,
) -> Trajectory:
    """A run of any dynamics. `more`: `moments_from`; with "compressed" also `frame`, `frame_every`.

    Raises:
        ValueError: naming the argument.
    """
    if engine not in ENGINE_NAMES:
        raise ValueError(f"engine must be one of {ENGINE_NAMES}, was {engine!r}")
    if int(steps) != steps or steps < 1:
        raise ValueError(f"steps must be an integer >= 1, was {steps!r}")
    dynamics.check_inputs(problem.d)
    if dynamics.inputs is not None and steps > len(dynamics.inputs):
        raise ValueError(f"steps must be at most the {len(dynamics.inputs)} given samples, was {steps}")
    run = run_compressed if engine == "compressed" else run_full
    grid = record_grid(record, int(steps))
    return run(problem.z_0, problem.theta_star, dynamics, int(steps), grid, seed, limit=limit, **more)


def train(
    problem: LinearProblem,
    *,
    eta: float,
    inputs: Any = None,
    label_noise: Any = None,
    steps: int | None = None,
    batch: int = 1,
    sigma: float = 0.0,
    seed: int = 0,
    engine: Literal["full", "compressed"] = "compressed",
    noise: Literal["fresh", "static"] = "fresh",
    schedule: Sequence[tuple[int, float]] | None = None,
    sam: float | None = None,
    sam_normalised: bool = True,
    record: int | Sequence[int] | None = None,
    spectrum: Any = None,
    data: Any = None,
    full_batch: bool = False,
    cycle: bool = False,
    moments_from: int = -1,
) -> Trajectory:
    """Train `f(x) = a . W x` on `y = theta* . x` plus label noise, by plain SGD or SAM.

    A step is `W <- W - eta a g^T`, `a <- a - eta W g`, both from the old W and a; `g` is the batch's mean of
    residual times input.

    Args:
        problem: start and target.
        eta: step.
        inputs, label_noise: given samples (T, B, d) and (T, B), one batch a step; else they are drawn.
        steps: number of steps; with given samples all of them by default.
        batch, sigma, seed: B, size of the label noise (+-sigma), seed of the draws.
        engine: "compressed" ((d+1) neurons, exact) or "full" (all m, plain numpy).
        noise: "fresh" at every use, or "static": drawn once for every row of `data`.
        schedule: (steps, factor) blocks of the label noise; `cycle` repeats them.
        sam, sam_normalised: radius rho of sharpness-aware minimisation; None for plain SGD.
        record: every so many steps, or a list of steps; about 100 by default.
        spectrum: (d,) eigenvalues of the inputs' covariance; ones by default.
        data: (n, d) data set to draw from with replacement, or used whole with `full_batch`.
        moments_from: the step from which sums of the second layer by neuron are kept; negative: never.

    Raises:
        ValueError: naming the argument, what it was and what is allowed.

    >>> from simulation.label_noise_sgd import sample_problem
    >>> r = train(sample_problem(30, 3), eta=0.01, steps=50, sigma=1.0, record=10)
    >>> r.P.shape, r.w.shape, r.cos.shape
    ((6, 4, 4), (30, 3), (6,))
    """
    if noise not in ("fresh", "static"):
        raise ValueError(f"noise must be 'fresh' or 'static', was {noise!r}")
    if sam is not None and not sam > 0:
        raise ValueError(f"sam must be > 0 or None, was {sam!r}")
    if data is not None:
        data = checked("data", data, ("n", problem.d))
    if full_batch and data is None:
        raise ValueError("full_batch needs data")
    static = None
    if noise == "static":
        if data is None:
            raise ValueError("noise 'static' needs data: the rows whose labels it belongs to")
        static = np.where(generator(seed, "label_noise_sgd.static").random(len(data)) < 0.5, sigma, -sigma)
    given = inputs is not None or label_noise is not None
    dynamics = Dynamics(
        eta,
        samples="given" if given else "online" if data is None else "full" if full_batch else "sampled",
        batch=batch,
        sigma=sigma,
        spectrum=spectrum,
        data=None if given else data,
        static=static,
        inputs=inputs,
        label_noise=label_noise,
        rho=0.0 if sam is None else sam,
        normalised=sam_normalised,
        blocks=((1, 1.0),) if schedule is None else tuple((int(s), float(f)) for s, f in schedule),
        cycle=cycle,
    )
    if steps is None:
        if dynamics.inputs is None:
            raise ValueError("steps must be given when samples are drawn")
        steps = len(dynamics.inputs)
    return run_dynamics(
        problem, dynamics, steps, seed=seed, engine=engine, record=record, moments_from=moments_from
    )


def train_many(
    problems: Sequence[LinearProblem],
    dynamics: Dynamics | Sequence[Dynamics],
    steps: int,
    *,
    seeds: Sequence[int],
    threads: int = 1,
    **more: Any,
) -> list[Trajectory]:
    """`run_dynamics` of every problem with its seed; a run's numbers depend on that run alone.

    Compiled steps hold no interpreter lock, so threads run side by side.
    """
    each = [dynamics] * len(problems) if isinstance(dynamics, Dynamics) else list(dynamics)
    jobs = list(zip(problems, each, seeds, strict=True))

    def one(job: tuple[LinearProblem, Dynamics, int]) -> Trajectory:
        return run_dynamics(job[0], job[1], steps, seed=job[2], **more)

    if threads <= 1 or len(jobs) == 1:
        return [one(job) for job in jobs]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, jobs))
