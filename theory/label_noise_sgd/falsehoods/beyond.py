"""Mistakes beyond two linear layers."""

from __future__ import annotations

from typing import Any

from theory.label_noise_sgd.claims import notebook, relu
from theory.label_noise_sgd.claims.made import Pair
from theory.label_noise_sgd.falsehoods.slip import Slip
from theory.label_noise_sgd.run import LinearRun

__all__ = ["SLIPS"]


def _full_drift(run: LinearRun) -> Pair:
    """The drift of linear neurons."""
    got = relu.relu_drop_unamplified(run)
    return got[0], 2 * got[1]


def _plateau_without_half(run: Any) -> Pair:
    """p^2 mean (y - 1/10)^2."""
    got = notebook.plateau(run)
    return got[0], 2 * got[1]


SLIPS: tuple[Slip, ...] = (
    Slip("relu.drift", "drift of linear neurons", "factor", _full_drift, "a factor 2"),
    Slip("notebook.plateau", "no half", "factor", _plateau_without_half, "a factor 2"),
)  # fmt: skip
