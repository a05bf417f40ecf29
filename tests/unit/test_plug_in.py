"""The plug-in's estimates and stops: right on data made for it, and blind to what a practitioner cannot
see."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from theory import Run, Setting
from theory.run import NotApplicable
from theory.two_stage.answers.plug_in import REFERENCE, Estimates, estimates, plug_in_stop
from theory.two_stage.answers.stops import CLOCKS, RULES, dtest_regret, log_iid_regret, stop_at

SETTING = Setting.from_n_snr2(
    n=60, d=3000, m=16, n_snr2=14.0, tau_plus=0.15, tau_minus=0.1, kappa_0=0.1, clock_step=0.05, sigma_xi=0.7
)


@pytest.fixture(scope="module")
def run() -> Run:
    from simulation.two_stage.run import MeasuredRun
    from simulation.two_stage.training import train

    steps = SETTING.steps(CLOCKS[-1])
    kept = [0, *(SETTING.steps(s) for s in CLOCKS)]
    return MeasuredRun(train(SETTING, steps=steps, engine="law", snapshots=kept, seed=3), SETTING)


class Practitioner:
    """A run of which only what a practitioner sees can be read."""

    SEEN = frozenset({"setting", "y_observed", "input_gram", "steps", "margins"})

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Any:
        if name not in self.SEEN:
            raise AssertionError(f"the plug-in looked at {name}")
        return getattr(self._run, name)


def found(run: Run) -> Estimates:
    out = estimates(run)
    assert isinstance(out, Estimates)
    return out


def test_the_gram_matrix_is_that_of_the_inputs(run: Run) -> None:
    """Against inputs built from a root of the Gram matrix of the patches."""
    values, vectors = np.linalg.eigh(run.gram)
    patches = (vectors * np.sqrt(np.maximum(values, 0))).T  # columns mu, xi_1..xi_n
    inputs = run.y * patches[:, :1] + patches[:, 1:]
    scale = np.trace(run.input_gram)
    np.testing.assert_allclose(run.input_gram, inputs.T @ inputs, atol=1e-12 * scale)


def test_estimates_are_near_the_truth(run: Run) -> None:
    out = found(run)
    assert out.flip_rate == run.noisy.mean()
    # Labels are right, so the relative sd is 2/sqrt(a d (1 - 2 tau)^2) + sqrt(2/d)/(a (1 - 2 tau)^2) < 0.02;
    # and
    # mean |x|^2 varies by sqrt(2/(n d)) + 2 sqrt(a/(d)) / n < 0.01. Four of the sum.
    assert out.a == pytest.approx(SETTING.n_snr2, rel=0.12)
    assert out.noise_energy == pytest.approx(SETTING.sigma_xi**2 * SETTING.d, rel=0.04)
    assert out.population.kappa_0 == pytest.approx(SETTING.kappa_0, rel=0.04)
    assert out.population.clock_step == pytest.approx(SETTING.clock_step, rel=0.04)
    assert sum(map(sum, out.population.counts)) == SETTING.n


def test_true_labels_and_setting_of_the_data_are_not_read(run: Run) -> None:
    blind: Any = Practitioner(run)
    assert estimates(blind) == found(run)

    class Chosen:
        """What one chooses; the rest of the setting is what is estimated."""

        def __getattr__(self, name: str) -> Any:
            if name not in {"n", "d", "m", "eta", "sigma_0"}:
                raise AssertionError(f"the plug-in looked at setting.{name}")
            return getattr(SETTING, name)

    blind._run = type("R", (), {n: getattr(run, n) for n in Practitioner.SEEN} | {"setting": Chosen()})()
    assert estimates(blind) == found(run)


def test_without_the_diagonal_the_estimate_is_unbiased_and_with_it_is_not() -> None:
    """|mu|^2 from pure noise: 0 on average without the terms i = k, sigma^2 d/n with them."""
    rng = np.random.default_rng(0)
    n, d = 20, 50
    without, with_diagonal = [], []
    for _ in range(400):
        x = rng.standard_normal((n, d))
        gram = x @ x.T
        with_diagonal.append(gram.sum() / n**2)
        without.append((gram.sum() - np.trace(gram)) / (n * n - n))
    error = np.std(without) / math.sqrt(400)
    assert abs(np.mean(without)) < 4 * error
    assert np.mean(with_diagonal) > 10 * error


def test_labels_without_signal_are_not_judged(run: Run) -> None:
    class Shuffled(Practitioner):
        @property
        def margins(self) -> Any:
            margins = self._run.margins.copy()
            margins[:, ::2] = -abs(margins[:, ::2]) - 1
            margins[:, 1::2] = abs(margins[:, 1::2]) + 1
            return margins

    out = estimates(Shuffled(run))  # type: ignore[arg-type]
    assert isinstance(out, NotApplicable)


def test_stops_follow_the_flip_rate(run: Run) -> None:
    """More flips, earlier Stage II; none, nothing to stop for."""
    base = found(run)
    stops = []
    for clean in (28, 24, 20):
        counts = ((clean, 30 - clean), (clean, 30 - clean))
        found_here = replace(base, population=replace(base.population, counts=counts))
        stops += [plug_in_stop(found_here)]
    assert stops[0].halfway > stops[1].halfway > stops[2].halfway > 0
    assert stops[0].depth > stops[2].depth > 0
    none = plug_in_stop(replace(base, population=replace(base.population, counts=((30, 0), (30, 0)))))
    assert none.depth == none.halfway == math.inf


def test_every_rule_stops_at_a_clock_and_has_a_regret(run: Run) -> None:
    regrets = {}
    for rule in RULES:
        assert stop_at(run, rule) in CLOCKS
        regret = dtest_regret(rule)(run)
        assert isinstance(regret, float)
        regrets[rule] = regret
        assert regret >= 0
    assert stop_at(run, "clock") == 1.5
    assert stop_at(run, "never") == CLOCKS[-1]
    assert regrets["never"] > 0.01 > regrets["depth"]


def test_fresh_noise_is_judged_only_where_errors_matter(run: Run) -> None:
    regret = log_iid_regret("never")(run)
    error = run.log_test_error("iid", CLOCKS[-1]).value
    assert isinstance(regret, NotApplicable) == (error < math.log(1e-6))


def test_the_reference_comes_before_t_1() -> None:
    from theory.two_stage.sources import C_T1

    assert 0 < REFERENCE < C_T1
