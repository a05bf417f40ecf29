"""Weight decay, heavy ball, schedules and batches: every engine trains what is written here in numpy.

The reference knows no closure: weights in R^d, gradients sample by sample.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulation.two_stage.closure_cpu import run_on_cpu
from simulation.two_stage.closure_torch import run_on_torch
from simulation.two_stage.geometry import draw_geometry
from simulation.two_stage.problem import Problem, sample_problem
from simulation.two_stage.step_weights import StepWeights
from simulation.two_stage.training import train, train_many
from theory.two_stage.decay.setting import DecayedSetting
from theory.two_stage.schedule import Schedule
from theory.two_stage.setting import Setting
from theory.two_stage.variation import Variation

Floats = NDArray[np.float64]

STEPS, BATCH = 160, 7
BASE = Setting.from_n_snr2(
    n=30, d=300, m=6, n_snr2=6.0, tau_plus=0.2, tau_minus=0.1, clock_step=0.1, kappa_0=0.5, sigma_xi=2.0
)
OPTIONS: dict[str, tuple[float, Variation]] = {
    "decay": (0.3, Variation()),
    "strong decay": (6.0, Variation()),
    "decay in batches": (0.3, Variation(batch_size=BATCH)),
    "momentum": (0.0, Variation(momentum=0.9)),
    "momentum in batches": (0.0, Variation(momentum=0.5, batch_size=BATCH)),
    "cosine": (0.0, Variation(schedule=Schedule("cosine", 120))),
    "warm-up": (0.0, Variation(schedule=Schedule("warm_up", 30))),
    "drop": (0.0, Variation(schedule=Schedule("drop", 20, 0.3))),
    "alternating": (0.0, Variation(schedule=Schedule("alternating", low=0.2))),
    "schedule, momentum, batches": (
        0.0,
        Variation(schedule=Schedule("cosine", 120), momentum=0.5, batch_size=BATCH),
    ),
}


def reference(problem: Problem, eta: float, decay: float, variation: Variation, h: float) -> Floats:
    """Margins (T, n) by the definition: sample by sample, in R^d."""
    W, V = problem.w0.copy(), np.zeros_like(problem.w0)
    n, m = problem.n, problem.m
    seen = StepWeights(n, variation.batch_size, 0)
    margins = np.empty((STEPS + 1, n))
    for t in range(STEPS + 1):
        gradient = np.zeros_like(W)
        weights = seen.next()
        for i in range(n):
            patches = problem.y[i] * problem.mu, problem.xi[i]
            output = sum((np.maximum(W @ x, 0).mean(axis=1) * [1, -1]).sum() for x in patches)
            margins[t, i] = problem.y_observed[i] * output
            slope = -problem.y_observed[i] / (1 + np.exp(margins[t, i])) * weights[i] / n
            for x in patches:
                active = (W @ x > 0) * np.array([[1.0], [-1.0]]) / m
                gradient += slope * active[..., None] * x
        beta = variation.momentum
        rate = eta * (1.0 if variation.schedule is None else variation.schedule.factor(t))
        V = beta * V - (1 - beta) * rate * gradient
        W = (1 - h * decay) * W + V
    return margins


@pytest.mark.parametrize("name", OPTIONS)
def test_every_engine_trains_as_written(name: str) -> None:
    decay, variation = OPTIONS[name]
    setting = DecayedSetting.of(BASE, decay) if decay else BASE
    problem = sample_problem(setting, 4)
    expected = reference(problem, setting.eta, decay, variation, setting.clock_step)
    size = np.abs(expected).max()
    ends: list[Any] = []
    for engine, gradient in (("reduced", "closed"), ("cnn", "closed"), ("cnn", "autograd")):
        found = train(problem, steps=STEPS, engine=engine, variation=variation, gradient=gradient)
        assert np.abs(found.margins - expected).max() < 1e-12 * size, (engine, gradient)
        ends.append((found.record.coefficients[-1], found.weights().matrix("any"), found.weight_root()))
    for other in ends[1:]:
        for one, two in zip(ends[0], other, strict=True):
            scale = np.abs(one).max()
            assert np.abs(np.abs(one) - np.abs(two)).max() < 1e-9 * scale


@pytest.mark.parametrize("name", OPTIONS)
def test_both_ways_to_compute_the_closure_agree(name: str) -> None:
    decay, variation = OPTIONS[name]
    geometry, grid = draw_geometry(BASE, 5), np.arange(STEPS + 1)

    def made(run: Any, *device: str) -> Any:
        draws = StepWeights(BASE.n, variation.batch_size, 5, variation.schedule)
        lost = decay * BASE.clock_step
        (record,) = run(
            [geometry], [BASE.eta], [STEPS], [grid], [grid[::40]], [draws], [lost], variation.momentum, None,
            *device, "float64", False,
        )  # fmt: skip
        return record

    one, other = made(run_on_cpu), made(run_on_torch, "cpu")
    for field in ("margins", "gamma", "coefficients", "products", "initial_share"):
        a, b = getattr(one, field), getattr(other, field)
        assert np.abs(a - b).max() <= 1e-12 * np.abs(a).max(), field


def test_the_law_engine_takes_decay_from_each_setting() -> None:
    settings = [BASE, DecayedSetting.of(BASE, 0.2), DecayedSetting.of(BASE, 0.7)]
    together = train_many(settings, [3, 3, 3], steps=[60, 60, 60])
    for setting, run in zip(settings, together, strict=True):
        alone = train(setting, steps=60, seed=3)
        np.testing.assert_array_equal(alone.margins, run.margins)
    assert np.abs(together[0].margins[-1] - together[1].margins[-1]).max() > 0.01
    left = [run.record.initial_share[-1] for run in together]
    assert left == pytest.approx([1.0, 0.98**60, 0.93**60], rel=1e-12)


def test_the_decay_of_a_problem_is_in_clock_units_whatever_the_step() -> None:
    problem = sample_problem(BASE, 4)
    run = train(problem, eta=BASE.eta / 2, steps=10, weight_decay=0.4)
    assert run.record.initial_share[-1] == pytest.approx((1 - 0.4 * BASE.clock_step / 2) ** 10, rel=1e-12)


def test_a_run_under_a_schedule_tells_its_own_clock() -> None:
    from simulation.two_stage.run import MeasuredRun

    schedule = Schedule("warm_up", 10)
    run = MeasuredRun(train(BASE, steps=20, variation=Variation(schedule=schedule)), BASE, schedule=schedule)
    assert run.clock[10] == pytest.approx(0.1 * 5.5)
    assert run.clock[20] == pytest.approx(0.1 * 15.5)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("weight_decay must be a finite number >= 0, was -1.0", {"weight_decay": -1.0}),
        ("h lambda < 1, was 2", {"weight_decay": 20.0}),
        (
            "not defined together with a schedule or momentum",
            {"weight_decay": 0.1, "variation": Variation(momentum=0.5)},
        ),
        (
            "not defined together with a schedule or momentum",
            {"weight_decay": 0.1, "variation": Variation(schedule=Schedule("warm_up", 5))},
        ),
    ],
)
def test_what_is_not_exact_is_refused_in_one_line(words: str, options: Any) -> None:
    with pytest.raises(ValueError, match="weight_decay") as refused:
        train(BASE, steps=3, **options)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_options_out_of_range_are_named() -> None:
    with pytest.raises(ValueError, match="momentum must lie in"):
        Variation(momentum=1.0)
    with pytest.raises(ValueError, match=r"schedule\.kind must be one of"):
        Schedule("linear")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="weight_decay must be below 1/h"):
        DecayedSetting.of(BASE, 11.0)
