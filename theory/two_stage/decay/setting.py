"""A training setting whose weights decay."""

from __future__ import annotations

import math
from dataclasses import dataclass

from theory.model import Model
from theory.two_stage.setting import Setting

__all__ = ["DecayedSetting"]


@dataclass(frozen=True)
class DecayedSetting(Setting):
    r"""A setting trained by `W <- (1 - h lambda) W - eta grad`.

    `weight_decay` is lambda in clock units: without a gradient the weights fall to `e^{-lambda s}` by the
    clock s. A program's coefficient is `coefficient = lambda sigma_xi^2 d/(n m)`.

    Raises:
        ValueError: naming the argument, what it was and what is allowed.

    >>> s = Setting.from_n_snr2(n=100, d=10_000, m=20, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1,
    ...                         clock_step=0.05, kappa_0=0.1)
    >>> decayed = DecayedSetting.of(s, weight_decay=0.5)
    >>> decayed.coefficient, decayed.undecayed == s
    (2.5, True)
    """

    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        rate = self.weight_decay
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0.0 <= rate < math.inf:
            raise ValueError(f"weight_decay must be a finite number >= 0, was {rate!r}")
        if not rate * self.clock_step < 1.0:
            raise ValueError(
                f"weight_decay must be below 1/h = {1 / self.clock_step:g}, or a step leaves nothing of the "
                f"weights; was {rate!r}"
            )

    @classmethod
    def of(cls, setting: Setting, weight_decay: float) -> DecayedSetting:
        """The same setting with decay."""
        return cls(**setting.as_dict() | {"weight_decay": weight_decay})

    @property
    def coefficient(self) -> float:
        """What a program multiplies the weights by and adds to the gradient: `lambda sigma_xi^2 d/(n m)`."""
        return self.weight_decay * self.clock_step / self.eta

    @property
    def undecayed(self) -> Setting:
        """The setting without decay."""
        return Setting(**{k: v for k, v in self.as_dict().items() if k != "weight_decay"})

    def groups(self) -> dict[str, float]:
        """The dimensionless groups by name, lambda among them."""
        return super().groups() | {"weight_decay": self.weight_decay}


DecayedSetting.model = Model("two_stage", DecayedSetting, "simulation.two_stage.engines")
