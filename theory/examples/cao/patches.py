"""Data of a signal patch and a noise patch orthogonal to it, for a network with activation ReLU^q."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import theory as th

__all__ = ["Patches"]


@dataclass(frozen=True)
class Patches(th.AbstractSetting):
    """`n` samples of patches `y mu`, `xi ~ N(0, I - mu mu^T/|mu|^2)` in R^d; `m` filters a side from
    `N(0, sigma_0^2)`, where `start = sigma_0 max(|mu|, sqrt(d))`; `g = n SNR^q` with `SNR = |mu|/sqrt(d)`.

    The clock is `step` a step: a step of gradient descent is `step m/(q max(|mu|^2, d/n))`.
    """

    n: int
    d: int
    g: float
    q: int = 3
    m: int = 10
    start: float = 0.1
    step: float = 0.1

    def __post_init__(self) -> None:
        if self.n + 1 > self.d or self.q < 3:
            raise ValueError(f"d must be at least n + 1 and q at least 3, was {self.d!r} and {self.q!r}")

    @property
    def clock_step(self) -> float:
        """`step` a step."""
        return self.step

    @property
    def snr(self) -> float:
        """`SNR = |mu|/sqrt(d)`."""
        return float((self.g / self.n) ** (1 / self.q))

    @property
    def signal_norm(self) -> float:
        """`|mu|`."""
        return self.snr * math.sqrt(self.d)

    def groups(self) -> Mapping[str, float]:
        """The group that is claimed to decide, and the one that decides for q = 2."""
        return {"n_snr_q": self.g, "n_snr_2": self.n * self.snr**2}


Patches.model = th.Model("examples.cao", Patches, "simulation.examples.cao")
