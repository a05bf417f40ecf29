"""A plain numpy engine with one place for each defect, and the defects.

Written from the definition, as a user would; nothing of our engines enters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.problem import Problem

Floats = NDArray[np.float64]
SIDES = np.array([1.0, -1.0])[:, None]


@dataclass(frozen=True)
class Result:
    steps: NDArray[np.int64]
    margins: Floats
    gamma: Floats
    rho: Floats


def relu(x: Floats) -> Floats:
    return np.maximum(x, 0.0)


def step_of_one(x: Floats) -> Floats:
    return np.asarray((x > 0).astype(x.dtype))


@dataclass
class NumpyEngine:
    """Gradient descent on the decomposition; every field is a place for a defect."""

    noise_sign: float = 1.0
    signal_share: float = 1.0
    per_filter: bool = True
    rate: float = 1.0
    drift: float = 0.0
    roll: int = 0
    leak: float = 0.0
    sum_type: Any = None
    stale: bool = False
    jitter: float = 0.0
    only_flipped: bool = False
    batch_effect: float = 0.0
    heeds_dtype: bool = True
    left_out: int = 0
    uneven_filters: float = 0.0
    uneven_heads: float = 0.0
    absolute: float = 0.0
    more_samples: int = 0
    calls: int = 0

    def __call__(
        self, problem: Problem, *, eta: float, steps: int, dtype: str = "float64", device: str = "cpu"
    ) -> Result:
        kind = np.dtype(dtype if self.heeds_dtype else "float64")
        self.calls += 1
        p = problem
        n, m = p.n, p.m
        patches = np.concatenate([p.mu[None], p.xi]).astype(kind)
        patches[:, : self.left_out] = 0
        norms = np.sum(patches**2, axis=1)
        seen = np.roll(p.y_observed, self.roll).astype(kind)
        y = p.y.astype(kind)
        w0 = p.w0.astype(kind)
        if self.jitter:
            w0 = w0 + self.jitter * np.random.default_rng(self.calls).standard_normal(w0.shape)
        gamma = np.zeros((2, m), dtype=kind)
        rho = np.zeros((2, m, n), dtype=kind)
        margins_out, gamma_out, rho_out = [], [], []
        sides = SIDES.astype(kind)
        heads = np.array([1.0, self.uneven_heads - 1.0], dtype=kind)[:, None]
        weight = 1 + self.uneven_filters * np.arange(m, dtype=kind)[:, None]
        shown = np.zeros(n)
        for t in range(steps + 1):
            w = (
                w0
                + (sides * gamma)[..., None] * patches[0] / norms[0]
                + rho @ (patches[1:] / norms[1:, None])
            )
            on_signal = w @ patches[0]
            signal, noise = on_signal[..., None] * y, w @ patches[1:].T
            responses = self.relu(signal) * kind.type(self.signal_share) + self.relu(noise)
            if self.sum_type is not None:
                responses = responses.astype(self.sum_type)
            f = (heads * (responses * weight).mean(axis=1)).sum(axis=0).astype(kind)
            margins = seen * f
            margins_out.append(shown if self.stale and t else p.y_observed * f)
            shown = p.y_observed * f
            gamma_out.append(gamma.copy())
            rho_out.append(rho.copy())
            if t == steps:
                break
            pull = 1 / (1 + np.exp(margins))
            count = n
            if self.only_flipped:
                kept = p.y_observed != p.y
                pull = pull * kept
                count = int(kept.sum()) or n
            count += self.more_samples
            rate = self.rate * (1 + self.drift * t) * norms[0] ** self.absolute
            scale = kind.type(eta * rate / (count * (m if self.per_filter else 1)))
            push = scale * pull * seen
            gamma = gamma + kind.type(self.signal_share) * norms[0] * (self.slope(signal) * (push * y)).sum(
                -1
            )
            rho = rho + kind.type(self.noise_sign) * sides[..., None] * self.slope(noise) * push * norms[1:]
        return Result(
            np.arange(steps + 1),
            np.array(margins_out, dtype=float),
            np.array(gamma_out, dtype=float),
            np.array(rho_out, dtype=float),
        )

    def relu(self, x: Floats) -> Floats:
        return relu(x) - self.leak * relu(-x)

    def slope(self, x: Floats) -> Floats:
        return step_of_one(x) + self.leak * step_of_one(-x)

    def run_many(
        self,
        problems: list[Problem],
        *,
        etas: list[float],
        steps: list[int],
        dtype: str = "float64",
        device: str = "cpu",
    ) -> list[Result]:
        rate = self.rate * (1 + self.batch_effect * len(problems))
        engine = replace(self, rate=rate)
        return [
            engine(p, eta=eta, steps=count, dtype=dtype, device=device)
            for p, eta, count in zip(problems, etas, steps, strict=True)
        ]


#: Defect, and the checks that must notice it.
WRONG: dict[str, tuple[Callable[[], NumpyEngine], set[str]]] = {
    "wrong sign of the noise gradient": (
        lambda: NumpyEngine(noise_sign=-1.0),
        {"gradient: autograd", "gradient: differences", "trajectory: autograd", "monotone coefficients"},
    ),
    "missing 1/m": (
        lambda: NumpyEngine(per_filter=False),
        {"gradient: autograd", "gradient: differences", "no flipped label", "duplicated filters"},
    ),
    "learning rate times 1.1": (
        lambda: NumpyEngine(rate=1.1),
        {"gradient: autograd", "gradient: differences", "no flipped label"},
    ),
    "labels rolled by one": (
        lambda: NumpyEngine(roll=1),
        {"gradient: autograd", "gradient: differences", "monotone coefficients", "sample permutation"},
    ),
    "leaky ReLU of .05": (
        lambda: NumpyEngine(leak=0.05),
        {"gradient: autograd", "decomposition", "no flipped label"},
    ),
    "float16 accumulation": (
        lambda: NumpyEngine(sum_type=np.float16),
        {"gradient: autograd", "trajectory: autograd", "decomposition"},
    ),
    "mu not counted": (
        lambda: NumpyEngine(signal_share=0.0),
        {"gradient: autograd", "gradient: differences", "decomposition", "no flipped label"},
    ),
    "stale margins": (lambda: NumpyEngine(stale=True), {"trajectory: autograd", "decomposition", "restart"}),
    "drift of eta": (lambda: NumpyEngine(drift=1e-3), {"trajectory: autograd", "restart"}),
    "seed that is not fixed": (lambda: NumpyEngine(jitter=1e-9), {"replay", "trajectory: autograd"}),
    "average over the flipped samples only": (
        lambda: NumpyEngine(only_flipped=True),
        {"gradient: autograd", "gradient: differences", "trajectory: autograd"},
    ),
    "result depends on the batch": (lambda: NumpyEngine(batch_effect=1e-6), {"batch invariance"}),
    "step size off by one in ten million": (
        lambda: NumpyEngine(rate=1 + 1e-7),
        {"gradient: autograd", "trajectory: autograd", "no flipped label"},
    ),
    "first coordinate left out": (lambda: NumpyEngine(left_out=1), {"rotation", "trajectory: autograd"}),
    "filters weighted by their number": (
        lambda: NumpyEngine(uneven_filters=1e-6),
        {"neuron permutation", "duplicated filters", "decomposition"},
    ),
    "heads of unequal weight": (lambda: NumpyEngine(uneven_heads=1e-6), {"label and head swap"}),
    "step in units of its own": (lambda: NumpyEngine(absolute=1e-6), {"scaling", "gradient: autograd"}),
    "1/(n + 1) for 1/n": (lambda: NumpyEngine(more_samples=1), {"duplicated data", "gradient: autograd"}),
    "float64 whatever is asked": (lambda: NumpyEngine(heeds_dtype=False), {"float32"}),
    "float32 passed off as float64": (
        lambda: NumpyEngine(sum_type=np.float32),
        {"gradient: autograd", "trajectory: autograd", "decomposition"},
    ),
}
