"""What must not change when the problem is turned, relabelled, rescaled, cut in time or put in a batch.

The laws are those of the conformance checks, here on problems drawn at will.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import cnn_engine, reduced_engine
from simulation.two_stage.conformance.cases import Case, first_clear
from simulation.two_stage.conformance.laws import LAWS
from simulation.two_stage.conformance.rounding import curvature
from simulation.two_stage.conformance.structure import clean_theory, decomposition, monotone, restart
from simulation.two_stage.conformance.trial import Trial
from simulation.two_stage.problem import Problem
from simulation.two_stage.training import train, train_many
from simulation.two_stage.trajectory import Trajectory
from theory.two_stage.setting import Setting

STEPS = 20
ENGINES = {"cnn": cnn_engine, "reduced": reduced_engine}
CHECKS = {
    **LAWS,
    "decomposition": decomposition,
    "monotone coefficients": monotone,
    "restart": restart,
    "no flipped label": clean_theory,
}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Clear of kinks; labels, flips, step and scales drawn at will."""
    n, m = draw(st.integers(2, 6)), draw(st.integers(1, 3))
    d = n + draw(st.integers(2, 30))
    signal, start = draw(st.floats(0.3, 1.5)), draw(st.sampled_from([0.1, 0.3, 1.0]))
    share, flips = draw(st.sampled_from([0.5, 0.9])), draw(st.sampled_from([0.0, 0.2, 0.45]))
    step, seed = draw(st.sampled_from([0.1, 0.4])), draw(st.integers(0, 2**32 - 1))

    def attempt(k: int) -> Case:
        rng = np.random.default_rng([seed, k])
        mu = rng.standard_normal(d)
        mu *= signal * np.sqrt(d) / np.linalg.norm(mu)
        y = np.where(rng.random(n) < share, 1.0, -1.0)
        seen = np.where(rng.random(n) < flips, -y, y)
        w0 = start / np.sqrt(d) * rng.standard_normal((2, m, d))
        problem = Problem(mu, rng.standard_normal((n, d)), y, seen, w0)
        return Case("drawn", problem, step / curvature(problem), STEPS, seed)

    return first_clear(attempt)


