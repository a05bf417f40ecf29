"""False lemmas about training: who stays active, signs of coefficients, the main term of margins."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial

import numpy as np

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.run import NotApplicable
from theory.two_stage.falsehoods.change import changed, given, seen
from theory.two_stage.lemmas_training import (
    class_growth_law,
    margin_error_bound,
    stage_one_derivative,
)
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the lemmas on training."""

    def of(name: str) -> Claim:
        return known[f"two_stage.lemma.{name}"]

    yield changed(
        of("activation_persistence"),
        "inactive filters stay inactive",
        "sign",
        "at kappa_0 < 0.3 more than a third of them are switched on by cross-talk (the law of the active "
        "share)",
        _inactive_persist,
    )
    yield seen(
        of("activation_persistence"),
        "other side",
        "symbols",
        "the other side's coefficient falls, so its active filters are switched off",
        y_observed=lambda run: -run.y_observed,
    )
    yield seen(
        of("coefficient_scale"),
        "sides swapped",
        "sign",
        "rho is positive on the label's side",
        y_observed=lambda run: -run.y_observed,
    )
    for name in ("margins_clean", "margins_noisy"):
        yield changed(
            of(name),
            "signal of the other sign",
            "sign",
            "both forms would need 2 gamma to be smaller than the two errors together",
            partial(_main_term_with_sign, noisy=name.endswith("noisy")),
        )
    yield changed(
        of("stage_one_derivative"),
        "signal at half its rate, no noise",
        "constant",
        "a clean margin grows by a_y(1 - 2 tau_y)/4 + p_i/2 a clock unit at the start, faster than that",
        _few_filters,
    )
    yield changed(
        of("coefficient_scale"),
        "C' = 1/20 for 1/2",
        "constant",
        "gamma exceeds alpha/20 in every run",
        given(of("coefficient_scale").measure, signal=0.05),
    )
    growth = of("balance_noise.growth")
    yield changed(
        growth,
        "c_+ - c_-",
        "sign",
        "the two differ by twice the difference of the shares",
        lambda run: _negated(class_growth_law(run)),
    )


def _negated(pair: tuple[float, float] | NotApplicable) -> tuple[float, float] | NotApplicable:
    return pair if isinstance(pair, NotApplicable) else (pair[0], -pair[1])


def _inactive_persist(run: Run) -> bool:
    active = run.label_side(run.products[..., 1:]) > 0
    return not bool(np.any(active[:, ~active[0]]))


def _main_term_with_sign(run: Run, noisy: bool) -> tuple[float, float] | NotApplicable:
    """Lemma 5.1 with gamma subtracted for clean samples and added for noisy ones."""
    which = run.noisy if noisy else run.clean
    if not which.any():
        return NotApplicable("no such sample in the data")
    pairs = []
    for k, step in enumerate(run.snapshot_steps):
        if k == 0:
            continue
        row = int(np.searchsorted(run.steps, step))
        gamma = run.gamma[row].mean(axis=1)
        signal = np.where(run.y > 0, gamma[0], gamma[1])
        main = run.noise_mass[k] + np.where(run.clean, -signal, signal)
        error = float(np.abs(run.margins[row] - main)[which].max())
        pairs.append((error, float(margin_error_bound(run, k).max())))
    return max(pairs, key=lambda pair: pair[0] / pair[1])


def _few_filters(run: Run) -> tuple[float, float]:
    """Lemma L8 as if patches did not move the margins and signal grew at half its rate."""
    smallest, _ = stage_one_derivative(run)
    s = run.setting
    gain = max(s.n_snr2 / s.n * float((run.clean & (run.y == label)).sum()) for label in (1.0, -1.0)) / 2
    largest = 0.0
    for _ in range(int(run.steps[run.at(C_T1)])):
        largest += s.clock_step * gain / (1 + math.exp(largest))
    return smallest, 1 / (1 + math.exp(largest))
