"""Small-loss selection on margins made by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from theory.run import NotApplicable
from theory.two_stage.answers.selecting import largest_gap_clock, scores


def a_run(margins: list[list[float]], noisy: list[int], tau: float = 0.25) -> Any:
    flipped = np.zeros(len(margins[0]), dtype=bool)
    flipped[noisy] = True
    clock = np.arange(len(margins), dtype=float)
    return SimpleNamespace(
        margins=np.array(margins),
        noisy=flipped,
        clean=~flipped,
        clock=clock,
        at=lambda s: int(np.searchsorted(clock, s)),
        setting=SimpleNamespace(tau_plus=tau, tau_minus=tau),
    )


def test_log_2_keeps_positive_margins() -> None:
    run = a_run([[1.0, 2.0, -1.0, 3.0]], noisy=[3])
    assert scores(run, 0.0, "log 2") == (pytest.approx(2 / 3), pytest.approx(2 / 3))


def test_the_known_rate_keeps_the_smallest_losses() -> None:
    run = a_run([[1.0, 2.0, 3.0, 0.5]], noisy=[3])
    assert scores(run, 0.0, "known rate") == (1.0, 1.0)
    assert scores(run, 0.0, "log 2") == (0.75, 1.0)
    worse = a_run([[1.0, 2.0, 0.1, 0.5]], noisy=[3])
    assert scores(worse, 0.0, "known rate") == (pytest.approx(2 / 3), pytest.approx(2 / 3))


def test_nothing_kept_and_nothing_flipped_are_not_judged() -> None:
    assert isinstance(scores(a_run([[-1.0, -2.0]], noisy=[0]), 0.0, "log 2"), NotApplicable)
    assert isinstance(scores(a_run([[1.0, 2.0]], noisy=[]), 0.0, "log 2"), NotApplicable)
    assert isinstance(largest_gap_clock(a_run([[1.0, 2.0]], noisy=[])), NotApplicable)


def test_the_largest_gap_is_between_the_nearest_losses() -> None:
    run = a_run([[0.1, 0.1, -0.1], [1.0, 1.0, -2.0], [0.2, 3.0, -3.0], [2.0, 2.0, 1.0]], noisy=[2])
    # Nearest losses: the smallest clean margin against the flipped one; row 1 beats row 2 in the clean loss.
    losses = np.logaddexp(0, -run.margins)
    gaps = losses[:, 2] - losses[:, :2].max(axis=1)
    assert largest_gap_clock(run) == float(np.argmax(gaps))
    assert largest_gap_clock(run) == 2.0
