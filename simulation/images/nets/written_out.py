"""`SmallCNN` with its gradient written out: a step is eleven products of matrices and some compiled passes.

The same steps as `torch.optim.SGD` on cross-entropy, up to rounding, in three quarters of its time.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["WrittenCNN", "bordered"]

Array = NDArray[np.float32]
Weights = Mapping[str, NDArray[np.floating]]
Ints = NDArray[np.int64]

#: Images passed through at once: what is known of them stays in the cache.
_CHUNK = 64


def bordered(x: NDArray[np.floating]) -> Array:
    """Images (B, C, H, W) with channels last and a border of zeros, (B, H + 2, W + 2, C)."""
    return np.pad(x.transpose(0, 2, 3, 1), ((0, 0), (1, 1), (1, 1), (0, 0))).astype(np.float32)


class WrittenCNN:
    """A `SmallCNN` for images of at most 16x16 pixels; images are given as `bordered` makes them.

    Args:
        state: the weights that it starts from, by torch's names and in torch's shapes. They are copied.
        shape: channels, height, width of its images.
    """

    def __init__(self, state: Weights, shape: tuple[int, int, int]) -> None:
        channels, high, wide = shape
        self._sides = [(high, wide), (high // 2, wide // 2), (high // 4, wide // 4)]
        self._shapes = {name: np.shape(values) for name, values in state.items()}
        mine = {name: self._inside(name, np.asarray(values)) for name, values in state.items()}
        # All numbers in one vector, gradient and velocity beside it: an update is three passes.
        self._flat: Array = np.concatenate([part.ravel() for part in mine.values()]).astype(np.float32)
        self._gradient, self._velocity, self._scratch = (np.zeros_like(self._flat) for _ in range(3))
        self._weights, self._slopes = (_views(flat, mine) for flat in (self._flat, self._gradient))
        self._channels = [channels, self._weights["conv1.bias"].size, self._weights["conv2.bias"].size]
        self._rooms: dict[int, _Room] = {}

    def state(self) -> dict[str, Array]:
        """The weights by torch's names, in torch's shapes."""
        return {name: self._outside(name, values) for name, values in self._weights.items()}

    def outputs(self, images: Array) -> Array:
        """Outputs (B, k)."""
        parts = [images[i : i + _CHUNK] for i in range(0, len(images), _CHUNK)]
        return np.concatenate([self._forward(part)[2] for part in parts])

    def gradient(self, images: Array, labels: Ints) -> dict[str, Array]:
        """Gradient of the mean cross-entropy, by torch's names, in torch's shapes."""
        self._fill(images, labels)
        return {name: self._outside(name, values) for name, values in self._slopes.items()}

    def step(self, images: Array, labels: Ints, lr: float, momentum: float) -> None:
        """One step of SGD."""
        self._fill(images, labels)
        self._velocity *= np.float32(momentum)
        self._velocity += self._gradient
        self._flat -= np.multiply(self._velocity, np.float32(lr), out=self._scratch)

    def _fill(self, images: Array, labels: Ints) -> None:
        """The gradient of the mean into `_gradient`."""
        size = len(images)
        self._back(images[:_CHUNK], labels[:_CHUNK], size)
        if size > _CHUNK:
            total = self._gradient.copy()
            for i in range(_CHUNK, size, _CHUNK):
                self._back(images[i : i + _CHUNK], labels[i : i + _CHUNK], size)
                total += self._gradient
            self._gradient[:] = total

    def _forward(self, images: Array) -> tuple[Array, Array, Array]:
        """What enters the two last layers, and the outputs."""
        from simulation.images.nets.loops import pool, windows

        weights, count = self._weights, len(images)
        room = self._room(count)
        entering: Array = images
        for k, (pooled, border) in enumerate(((room.inner, 1), (room.last, 0))):
            name, columns, values = f"conv{k + 1}", room.columns[k], room.values[k]
            windows(_rows(entering), self._channels[k], columns)
            np.matmul(columns, weights[f"{name}.weight"], out=values.reshape(len(columns), -1))
            pool(values, weights[f"{name}.bias"], border, pooled, room.which[k])
            entering = pooled
        flat: Array = room.last.reshape(count, -1)
        hidden: Array = flat @ weights["hidden.weight"]
        hidden += weights["hidden.bias"]
        np.maximum(hidden, np.float32(0), out=hidden)
        out: Array = hidden @ weights["out.weight"]
        out += weights["out.bias"]
        return flat, hidden, out

    def _back(self, images: Array, labels: Ints, size: int) -> None:
        """The gradient of the sum over these images, over `size`, into `_gradient`."""
        from simulation.images.nets.loops import spread, unpool

        weights, slopes, count = self._weights, self._slopes, len(images)
        flat, hidden, out = self._forward(images)
        room = self._room(count)
        slope = np.exp(out - out.max(axis=1, keepdims=True))
        slope /= slope.sum(axis=1, keepdims=True)
        slope[np.arange(count), labels] -= np.float32(1)
        slope /= np.float32(size)
        for name, entering in (("out", hidden), ("hidden", flat)):
            np.matmul(entering.T, slope, out=slopes[f"{name}.weight"])
            np.sum(slope, axis=0, out=slopes[f"{name}.bias"])
            slope = slope @ weights[f"{name}.weight"].T
            if name == "out":
                slope *= hidden > 0
        for k, border in ((1, 0), (0, 1)):
            name, columns, values = f"conv{k + 1}", room.columns[k], room.values[k]
            of_pooled = room.moved if border else slope.reshape(room.last.shape)
            unpool(of_pooled, border, room.which[k], values, slopes[f"{name}.bias"])
            by_place = values.reshape(len(columns), -1)
            np.matmul(columns.T, by_place, out=slopes[f"{name}.weight"])
            if k:
                np.matmul(by_place, weights[f"{name}.weight"].T, out=columns)
                spread(columns, self._channels[1], _rows(room.moved))

    def _room(self, count: int) -> _Room:
        if count not in self._rooms:
            self._rooms[count] = _Room(count, self._sides, self._channels)
        return self._rooms[count]

    def _inside(self, name: str, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Weights as rows of inputs and columns of outputs, inputs in the order in which they lie here:
        channels last."""
        if name.startswith("conv") and values.ndim > 1:
            return values.transpose(2, 3, 1, 0).reshape(-1, len(values))
        if name == "hidden.weight":
            maps = values.reshape(len(values), -1, *self._sides[2])
            return maps.transpose(2, 3, 1, 0).reshape(-1, len(values))
        return values.T

    def _outside(self, name: str, values: Array) -> Array:
        """`_inside` undone."""
        shape = self._shapes[name]
        if len(shape) == 4:
            values = values.reshape(*shape[2:], shape[1], shape[0]).transpose(3, 2, 0, 1)
        elif name == "hidden.weight":
            maps = values.reshape(*self._sides[2], -1, shape[0])
            values = maps.transpose(3, 2, 0, 1).reshape(shape)
        else:
            values = values.T
        return np.array(values, order="C")


