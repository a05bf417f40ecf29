"""CIFAR-10 from its binary files, with the paper's label noise and its training: an opt-in for a GPU.

`python -m simulation.early_learning.cifar FOLDER` trains; `--help` lists what can be set.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from simulation.early_learning.elr_loss import ELRLoss
from theory.rng import generator

__all__ = ["Cifar", "CifarLog", "main", "noisy", "read_cifar10", "resnet34", "train_cifar10"]

_RECORD = 1 + 3 * 32 * 32
_TRAIN = tuple(f"data_batch_{k}.bin" for k in range(1, 6))
#: Asymmetric noise: truck -> automobile, bird -> airplane, deer -> horse, cat <-> dog.
_ASYMMETRIC = {9: 1, 2: 0, 4: 7, 3: 5, 5: 3}
Noise = Literal["symmetric", "asymmetric"]
Schedule = Literal["steps", "cosine"]


@dataclass(frozen=True, eq=False)
class Cifar:
    """Images (N, 3, 32, 32) as bytes and their true labels (N,), for training and test."""

    train: NDArray[np.uint8]
    labels: NDArray[np.int64]
    test: NDArray[np.uint8]
    test_labels: NDArray[np.int64]


def _read(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    raw = np.fromfile(path, dtype=np.uint8)
    if not len(raw) or len(raw) % _RECORD:
        raise ValueError(f"{path.name} must hold records of {_RECORD} bytes, holds {len(raw)} bytes")
    rows = raw.reshape(-1, _RECORD)
    labels = rows[:, 0].astype(np.int64)
    if labels.max() > 9:
        raise ValueError(f"{path.name} must hold labels 0..9, holds {labels.max()}")
    return rows[:, 1:].reshape(-1, 3, 32, 32), labels


def read_cifar10(folder: str | Path) -> Cifar:
    """The data set in a folder of its binary version (`data_batch_*.bin`, `test_batch.bin`).

    Raises:
        ValueError: naming the file, when one is missing, cut off or no CIFAR-10.
    """
    place = Path(folder)
    found = [place / name for name in _TRAIN if (place / name).is_file()]
    if not found or not (place / "test_batch.bin").is_file():
        raise ValueError(
            f"{place} must hold data_batch_*.bin and test_batch.bin of CIFAR-10's binary version"
        )
    parts = [_read(path) for path in found]
    test, test_labels = _read(place / "test_batch.bin")
    return Cifar(
        np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts]), test, test_labels
    )


def noisy(labels: NDArray[np.int64], rate: float, noise: Noise, seed: int) -> NDArray[np.int64]:
    """Labels with noise: an exact share redrawn over all ten classes, or flipped within fixed pairs."""
    if not 0.0 <= rate < 1.0:
        raise ValueError(f"rate must lie in [0, 1), was {rate!r}")
    draws, out = generator(seed, "cifar.noise"), labels.copy()
    if noise == "symmetric":
        chosen = draws.permutation(len(labels))[: round(rate * len(labels))]
        out[chosen] = draws.integers(0, 10, len(chosen))
        return out
    for source, goal in _ASYMMETRIC.items():
        members = np.nonzero(labels == source)[0]
        out[draws.permutation(members)[: round(rate * len(members))]] = goal
    return out


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)])
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.skip = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """The block's output."""
        y = functional.relu(self.norms[0](self.first(x)))
        return functional.relu(self.norms[1](self.second(y)) + self.skip(x))


