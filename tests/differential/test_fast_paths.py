"""No speed-up changes a result: the compiled loop, the batched torch path, the two gradients."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from simulation.two_stage.closure_cpu import run_on_cpu
from simulation.two_stage.closure_torch import run_on_torch
from simulation.two_stage.cnn import run_cnn
from simulation.two_stage.geometry import Geometry, draw_geometry, geometry_of
from simulation.two_stage.network_kernel import PatchPass
from simulation.two_stage.problem import sample_problem
from simulation.two_stage.record import Record
from simulation.two_stage.reduced import run_reduced
from simulation.two_stage.step_weights import StepWeights
from simulation.two_stage.stopping import LossAtMost, Memorised, NoisyFit, StepLimit, StopRule
from simulation.two_stage.training import train_many
from theory.compiled import compiled
from theory.two_stage.setting import Setting

Floats = NDArray[np.float64]
STEPS = 120
DEVICES = [
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.cuda,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
        ],
    ),
]


def setting(n: int, d: int, m: int, kappa_0: float = 0.3, tau: float = 0.2) -> Setting:
    return Setting.from_n_snr2(
        n=n, d=d, m=m, n_snr2=6.0, tau_plus=tau, tau_minus=tau / 2, kappa_0=kappa_0, clock_step=0.1
    )


#: Ragged on purpose: shapes on both sides of the multiples that arrays are padded to, an all-clean run, and
#: kappa_0 so small that every pre-activation starts within 1e-6 of a kink.
SETTINGS = [
    setting(15, 400, 2),
    setting(16, 10**6, 5, kappa_0=1e-6),
    setting(7, 40, 1),
    setting(33, 5000, 4, kappa_0=3.0),
    setting(12, 100, 3, tau=0.0),
]
GRID = np.arange(STEPS + 1, dtype=np.int64)
KEPT = np.array([0, 1, 50, STEPS], dtype=np.int64)


def plain(g: Geometry, eta: float, steps: int, weights: Floats | None = None) -> tuple[Floats, Floats]:
    """The recursion in four lines of numpy: margins (T, n) and the last C."""
    K, m = g.gram, g.m
    norms, side = np.diag(K), np.repeat([1.0, -1.0], m)
    C, margins = np.zeros_like(g.products), []
    for t in range(steps + 1):
        A = g.products + (C / norms) @ K
        signal = np.where(g.y > 0, side @ np.maximum(A[:, :1], 0), side @ np.maximum(-A[:, :1], 0))
        margins.append(g.y_observed * (signal + side @ np.maximum(A[:, 1:], 0)) / m)
        if t == steps:
            break
        pull = eta / (g.n * m) * g.y_observed / (1 + np.exp(margins[-1]))
        if weights is not None:
            pull = pull * weights[t]
        seen = (A[:, :1] * g.y > 0) * g.y
        C[:, 0] += side * norms[0] * (seen @ pull)
        C[:, 1:] += side[:, None] * (A[:, 1:] > 0) * norms[1:] * pull
    return np.array(margins), C


def geometries() -> list[Geometry]:
    return [draw_geometry(s, seed) for seed, s in enumerate(SETTINGS)]


def run(device: str, which: list[int], stop: StopRule | None = None, **options: Any) -> list[Record]:
    """Runs by number, through the compiled loop ("cpu"), or through torch on a device ("torch cpu", ...)."""
    drawn = geometries()
    chosen: tuple[Any, ...] = (
        [drawn[k] for k in which],
        [SETTINGS[k].eta for k in which],
        [STEPS] * len(which),
        [options.get("recorded", GRID)] * len(which),
        [options.get("snapshots", KEPT)] * len(which),
        options.get("batching", [None] * len(which)),
        options.get("decay", [0.0] * len(which)),
        options.get("momentum", 0.0),
        stop,
    )
    dtype = options.get("dtype", "float64")
    if device == "compiled":
        return run_on_cpu(*chosen, dtype, False)
    return run_on_torch(*chosen, device, dtype, False)


def assert_equal(one: Record, other: Record) -> None:
    for field in fields(Record):
        a, b = getattr(one, field.name), getattr(other, field.name)
        np.testing.assert_array_equal(a, b, err_msg=field.name)


def rounding(steps: int, size: float) -> float:
    """What rounding of so many steps on numbers of this size may add up to."""
    return float(np.finfo(float).eps) * 16 * (steps + 1) * max(1.0, size)


def assert_close(one: Record, other: Record) -> None:
    for name in ("margins", "gamma", "coefficients", "products", "train_loss"):
        a, b = getattr(one, name), getattr(other, name)
        assert a.shape == b.shape, name
        assert np.abs(a - b).max() <= rounding(STEPS, float(np.abs(b).max())), name
    np.testing.assert_array_equal(one.steps, other.steps)
    np.testing.assert_array_equal(one.snapshot_steps, other.snapshot_steps)


# The compiled loop against four lines of numpy ----------------------------------------------------------


@pytest.mark.parametrize("k", range(len(SETTINGS)))
@pytest.mark.parametrize("path", ["compiled", *DEVICES])
def test_a_path_is_the_plain_recursion(path: str, k: int) -> None:
    (found,) = run(path, [k])
    margins, C = plain(geometries()[k], SETTINGS[k].eta, STEPS)
    assert np.abs(margins[-1] - margins[0]).max() > 0.1
    assert np.abs(found.margins - margins).max() <= rounding(STEPS, float(np.abs(margins).max()))
    assert np.abs(found.coefficients[-1] - C).max() <= rounding(STEPS, float(np.abs(C).max()))


@pytest.mark.parametrize("k", range(len(SETTINGS)))
def test_a_step_size_off_by_one_in_ten_million_is_seen(k: int) -> None:
    (found,) = run("compiled", [k])
    margins, _ = plain(geometries()[k], SETTINGS[k].eta * (1 + 1e-7), STEPS)
    assert np.abs(found.margins - margins).max() > 10 * rounding(STEPS, float(np.abs(margins).max()))


@pytest.mark.parametrize("path", ["compiled", *DEVICES])
def test_mini_batches_are_those_of_the_plain_recursion(path: str) -> None:
    g = geometries()[0]
    (found,) = run(path, [0], batching=[StepWeights(g.n, 4, 7)])
    draws = StepWeights(g.n, 4, 7)
    margins, _ = plain(g, SETTINGS[0].eta, STEPS, np.array([draws.next() for _ in range(STEPS)]))
    assert np.abs(found.margins - margins).max() <= rounding(STEPS, float(np.abs(margins).max()))


@pytest.mark.parametrize("k", range(len(SETTINGS)))
@pytest.mark.parametrize("device", DEVICES)
def test_the_torch_path_and_the_compiled_loop_agree(device: str, k: int) -> None:
    assert_close(run(device, [k])[0], run("compiled", [k])[0])


@pytest.mark.parametrize("device", DEVICES)
def test_a_ragged_batch_of_the_torch_path_is_its_runs(device: str) -> None:
    everything = list(range(len(SETTINGS)))
    for one, other in zip(run(device, everything), run("compiled", everything), strict=True):
        assert_close(one, other)


@pytest.mark.parametrize("path", ["compiled", "cpu"])
def test_float32_is_computed_in_float32(path: str) -> None:
    for k in (0, 3):
        (single,), (double,) = run(path, [k], dtype="float32"), run(path, [k])
        off = np.abs(single.margins - double.margins)
        eps = float(np.finfo(np.float32).eps)
        assert eps / 16 < off.max() < eps * STEPS * max(1.0, float(np.abs(double.margins).max()))


# Whatever else is done at the same time -----------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_a_run_has_the_same_bits_in_any_batch_on_any_number_of_threads(
    threads: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulation.two_stage.closure_cpu.available_threads", lambda: int(threads))
    everything = list(range(len(SETTINGS)))
    together = run("compiled", everything, dtype=dtype)
    backwards = run("compiled", everything[::-1] * 3, dtype=dtype)
    for k in everything:
        (alone,) = run("compiled", [k], dtype=dtype)
        assert_equal(together[k], alone)
        assert_equal(backwards[len(everything) - 1 - k], alone)


def test_train_many_gives_the_bits_of_single_runs() -> None:
    both = train_many(SETTINGS, range(len(SETTINGS)), steps=[30, 40, 50, 60, 70])
    for k, s in enumerate(SETTINGS):
        (alone,) = train_many([s], [k], steps=[30 + 10 * k])
        assert_equal(both[k].record, alone.record)


def test_a_run_interrupted_by_progress_or_memory_has_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run("compiled", [3], NoisyFit(20), batching=[StepWeights(33, 5, 1)])
    monkeypatch.setattr("simulation.two_stage.closure_cpu._STRETCH", 1.0)
    (pieces,) = run("compiled", [3], NoisyFit(20), batching=[StepWeights(33, 5, 1)])
    assert_equal(pieces, whole[0])


def test_torchs_own_type_names_are_taken() -> None:
    g = geometries()[:1]
    options: dict[str, Any] = {"steps": [5], "recorded": [GRID[:6]], "snapshots": [GRID[5:6]]}
    one = run_reduced(g, [SETTINGS[0].eta], dtype=torch.float64, **options)
    other = run_reduced(g, [SETTINGS[0].eta], **options)
    assert_equal(one[0], other[0])


# Ending early -------------------------------------------------------------------------------------------

RULES = [
    LossAtMost(0.5),
    NoisyFit(4),
    StepLimit(17),
    LossAtMost(0.5) & NoisyFit(4) | StepLimit(90),
    (LossAtMost(0.4) | NoisyFit(30)) & StepLimit(40),
    Memorised(0.5),
    LossAtMost(0.5) & Memorised(0.75),
    NoisyFit(10**6),
]


def first_time(rule: StopRule, margins: Floats, noisy: NDArray[np.bool_]) -> int:
    """By definition, from all margins of the full run: the first step where the rule holds, else the last."""
    from simulation.two_stage.stopping import Both, Either

    def holds(rule: StopRule, t: int) -> bool:
        if isinstance(rule, LossAtMost):
            return bool(np.log1p(np.exp(-margins[t])).mean() <= rule.eps)
        if isinstance(rule, NoisyFit):
            return t + 1 >= rule.steps and bool((margins[t + 1 - rule.steps : t + 1, noisy] > 0).all())
        if isinstance(rule, StepLimit):
            return t >= rule.steps
        if isinstance(rule, Memorised):
            return bool((margins[t, noisy] > 0).mean() >= rule.share) if noisy.any() else True
        assert isinstance(rule, Both | Either)
        first, second = holds(rule.first, t), holds(rule.second, t)
        return first and second if isinstance(rule, Both) else first or second

    return next((t for t in range(len(margins)) if holds(rule, t)), len(margins) - 1)


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("path", ["compiled", *DEVICES])
def test_a_run_ends_at_the_first_step_where_its_rule_holds(path: str, rule: StopRule) -> None:
    everything = list(range(len(SETTINGS)))
    thinned = {"recorded": GRID[::7], "snapshots": np.array([0, 10, STEPS])}
    thinned["recorded"] = np.append(thinned["recorded"], STEPS)
    full, ended = run(path, everything), run(path, everything, rule, **thinned)
    for k, g in enumerate(geometries()):
        end = first_time(rule, full[k].margins, g.y != g.y_observed)
        assert ended[k].steps[-1] == ended[k].snapshot_steps[-1] == end
        grid = thinned["recorded"]
        assert ended[k].steps[:-1].tolist() == grid[grid < end].tolist()
        assert ended[k].snapshot_steps[:-1].tolist() == [t for t in (0, 10) if t < end]
        near = rounding(STEPS, float(np.abs(full[k].margins).max()))
        assert np.abs(ended[k].margins - full[k].margins[ended[k].steps]).max() <= near
        assert np.abs(ended[k].gamma - full[k].gamma[ended[k].steps]).max() <= near
        assert len(ended[k].coefficients) == len(ended[k].products) == len(ended[k].snapshot_steps)


def test_rules_end_the_runs_here_at_different_times() -> None:
    """Without this the test above could compare runs that all end at the same step."""
    ends = [int(r.steps[-1]) for r in run("compiled", list(range(len(SETTINGS))), LossAtMost(0.5))]
    assert len(set(ends)) >= 3
    assert min(ends) < STEPS


# The two gradients of the network -----------------------------------------------------------------------


@pytest.mark.parametrize("k", [0, 2, 3, 4])
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("batch_size", [None, 3])
def test_the_closed_gradient_is_autograds(device: str, k: int, batch_size: int | None) -> None:
    problem = sample_problem(SETTINGS[k], k)

    def trained(gradient: Any) -> Record:
        draws = None if batch_size is None else StepWeights(problem.n, batch_size, 5)
        options: dict[str, Any] = {"steps": STEPS, "recorded": GRID, "snapshots": KEPT, "device": device}
        return run_cnn(problem, SETTINGS[k].eta, batching=draws, gradient=gradient, **options)

    closed, automatic = trained("closed"), trained("autograd")
    # Rounding in R^d: a product of d terms.
    for name in ("margins", "gamma", "coefficients", "products"):
        a, b = getattr(closed, name), getattr(automatic, name)
        assert np.abs(a - b).max() <= 16 * rounding(STEPS, float(np.abs(b).max())), name
    if batch_size is None:
        margins, C = plain(geometry_of(problem), SETTINGS[k].eta, STEPS)
        assert np.abs(closed.margins - margins).max() <= 16 * rounding(STEPS, float(np.abs(margins).max()))
        assert np.abs(closed.coefficients[-1] - C).max() <= 16 * rounding(STEPS, float(np.abs(C).max()))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("samples_in_flight", [1, 2, 4, 10])
def test_patches_in_blocks_change_nothing_beyond_rounding(device: str, samples_in_flight: int) -> None:
    problem = sample_problem(SETTINGS[0], 3)
    options: dict[str, Any] = {"steps": 30, "recorded": GRID[:31], "snapshots": KEPT[:2], "device": device}
    whole = run_cnn(problem, SETTINGS[0].eta, **options)
    # A quarter of the room is one block; the last rooms here would hold nearly everything.
    room = min(4.0 * 8 * problem.d * samples_in_flight, problem.xi.nbytes - 1.0)
    blocks = run_cnn(problem, SETTINGS[0].eta, resident_bytes=room, **options)
    assert np.abs(blocks.margins - whole.margins).max() <= 16 * rounding(30, 1.0)
    assert np.abs(blocks.coefficients - whole.coefficients).max() <= 16 * rounding(30, 1.0)
    assert blocks.span_residual.max() < 1e-12


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_network_ends_where_its_closure_does(rule: StopRule) -> None:
    problem = sample_problem(SETTINGS[2], 1)
    options: dict[str, Any] = {"steps": STEPS, "recorded": GRID, "snapshots": KEPT, "stop": rule}
    network = run_cnn(problem, SETTINGS[2].eta, **options)
    full = run_cnn(problem, SETTINGS[2].eta, **{**options, "stop": None})
    end = first_time(rule, full.margins, problem.y != problem.y_observed)
    assert network.steps.tolist() == list(range(end + 1))
    assert network.snapshot_steps[-1] == end
    np.testing.assert_array_equal(network.margins, full.margins[: end + 1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("n", "d", "rows"), [(2, 3, 2), (7, 256, 4), (8, 9001, 6), (21, 4096 + 255, 10)])
def test_one_pass_over_the_patches_is_its_two_products(n: int, d: int, rows: int, dtype: Any) -> None:
    """Shapes on both sides of strips (256), pieces (4096) and groups of four; bits free of the threads."""
    rng = np.random.default_rng([n, d])
    mu, xi, W = (rng.standard_normal(shape).astype(dtype) for shape in ((d,), (n, d), (rows, d)))
    c = rng.standard_normal((rows, n + 1)).astype(dtype)
    V = np.concatenate([mu[None], xi]).astype(np.float64)
    expected = W.astype(np.float64) + c.astype(np.float64) @ V
    results = []
    for threads in (1, 3):
        w, A = W.copy(), np.empty((rows, n + 1), dtype)
        PatchPass(mu, xi, rows, threads)(w, c, A)
        eps = float(np.finfo(dtype).eps)
        assert np.abs(w - expected).max() <= eps * (n + 2) * float((np.abs(c) @ np.abs(V)).max())
        assert np.abs(A - w.astype(float) @ V.T).max() <= eps * d * float((np.abs(w) @ np.abs(V.T)).max())
        results.append((w, A))
        before = w.copy()
        PatchPass(mu, xi, rows, threads)(w, None, A)
        np.testing.assert_array_equal(w, before)
        np.testing.assert_array_equal(A, results[-1][1])
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_a_machine_without_a_writable_cache_compiles_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def njit(cache: bool = False, **options: Any) -> Any:
        asked.append(cache)
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    monkeypatch.setattr("numba.njit", njit)
    assert compiled(len) is len
    assert asked == [True, False]


def test_training_on_a_cpu_loads_no_torch() -> None:
    program = (
        "import sys; from simulation import train; from theory import Setting; "
        "s = Setting.from_n_snr2(n=5, d=50, m=2, n_snr2=6., tau_plus=.1, tau_minus=.1, kappa_0=1., "
        "clock_step=.1); "
        "train(s, steps=2); print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False"]
