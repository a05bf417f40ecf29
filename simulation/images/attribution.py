"""Attribution maps by expected gradients: which pixels move a network's output away from other images.

For an image x, random training images b and places u in [0, 1], the map is the mean of
(x - b) * d output/dx at b + u (x - b); over all samples its sum is the output at x less the mean output at b
(Erion et al. 2021). Backgrounds are random training images: nothing is known of their labels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator

__all__ = ["cosines", "expected_gradients", "logit_gap"]

Floats = NDArray[np.float64]


def logit_gap(outputs: Any, labels: Any) -> Any:
    """Output of a label less the mean of the others, (B,); for two classes their difference."""
    k = outputs.shape[1]
    own = outputs.gather(1, labels[:, None])[:, 0]
    return own - (outputs.sum(dim=1) - own) / (k - 1)


def expected_gradients(
    net: Any, x: NDArray[np.float32], labels: NDArray[np.int64], background: NDArray[np.float32], *,
    samples: int = 50, seed: int = 0, chunk: int = 1024,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Maps of the gap between each image's label and the others, and how far each misses its sum.

    Args:
        net: in evaluation mode. x: images (B, C, H, W). labels: (B,). background: images to compare with.
        samples: pairs (b, u) an image, in equal strata of u.

    Returns:
        Maps (B, C, H, W) and additivity residuals (B,): sum of the map less (output at x less mean output at
        the backgrounds drawn).
    """
    import torch

    rng = generator(seed, "images.attribution")
    drawn = rng.integers(0, len(background), size=(len(x), samples))
    places = (
        rng.permuted(np.tile(np.arange(samples), (len(x), 1)), axis=1) + rng.random((len(x), samples))
    ) / samples
    target = torch.from_numpy(np.ascontiguousarray(labels))
    own = torch.from_numpy(np.ascontiguousarray(x))
    other = torch.from_numpy(np.ascontiguousarray(background))
    maps = np.empty(x.shape, dtype=np.float64)
    residual = np.empty(len(x))
    step = max(1, chunk // samples)
    for start in range(0, len(x), step):
        part = slice(start, min(start + step, len(x)))
        size = part.stop - part.start
        base = other[torch.from_numpy(drawn[part].ravel())]
        high = own[part].repeat_interleave(samples, dim=0)
        share = torch.from_numpy(places[part].ravel().astype(np.float32))[:, None, None, None]
        repeated = target[part].repeat_interleave(samples)
        point = (base + share * (high - base)).requires_grad_()
        (gradient,) = torch.autograd.grad(logit_gap(net(point), repeated).sum(), point)
        product = ((high - base) * gradient).reshape(size, samples, *x.shape[1:]).double().mean(dim=1)
        with torch.no_grad():
            there = logit_gap(net(own[part]), target[part]).double()
            away = logit_gap(net(base), repeated).reshape(size, samples).double().mean(dim=1)
        maps[part] = product.numpy()
        residual[part] = (product.flatten(1).sum(dim=1) - (there - away)).numpy()
    return maps, residual


def cosines(a: Floats, b: Floats) -> Floats:
    """Cosine between each image's two maps, (B,); 0 where one is zero."""
    p, q = a.reshape(len(a), -1), b.reshape(len(b), -1)
    norms = np.linalg.norm(p, axis=1) * np.linalg.norm(q, axis=1)
    zero = np.zeros(len(p))
    return np.asarray(np.divide((p * q).sum(axis=1), norms, out=zero, where=norms > 0))
