"""What drives a run besides its start: samples, label noise, step, schedule, radius, decay."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from simulation.label_noise_sgd.problem import checked

__all__ = ["Dynamics", "Samples", "noise_factors"]

Floats = NDArray[np.float64]
Samples = Literal["given", "online", "sampled", "full", "population"]


@dataclass(frozen=True, eq=False)
class Dynamics:
    r"""One step is `W <- W - eta a g^T`, `a <- a - eta W g`, both from the old W and a, with

        g = (1/B) sum_b (f(x_b) - theta* . x_b - eps_b) x_b.

    Args:
        eta: step, > 0.
        samples: "online" (x ~ N(0, Sigma) anew), "sampled" (rows of `data`, drawn with replacement), "full"
            (all rows of `data` at once), "population" (g = Sigma (theta - theta*), no label noise) or
            "given" (`inputs`, `label_noise`).
        batch: B of "online" and "sampled"; the others have their own.
        sigma: size of the label noise, +sigma or -sigma with equal chance, fresh at every use.
        spectrum: (d,) eigenvalues of Sigma along the axes; None for the identity.
        data: (n, d) inputs of a data set.
        static: (n,) label noise drawn once, instead of fresh noise.
        inputs, label_noise: (T, B, d) and (T, B), for "given".
        rho, normalised: sharpness-aware minimisation: the gradient is taken at (W, a) + rho grad/|grad|, or
            + rho grad; rho = 0 for none.
        decay_w, decay_a: shares taken off W and a at every step.
        blocks: (steps, factor) pairs: the noise is sigma times factor for so many steps, one pair after the
            other; the last goes on for ever, or with `cycle` the first follows it.

    Raises:
        ValueError: naming the argument.
    """

    eta: float
    samples: Samples = "online"
    batch: int = 1
    sigma: float = 0.0
    spectrum: Floats | None = None
    data: Floats | None = None
    static: Floats | None = None
    inputs: Floats | None = None
    label_noise: Floats | None = None
    rho: float = 0.0
    normalised: bool = True
    decay_w: float = 0.0
    decay_a: float = 0.0
    blocks: tuple[tuple[int, float], ...] = field(default=((1, 1.0),))
    cycle: bool = False

    def __post_init__(self) -> None:
        put = object.__setattr__
        if not (self.eta > 0 and np.isfinite(self.eta)):
            raise ValueError(f"eta must be > 0 and finite, was {self.eta!r}")
        if self.samples not in get_args(Samples):
            raise ValueError(f"samples must be one of {get_args(Samples)}, was {self.samples!r}")
        for name in ("sigma", "rho"):
            value = getattr(self, name)
            if not (value >= 0 and np.isfinite(value)):
                raise ValueError(f"{name} must be >= 0 and finite, was {value!r}")
        for name in ("decay_w", "decay_a"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise ValueError(f"{name} must lie in [0, 1), was {value!r}")
        if int(self.batch) != self.batch or self.batch < 1:
            raise ValueError(f"batch must be an integer >= 1, was {self.batch!r}")
        if self.spectrum is not None:
            put(self, "spectrum", checked("spectrum", self.spectrum, ("d",)))
            if np.any(self.spectrum < 0):
                raise ValueError(f"spectrum must be >= 0, holds {float(self.spectrum.min())!r}")
        needs_data = self.samples in ("sampled", "full")
        if needs_data != (self.data is not None):
            raise ValueError(
                f"data must {'be given' if needs_data else 'be None'} with samples={self.samples!r}"
            )
        if self.data is not None:
            put(self, "data", checked("data", self.data, ("n", "d")))
        if self.static is not None:
            if self.data is None:
                raise ValueError("static label noise needs a data set: samples 'sampled' or 'full'")
            put(self, "static", checked("static", self.static, (len(self.data),)))
        if self.samples == "full":
            put(self, "batch", len(self.data) if self.data is not None else 1)
        given = self.samples == "given"
        if given != (self.inputs is not None) or given != (self.label_noise is not None):
            raise ValueError("inputs and label_noise must be given together, and only with samples='given'")
        if given:
            put(self, "inputs", checked("inputs", self.inputs, ("T", "B", "d")))
            assert self.inputs is not None
            put(self, "label_noise", checked("label_noise", self.label_noise, self.inputs.shape[:2]))
            put(self, "batch", int(self.inputs.shape[1]))
        if not self.blocks:
            raise ValueError("blocks must hold at least one (steps, factor) pair, was empty")
        for steps, factor in self.blocks:
            if int(steps) != steps or steps < 1 or not np.isfinite(factor):
                raise ValueError(
                    f"blocks must hold (steps >= 1, finite factor) pairs, holds {(steps, factor)!r}"
                )

    def check_inputs(self, d: int) -> None:
        """Refuse arrays that do not fit networks of d inputs."""
        for name in ("spectrum", "data", "inputs"):
            value = getattr(self, name)
            if value is not None and value.shape[-1] != d:
                raise ValueError(f"{name} must have {d} entries a sample to match w_0, was {value.shape}")

    def scale(self, d: int) -> Floats:
        """Standard deviation of every input, (d,)."""
        return np.ones(d) if self.spectrum is None else np.sqrt(self.spectrum)


def noise_factors(dynamics: Dynamics, steps: int) -> Floats:
    """The schedule's factor at every step, (steps,).

    >>> noise_factors(Dynamics(0.1, blocks=((2, 1.0), (1, 0.0)), cycle=True), 5).tolist()
    [1.0, 1.0, 0.0, 1.0, 1.0]
    """
    one = np.repeat([f for _, f in dynamics.blocks], [int(s) for s, _ in dynamics.blocks])
    if dynamics.cycle:
        return np.resize(one, steps)
    return np.concatenate([one[:steps], np.full(max(0, steps - len(one)), dynamics.blocks[-1][1])])
