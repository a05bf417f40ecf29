"""Where settings come from: dimensionless coordinates, and the settings made of them.

`amplified` is c_B m/d (1 at the edge of stability), `width` is m/d, `tilt` is the initial ratio s/M_perp that
the label noise sustains, `d eta sigma^2/(2 B mu_0)`, and chi the adiabaticity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from theory.label_noise_sgd import sam_field
from theory.label_noise_sgd.setting import LinearSetting
from theory.place import Box, Coordinate, makes
from theory.setting import AbstractSetting

__all__ = [
    "LAZY",
    "LAZY_RANGES",
    "REFERENCE",
    "RICH_ONE",
    "RICH_SMALL",
    "TARGETS",
    "box",
    "collapse",
    "data_set",
    "forced",
    "lazy",
    "noiseless",
    "one_neuron",
    "plain_sam",
    "rich",
    "rich_spectrum",
    "sam",
    "sam_step",
    "small_start",
    "spectrum",
    "step_for",
]

Values = Mapping[str, float]
Range = tuple[float, float]

_WHOLE = {"d", "m", "batch"}
_LINEAR = {"persistence", "below"}
_MEANING = {
    "d": "inputs",
    "m": "neurons",
    "width": "m/d",
    "batch": "B",
    "amplified": "c_B m/d",
    "tilt": "d eta sigma^2/(2 B mu_0)",
    "chi": "eta sigma^2 d^(3/2)/(2 B |theta*|)",
    "target": "|theta*|",
    "rows": "n/d",
    "spread": "eigenvalues of Sigma fall like k^-spread",
    "speed": "eta m/d, or eta |theta*| from a small start",
    "smallness": "m t_0^2 (d+1)/|theta*|",
    "pull": "eta m v, times (1+p)/(2(1-p)) for a chain",
    "pace": "eta sqrt(d) |theta*|",
    "kick": "eta mu_0 (d+1)",
    "push": "rho mu_0 (d+2)",
    "below": "rho over the radius of collapse",
}
#: The usual range of |theta*|.
TARGETS = (0.5, 2.0)


def box(
    name: str,
    make: Callable[[Values], LinearSetting],
    accept: Callable[[AbstractSetting], bool] | None = None,
    **ranges: Range,
) -> Box:
    """Settings that `make` builds of coordinates drawn in these ranges, in the order given."""
    coordinates = tuple(
        Coordinate(
            key, low, high, "linear" if key in _LINEAR else "log", key in _WHOLE, _MEANING.get(key, "")
        )
        for key, (low, high) in ranges.items()
    )
    return Box(name, coordinates, make, accept=accept)


def step_for(amplified: float, m: int, d: int, batch: int = 1) -> float:
    """eta with `c_B m/d = amplified`."""
    return 2 * amplified * d / (m * (1 + (d + 1) / batch))


def _size(x: Values) -> tuple[int, int, int]:
    d = int(x["d"])
    return max(d + 1, round(x["width"] * d)), d, int(x.get("batch", 1))


def lazy(x: Values) -> LinearSetting:
    """The lazy start, the noise set by `tilt`."""
    m, d, B = _size(x)
    eta = step_for(x["amplified"], m, d, B)
    sigma = float(np.sqrt(x["tilt"] * 2 * B * (m / d) / (d * eta)))
    return LinearSetting(m=m, d=d, eta=eta, sigma=sigma, batch=B, target=x["target"])


def rich(x: Values) -> LinearSetting:
    """The lazy start, the noise set by `chi`."""
    m, d, B = _size(x)
    eta = step_for(x["amplified"], m, d, B)
    sigma = float(np.sqrt(2 * B * x["target"] * x["chi"] / (eta * d**1.5)))
    return LinearSetting(m=m, d=d, eta=eta, sigma=sigma, batch=B, target=x["target"])


def one_neuron(x: Values) -> LinearSetting:
    """One neuron, for a start at the rich fixed point."""
    d, B, T = int(x["d"]), int(x["batch"]), x["target"]
    eta = x["pace"] / (np.sqrt(d) * T)
    sigma = float(np.sqrt(2 * B * T * x["chi"] / (eta * d**1.5)))
    return LinearSetting(m=1, d=d, eta=float(eta), sigma=sigma, batch=B, target=T)


def spectrum(x: Values) -> LinearSetting:
    """`lazy` with a covariance that falls like k^-spread."""
    return lazy(x).with_(spread=x["spread"])


def rich_spectrum(x: Values) -> LinearSetting:
    """`rich` with a covariance that falls like k^-spread."""
    return rich(x).with_(spread=x["spread"])


def data_set(x: Values) -> LinearSetting:
    """`lazy` on a data set of n = rows d samples."""
    s = lazy(x)
    return s.with_(n=round(x["rows"] * s.d))


def noiseless(x: Values) -> LinearSetting:
    """The lazy start without noise."""
    m, d, _ = _size(x)
    return LinearSetting(m=m, d=d, eta=x["speed"] * d / m, target=x["target"])


def small_start(x: Values) -> LinearSetting:
    """Every entry of size t_0, no noise."""
    d, T = int(x["d"]), x["target"]
    m = int(x["m"])
    return LinearSetting(
        m=m, d=d, eta=x["speed"] / T, target=T, start=float(np.sqrt(x["smallness"] * T / (m * (d + 1))))
    )


def forced(x: Values) -> LinearSetting:
    """An imposed second layer."""
    m, d, _ = _size(x)
    p = x.get("persistence", 0.0)
    eta = x["pull"] / (m * x["variance"]) * 2 * (1 - p) / (1 + p) / (1.0 if p else 2.0)
    return LinearSetting(m=m, d=d, eta=eta, target=x["target"], variance=x["variance"], persistence=p)


def sam(x: Values) -> LinearSetting:
    """Normalised SAM, with label noise where `sigma` is given."""
    m, d, _ = _size(x)
    return LinearSetting(
        m=m,
        d=d,
        eta=x["kick"] * d / (m * (d + 1)),
        target=x["target"],
        rho=x["rho"],
        sigma=x.get("sigma", 0.0),
    )


def plain_sam(x: Values) -> LinearSetting:
    """Unnormalised SAM with label noise."""
    s = sam({**x, "rho": 0.0})
    return s.with_(rho=x["push"] / (s.mu_0 * (s.d + 2)))


def sam_step(x: Values) -> LinearSetting:
    """Label noise and SAM of a small radius."""
    s = lazy(x)
    return s.with_(rho=x["push"] / (max(1.0, s.mu_0) * (s.d + 2)))


def collapse(x: Values) -> LinearSetting:
    """One neuron, SAM with label noise, the radius relative to that of collapse."""
    d, sigma, T = int(x["d"]), x["sigma"], x["target"]
    rho = x["below"] * sam_field.collapse_radius(sigma, d, T)
    return LinearSetting(m=1, d=d, eta=x["eta"], sigma=sigma, target=T, rho=rho)


makes(LinearSetting, collapse)
LAZY_RANGES: dict[str, Any] = {
    "d": (3, 20), "width": (25, 100), "batch": (1, 4), "amplified": (0.08, 0.55), "tilt": (0.0004, 0.003),
    "target": TARGETS,
}  # fmt: skip
REFERENCE = box("the lazy start", lazy, **LAZY_RANGES)
LAZY = box("the lazy start, stable", lazy, **LAZY_RANGES)
RICH_ONE = box(
    "one neuron at the fixed point", one_neuron, d=(3, 6), batch=(1, 2), pace=(0.008, 0.03), chi=(0.03, 0.12),
    target=TARGETS,
)  # fmt: skip
RICH_SMALL = box(
    "adiabatic, few inputs", rich, d=(3, 8), width=(25, 60), batch=(1, 2), amplified=(0.1, 0.35),
    chi=(0.015, 0.03), target=TARGETS,
)  # fmt: skip
