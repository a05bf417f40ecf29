"""Runs of the two-layer linear network for the judge, by engine name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.label_noise_sgd.compressed import run_compressed
from simulation.label_noise_sgd.forced import run_forced
from simulation.label_noise_sgd.frozen import one_step
from simulation.label_noise_sgd.full import run_full
from simulation.label_noise_sgd.realise import data_set, realise
from simulation.label_noise_sgd.relu import run_relu
from simulation.label_noise_sgd.training import record_grid
from simulation.models import UNITS_A_SECOND, Engine, Job, read_only
from theory.label_noise_sgd.options import LinearOptions
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.setting import LinearSetting
from theory.label_noise_sgd.trajectory import Trajectory

__all__ = ["ENGINES"]

Floats = NDArray[np.float64]
Maker = Callable[[LinearSetting, LinearOptions, int, int], LinearRun]

#: A run with |a|^2 beyond this many times m has left for good.
_BLOWN = 100.0


def _grid(steps: int, records: int) -> NDArray[np.int64]:
    return record_grid(np.unique(np.round(np.linspace(0, steps, records + 1))).astype(int).tolist(), steps)


def _clock(steps: NDArray[np.int64], s: LinearSetting) -> Floats:
    return np.asarray(steps, dtype=np.float64) * s.clock_step


def _run(
    s: LinearSetting, options: LinearOptions, seed: int, engine: str, path: Trajectory, **more: Any
) -> LinearRun:
    return LinearRun(s, seed, engine, path.steps, _clock(path.steps, s), options, path, **more)


def _compressed(s: LinearSetting, options: LinearOptions, steps: int, seed: int) -> LinearRun:
    problem, dynamics = realise(s, options, steps, seed)
    path = run_compressed(
        problem.z_0,
        problem.theta_star,
        dynamics,
        steps,
        _grid(steps, options.records),
        seed,
        limit=_BLOWN * max(1, s.m),
        frame=np.eye(s.d + 1) if options.frame else None,
        frame_every=max(0, options.frame),
        moments_from=-1 if options.moments < 0 else int(options.moments * steps),
    )
    control = None
    if options.arms == "noiseless":
        quiet = s.with_(sigma=0.0)
        problem, dynamics = realise(quiet, options, steps, seed)
        other = run_compressed(
            problem.z_0, problem.theta_star, dynamics, steps, _grid(steps, options.records), seed
        )
        control = LinearRun(quiet, seed, "compressed", other.steps, _clock(other.steps, s), options, other)
    values: dict[str, Any] = {"data": dynamics.data, "static": dynamics.static} if s.n else {}
    if options.arms == "three":
        values |= _other_algorithms(s, float(steps * s.kappa), options.records, seed)
    return _run(s, options, seed, "compressed", path, control=control, values=values)


def _other_algorithms(s: LinearSetting, clock: float, records: int, seed: int) -> dict[str, Any]:
    """One-sample SAM and descent with weight decay from the same start, for as much of the slow clock."""
    out: dict[str, Any] = {}
    sharp = s.with_(sigma=0.0, rho=0.1, eta=s.eta / 4)
    plain = LinearOptions(records=records)
    run = _compressed(sharp, plain, sharp.steps(clock), seed)
    size = (s.d + 2.5) * sharp.eta * run.path.perp[0]
    x = 2 * sharp.eta * sharp.rho**2 * run.path.steps
    out["sam"], out["sam_clock"] = run.path, x + np.log1p(size * -np.expm1(-x))
    decaying = s.with_(eta=10 * s.eta, sigma=s.sigma / 2)
    run = _compressed(decaying, LinearOptions(records=records, decay=True), decaying.steps(clock), seed)
    out["decay"], out["decay_clock"] = run.path, run.clock
    return out


def _full(s: LinearSetting, options: LinearOptions, steps: int, seed: int) -> LinearRun:
    """All neurons, and beside it (`control`) the compressed run of the same start and draws, with its
    frame.
    """
    problem, dynamics = realise(s, options, steps, seed)
    grid = _grid(steps, options.records)
    path = run_full(problem.z_0, problem.theta_star, dynamics, steps, grid, seed, moments_from=0)
    other = run_compressed(
        problem.z_0, problem.theta_star, dynamics, steps, grid, seed, frame=np.eye(s.d + 1), moments_from=0
    )
    return _run(s, options, seed, "full", path, control=_run(s, options, seed, "compressed", other))


def _still(problem: Any, s: LinearSetting) -> Trajectory:
    z = problem.z_0[None]
    return Trajectory(
        s.eta, problem.theta_star, np.array([0]), z, None, np.zeros((1, 6 + 2 * s.d)),
        np.empty((1, 0, s.d + 1)), np.empty((1, 0)), np.zeros((4, s.m)),
    )  # fmt: skip


def _frozen(s: LinearSetting, options: LinearOptions, steps: int, seed: int) -> LinearRun:
    problem, _ = realise(s, options, steps, seed)
    data = data_set(s.n, s.d, s.spread, seed) if s.n else None
    one = one_step(
        problem, eta=s.eta, batch=s.batch, sigma=s.sigma, draws=options.draws or steps, seed=seed, data=data
    )
    values = {
        "draws": one.draws, "decreases": one.decreases, "drift": one.drift, "drift_sum": one.drift_sum,
        "drift_sum_error": one.drift_sum_error, "data": data,
    }  # fmt: skip
    return _run(s, options, seed, "frozen", _still(problem, s), values=values)


def _forced(s: LinearSetting, options: LinearOptions, steps: int, seed: int) -> LinearRun:
    if s.batch != 1:
        raise ValueError(f"batch must be 1 where the second layer is imposed, was {s.batch!r}")
    problem, _ = realise(s, options, steps, seed)
    grid = _grid(steps, options.records)
    out = run_forced(
        problem,
        eta=s.eta,
        steps=steps,
        records=grid,
        imposed=options.imposed,  # type: ignore[arg-type]
        variance=s.variance,
        persistence=s.persistence,
        seed=seed,
    )
    return LinearRun(
        s, seed, "forced", grid, _clock(grid, s), options, _still(problem, s),
        values={"trace": out[:, 0], "along": out[:, 1], "along_sum": out[:, 2]},
    )  # fmt: skip


def _relu(s: LinearSetting, options: LinearOptions, steps: int, seed: int) -> LinearRun:
    problem, _ = realise(s, options, steps, seed)
    grid = _grid(steps, options.records)
    out = run_relu(problem, eta=s.eta, sigma=s.sigma, steps=steps, records=grid, batch=s.batch, seed=seed)
    return LinearRun(
        s, seed, "relu", grid, _clock(grid, s), options, _still(problem, s),
        values={"w": out.w, "a": out.a, "qv_w": out.qv_w, "qv_a": out.qv_a},
    )  # fmt: skip


def _sam_steps(s: LinearSetting, options: LinearOptions, steps: int, seed: int) -> LinearRun:
    from simulation.label_noise_sgd.sam_steps import run_sam_steps

    problem, dynamics = realise(s, options, steps, seed)
    path, values = run_sam_steps(problem, dynamics, steps, seed)
    return _run(s, options, seed, "sam_steps", path, values=values)


class _Engine(Engine):
    """One maker of runs behind the judge's contract; every run is made alone."""

    def __init__(self, name: str, make: Maker, rows: Callable[[LinearSetting], float], speed: float) -> None:
        self.name, self._make, self._rows, self._speed = name, make, rows, speed

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[LinearRun]:
        """The jobs' runs, in order."""
        return [self._frozen(job) for job in jobs]

    def _frozen(self, job: Job) -> LinearRun:
        options = job.options if isinstance(job.options, LinearOptions) else LinearOptions()
        run = self._make(job.setting, options, options.steps or max(1, int(job.steps)), int(job.seed))
        read_only([run.steps, run.clock, vars(run.path), run.values])
        return run

    def work(self, job: Job) -> float:
        """Products and draws of every step."""
        s = job.setting
        options = job.options if isinstance(job.options, LinearOptions) else LinearOptions()
        steps = options.draws or options.steps or max(1, job.steps)
        step = self._speed * (2 * self._rows(s) * (s.d + 1) + 6 * s.batch * s.d + 60)
        return float(UNITS_A_SECOND * (1e-3 + steps * step))

    def bytes(self, job: Job) -> int:
        """Peak memory."""
        s = job.setting
        return int(8 * (6 * s.m * (s.d + 1) + 400 * self._rows(s) * (s.d + 1) + s.n * s.d)) + 2**20

    def warm_up(self) -> None:
        """Compile."""
        s = LinearSetting(m=6, d=2, eta=1e-3, sigma=1.0, variance=0.1 if self.name == "forced" else 0.0)
        self._make(s, LinearOptions(records=1, draws=2, imposed="gaussian"), 2, 0)


def _reduced_rows(s: LinearSetting) -> float:
    return min(s.m, s.d + 1)


ENGINES = {
    engine.name: engine
    for engine in (
        _Engine("compressed", _compressed, _reduced_rows, 2.5e-10),
        _Engine("full", _full, lambda s: s.m, 4e-9),
        _Engine("frozen", _frozen, lambda s: s.m, 3e-9),
        _Engine("forced", _forced, lambda s: s.m, 2e-10),
        _Engine("relu", _relu, lambda s: s.m * s.batch, 8e-10),
        _Engine("sam_steps", _sam_steps, lambda s: s.m, 1e-8),
    )
}
