"""Runs under a schedule, heavy ball or mini-batches, each beside plain gradient descent from the same
seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from theory.experiment import Experiment
from theory.setting import AbstractSetting
from theory.two_stage.box import Domain, Grid
from theory.two_stage.schedule import Schedule
from theory.two_stage.setting import Setting
from theory.two_stage.variation import PLAIN, Variation

__all__ = [
    "BATCHES",
    "BATCHES_LAW",
    "BATCHES_SMALL",
    "MOMENTUM",
    "MOMENTUM_LAW",
    "SCHEDULES",
    "H",
    "box",
    "schedules",
]

#: The step; under a schedule the largest is up to 1.8 times it.
H = 0.1
#: Regimes of kappa_0: initial signs decide; cross-talk does (Condition 4.1's bound on sigma_0).
_REGIMES = {"large": (30.0, 300.0), "small": (0.01, 0.3)}


def box(regime: str, n: tuple[int, int] = (80, 110), m: tuple[int, int] = (20, 32), h: float = H) -> Domain:
    """Random settings of a regime with flipped labels enough for a median."""
    return Domain(
        f"clock, {regime} kappa_0",
        n=n,
        m=m,
        signal_margin=(4.0, 8.0),
        tau=(0.1, 0.2),
        kappa_0=_REGIMES[regime],
        dimension=(1e8, 1e10),
        clock_step=(h, h),
    )


def _same(setting: AbstractSetting) -> AbstractSetting:
    return setting


def _paired(
    name: str, place: Domain, variation: Variation, clock: float, default: int, full: int, **more: Any
) -> Experiment:
    return Experiment(
        id=f"two_stage.clock.{name}",
        place=place,
        clock=clock,
        runs={"quick": 0, "default": default, "full": full},
        options=variation,
        control=_same,
        control_options=PLAIN,
        **more,
    )


def schedules() -> dict[str, Schedule]:
    """By name: to 0 over 180 steps (9 time units pass), up over 30 steps, down to .3 after two time units,
    long and short by turns."""
    return {
        "cosine": Schedule("cosine", 180),
        "warm_up": Schedule("warm_up", 30),
        "drop": Schedule("drop", round(2 / H), 0.3),
        "alternating": Schedule("alternating", low=0.2),
    }


#: Clock at a constant step that a run is given: half of the flipped labels are memorised by s = 9 where
#: kappa_0 is large, by 7 where it is small. A third of the step from s = 2 on needs more.
_GIVEN = {
    "large": {"cosine": 18.0, "warm_up": 12.0, "drop": 27.0, "alternating": 10.5},
    "small": {"cosine": 10.0, "warm_up": 9.5, "drop": 20.0, "alternating": 8.0},
}

#: Runs at default where t_half scatters by about the margin: it is known to a step alone.
_RUNS = {("warm_up", "large"): 200, ("warm_up", "small"): 140, ("alternating", "large"): 110}

SCHEDULES = {
    (name, regime): _paired(
        f"schedule.{name}.{regime}",
        box(regime),
        Variation(schedule=schedule),
        _GIVEN[regime][name],
        _RUNS.get((name, regime), 48),
        400 if (name, regime) in _RUNS else 100,
    )
    for name, schedule in schedules().items()
    for regime in _REGIMES
}

#: (beta, h, regime): small steps, where the lag is all, and one where it is not.
MOMENTUM = {
    (beta, h, regime): _paired(
        f"momentum.{round(100 * beta)}.{round(1000 * h)}.{regime}",
        box(regime, h=h),
        Variation(momentum=beta),
        clock,
        default,
        100,
    )
    for beta, h, regime, clock, default in (
        (0.5, 0.1, "large", 10.0, 36),
        (0.5, 0.05, "small", 8.0, 36),
        (0.9, 0.02, "large", 10.0, 36),
        (0.9, 0.1, "large", 12.0, 20),
        (0.9, 0.1, "small", 12.0, 20),
    )
}

#: A visit moves a sample by h n/b: .2, .5 and 1.
BATCHES = {
    size: _paired(
        f"batches.{size}", box("large", (100, 100), (40, 50)), Variation(batch_size=size), 16.0, default, 200
    )
    for size, default in ((50, 140), (20, 110), (10, 140))
}
BATCHES_SMALL = {
    size: _paired(
        f"batches.{size}.small",
        box("small", (100, 100)),
        Variation(batch_size=size),
        14.0,
        48,
        200,
        snapshots=(1.0,),
    )
    for size in (50, 10)
}


def _cells(steps: Iterable[float], kappas: Iterable[float]) -> Grid:
    """Steps x kappa_0 at one base point."""
    return Grid(
        tuple(
            (
                {"clock_step": h, "kappa_0": kappa_0},
                Setting.from_n_snr2(
                    n=100, d=10**9, m=24, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=kappa_0,
                    clock_step=h,
                ),
            )
            for h, kappa_0 in itertools.product(tuple(steps), tuple(kappas))
        )
    )  # fmt: skip


def _against_law(name: str, place: Grid, variation: Variation, clock: float) -> Experiment:
    return Experiment(
        id=f"two_stage.clock.{name}.law",
        place=place,
        clock=clock,
        runs={"quick": 0, "default": 0, "full": 100},
        options=variation,
        snapshots=(1.0,),
    )


#: Runs whose number is compared with a law of the same steps, not with another run: 100 a cell.
MOMENTUM_LAW = {
    beta: _against_law(
        f"momentum.{round(100 * beta)}", _cells(steps, (0.01, 100.0)), Variation(momentum=beta), 13.0
    )
    for beta, steps in ((0.5, (0.1,)), (0.9, (0.05, 0.1)))
}
BATCHES_LAW = {
    size: _against_law(f"batches.{size}", _cells((0.1,), (0.01, 0.3)), Variation(batch_size=size), 14.0)
    for size in (50, 20, 10)
}
