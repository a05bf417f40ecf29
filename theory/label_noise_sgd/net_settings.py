"""Settings of the networks beyond two linear layers: deep networks, and that of the released notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from theory.model import Model
from theory.setting import AbstractSetting, Trends

__all__ = ["DeepSetting", "NotebookSetting"]


@dataclass(frozen=True)
class DeepSetting(AbstractSetting):
    """Two hidden layers with bias on a random teacher, plain SGD.

    Args:
        inputs, first, second, outputs: widths.
        batch, eta: of SGD.
        activation: "relu", "leaky" or "tanh".
        loss: "mse" or "ce".
    """

    trends: ClassVar[Trends] = Trends()

    inputs: int
    first: int
    second: int
    outputs: int
    batch: int
    eta: float
    activation: str = "relu"
    loss: str = "mse"

    def __post_init__(self) -> None:
        for name in ("inputs", "first", "second", "outputs", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be >= 1, was {getattr(self, name)!r}")
        if not self.eta > 0:
            raise ValueError(f"eta must be > 0, was {self.eta!r}")


@dataclass(frozen=True)
class NotebookSetting(AbstractSetting):
    """Dense(width)-Erf-Dense(classes) on n images of `inputs` pixels, full batch, labels replaced with
    chance p.

    Args:
        n, inputs, width, classes: sizes.
        p: chance that a label is replaced by a uniform one, its own included.
        eta: step.
    """

    trends: ClassVar[Trends] = Trends()

    n: int
    inputs: int
    width: int
    classes: int
    p: float
    eta: float

    def __post_init__(self) -> None:
        for name in ("n", "inputs", "width", "classes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be >= 1, was {getattr(self, name)!r}")
        if not 0 < self.p < 1:
            raise ValueError(f"p must lie in (0, 1), was {self.p!r}")
        if not (self.eta > 0 and np.isfinite(self.eta)):
            raise ValueError(f"eta must be > 0 and finite, was {self.eta!r}")

    @property
    def m(self) -> int:
        """Hidden units, under the letter of the other settings."""
        return self.width

    @property
    def d(self) -> int:
        """Inputs, under the letter of the other settings."""
        return self.inputs


DeepSetting.model = Model("label_noise_sgd.deep", DeepSetting, "simulation.label_noise_sgd.deep_engines")
NotebookSetting.model = Model(
    "label_noise_sgd.notebook", NotebookSetting, "simulation.label_noise_sgd.notebook_engines"
)
