"""The pool of the small networks is torch's own, to the last bit."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import grad, vmap

from simulation.images.nets.pool import HalvingPool


@pytest.mark.parametrize("shape", [(3, 2, 8, 8), (2, 3, 7, 5), (4, 1, 3, 2)])
def test_values_and_gradients_are_those_of_max_pooling(shape: tuple[int, ...]) -> None:
    # Few different values: the largest of a square is often not alone, and the first of them is to move.
    x = torch.randint(-2, 3, shape, generator=torch.Generator().manual_seed(1)).float().relu()
    x[0, 0, 0, 0] = float("nan")
    found = []
    for pool in (nn.MaxPool2d(2), HalvingPool()):
        at = x.clone().requires_grad_()
        out = pool(at)
        weight = torch.arange(1.0, out.numel() + 1).reshape(out.shape)
        (gradient,) = torch.autograd.grad((out * weight).nan_to_num().sum(), at)
        found.append((out.detach(), gradient))
    for torchs, own in zip(*found, strict=True):
        assert torch.equal(torchs.nan_to_num(77.0), own.nan_to_num(77.0))
    assert found[0][1].any()


def test_side_by_side_is_one_after_the_other() -> None:
    x = torch.randn(4, 3, 2, 6, 6, generator=torch.Generator().manual_seed(2))
    together = vmap(HalvingPool())(x)
    assert torch.equal(together, torch.stack([nn.MaxPool2d(2)(one) for one in x]))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("along", [0, 1])
def test_gradients_of_one_image_at_a_time(channels: int, along: int) -> None:
    x = torch.randn(4, 3, channels, 7, 6, generator=torch.Generator().manual_seed(3)).double()
    theirs = [grad(lambda one: nn.MaxPool2d(2)(one).square().sum())(one) for one in x]
    own = vmap(grad(lambda one: HalvingPool()(one).square().sum()), in_dims=along)(x.movedim(0, along))
    assert torch.equal(own, torch.stack(theirs))


def test_images_of_one_channel_without_gradients() -> None:
    x = torch.randn(2, 1, 4, 4, generator=torch.Generator().manual_seed(4))
    assert torch.equal(HalvingPool()(x), nn.MaxPool2d(2)(x))
