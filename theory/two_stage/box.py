"""The first paper's places: boxes in dimensionless coordinates, one-parameter sweeps, grids."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from theory.place import Box, Cells, Coordinate, Draws, Point
from theory.rng import generator
from theory.setting import AbstractSetting
from theory.two_stage.cavity.ratio import LEAST_FILTERS, LEVELS, ends, table
from theory.two_stage.setting import Setting
from theory.two_stage.threshold import LARGE_INIT, signal_threshold

if TYPE_CHECKING:
    from theory.condition import Condition, Constants

__all__ = ["Domain", "Fixed", "Grid", "Sweep", "SweepParameter"]

Range = tuple[float, float]

#: Ranges that conditions can narrow.
_NARROWED = ("n", "m", "signal_margin", "tau", "kappa_0", "dimension", "clock_step")

#: How readers see `dimension`, by its unit.
_DIMENSIONS = {"n": "d/n", "n^2": "d/n^2", "n^2 log": "d/(n^2 log(6 n^2/.05))"}

#: Base points of a sweep that is moved inside conditions.
_BASES = 8
SweepParameter = Literal["eta", "n", "m", "sigma_xi", "d"]


@dataclass(frozen=True)
class Domain(Box):
    r"""A box in dimensionless coordinates, sampled log-uniformly (`tau` uniformly).

    Coordinates: `n`, `m`; `signal_margin` = a(1 - 2 max tau); `tau` for each class on its own;
    `kappa_0`; `dimension` = d in units of `dimension_unit` ("n", "n^2" or "n^2 log" = n^2 log(6 n^2/.05));
    `equal_rates` gives both classes the first one's rate;
    `clock_step` = h, in units of 1/m when `clock_step_per_width` (the framework's condition on eta reads
    h <= 1/(C m)); `sigma_xi`.

    >>> box = Domain("box", n=(20, 40), m=(5, 10), signal_margin=(4, 8), tau=(.05, .2),
    ...              kappa_0=(.01, .1), dimension=(1, 4), dimension_unit="n^2", clock_step=(.02, .05))
    >>> import numpy as np
    >>> s = box.draw(np.random.default_rng(0))
    >>> 20 <= s.n <= 40 and .0099 < s.kappa_0 < .101 and s.d >= s.n**2
    True
    """

    coordinates: tuple[Coordinate, ...] = field(init=False, compare=False, repr=False)
    make: Callable[[Mapping[str, Any]], AbstractSetting] = field(init=False, compare=False, repr=False)
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

    def __post_init__(self) -> None:
        object.__setattr__(
            self,
            "coordinates",
            (
                Coordinate("n", *self.n, whole=True),
                Coordinate("m", *self.m, whole=True),
                Coordinate("signal_margin", *self.signal_margin, shown="n SNR^2 (1 - 2 tau)"),
                Coordinate("tau_plus", *self.tau, scale="linear", shown="tau_+"),
                Coordinate("tau_minus", *self.tau, scale="linear", shown="tau_-"),
                Coordinate("kappa_0", *self.kappa_0),
                Coordinate("dimension", *self.dimension, shown=_DIMENSIONS[self.dimension_unit]),
                Coordinate("clock_step", *self.clock_step, shown="h m" if self.clock_step_per_width else "h"),
                Coordinate("sigma_xi", *self.sigma_xi),
            ),
        )
        object.__setattr__(self, "make", self._made)

    def _made(self, values: Mapping[str, Any]) -> AbstractSetting:
        return self.at(**values)

    def values_of(self, setting: AbstractSetting) -> Mapping[str, float] | None:
        """The coordinates of a setting in the units of this box; None of another model's."""
        if not isinstance(setting, Setting):
            return None
        return {
            "n": setting.n,
            "m": setting.m,
            "signal_margin": setting.signal_margin,
            "tau_plus": setting.tau_plus,
            "tau_minus": setting.tau_minus,
            "kappa_0": setting.kappa_0,
            "dimension": setting.d / self.dimension_scale(setting.n),
            "clock_step": setting.clock_step * (setting.m if self.clock_step_per_width else 1),
            "sigma_xi": setting.sigma_xi,
        }

    def sliced(self, fixed: Mapping[str, float]) -> Domain:
        """The part of the box at these values; of flip rates, both or neither.

        Raises:
            ValueError: for one flip rate without the other, or two values of them: a box has one range.
        """
        values = {name: value for name, value in fixed.items() if name in {c.name for c in self.coordinates}}
        rates = {values.pop(name, None) for name in ("tau_plus", "tau_minus")}
        if len(rates) > 1:
            raise ValueError(f"fixed: a box has one range of flip rates, was {dict(fixed)!r}")
        (rate,) = rates
        ranges: dict[str, Any] = {name: (value, value) for name, value in values.items()}
        if rate is not None:
            ranges["tau"] = (rate, rate)
        return replace(self, **ranges)

    def narrowed(self, conditions: Sequence[Condition], constants: Constants) -> Domain:
        """The box without what the paper's conditions exclude coordinate by coordinate.

        Only boxes that count d in units of n and h in time units know how; others stay as they are.
        """
        if self.dimension_unit != "n" or self.clock_step_per_width:
            return self
        asked, c = {condition.name for condition in conditions}, constants.values
        lows: dict[str, list[float]] = {name: [getattr(self, name)[0]] for name in _NARROWED}
        highs: dict[str, list[float]] = {name: [getattr(self, name)[1]] for name in _NARROWED}
        if "flip_rates" in asked:
            lows["tau"].append(c["c_tau"])
        if "init_noise" in asked:
            highs["kappa_0"].append(1 / c["C"])
        if "kappa_small" in asked:
            highs["kappa_0"].append(c["c_k"])
        if "kappa_large" in asked:
            lows["kappa_0"].append(c["c_kappa"])
        if "clock_step" in asked:
            highs["clock_step"].append(c["c_h"])
        if "snr_upper" in asked:
            highs["signal_margin"].append(c["C_a"])
        if {"signal_dominates", "signal_dominates_filters"} & asked:
            # a*(1 - 2 tau) >= 2p: below it a sample rises at once.
            lows["signal_margin"].append(2.0 if min(highs["kappa_0"]) < LARGE_INIT else 1.0)
        if {"signal_sharp", "signal_not_sure"} <= asked:
            # Outside the table there is nothing between the two thresholds; the upper one, times 1 - 2 tau,
            # falls with n and grows with tau and h.
            (least, most), (_, tau), (_, kappa_0) = ends()
            delta, clock, h = LEVELS
            top = signal_threshold(least, LEAST_FILTERS, tau, kappa_0, h, clock, delta)
            lows["n"].append(least - 1)
            highs["n"].append(most + 1)
            lows["m"].append(LEAST_FILTERS - 1)
            highs["tau"].append(tau)
            lows["signal_margin"].append(2 * min(table().values()))
            highs["signal_margin"].append(top * (1 - 2 * tau))
        if "width" in asked:
            lows["m"].append(math.floor(c["C"] * math.log(self.n[0] / c["delta"])) - 1)
        if "step_samples" in asked:
            highs["clock_step"].append(1 / (c["C"] * max(lows["m"])))
            highs["m"].append(math.ceil(1 / (c["C"] * self.clock_step[0])) + 1)
        if "dimension" in asked:
            lows["dimension"].append(c["C"] * self.n[0] * math.log(6 * self.n[0] ** 2 / c["delta"]) - 1)
        if "step_noise" in asked:
            longest = self.n[1] * math.log(self.n[1] / c["delta"]) / (c["C"] * self.clock_step[0]) ** 2
            highs["dimension"].append(longest + 1)
        ranges: dict[str, Any] = {name: (max(lows[name]), min(highs[name])) for name in _NARROWED}
        kept: dict[str, Any] = {name: ends for name, ends in ranges.items() if ends[0] <= ends[1]}
        return replace(self, **kept)

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


