"""A point of the two-layer linear network's parameters, with its clock and its dimensionless groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.label_noise_sgd import decay, symbols
from theory.model import Model
from theory.setting import AbstractSetting, Trends
from theory.slips import FormulaSlips

__all__ = ["LinearSetting"]

Floats = NDArray[np.float64]


def _d(s: LinearSetting) -> float:
    return float(s.d)


def _root_d(s: LinearSetting) -> float:
    return float(np.sqrt(s.d))


def _sigma(s: LinearSetting) -> float:
    return s.sigma or 1.0


def _batch(s: LinearSetting) -> float:
    return float(s.batch)


def _target(s: LinearSetting) -> float:
    return s.target


@dataclass(frozen=True)
class LinearSetting(AbstractSetting):
    """`f(x) = a . W x` with m neurons on `y = theta* . x` plus +-sigma, plain SGD or SAM.

    Args:
        m, d: neurons, inputs.
        eta, sigma, batch: step, size of the label noise, B.
        target: |theta*|.
        rho: radius of sharpness-aware minimisation, 0 for none.
        n: size of the data set; 0: inputs drawn anew at every step.
        spread: eigenvalues of Sigma fall like k^-spread, with mean 1; 0: the identity.
        start: standard deviation of every initial entry; 0: the lazy start, w ~ N(0, 1/d), a ~ N(0, 1/m).
        variance, persistence: of an imposed second layer; 0 and 0 when it is trained.

    The clock counts `kappa t` with label noise, `2 eta rho^2 t` with SAM alone, `2 eta variance t` with an
    imposed second layer and `eta t` otherwise (SAM with label noise included).

    >>> s = LinearSetting(m=1000, d=20, eta=1e-3, sigma=4.0)
    >>> round(s.kappa * 1e6, 6), round(s.amplified, 6), round(s.chi, 3)
    (16.0, 0.55, 0.716)
    """

    m: int
    d: int
    eta: float
    sigma: float = 0.0
    batch: int = 1
    target: float = 1.0
    rho: float = 0.0
    n: int = 0
    spread: float = 0.0
    start: float = 0.0
    variance: float = 0.0
    persistence: float = 0.0

    trends: ClassVar[Trends] = Trends(slopes=("d", "amplified", "target", "batch"))
    #: What a formula may lose. Not eta: a closed form at twice the step is another true one.
    slips: ClassVar[FormulaSlips] = FormulaSlips(
        {"d": _d, "sqrt(d)": _root_d, "sigma": _sigma, "B": _batch, "|theta*|": _target}
    )

    def __post_init__(self) -> None:
        for name in ("m", "d", "batch"):
            value = getattr(self, name)
            if int(value) != value or value < 1:
                raise ValueError(f"{name} must be an integer >= 1, was {value!r}")
        if int(self.n) != self.n or self.n < 0:
            raise ValueError(f"n must be an integer >= 0, was {self.n!r}")
        for name in ("eta", "target"):
            value = getattr(self, name)
            if not (value > 0 and np.isfinite(value)):
                raise ValueError(f"{name} must be > 0 and finite, was {value!r}")
        for name in ("sigma", "rho", "spread", "start", "variance"):
            value = getattr(self, name)
            if not (value >= 0 and np.isfinite(value)):
                raise ValueError(f"{name} must be >= 0 and finite, was {value!r}")
        if not 0 <= self.persistence < 1:
            raise ValueError(f"persistence must lie in [0, 1), was {self.persistence!r}")

    @property
    def kappa(self) -> float:
        """`eta^2 sigma^2/B`."""
        return decay.kappa(self.eta, self.sigma, self.batch)

    @property
    def mu_0(self) -> float:
        """`m/d`: the mean of M_perp at the lazy start."""
        return self.m / self.d

    @property
    def amplified(self) -> float:
        """`c_B m/d`: distance from the edge of stability, 1."""
        return decay.amplification(self.eta, self.d, self.batch) * self.mu_0

    @property
    def chi(self) -> float:
        """Adiabaticity `eta sigma^2 d^(3/2)/(2 B |theta*|)`."""
        return decay.chi(self.eta, self.sigma, self.d, self.target, self.batch)

    @property
    def width(self) -> float:
        """`m/d`, as boxes name it."""
        return self.mu_0

    @property
    def tilt(self) -> float:
        """`d eta sigma^2/(2 B mu_0)`: the ratio s/M_perp that the label noise sustains at the start."""
        return self.d * decay.floor(self.eta, self.sigma, self.batch) / self.mu_0

    @property
    def kick(self) -> float:
        """`eta mu_0 (d+1)`: size of a step of SAM."""
        return self.eta * self.mu_0 * (self.d + 1)

    @property
    def spectrum(self) -> Floats:
        """Eigenvalues of Sigma, (d,), with mean 1."""
        values = np.arange(1.0, self.d + 1) ** -self.spread
        return np.asarray(values / values.mean())

    @property
    def clock_step(self) -> float:
        """Clock per step."""
        if self.variance > 0:
            return 2 * self.eta * self.variance
        if self.sigma > 0 and self.rho > 0:
            return self.eta
        if self.sigma > 0:
            return self.kappa
        if self.rho > 0:
            return 2 * self.eta * self.rho**2
        return self.eta

    def groups(self) -> Mapping[str, float]:
        """Dimensionless groups, in report order."""
        return {"m/d": self.mu_0, "c_B m/d": self.amplified, "chi": self.chi}

    def size(self) -> tuple[float, ...]:
        """Smaller networks first."""
        return (self.d, self.m, self.batch, self.n, self.eta, self.sigma, self.target, self.rho)

    @classmethod
    def letters(cls) -> Mapping[sp.Symbol, str]:
        """Symbols of formulas and the fields that they stand for."""
        return {
            symbols.m: "m",
            symbols.d: "d",
            symbols.eta: "eta",
            symbols.sigma: "sigma",
            symbols.B: "batch",
            symbols.T: "target",
            symbols.rho: "rho",
            symbols.n: "n",
            symbols.t_0: "start",
            symbols.v: "variance",
            symbols.p: "persistence",
            symbols.zeta: "spread",
        }


LinearSetting.model = Model("label_noise_sgd.linear", LinearSetting, "simulation.label_noise_sgd.engines")
