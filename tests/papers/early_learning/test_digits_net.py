"""The written-out training step of networks on digits against torch's automatic gradient and optimiser."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from simulation.early_learning.digits_net import Network, Targets, first_weights
from simulation.early_learning.elr_loss import ELRLoss
from theory.early_learning.digits_setting import DigitsSetting

_WIDTHS = (6, 9, 8, 4)
_N, _BATCH = 30, 10


def _torch_value(loss: ELRLoss, kind: str, logits: Any, labels: Any, indices: Any) -> Any:
    """The loss as people write it: KL has `-<t, log p>` in place of ELR's `log(1 - <p, t>)`."""
    if kind != "kl":
        return loss(logits, labels, indices)
    log_p = functional.log_softmax(logits, dim=1)
    loss.follow(log_p.detach().exp(), indices)
    return functional.nll_loss(log_p, labels) - loss.lam * (loss.targets[indices] * log_p).sum(dim=1).mean()


@pytest.mark.parametrize(
    ("kind", "lam", "spread"), [("ce", 0, 1), ("elr", 3, 1), ("elr", 7, 9), ("kl", 1.5, 1)]
)
def test_steps_are_those_of_torch(kind: Any, lam: float, spread: float) -> None:
    setting = DigitsSetting(rate=0.4, loss=kind, lam=float(lam), beta=0.8, lr=0.05, decay=1e-2)
    layers = first_weights(5, "test.weights", _WIDTHS)
    # A wide last layer saturates the predictions: the clamp is then at work.
    layers[-1] = (layers[-1][0] * spread, layers[-1][1])
    net = Network(layers, np.float64)
    targets = Targets(setting, np.zeros((_N, _WIDTHS[-1])))
    modules: list[nn.Module] = []
    for k, (weights, bias) in enumerate(layers):
        linear = nn.Linear(*weights.shape).double()
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weights.T))
            linear.bias.copy_(torch.tensor(bias))
        modules += [nn.ReLU(), linear] if k else [linear]
    outside = nn.Sequential(*modules)
    loss = ELRLoss(_N, _WIDTHS[-1], lam=float(lam), beta=0.8).double()
    optimiser = torch.optim.SGD(outside.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-2)
    draws = np.random.default_rng(3)
    x, y = draws.normal(size=(_N, _WIDTHS[0])) * spread, draws.integers(0, _WIDTHS[-1], _N)
    clamped = False
    for _ in range(4):
        for chosen in np.split(draws.permutation(_N), _N // _BATCH):
            logits = outside(torch.tensor(x[chosen]))
            clamped |= bool((functional.softmax(logits, dim=1) < 1e-4).any())
            value = _torch_value(loss, kind, logits, torch.tensor(y[chosen]), torch.tensor(chosen))
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            net.step(x[chosen], y[chosen], chosen, targets)
    seen = np.concatenate([part.detach().numpy().T.ravel() for part in outside.parameters()])
    assert np.abs(net.flat - seen).max() < 1e-11
    assert np.abs(targets.targets - loss.targets.numpy()).max() < 1e-11
    assert clamped == (spread > 1)


def test_weights_and_their_views_are_one() -> None:
    net = Network(first_weights(5, "test.weights", _WIDTHS))
    assert net.flat.dtype == np.float32
    assert len(net.flat) == sum(a * b + b for a, b in pairwise(_WIDTHS))
    before = net.logits(np.ones((2, 6), dtype=np.float32))
    net.flat *= 0.0
    assert before.any()
    assert not net.logits(np.ones((2, 6), dtype=np.float32)).any()