@dataclass(frozen=True)
class Sweep(Cells):
    """One parameter varied by `factors` around `base`, replicates paired by seed.

    `n SNR^2`, both flip rates and `kappa_0` stay fixed, and so does `eta` unless it is the parameter:
    then every quantity in gradient steps must follow its scale. Holding `sigma_0` instead would move
    `kappa_0` and bias the exponents of `sigma_xi` and `d`. `hold="step"` keeps `h m`, the step in units of
    its largest one, in place of `eta`: the whole sweep then stays inside the framework's bound on the step.

    >>> base = Setting.from_n_snr2(n=100, d=10**6, m=20, n_snr2=6., tau_plus=.1, tau_minus=.1,
    ...                            kappa_0=1., clock_step=.04)
    >>> s = Sweep("d", base, (0.5, 1.0, 2.0)).at(2.0)
    >>> s.d, round(s.clock_step, 12), round(s.kappa_0, 12), s.eta == base.eta
    (2000000, 0.08, 1.0, True)
    """

    name: str = field(init=False, compare=False, repr=False)
    cells: tuple[tuple[Mapping[str, Any], AbstractSetting], ...] = field(
        init=False, compare=False, repr=False
    )
    paired: bool = field(init=False, compare=False, repr=False)
    parameter: SweepParameter
    base: Setting
    factors: tuple[float, ...]
    hold: Literal["eta", "step"] = "eta"

    def __post_init__(self) -> None:
        if self.parameter not in get_args(SweepParameter):
            raise ValueError(
                f"parameter must be one of {', '.join(get_args(SweepParameter))}, was {self.parameter!r}"
            )
        if not isinstance(self.base, Setting):
            raise ValueError(f"base must be a Setting, was {self.base!r}")
        if self.hold == "step" and self.parameter == "eta":
            raise ValueError("hold: a sweep of eta cannot hold the step")
        cells = []
        for factor in self.factors:
            setting = self.at(factor)
            cells.append(({self.parameter: self.value(setting)}, setting))
        object.__setattr__(self, "name", f"sweep of {self.parameter}")
        object.__setattr__(self, "cells", tuple(cells))
        object.__setattr__(self, "paired", True)

    __hash__ = Cells.__hash__

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
        if self.hold == "step":
            eta = base.clock_step * base.m * n / (sigma_xi**2 * d)
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

    def rebased(self, box: Box) -> Cells | None:
        """The sweep around `_BASES` settings of the box, each with its share of the replicates."""
        bases = [box.draw(generator(0, f"base of {self.name} in {box.name}", k)) for k in range(_BASES)]
        return Sweeps(
            f"{self.name} around {_BASES} settings of {box.name}",
            tuple(replace(self, base=base).cells for base in bases if isinstance(base, Setting)),
        )

    def value(self, setting: Setting) -> float:
        """The varied parameter's value at a setting."""
        return float(getattr(setting, self.parameter))


