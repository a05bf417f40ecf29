"""A network by name, or by a user's own `FILE.py:NAME`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from simulation.images.errors import DataError
from theory.rng import derive_seed

if TYPE_CHECKING:
    from torch import nn

__all__ = ["NETS", "build_net", "builder_of", "checked_net", "network_seeded"]

#: Built-in networks; a function `build(channels, height, width, classes) -> nn.Module` serves as well.
NETS = ("cnn", "mlp", "mlp_dropout", "paper", "vgg11", "resnet18")


def builder_of(name: str) -> Callable[[int, int, int, int], nn.Module]:
    """What builds the built-in network of this name.

    Raises:
        DataError: there is none.
    """
    from simulation.images.nets import paper, resnet, small, vgg

    known: dict[str, Callable[[int, int, int, int], nn.Module]] = {
        "cnn": small.SmallCNN, "mlp": small.SmallMLP, "paper": paper.PaperNet,
        "mlp_dropout": partial(small.SmallMLP, dropout=0.5), "vgg11": vgg.VGG11, "resnet18": resnet.ResNet18,
    }  # fmt: skip
    if name not in known:
        raise DataError(f"--model must be one of {', '.join(NETS)} or FILE.py:NAME, was {name!r}")
    return known[name]


def build_net(
    model: str | Callable[[int, int, int, int], nn.Module],
    shape: tuple[int, int, int],
    classes: int,
    seed: int,
) -> nn.Module:
    """A network with initial weights that depend on (model, shape, seed) alone.

    Raises:
        DataError: an unknown name, or a network that does not build or gives outputs of another shape than
            (images, classes).
    """
    build = builder_of(model) if isinstance(model, str) else model
    with network_seeded(seed, "images.weights"):
        try:
            net = build(*shape, classes)
        except ValueError as error:
            raise DataError(f"--model {model}: {error}") from None
    return checked_net(net, shape, classes, str(model))


def checked_net(net: nn.Module, shape: tuple[int, int, int], classes: int, name: str) -> nn.Module:
    """The network, after one pass of two blank images."""
    import torch

    training = net.training
    net.eval()
    with torch.no_grad():
        try:
            out = net(torch.zeros(2, *shape))
        except Exception as error:  # a user's own network may raise anything
            raise DataError(f"--model {name} fails on images of shape {shape}: {_line(error)}") from None
    net.train(training)
    if not isinstance(out, torch.Tensor) or tuple(out.shape) != (2, classes):
        found = tuple(out.shape) if isinstance(out, torch.Tensor) else type(out).__name__
        raise DataError(
            f"--model {name} must give outputs of shape (images, {classes}), gave {found} for 2 images"
        )
    return net


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


class network_seeded:
    """torch's global generator seeded inside the block, and put back after it.

    Layers draw their weights, and dropout its masks, from that generator alone.
    """

    def __init__(self, seed: int, purpose: str, index: int = 0) -> None:
        self._seed = derive_seed(seed, purpose, index)

    def __enter__(self) -> None:
        import torch

        self._fork = torch.random.fork_rng(devices=range(torch.cuda.device_count()))
        self._fork.__enter__()
        torch.manual_seed(self._seed)

    def __exit__(self, *raised: object) -> None:
        self._fork.__exit__(None, None, None)
