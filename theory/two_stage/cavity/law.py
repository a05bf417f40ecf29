r"""What the cavity law says of a run: stage times, Theorem 4.1's event, the active shares; as replicates.

A run is one more draw from the law given its label counts. Its rank among the replicates is uniform if the
law is right, whatever the setting; its mean and standard deviation are those of the replicates.

Source: derived here (`docs/derivations/cavity.md`).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from theory.two_stage.cavity.paths import cavity_paths
from theory.two_stage.cavity.terms import FULL, Terms
from theory.two_stage.mean_field.mean_field import Population
from theory.two_stage.mean_field.sampled_field import TimeLaw
from theory.two_stage.setting import Setting
from theory.two_stage.stays import stay_times

__all__ = ["REPLICATES", "CavityLaw", "cavity_law", "drawn_population", "event_probability"]

Floats = NDArray[np.float64]

#: Replicates of a law; its sampling error is then a sixth of a run's own spread.
REPLICATES = 40

#: Data sets followed at once: their arrays stay in the cache.
_TOGETHER = 40


@dataclass(frozen=True, eq=False)
class CavityLaw:
    """R replicates of a run of T steps.

    `times` are the clocks from which the noisy samples of each class stay fit; `share` and `share_sd` (T, R)
    are mean and standard deviation of the active shares p_i over the samples.
    """

    times: TimeLaw
    share: Floats
    share_sd: Floats


@lru_cache(maxsize=8)
def cavity_law(
    population: Population, steps: int, replicates: int = REPLICATES, terms: Terms = FULL
) -> CavityLaw:
    """The law over `steps` steps. A pure function: nothing else that is predicted changes its draws.

    Source: derived here.
    """
    rng = _generator(population, steps, replicates)
    paths = cavity_paths(population, steps, replicates, rng, terms, until_fit=True)
    clock, end = population.clock_step, steps * population.clock_step
    noisy = paths.nodes.agree[:, 0] < 0
    plus, minus = (
        np.minimum(_stay_clocks(paths.margins[:, noisy & of[:, 0]], clock), end) for of in paths.nodes.classes
    )
    share = paths.active.mean(axis=1, dtype=np.float64)
    square = np.einsum("tnr,tnr->tr", paths.active, paths.active, dtype=np.float64) / paths.nodes.n
    return CavityLaw(TimeLaw((plus, minus), end), share, np.sqrt(np.maximum(square - share**2, 0.0)))


def _stay_clocks(margins: NDArray[np.float32], clock_step: float) -> Floats:
    """(T, k, R) -> (k, R), as a run's times are defined."""
    steps, k, R = margins.shape
    if not k:
        return np.zeros((0, R))
    times = stay_times(margins.reshape(steps, k * R).astype(np.float64), np.arange(steps))
    return clock_step * times.reshape(k, R)


def _generator(*key: object) -> np.random.Generator:
    digest = hashlib.blake2b(repr(("cavity", *key)).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


@lru_cache(maxsize=64)
def event_probability(
    setting: Setting, clocks: tuple[float, ...], labels: int = 80, replicates: int = 2, terms: Terms = FULL
) -> tuple[float, ...]:
    """Probability of Theorem 4.1's event at these clocks, the labels drawn too.

    All clean samples are fit and all noisy ones are not, at the first step at or after the clock.

    Args:
        labels: draws of the label counts. replicates: runs of each.
    """
    h = setting.clock_step
    at = [math.ceil(clock / h - 1e-9) for clock in clocks]
    rng = _generator(setting, clocks, labels, replicates)
    drawn = [drawn_population(setting, rng) for _ in range(labels)] * replicates
    happened = np.zeros(len(clocks))
    for first in range(0, len(drawn), _TOGETHER):
        some = drawn[first : first + _TOGETHER]
        paths = cavity_paths(some, max(at), len(some), rng, terms)
        right = (paths.margins[at] > 0) == (paths.nodes.agree > 0)
        happened += right.all(axis=1).sum(axis=1)
    return tuple(float(x) for x in happened / len(drawn))


def drawn_population(setting: Setting, rng: np.random.Generator) -> Population:
    """A population with drawn labels."""

    def split(size: int, rate: float) -> tuple[int, int]:
        noisy = int(rng.binomial(size, rate))
        return size - noisy, noisy

    plus = int(rng.binomial(setting.n, 0.5))
    counts = split(plus, setting.tau_plus), split(setting.n - plus, setting.tau_minus)
    return Population(
        a=setting.n_snr2,
        counts=counts,
        iota=setting.iota,
        kappa_0=setting.kappa_0,
        clock_step=setting.clock_step,
        m=setting.m,
        d=setting.d,
    )
