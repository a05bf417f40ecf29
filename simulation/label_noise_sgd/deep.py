"""Deep networks with bias under plain SGD, by torch autograd: the balance of every hidden unit, measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from theory.rng import derive_seed

__all__ = ["Activation", "Balance", "Loss", "run_deep"]

Floats = NDArray[np.float64]
Activation = Literal["relu", "leaky", "tanh"]
Loss = Literal["mse", "ce"]


@dataclass(frozen=True, eq=False)
class Balance:
    """Of every hidden unit, all layers joined, (units,): what its balance

    `|incoming weights|^2 + bias^2 - |outgoing weights|^2`

    changed by, and the sum of its squared steps with the same signs. `total` is the sum of all squared steps.
    """

    change: Floats
    squares: Floats
    total: float


def run_deep(
    widths: tuple[int, ...],
    *,
    eta: float,
    batch: int,
    steps: int,
    activation: Activation = "relu",
    loss: Loss = "mse",
    noise: float = 1.0,
    seed: int = 0,
) -> Balance:
    """Train a network of these widths on a random teacher with noisy labels, float64.

    Args:
        widths: inputs, hidden layers, outputs; at least three.
        noise: size of the label noise for "mse"; for "ce" the share of labels drawn uniformly.

    Raises:
        ValueError: naming the argument.
    """
    if len(widths) < 3:
        raise ValueError(f"widths must hold inputs, hidden layers and outputs, was {widths!r}")
    if activation not in get_args(Activation):
        raise ValueError(f"activation must be one of {get_args(Activation)}, was {activation!r}")
    if loss not in get_args(Loss):
        raise ValueError(f"loss must be one of {get_args(Loss)}, was {loss!r}")
    source = torch.Generator().manual_seed(derive_seed(seed, "label_noise_sgd.deep"))

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=source, dtype=torch.float64)

    weights = [normal(b, a) / a**0.5 for a, b in pairwise(widths)]
    biases = [0.1 * normal(b) for b in widths[1:]]
    teacher = normal(widths[-1], widths[0])
    parameters = [x.requires_grad_() for x in (*weights, *biases)]
    known: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "relu": torch.relu,
        "leaky": lambda x: torch.nn.functional.leaky_relu(x, 0.1),
        "tanh": torch.tanh,
    }
    apply = known[activation]

    def balance(w: list[torch.Tensor], b: list[torch.Tensor]) -> torch.Tensor:
        parts = [(w[k] ** 2).sum(1) + b[k] ** 2 - (w[k + 1] ** 2).sum(0) for k in range(len(widths) - 2)]
        return torch.cat(parts).detach().clone()

    start, squares, total = balance(weights, biases), 0.0 * balance(weights, biases), 0.0
    for _ in range(steps):
        x = normal(batch, widths[0])
        out = x
        for k, (w, b) in enumerate(zip(weights, biases, strict=True)):
            out = out @ w.T + b
            if k < len(weights) - 1:
                out = apply(out)
        if loss == "mse":
            value = 0.5 * ((out - x @ teacher.T - noise * normal(batch, widths[-1])) ** 2).mean()
        else:
            labels = (x @ teacher.T).argmax(1)
            other = torch.randint(widths[-1], (batch,), generator=source)
            labels = torch.where(torch.rand(batch, generator=source) < noise, other, labels)
            value = torch.nn.functional.cross_entropy(out, labels)
        moves = [-eta * g for g in torch.autograd.grad(value, parameters)]
        squares = squares + balance(moves[: len(weights)], moves[len(weights) :])
        total += float(sum((x**2).sum() for x in moves))
        with torch.no_grad():
            for parameter, move in zip(parameters, moves, strict=True):
                parameter += move
    change = balance(weights, biases) - start
    return Balance(change.numpy(), squares.numpy(), total)
