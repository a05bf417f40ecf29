"""Labels flipped afresh at every step, and biases: each engine against a plain loop of autograd in R^d.

The loop knows no engine and no closure: one network written down, one optimiser step a line, float64.
"""

from __future__ import annotations

import sys
from typing import Any, Literal

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from simulation.two_stage.closure_torch import run_on_torch
from simulation.two_stage.geometry import geometry_of
from simulation.two_stage.problem import Problem, sample_problem
from simulation.two_stage.step_weights import StepWeights
from simulation.two_stage.training import train, train_many
from simulation.two_stage.trajectory import Trajectory
from theory.two_stage.decay.setting import DecayedSetting
from theory.two_stage.schedule import Schedule
from theory.two_stage.setting import Setting
from theory.two_stage.variation import Variation

Floats = NDArray[np.float64]
Gradient = Literal["closed", "autograd"]

STEPS, SEED = 160, 4
BASE = Setting.from_n_snr2(
    n=30, d=300, m=6, n_snr2=6.0, tau_plus=0.2, tau_minus=0.1, clock_step=0.1, kappa_0=0.5, sigma_xi=2.0
)
FRESH: dict[str, tuple[float, Variation]] = {
    "fresh": (0.0, Variation(fresh_flips=0.2)),
    "rarely": (0.0, Variation(fresh_flips=0.01)),
    "decay": (0.3, Variation(fresh_flips=0.2)),
    "batches": (0.0, Variation(fresh_flips=0.3, batch_size=7)),
    "schedule, momentum": (
        0.0,
        Variation(fresh_flips=0.1, momentum=0.5, schedule=Schedule("cosine", 120)),
    ),
}
BIASED: dict[str, Variation] = {
    "biases": Variation(biases=True),
    "fresh": Variation(biases=True, fresh_flips=0.2),
    "batches": Variation(biases=True, batch_size=7),
    "schedule, momentum": Variation(biases=True, momentum=0.9, schedule=Schedule("warm_up", 30)),
}


def weights_of(n: int, variation: Variation, seed: int) -> Floats:
    """(STEPS, n), signed: negative where a step sees the other label."""
    draws = StepWeights(n, variation.batch_size, seed, variation.schedule, variation.fresh_flips)
    return np.array([draws.next() for _ in range(STEPS)])


def outside(problem: Problem, setting: Setting, variation: Variation, decay: float = 0.0) -> Any:
    """Margins (STEPS + 1, n), final weights (2, m, d) and biases (2, m), by the definition."""
    mu, xi = torch.tensor(problem.mu), torch.tensor(problem.xi)
    y, observed = torch.tensor(problem.y), torch.tensor(problem.y_observed)
    w, b = torch.tensor(problem.w0), torch.zeros(2, problem.m, dtype=torch.float64)
    moving_w, moving_b = torch.zeros_like(w), torch.zeros_like(b)
    steps = weights_of(problem.n, variation, 0)
    margins = []
    for t in range(STEPS + 1):
        w.requires_grad_(), b.requires_grad_()
        signal = torch.relu(w @ torch.outer(y, mu).T + b[..., None])
        noise = torch.relu(w @ xi.T + b[..., None])
        sides = (signal + noise).mean(1)
        f = sides[0] - sides[1]
        margins.append((observed * f).detach().numpy())
        if t == STEPS:
            break
        seen = torch.tensor(np.sign(steps[t]) + (steps[t] == 0)) * observed
        loss = (torch.tensor(np.abs(steps[t])) * torch.log1p(torch.exp(-seen * f))).mean()
        of_w, of_b = torch.autograd.grad(loss, (w, b))
        beta = variation.momentum
        moving_w = beta * moving_w - (1 - beta) * setting.eta * of_w
        moving_b = beta * moving_b - (1 - beta) * setting.eta * of_b
        w = ((1 - decay * setting.clock_step) * w + moving_w).detach()
        b = (b + moving_b).detach() if variation.biases else b.detach()
    return np.array(margins), w.detach().numpy(), b.detach().numpy()