@dataclass(frozen=True)
class Sweeps(Cells):
    """One sweep around each of several base points; a replicate belongs to one of them."""

    cells: tuple[tuple[Mapping[str, Any], AbstractSetting], ...] = field(
        init=False, compare=False, repr=False
    )
    paired: bool = field(init=False, default=True, compare=False, repr=False)
    sweeps: tuple[tuple[tuple[Mapping[str, Any], AbstractSetting], ...], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", tuple(cell for sweep in self.sweeps for cell in sweep))

    __hash__ = Cells.__hash__

    def points(self, replicates: int, draws: Draws) -> Iterator[Point]:
        """Replicate r goes along sweep `r mod k`."""
        for r in range(replicates):
            for labels, setting in self.sweeps[r % len(self.sweeps)]:
                yield Point(setting, r, labels)


@dataclass(frozen=True)
class Grid(Cells):
    """Named cells, each a setting with labels (its coordinates), every cell with its own replicates."""

    name: str = field(init=False, default="grid", compare=False, repr=False)
    paired: bool = field(init=False, default=False, compare=False, repr=False)

    __hash__ = Cells.__hash__


@dataclass(frozen=True)
class Fixed(Cells):
    """A single setting, replicated."""

    name: str = field(init=False, default="one setting", compare=False, repr=False)
    cells: tuple[tuple[Mapping[str, Any], AbstractSetting], ...] = field(
        init=False, compare=False, repr=False
    )
    paired: bool = field(init=False, default=True, compare=False, repr=False)
    setting: Setting
    labels: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", ((self.labels, self.setting),))

    __hash__ = Cells.__hash__
