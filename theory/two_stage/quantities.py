"""Quantities of one run that a sweep may name, with units and definitions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.quantity import Quantity
from theory.two_stage.run import Run

__all__ = ["GROUPS", "QUANTITIES", "group_of"]

#: Groups of samples that a quantity may be asked of.
GROUPS = ("clean", "noisy", "all")


def group_of(run: Run, group: str) -> NDArray[np.bool_]:
    """The samples of a group, (n,)."""
    if group == "all":
        return np.ones(len(run.y), dtype=bool)
    return run.clean if group == "clean" else run.noisy


def _if_any(who: NDArray[np.bool_], value: Callable[[], float]) -> float:
    """nan for an empty group: "all of none" would read as reached at once."""
    return float(value()) if bool(who.any()) else math.nan


def _margins(run: Run, group: str, clock: float) -> NDArray[np.float64]:
    return np.asarray(run.margins[run.at(clock), group_of(run, group)])


def _losses(run: Run, group: str, clock: float) -> NDArray[np.float64]:
    return np.logaddexp(0.0, -_margins(run, group, clock))


def _t_half_of(run: Run, label: int) -> float:
    return _if_any(run.noisy & (run.y == label), lambda: run.t_half_of(label))


def _log2_gap(run: Run, clock: float) -> float:
    if not run.noisy.any() or not run.clean.any():
        return math.nan
    return float(_losses(run, "noisy", clock).min() - _losses(run, "clean", clock).max())


def _of_group(values: NDArray[np.float64], run: Run, group: str) -> float:
    who = group_of(run, group)
    return _if_any(who, lambda: values[who].mean())


def _rate(run: Run, label: int) -> float:
    who = run.y == label
    return _if_any(who, lambda: run.noisy[who].mean())


#: Estimated by sampling, as finely as the run's precision says.
_SAMPLED = ("iid_error", "dtest_error", "log_iid_error", "log_dtest_error")


def _within(name: str, unit: str) -> tuple[float, float]:
    """The values that it can have: of probabilities and shares, of times and losses, of logarithms."""
    if unit in ("probability", "share", "0 or 1"):
        return 0.0, 1.0
    if name.startswith("log_"):
        return -math.inf, 0.0
    if unit == "steps" or name in ("final_loss", "loss"):
        return 0.0, math.inf
    return -math.inf, math.inf


def _table(*rows: tuple[Any, ...]) -> tuple[Quantity, ...]:
    return tuple(
        Quantity(
            name,
            parameters,
            unit,
            meaning,
            value,
            states=name == "crossing",
            sampled=name in _SAMPLED,
            words={0: GROUPS} if parameters[:1] == ("word",) else {},
            within=_within(name, unit),
        )
        for name, parameters, unit, meaning, value in rows
    )


QUANTITIES: tuple[Quantity, ...] = _table(
    ("t_clean", (), "steps", "time from which every clean sample stays fit (margin > 0)",
     lambda run: _if_any(run.clean, lambda: run.t_clean)),
    ("t_half", (), "steps", "time from which half of the noisy samples stay fit",
     lambda run: _if_any(run.noisy, lambda: run.t_half)),
    ("t_half_plus", (), "steps", "the same over noisy samples of true label +1",
     lambda run: _t_half_of(run, 1)),
    ("t_half_minus", (), "steps", "the same over noisy samples of true label -1",
     lambda run: _t_half_of(run, -1)),
    ("t_all", (), "steps", "time from which every noisy sample stays fit",
     lambda run: _if_any(run.noisy, lambda: run.t_all)),
    ("crossing", (), "steps", "time from which half of the noisy samples keep noise mass above the "
     "signal against them; needs `snapshots`",
     lambda run: _if_any(run.noisy, lambda: run.crossing)),
    ("t_eps", ("eps",), "steps", "first time at which the training loss is at most eps",
     lambda run, eps: run.t_loss(eps)),
    ("final_loss", (), "nats", "training loss at the last step",
     lambda run: float(run.train_loss[-1])),
    ("loss", ("clock",), "nats", "training loss at the clock",
     lambda run, clock: float(run.train_loss[run.at(clock)])),
    ("min_margin", ("word", "clock"), "1", "smallest margin y~ f of the group",
     lambda run, group, clock: _if_any(group_of(run, group), lambda: _margins(run, group, clock).min())),
    ("mean_margin", ("word", "clock"), "1", "mean margin of the group",
     lambda run, group, clock: _if_any(group_of(run, group), lambda: _margins(run, group, clock).mean())),
    ("log2_gap", ("clock",), "nats", "smallest noisy loss minus largest clean loss",
     _log2_gap),
    ("clean_fit", ("clock",), "0 or 1", "every clean sample has margin > 0",
     lambda run, clock: run.clean_fit(clock)),
    ("noisy_misfit", ("clock",), "0 or 1", "every noisy sample has margin < 0",
     lambda run, clock: run.noisy_misfit(clock)),
    ("memorised_fraction", ("clock",), "share", "share of the noisy samples with margin > 0",
     lambda run, clock: _if_any(run.noisy, lambda: run.memorised_fraction(clock))),
    ("iid_error", ("state",), "probability", "0-1 error on fresh noise against the true label, with exact "
     "95 % limits", lambda run, clock: run.test_error("iid", clock)),
    ("dtest_error", ("state",), "probability", "the same under D_test: a training patch plus noise",
     lambda run, clock: run.test_error("spurious", clock)),
    ("log_iid_error", ("state",), "nats", "ln of the iid error by line sampling, with 95 % limits",
     lambda run, clock: run.log_test_error("iid", clock)),
    ("log_dtest_error", ("state",), "nats", "the same under D_test",
     lambda run, clock: run.log_test_error("spurious", clock)),
    ("gamma_mean", ("clock",), "1", "mean signal coefficient gamma over sides and filters",
     lambda run, clock: float(run.gamma[run.at(clock)].mean())),
    ("rho_mean", ("word", "state"), "1", "mean noise mass (1/m) sum_r rhobar_{y~,r,i} of the group",
     lambda run, group, clock: _of_group(run.noise_mass[run.snapshot_at(clock)], run, group)),
    ("active_fraction", ("word", "state"), "share", "mean share of label-side filters active on the patch",
     lambda run, group, clock: _of_group(run.active_fraction[run.snapshot_at(clock)], run, group)),
    ("flip_rate_plus", (), "share", "realised flip rate of label +1", lambda run: _rate(run, 1)),
    ("flip_rate_minus", (), "share", "realised flip rate of label -1", lambda run: _rate(run, -1)),
    ("end_step", (), "steps", "last step of the run", lambda run: float(run.steps[-1])),
)  # fmt: skip
