"""Where settings are drawn: ranges in which each part of the theory is claimed, in dimensionless terms.

`amplified` is c_B m/d (1 at the edge of stability), `width` is m/d, `tilt` is the initial ratio s/M_perp that
the label noise sustains, `d eta sigma^2/(2 B mu_0)`, and chi the adiabaticity.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from theory.label_noise_sgd import sam_field
from theory.label_noise_sgd.setting import LinearSetting
from theory.place import Box, Coordinate
from theory.setting import AbstractSetting

__all__ = [
    "ANNEALED",
    "CHAIN",
    "CHI_LARGE",
    "COLLAPSE",
    "COLLAPSE_BEYOND",
    "CROSSOVER",
    "DATA",
    "FORCED",
    "FROZEN",
    "FROZEN_DATA",
    "FROZEN_ONE",
    "FULL_BATCH",
    "LARGE_START",
    "LAZY",
    "NARROW",
    "NEAR_EDGE",
    "NOISELESS",
    "ONE_STEP",
    "PAST_EDGE",
    "PERIODIC",
    "REFERENCE",
    "RELU",
    "RELU_END",
    "REST_SPECTRUM",
    "RICH",
    "RICH_ONE",
    "RICH_SMALL",
    "SAM",
    "SAM_BIG_STEP",
    "SAM_FULL",
    "SAM_NOISE",
    "SAM_PLAIN",
    "SAM_REST",
    "SAM_STEP",
    "SMALL_START",
    "SPECTRUM",
    "STABLE",
    "STATIC",
    "UNSTABLE",
    "step_for",
]

Values = Mapping[str, float]

_D = Coordinate("d", 3, 20, whole=True, meaning="inputs")
_WIDTH = Coordinate("width", 25, 100, meaning="m/d")
_BATCH = Coordinate("batch", 1, 4, whole=True, meaning="B")
_AMPLIFIED = Coordinate("amplified", 0.08, 0.55, meaning="c_B m/d")
_TILT = Coordinate("tilt", 0.0004, 0.003, meaning="d eta sigma^2/(2 B mu_0)")
_TARGET = Coordinate("target", 0.5, 2.0, meaning="|theta*|")


def step_for(amplified: float, m: int, d: int, batch: int = 1) -> float:
    """eta with `c_B m/d = amplified`."""
    return 2 * amplified * d / (m * (1 + (d + 1) / batch))


def _size(x: Values) -> tuple[int, int, int]:
    d = int(x["d"])
    return max(d + 1, round(x["width"] * d)), d, int(x.get("batch", 1))


def _lazy(x: Values) -> LinearSetting:
    m, d, B = _size(x)
    eta = step_for(x["amplified"], m, d, B)
    sigma = float(np.sqrt(x["tilt"] * 2 * B * (m / d) / (d * eta)))
    return LinearSetting(m=m, d=d, eta=eta, sigma=sigma, batch=B, target=x["target"])


def _rich(x: Values) -> LinearSetting:
    m, d, B = _size(x)
    eta = step_for(x["amplified"], m, d, B)
    sigma = float(np.sqrt(2 * B * x["target"] * x["chi"] / (eta * d**1.5)))
    return LinearSetting(m=m, d=d, eta=eta, sigma=sigma, batch=B, target=x["target"])


def _one(x: Values) -> LinearSetting:
    d, B, T = int(x["d"]), int(x["batch"]), x["target"]
    eta = x["pace"] / (np.sqrt(d) * T)
    sigma = float(np.sqrt(2 * B * T * x["chi"] / (eta * d**1.5)))
    return LinearSetting(m=1, d=d, eta=float(eta), sigma=sigma, batch=B, target=T)


def _adiabatic(s: AbstractSetting) -> bool:
    assert isinstance(s, LinearSetting)
    return s.chi <= 0.03 and s.amplified <= 0.4


def _crosses(s: AbstractSetting) -> bool:
    assert isinstance(s, LinearSetting)
    return s.chi <= 0.2


def _spectrum(x: Values) -> LinearSetting:
    return _lazy(x).with_(spread=x["spread"])


def _rich_spectrum(x: Values) -> LinearSetting:
    return _rich(x).with_(spread=x["spread"])


def _data(x: Values) -> LinearSetting:
    s = _lazy(x)
    return s.with_(n=round(x["rows"] * s.d))


def _noiseless(x: Values) -> LinearSetting:
    m, d, _ = _size(x)
    return LinearSetting(m=m, d=d, eta=x["speed"] * d / m, target=x["target"])


def _small(x: Values) -> LinearSetting:
    d, T = int(x["d"]), x["target"]
    m = int(x["m"])
    return LinearSetting(
        m=m, d=d, eta=x["speed"] / T, target=T, start=float(np.sqrt(x["smallness"] * T / (m * (d + 1))))
    )


def _forced(x: Values) -> LinearSetting:
    m, d, _ = _size(x)
    p = x.get("persistence", 0.0)
    eta = x["pull"] / (m * x["variance"]) * 2 * (1 - p) / (1 + p) / (1.0 if p else 2.0)
    return LinearSetting(m=m, d=d, eta=eta, target=x["target"], variance=x["variance"], persistence=p)


def _sam(x: Values) -> LinearSetting:
    m, d, _ = _size(x)
    return LinearSetting(m=m, d=d, eta=x["kick"] * d / (m * (d + 1)), target=x["target"], rho=x["rho"])


def _sam_noise(x: Values) -> LinearSetting:
    return _sam(x).with_(sigma=x["sigma"])


def _sam_plain(x: Values) -> LinearSetting:
    s = _sam({**x, "rho": 0.0})
    return s.with_(sigma=x["sigma"], rho=x["push"] / (s.mu_0 * (s.d + 2)))


def _collapse(x: Values) -> LinearSetting:
    d, sigma, T = int(x["d"]), x["sigma"], x["target"]
    rho = x["below"] * sam_field.collapse_radius(sigma, d, T)
    return LinearSetting(m=1, d=d, eta=x["eta"], sigma=sigma, target=T, rho=rho)


def _sam_step(x: Values) -> LinearSetting:
    s = _lazy(x)
    return s.with_(rho=x["push"] / (max(1.0, s.mu_0) * (s.d + 2)))


REFERENCE = Box("the lazy start", (_D, _WIDTH, _BATCH, _AMPLIFIED, _TILT, _TARGET), _lazy)
LAZY = Box("the lazy start, stable", (_D, _WIDTH, _BATCH, _AMPLIFIED, _TILT, _TARGET), _lazy)
ONE_STEP = Box(
    "small networks",
    (
        Coordinate("d", 2, 10, whole=True),
        Coordinate("width", 1, 10),
        _BATCH,
        Coordinate("amplified", 0.02, 0.3),
        Coordinate("tilt", 0.002, 0.05),
        _TARGET,
    ),
    _lazy,
)
FROZEN = Box(
    "states drawn at the lazy start",
    (
        Coordinate("d", 3, 12, whole=True),
        Coordinate("width", 2, 8),
        _BATCH,
        Coordinate("amplified", 0.02, 0.3),
        Coordinate("tilt", 0.002, 0.1),
        _TARGET,
    ),
    _lazy,
)
FROZEN_ONE = Box(
    "states drawn at the lazy start, batch 1",
    (
        Coordinate("d", 3, 12, whole=True),
        Coordinate("width", 2, 8),
        Coordinate("amplified", 0.02, 0.3),
        Coordinate("tilt", 0.002, 0.1),
        _TARGET,
    ),
    _lazy,
)
FROZEN_DATA = Box(
    "states drawn at the lazy start, with a data set",
    (*FROZEN.coordinates, Coordinate("rows", 0.5, 4)),
    _data,
)
SAM_STEP = Box(
    "small networks, SAM",
    (
        Coordinate("d", 2, 10, whole=True),
        Coordinate("width", 1, 8),
        _BATCH,
        Coordinate("amplified", 0.02, 0.2),
        Coordinate("tilt", 0.002, 0.02),
        _TARGET,
        Coordinate("push", 0.002, 0.02, meaning="rho mu_0 (d+2)"),
    ),
    _sam_step,
)
NOISELESS = Box(
    "no noise",
    (_D, Coordinate("width", 50, 200), Coordinate("speed", 0.02, 0.5, meaning="eta m/d"), _TARGET),
    _noiseless,
)
SPECTRUM = Box(
    "covariances that fall like k^-spread",
    (
        Coordinate("d", 4, 10, whole=True),
        Coordinate("width", 40, 100),
        _BATCH,
        Coordinate("amplified", 0.05, 0.2),
        Coordinate("tilt", 0.002, 0.005),
        _TARGET,
        Coordinate("spread", 0.3, 1.0),
    ),
    _spectrum,
)
REST_SPECTRUM = Box(
    "adiabatic, covariances that fall like k^-spread",
    (
        Coordinate("d", 3, 6, whole=True),
        Coordinate("width", 25, 60),
        Coordinate("amplified", 0.2, 0.35),
        Coordinate("chi", 0.015, 0.03),
        _TARGET,
        Coordinate("spread", 0.3, 0.8),
    ),
    _rich_spectrum,
)
FULL_BATCH = Box(
    "full batches",
    (
        Coordinate("d", 3, 8, whole=True),
        Coordinate("width", 40, 80),
        Coordinate("amplified", 0.1, 0.4),
        Coordinate("tilt", 0.02, 0.05),
        _TARGET,
        Coordinate("rows", 3, 6),
    ),
    _data,
)
DATA = Box(
    "fewer rows than inputs",
    (
        Coordinate("d", 8, 12, whole=True),
        Coordinate("width", 25, 60),
        Coordinate("amplified", 0.05, 0.2),
        Coordinate("tilt", 0.002, 0.01),
        _TARGET,
        Coordinate("rows", 0.3, 0.6),
    ),
    _data,
)
STATIC = Box(
    "static label noise, more rows than inputs",
    (
        Coordinate("d", 3, 8, whole=True),
        Coordinate("width", 25, 60),
        Coordinate("amplified", 0.04, 0.1),
        Coordinate("tilt", 0.003, 0.01),
        _TARGET,
        Coordinate("rows", 2, 12),
    ),
    _data,
)
PERIODIC = Box(
    "wide networks, small decay",
    (
        Coordinate("d", 10, 20, whole=True),
        Coordinate("width", 50, 100),
        Coordinate("amplified", 0.2, 0.5),
        Coordinate("tilt", 0.001, 0.004),
        _TARGET,
    ),
    _lazy,
)
NEAR_EDGE = Box(
    "the lazy start, amplified, not wide",
    (
        Coordinate("d", 3, 6, whole=True),
        Coordinate("width", 25, 45),
        Coordinate("amplified", 0.4, 0.55),
        Coordinate("tilt", 0.0003, 0.001),
        _TARGET,
    ),
    _lazy,
)
UNSTABLE = Box(
    "steps beyond the edge",
    (
        Coordinate("d", 6, 20, whole=True),
        Coordinate("width", 20, 80),
        _BATCH,
        Coordinate("amplified", 2.0, 2.5),
        Coordinate("tilt", 0.002, 0.01),
        _TARGET,
    ),
    _lazy,
)
STABLE = Box(
    "steps up to .7 of the edge",
    (
        _D,
        Coordinate("width", 20, 80),
        _BATCH,
        Coordinate("amplified", 0.1, 0.7),
        Coordinate("tilt", 0.002, 0.01),
        _TARGET,
    ),
    _lazy,
)
FORCED = Box(
    "imposed, i.i.d. in time",
    (
        Coordinate("d", 5, 12, whole=True),
        Coordinate("width", 15, 40),
        Coordinate("variance", 0.05, 1.0),
        Coordinate("pull", 0.02, 0.5, meaning="eta m v"),
        _TARGET,
    ),
    _forced,
)
CHAIN = Box(
    "imposed, persistent",
    (
        Coordinate("d", 5, 12, whole=True),
        Coordinate("width", 15, 40),
        Coordinate("variance", 0.05, 1.0),
        Coordinate("pull", 0.1, 0.6, meaning="eta m v (1+p)/(2(1-p))"),
        _TARGET,
        Coordinate("persistence", 0.3, 0.95, "linear"),
    ),
    _forced,
)
RICH = Box(
    "the lazy start, adiabatic",
    (_D, _WIDTH, _BATCH, _AMPLIFIED, _TILT, _TARGET),
    _lazy,
    accept=_adiabatic,
)
RICH_SMALL = Box(
    "adiabatic, few inputs",
    (
        Coordinate("d", 3, 8, whole=True),
        Coordinate("width", 25, 60),
        Coordinate("batch", 1, 2, whole=True),
        Coordinate("amplified", 0.1, 0.35),
        Coordinate("chi", 0.015, 0.03),
        _TARGET,
    ),
    _rich,
)
CROSSOVER = Box(
    "the lazy start, through the crossover",
    (_D, _WIDTH, _BATCH, _AMPLIFIED, _TILT, _TARGET),
    _lazy,
    accept=_crosses,
)
RICH_ONE = Box(
    "one neuron at the fixed point",
    (
        Coordinate("d", 3, 6, whole=True),
        Coordinate("batch", 1, 2, whole=True),
        Coordinate("pace", 0.008, 0.03, meaning="eta sqrt(d) |theta*|"),
        Coordinate("chi", 0.03, 0.12),
        _TARGET,
    ),
    _one,
)
ANNEALED = Box(
    "up to chi = .2",
    (
        Coordinate("d", 3, 6, whole=True),
        Coordinate("width", 25, 60),
        Coordinate("amplified", 0.1, 0.35),
        Coordinate("chi", 0.05, 0.2),
        _TARGET,
    ),
    _rich,
)
SMALL_START = Box(
    "small starts",
    (
        Coordinate("d", 5, 20, whole=True),
        Coordinate("m", 50, 200, whole=True),
        Coordinate("smallness", 0.001, 0.1, meaning="m t_0^2 (d+1)/|theta*|"),
        Coordinate("speed", 0.002, 0.01, meaning="eta |theta*|"),
        Coordinate("target", 0.5, 1.0),
    ),
    _small,
)
SAM = Box(
    "one-sample SAM",
    (
        Coordinate("d", 4, 12, whole=True),
        Coordinate("width", 10, 30),
        Coordinate("kick", 0.03, 0.1, meaning="eta mu_0 (d+1)"),
        Coordinate("rho", 0.1, 0.25),
        _TARGET,
    ),
    _sam,
)
SAM_REST = Box(
    "one-sample SAM, to the end",
    (
        Coordinate("d", 3, 6, whole=True),
        Coordinate("width", 10, 20),
        Coordinate("kick", 0.05, 0.1),
        Coordinate("rho", 0.15, 0.3),
        _TARGET,
    ),
    _sam,
)
SAM_PLAIN = Box(
    "unnormalised SAM with label noise",
    (
        Coordinate("d", 4, 10, whole=True),
        Coordinate("width", 15, 40),
        Coordinate("kick", 0.04, 0.08),
        Coordinate("push", 0.015, 0.03, meaning="rho mu_0 (d+2)"),
        Coordinate("sigma", 1.0, 2.0),
        _TARGET,
    ),
    _sam_plain,
)
COLLAPSE = Box(
    "one neuron at the fixed point, SAM with label noise",
    (
        Coordinate("d", 3, 10, whole=True),
        Coordinate("eta", 4e-4, 1e-3),
        Coordinate("sigma", 0.7, 1.5),
        Coordinate("target", 0.5, 1.0),
        Coordinate("below", 0.5, 0.9, "linear", meaning="rho over the radius of collapse"),
    ),
    _collapse,
)
COLLAPSE_BEYOND = Box(
    "beyond the radius of collapse",
    (
        *COLLAPSE.coordinates[:4],
        Coordinate("below", 1.1, 1.5, "linear", meaning="rho over the radius of collapse"),
    ),
    _collapse,
)
SAM_FULL = Box(
    "full-batch SAM",
    (
        Coordinate("d", 3, 6, whole=True),
        Coordinate("width", 10, 25),
        Coordinate("kick", 0.05, 0.2),
        Coordinate("rho", 0.1, 0.2),
        Coordinate("target", 0.5, 1.5),
    ),
    _sam,
)
SAM_NOISE = Box(
    "SAM with label noise",
    (
        Coordinate("d", 4, 15, whole=True),
        Coordinate("width", 15, 50),
        Coordinate("kick", 0.01, 0.12),
        Coordinate("rho", 0.02, 0.1),
        _TARGET,
        Coordinate("sigma", 0.7, 2.0),
    ),
    _sam_noise,
)
CHI_LARGE = Box(
    "not adiabatic",
    (
        Coordinate("d", 3, 6, whole=True),
        Coordinate("width", 25, 60),
        Coordinate("amplified", 0.1, 0.35),
        Coordinate("chi", 0.5, 1.0),
        _TARGET,
    ),
    _rich,
)
PAST_EDGE = Box(
    "just past the edge",
    (
        _D,
        Coordinate("width", 20, 80),
        _BATCH,
        Coordinate("amplified", 1.2, 1.6),
        Coordinate("tilt", 0.002, 0.01),
        _TARGET,
    ),
    _lazy,
)
NARROW = Box(
    "narrow networks",
    (
        Coordinate("d", 3, 8, whole=True),
        Coordinate("width", 3, 8),
        Coordinate("amplified", 0.05, 0.2),
        Coordinate("chi", 0.015, 0.03),
        Coordinate("target", 0.2, 0.5),
    ),
    _rich,
)
SAM_BIG_STEP = Box(
    "SAM with label noise, large steps",
    (
        Coordinate("d", 4, 15, whole=True),
        Coordinate("width", 15, 50),
        Coordinate("kick", 0.2, 0.6),
        Coordinate("rho", 0.02, 0.1),
        _TARGET,
        Coordinate("sigma", 0.7, 2.0),
    ),
    _sam_noise,
)
LARGE_START = Box(
    "starts that are not small",
    (
        Coordinate("d", 5, 20, whole=True),
        Coordinate("m", 50, 200, whole=True),
        Coordinate("smallness", 0.5, 4.0, meaning="m t_0^2 (d+1)/|theta*|"),
        Coordinate("speed", 0.002, 0.01, meaning="eta |theta*|"),
        Coordinate("target", 0.5, 1.0),
    ),
    _small,
)
RELU_END = Box(
    "ReLU networks, nearly adiabatic",
    (
        Coordinate("d", 4, 6, whole=True),
        Coordinate("width", 15, 25),
        Coordinate("amplified", 0.12, 0.2),
        Coordinate("chi", 0.08, 0.2),
        _TARGET,
    ),
    _rich,
)
RELU = Box(
    "ReLU networks",
    (
        Coordinate("d", 4, 8, whole=True),
        Coordinate("width", 15, 30),
        Coordinate("amplified", 0.06, 0.2),
        Coordinate("tilt", 0.005, 0.02),
        _TARGET,
    ),
    _lazy,
)
