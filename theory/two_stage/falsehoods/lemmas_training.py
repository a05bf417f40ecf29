"""False lemmas about training: who stays active, signs of coefficients, the main term of margins."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.run import NotApplicable
from theory.two_stage.falsehoods.change import changed, seen
from theory.two_stage.lemmas_training import margin_error_bound
from theory.two_stage.run import Run

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


def _inactive_persist(run: Run) -> bool:
    active = run.label_side(run.products[..., 1:]) > 0
    return not bool(np.any(active[:, ~active[0]]))


def _main_term_with_sign(run: Run, noisy: bool) -> bool | NotApplicable:
    """Lemma 5.1 with gamma subtracted for clean samples and added for noisy ones."""
    which = run.noisy if noisy else run.clean
    if not which.any():
        return NotApplicable("no such sample in the data")
    for k, step in enumerate(run.snapshot_steps):
        if k == 0:
            continue
        row = int(np.searchsorted(run.steps, step))
        gamma = run.gamma[row].mean(axis=1)
        signal = np.where(run.y > 0, gamma[0], gamma[1])
        main = run.noise_mass[k] + np.where(run.clean, -signal, signal)
        if np.any(np.abs(run.margins[row] - main)[which] > margin_error_bound(run, k)[which]):
            return False
    return True
