"""Two-layer linear networks: the compressed engine beside plain PyTorch and plain numpy, in one run.

`python -m benchmarks.label_noise_sgd` prints the rows; `rows()` gives them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import grad, vmap

from benchmarks.rows import Row
from benchmarks.timing import Spread, alternate, ratio
from simulation.label_noise_sgd import Dynamics, sample_problem, train_many
from simulation.label_noise_sgd.training import run_dynamics

__all__ = ["batch_row", "memory_row", "numpy_row", "rows", "step_row"]

_ETA, _SIGMA = 1e-3, 4.0


class PlainNetwork(nn.Module):
    """`f(x) = a . W x`, as one writes it."""

    def __init__(self, m: int, d: int) -> None:
        super().__init__()
        self.first = nn.Linear(d, m, bias=False, dtype=torch.float64)
        self.second = nn.Linear(m, 1, bias=False, dtype=torch.float64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (B,)."""
        out: torch.Tensor = self.second(self.first(x))
        return out[:, 0]


def _plain_loop(m: int, d: int, steps: int) -> Callable[[], None]:
    """Autograd and `optim.SGD`, batch 1, inputs and label noise drawn in the loop."""
    network = PlainNetwork(m, d)
    optimizer = torch.optim.SGD(network.parameters(), lr=_ETA / 10)

    def run() -> None:
        for _ in range(steps):
            x = torch.randn(1, d, dtype=torch.float64)
            noise = _SIGMA * (2.0 * torch.randint(2, (1,)) - 1.0)
            loss = 0.5 * ((network(x) - x[:, 0] - noise) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return run


def _vmap_loop(m: int, d: int, seeds: int, steps: int) -> Callable[[], None]:
    """One `vmap` over the seeds of the plain step."""
    state = [torch.randn(seeds, m, d).double() / d**0.5, torch.randn(seeds, m).double() / m**0.5]

    def loss(w: torch.Tensor, a: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return 0.5 * (x @ w.T @ a - y) ** 2

    slopes = vmap(grad(loss, argnums=(0, 1)))

    def run() -> None:
        for _ in range(steps):
            x = torch.randn(seeds, d, dtype=torch.float64)
            y = x[:, 0] + _SIGMA * (2.0 * torch.randint(2, (seeds,)) - 1.0)
            by_w, by_a = slopes(state[0], state[1], x, y)
            state[0] = state[0] - _ETA / 10 * by_w
            state[1] = state[1] - _ETA / 10 * by_a

    return run


def step_row(rounds: int = 7, m: int = 1000, d: int = 20) -> Row:
    """A compressed step against a step of the plain autograd loop."""
    problem, dynamics = sample_problem(m, d), Dynamics(_ETA, sigma=_SIGMA)
    few, many = 400, 200_000
    slow, fast = alternate(
        [_plain_loop(m, d, few), lambda: run_dynamics(problem, dynamics, many, record=many)], rounds
    )
    slow, fast = [s / few for s in slow], [s / many for s in fast]
    return Row(
        f"compressed step at d = {d} against plain PyTorch at (m, d) = ({m}, {d}), B = 1",
        300.0,
        "at least",
        "x",
        ratio(slow, fast),
        details={"plain_us": Spread.of(slow).median * 1e6, "compressed_us": Spread.of(fast).median * 1e6},
    )


def batch_row(rounds: int = 5, seeds: int = 32, threads: int = 2, m: int = 1000, d: int = 20) -> Row:
    """Steps a second of a batch of seeds against one `vmap` over as many, the same threads each."""
    problems = [sample_problem(m, d, seed=s) for s in range(seeds)]
    dynamics = Dynamics(_ETA, sigma=_SIGMA)
    few, many = 10, 10_000
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        slow, fast = alternate(
            [
                _vmap_loop(m, d, seeds, few),
                lambda: train_many(
                    problems, dynamics, many, seeds=range(seeds), threads=threads, record=many
                ),
            ],
            rounds,
        )
    finally:
        torch.set_num_threads(before)
    slow, fast = [s / few for s in slow], [s / many for s in fast]
    return Row(
        f"{seeds} seeds, {threads} threads: compressed batch against one vmap at ({m}, {d})",
        30.0,
        "at least",
        "x",
        ratio(slow, fast),
        details={"vmap_us": Spread.of(slow).median * 1e6, "batch_us": Spread.of(fast).median * 1e6},
    )


def numpy_row(rounds: int = 3, m: int = 1000, d: int = 20, n: int = 200) -> Row:
    """The released setting's run: the compressed engine's time as a share of plain numpy's, per step."""
    problem = sample_problem(m, d)
    data = np.random.default_rng(0).standard_normal((n, d))
    dynamics = Dynamics(_ETA, sigma=_SIGMA, samples="sampled", data=data)
    few, many = 3000, 600_000
    slow, fast = alternate(
        [
            lambda: run_dynamics(problem, dynamics, few, record=few, engine="full"),
            lambda: run_dynamics(problem, dynamics, many, record=many // 100),
        ],
        rounds,
    )
    slow, fast = [s / few for s in slow], [s / many for s in fast]
    return Row(
        "600,000 steps at n = 200, m = 1000, d = 20: compressed as a share of plain numpy",
        0.1,
        "at most",
        "",
        ratio(fast, slow),
        details={"numpy_us": Spread.of(slow).median * 1e6, "compressed_us": Spread.of(fast).median * 1e6},
    )


_MEMORY = """
import json
from simulation.label_noise_sgd import Dynamics, sample_problem
from simulation.label_noise_sgd.training import run_dynamics
def peak():
    return 1024 * int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0])
run_dynamics(sample_problem(30, 20), Dynamics(1e-3, sigma=4.0), 10)
before = peak()
run_dynamics(sample_problem(1000, 20), Dynamics(1e-3, sigma=4.0), 3_000_000, record=30_000)
print(json.dumps([before, peak()]))
"""


def memory_row() -> Row:
    """Peak memory of a run of three million steps above what the imports and a small run take."""
    name = "peak memory of 3,000,000 steps at (1000, 20) above the imports"
    if not os.path.exists("/proc/self/status"):
        return Row(name, 200.0, "at most", " MB", skipped="needs /proc")
    done = subprocess.run([sys.executable, "-c", _MEMORY], capture_output=True, text=True, check=True)
    before, after = json.loads(done.stdout)
    return Row(name, 200.0, "at most", " MB", Spread.of([(after - before) / 1e6]))


def rows() -> list[Row]:
    """All rows."""
    return [step_row(), batch_row(), numpy_row(), memory_row()]


def main() -> int:
    """Print the rows; 0 whether targets are met or not, since a loaded machine meets none."""
    torch.set_num_threads(1)
    made: list[dict[str, Any]] = []
    for row in rows():
        verdict = {True: "pass", False: "FAIL", None: "-"}[row.passed]
        print(f"{verdict:5}{row.measure}\n{'':5}{row.value_text}   target {row.target_text}", flush=True)
        made.append(row.as_dict())
    print(json.dumps([row["details"] for row in made]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
