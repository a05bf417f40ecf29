"""A point of the mixture model: two Gaussian classes, flipped labels, gradient descent with a loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from theory.model import Model
from theory.setting import AbstractSetting, Trends

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["FLIPS", "LOSSES", "Flips", "LossName", "MixtureSetting"]

LossName = Literal["ce", "elr", "kl", "frozen"]
LOSSES: tuple[LossName, ...] = get_args(LossName)
Flips = Literal["exact", "random"]
FLIPS: tuple[Flips, ...] = get_args(Flips)


@dataclass(frozen=True)
class MixtureSetting(AbstractSetting):
    r"""`x_i = e_i (v + sigma z_i)` with `z_i ~ N(0, I_p)`, labels flipped with rate w, trained from norm r0.

    Args:
        n: examples, at least 2.
        p: dimension, at least 2.
        sigma: noise of a coordinate in units of the signal's length, > 0.
        flip_rate: probability w that a label is flipped, in [0, 1/2).
        eta: step of gradient descent on the mean loss, > 0.
        loss: "ce" (logistic), "elr", "kl" (regularised with targets that follow the model) or "frozen"
            (ELR with the constant target `target` on the true class).
        lam: strength of the regulariser, >= 0; 0 with "ce".
        beta: memory of the targets, in [0, 1); 0 with "ce" and "frozen".
        clamp: probabilities are clamped to `[clamp, 1 - clamp]`, without gradient outside; 0 is no clamp.
        start: norm r0 of the initial vector, drawn uniformly orthogonal to v; 0 starts from zero.
        target: true-class entry of the frozen target, in (1/2, 1); 0 for the other losses.
        flips: "exact" flips `round(w n)` labels, "random" flips each with probability w.

    Raises:
        ValueError: naming the field.

    >>> s = MixtureSetting(n=100, p=900, sigma=.1, flip_rate=.2, eta=.1)
    >>> round(s.kappa, 12), round(s.m, 12), s.w
    (0.09, 0.6, 0.2)

    Source: Liu et al. 2020, section 3.
    """

    n: int
    p: int
    sigma: float
    flip_rate: float
    eta: float
    loss: LossName = "ce"
    lam: float = 0.0
    beta: float = 0.0
    clamp: float = 0.0
    start: float = 0.0
    target: float = 0.0
    flips: Flips = "exact"

    trends: ClassVar[Trends] = Trends(slopes=("n", "kappa", "gamma"))

    def __post_init__(self) -> None:
        for name in ("n", "p"):
            value = getattr(self, name)
            if value != int(value) or value < 2:
                raise ValueError(f"{name} must be a whole number >= 2, was {value!r}")
            object.__setattr__(self, name, int(value))
        for name in ("sigma", "eta"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise ValueError(f"{name} must be finite and > 0, was {value!r}")
        for name in ("lam", "start"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0.0):
                raise ValueError(f"{name} must be finite and >= 0, was {value!r}")
        if not 0.0 <= self.flip_rate < 0.5:
            raise ValueError(f"flip_rate must lie in [0, 1/2), was {self.flip_rate!r}")
        if not 0.0 <= self.beta < 1.0:
            raise ValueError(f"beta must lie in [0, 1), was {self.beta!r}")
        if not 0.0 <= self.clamp < 0.5:
            raise ValueError(f"clamp must lie in [0, 1/2), was {self.clamp!r}")
        if self.loss not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(LOSSES)}, was {self.loss!r}")
        if self.flips not in FLIPS:
            raise ValueError(f"flips must be one of {', '.join(FLIPS)}, was {self.flips!r}")
        self._require_consistent()

    def _require_consistent(self) -> None:
        if self.loss == "ce" and (self.lam, self.beta, self.clamp) != (0.0, 0.0, 0.0):
            raise ValueError('lam, beta and clamp must be 0 with loss "ce", which has no regulariser')
        if self.loss == "frozen":
            if not 0.5 < self.target < 1.0:
                raise ValueError(f'target must lie in (1/2, 1) with loss "frozen", was {self.target!r}')
            if self.beta != 0.0 or self.clamp != 0.0:
                raise ValueError('beta and clamp must be 0 with loss "frozen": its target does not move')
        elif self.target != 0.0:
            raise ValueError(f'target must be 0 with loss "{self.loss}", was {self.target!r}')

    @property
    def wrong(self) -> int:
        """Number of flipped labels with exact flips, `round(w n)`."""
        return round(self.flip_rate * self.n)

    @property
    def w(self) -> float:
        """Flip rate that formulas take: the realised share with exact flips, else the probability."""
        return self.wrong / self.n if self.flips == "exact" else self.flip_rate

    @property
    def m(self) -> float:
        """`1 - 2w`, the mean agreement of a label with the truth."""
        return 1.0 - 2.0 * self.w

    @property
    def gamma(self) -> float:
        """`p/n`."""
        return self.p / self.n

    @property
    def kappa(self) -> float:
        """`sigma^2 p/n`: how strongly an example moves its own margin beside the common signal."""
        return self.sigma**2 * self.p / self.n

    @property
    def gamma_c(self) -> float:
        """Separability threshold of p/n at this w and sigma."""
        from theory.early_learning.separability import separability_threshold

        return separability_threshold(self.w, self.sigma)

    @property
    def tau_mem(self) -> float:
        """Memorisation time of plain cross entropy in the two-class mean field; 0 for kappa >= m."""
        from theory.early_learning.mean_field import memorisation_time

        return memorisation_time(self.w, self.kappa)

    @property
    def rate_mem(self) -> float:
        """`1/tau_mem`, by its closed form up to kappa = .003 (within .4 %); inf for kappa >= m."""
        from theory.early_learning.mean_field import memorisation_time
        from theory.early_learning.times import memorisation_constant

        if self.w > 0.0 and self.kappa < min(0.003, self.m / 2):
            return self.kappa / memorisation_constant(self.w)
        time = memorisation_time(self.w, self.kappa, rtol=1e-6)
        return 1.0 / time if time > 0.0 else math.inf

    @property
    def is_ce(self) -> float:
        """1 with cross entropy, else 0."""
        return float(self.loss == "ce")

    @property
    def is_elr(self) -> float:
        """1 with ELR whose targets follow the model, else 0."""
        return float(self.loss == "elr")

    @property
    def is_kl(self) -> float:
        """1 with the KL regulariser, else 0."""
        return float(self.loss == "kl")

    @property
    def is_frozen(self) -> float:
        """1 with ELR towards a frozen target, else 0."""
        return float(self.loss == "frozen")

    @property
    def clock_step(self) -> float:
        """Training time `tau = eta t` of one step."""
        return self.eta

    def groups(self) -> Mapping[str, float]:
        """Dimensionless groups, in report order."""
        return {"kappa": self.kappa, "kappa/m": self.kappa / self.m, "p/n": self.gamma, "w": self.w}

    def size(self) -> tuple[float, ...]:
        """The order in which counterexamples are smaller."""
        return (self.n, self.p, self.sigma, self.flip_rate, self.lam, self.beta, self.eta)

    @classmethod
    def letters(cls) -> Mapping[sp.Symbol, str]:
        """The symbols of formulas and the attributes that they stand for."""
        from theory.early_learning.symbols import LETTERS

        return LETTERS

    @classmethod
    def from_kappa(cls, *, n: int, kappa: float, gamma: float, **others: Any) -> MixtureSetting:
        """The setting with `sigma^2 p/n = kappa` and `p/n = gamma`, p rounded.

        >>> MixtureSetting.from_kappa(n=200, kappa=.25, gamma=100, flip_rate=.2, eta=.1).p
        20000
        """
        p = max(2, round(gamma * n))
        return cls(n=n, p=p, sigma=math.sqrt(kappa * n / p), **others)


MixtureSetting.model = Model("early_learning.mixture", MixtureSetting, "simulation.early_learning.engines")
