"""Networks small enough to train many of them side by side.

Each says itself what several of it do at once (`side_by_side`): weights of R networks stacked, (R, ...), and
images of each, (R, B, C, H, W), give outputs (R, B, k): those of `forward`, up to rounding.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["SmallCNN", "SmallMLP", "pooled"]

#: Images with a longer side are halved by convolutions of stride 2, others by max-pooling.
_POOLED = 16


def pooled(height: int, width: int) -> bool:
    """Whether `SmallCNN` halves images of these sides by max-pooling."""
    return max(height, width) <= _POOLED


class SmallCNN(nn.Module):
    """Two 3x3 convolutions (16, 32 channels), ReLU, then 128 hidden units.

    Images up to 16x16 are halved by max-pooling after each convolution, larger ones by convolutions of
    stride 2. Every ReLU is an object of its own and none works in place, so that attributions by hooks are
    valid.
    """

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        large = not pooled(height, width)
        stride = 2 if large else 1
        self.conv1 = nn.Conv2d(channels, 16, 3, stride=stride, padding=1)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.Identity() if large else nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(16, 32, 3, stride=stride, padding=1)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.Identity() if large else nn.MaxPool2d(2)
        # A convolution of stride 2 rounds up, pooling rounds down.
        up = 1 if large else 0
        sides = [((v + up) // 2 + up) // 2 for v in (height, width)]
        self.hidden = nn.Linear(32 * sides[0] * sides[1], 128)
        self.relu3 = nn.ReLU()
        self.out = nn.Linear(128, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool1(self.relu1(self.conv1(x)))
        x = self.pool2(self.relu2(self.conv2(x)))
        out: Tensor = self.out(self.relu3(self.hidden(x.flatten(1))))
        return out

    @staticmethod
    def side_by_side(weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
        """R networks as one whose convolutions have R groups; the channels of all are last in memory, where
        torch's pooling and convolutions are fast. Pooling comes before ReLU, on a quarter of the numbers:
        the largest of four is the same."""
        count = x.shape[0]
        large = not pooled(*x.shape[3:])
        both = x.transpose(0, 1).flatten(1, 2).contiguous(memory_format=torch.channels_last)
        for name in ("conv1", "conv2"):
            weight, bias = weights[f"{name}.weight"].flatten(0, 1), weights[f"{name}.bias"].flatten()
            both = F.conv2d(both, weight, bias, stride=2 if large else 1, padding=1, groups=count)
            both = torch.relu(both if large else F.max_pool2d(both, 2))
        flat = both.reshape(len(both), count, -1, *both.shape[2:]).transpose(0, 1).flatten(2)
        return _linear(weights, "out", torch.relu(_linear(weights, "hidden", flat)))


class SmallMLP(nn.Module):
    """One hidden layer of 128 ReLU units; a share `dropout` of them is left out at each training step."""

    def __init__(
        self, channels: int, height: int, width: int, classes: int, hidden: int = 128, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.hidden = nn.Linear(channels * height * width, hidden)
        self.relu = nn.ReLU()
        self.drop = nn.Dropout(dropout) if dropout else nn.Identity()
        self.out = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.out(self.drop(self.relu(self.hidden(x.flatten(1)))))
        return out

    @staticmethod
    def side_by_side(weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
        """R networks without dropout as products of stacked matrices."""
        return _linear(weights, "out", torch.relu(_linear(weights, "hidden", x.flatten(2))))


def _linear(weights: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    """Layer `name` of R networks on x (R, B, d)."""
    return torch.baddbmm(weights[f"{name}.bias"][:, None], x, weights[f"{name}.weight"].transpose(1, 2))
