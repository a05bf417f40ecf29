"""The measures on a CUDA device."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.cpu import setting_of
from benchmarks.rows import Row
from benchmarks.timing import Spread
from simulation.two_stage.cnn import run_cnn
from simulation.two_stage.geometry import draw_geometry, geometry_of
from simulation.two_stage.problem import sample_problem
from simulation.two_stage.reduced import run_reduced

__all__ = ["batch_rows", "network_row"]

_BATCH_SHARE, _AGAINST_CPU, _BOUND_SHARE = 40.0, 100.0, 60.0


def _seconds(work: Callable[[], object], repeats: int) -> float:
    """Median time of a call, the device waited for."""
    work()
    torch.cuda.synchronize()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def _matrix_rate() -> float:
    """FP64 operations a second of a large matrix product on this card."""
    size = 8192
    a, b = (torch.randn(size, size, dtype=torch.float64, device="cuda") for _ in range(2))
    out = torch.empty_like(a)
    return 2.0 * size**3 / _seconds(lambda: torch.mm(a, b, out=out), 5)


def _memory_rate() -> float:
    """Bytes a second of a large copy, reads and writes counted."""
    a = torch.empty(2**28, dtype=torch.float64, device="cuda")
    b = torch.empty_like(a)
    return 2.0 * a.numel() * 8 / _seconds(lambda: b.copy_(a), 5)


def _step_seconds(make: Callable[[int], object], few: int, many: int, repeats: int) -> float:
    """Time of a step, as the difference of runs of two lengths: what a run costs once is left out."""
    return (_seconds(lambda: make(many), repeats) - _seconds(lambda: make(few), repeats)) / (many - few)


def batch_rows(n: int, m: int, runs: int, rounds: int) -> list[Row]:
    """A batch of runs: share of the card's FP64 matrix rate, and speed against all cores of this machine."""
    name = f"CUDA, reduced float64 over {runs} runs at n = {n}, m = {m}"
    first = f"{name}: share of the card's FP64 matrix rate"
    second = f"{name}: against two CPU cores"
    if not torch.cuda.is_available():
        why: dict[str, Any] = {"skipped": "no GPU"}
        return [
            Row(first, _BATCH_SHARE, "at least", " %", **why),
            Row(second, _AGAINST_CPU, "at least", "x", **why),
        ]
    setting = setting_of(n, 10**8, m)
    # Geometries are shared among runs: drawing them is no part of a step, and memory holds each run's own.
    drawn = [draw_geometry(setting, seed) for seed in range(min(runs, 64))]
    geometries = [drawn[k % len(drawn)] for k in range(runs)]

    def batch(steps: int, device: str, count: int) -> object:
        ends = np.array([0, steps])
        return run_reduced(
            geometries[:count],
            [setting.eta] * count,
            steps=[steps] * count,
            recorded=[ends] * count,
            snapshots=[ends[1:]] * count,
            device=device,
        )

    step = _step_seconds(lambda steps: batch(steps, "cuda", runs), 20, 220, rounds)
    few = min(runs, 64)
    slow = _step_seconds(lambda steps: batch(steps, "cpu", few), 20, 420, rounds) * runs / few
    from simulation.threads import available_threads

    cores = min(available_threads(), few)
    rate, flops = _matrix_rate(), 2.0 * runs * 2 * m * (n + 1) ** 2
    share, against = 100.0 * flops / step / rate, slow * cores / 2 / step
    details = {
        "step_ms": step * 1e3,
        "matrix_tflops": rate / 1e12,
        "cpu_cores": cores,
        "cpu_step_ms_two_cores": slow * cores / 2 * 1e3,
    }
    return [
        Row(first, _BATCH_SHARE, "at least", " %", Spread(share, share, share), details=details),
        Row(second, _AGAINST_CPU, "at least", "x", Spread(against, against, against), details=details),
    ]


def network_row(n: int, d: int, m: int, rounds: int) -> Row:
    """A step of the real network: share of the bound that its bytes or its operations set."""
    name = f"CUDA, cnn float64 at ({n}, {d}, {m}): share of its bound"
    if not torch.cuda.is_available():
        return Row(name, _BOUND_SHARE, "at least", " %", skipped="no GPU")
    setting = setting_of(n, d, m)
    problem = sample_problem(setting, 0)
    gram = geometry_of(problem).gram

    def run(steps: int) -> object:
        ends = np.array([0, steps])
        return run_cnn(
            problem, setting.eta, steps=steps, recorded=ends, snapshots=ends[1:], device="cuda", gram=gram
        )

    step = _step_seconds(run, 5, 105, rounds)
    # Two products with the patches; the patches read twice, the weights read twice and written once.
    operations, size = 2 * 2.0 * 2 * m * n * d, 8.0 * (2 * n * d + 3 * 2 * m * d)
    rate, memory = _matrix_rate(), _memory_rate()
    bound = max(operations / rate, size / memory)
    share = 100.0 * bound / step
    return Row(
        name,
        _BOUND_SHARE,
        "at least",
        " %",
        Spread(share, share, share),
        details={
            "step_ms": step * 1e3,
            "bound_ms": bound * 1e3,
            "operations_ms": operations / rate * 1e3,
            "bytes_ms": size / memory * 1e3,
        },
    )
