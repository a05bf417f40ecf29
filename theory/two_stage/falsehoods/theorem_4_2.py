"""False readings of Theorem 4.2."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.run import NotApplicable
from theory.two_stage.experiments import STAGE_ONE
from theory.two_stage.falsehoods.change import changed
from theory.two_stage.falsehoods.theorem_4_1 import MISFIT
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1

__all__ = ["falsehoods"]


@of_flipped_labels
def _noisy_stay_fit(run: Run) -> bool:
    return bool(np.all(run.margins[run.at(C_T1) :, run.noisy] > 0))


def _clean_memorised(run: Run) -> bool:
    gamma = run.gamma[-1].mean(axis=1)
    against = np.where(run.y > 0, gamma[0], gamma[1])
    return float((run.noise_mass[-1] > against)[run.clean].mean()) >= 0.5


@of_flipped_labels
def _memorised_at_t1(run: Run) -> bool:
    return float((run.margins[run.at(C_T1)] > 0)[run.noisy].mean()) >= 0.5


def _spurious_error_at(
    run: Run, clock: float | None, share: float, nominal: bool = False
) -> bool | NotApplicable:
    """Whether the D_test error reaches `share` times the smaller flip rate, at a clock (the end for None)."""
    classes = [run.y == label for label in (1.0, -1.0)]
    if not all(c.any() for c in classes):
        return NotApplicable("one class is empty")
    rate = run.setting.tau_min if nominal else min(float(run.noisy[c].mean()) for c in classes)
    error = run.test_error("spurious", float(run.clock[-1]) if clock is None else clock)
    return bool(error.high >= share * rate)


@of_flipped_labels
def _degrades_backwards(run: Run) -> bool:
    return run.test_error("spurious", C_T1).low > run.test_error("spurious", float(run.clock[-1])).high


def _spurious_small(run: Run) -> tuple[float, float]:
    error = run.test_error("spurious", float(run.clock[-1])).high
    return -math.log(max(error, 1e-300)), -math.log(0.5 * run.setting.tau_min)


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of Theorem 4.2."""

    def of(name: str) -> Claim:
        return known[f"two_stage.theorem_4_2.{name}"]

    nominal = of("dtest_error_nominal")
    yield changed(
        nominal,
        "without rates_apart",
        "condition",
        "at equal rates the plateau is half the realised overall rate, below its mean in half of all data",
        experiment=STAGE_ONE,
        conditions=tuple(c for c in nominal.conditions if c.name != "rates_apart"),
    )
    stay = of("clean_fit")
    yield changed(stay, "noisy for clean", "symbols", MISFIT, _noisy_stay_fit)
    memorised = of("noisy_memorised")
    yield changed(memorised, "at T_1", "order", MISFIT, _memorised_at_t1)
    yield changed(
        memorised,
        "clean for noisy",
        "symbols",
        "where c_+ + c_- > 1 (a(1 - 4 tau) > 2p, most of the box) clean samples keep more signal than noise",
        _clean_memorised,
    )
    floor = of("dtest_error")
    plateau = "half the realised overall rate is below the smaller rate unless one is 3 times the other"
    yield changed(floor, "bound x 2", "constant", plateau, partial(_spurious_error_at, clock=None, share=1.0))
    early = "at T_1 the D_test error is exponentially small (Proposition 4.3)"
    yield changed(floor, "at T_1", "order", early, partial(_spurious_error_at, clock=C_T1, share=0.5))
    yield changed(
        of("dtest_degrades"),
        "the other order",
        "order",
        "the two errors are ordered as stated",
        _degrades_backwards,
    )
    yield changed(
        of("iid_error_small"),
        "D_test for iid",
        "symbols",
        "the D_test error exceeds that bound (Theorem 4.2)",
        _spurious_small,
    )