def resnet34(classes: int = 10, width: int = 64) -> nn.Module:
    """ResNet-34 for 32 x 32 images: 3, 4, 6, 3 blocks, a 3 x 3 stem without pooling."""
    layers: list[nn.Module] = [
        nn.Conv2d(3, width, 3, 1, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    ]
    inputs = width
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for k in range(blocks):
            outputs = width * 2**stage
            layers.append(_Block(inputs, outputs, 2 if stage and k == 0 else 1))
            inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


@dataclass
class CifarLog:
    """Accuracies by epoch: on the test set, and shares of wrong labels memorised and corrected."""

    test: list[float] = field(default_factory=list)
    memorised: list[float] = field(default_factory=list)
    corrected: list[float] = field(default_factory=list)


def _batches(x: Tensor, size: int, seed: int, epoch: int) -> Iterator[Tensor]:
    order = torch.as_tensor(generator(seed, "cifar.order", epoch).permutation(len(x)))
    yield from torch.split(order.to(x.device), size)


def _augmented(x: Tensor, seed: int, epoch: int, batch: int) -> Tensor:
    """Random crops from a frame of 4 pixels and mirror images, one draw per image."""
    draws = generator(seed, "cifar.augment", epoch * 10_000 + batch)
    padded = functional.pad(x, (4, 4, 4, 4))
    out = torch.empty_like(x)
    corners, mirrored = draws.integers(0, 9, (len(x), 2)), draws.random(len(x)) < 0.5
    for k, (row, column) in enumerate(corners):
        crop = padded[k, :, row : row + 32, column : column + 32]
        out[k] = crop.flip(-1) if mirrored[k] else crop
    return out


def train_cifar10(
    folder: str | Path,
    *,
    rate: float = 0.4,
    noise: Noise = "symmetric",
    lam: float = 3.0,
    beta: float = 0.7,
    epochs: int = 120,
    schedule: Schedule = "steps",
    milestones: tuple[int, ...] = (40, 80),
    batch: int = 128,
    lr: float = 0.02,
    width: int = 64,
    seed: int = 0,
    device: str = "cuda",
) -> CifarLog:
    """The paper's run on CIFAR-10: ResNet-34, SGD momentum .9, weight decay 1e-3, lr .02, /100 at 40 and 80.

    Symmetric noise has lam = 3, beta = .7, asymmetric noise lam = 1, beta = .9. ELR* is the schedule "cosine"
    over 150 epochs.

    Args:
        folder: of the binary files.
        rate, noise: of the training labels; test labels are clean.
        lam, beta: of ELR; lam = 0 is cross entropy.
        schedule: "steps": lr divided by 100 at the milestones; "cosine": restarts every 10 epochs, to .001.
        width: channels of the first stage; 64 in the paper.

    Raises:
        ValueError: from `read_cifar10` or `noisy`.
    """
    data = read_cifar10(folder)
    torch.manual_seed(seed)
    net = resnet34(width=width).to(device)
    optimiser = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9, weight_decay=1e-3)
    rates: torch.optim.lr_scheduler.LRScheduler
    if schedule == "cosine":
        rates = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimiser, 10, eta_min=0.001)
    else:
        rates = torch.optim.lr_scheduler.MultiStepLR(optimiser, list(milestones), gamma=0.01)
    mean = data.train.mean(axis=(0, 2, 3)) / 255
    spread = data.train.std(axis=(0, 2, 3)) / 255

    def scaled(x: NDArray[Any]) -> Tensor:
        y = (x / 255.0 - mean[:, None, None]) / spread[:, None, None]
        return torch.as_tensor(y, dtype=torch.float32).to(device)

    x, x_test = scaled(data.train), scaled(data.test)
    given = noisy(data.labels, rate, noise, seed)
    labels, wrong = torch.as_tensor(given).to(device), given != data.labels
    loss, log = ELRLoss(len(x), 10, lam, beta, check=False).to(device), CifarLog()
    for epoch in range(epochs):
        net.train()
        for k, chosen in enumerate(_batches(x, batch, seed, epoch)):
            value = loss(net(_augmented(x[chosen], seed, epoch, k)), labels[chosen], chosen)
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
        rates.step()
        seen, test = _predicted(net, x), _predicted(net, x_test)
        log.test.append(float(np.mean(test == data.test_labels)))
        if wrong.any():
            log.memorised.append(float(np.mean(seen[wrong] == given[wrong])))
            log.corrected.append(float(np.mean(seen[wrong] == data.labels[wrong])))
    return log


def _predicted(net: nn.Module, x: Tensor) -> NDArray[Any]:
    net.eval()
    with torch.no_grad():
        return np.concatenate([net(part).argmax(dim=1).cpu().numpy() for part in torch.split(x, 500)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains, then prints a line for every epoch; status 2 and one line when an argument is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m simulation.early_learning.cifar", description=main.__doc__
    )
    parser.add_argument("folder", help="of data_batch_*.bin and test_batch.bin")
    parser.add_argument("--noise", choices=("symmetric", "asymmetric"), default="symmetric")
    parser.add_argument("--schedule", choices=("steps", "cosine"), default="steps")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    numbers = {"rate": 0.4, "lam": 3.0, "beta": 0.7, "epochs": 120, "batch": 128, "width": 64, "seed": 0}
    for name, value in numbers.items():
        parser.add_argument(f"--{name}", type=type(value), default=value, help=f"default {value}")
    given = vars(parser.parse_args(arguments))
    try:
        log = train_cifar10(given.pop("folder"), **given)
    except ValueError as error:
        parser.error(str(error))
    none = [float("nan")] * len(log.test)
    columns = zip(log.test, log.memorised or none, log.corrected or none, strict=True)
    print("epoch  test accuracy  wrong labels memorised  corrected")
    for epoch, (test, memorised, corrected) in enumerate(columns, 1):
        print(f"{epoch:5d}  {test:13.4f}  {memorised:22.4f}  {corrected:9.4f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
