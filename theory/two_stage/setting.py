"""A training setting of the signal-noise model and its dimensionless groups."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from theory.model import Model
from theory.setting import AbstractSetting, Trends
from theory.slips import FormulaSlips
from theory.two_stage.allowed import require_count, require_positive, require_rate

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["Setting"]

#: Parameters whose residual powers are looked at. A power of eta shows as one of sigma_xi^-2 and of d^-1,
#: since the clock step is held fixed.
_POWERS = ("n", "m", "d", "sigma_xi")
#: Dimensionless groups that a constant may depend on: they are held fixed when a power is read.
_GROUPS = ("n_snr2", "tau_plus", "tau_minus", "kappa_0", "clock_step")


@dataclass(frozen=True)
class Setting(AbstractSetting):
    r"""One point of the parameter space of the two-patch model.

    The data are `n` pairs of patches `(y mu, xi)` in `R^d` with `xi ~ N(0, sigma_xi^2 I)` and labels
    flipped with probability `tau_plus` (true label +1) or `tau_minus` (true label -1); the network has
    `m` ReLU filters a side, initialised `N(0, sigma_0^2)`, trained by full-batch gradient descent with
    step `eta`. A flip rate of 0 (no label noise, Theorem 4.4) is allowed.

    Source: Han et al. 2025, section 3; `docs/glossary.md` lists letters and units.

    Raises:
        ValueError: naming the argument, what it was and what is allowed.

    >>> s = Setting(n=200, d=40_000, m=20, sigma_xi=1.0, signal_norm=20.0,
    ...             tau_plus=0.1, tau_minus=0.1, sigma_0=1e-3, eta=0.01)
    >>> s.snr, s.n_snr2, s.time_unit
    (0.1, 2.0, 10.0)
    >>> round(s.iota, 12), round(s.kappa_0, 6)
    (0.2, 2.828427)
    """

    trends: ClassVar[Trends] = Trends(
        slopes=(*_POWERS, "eta", *_GROUPS),
        powers=_POWERS,
        held=_GROUPS,
        linear=("tau_plus", "tau_minus"),
    )
    slips: ClassVar[FormulaSlips] = FormulaSlips(
        factors={
            "n": lambda s: float(s.n),
            "sqrt(n)": lambda s: math.sqrt(s.n),
            "m": lambda s: float(s.m),
            "sqrt(d)": lambda s: math.sqrt(s.d),
            "sigma_xi^2": lambda s: float(s.sigma_xi**2),
            "eta": lambda s: float(s.eta),
        },
        group_factors={"1 - 2 tau": lambda s: float(1 - 2 * s.tau_max)},
        step_size="eta",
    )

    n: int
    d: int
    m: int
    sigma_xi: float
    signal_norm: float
    tau_plus: float
    tau_minus: float
    sigma_0: float
    eta: float

    def __post_init__(self) -> None:
        require_count("n", self.n, 2)
        require_count("d", self.d, 1)
        require_count("m", self.m, 1)
        for name in ("sigma_xi", "signal_norm", "sigma_0", "eta"):
            require_positive(name, getattr(self, name))
        for name in ("tau_plus", "tau_minus"):
            require_rate(name, getattr(self, name))

    @classmethod
    def from_n_snr2(
        cls,
        *,
        n: int,
        d: int,
        m: int,
        n_snr2: float,
        tau_plus: float,
        tau_minus: float,
        clock_step: float,
        sigma_0: float | None = None,
        kappa_0: float | None = None,
        sigma_xi: float = 1.0,
    ) -> Setting:
        """The setting with given `a = n SNR^2` and clock step `h`, instead of `|mu|` and `eta`.

        Exactly one of `sigma_0` and `kappa_0 = sigma_0 sigma_xi d / sqrt(n)` is given.

        >>> s = Setting.from_n_snr2(n=100, d=10_000, m=20, n_snr2=4.0, tau_plus=0.1,
        ...                         tau_minus=0.2, clock_step=0.05, kappa_0=0.5)
        >>> round(s.n_snr2, 12), round(s.clock_step, 12), round(s.kappa_0, 12)
        (4.0, 0.05, 0.5)
        """
        require_count("n", n, 2)
        require_count("d", d, 1)
        require_count("m", m, 1)
        require_positive("n_snr2", n_snr2)
        require_positive("clock_step", clock_step)
        require_positive("sigma_xi", sigma_xi)
        if (sigma_0 is None) == (kappa_0 is None):
            raise ValueError("exactly one of sigma_0 and kappa_0 must be given")
        if sigma_0 is None:
            require_positive("kappa_0", kappa_0)
            assert kappa_0 is not None
            sigma_0 = kappa_0 * math.sqrt(n) / (sigma_xi * d)
        return cls(
            n=n,
            d=d,
            m=m,
            sigma_xi=sigma_xi,
            signal_norm=sigma_xi * math.sqrt(n_snr2 * d / n),
            tau_plus=tau_plus,
            tau_minus=tau_minus,
            sigma_0=sigma_0,
            eta=clock_step * n * m / (sigma_xi**2 * d),
        )

    # Dimensionless groups -----------------------------------------------------------------------

    @property
    def snr(self) -> float:
        """`SNR = |mu| / (sigma_xi sqrt(d))`."""
        return self.signal_norm / (self.sigma_xi * math.sqrt(self.d))

    @property
    def n_snr2(self) -> float:
        """`a = n SNR^2 = n |mu|^2 / (sigma_xi^2 d)`."""
        return self.n * self.signal_norm**2 / (self.sigma_xi**2 * self.d)

    @property
    def time_unit(self) -> float:
        """`n m / (eta sigma_xi^2 d)`, in gradient steps: the scale of `T_1` (Theorem 4.1)."""
        return self.n * self.m / (self.eta * self.sigma_xi**2 * self.d)

    @property
    def clock_step(self) -> float:
        """`h = 1 / time_unit`: the increase of the clock `s` per gradient step."""
        return self.eta * self.sigma_xi**2 * self.d / (self.n * self.m)

    @property
    def iota(self) -> float:
        """`iota = sigma_0 sigma_xi sqrt(d)`: the size of an initial pre-activation."""
        return self.sigma_0 * self.sigma_xi * math.sqrt(self.d)

    @property
    def kappa_0(self) -> float:
        """`kappa_0 = sigma_0 sigma_xi d / sqrt(n)`: initialisation against noise cross-talk."""
        return self.sigma_0 * self.sigma_xi * self.d / math.sqrt(self.n)

    @property
    def tau_min(self) -> float:
        """`min(tau_plus, tau_minus)`."""
        return min(self.tau_plus, self.tau_minus)

    @property
    def tau_max(self) -> float:
        """`max(tau_plus, tau_minus)`."""
        return max(self.tau_plus, self.tau_minus)

    @property
    def signal_margin(self) -> float:
        """`a (1 - 2 max(tau_plus, tau_minus))`, the strength with which signal opposes flipped labels."""
        return self.n_snr2 * (1.0 - 2.0 * self.tau_max)

    # What the core asks ---------------------------------------------------------------------------

    def size(self) -> tuple[float, ...]:
        """Counterexamples are smaller by `n m`, then by d."""
        return float(self.n * self.m), float(self.d)

    @classmethod
    def letters(cls) -> Mapping[sp.Symbol, str]:
        """The symbols of `theory.two_stage.symbols` that stand for fields."""
        from theory.two_stage.symbols import SETTING_SYMBOLS

        return SETTING_SYMBOLS

    def at(self, **changes: Any) -> Setting:
        """A copy elsewhere on the same groups: `n SNR^2`, `kappa_0` and the clock step stay unless named.

        What is not named keeps its value; `signal_norm`, `sigma_0` and `eta` follow, so that the run is the
        same one in time units. Naming one of the three sets it and gives up its group.

        Args:
            changes: fields of a setting, or `n_snr2` (instead of `signal_norm`), `kappa_0` (of `sigma_0`),
                `clock_step` (of `eta`).

        Raises:
            ValueError: for a name that is none of these, both names of a pair, or a value not allowed.

        >>> s = Setting.from_n_snr2(n=100, d=10_000, m=20, n_snr2=4.0, tau_plus=0.1,
        ...                         tau_minus=0.2, clock_step=0.05, kappa_0=0.5)
        >>> far = s.at(d=10**12, n_snr2=6.0)
        >>> round(far.n_snr2, 12), round(far.clock_step, 12), round(far.kappa_0, 12)
        (6.0, 0.05, 0.5)
        >>> s.at() == s, f"{s.with_(d=10**12).n_snr2:.0e}"
        (True, '4e-08')
        """
        from theory.two_stage.moves import moved

        return moved(self, changes)

    def groups(self) -> dict[str, float]:
        """The dimensionless groups by name."""
        return {
            "n_snr2": self.n_snr2,
            "clock_step": self.clock_step,
            "iota": self.iota,
            "kappa_0": self.kappa_0,
            "d_over_n": self.d / self.n,
            "signal_margin": self.signal_margin,
        }


Setting.model = Model("two_stage", Setting, "simulation.two_stage.engines")
