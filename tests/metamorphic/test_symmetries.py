"""What must not change when the problem is turned, relabelled, rescaled, cut in time or put in a batch.

All relations are exact in real numbers, so each tolerance is a rounding bound: machine epsilon, times the
steps, times the terms that a pre-activation sums, times the size of the numbers (`rounding`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from oracle.numpy_cnn import Data, make_data

from simulation.problem import Problem
from simulation.training import train, train_many
from simulation.trajectory import Trajectory
from theory.setting import Setting

Floats = NDArray[np.float64]
STEPS = 25
ENGINES = ("cnn", "reduced")


@dataclass(frozen=True)
class Case:
    """Data with their step size; `mu` is |mu| = 3 at sigma_xi = 1."""

    data: Data
    eta: float

    @property
    def n(self) -> int:
        return len(self.data.y)

    @property
    def m(self) -> int:
        return int(self.data.w0.shape[1])

    def run(self, engine: str, steps: int = STEPS) -> Trajectory:
        x = self.data
        return train(Problem(x.mu, x.xi, x.y, x.y_observed, x.w0), eta=self.eta, steps=steps, engine=engine)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n, m = draw(st.integers(2, 9)), draw(st.integers(1, 5))
    d = n + draw(st.integers(2, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    data = make_data(
        rng, n, d, m,
        sigma_xi=1.0, signal_norm=3.0, flip_plus=draw(st.sampled_from([0.0, 0.2, 0.45])), flip_minus=0.2,
        sigma_0=draw(st.sampled_from([0.01, 0.3])) / np.sqrt(d),
    )  # fmt: skip
    return Case(data, draw(st.sampled_from([0.02, 0.1, 1.0])) * n * m / d)


def condition(data: Data) -> float:
    """Condition number of the unit patches: by it the projection on the patches magnifies rounding."""
    patches = np.concatenate([data.mu[None], data.xi])
    return float(np.linalg.cond(patches / np.linalg.norm(patches, axis=1)[:, None]))


def rounding(case: Case, run: Trajectory) -> float:
    """Rounding bound on margins, coefficients and pre-activations of two runs equal in real numbers."""
    assert run.rho is not None
    assert run.products is not None
    size = max(float(np.abs(x).max()) for x in (run.products, run.gamma, run.rho))
    terms = case.data.mu.size + case.n + 2 * case.m
    return float(np.finfo(float).eps) * STEPS * terms * max(1.0, size) * condition(case.data)


def agree(run: Trajectory, margins: Floats, gamma: Floats, rho: Floats, tolerance: float) -> None:
    assert run.rho is not None
    np.testing.assert_allclose(run.margins, margins, rtol=0, atol=tolerance)
    np.testing.assert_allclose(run.gamma, gamma, rtol=0, atol=tolerance)
    np.testing.assert_allclose(run.rho, rho, rtol=0, atol=tolerance)


# An example here is two training runs: a third of the profile's number will do.
examples = settings(max_examples=max(5, settings.default.max_examples // 3))
engines = pytest.mark.parametrize("engine", ENGINES)
seeds = st.integers(0, 2**32 - 1)


@engines
@examples
@given(case=cases(), seed=seeds)
def test_rotating_all_data_changes_nothing(case: Case, seed: int, engine: str) -> None:
    x, d = case.data, case.data.mu.size
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]
    turned = Case(Data(x.mu @ turn, x.xi @ turn, x.y, x.y_observed, x.w0 @ turn), case.eta)
    run = case.run(engine)
    assert run.rho is not None
    agree(turned.run(engine), run.margins, run.gamma, run.rho, rounding(case, run))


@engines
@examples
@given(case=cases(), seed=seeds)
def test_permuting_the_filters_of_a_side_permutes_their_coefficients(
    case: Case, seed: int, engine: str
) -> None:
    x, rng = case.data, np.random.default_rng(seed)
    order = np.stack([rng.permutation(case.m), rng.permutation(case.m)])

    def permute(a: Floats, axis: int) -> Floats:
        return np.stack([a.take(j, axis).take(order[j], axis) for j in (0, 1)], axis)

    permuted = Case(Data(x.mu, x.xi, x.y, x.y_observed, permute(x.w0, 0)), case.eta)
    run = case.run(engine)
    assert run.rho is not None
    agree(permuted.run(engine), run.margins, permute(run.gamma, 1), permute(run.rho, 1), rounding(case, run))


@engines
@examples
@given(case=cases(), seed=seeds)
def test_permuting_the_samples_permutes_their_margins(case: Case, seed: int, engine: str) -> None:
    x, order = case.data, np.random.default_rng(seed).permutation(case.n)
    permuted = Case(Data(x.mu, x.xi[order], x.y[order], x.y_observed[order], x.w0), case.eta)
    run = case.run(engine)
    assert run.rho is not None
    agree(permuted.run(engine), run.margins[:, order], run.gamma, run.rho[..., order], rounding(case, run))


@engines
@examples
@given(case=cases())
def test_reversing_labels_signal_and_sides_is_a_symmetry(case: Case, engine: str) -> None:
    """(y, y~, mu) -> (-y, -y~, -mu) leaves every patch y mu as it is; with the sides swapped f changes sign.

    So margins stay, and the coefficients move to the other side: j gamma_j mu = (-j) gamma_j (-mu).
    """
    x = case.data
    reversed_ = Case(Data(-x.mu, x.xi, -x.y, -x.y_observed, x.w0[::-1]), case.eta)
    run = case.run(engine)
    assert run.rho is not None
    agree(reversed_.run(engine), run.margins, run.gamma[:, ::-1], run.rho[:, ::-1], rounding(case, run))


@engines
@examples
@given(case=cases())
def test_the_true_labels_enter_only_through_the_signal_patches(case: Case, engine: str) -> None:
    """(y, mu) -> (-y, -mu) with y~ kept is the same training set under another name: gamma changes sign."""
    x = case.data
    renamed = Case(Data(-x.mu, x.xi, -x.y, x.y_observed, x.w0), case.eta)
    run = case.run(engine)
    assert run.rho is not None
    agree(renamed.run(engine), run.margins, -run.gamma, run.rho, rounding(case, run))


@engines
@examples
@given(case=cases(), factor=st.sampled_from([0.013, 0.3, 7.0, 210.0]))
def test_scaling_the_data_is_undone_by_weights_and_step(case: Case, factor: float, engine: str) -> None:
    """x -> c x, w -> w/c, eta -> eta/c^2: no pre-activation changes, and no coefficient."""
    x = case.data
    scaled = Case(Data(factor * x.mu, factor * x.xi, x.y, x.y_observed, x.w0 / factor), case.eta / factor**2)
    run = case.run(engine)
    assert run.rho is not None
    agree(scaled.run(engine), run.margins, run.gamma, run.rho, rounding(case, run))


@engines
@examples
@given(case=cases(), power=st.sampled_from([-7, -1, 1, 10]))
def test_scaling_by_a_power_of_two_changes_no_bit(case: Case, power: int, engine: str) -> None:
    x, factor = case.data, 2.0**power
    scaled = Case(Data(factor * x.mu, factor * x.xi, x.y, x.y_observed, x.w0 / factor), case.eta / factor**2)
    np.testing.assert_array_equal(scaled.run(engine).margins, case.run(engine).margins)


@engines
@examples
@given(case=cases(), cut=st.integers(0, STEPS))
def test_a_run_is_its_first_part_continued(case: Case, cut: int, engine: str) -> None:
    """Weights rebuilt from the decomposition at the cut start a new problem that goes on as the run did."""
    x = case.data
    run = case.run(engine)
    assert run.rho is not None
    side = np.array([1.0, -1.0])[:, None, None]
    w = x.w0 + side * run.gamma[cut][..., None] * x.mu / (x.mu @ x.mu)
    w = w + run.rho[cut] @ (x.xi / np.sum(x.xi**2, axis=1)[:, None])
    rest = Case(Data(x.mu, x.xi, x.y, x.y_observed, w), case.eta).run(engine, STEPS - cut)
    assert rest.rho is not None
    agree(
        rest, run.margins[cut:], run.gamma[cut:] - run.gamma[cut], run.rho[cut:] - run.rho[cut],
        rounding(case, run),
    )  # fmt: skip


@engines
@examples
@given(case=cases(), steps=st.integers(0, STEPS))
def test_a_shorter_run_is_the_beginning_of_a_longer_one(case: Case, steps: int, engine: str) -> None:
    short, long = case.run(engine, steps), case.run(engine)
    np.testing.assert_array_equal(short.margins, long.margins[: steps + 1])
    np.testing.assert_array_equal(short.gamma, long.gamma[: steps + 1])


@engines
@examples
@given(case=cases())
def test_without_flipped_labels_signal_is_only_learned(case: Case, engine: str) -> None:
    """tau = 0: every sample pushes gamma up; label-side rho never falls, the other side's never rises."""
    x = case.data
    run = Case(Data(x.mu, x.xi, x.y, x.y, x.w0), case.eta).run(engine)
    assert run.rho is not None
    tolerance = rounding(case, run)
    assert np.diff(run.gamma, axis=0).min() >= -tolerance
    along = run.rho * np.array([1.0, -1.0])[:, None, None] * x.y  # j y_i rho_{j,r,i} >= 0, growing
    assert along.min() >= -tolerance
    assert np.diff(along, axis=0).min() >= -tolerance


