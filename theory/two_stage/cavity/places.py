"""Runs on which the cavity law is judged."""

from __future__ import annotations

from dataclasses import replace

from theory.condition import Inside
from theory.experiment import Experiment
from theory.rng import generator
from theory.two_stage.box import Domain, Grid
from theory.two_stage.cavity.scope import OF_CAVITY
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.setting import Setting

__all__ = ["EVENT", "EVENT_CLOCKS", "SHARE_CLOCK", "TIMES", "TINY", "WIDE"]

#: When active shares are compared.
SHARE_CLOCK = 1.0

#: When Theorem 4.1's event is looked at.
EVENT_CLOCKS = (0.5, 1.0)

_INSIDE = Inside(OF_CAVITY, DEFAULT_CONSTANTS)

#: Sizes at which run and law together take a seventh of a second.
_SMALL = Domain(
    "kappa_0 <= .3, small data sets",
    n=(60, 100),
    m=(20, 28),
    signal_margin=(2.0, 14.0),
    tau=(0.05, 0.3),
    kappa_0=(1e-3, 0.3),
    dimension=(20.0, 1e6),
    clock_step=(0.07, 0.1),
    accept=_INSIDE,
)
TIMES = Experiment(
    id="two_stage.cavity.times",
    place=_SMALL,
    clock=14.0,
    runs={"quick": 8, "default": 280, "full": 600},
    snapshots=(SHARE_CLOCK,),
)

#: Where cross-talk alone decides which filters are on, and every part of the law counts: short runs.
TINY = Experiment(
    id="two_stage.cavity.tiny",
    place=replace(
        _SMALL,
        name="kappa_0 <= .005",
        n=(100, 140),
        signal_margin=(3.0, 12.0),
        kappa_0=(1e-3, 5e-3),
        dimension=(1e3, 1e6),
        clock_step=(0.09, 0.1),
    ),
    clock=SHARE_CLOCK,
    runs={"quick": 0, "default": 0, "full": 840},
)

#: The box of the criteria: data sets up to 300 samples, 150 filters a side.
WIDE = Experiment(
    id="two_stage.cavity.wide",
    place=replace(
        _SMALL,
        name="kappa_0 <= .3",
        n=(60, 300),
        m=(20, 150),
        signal_margin=(2.0, 16.0),
        clock_step=(0.03, 0.1),
    ),
    clock=16.0,
    runs={"quick": 0, "default": 0, "full": 600},
    snapshots=(SHARE_CLOCK,),
)

#: Around the threshold: where the event is neither sure nor impossible.
_NEAR = Domain(
    "near the threshold",
    n=(60, 100),
    m=(20, 28),
    signal_margin=(1.8, 8.0),
    tau=(0.05, 0.3),
    kappa_0=(1e-3, 0.3),
    dimension=(20.0, 1e6),
    clock_step=(0.05, 0.1),
    accept=_INSIDE,
)


def _cells(count: int) -> Grid:
    cells = []
    for k in range(count):
        setting = _NEAR.draw(generator(0, "cavity event", k))
        assert isinstance(setting, Setting)
        cells.append(({"cell": float(k)}, setting))
    return Grid(tuple(cells))


EVENT = Experiment(
    id="two_stage.cavity.event",
    place=_cells(30),
    clock=EVENT_CLOCKS[-1],
    runs={"quick": 0, "default": 24, "full": 60},
    snapshots=(),
)
