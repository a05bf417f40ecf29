"""What runs under weight decay are asked: memorised labels, margins and errors at the end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy as sp

from theory.run import NotApplicable
from theory.two_stage.decay.thresholds import (
    end_state,
    memorised_share,
    strong_signal_threshold,
    threshold,
    threshold_formula,
)
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.limits.claim import gap, number_function, rates
from theory.two_stage.limits.dynamics import a as _a
from theory.two_stage.run import Run
from theory.two_stage.symbols import p, tau

__all__ = [
    "breaking_scale",
    "clean_margin",
    "enough",
    "lasts",
    "share_below",
    "share_law",
    "strong_signal_residual",
    "threshold_residual",
]


_NO_STAGE_ONE = NotApplicable("Stage I does not exist at p = 1/2")


@dataclass(frozen=True)
class _Class:
    """A class of a run: its strength `a_y`, realised rate, flipped labels memorised at the end, of
    `count`."""

    label: int
    a: float
    rate: float
    memorised: int
    count: int


def _classes(run: Run) -> Iterator[_Class]:
    fit = run.margins[-1] > 0
    for label in (1, -1):
        of = run.y == label
        flipped = of & run.noisy
        count, size = int(flipped.sum()), int(of.sum())
        if count:
            a_y = 2 * run.setting.n_snr2 * size / run.setting.n
            yield _Class(label, a_y, count / size, int((fit & flipped).sum()), count)


def _lambda(run: Run) -> float:
    return float(getattr(run.setting, "weight_decay", 0.0))


def threshold_residual(run: Run, stated: sp.Expr | None = None) -> float | NotApplicable:
    """How far `2 lambda rho_n` of the end state is from 1 at the threshold (or another `stated` one)."""
    a, rate = rates(run)
    if a * (1 - 2 * rate) <= 1.0:
        return _NO_STAGE_ONE
    formula = threshold_formula() if stated is None else stated
    decay = number_function(formula, _a, tau, p)(a, rate, 0.5)
    if isinstance(decay, complex) or not decay > 0:
        return math.inf
    return gap(2 * decay * end_state(a, rate, decay, 0.5).rho_n, 1.0)


def strong_signal_residual(run: Run, stated: sp.Expr | None = None) -> float:
    """The limit (or another `stated` one) against the threshold at a = 1e9."""
    _, rate = rates(run)
    formula = strong_signal_threshold() if stated is None else stated
    return gap(float(number_function(formula, tau, p)(rate, 0.5)), threshold(1e9, rate, 0.5))


@of_flipped_labels
def share_law(run: Run, factor: float = 1.0) -> tuple[float, float, float, float] | NotApplicable:
    """Memorised flipped labels at the end, the law's number at realised counts (lambda times `factor`), its
    binomial standard deviation, and half a sample of slack."""
    measured = predicted = variance = 0.0
    for c in _classes(run):
        q = memorised_share(c.a, c.rate, factor * _lambda(run), run.setting.m)
        measured += c.memorised
        predicted += c.count * q
        variance += c.count * q * (1 - q)
    if variance < 0.25:
        return NotApplicable("all or none are expected: a count has no scatter there to be judged by")
    return measured, predicted, math.sqrt(variance), 0.5


def _decided(run: Run, low: float, high: float) -> list[_Class] | NotApplicable:
    """Classes whose `lambda/lambda*(1)` at realised counts lies in this range."""
    ratios = [(c, _lambda(run) / threshold(c.a, c.rate, 1.0)) for c in _classes(run)]
    found = [c for c, ratio in ratios if low <= ratio <= high]
    return found or NotApplicable(f"no class has lambda/lambda*(1) between {low:g} and {high:g}")


def lasts(run: Run, above: float = 1.15, below: float = math.inf) -> bool | NotApplicable:
    """No flipped label is memorised at the end, in classes from `above` times lambda*(1) on."""
    found = _decided(run, above, below)
    return found if isinstance(found, NotApplicable) else not any(c.memorised for c in found)


#: Fewest flipped labels among which one has all of its filters on.
_SOME = 5


def share_below(run: Run) -> bool | NotApplicable:
    """Some flipped label is, in classes below .85 of it that have `_SOME` together."""
    found = _decided(run, 0.0, 0.85)
    if isinstance(found, NotApplicable):
        return found
    if sum(c.count for c in found) < _SOME:
        return NotApplicable(f"fewer than {_SOME} flipped labels in classes below .85 lambda*(1)")
    return any(c.memorised for c in found)


def breaking_scale(run: Run, power: float = 1.0) -> float:
    """What the initial weights have lost, `(1 - h lambda)^(-T/h)`, T the clock at which the mean active share
    reaches .6, between snapshots (`power`: of it); nan where it is not reached."""
    share = run.active_fraction.mean(axis=1)
    clock = run.snapshot_steps * run.setting.clock_step
    reached = np.flatnonzero(share >= 0.6)
    if not len(reached) or reached[0] == 0:
        return math.nan
    k = int(reached[0])
    part = (0.6 - share[k - 1]) / (share[k] - share[k - 1])
    h = run.setting.clock_step
    loss = -math.log1p(-h * _lambda(run)) / h
    return math.exp(power * loss * float(clock[k - 1] + part * (clock[k] - clock[k - 1])))


def clean_margin(run: Run, factor: float = 1.0) -> tuple[float, float] | NotApplicable:
    """Mean margin of clean samples at the end and that of the end state (lambda times `factor`), means over
    classes."""
    measured, predicted = [], []
    for c in _classes(run):
        of = (run.y == c.label) & run.clean
        if of.any():
            measured.append(float(run.margins[-1, of].mean()))
            predicted.append(end_state(c.a, c.rate, factor * _lambda(run), 0.5).clean)
    if not measured:
        return NotApplicable("no class has both clean and flipped labels")
    return float(np.mean(measured)), float(np.mean(predicted))


@of_flipped_labels
def enough(run: Run, low: float = 3.0, high: float = math.inf) -> bool | NotApplicable:
    """No flipped label is memorised at the end, where `lambda t_half` of the undecayed arm is in range."""
    product = _lambda(run) * run.control.t_half * run.setting.clock_step  # type: ignore[attr-defined]
    if not low <= product <= high or math.isinf(product):
        return NotApplicable(f"lambda t_half of the undecayed arm is not between {low:g} and {high:g}")
    strong = [c.a * (1 - 2 * c.rate) >= 3.6 for c in _classes(run)]
    if not all(strong):
        return NotApplicable("a class has a_y(1 - 2 tau_y) below 3.6")
    return not (run.margins[-1, run.noisy] > 0).any()
