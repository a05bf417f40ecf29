"""VGG-11 for 32x32 images: the configuration "A" of Simonyan and Zisserman (2015), as trained on CIFAR."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["VGG11"]

_CHANNELS = (64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0)


class VGG11(nn.Module):
    """Eight 3x3 convolutions, five max-poolings (0 above), then 512-4096-4096-k with dropout 1/2 twice.

    Raises:
        ValueError: an image smaller than 32x32, which five halvings would leave empty.
    """

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        if min(height, width) < 32:
            raise ValueError(f"vgg11 needs images of at least 32x32, got {height}x{width}")
        layers: list[nn.Module] = []
        for size in _CHANNELS:
            if size == 0:
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(channels, size, 3, padding=1), nn.ReLU()]
                channels = size
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Linear(512 * (height // 32) * (width // 32), 4096), nn.ReLU(),
            nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, classes),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.classifier(self.features(x).flatten(1))
        return out
