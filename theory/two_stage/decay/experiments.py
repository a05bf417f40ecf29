"""Runs with weight decay: grids whose lambda is counted in units of a threshold.

A run lasts a given number of decay times `1/lambda`; its steps are fixed and h follows, so that `max_steps`
ends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from theory.experiment import Experiment
from theory.place import Box, Cells, Coordinate
from theory.record import AtClocks
from theory.two_stage.box import Grid
from theory.two_stage.decay.setting import DecayedSetting
from theory.two_stage.decay.thresholds import threshold
from theory.two_stage.places import REFERENCE
from theory.two_stage.setting import Setting

__all__ = [
    "ACCURACY",
    "BELOW",
    "DECAYED",
    "FORGETTING",
    "FOR_EVER",
    "LASTING",
    "PRACTICE",
    "PRACTICE_HALF",
    "SHARES",
    "TEST_ERROR",
    "WIDTH",
]

Cell = tuple[Mapping[str, Any], Setting]

#: Longer than any run: `max_steps` ends them.
_ENDLESS = 1e6
_LAST = AtClocks(())
#: Steps and decay times of a run.
_STEPS, _LENGTH = 320, 8.0

#: All decayed settings that commands and the contract look at.
DECAYED = Box(
    "reference, with decay",
    (*REFERENCE.coordinates, Coordinate("weight_decay", 0.0, 2.0, scale="linear")),
    lambda x: DecayedSetting.of(
        REFERENCE.at(**{k: v for k, v in x.items() if k != "weight_decay"}), x["weight_decay"]
    ),
)


def _setting(
    a: float, tau: float, decay: float, kappa_0: float, *, n: int, m: int, d: int, h: float
) -> DecayedSetting:
    base = Setting.from_n_snr2(
        n=n, d=d, m=m, n_snr2=a, tau_plus=tau, tau_minus=tau, kappa_0=kappa_0, clock_step=h
    )
    return DecayedSetting.of(base, decay)


def _grid(
    pairs: Iterable[tuple[float, float]],
    ratios: Iterable[float],
    share: float,
    kappas: Iterable[float],
    *,
    n: int = 100,
    m: int = 24,
    d: int = 10**8,
) -> Grid:
    """Cells (a, tau) x lambda/lambda*(share) x kappa_0, each `_LENGTH` decay times long."""
    ratios, kappas = tuple(ratios), tuple(kappas)
    cells: list[Cell] = []
    for a, tau in pairs:
        for ratio in ratios:
            decay = ratio * threshold(a, tau, share)
            h = _LENGTH / (_STEPS * decay)
            for kappa_0 in kappas:
                labels = {"a": a, "tau": tau, "ratio": ratio, "kappa_0": kappa_0}
                cells.append((labels, _setting(a, tau, decay, kappa_0, n=n, m=m, d=d, h=h)))
    return Grid(tuple(cells))


def _decayed(name: str, place: Box | Cells, default: int, full: int, **more: Any) -> Experiment:
    fields: dict[str, Any] = {"clock": _ENDLESS, "max_steps": _STEPS, "record": _LAST} | more
    return Experiment(
        id=f"two_stage.decay.{name}",
        place=place,
        runs={"quick": 0, "default": default, "full": full},
        **fields,
    )


#: The state at p = 1/2, while initial weights of 1e6 times the cross-talk last; at 8/lambda 300 are left.
WIDTH = _decayed(
    "width",
    _grid(
        ((6.0, 0.1), (6.0, 0.2), (12.0, 0.2), (12.0, 0.3)),
        (0.7, 0.85, 0.95, 1.0, 1.1, 1.3, 1.6),
        0.5,
        (1e6,),
        d=9 * 10**15,
    ),
    5,
    30,
)


def _box(name: str, low: float, high: float) -> Box:
    """Random settings at small kappa_0, lambda from `low` to `high` times lambda*(1), `_LENGTH` decay times
    long."""

    def make(x: Mapping[str, Any]) -> DecayedSetting:
        a = x["signal_margin"] / (1 - 2 * x["tau"])
        decay = x["ratio"] * threshold(a, x["tau"], 1.0)
        d, h = round(x["dimension"] * x["n"]), _LENGTH / (_STEPS * decay)
        return _setting(a, x["tau"], decay, x["kappa_0"], n=x["n"], m=x["m"], d=d, h=h)

    return Box(
        name,
        (
            Coordinate("n", 60, 110, whole=True),
            Coordinate("m", 8, 32, whole=True),
            Coordinate("signal_margin", 3.0, 16.0),
            Coordinate("tau", 0.07, 0.3, scale="linear"),
            Coordinate("ratio", low, high, meaning="strength", shown="lambda/lambda*(1)"),
            Coordinate("kappa_0", 1e-3, 0.3),
            Coordinate("dimension", 1e3, 1e7, meaning="d/n", shown="d/n"),
        ),
        make,
    )


_STRONG = ((6.0, 0.1), (10.0, 0.1), (12.0, 0.2), (20.0, 0.2), (14.0, 0.3), (20.0, 0.3))

#: Above the threshold that lasts, and below: realised classes decide which side a run is on.
LASTING = _decayed("lasting", _box("above lambda*(1)", 1.2, 2.2), 180, 600)
BELOW = _decayed("below", _box("below lambda*(1)", 0.4, 0.75), 180, 600)

#: Where some labels are memorised and some are not, for the share of them.
SHARES = _decayed("shares", _grid(((6.0, 0.1), (12.0, 0.2)), (0.3, 0.5, 0.7, 0.85), 1.0, (0.01, 0.3)), 0, 12)

#: Clean samples up to four times the threshold.
ACCURACY = _decayed("accuracy", _grid(_STRONG, (0.5, 1.0, 2.0, 4.0), 1.0, (0.1,)), 7, 30)


def _sweep_of_start() -> Cells:
    a, tau = 6.0, 0.1
    decay = 1.6 * threshold(a, tau, 0.5)
    cells = tuple(
        ({"kappa_0": kappa_0}, _setting(a, tau, decay, kappa_0, n=60, m=24, d=10**14, h=0.16))
        for kappa_0 in (1e1, 1e2, 1e3, 1e4, 1e5)
    )
    return Cells("sweep of kappa_0", cells, paired=True)


#: How long the state at p = 1/2 lasts, over four decades of the initial weights.
FORGETTING = Experiment(
    id="two_stage.decay.forgetting",
    place=_sweep_of_start(),
    clock=56.0,
    record=_LAST,
    snapshots=tuple(float(s) for s in range(1, 56)),
    runs={"quick": 0, "default": 8, "full": 60},
)


def _long() -> Grid:
    cells: list[Cell] = []
    for a, tau in ((4.0, 0.1), (6.0, 0.1), (12.0, 0.1), (6.0, 0.2), (12.0, 0.2), (12.0, 0.3)):
        decay = 1.5 * threshold(a, tau, 0.5)
        labels = {"a": a, "tau": tau}
        cells.append((labels, _setting(a, tau, decay, 100.0, n=60, m=20, d=10**12, h=0.25)))
    return Grid(tuple(cells))


#: Long after the initial weights have decayed.
FOR_EVER = Experiment(
    id="two_stage.decay.for_ever",
    place=_long(),
    clock=150.0,
    record=AtClocks((5.0,)),
    runs={"quick": 0, "default": 6, "full": 40},
)


def _undecayed(setting: Any) -> DecayedSetting:
    return DecayedSetting.of(setting.undecayed, 0.0)


#: Clocks of t_half in undecayed runs at kappa_0 = .01, for choosing lambda near 3 (or 1.5) over t_half; each
#: run is judged by its own undecayed arm.
_TYPICAL = {
    (6.0, 0.1): 3.1, (10.0, 0.1): 3.7, (20.0, 0.1): 3.9, (8.0, 0.2): 2.3, (10.0, 0.2): 2.5,
    (20.0, 0.2): 2.7, (12.0, 0.3): 1.6, (20.0, 0.3): 1.75,
}  # fmt: skip


def _practice(product: float) -> Grid:
    cells: list[Cell] = []
    for (a, tau), clock in _TYPICAL.items():
        setting = _setting(a, tau, product / clock, 0.01, n=100, m=24, d=10**7, h=0.06)
        cells.append(({"a": a, "tau": tau}, setting))
    return Grid(tuple(cells))


PRACTICE = Experiment(
    id="two_stage.decay.practice",
    place=_practice(3.6),
    clock=18.0,
    runs={"quick": 0, "default": 16, "full": 60},
    control=_undecayed,
)
PRACTICE_HALF = Experiment(
    id="two_stage.decay.practice_half",
    place=_practice(1.7),
    clock=18.0,
    runs={"quick": 0, "default": 6, "full": 30},
    control=_undecayed,
)

#: At d/n = 50, where test errors on training patches are those of memorised labels: run and undecayed arm.
TEST_ERROR = Experiment(
    id="two_stage.decay.test_error",
    place=Grid(
        tuple(
            (
                {"a": a, "tau": tau},
                _setting(a, tau, 2 * threshold(a, tau, 1.0), 0.1, n=100, m=24, d=5000, h=0.1),
            )
            for a, tau in ((8.0, 0.1), (12.0, 0.2), (20.0, 0.3))
        )
    ),
    clock=30.0,
    record=_LAST,
    runs={"quick": 0, "default": 20, "full": 100},
    control=_undecayed,
)
