"""A small network on real digits with noisy labels: what can be varied, and what a run gives."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from theory.model import Model
from theory.setting import AbstractSetting, Trends

__all__ = ["DIGIT_LOSSES", "DigitsRun", "DigitsSetting"]

Floats = NDArray[np.float64]
DigitLoss = Literal["ce", "elr", "kl"]
DIGIT_LOSSES: tuple[DigitLoss, ...] = get_args(DigitLoss)
Noise = Literal["symmetric", "class"]
Mixed = Literal["", "shared", "independent"]


@dataclass(frozen=True)
class DigitsSetting(AbstractSetting):
    """A network 64-256-256-10 on 1,000 of scikit-learn's 8x8 digits, SGD with momentum.

    Args:
        rate: share of the labels that are redrawn uniformly over all ten classes ("symmetric"), or flipped to
            a fixed other class within 3, 5, 7, 8, 9 ("class").
        loss: "ce", "elr" or "kl".
        lam, beta: strength and memory of the targets. With "ce" targets are tracked all the same, at memory
            beta, and no gradient comes from them.
        batch, lr, momentum, decay: of the training. An epoch is a step of the clock.
        noise: how labels are made wrong.
        networks: 1 or 2 (ELR+).
        average: largest memory of the weight averages of ELR+; 0 for none.
        mixup: alpha of ELR+'s mixing weights; 0 for none.
        shared: with two networks, whether they share one vector of noisy labels; "" with one network.

    Raises:
        ValueError: naming the field.
    """

    trends: ClassVar[Trends] = Trends()

    rate: float
    loss: DigitLoss = "ce"
    lam: float = 0.0
    beta: float = 0.7
    batch: int = 64
    lr: float = 0.02
    momentum: float = 0.9
    decay: float = 1e-3
    noise: Noise = "symmetric"
    networks: int = 1
    average: float = 0.0
    mixup: float = 0.0
    shared: Mixed = ""

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate < 1.0:
            raise ValueError(f"rate must lie in [0, 1), was {self.rate!r}")
        if self.loss not in DIGIT_LOSSES:
            raise ValueError(f"loss must be one of {', '.join(DIGIT_LOSSES)}, was {self.loss!r}")
        if not (math.isfinite(self.lam) and self.lam >= 0.0) or (self.loss == "ce" and self.lam != 0.0):
            raise ValueError(f'lam must be finite and >= 0, and 0 with loss "ce", was {self.lam!r}')
        if not 0.0 <= self.beta < 1.0:
            raise ValueError(f"beta must lie in [0, 1), was {self.beta!r}")
        if self.batch < 1:
            raise ValueError(f"batch must be at least 1, was {self.batch!r}")
        if self.networks not in (1, 2):
            raise ValueError(f"networks must be 1 or 2, was {self.networks!r}")
        if (self.networks == 2) != (self.shared != ""):
            raise ValueError('shared must be "shared" or "independent" with two networks, "" with one')

    def groups(self) -> Mapping[str, float]:
        """Share of truly wrong labels, about."""
        return {"wrong": 0.9 * self.rate if self.noise == "symmetric" else self.rate / 2}

    @property
    def is_plus(self) -> bool:
        """Whether a run needs ELR+'s machinery."""
        return self.networks == 2 or self.average > 0.0 or self.mixup > 0.0


DigitsSetting.model = Model(
    "early_learning.digits", DigitsSetting, "simulation.early_learning.digits_engines"
)


class DigitsRun(Protocol):
    """A training run; arrays over the E recorded epochs."""

    @property
    def setting(self) -> DigitsSetting: ...
    @property
    def epochs(self) -> NDArray[np.int64]:
        """Recorded epochs, (E,)."""

    @property
    def test(self) -> Floats:
        """Accuracy on the 797 held-out images, true labels, (E,)."""

    @property
    def memorised(self) -> Floats:
        """Share of wrongly labelled training images that are classified as their label, (E,)."""

    @property
    def corrected(self) -> Floats:
        """Share of wrongly labelled training images that are classified as their true class, (E,)."""

    @property
    def clean(self) -> Floats:
        """Accuracy on rightly labelled training images, (E,)."""

    @property
    def target_accuracy(self) -> float:
        """Share of all training images whose target is largest at the true class, at the end."""

    @property
    def peak_targets(self) -> Floats:
        """The target's entry at the true class, for every wrong label, at the epoch that corrects most of
        them, (W,)."""

    @property
    def kept(self) -> NDArray[np.bool_]:
        """Whether its image is classified as its true class at the end, (W,)."""

    control: Any
