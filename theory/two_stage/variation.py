"""Departures from the paper's model: noise patches, labels, mini-batches, schedules, momentum, biases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from theory.two_stage.schedule import Schedule

__all__ = ["NOISES", "PLAIN", "LabelNoise", "Noise", "Variation"]

Noise = Literal["gaussian", "rademacher", "laplace", "student_t5", "sparse", "correlated", "elliptical_t5"]
LabelNoise = Literal["uniform", "instance"]
NOISES: tuple[str, ...] = get_args(Noise)


@dataclass(frozen=True)
class Variation:
    """What differs from the paper's model; every noise keeps `E |xi|^2 = sigma_xi^2 d`.

    Args:
        noise: law of a noise patch. Independent coordinates: "gaussian", "rademacher" (+-1), "laplace",
            "student_t5" (5 degrees of freedom), "sparse" (5 % of the coordinates, Gaussian there).
            "correlated": Gaussian with covariance eigenvalues proportional to `k^-decay`, whose effective
            dimension is `(tr S)^2 / tr S^2 < d`. "elliptical_t5": a Gaussian patch times one random
            scale, so that `|xi|^2` does not concentrate.
        decay: the power of the "correlated" spectrum.
        batch_size: samples a gradient step, drawn without replacement within an epoch; None for all.
        label_noise: "uniform" flips with the class rate; "instance" flips sample i with probability
            `2 tau Phi(<xi_i, v>/(sigma_xi |v|))` for a fixed random direction v, the same rate on average.
        schedule: step sizes `eta x factor(t)`; a run's clock is then `h` times the sum of the factors.
        momentum: beta of the heavy ball `V <- beta V - (1 - beta) eta grad`, `W <- W + V`, 0 for none: eta
            is the step in effect, so that the clock keeps its h (the learning rate of a program that adds
            `V <- beta V + grad`, `W <- W - lr V` is `(1 - beta) eta`).
        fresh_flips: probability with which a step sees the label of a sample flipped, drawn afresh for each
            sample and step; it comes on top of the flips of the data, which stay as observed. Margins and
            losses are told of the observed labels.
        biases: every filter adds a bias to its products with both patches, `relu(<w, x> + b)`, trained as
            the weights are, from 0.
    """

    noise: Noise = "gaussian"
    decay: float = 0.5
    batch_size: int | None = None
    label_noise: LabelNoise = "uniform"
    schedule: Schedule | None = None
    momentum: float = 0.0
    fresh_flips: float = 0.0
    biases: bool = False

    def __post_init__(self) -> None:
        if self.noise not in NOISES:
            raise ValueError(f"noise must be one of {', '.join(NOISES)}, was {self.noise!r}")
        if self.label_noise not in get_args(LabelNoise):
            raise ValueError(f"label_noise must be uniform or instance, was {self.label_noise!r}")
        if self.batch_size is not None and self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, was {self.batch_size!r}")
        if not self.decay >= 0:
            raise ValueError(f"decay must be >= 0, was {self.decay!r}")
        if not (self.schedule is None or isinstance(self.schedule, Schedule)):
            raise ValueError(f"schedule must be a Schedule or None, was {self.schedule!r}")
        if not 0.0 <= self.momentum < 1.0:
            raise ValueError(f"momentum must lie in [0, 1), was {self.momentum!r}")
        if not 0.0 <= self.fresh_flips < 0.5:
            raise ValueError(f"fresh_flips must lie in [0, 1/2), was {self.fresh_flips!r}")
        if not isinstance(self.biases, bool):
            raise ValueError(f"biases must be True or False, was {self.biases!r}")

    @property
    def needs_data(self) -> bool:
        """Whether real patches are needed: the law engine only knows Gaussian noise and uniform flips."""
        return self.noise != "gaussian" or self.label_noise != "uniform"


PLAIN = Variation()
