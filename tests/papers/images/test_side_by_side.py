"""Several small networks at once are the networks one by one, and none knows of the others."""

from __future__ import annotations

import pytest
import torch

from simulation.images.nets.build import build_net
from simulation.images.together import SIDE_BY_SIDE

SHAPES = {"cnn": [(1, 8, 8), (3, 13, 10), (1, 28, 28), (3, 17, 33)], "mlp": [(1, 8, 8)], "paper": [(3, 5, 4)]}
CASES = [(name, shape) for name in SIDE_BY_SIDE for shape in SHAPES[name]]


def networks(name: str, shape: tuple[int, int, int], count: int):
    """Networks and images of each, few values so that the largest of a square is often not alone."""
    nets = [build_net(name, shape, 2, seed) for seed in range(count)]
    draws = torch.Generator().manual_seed(5)
    x = torch.randint(-1, 2, (count, 9, *shape), generator=draws).float()
    stacked = {k: torch.stack([net.state_dict()[k] for net in nets]) for k in nets[0].state_dict()}
    return nets, {k: w.requires_grad_() for k, w in stacked.items()}, x


def gradients(nets, stacked, x):
    out = nets[0].side_by_side(stacked, x)
    push = torch.linspace(-1, 1, out[0].numel()).reshape(out[0].shape)
    return out, torch.autograd.grad((out * push).sum(), list(stacked.values())), push


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_outputs_and_gradients_are_those_of_the_networks_alone(
    name: str, shape: tuple[int, int, int]
) -> None:
    nets, stacked, x = networks(name, shape, 3)
    out, found, push = gradients(nets, stacked, x)
    for r, net in enumerate(nets):
        own = net(x[r])
        torch.testing.assert_close(out[r], own, rtol=1e-5, atol=1e-6)
        expected = torch.autograd.grad((own * push).sum(), list(net.parameters()))
        names = [k for k, _ in net.named_parameters()]
        assert names == list(stacked)
        for mine, theirs in zip(found, expected, strict=True):
            torch.testing.assert_close(mine[r], theirs, rtol=1e-4, atol=1e-5)
            assert theirs.any()


@pytest.mark.parametrize(("name", "shape"), CASES)
def test_neighbours_change_no_bit(name: str, shape: tuple[int, int, int]) -> None:
    nets, stacked, x = networks(name, shape, 8)
    out, found, _ = gradients(nets, stacked, x)
    for chosen in ([0, 1], [2, 5, 7], [6, 0, 3, 1, 4]):
        some = {k: w.detach()[chosen].requires_grad_() for k, w in stacked.items()}
        fewer, moved, _ = gradients([nets[i] for i in chosen], some, x[chosen])
        assert torch.equal(fewer, out[chosen])
        for few, all_ in zip(moved, found, strict=True):
            assert torch.equal(few, all_[chosen])
