"""Separable data from a Gaussian mixture."""

from __future__ import annotations

from dataclasses import dataclass

import theory as th

__all__ = ["Mixture"]


@dataclass(frozen=True)
class Mixture(th.AbstractSetting):
    """`n` samples `x = y (separation e_1 + z)` in R^d, z ~ N(0, I), seen as `y x`; steps of `step/max |x|^2`
    over the loss. Separable whenever d >= n."""

    n: int
    d: int
    separation: float
    step: float = 0.25


Mixture.model = th.Model("examples.max_margin", Mixture, "simulation.examples.max_margin")