Change = Callable[[Data], Data]
ALMOST: dict[str, Change] = {
    "only the labels reversed": lambda x: Data(x.mu, x.xi, -x.y, -x.y_observed, x.w0[::-1]),
    "sides not swapped": lambda x: Data(-x.mu, x.xi, -x.y, -x.y_observed, x.w0),
    "data turned without the weights": lambda x: Data(x.mu[::-1], x.xi[:, ::-1], x.y, x.y_observed, x.w0),
    "samples permuted without their labels": lambda x: Data(x.mu, x.xi[::-1], x.y, x.y_observed, x.w0),
    "filters exchanged between the sides": lambda x: Data(x.mu, x.xi, x.y, x.y_observed, x.w0[::-1]),
    "data scaled without the step": lambda x: Data(2 * x.mu, 2 * x.xi, x.y, x.y_observed, x.w0 / 2),
}


@engines
@pytest.mark.parametrize("name", ALMOST)
def test_what_is_almost_a_symmetry_is_none(name: str, engine: str) -> None:
    """The tolerances are tight enough to tell."""
    data = make_data(
        np.random.default_rng(5), 8, 30, 4,
        sigma_xi=1.0, signal_norm=3.0, flip_plus=0.3, flip_minus=0.2, sigma_0=0.05,
    )  # fmt: skip
    case = Case(data, 0.1)
    run = case.run(engine)
    changed = Case(ALMOST[name](data), 0.1).run(engine)
    assert np.abs(np.sort(changed.margins) - np.sort(run.margins)).max() > 1e6 * rounding(case, run)


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
