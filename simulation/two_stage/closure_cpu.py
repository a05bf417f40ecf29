"""The closure on a CPU: each run on its own through the compiled loop, runs spread over threads."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from simulation.progress import track
from simulation.threads import available_threads
from simulation.two_stage.geometry import Geometry
from simulation.two_stage.kernel import COLUMNS, ROWS, advance
from simulation.two_stage.record import Record
from simulation.two_stage.step_weights import StepWeights
from simulation.two_stage.stopping import StopRule, postfix

__all__ = ["run_on_cpu"]

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.float64)

#: Multiplications between two returns from compiled code, a fraction of a second: an interrupt is heeded
#: there. And numbers of mini-batch weights drawn ahead.
_STRETCH = 4e9
_WEIGHTS = 2**20


def run_on_cpu(
    geometries: Sequence[Geometry],
    etas: Sequence[float],
    steps: Sequence[int],
    recorded: Sequence[Steps],
    snapshots: Sequence[Steps],
    batching: Sequence[StepWeights | None],
    decay: Sequence[float],
    momentum: float,
    stop: StopRule | None,
    dtype: str,
    progress: bool,
) -> list[Record]:
    """As `run_reduced`; the numbers of a run depend on that run alone."""
    rule = postfix(stop)
    jobs = list(zip(geometries, etas, steps, recorded, snapshots, batching, decay, strict=True))
    threads = min(available_threads(), len(jobs))
    cancelled = threading.Event()

    def one(job: tuple[Geometry, float, int, Steps, Steps, StepWeights | None, float]) -> Record:
        return _run(*job, momentum, rule, np.dtype(dtype), progress and len(jobs) == 1, cancelled)

    if threads <= 1:
        return [one(job) for job in jobs]
    with ThreadPoolExecutor(threads) as pool:
        try:
            return list(pool.map(one, jobs))
        except BaseException:
            cancelled.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _run(
    geometry: Geometry,
    eta: float,
    steps: int,
    recorded: Steps,
    snapshots: Steps,
    draws: StepWeights | None,
    decay: float,
    momentum: float,
    rule: Floats,
    dtype: np.dtype[np.floating],
    progress: bool,
    cancelled: threading.Event,
) -> Record:
    n, m = geometry.n, geometry.m
    width, rows = _up(n + 1, COLUMNS), _up(2 * m, ROWS)
    norms = np.diag(geometry.gram)

    def by_sample(values: Floats) -> NDArray[np.floating]:
        out = np.zeros(width, dtype)
        out[n + 1 - len(values) : n + 1] = values
        return out

    N, start = np.zeros((width, width), dtype), np.zeros((rows, width), dtype)
    N[: n + 1, : n + 1] = geometry.gram / norms[:, None]
    start[: 2 * m, : n + 1] = geometry.products
    side, head = np.zeros(rows, dtype), np.zeros(rows, dtype)
    side[:m], side[m : 2 * m], head[:m], head[m : 2 * m] = 1.0, -1.0, 1.0 / m, -1.0 / m
    y, y_observed = by_sample(geometry.y), by_sample(geometry.y_observed)
    push = by_sample(eta / (n * m) * norms)
    C, A = np.zeros((rows, width), dtype), np.empty((rows, width), dtype)
    V = np.zeros((rows, width) if momentum else (0, 0), dtype)
    left, keep, beta = np.ones(1, dtype), dtype.type(1.0 - decay), dtype.type(momentum)
    recorded, snapshots = np.ascontiguousarray(recorded), np.ascontiguousarray(snapshots)
    # A rule that stops a run adds the step at which it does so; then a later one is left out, or none is.
    T, S = len(recorded) + len(rule[:1]), len(snapshots) + len(rule[:1])
    out_steps, out_kept = np.empty(T, np.int64), np.empty(S, np.int64)
    out_margins, out_gamma = np.empty((T, n)), np.empty((T, 2 * m))
    out_C, out_A = np.empty((S, 2 * m, n + 1)), np.empty((S, 2 * m, n + 1))
    out_left = np.empty(S)
    place = np.zeros(3, np.int64)

    stretch = max(1, int(_STRETCH / (rows * width**2)))
    if draws is not None:
        stretch = min(stretch, max(1, _WEIGHTS // n))
    none = np.empty((0, 0), dtype)
    for first in track(range(0, steps + 1, stretch), "training", progress):
        after = min(first + stretch, steps + 1)
        weights = none
        if draws is not None:
            # No step is made from the last one, so none is drawn.
            weights = np.array([draws.next() for _ in range(min(after, steps) - first)], dtype)
            weights = weights.reshape(-1, n) if len(weights) else none
        over = advance(
            first, after, steps, n, start, N, C, A, side, head, y, y_observed, push, weights, place,
            recorded, out_steps, out_margins, out_gamma, snapshots, out_kept, out_C, out_A, rule,
            keep, beta, V, left, out_left,
        )  # fmt: skip
        if over:
            break
        if cancelled.is_set():
            raise KeyboardInterrupt
    T, S = int(place[0]), int(place[1])
    margins = _first(out_margins, T)
    return Record(
        steps=_first(out_steps, T),
        margins=margins,
        gamma=_first(out_gamma, T).reshape(T, 2, m),
        train_loss=np.logaddexp(0.0, -margins).mean(axis=1),
        snapshot_steps=_first(out_kept, S),
        coefficients=_first(out_C, S),
        products=_first(out_A, S),
        span_residual=np.zeros(S),
        initial_share=_first(out_left, S),
    )


def _up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def _first(rows: NDArray[Number], count: int) -> NDArray[Number]:
    """The first rows, without holding on to the memory of the others."""
    return rows if count == len(rows) else rows[:count].copy()