class _Room:
    """Where passes of `count` images put what they find."""

    def __init__(self, count: int, sides: list[tuple[int, int]], channels: list[int]) -> None:
        def images(k: int, of: int, border: int = 0) -> Array:
            high, wide = sides[k]
            return np.zeros((count, high + border, wide + border, channels[of]), np.float32)

        areas = [high * wide for high, wide in sides]
        #: Windows that enter a convolution, then (of the second) the gradient in them.
        self.columns = [np.empty((count * areas[k], 9 * channels[k]), np.float32) for k in (0, 1)]
        #: What a convolution gives, then the gradient in it.
        self.values = [images(k, k + 1) for k in (0, 1)]
        self.which = [images(k, k).astype(np.uint8) for k in (1, 2)]
        #: The first convolution's squares with a border, the gradient in them, and the second one's.
        self.inner, self.moved, self.last = images(1, 1, 2), images(1, 1, 2), images(2, 2)


def _rows(images: Array) -> Array:
    """(B, H, W, C) as (B, H, W C)."""
    return images.reshape(*images.shape[:2], -1)


def _views(flat: Array, like: Weights) -> dict[str, Array]:
    views, start = {}, 0
    for name, part in like.items():
        views[name] = flat[start : start + part.size].reshape(part.shape)
        start += part.size
    return views
