"""Three independent computations of one training run: the oracle, the torch network, the closure.

Data are plain arrays made here. The engines' own samplers take no part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from oracle.numpy_cnn import Data, OracleRun, coefficients, make_data
from oracle.numpy_cnn import train as train_oracle

from simulation.two_stage.cnn import TwoLayerCNN
from simulation.two_stage.problem import Problem
from simulation.two_stage.training import train
from simulation.two_stage.trajectory import Trajectory

STEPS = 300
KEPT = (0, 1, STEPS // 2)
#: On margins in absolute, on coefficients in relative terms: rounding of 300 steps in float64 stays
#: orders below it, any change of the algorithm orders above (see the planted changes below).
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Case:
    """A problem by its numbers; `clock_step` h fixes eta = h n m / (sigma_xi^2 d)."""

    name: str
    n: int
    d: int
    m: int
    sigma_xi: float = 1.0
    a: float = 6.0
    flips: tuple[float, float] = (0.2, 0.2)
    share_plus: float = 0.5
    iota: float = 0.3
    clock_step: float = 0.1

    def __str__(self) -> str:
        return self.name

    @property
    def eta(self) -> float:
        return self.clock_step * self.n * self.m / (self.sigma_xi**2 * self.d)

    def data(self) -> Data:
        return make_data(
            np.random.default_rng([self.n, self.d, self.m]),
            self.n,
            self.d,
            self.m,
            sigma_xi=self.sigma_xi,
            signal_norm=self.sigma_xi * np.sqrt(self.a * self.d / self.n),
            flip_plus=self.flips[0],
            flip_minus=self.flips[1],
            sigma_0=self.iota / (self.sigma_xi * np.sqrt(self.d)),
            share_plus=self.share_plus,
        )


CASES = [
    Case("typical", 12, 60, 5),
    Case("square: d = n + 1", 10, 11, 3),
    Case("d = n + 2, more filters than free dimensions", 12, 14, 5),
    Case("asymmetric labels", 15, 40, 4, flips=(0.45, 0.05), share_plus=0.8),
    Case("no flips", 8, 50, 2, flips=(0.0, 0.0)),
    Case("large step", 12, 60, 5, clock_step=2.0),
    Case("small noise scale", 12, 60, 5, sigma_xi=0.1),
    Case("large noise scale", 12, 60, 5, sigma_xi=10.0),
    Case("signal far below noise", 9, 30, 3, a=1e-4),
    Case("signal far above noise", 9, 30, 3, a=1e3, clock_step=0.01),
    Case("one filter a side", 7, 20, 1, iota=2.0),
    Case("two samples", 2, 3, 2),
]


@cache
def oracle(case: Case) -> OracleRun:
    return train_oracle(case.data(), case.eta, STEPS, KEPT)


def problem(data: Data) -> Problem:
    return Problem(data.mu, data.xi, data.y, data.y_observed, data.w0)


def run(case: Case, engine: str, *, dtype: str = "float64", device: str = "cpu") -> Trajectory:
    return train(
        problem(case.data()),
        eta=case.eta,
        steps=STEPS,
        engine=engine,
        snapshots=KEPT,
        dtype=dtype,
        device=device,
    )


def off_by(found: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Largest deviation relative to the largest expected entry."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("engine", ["cnn", "reduced"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_engine_reproduces_the_oracle(case: Case, engine: str) -> None:
    expected = oracle(case)
    found = run(case, engine)
    assert np.abs(found.margins - expected.margins).max() < TOLERANCE
    assert np.abs(found.train_loss - expected.loss).max() < TOLERANCE
    assert found.rho is not None
    for k, step in enumerate(found.snapshot_steps):
        if step == 0:
            assert not found.gamma[step].any()
            assert not found.rho[k].any()
            continue
        gamma, rho = coefficients(expected.weights[int(step)], case.data())
        assert off_by(found.gamma[step], gamma) < TOLERANCE
        assert off_by(found.rho[k], rho) < TOLERANCE


@pytest.mark.parametrize("engine", ["cnn", "reduced"])
def test_the_kept_products_are_those_of_the_oracles_weights(engine: str) -> None:
    case = CASES[0]
    data = case.data()
    found = run(case, engine)
    patches = np.concatenate([data.mu[None], data.xi])
    assert found.products is not None
    for k, step in enumerate(found.snapshot_steps):
        assert off_by(found.products[k], oracle(case).weights[int(step)] @ patches.T) < TOLERANCE


@pytest.mark.parametrize("engine", ["cnn", "reduced"])
def test_read_only_and_strided_arrays_are_taken_as_they_are(engine: str) -> None:
    case = CASES[0]
    data = case.data()
    backwards = Data(data.mu, data.xi, data.y, data.y_observed, data.w0[:, ::-1])
    for array in (data.mu, data.xi, data.y, data.y_observed, data.w0):
        array.setflags(write=False)
    for arrays in (data, backwards):
        found = train(problem(arrays), eta=case.eta, steps=5, engine=engine)
        assert np.abs(found.margins - oracle(case).margins[:6]).max() < TOLERANCE


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_case_moves_the_network(case: Case) -> None:
    """Without this the agreement above could be that of networks that do not train."""
    margins = oracle(case).margins
    assert np.abs(margins[-1] - margins[0]).max() > 0.1


PLANTED = {
    "step size off by one in ten million": lambda c, d: (d, c.eta * (1 + 1e-7)),
    "one observed label flipped": lambda c, d: (
        Data(d.mu, d.xi, d.y, d.y_observed * np.where(np.arange(c.n) == 3, -1, 1), d.w0), c.eta,
    ),
    "sides of the network swapped": lambda c, d: (Data(d.mu, d.xi, d.y, d.y_observed, d.w0[::-1]), c.eta),
    "true labels for the observed ones": lambda c, d: (Data(d.mu, d.xi, d.y, d.y, d.w0), c.eta),
    "signal shrunk by one in ten million": lambda c, d: (
        Data(d.mu * (1 - 1e-7), d.xi, d.y, d.y_observed, d.w0), c.eta,
    ),
}  # fmt: skip


@pytest.mark.parametrize("engine", ["cnn", "reduced"])
@pytest.mark.parametrize("change", PLANTED)
def test_a_planted_difference_is_seen(change: str, engine: str) -> None:
    case = CASES[0]
    data, eta = PLANTED[change](case, case.data())
    found = train(problem(data), eta=eta, steps=STEPS, engine=engine)
    assert np.abs(found.margins - oracle(case).margins).max() > 10 * TOLERANCE


# Single precision ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["cnn", "reduced"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_float32_departs_by_rounding_alone(case: Case, engine: str) -> None:
    """Rounding accumulates at most like eps32 x steps x size of the margins.

    A pre-activation within rounding of 0 may switch a step earlier or later than in float64. Such a slip
    moves a margin by a neuron's share of one step, h max(1, a) / m, and dies out; two may coincide.
    """
    eps32 = float(np.finfo(np.float32).eps)
    expected = oracle(case).margins
    found = run(case, engine, dtype="float32")
    assert found.margins.dtype == np.float64
    deviation = np.abs(found.margins - expected).max(axis=1)
    bound = eps32 * STEPS * max(1.0, float(np.abs(expected).max()))
    assert np.mean(deviation > bound) <= 0.02
    assert deviation.max() < bound + 2 * case.clock_step * max(1.0, case.a) / case.m
    # And it really is single precision: float64 arithmetic would be closer by far.
    assert deviation.max() > eps32 / 16


def test_float64_would_pass_for_no_float32() -> None:
    deviation = np.abs(run(CASES[0], "reduced").margins - oracle(CASES[0]).margins).max()
    assert deviation < np.finfo(np.float32).eps / 16


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("engine", ["cnn", "reduced"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_cuda_device_reproduces_the_oracle(case: Case, engine: str) -> None:
    found = run(case, engine, device="cuda")
    assert np.abs(found.margins - oracle(case).margins).max() < TOLERANCE


# The gradient of the torch module -----------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES[:4], ids=str)
def test_autograd_is_the_central_difference_of_the_module(case: Case) -> None:
    data = case.data()
    mu, xi, y, observed = (torch.tensor(x) for x in (data.mu, data.xi, data.y, data.y_observed))

    def loss(weight: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.softplus(-observed * TwoLayerCNN(weight)(mu, y, xi)).mean()

    net = TwoLayerCNN(torch.tensor(data.w0))
    (gradient,) = torch.autograd.grad(
        torch.nn.functional.softplus(-observed * net(mu, y, xi)).mean(), [net.weight]
    )
    scale = float(np.linalg.norm(np.concatenate([data.mu[None], data.xi]), axis=1).max())
    # In units of 1/|x|: cubic term against rounding, balanced at eps^(1/3); error eps^(2/3) |x|.
    step = float(np.finfo(float).eps ** (1 / 3)) / scale
    products = np.concatenate([data.mu[None], data.xi]) @ data.w0.reshape(-1, case.d).T
    assert np.abs(products).min() > 2 * step * scale  # no kink of a ReLU within the difference
    bound = 4 * float(np.finfo(float).eps ** (2 / 3)) * scale
    assert float(gradient.abs().max()) > 1e4 * bound
    for index in np.ndindex(*data.w0.shape):
        shift = torch.zeros_like(gradient)
        shift[index] = step
        with torch.no_grad():
            w = torch.tensor(data.w0)
            difference = (loss(w + shift) - loss(w - shift)) / (2 * step)
        assert abs(float(difference) - float(gradient[index])) < bound


def test_the_module_evaluates_the_network_of_the_definition() -> None:
    """f = (1/m) sum_r relu on the +1 side minus the same on the -1 side, worked by hand."""
    weight = torch.tensor([[[1.0, 0.0], [0.0, 2.0]], [[-1.0, 1.0], [3.0, -1.0]]], dtype=torch.float64)
    mu = torch.tensor([2.0, 0.0], dtype=torch.float64)
    xi = torch.tensor([[1.0, 1.0], [-1.0, 1.0]], dtype=torch.float64)
    y = torch.tensor([1.0, -1.0], dtype=torch.float64)
    # y=+1, patches (2,0), (1,1): plus (2+0+1+2)/2, minus (0+6+0+2)/2.
    # y=-1, patches (-2,0), (-1,1): plus (0+0+0+2)/2, minus (2+0+2+0)/2.
    assert TwoLayerCNN(weight)(mu, y, xi).tolist() == [2.5 - 4.0, 1.0 - 2.0]
