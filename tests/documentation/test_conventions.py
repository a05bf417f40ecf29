"""Every convention of docs/conventions.md, trained by autograd, is ours at the mapped step and start."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from documentation.pages import DOCS
from simulation import Problem, sample_problem, train
from theory import Setting
from theory.two_stage.variation import Variation

STEPS = 60
#: In the other convention: labels flip, signs of many pre-activations change within the steps.
YOURS = Setting(
    n=20, d=60, m=5, sigma_xi=1.0, signal_norm=3.0, tau_plus=0.2, tau_minus=0.1, sigma_0=0.02, eta=0.02
)
Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def sides(w: torch.Tensor, p: Problem) -> torch.Tensor:
    """Sums over filters of each side's responses, (2, n)."""
    signal = torch.tensor(p.y[:, None] * p.mu)
    return (torch.relu(w @ signal.T) + torch.relu(w @ torch.tensor(p.xi).T)).sum(1)


def logistic(f: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.softplus(-y * f)


def binary_cross_entropy(f: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.binary_cross_entropy_with_logits(f, (y + 1) / 2, reduction="none")


def two_sides(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(z.T, ((1 - y) / 2).long(), reduction="none")


def plus_and_minus(f: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return two_sides(torch.stack([f, -f]), y)


def difference(scale: float) -> Callable[[torch.Tensor], torch.Tensor]:
    return lambda z: scale * (z[0] - z[1])


M = YOURS.m
#: Row of the page -> what the network puts out given its sides' sums, the loss of it, c, and the reduction.
ROWS: dict[str, tuple[Callable[[torch.Tensor], torch.Tensor], Loss, float, str]] = {
    "mean over the m filters": (difference(1 / M), logistic, 1.0, "mean"),
    "sum over filters": (difference(1.0), logistic, M, "mean"),
    "NTK scaling": (difference(1 / math.sqrt(M)), logistic, math.sqrt(M), "mean"),
    "over all $2m$ filters": (difference(1 / (2 * M)), logistic, 0.5, "mean"),
    "two logits $(F_{+1}, F_{-1})$": (lambda z: z / M, two_sides, 1.0, "mean"),
    "two logits $(f, -f)$": (difference(1 / M), plus_and_minus, 2.0, "mean"),
    "one logit $f$, labels 0 and 1": (difference(1 / M), binary_cross_entropy, 1.0, "mean"),
    "loss summed over samples": (difference(1 / M), logistic, 1.0, "sum"),
}


def trained(
    p: Problem, eta: float, output: Callable[[torch.Tensor], torch.Tensor], loss: Loss, reduction: str
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """`y~ (F_{+1} - F_{-1})` in the convention's own scale, at every step; (STEPS + 1, n)."""
    w, y, seen = torch.tensor(p.w0), torch.tensor(p.y_observed), []
    for _ in range(STEPS + 1):
        w.requires_grad_()
        out = output(sides(w, p))
        seen.append((y * (out if out.ndim == 1 else out[0] - out[1])).detach().numpy())
        (step,) = torch.autograd.grad(getattr(loss(out, y), reduction)(), w)
        w = (w - eta * step).detach()
    return np.array(seen)


def mapped(p: Problem, c: float) -> Problem:
    return Problem(p.mu, p.xi, p.y, p.y_observed, c * p.w0)


@pytest.mark.parametrize("row", ROWS)
def test_training_in_the_convention_is_ours_step_by_step(row: str) -> None:
    output, loss, c, reduction = ROWS[row]
    p = sample_problem(YOURS, seed=1)
    eta = c**2 * YOURS.eta * (YOURS.n if reduction == "sum" else 1)
    theirs = trained(p, YOURS.eta, output, loss, reduction)
    # Logits (f, -f): the loss sees their difference, twice the output.
    theirs = theirs * (2.0 if loss is plus_and_minus else 1.0)
    run = train(mapped(p, c), steps=STEPS, eta=eta, engine="cnn")
    assert np.abs(run.margins - theirs).max() <= 1e-11 * max(1.0, np.abs(theirs).max())
    # The training moved, so that agreeing says something.
    assert np.abs(theirs[-1] - theirs[0]).max() > 0.02


@pytest.mark.parametrize("row", [row for row, (_, _, c, _) in ROWS.items() if c != 1])
def test_without_the_mapping_of_the_step_it_is_another_training(row: str) -> None:
    output, loss, c, reduction = ROWS[row]
    p = sample_problem(YOURS, seed=1)
    theirs = trained(p, YOURS.eta, output, loss, reduction) * (2.0 if loss is plus_and_minus else 1.0)
    run = train(mapped(p, c), steps=STEPS, eta=c * YOURS.eta, engine="cnn")
    assert np.abs(run.margins - theirs).max() > 1e-3


def test_biases_map_as_the_weights_do() -> None:
    """A sum over filters with a bias each: b = m b' at eta = m^2 eta'."""
    p = sample_problem(YOURS, seed=1)
    w, b, y = torch.tensor(p.w0), torch.zeros(2, M, dtype=torch.float64), torch.tensor(p.y_observed)
    signal, noise = torch.tensor(p.y[:, None] * p.mu), torch.tensor(p.xi)
    seen = []
    for _ in range(STEPS + 1):
        w.requires_grad_(), b.requires_grad_()
        shift = b[..., None]
        z = (torch.relu(w @ signal.T + shift) + torch.relu(w @ noise.T + shift)).sum(1)
        out = z[0] - z[1]
        seen.append((y * out).detach().numpy())
        steps = torch.autograd.grad(logistic(out, y).mean(), (w, b))
        w, b = (w - YOURS.eta * steps[0]).detach(), (b - YOURS.eta * steps[1]).detach()
    run = train(
        mapped(p, M), steps=STEPS + 1, eta=M**2 * YOURS.eta, engine="cnn", variation=Variation(biases=True)
    )
    assert np.abs(run.margins[:-1] - np.array(seen)).max() <= 1e-10
    assert run.biases is not None
    assert np.abs(run.biases[-1] - M * b.numpy()).max() <= 1e-10
    assert np.abs(run.biases[-1]).max() > 1e-3


def test_every_row_of_the_page_is_trained() -> None:
    page = (DOCS / "conventions.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "eta'" in line]
    assert len(rows) == len(ROWS)
    for row in ROWS:
        assert any(row in line for line in rows), row
