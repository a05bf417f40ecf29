r"""Problems on which engines are tried: small, varied, and clear of the kinks of ReLU.

Rounding can switch a filter on a step earlier or later if its pre-activation comes within rounding of 0, and
what follows is another run. No tolerance covers that, so such problems are not used: along the reference run
every pre-activation keeps a distance from 0 of at least `_CLEARANCE` times what float32 may move it. The
sizes ascend, so that the first failure is the smallest. Those drawn last are kept, with their reference runs:
of several engines each is tried on the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np

from simulation.two_stage.conformance.reference import ReferenceRun, reference_run
from simulation.two_stage.conformance.rounding import allowed_error, curvature, patch_condition
from simulation.two_stage.problem import Problem
from theory.rng import generator
from theory.two_stage.variation import PLAIN, Variation

__all__ = ["LONG_STEPS", "Case", "draw_cases", "draw_departing_cases", "draw_long_case", "first_clear"]

#: n, d, m, signal norm in units of a noise patch's, sigma_xi, initial pre-activation.
_SHAPES: tuple[tuple[int, int, int, float, float, float], ...] = (
    (2, 4, 1, 0.8, 1.0, 0.6),
    (3, 5, 2, 0.8, 0.5, 0.3),
    (4, 9, 3, 0.5, 2.0, 0.3),
    (6, 8, 2, 1.0, 1.0, 0.6),
    (8, 20, 3, 0.7, 1.0, 0.5),
)
_CLEARANCE = 2.0
#: Step size in units of 1 / curvature: 2 is the most at which a step cannot pull runs apart.
_STEP = 0.4
_ATTEMPTS = 1000
#: Steps of the one long run: what is right for hundreds of steps only shows in it.
LONG_STEPS = 2000
#: Of the shapes, the one that the long run has.
_LONG_SHAPE = 2


@dataclass(frozen=True, eq=False)
class Case:
    """A problem with step size, length and name; `seed` draws it again. `variation`: how it is trained."""

    name: str
    problem: Problem
    eta: float
    steps: int
    seed: int
    variation: Variation = field(default=PLAIN, kw_only=True)

    @cached_property
    def reference(self) -> ReferenceRun:
        """Gradient descent by autograd."""
        return reference_run(self.problem, self.eta, self.steps, self.variation)

    @cached_property
    def allowed(self) -> float:
        """What two float64 runs equal in real numbers may differ by."""
        return allowed_error(self.problem, self.reference)

    @cached_property
    def clearance(self) -> float:
        """Least distance of a pre-activation from 0 at any step."""
        return float(np.abs(self.reference.preactivations).min())

    def is_clear_in(self, dtype: str) -> bool:
        """Whether rounding of this type can switch no filter and is not amplified."""
        if self.eta > 2 / curvature(self.problem, self.variation.biases):
            return False
        # Weights, and with them pre-activations, are not magnified by the condition of the patches.
        error = allowed_error(self.problem, self.reference, dtype) / patch_condition(self.problem)
        return self.clearance >= _CLEARANCE * error

    def __str__(self) -> str:
        p = self.problem
        return f"{self.name} (n {p.n}, d {p.d}, m {p.m}, steps {self.steps}, seed {self.seed})"


def first_clear(draw: Callable[[int], Case], single: bool = True) -> Case:
    """The first case of draws 0, 1, ... that is clear of kinks, in float32 too unless `single` is False.

    Raises:
        RuntimeError: when none of a thousand is.
    """
    for attempt in range(_ATTEMPTS):
        case = draw(attempt)
        if case.is_clear_in("float32" if single else "float64"):
            return case
    raise RuntimeError(f"no problem clear of kinks in {_ATTEMPTS} draws")


@lru_cache(maxsize=16)
def draw_cases(seed: int = 0, per_shape: int = 2, steps: int = 20) -> tuple[Case, ...]:
    """Cases of ascending size; a pure function of the arguments.

    Both classes, and clean and flipped samples, take part in every case.
    """
    return tuple(
        first_clear(lambda attempt, s=shape, k=k: _draw(s, seed, k, attempt, steps))  # type: ignore[misc]
        for k, shape in enumerate(s for s in _SHAPES for _ in range(per_shape))
    )


@lru_cache(maxsize=16)
def draw_departing_cases(variation: Variation, seed: int = 0, steps: int = 20) -> tuple[Case, ...]:
    """A case of each size that is trained under a variation, clear of kinks along that training."""
    return tuple(
        first_clear(
            lambda attempt, s=shape, k=k: replace(  # type: ignore[misc]
                _draw(s, seed, k, attempt, steps, variation.biases), variation=variation
            ),
            single=False,
        )
        for k, shape in enumerate(_SHAPES, 2 * len(_SHAPES) + 1)
    )


@lru_cache(maxsize=16)
def draw_long_case(seed: int = 0, steps: int = LONG_STEPS) -> Case:
    """One long run, clear of kinks in float64; a pure function of the arguments."""
    index = 2 * len(_SHAPES)
    return first_clear(lambda k: _draw(_SHAPES[_LONG_SHAPE], seed, index, k, steps), single=False)


def _draw(
    shape: tuple[int, int, int, float, float, float],
    seed: int,
    index: int,
    attempt: int,
    steps: int,
    biases: bool = False,
) -> Case:
    n, d, m, signal, sigma_xi, start = shape
    rng = generator(seed, "conformance case", index * _ATTEMPTS + attempt)
    mu = rng.standard_normal(d)
    mu *= signal * sigma_xi * np.sqrt(d) / np.linalg.norm(mu)
    xi = sigma_xi * rng.standard_normal((n, d))
    y = rng.permutation(np.where(np.arange(n) % 2 == 0, 1.0, -1.0))
    flipped = rng.permutation(np.arange(n) < max(1, n // 4))
    w0 = start / (sigma_xi * np.sqrt(d)) * rng.standard_normal((2, m, d))
    problem = Problem(mu, xi, y, np.where(flipped, -y, y), w0)
    name = f"case {index}" if steps < LONG_STEPS else "long case"
    return Case(name, problem, _STEP / curvature(problem, biases), steps, seed)