def final_weights(run: Trajectory) -> Floats:
    return run.weights().matrix("any").reshape(2, -1, 300)


@pytest.mark.parametrize("name", FRESH)
def test_labels_flipped_afresh_are_trained_on_by_every_engine(name: str) -> None:
    decay, variation = FRESH[name]
    setting = DecayedSetting.of(BASE, decay) if decay else BASE
    problem = sample_problem(setting, SEED)
    margins, weights, _ = outside(problem, setting, variation, decay)
    made: tuple[tuple[str, Gradient], ...] = (("reduced", "closed"), ("cnn", "closed"), ("cnn", "autograd"))
    for engine, gradient in made:
        run = train(problem, steps=STEPS, engine=engine, variation=variation, gradient=gradient)
        assert np.abs(run.margins - margins).max() < 1e-10, (engine, gradient)
        assert np.abs(final_weights(run) - weights).max() < 1e-10 * np.abs(weights).max(), (engine, gradient)
    plain = train(problem, steps=STEPS, engine="reduced")
    assert np.abs(plain.margins - margins).max() > 1e-3


@pytest.mark.parametrize("name", BIASED)
def test_biases_are_trained_by_the_network(name: str) -> None:
    variation = BIASED[name]
    problem = sample_problem(BASE, SEED)
    margins, weights, biases = outside(problem, BASE, variation)
    gradients: tuple[Gradient, ...] = ("closed", "autograd")
    for gradient in gradients:
        run = train(problem, steps=STEPS, engine="cnn", variation=variation, gradient=gradient)
        assert run.biases is not None
        assert np.abs(run.margins - margins).max() < 1e-10
        assert np.abs(run.biases[-1] - biases).max() < 1e-10
        assert np.abs(final_weights(run) - weights).max() < 1e-10 * np.abs(weights).max()
    without = train(problem, steps=STEPS, engine="cnn")
    assert without.biases is None
    assert np.abs(without.margins - margins).max() > 1e-3
    assert np.abs(biases).max() > 1e-3


def test_both_ways_to_compute_the_closure_see_the_same_flips() -> None:
    problem = sample_problem(BASE, SEED)
    one = train(problem, steps=STEPS, engine="reduced", variation=Variation(fresh_flips=0.2))
    grid = np.arange(STEPS + 1)
    draws = StepWeights(BASE.n, None, 0, None, 0.2)
    (other,) = run_on_torch(
        [geometry_of(problem)], [BASE.eta], [STEPS], [grid], [grid[-1:]], [draws], [0.0], 0.0, None, "cpu",
        "float64", False,
    )  # fmt: skip
    assert np.abs(one.margins - other.margins).max() <= 1e-12 * np.abs(one.margins).max()


def test_the_law_engine_takes_fresh_flips_run_by_run() -> None:
    variation = Variation(fresh_flips=0.1)
    together = train_many([BASE, BASE], [3, 5], steps=[60, 60], variation=variation)
    for seed, run in zip((3, 5), together, strict=True):
        np.testing.assert_array_equal(
            train(BASE, steps=60, seed=seed, variation=variation).margins, run.margins
        )
    assert np.abs(together[0].margins[-1] - train(BASE, steps=60, seed=3).margins[-1]).max() > 1e-3


def test_flips_are_drawn_at_their_rate_and_leave_the_batches_alone() -> None:
    draws = StepWeights(200, 20, 1, None, 0.3)
    plain = StepWeights(200, 20, 1)
    seen, signs = np.array([draws.next() for _ in range(400)]), []
    for row in seen:
        np.testing.assert_array_equal(np.abs(row), plain.next())
        signs.append(row[row != 0] < 0)
    share = np.mean(signs)
    assert abs(share - 0.3) < 4 * np.sqrt(0.21 / 8000)
    # Of one step and of one sample alike: no label keeps its flip.
    repeats = np.mean(np.sign(StepWeights(50, None, 2, None, 0.5 - 1e-9).next()) < 0)
    assert 0.2 < repeats < 0.8


