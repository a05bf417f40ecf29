"""Where a claim is tried: boxes of the parameter space, one-parameter sweeps, grids."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from theory.two_stage.setting import Setting

__all__ = ["Domain", "Fixed", "Grid", "Place", "Sweep", "SweepParameter"]

Range = tuple[float, float]
SweepParameter = Literal["eta", "n", "m", "sigma_xi", "d"]


def _log_uniform(rng: np.random.Generator, limits: Range) -> float:
    low, high = limits
    return float(math.exp(rng.uniform(math.log(low), math.log(high)))) if low < high else low


@dataclass(frozen=True)
class Domain:
    r"""A box in dimensionless coordinates, sampled log-uniformly (`tau` uniformly).

    Coordinates: `n`, `m`; `signal_margin` = a(1 - 2 max tau); `tau` for each class on its own;
    `kappa_0`; `dimension` = d in units of `dimension_unit` ("n", "n^2" or "n^2 log" = n^2 log(6 n^2/.05));
    `equal_rates` gives both classes the first one's rate;
    `clock_step` = h, in units of 1/m when `clock_step_per_width` (the framework's condition on eta reads
    h <= 1/(C m)); `sigma_xi`.

    >>> box = Domain("box", n=(20, 40), m=(5, 10), signal_margin=(4, 8), tau=(.05, .2),
    ...              kappa_0=(.01, .1), dimension=(1, 4), dimension_unit="n^2", clock_step=(.02, .05))
    >>> s = box.draw(np.random.default_rng(0))
    >>> 20 <= s.n <= 40 and .0099 < s.kappa_0 < .101 and s.d >= s.n**2
    True
    """

    name: str
    n: tuple[int, int]
    m: tuple[int, int]
    signal_margin: Range
    tau: Range
    kappa_0: Range
    dimension: Range
    clock_step: Range
    dimension_unit: Literal["n", "n^2", "n^2 log"] = "n"
    clock_step_per_width: bool = False
    sigma_xi: Range = (0.1, 10.0)
    equal_rates: bool = False

    def dimension_scale(self, n: int) -> float:
        """The unit in which `dimension` is counted, at this n."""
        if self.dimension_unit == "n":
            return float(n)
        log = math.log(6 * n**2 / 0.05) if self.dimension_unit == "n^2 log" else 1.0
        return n**2 * log

    def at(
        self,
        *,
        n: int,
        m: int,
        signal_margin: float,
        tau_plus: float,
        tau_minus: float,
        kappa_0: float,
        dimension: float,
        clock_step: float,
        sigma_xi: float,
    ) -> Setting:
        """The setting with these coordinates (`tau_minus` is ignored for equal rates)."""
        if self.equal_rates:
            tau_minus = tau_plus
        return Setting.from_n_snr2(
            n=n,
            d=max(n + 1, math.ceil(dimension * self.dimension_scale(n))),
            m=m,
            sigma_xi=sigma_xi,
            n_snr2=signal_margin / (1 - 2 * max(tau_plus, tau_minus)),
            tau_plus=tau_plus,
            tau_minus=tau_minus,
            kappa_0=kappa_0,
            clock_step=clock_step / m if self.clock_step_per_width else clock_step,
        )

    def draw(self, rng: np.random.Generator) -> Setting:
        """A random setting of the box; a function of the generator's state alone."""
        return self.at(
            n=round(_log_uniform(rng, self.n)),
            m=round(_log_uniform(rng, self.m)),
            signal_margin=_log_uniform(rng, self.signal_margin),
            tau_plus=float(rng.uniform(*self.tau)),
            tau_minus=float(rng.uniform(*self.tau)),
            kappa_0=_log_uniform(rng, self.kappa_0),
            dimension=_log_uniform(rng, self.dimension),
            clock_step=_log_uniform(rng, self.clock_step),
            sigma_xi=_log_uniform(rng, self.sigma_xi),
        )


@dataclass(frozen=True)
class Sweep:
    """One parameter varied by `factors` around `base`, replicates paired by seed.

    `n SNR^2`, both flip rates and `kappa_0` stay fixed, and so does `eta` unless it is the parameter:
    then every quantity in gradient steps must follow its scale. Holding `sigma_0` instead would move
    `kappa_0` and bias the exponents of `sigma_xi` and `d`.

    >>> base = Setting.from_n_snr2(n=100, d=10**6, m=20, n_snr2=6., tau_plus=.1, tau_minus=.1,
    ...                            kappa_0=1., clock_step=.04)
    >>> s = Sweep("d", base, (0.5, 1.0, 2.0)).at(2.0)
    >>> s.d, round(s.clock_step, 12), round(s.kappa_0, 12), s.eta == base.eta
    (2000000, 0.08, 1.0, True)
    """

    parameter: SweepParameter
    base: Setting
    factors: tuple[float, ...]

    def at(self, factor: float) -> Setting:
        """The setting with the parameter multiplied by the factor (n, m, d rounded)."""
        base = self.base
        n, d, m = base.n, base.d, base.m
        sigma_xi, eta = base.sigma_xi, base.eta
        if self.parameter == "n":
            n = round(n * factor)
        elif self.parameter == "m":
            m = round(m * factor)
        elif self.parameter == "d":
            d = round(d * factor)
        elif self.parameter == "sigma_xi":
            sigma_xi *= factor
        elif self.parameter == "eta":
            eta *= factor
        else:
            raise ValueError(f"parameter must be eta, n, m, sigma_xi or d, was {self.parameter!r}")
        return Setting(
            n=n,
            d=d,
            m=m,
            sigma_xi=sigma_xi,
            signal_norm=sigma_xi * math.sqrt(base.n_snr2 * d / n),
            tau_plus=base.tau_plus,
            tau_minus=base.tau_minus,
            sigma_0=base.kappa_0 * math.sqrt(n) / (sigma_xi * d),
            eta=eta,
        )

    def value(self, setting: Setting) -> float:
        """The varied parameter's value at a setting."""
        return float(getattr(setting, self.parameter))


@dataclass(frozen=True)
class Grid:
    """Named cells, each a setting with labels (its coordinates), every cell with its own replicates."""

    cells: tuple[tuple[Mapping[str, float], Setting], ...]

    def __hash__(self) -> int:
        return hash(tuple(setting for _, setting in self.cells))


@dataclass(frozen=True)
class Fixed:
    """A single setting, replicated."""

    setting: Setting
    labels: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.setting)


Place = Domain | Sweep | Grid | Fixed
