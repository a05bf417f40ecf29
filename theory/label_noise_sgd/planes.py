"""Phase planes: where SAM with label noise kills the network, and where label noise aligns."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.label_noise_sgd import sam_field
from theory.label_noise_sgd.options import LinearOptions
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.setting import LinearSetting
from theory.plane import Axis, LevelSet, Plane, PlaneQuantity

__all__ = ["PLANES"]

Floats = NDArray[np.float64]

_D, _ETA = 5, 4e-3


def _sam(rho: float, sigma: float, **_: Any) -> LinearSetting:
    return LinearSetting(m=1, d=_D, eta=1e-3, sigma=sigma, rho=rho)


def _theta(run: LinearRun) -> dict[str, float]:
    p = run.path
    theta = float(p.theta[-1] @ p.unit)
    return {"theta": theta, "alive": float(theta > 0.1 * run.setting.target)}


@cache
def _fold() -> tuple[Floats, Floats]:
    """The fold at some sigmas: it is smooth, and figures ask for it at every pixel."""
    sigmas = np.linspace(0.2, 2.4, 23)
    return sigmas, np.array([sam_field.collapse_radius(float(x), _D, 1.0) for x in sigmas])


def _excess(rho: Any, sigma: Any) -> Any:
    return rho - np.interp(sigma, *_fold())


def _chi(sigma: float, target: float, **_: Any) -> LinearSetting:
    return LinearSetting(m=100, d=_D, eta=_ETA, sigma=sigma, target=target)


def _chi_value(sigma: Any, target: Any) -> Any:
    return _ETA * sigma**2 * _D**1.5 / (2 * target)


def _alignment(run: LinearRun) -> dict[str, float]:
    return {"cosine": float(run.path.cos[-1])}


PLANES: tuple[Plane, ...] = (
    Plane(
        name="sam-collapse",
        x=Axis("rho", r"$\rho$", 0.02, 0.45),
        y=Axis("sigma", r"$\sigma$", 0.4, 2.0),
        setting=_sam,
        measure=_theta,
        quantities=(
            PlaneQuantity("alive", "share of networks alive", "rate", (0.0, 1.0)),
            PlaneQuantity("theta", r"$\theta$ along $\theta^*$ at the end", "mean"),
        ),
        fixed="one neuron at the rich fixed point, d = 5, |theta*| = 1, eta = .001",
        clock=300.0,
        options=LinearOptions(start="rich", records=10),
        level_sets=(LevelSet("fold of the mean field", _excess, 0.0),),
    ),
    Plane(
        name="alignment",
        x=Axis("sigma", r"$\sigma$", 0.3, 4.0, log=True),
        y=Axis("target", r"$|\theta^*|$", 0.1, 3.0, log=True),
        setting=_chi,
        measure=_alignment,
        quantities=(PlaneQuantity("cosine", r"mean $|\cos(w_i, \theta^*)|$ at the end", "mean", (0.0, 1.0)),),
        fixed="m = 100, d = 5, eta = .004, batch 1",
        clock=15.0,
        options=LinearOptions(records=10),
        level_sets=(LevelSet(r"$\chi = 1$", _chi_value, 1.0),),
    ),
)
