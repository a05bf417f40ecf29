"""The measures on a CPU."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from benchmarks.plain import PlainLoop
from benchmarks.rows import Row
from benchmarks.timing import Spread, alternate, ratio
from simulation.two_stage.cnn import run_cnn
from simulation.two_stage.geometry import Geometry, draw_geometry, geometry_of
from simulation.two_stage.problem import sample_problem
from simulation.two_stage.reduced import run_reduced
from simulation.two_stage.training import train
from theory.two_stage.setting import Setting

__all__ = [
    "batch_row",
    "growth_rows",
    "law_row",
    "log_error_row",
    "memory_row",
    "network_row",
    "phase_row",
    "reduced_row",
    "setting_of",
]

#: Of a timed work: at small shapes a step costs what a call does, not what its numbers do.
_MOST_STEPS = 2000


def setting_of(n: int, d: int, m: int) -> Setting:
    """A setting of the paper's regime at a shape."""
    return Setting.from_n_snr2(
        n=n, d=d, m=m, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=0.1, clock_step=0.05
    )


def _closure(geometries: list[Geometry], eta: float, steps: int) -> Callable[[], object]:
    """A work: `steps` steps of the closure, with every step's margins recorded as by default."""
    grid, last = np.arange(steps + 1), np.array([steps])
    runs = len(geometries)
    return lambda: run_reduced(
        geometries, [eta] * runs, steps=[steps] * runs, recorded=[grid] * runs, snapshots=[last] * runs
    )


