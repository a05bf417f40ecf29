"""ResNet-18 in its CIFAR form: a 3x3 stem, no first pooling, four stages of two blocks (He et al. 2016)."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["ResNet18"]


class _Block(nn.Module):
    """Two 3x3 convolutions with batch norm and a shortcut; nothing works in place."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(after)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.relu2 = nn.ReLU()
        self.shortcut = (
            nn.Identity()
            if stride == 1 and before == after
            else nn.Sequential(nn.Conv2d(before, after, 1, stride=stride, bias=False), nn.BatchNorm2d(after))
        )

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        out: Tensor = self.relu2(inner + self.shortcut(x))
        return out


class ResNet18(nn.Module):
    """64, 128, 256, 512 channels; mean over positions, then a linear layer."""

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        stem = [nn.Conv2d(channels, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
        blocks: list[nn.Module] = []
        before = 64
        for after, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
            blocks += [_Block(before, after, stride), _Block(after, after, 1)]
            before = after
        self.features = nn.Sequential(*stem, *blocks)
        self.out = nn.Linear(512, classes)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.out(self.features(x).mean(dim=(2, 3)))
        return out
