"""The bridge from images to the time law: its patches, its energies, its prediction, and what breaks it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulation.images.bridge_engines import signal_patches
from simulation.images.load import load_images
from simulation.models import Job, engine_of
from theory.images.bridge import law_of_run, measured_and_law
from theory.images.setting import WITHIN, BridgeSetting

pytest.importorskip("sklearn")


def test_patches_and_energies() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 1, 3, 3)), np.arange(40) % 2
    x[y == 1] += 0.5
    whole, signal, within = signal_patches(x, y, 1.0)
    flat = x.reshape(40, -1)
    middle = (flat[y == 0].mean(axis=0) + flat[y == 1].mean(axis=0)) / 2
    np.testing.assert_allclose(whole, flat - middle)
    mu = (flat[y == 1].mean(axis=0) - flat[y == 0].mean(axis=0)) / 2
    assert signal == pytest.approx(mu @ mu)
    assert np.mean(np.sum(whole**2, axis=1)) == pytest.approx(signal + within)
    means, _, none = signal_patches(x, y, 0.0)
    assert none == 0
    np.testing.assert_allclose(means, np.where(y[:, None] == 1, mu, -mu))


@pytest.mark.parametrize("pair", [pair for data, pair in WITHIN if data == "digits"])
def test_energies_within_classes_are_those_of_the_data(pair: str) -> None:
    images = load_images("digits", classes=pair.split("v"))
    _, signal, within = signal_patches(images.x, images.y, 1.0)
    assert within / signal == pytest.approx(WITHIN["digits", pair], rel=0.01)


def test_conditions_read_the_energies() -> None:
    s = BridgeSetting()
    assert s.within == pytest.approx(6 * 1.52 / 150)
    assert s.with_(w=0.0).within == 0
    assert s.with_(classes="5v6").within == np.inf
    with pytest.raises(ValueError, match="kappa_0 must be > 0"):
        BridgeSetting(kappa_0=0.0)


def test_a_run_follows_the_law_and_a_wrong_noise_energy_shows() -> None:
    """One run: the law's spread between runs is some 5 % here, its margin in the claim 20 %."""
    s = BridgeSetting(d=1000)
    run = engine_of(s.model).make([Job(s, 7, 400)], device="cpu")[0]
    assert run.noise_energy == pytest.approx(s.n * run.signal_energy / s.a)
    assert run.within_energy / run.noise_energy == pytest.approx(s.within, rel=0.2)
    pair = measured_and_law(run)
    assert isinstance(pair, tuple)
    assert abs(np.log(pair[0] / pair[1])) < 0.4
    twice = law_of_run(replace(run, noise_energy=2 * run.noise_energy))
    assert twice < 0.6 * pair[1]