# An example here is several training runs: a third of the profile's number will do.
examples = settings(max_examples=max(5, settings.default.max_examples // 3))
engines = pytest.mark.parametrize("engine", ENGINES)


@engines
@pytest.mark.parametrize("name", CHECKS)
@examples
@given(case=cases())
def test_a_law_holds_on_drawn_problems(case: Case, name: str, engine: str) -> None:
    found = CHECKS[name](Trial(ENGINES[engine]), case)
    assert found.holds, found.where


@engines
@examples
@given(case=cases(), power=st.sampled_from([-7, -1, 1, 10]))
def test_scaling_by_a_power_of_two_changes_no_bit(case: Case, power: int, engine: str) -> None:
    p, c = case.problem, 2.0**power
    scaled = Problem(c * p.mu, c * p.xi, p.y, p.y_observed, p.w0 / c)
    trial = Trial(ENGINES[engine])
    found = trial.run(scaled, case.eta / c**2, case.steps)
    np.testing.assert_array_equal(found.margins, trial.of(case).margins)


@engines
@examples
@given(case=cases(), steps=st.integers(0, STEPS))
def test_a_shorter_run_is_the_beginning_of_a_longer_one(case: Case, steps: int, engine: str) -> None:
    trial = Trial(ENGINES[engine])
    short, long = trial.run(case.problem, case.eta, steps), trial.of(case)
    np.testing.assert_array_equal(short.margins, long.margins[: steps + 1])
    np.testing.assert_array_equal(short.gamma, long.gamma[: steps + 1])


Change = Callable[[Problem], Problem]
ALMOST: dict[str, Change] = {
    "only the labels reversed": lambda p: Problem(p.mu, p.xi, -p.y, -p.y_observed, p.w0[::-1]),
    "sides not swapped": lambda p: Problem(-p.mu, p.xi, -p.y, -p.y_observed, p.w0),
    "data turned without the weights": lambda p: Problem(p.mu[::-1], p.xi[:, ::-1], p.y, p.y_observed, p.w0),
    "samples permuted without their labels": lambda p: Problem(p.mu, p.xi[::-1], p.y, p.y_observed, p.w0),
    "filters exchanged between the sides": lambda p: Problem(p.mu, p.xi, p.y, p.y_observed, p.w0[::-1]),
    "data scaled without the step": lambda p: Problem(2 * p.mu, 2 * p.xi, p.y, p.y_observed, p.w0 / 2),
}


@engines
@pytest.mark.parametrize("name", ALMOST)
def test_what_is_almost_a_symmetry_is_none(name: str, engine: str) -> None:
    """The tolerances are tight enough to tell."""
    rng = np.random.default_rng(5)
    y = np.array([1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0])
    seen = y * np.array([1, 1, -1, 1, 1, -1, 1, 1])
    problem = Problem(
        rng.standard_normal(30), rng.standard_normal((8, 30)), y, seen, 0.1 * rng.standard_normal((2, 4, 30))
    )
    case = Case("almost", problem, 0.2 / curvature(problem), STEPS, 5)
    trial = Trial(ENGINES[engine])
    changed = trial.run(ALMOST[name](problem), case.eta, STEPS)
    assert np.abs(np.sort(changed.margins) - np.sort(trial.of(case).margins)).max() > 1e6 * case.allowed


# Batches and replays ------------------------------------------------------------------------------------


def setting(n: int, m: int, d: int = 10**6, tau: float = 0.2) -> Setting:
    return Setting.from_n_snr2(
        n=n, d=d, m=m, n_snr2=6.0, tau_plus=tau, tau_minus=0.1, kappa_0=0.5, clock_step=0.1
    )


def same_run(a: Trajectory, b: Trajectory) -> None:
    """Equal within rounding: eps x steps x terms x size, for sums of n + 1 and m terms."""
    np.testing.assert_array_equal(a.steps, b.steps)
    np.testing.assert_array_equal(a.snapshot_steps, b.snapshot_steps)
    np.testing.assert_array_equal(a.y_observed, b.y_observed)
    n, m = a.margins.shape[1], a.gamma.shape[2]
    size = max(1.0, float(np.abs(b.record.coefficients).max()), float(np.abs(b.record.products).max()))
    tolerance = float(np.finfo(float).eps) * (int(a.steps[-1]) + 1) * (n + 2 * m) * size
    for name in ("margins", "gamma", "train_loss"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=0, atol=tolerance, err_msg=name)
    for name in ("coefficients", "products"):
        one, other = getattr(a.record, name), getattr(b.record, name)
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance, err_msg=name)


@st.composite
def ragged(draw: st.DrawFn) -> list[tuple[Setting, int, int, list[int]]]:
    """Runs of different n, m, d, length, snapshots."""
    runs = []
    for _ in range(draw(st.integers(1, 6))):
        s = setting(
            draw(st.integers(2, 15)), draw(st.integers(1, 8)), draw(st.sampled_from([20, 10**4, 10**12])),
            draw(st.sampled_from([0.0, 0.3])),
        )  # fmt: skip
        steps = draw(st.integers(0, 60))
        snapshots = draw(st.lists(st.integers(0, steps), max_size=3))
        runs.append((s, draw(st.integers(0, 10**6)), steps, snapshots))
    return runs


@examples
@given(runs=ragged(), every=st.sampled_from([1, 7, 100]))
def test_a_run_does_not_depend_on_its_batch(
    runs: list[tuple[Setting, int, int, list[int]]], every: int
) -> None:
    chosen, numbers, steps, snapshots = (list(column) for column in zip(*runs, strict=True))
    batch = train_many(chosen, numbers, steps=steps, record_every=every, snapshots=snapshots)
    for found, (s, seed, count, kept) in zip(batch, runs, strict=True):
        alone = train(s, steps=count, seed=seed, record_every=every, snapshots=kept)
        same_run(found, alone)
        assert found.test_error(samples=50) == alone.test_error(samples=50)


def test_splitting_a_batch_changes_nothing_beyond_rounding() -> None:
    settings_, seeds_ = [setting(10, 4)] * 16, list(range(16))
    steps = [30 + 2 * k for k in range(16)]
    whole = train_many(settings_, seeds_, steps=steps)
    parts = [
        *train_many(settings_[:7], seeds_[:7], steps=steps[:7]),
        *train_many(settings_[7:], seeds_[7:], steps=steps[7:]),
    ]
    for a, b in zip(whole, parts, strict=True):
        same_run(a, b)
    with pytest.raises(AssertionError):
        same_run(whole[0], whole[1])


def test_a_replay_is_equal_to_the_last_bit() -> None:
    runs = [setting(10, 4), setting(6, 2), setting(12, 4)]
    first, second = (train_many(runs, [3, 1, 4], steps=[20, 40, 30]) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        for name in ("margins", "gamma", "coefficients", "products"):
            np.testing.assert_array_equal(getattr(a.record, name), getattr(b.record, name))
    for engine in ("cnn", "reduced", "law"):
        s = setting(8, 3, 40)
        one, two = (train(s, steps=20, engine=engine, seed=5) for _ in range(2))
        np.testing.assert_array_equal(one.record.coefficients, two.record.coefficients)
        assert one.test_error("spurious", seed=1) == two.test_error("spurious", seed=1)
        assert one.log_test_error(seed=1, samples=500) == two.log_test_error(seed=1, samples=500)


def test_a_change_of_sigma_xi_is_a_change_of_eta() -> None:
    """At the same n SNR^2 and kappa_0: the run at c sigma_xi is the run at c^2 eta, so that the exponent of
    sigma_xi is twice that of eta and no statement of its own."""
    base = setting(30, 5)
    for factor in (0.5, 2.0):
        scaled = base.at(sigma_xi=factor * base.sigma_xi, eta=base.eta)
        faster = base.at(eta=factor**2 * base.eta)
        assert scaled.clock_step == faster.clock_step == factor**2 * base.clock_step
        one, other = (train(s, steps=40, engine="law", seed=3) for s in (scaled, faster))
        assert np.array_equal(one.margins, other.margins)
        assert np.array_equal(one.gamma, other.gamma)
