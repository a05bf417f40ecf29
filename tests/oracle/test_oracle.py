"""The oracle itself: it imports nothing of what it judges, and its gradient is the gradient."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from oracle.numpy_cnn import Data, coefficients, loss_gradient, make_data, outputs, stacked, train

PACKAGES = {"theory", "simulation", "verify"}
FILES = sorted(Path(__file__).parent.rglob("*.py"))


def imported(source: str) -> set[str]:
    """Top-level names that a module imports, whether by statement or by `__import__`/`import_module`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("__import__", "import_module"):
                found |= {str(a.value).split(".")[0] for a in node.args if isinstance(a, ast.Constant)}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_the_oracle_imports_none_of_the_packages_it_judges(path: Path) -> None:
    assert not imported(path.read_text(encoding="utf-8")) & PACKAGES


@pytest.mark.parametrize(
    "line",
    [
        "import simulation",
        "import theory.two_stage.setting as s",
        "from verify.judge import judge",
        "def f():\n    from simulation import train",
        "__import__('theory')",
        "importlib.import_module('simulation.two_stage.reduced')",
    ],
)
def test_an_import_of_them_would_be_seen(line: str) -> None:
    assert imported(line) & PACKAGES


def small() -> Data:
    return make_data(
        np.random.default_rng(3), 6, 11, 3,
        sigma_xi=1.0, signal_norm=2.0, flip_plus=0.3, flip_minus=0.2, sigma_0=0.4,
    )  # fmt: skip


def test_the_hand_written_gradient_is_the_derivative_of_the_loss() -> None:
    data = small()
    step = np.finfo(float).eps ** (1 / 3)

    def loss(w: np.ndarray) -> float:
        z = data.y_observed * outputs(w, data.signal_patches, data.xi)
        return float(np.log1p(np.exp(-z)).mean())

    exact = loss_gradient(data.w0, data)
    for index in np.ndindex(*data.w0.shape):
        shift = np.zeros_like(data.w0)
        shift[index] = step
        difference = (loss(data.w0 + shift) - loss(data.w0 - shift)) / (2 * step)
        # Central differences err by step^2 (third derivatives are of order |x|^3 < 100) + eps/step.
        assert abs(difference - exact[index]) < 100 * step**2


def test_the_outputs_follow_the_definition_on_one_worked_example() -> None:
    # m = 1, d = 2, mu = (2, 0), y = -1, xi = (0, 3): F_+ = relu(-2) + relu(3) = 3, F_- = relu(2) + relu(-6).
    w = np.array([[[1.0, 1.0]], [[-1.0, -2.0]]])
    assert outputs(w, np.array([[-2.0, 0.0]]), np.array([[0.0, 3.0]])).tolist() == [3.0 - 2.0]


def test_the_coefficients_rebuild_the_weights() -> None:
    data = small()
    w = train(data, eta=0.5, steps=30).weights[30]
    gamma, rho = coefficients(w, data)
    side = np.array([1.0, -1.0])[:, None, None]
    rebuilt = data.w0 + side * gamma[..., None] * data.mu / (data.mu @ data.mu)
    rebuilt += rho @ (data.xi / np.sum(data.xi**2, axis=1)[:, None])
    assert np.abs(w - data.w0).max() > 0.1
    np.testing.assert_allclose(rebuilt, w, rtol=0, atol=30 * 11 * np.finfo(float).eps * np.abs(w).max())


def test_problems_side_by_side_are_trained_as_each_alone() -> None:
    several = [
        make_data(
            np.random.default_rng(seed), 6, 11, 3,
            sigma_xi=1.0, signal_norm=2.0, flip_plus=0.3, flip_minus=0.2, sigma_0=0.4,
        )
        for seed in range(4)
    ]  # fmt: skip
    together = train(stacked(several), 0.5, 20)
    for k, data in enumerate(several):
        alone = train(data, 0.5, 20)
        np.testing.assert_allclose(together.margins[:, k], alone.margins, rtol=0, atol=1e-13)
        np.testing.assert_allclose(together.weights[20][k], alone.weights[20], rtol=0, atol=1e-13)
