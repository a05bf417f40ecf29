"""The cavity law with velocities, mini-batches and weight decay: against the plain law, and what moves it."""

from __future__ import annotations

import numpy as np
import pytest

from theory.rng import generator
from theory.two_stage.cavity.driven import Drive, driven_law, driven_paths
from theory.two_stage.cavity.law import event_probability
from theory.two_stage.cavity.paths import cavity_paths
from theory.two_stage.mean_field.mean_field import Population
from theory.two_stage.setting import Setting

POP = Population(
    a=6.0, counts=((26, 4), (25, 5)), iota=1e-4, kappa_0=0.01, clock_step=0.1, m=20, d=60 * 10**6
)
SETTING = Setting.from_n_snr2(
    n=60, d=6 * 10**7, m=20, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=0.01, clock_step=0.1
)


def test_without_a_drive_it_is_the_plain_law() -> None:
    plain = cavity_paths([POP] * 40, 15, 40, generator(1, "driven"))
    driven = driven_paths([POP] * 40, 15, generator(1, "driven"), Drive(batch_size=60))
    # Fields are renewed at each of these steps in both, and the draws are the same; V keeps more directions.
    assert np.allclose(plain.margins[:6], driven.margins[:6], atol=2e-3)
    assert abs(plain.active[15].mean() - driven.active[15].mean()) < 0.01


def test_velocities_lag_and_batches_turn_filters_off() -> None:
    plain, ball, batches = (
        driven_law(SETTING, 60, drive, 10, 50)
        for drive in (Drive(), Drive(momentum=0.9), Drive(batch_size=10))
    )
    # At beta = .9 the clock is .9 late, and more by inertia.
    assert 0.7 < np.median(ball.half) - np.median(plain.half) < 2.2
    assert batches.share.mean() < plain.share.mean() - 0.08
    assert batches.share_sd.mean() > plain.share_sd.mean() + 0.08


def test_decay_keeps_labels_out() -> None:
    shares = [driven_law(SETTING, 120, Drive(decay=rate), 0, 25).memorised.mean() for rate in (0.0, 0.4, 4.0)]
    assert shares[0] > 0.95
    assert shares[0] > shares[1] > shares[2]
    assert shares[2] < 0.02


def test_a_replicate_has_labels_of_its_own() -> None:
    other = Population(6.0, ((20, 10), (20, 10)), 1e-4, 0.01, 0.1, 20, 60 * 10**6)
    paths = cavity_paths([POP, other], 20, 2, generator(2, "labels"))
    assert (paths.nodes.agree < 0).sum(axis=0).tolist() == [9, 20]
    noisy = paths.nodes.agree < 0
    # With more flipped labels the signal grows more slowly, so that theirs are fit earlier.
    assert paths.margins[-1][:, 1][noisy[:, 1]].mean() > paths.margins[-1][:, 0][noisy[:, 0]].mean()
    probability = event_probability(SETTING, (0.5,), labels=40, replicates=2)
    assert 0 <= probability[0] <= 1


@pytest.mark.parametrize(
    ("values", "said"),
    [({"momentum": 1.0}, "momentum"), ({"batch_size": 0}, "batch_size"), ({"decay": -0.1}, "decay")],
)
def test_a_drive_says_what_is_wrong(values: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Drive(**values)  # type: ignore[arg-type]


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(ValueError, match="at most n = 60"):
        driven_paths([POP], 2, generator(3, "driven"), Drive(batch_size=61))