def test_test_errors_of_a_network_with_biases_are_those_of_its_outputs() -> None:
    """Against draws in R^d through the network as written, within their binomial error."""
    # Short patches: biases, which move with eta alone, are as large as products.
    setting = BASE.at(sigma_xi=0.2, n_snr2=0.3, tau_plus=0.05, tau_minus=0.05)
    problem = sample_problem(setting, SEED)
    run = train(problem, steps=60, engine="cnn", variation=Variation(biases=True))
    w, b = final_weights(run), run.biases
    assert b is not None
    rng = np.random.default_rng(0)
    count = 40_000
    y = rng.choice([-1.0, 1.0], size=count)
    xi = setting.sigma_xi * rng.standard_normal((count, setting.d))
    shift = b[-1][..., None]
    sides = np.maximum((w @ problem.mu)[..., None] * y + shift, 0) + np.maximum(w @ xi.T + shift, 0)
    wrong = float(np.mean(y * (sides[0].mean(0) - sides[1].mean(0)) <= 0))
    _, low, high = run.test_error("iid", samples=40_000)
    spread = np.sqrt(wrong * (1 - wrong) / count)
    without = (np.maximum((w @ problem.mu)[..., None] * y, 0) + np.maximum(w @ xi.T, 0)).mean(1)
    assert 0.01 < wrong < 0.45
    assert abs(np.mean(y * (without[0] - without[1]) <= 0) - wrong) > 0.02
    assert low - 4 * spread < wrong < high + 4 * spread
    logs = run.log_test_error("iid", samples=4000)
    assert logs[1] - 0.1 < np.log(wrong) < logs[2] + 0.1
    spurious = run.test_error("spurious", samples=40_000)
    log_spurious = run.log_test_error("spurious", samples=4000)
    assert log_spurious[1] - 0.05 < np.log(spurious[0]) < log_spurious[2] + 0.05


def test_float32_in_far_units_trains_the_same_biases() -> None:
    far = BASE.at(sigma_xi=BASE.sigma_xi * 2.0**60)
    runs = [
        train(s, steps=40, engine="cnn", dtype="float32", variation=Variation(biases=True))
        for s in (BASE, far)
    ]
    one, other = (run.biases for run in runs)
    assert one is not None
    assert other is not None
    # A bias has the unit of an output: at eta / c^2 it takes steps c^2 times shorter.
    assert np.abs(other).max() < 1e-20 * np.abs(one).max()


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("engine 'law' knows no biases: use 'cnn'", {"variation": Variation(biases=True)}),
        (
            "engine 'reduced' knows no biases: use 'cnn'",
            {"variation": Variation(biases=True), "engine": "reduced"},
        ),
        (
            "weight_decay is not defined together with biases: leave out one",
            {"variation": Variation(biases=True), "engine": "cnn", "weight_decay": 0.1},
        ),
    ],
)
def test_what_is_not_exact_is_refused_in_one_line(words: str, options: Any) -> None:
    with pytest.raises(ValueError, match="bias") as refused:
        train(BASE, steps=3, **options)
    assert str(refused.value) == words


def test_many_runs_of_the_law_engine_refuse_biases() -> None:
    with pytest.raises(ValueError, match="engine 'law' knows no biases"):
        train_many([BASE], [0], steps=[3], variation=Variation(biases=True))


@pytest.mark.parametrize("wrong", [-0.1, 0.5, float("nan")])
def test_a_flip_rate_out_of_range_is_named(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"fresh_flips must lie in \[0, 1/2\)"):
        Variation(fresh_flips=wrong)
    with pytest.raises(ValueError, match="biases must be True or False, was 1"):
        Variation(biases=1)  # type: ignore[arg-type]


def test_the_command_trains_them(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from simulation.two_stage.cli import main

    words = ["--n", "20", "--d", "200", "--m", "4", "--steps", "20", "--fresh-flips", "0.1"]
    for more, status in (([*words, "--engine", "cnn", "--biases"], 0), ([*words, "--biases"], 2)):
        monkeypatch.setattr(sys, "argv", ["simulation", "run", *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == status
    assert "engine 'law' knows no biases" in capsys.readouterr().err
