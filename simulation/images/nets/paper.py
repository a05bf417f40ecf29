"""The two-layer network of the theory as a module for two classes: second layer fixed at +-1/m."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

__all__ = ["PaperNet"]


class PaperNet(nn.Module):
    """f(x) = (1/m) sum_r relu(<w_+r, x>) - (1/m) sum_r relu(<w_-r, x>); outputs are (0, f), so their softmax
    is the logistic of f and the loss on a label is log(1 + exp(-+f)).

    Args:
        m: filters on each side. sigma_0: standard deviation of an initial weight.
    """

    def __init__(
        self, channels: int, height: int, width: int, classes: int, m: int = 50, sigma_0: float = 0.01
    ) -> None:
        super().__init__()
        if classes != 2:
            raise ValueError(f"the paper's network has two classes, classes was {classes}")
        self.filters = nn.Parameter(sigma_0 * torch.randn(2, m, channels * height * width))

    def forward(self, x: Tensor) -> Tensor:
        active = torch.relu(torch.einsum("bd,smd->bsm", x.flatten(1), self.filters)).mean(dim=2)
        f = active[:, 1] - active[:, 0]
        return torch.stack((torch.zeros_like(f), f), dim=1)

    @staticmethod
    def side_by_side(weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
        """R networks at once, as the small networks do: outputs (R, B, 2)."""
        active = torch.einsum("rbd,rsmd->rbsm", x.flatten(2), weights["filters"])
        f = torch.relu(active).mean(dim=3)
        margin = f[..., 1] - f[..., 0]
        return torch.stack((torch.zeros_like(margin), margin), dim=2)
