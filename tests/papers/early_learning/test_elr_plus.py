"""ELR+: its special cases are simpler methods, its parts move as stated, its state can be restored."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from simulation.early_learning.elr_loss import ELRLoss
from simulation.early_learning.elr_plus import ELRPlus, ramp

N, C, D = 24, 4, 6


def net(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(D, 8), nn.Tanh(), nn.Linear(8, C))


def made(nets: list[nn.Module], **options: Any) -> ELRPlus:
    optimisers = [torch.optim.SGD(x.parameters(), lr=0.1, momentum=0.5) for x in nets]
    return ELRPlus(nets, optimisers, N, C, **options)


def data() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(9)
    return torch.randn(N, D), torch.randint(C, (N,)), torch.arange(N)


def test_one_net_without_average_or_mixup_is_elr() -> None:
    x, y, i = data()
    first, second = net(0), net(0)
    plus = made([first], mixup=0.0, average=0.0, clamp=None, beta=0.6)
    loss = ELRLoss(N, C, beta=0.6, clamp=None)
    optimiser = torch.optim.SGD(second.parameters(), lr=0.1, momentum=0.5)
    for _ in range(30):
        plus.step(0, x, y, i)
        optimiser.zero_grad()
        loss(second(x), y, i).backward()
        optimiser.step()
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.max(torch.abs(a - b)) < 1e-5
    assert torch.max(torch.abs(plus.losses[0].targets - loss.targets)) < 1e-5


def test_targets_follow_the_other_networks_average() -> None:
    x, y, i = data()
    plus = made([net(0), net(1)], beta=0.7)
    before = copy.deepcopy(plus.averages[1])
    plus.step(0, x, y, i)
    expected = 0.3 * torch.softmax(before(x), dim=1)
    assert torch.max(torch.abs(plus.losses[0].targets - expected)) < 1e-6
    assert not plus.losses[1].targets.any()


def test_averages_move_as_ramped() -> None:
    x, y, i = data()
    plus = made([net(0), net(1)], average=0.9, ramp_average=10)
    kept = [p.clone() for p in plus.averages[0].parameters()]
    plus.step(0, x, y, i)
    memory = 0.9 * ramp(1, 10)
    for old, new, raw in zip(kept, plus.averages[0].parameters(), plus.networks[0].parameters(), strict=True):
        assert torch.max(torch.abs(new - (memory * old + (1 - memory) * raw))) < 1e-6


def test_mixing_weights_are_a_function_of_seed_and_step() -> None:
    a, b, other = made([net(0)], seed=1), made([net(0)], seed=1), made([net(0)], seed=2)
    assert a._mixing(0, 5)[0] == b._mixing(0, 5)[0] != other._mixing(0, 5)[0]
    weights = []
    for _ in range(200):
        weights.append(a._mixing(0, 5)[0])
        a.counts[0] += 1
    assert min(weights) >= 0.5
    assert max(weights) <= 1.0
    assert sum(weights) / 200 == pytest.approx(0.75, abs=0.05)  # max(l, 1-l), l uniform


def test_state_can_be_restored() -> None:
    x, y, i = data()
    plus = made([net(0), net(1)], seed=3)
    for k in (0, 1, 0, 1):
        plus.step(k, x, y, i)
    again = made([net(5), net(6)], seed=3)
    again.load_state_dict(copy.deepcopy(plus.state_dict()))
    assert [plus.step(k, x, y, i) for k in (0, 1)] == [again.step(k, x, y, i) for k in (0, 1)]
    assert torch.equal(plus.predict(x), again.predict(x))


def test_prediction_is_the_mean_of_raw_logits() -> None:
    x, _, _ = data()
    plus = made([net(0), net(1)])
    expected = (plus.networks[0](x) + plus.networks[1](x)) / 2
    assert torch.max(torch.abs(plus.predict(x) - expected)) < 1e-6


def test_sharpened_labels_stay_distributions() -> None:
    x, y, i = data()
    plus = made([net(0), net(1)], sharpen=True, ramp_lam=50)
    values = [plus.step(k, x, y, i) for _ in range(5) for k in (0, 1)]
    assert all(v == v and abs(v) < 1e3 for v in values)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"average": 1.0}, "average must lie"),
        ({"mixup": -1.0}, "mixup must be"),
        ({"ramp_lam": -1}, "ramp_lam must be"),
        ({"ramp_average": -1}, "ramp_average must be"),
    ],
)
def test_bad_constants_are_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        made([net(0)], **options)


def test_networks_and_optimisers_go_together() -> None:
    with pytest.raises(ValueError, match="networks must hold one or two"):
        ELRPlus([], [], N, C)
    with pytest.raises(ValueError, match="optimisers must hold one per network"):
        ELRPlus([net(0)], [], N, C)
