"""Networks small enough to train many of them side by side."""

from __future__ import annotations

from torch import Tensor, nn

from simulation.images.nets.pool import HalvingPool

__all__ = ["SmallCNN", "SmallMLP"]


class SmallCNN(nn.Module):
    """Two 3x3 convolutions (16, 32 channels), ReLU, then 128 hidden units.

    Images up to 16x16 are halved by max-pooling after each convolution, larger ones by convolutions of
    stride 2. Every ReLU is an object of its own and none works in place, so that attributions by hooks are
    valid.
    """

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        large = max(height, width) > 16
        stride = 2 if large else 1
        self.conv1 = nn.Conv2d(channels, 16, 3, stride=stride, padding=1)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.Identity() if large else HalvingPool()
        self.conv2 = nn.Conv2d(16, 32, 3, stride=stride, padding=1)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.Identity() if large else HalvingPool()
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


class SmallMLP(nn.Module):
    """One hidden layer of 128 ReLU units."""

    def __init__(self, channels: int, height: int, width: int, classes: int, hidden: int = 128) -> None:
        super().__init__()
        self.hidden = nn.Linear(channels * height * width, hidden)
        self.relu = nn.ReLU()
        self.out = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.out(self.relu(self.hidden(x.flatten(1))))
        return out
