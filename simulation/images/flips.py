"""Label flips with known positions, drawn from their own stream.

Every kind but `cluster` and `boundary` flips images independently of what they show.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulation.images.errors import DataError
from simulation.images.images import Images
from theory.rng import derive_seed, generator

__all__ = ["FLIP_KINDS", "flip", "flip_labels", "rates_by_class"]

FLIP_KINDS = ("symmetric", "pair", "class", "cluster", "boundary")

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def rates_by_class(tau: float | Sequence[float], k: int) -> tuple[float, ...]:
    """One flip rate a class, each in [0, (k-1)/k): beyond it an observed label points away from the true one.

    Raises:
        DataError: a rate outside, or neither one nor k of them.
    """
    given = (tau,) if isinstance(tau, int | float) else tuple(tau)
    rates = given * k if len(given) == 1 else given
    if len(rates) != k:
        raise DataError(f"--flip must give 1 rate or {k}, one a class, gave {len(rates)}")
    limit = (k - 1) / k
    for rate in rates:
        if not 0 <= rate < limit:
            raise DataError(f"--flip must lie in [0, {limit:.3g}) for {k} classes, was {rate}")
    return rates


def flip(images: Images, tau: float | Sequence[float], kind: str = "symmetric", seed: int = 0) -> Images:
    """The images with observed labels drawn anew; test images keep theirs.

    Args:
        tau: flip rate, or one a true class.
        kind: "symmetric": independent, uniform over the other classes; "pair": independent, to the next
            class; "class": as "pair", at 3/2 of the rate in classes 0, 2, .. and 1/2 of it in the others;
            "cluster": a group of images that look alike in each class, of about this share, to the nearest
            other class; "boundary": the share of each class that lies nearest to another class, to that
            class.

    Raises:
        DataError: a rate or kind that is not allowed.
    """
    return images.with_observed(flip_labels(images.x, images.y, images.k, tau, kind, seed))


def flip_labels(
    x: NDArray[np.float32],
    y: Ints,
    k: int,
    tau: float | Sequence[float],
    kind: str = "symmetric",
    seed: int = 0,
) -> Ints:
    """Observed labels (n,) of images x (n, C, H, W) with true labels y (n,)."""
    rates = rates_by_class(tau, k)
    if kind not in FLIP_KINDS:
        raise DataError(f"--flip-kind must be one of {', '.join(FLIP_KINDS)}, was {kind!r}")
    observed = np.array(y)
    if kind in ("symmetric", "pair", "class"):
        rng = generator(seed, "images.flips")
        uneven = np.where(np.arange(k) % 2 == 0, 1.5, 0.5) if kind == "class" else np.ones(k)
        chosen = rng.random(len(y)) < (np.asarray(rates) * uneven)[y]
        step = rng.integers(1, k, size=len(y)) if kind == "symmetric" else np.ones(len(y), dtype=np.int64)
        observed[chosen] = ((y + step) % k)[chosen]
        return observed
    flat = x.reshape(len(x), -1).astype(np.float64)
    means = np.stack([flat[y == c].mean(axis=0) for c in range(k)])
    for c in range(k):
        members = np.flatnonzero(y == c)
        if rates[c] == 0 or not len(members):
            continue
        distance = _squared(flat[members], means)
        distance[:, c] = np.inf
        other = distance.argmin(axis=1)
        if kind == "boundary":
            ahead = distance.min(axis=1) - _squared(flat[members], means[c : c + 1])[:, 0]
            taken = np.argsort(ahead, kind="stable")[: round(rates[c] * len(members))]
        else:
            taken = _cluster(flat[members], rates[c], derive_seed(seed, "images.clusters", c))
            other = np.full(len(members), np.bincount(other[taken], minlength=k).argmax())
        observed[members[taken]] = other[taken]
    return observed


def _squared(x: Floats, centres: Floats) -> Floats:
    return np.asarray(((x[:, None, :] - centres[None]) ** 2).sum(axis=2))


def _cluster(x: Floats, share: float, seed: int) -> Ints:
    """Of k-means clusters (about 1/share of them) the one whose size is nearest to `share`."""
    from scipy.cluster.vq import kmeans2

    count = max(2, round(min(1 / share, len(x) / 2)))
    _, group = kmeans2(x, count, minit="++", rng=np.random.default_rng(seed), missing="warn")
    sizes = np.bincount(group)
    wanted = np.abs(sizes - share * len(x))
    return np.flatnonzero(group == int(wanted.argmin()))