def reduced_row(n: int, d: int, m: int, target: float, rounds: int) -> Row:
    """A step of the closure against a step of the plain loop."""
    setting = setting_of(n, d, m)
    problem = sample_problem(setting, 0)
    plain = PlainLoop(problem, setting.eta)
    few, many = min(max(2, 2 * 10**7 // (n * d)), _MOST_STEPS), 2000
    slow, fast = alternate(
        [lambda: plain.run(few), _closure([geometry_of(problem)], setting.eta, many)], rounds
    )
    slow, fast = [s / few for s in slow], [s / many for s in fast]
    return Row(
        f"reduced against the plain loop, a step at ({n}, {d}, {m})",
        target,
        "at least",
        "x",
        ratio(slow, fast),
        details={"plain_ms": Spread.of(slow).median * 1e3, "reduced_ms": Spread.of(fast).median * 1e3},
    )


def batch_row(n: int, m: int, runs: int, rounds: int) -> Row:
    """Matrix products of a batch a second, as a share of what products alone reach at these shapes."""
    setting = setting_of(n, 10**8, m)
    geometries = [draw_geometry(setting, seed) for seed in range(runs)]
    steps = 100
    C, N = torch.randn(runs, 2 * m, n + 1).double(), torch.randn(runs, n + 1, n + 1).double()
    out = torch.empty_like(C)
    C_host, N_host, out_host = C.numpy(), N.numpy(), out.numpy()

    def by_torch() -> None:
        for _ in range(10):
            torch.bmm(C, N, out=out)

    def by_numpy() -> None:
        for _ in range(10):
            np.matmul(C_host, N_host, out=out_host)

    ours, torchs, numpys = alternate([_closure(geometries, setting.eta, steps), by_torch, by_numpy], rounds)
    product = [min(a, b) / 10 for a, b in zip(torchs, numpys, strict=True)]
    step = [s / steps for s in ours]
    flops = 2.0 * runs * 2 * m * (n + 1) ** 2
    return Row(
        f"reduced over {runs} runs at n = {n}, m = {m}: share of the product rate",
        50.0,
        "at least",
        " %",
        ratio(product, step).scaled(100.0),
        details={
            "product_gflops": flops / Spread.of(product).median / 1e9,
            "torch_bmm_ms": Spread.of(torchs).median * 100,
            "numpy_matmul_ms": Spread.of(numpys).median * 100,
            "step_ms": Spread.of(step).median * 1e3,
        },
    )


def law_row(n: int, m: int, rounds: int) -> Row:
    """A whole run of the law engine, draw included, at d = 10^12 against d = 10^3."""
    high, low = alternate(
        [
            lambda: train(setting_of(n, 10**12, m), steps=300, seed=1),
            lambda: train(setting_of(n, 10**3, m), steps=300, seed=1),
        ],
        rounds,
    )
    return Row(
        f"law, whole run of 300 steps at n = {n}, m = {m}: d = 1e12 against d = 1e3",
        1.1,
        "at most",
        "x",
        ratio(high, low),
        details={"high_ms": Spread.of(high).median * 1e3, "low_ms": Spread.of(low).median * 1e3},
    )


def log_error_row(m: int, rounds: int) -> Row:
    """Milliseconds of a run's rare test error by 400 lines, beside the normal tails of all its pieces: what
    no way of doing it could need."""
    from scipy.special import log_ndtr

    run = train(setting_of(100, 10**8, m), steps=200, seed=1)
    pieces = np.random.default_rng(0).standard_normal((400, 2 * m + 1))

    def tails() -> None:
        log_ndtr(pieces), log_ndtr(-pieces)

    run.log_test_error("iid", samples=400)
    ours, least = alternate([lambda: run.log_test_error("iid", samples=400), tails], rounds)
    return Row(
        f"a run's rare test error, 400 lines at m = {m}",
        2.0,
        "at most",
        " ms",
        Spread.of(ours).scaled(1e3),
        details={"ratio_to_tails": ratio(ours, least).median, "tails_ms": Spread.of(least).median * 1e3},
    )


def network_row(n: int, d: int, m: int, rounds: int) -> Row:
    """A step of the network's own engine against a step of the plain loop.

    A whole run of the engine is timed, its first and last evaluation and projection included; no step between
    is recorded, as in the plain loop.
    """
    setting = setting_of(n, d, m)
    problem = sample_problem(setting, 0)
    plain = PlainLoop(problem, setting.eta)
    steps = min(max(10, 2 * 10**8 // (n * d)), _MOST_STEPS)
    ends, gram = np.array([0, steps]), geometry_of(problem).gram

    few = max(4, steps // 4)

    def engine() -> None:
        run_cnn(problem, setting.eta, steps=steps, recorded=ends, snapshots=ends[1:], gram=gram)

    slow, fast = alternate([lambda: plain.run(few), engine], rounds)
    slow, fast = [s / few for s in slow], [s / steps for s in fast]
    return Row(
        f"cnn against the plain loop at ({n}, {d}, {m})",
        2.0,
        "at least",
        "x",
        ratio(slow, fast),
        details={
            "plain_ms": Spread.of(slow).median * 1e3,
            "cnn_ms": Spread.of(fast).median * 1e3,
            "steps": steps,
        },
    )


_MEMORY = """
import json, resource, sys
from benchmarks.cpu import setting_of
from simulation.two_stage.problem import sample_problem
from simulation.two_stage.training import train
import torch
torch.set_num_threads(int(sys.argv[4]))
n, d, m = map(int, sys.argv[1:4])
def peak():
    # Not ru_maxrss: Linux hands a parent's peak on to its children.
    try:
        status = open("/proc/self/status").read()
        return 1024 * int(status.split("VmHWM:")[1].split()[0])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
train(sample_problem(setting_of(n, 4 * n, m), 0), steps=2, engine="cnn", record_coefficients=False)
before = peak()
problem = sample_problem(setting_of(n, d, m), 0)
train(problem, steps=10, engine="cnn", record_coefficients=False)
print(json.dumps([before, peak()]))
"""


def memory_row(n: int, d: int, m: int, rounds: int) -> Row:
    """Peak memory of drawing a problem and training the network on it, over that of W and xi.

    In a process of its own that has trained a small network before: what libraries take is left out, the
    data, the initial weights and everything else are counted.
    """
    need = 8.0 * (n * d + 2 * m * d)
    peaks = []
    for _ in range(rounds):
        command = [sys.executable, "-c", _MEMORY, str(n), str(d), str(m), str(torch.get_num_threads())]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        before, after = json.loads(done.stdout)
        if after - before < 0.9 * 8 * n * d:
            raise RuntimeError(f"a peak of {after - before} bytes is below the size of the patches")
        peaks.append((after - before) / need)
    return Row(
        f"cnn, peak memory over W + xi at ({n}, {d}, {m})",
        1.3,
        "at most",
        "x",
        Spread.of(peaks),
        details={"w_and_xi_mb": need / 1e6},
    )


def growth_rows(rounds: int) -> list[Row]:
    """Exponents of a step's time in n and in m, from the medians over doublings."""
    rows = []
    for name, shapes, target in (
        ("n", [(n, 20) for n in (100, 200, 400, 800)], 2.0),
        ("m", [(200, m) for m in (10, 20, 40, 80)], 1.0),
    ):
        steps = [max(20, int(4e8 / (2 * m * n**2))) for n, m in shapes]
        works = []
        for (n, m), count in zip(shapes, steps, strict=True):
            setting = setting_of(n, 10**8, m)
            works.append(_closure([draw_geometry(setting, 0)], setting.eta, count))
        seconds = np.array(alternate(works, rounds)) / np.array(steps)[:, None]
        sizes = np.log([shape[0 if name == "n" else 1] for shape in shapes])
        slopes = [float(np.polyfit(sizes, np.log(column), 1)[0]) for column in seconds.T]
        rows.append(
            Row(
                f"exponent of {name} in a reduced step, {name} = "
                + ", ".join(str(shape[0 if name == "n" else 1]) for shape in shapes),
                target,
                "between",
                "",
                Spread.of(slopes),
                0.15 * target,
                details={"step_us": [float(np.median(row)) * 1e6 for row in seconds]},
            )
        )
    return rows


def phase_row(cells: int, runs: int, jobs: int, share: int, time_limit: float = 6.0) -> Row:
    """Minutes of a phase diagram of `cells` x `cells`, 600 steps a run, by worker processes.

    With `share` > 1 every share-th batch of runs is made and its time multiplied, which the row says.
    """
    from time import perf_counter, process_time

    from theory.two_stage.planes import PLANES
    from verify.phase.diagram import phase_experiment
    from verify.runs.backends import backend_for
    from verify.runs.batch import batches
    from verify.runs.make import Made, make_runs
    from verify.runs.plan import plan_runs
    from verify.runs.work import run_batch

    (plane,) = [plane for plane in PLANES if plane.name == "snr-tau"]
    # Steps of 1/8 unit: 75 units are 600 steps.
    start = perf_counter()
    experiment = replace(phase_experiment(plane, cells, runs, plane.variables), clock=75.0)
    specs = plan_runs(experiment, "quick", 0)
    work = batches(experiment, specs, {"phase": plane.measure}, {spec.index: ["phase"] for spec in specs})
    planned = perf_counter() - start
    # Workers start once, however many runs they make.
    start = perf_counter()
    first = sum(1 for _ in make_runs(work[:jobs], Made(), backend=backend_for(jobs)))
    started = perf_counter() - start
    start = perf_counter()
    done = sum(1 for _ in make_runs(work[jobs::share], Made(), backend=backend_for(jobs)))
    made = perf_counter() - start
    minutes = (planned + started + made * (len(specs) - first) / done) / 60
    done += first
    # What the workers need of their cores, whoever else uses them: few batches, in this process.
    sample = work[jobs :: max(1, len(work) // 8)]
    run_batch(sample[0], "cpu")
    start = process_time()
    cost = sum(len(run_batch(batch, "cpu").measurements) for batch in sample)
    cpu = (process_time() - start) / cost
    how = "" if share == 1 else f", from {done} of {len(specs)} runs"
    return Row(
        f"phase diagram {cells} x {cells} cells x {runs} seeds, n = 100, m = 20, 600 steps, "
        f"{jobs} workers{how}",
        time_limit,
        "at most",
        " min",
        Spread(minutes, minutes, minutes),
        details={
            "runs": done,
            "start_seconds": started,
            "seconds": made,
            "cpu_ms_a_run": cpu * 1e3,
            "cpu_minutes_a_worker": cpu * len(specs) / jobs / 60,
        },
    )
