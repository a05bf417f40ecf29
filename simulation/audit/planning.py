"""The probes of an audit: labels that the user flips herself, so that some flips are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.rng import generator

__all__ = ["FEWEST_PROBES", "Plan", "classes_of", "matched_plan", "plan", "probe_count"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST_PROBES = 20


@dataclass(frozen=True, eq=False)
class Plan:
    """Labels to train on, one row a run.

    Args:
        observed: the labels as given, as numbers 0..k-1, (n,).
        labels: labels to train on, (R, n): `observed`, but for the probes.
        probes: indices of the probes of each run.
        classes: names of the classes, (k,); `classes[labels]` are labels in the user's own words.
        spoiled: share of probes whose new label may be the true one, where probes are matched to a first
            round's suspects; None: uniform probes, where it follows from the flip rate.
    """

    observed: Ints
    labels: Ints
    probes: tuple[Ints, ...]
    classes: NDArray[Any]
    spoiled: float | None = field(default=None)

    @property
    def k(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def runs(self) -> int:
        """Number of trainings."""
        return len(self.probes)

    def save(self, path: str | Path) -> None:
        """Write the plan as an .npz file of plain numbers."""
        arrays: dict[str, Any] = {f"probes_{r}": p for r, p in enumerate(self.probes)}
        if self.spoiled is not None:
            arrays["spoiled"] = np.array(self.spoiled)
        with Path(path).open("wb") as file:
            np.savez(file, observed=self.observed, labels=self.labels, classes=self.classes, **arrays)


def classes_of(labels: Sequence[Any] | NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Labels as numbers 0..k-1, (n,), and the classes that they stand for, in order.

    Raises:
        ValueError: not one label a sample, a missing one, or fewer than two classes.
    """
    given = np.asarray(labels)
    if given.ndim != 1 or given.dtype.kind not in "iubUS":
        raise ValueError(
            f"labels must be one whole number or word a sample, were {given.dtype} of {given.shape}"
        )
    classes, numbers = np.unique(given, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"labels must have at least 2 classes, had {len(classes)}")
    return numbers.astype(np.int64), classes


def probe_count(n: int, rate: float | None) -> int:
    """Probes a run: 5 % of n, but at least 50, but at most 10 % of n; or the rate asked for."""
    return round(rate * n) if rate is not None else int(min(max(0.05 * n, 50.0), 0.10 * n))


def plan(
    labels: Sequence[Any] | NDArray[Any], runs: int = 2, rate: float | None = None, seed: int = 0
) -> Plan:
    """Probes for `runs` trainings: random samples that get another label, uniform over the other classes.

    They are independent of everything in the data. No sample is a probe twice.

    Args:
        labels: observed labels, (n,), whole numbers or words.
        runs: trainings, each with probes of its own. rate: share of samples that become probes in a run.

    Raises:
        ValueError: naming the argument; fewer than 20 probes in all cannot answer anything.

    >>> p = plan([0, 1] * 200, runs=2)
    >>> [len(q) for q in p.probes], int((p.labels[0] != p.observed).sum())
    ([40, 40], 40)
    """
    observed, classes = classes_of(labels)
    n = len(observed)
    if runs < 1:
        raise ValueError(f"runs must be at least 1, was {runs}")
    if rate is not None and not 0 < rate <= 0.3:
        raise ValueError(f"rate must lie in (0, 0.3], was {rate}")
    count = probe_count(n, rate)
    if runs * count < FEWEST_PROBES:
        raise ValueError(
            f"{runs} runs of {count} probes are fewer than {FEWEST_PROBES} in all: give more samples, "
            f"runs or a higher rate (there are {n} samples)"
        )
    if runs * count > n:
        raise ValueError(f"{runs} runs of {count} probes do not fit {n} samples")
    order = generator(seed, "audit.probes").permutation(n)
    probes = tuple(np.sort(order[r * count : (r + 1) * count]) for r in range(runs))
    trained = np.tile(observed, (runs, 1))
    for r, chosen in enumerate(probes):
        step = generator(seed, "audit.labels", r).integers(1, len(classes), size=len(chosen))
        trained[r, chosen] = (observed[chosen] + step) % len(classes)
    return Plan(observed, trained, probes, classes)


def matched_plan(
    observed: Ints, classes: NDArray[Any], suspects: Floats, runs: int, rate: float | None, seed: int
) -> Plan:
    """A second round whose probes follow the class pairs of a first round's suspects.

    Args:
        suspects: N[p, c], how many suspects were predicted p and labelled c, (k, k).

    Cell (p, c) is drawn with weight N + mean(N)/10 (p != c), then a random sample labelled p is given c.
    Such a probe has its true label where the sample was a c mislabelled p: a share N[c, p]/#(labelled p).

    Raises:
        ValueError: there are no suspects to match.
    """
    n, k = len(observed), len(classes)
    off = ~np.eye(k, dtype=bool)
    if not suspects[off].sum() > 0:
        raise ValueError("the first round has no suspects: there is nothing to match")
    weight = np.where(off, suspects + 0.1 * suspects[off].mean(), 0.0)
    counts = np.bincount(observed, minlength=k)
    weight[counts == 0] = 0.0
    weight /= weight.sum()
    count = probe_count(n, rate)
    trained = np.tile(observed, (runs, 1))
    probes = []
    free = np.ones(n, dtype=bool)
    for r in range(runs):
        rng = generator(seed, "audit.matched", r)
        chosen = []
        for cell in rng.choice(k * k, size=count, p=weight.ravel()):
            p, c = divmod(int(cell), k)
            left = np.flatnonzero(free & (observed == p))
            if not len(left):
                continue
            i = int(rng.choice(left))
            free[i] = False
            trained[r, i] = c
            chosen.append(i)
        probes.append(np.sort(np.array(chosen, dtype=np.int64)))
    back = np.minimum(suspects.T / np.maximum(counts, 1)[:, None], 1.0)
    return Plan(observed, trained, tuple(probes), classes, spoiled=float((weight * back).sum()))
