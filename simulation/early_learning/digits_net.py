"""A network on digits and its training step with the gradient written out: three products forward, five back.

The same steps as `torch.optim.SGD` on `ELRLoss`, without an automatic gradient's overhead, in numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from theory.early_learning.digits_setting import DigitsSetting
from theory.rng import generator

__all__ = ["Network", "Targets", "first_weights"]

Array = NDArray[np.floating]
Ints = NDArray[np.int64]

#: As in `ELRLoss`: probabilities lie within [clamp, 1 - clamp] in the regulariser and for the targets.
_CLAMP = 1e-4


def first_weights(seed: int, purpose: str, widths: Sequence[int]) -> list[tuple[Array, Array]]:
    """Weights (inputs, outputs) and biases (outputs,) uniform within 1/sqrt(inputs), drawn layer by layer."""
    layers: list[tuple[Array, Array]] = []
    for k, (a, b) in enumerate(pairwise(widths)):
        draws, bound = generator(seed, purpose, k), 1 / np.sqrt(a)
        layers.append((draws.uniform(-bound, bound, (a, b)), draws.uniform(-bound, bound, b)))
    return layers


@dataclass(eq=False)
class Targets:
    """The targets (n, C) of cross entropy, ELR or KL, and the gradient of the loss in the logits."""

    setting: DigitsSetting
    targets: Array
    visits: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.visits = np.zeros(len(self.targets), dtype=np.int64)

    def gradient(self, logits: Array, labels: Ints, indices: Ints) -> Array:
        """Takes the predictions (B, C) into the targets, then gives d loss / d logits (B, C)."""
        s = self.setting
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        t = self._follow(p, indices)
        slope: Array = p.copy()
        slope[np.arange(len(p)), labels] -= 1.0
        if s.loss == "elr":
            slope += s.lam * self._push(p, t, indices)
        elif s.loss == "kl":
            slope += s.lam * (p * t.sum(axis=1, keepdims=True) - t)
        slope /= len(p)
        return slope

    def _follow(self, p: Array, indices: Ints) -> Array:
        q = np.clip(p, _CLAMP, 1.0 - _CLAMP)
        q /= q.sum(axis=1, keepdims=True)
        t: Array = self.setting.beta * self.targets[indices] + (1.0 - self.setting.beta) * q
        self.targets[indices] = t
        self.visits[indices] += 1
        return t

    def _push(self, p: Array, t: Array, indices: Ints) -> Array:
        """Gradient of log(1 - <p, t>) in the logits, sample by sample, (B, C)."""
        # 1 - p_c as the sum of the others: a difference would lose small numbers.
        rest = np.zeros_like(p)
        np.cumsum(p[:, :-1], axis=1, out=rest[:, 1:])
        rest[:, :-1] += np.cumsum(p[:, :0:-1], axis=1)[:, ::-1]
        moves = (rest >= _CLAMP) & (rest <= 1.0 - _CLAMP)
        missing = p.dtype.type(self.setting.beta) ** self.visits[indices]
        inner = missing.astype(p.dtype) + (t * np.clip(rest, _CLAMP, 1.0 - _CLAMP)).sum(axis=1)
        weight = t * moves
        slope = (weight.sum(axis=1, keepdims=True) - weight) / (inner[:, None] + np.finfo(p.dtype).tiny)
        pushed: Array = p * (slope - (slope * p).sum(axis=1, keepdims=True))
        return pushed


class Network:
    """Layers with relu between them, trained by SGD with momentum and weight decay.

    Args:
        layers: weights (inputs, outputs) and biases of every layer; they are copied.
        dtype: of weights and products.
    """

    def __init__(self, layers: Sequence[tuple[Array, Array]], dtype: type[np.floating] = np.float32) -> None:
        # All numbers in one vector, its gradient and its velocity beside it: an update is three passes.
        parts = [part for layer in layers for part in layer]
        self.flat: Array = np.concatenate([part.ravel() for part in parts]).astype(dtype)
        self.grad: Array = np.zeros_like(self.flat)
        self.velocity: Array = np.zeros_like(self.flat)
        self._scratch: Array = np.empty_like(self.flat)
        self.layers = self._views(self.flat, layers)
        self._slopes = self._views(self.grad, layers)

    @staticmethod
    def _views(flat: Array, layers: Sequence[tuple[Array, Array]]) -> list[tuple[Array, Array]]:
        views, start = [], 0
        for weights, bias in layers:
            middle = start + weights.size
            end = middle + bias.size
            views.append((flat[start:middle].reshape(weights.shape), flat[middle:end]))
            start = end
        return views

    def logits(self, x: Array) -> Array:
        """Logits (B, C) of images (B, inputs)."""
        return self._forward(x)[-1]

    def step(self, x: Array, labels: Ints, indices: Ints, targets: Targets) -> None:
        """One step on a batch."""
        s = targets.setting
        self.gradient(x, labels, indices, targets)
        self.velocity *= s.momentum
        self.velocity += self.grad
        self.velocity += np.multiply(self.flat, s.decay, out=self._scratch)
        self.flat -= np.multiply(self.velocity, s.lr, out=self._scratch)

    def gradient(self, x: Array, labels: Ints, indices: Ints, targets: Targets) -> Array:
        """Gradient of the batch's loss in all numbers, weight decay aside, as one vector; targets follow."""
        *inputs, logits = self._forward(x)
        slope = targets.gradient(logits, labels, indices)
        for k in reversed(range(len(self.layers))):
            weights, bias = self._slopes[k]
            np.matmul(inputs[k].T, slope, out=weights)
            np.sum(slope, axis=0, out=bias)
            if k:
                slope = slope @ self.layers[k][0].T
                slope *= inputs[k] > 0.0
        return self.grad

    def _forward(self, x: Array) -> list[Array]:
        """What enters every layer, and the logits."""
        values = [x]
        for k, (weights, bias) in enumerate(self.layers):
            out = values[-1] @ weights
            out += bias
            if k < len(self.layers) - 1:
                np.maximum(out, 0.0, out=out)
            values.append(out)
        return values
