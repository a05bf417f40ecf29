"""Stop rules: refused arguments, combination, and the run that ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulation.two_stage.stopping import (
    Both,
    Either,
    LossAtMost,
    Memorised,
    Monitor,
    NoisyFit,
    StepLimit,
    postfix,
)
from simulation.two_stage.training import train, train_many
from theory.two_stage.setting import Setting

SETTING = Setting.from_n_snr2(
    n=20, d=10**6, m=5, n_snr2=6.0, tau_plus=0.2, tau_minus=0.2, kappa_0=0.5, clock_step=0.1
)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LossAtMost(0.0), "eps must be a finite number > 0, was 0.0"),
        (lambda: LossAtMost(float("nan")), "eps must be a finite number > 0, was nan"),
        (lambda: NoisyFit(0), "steps must be an integer >= 1, was 0"),
        (lambda: NoisyFit(2.0), "steps must be an integer >= 1, was 2.0"),  # type: ignore[arg-type]
        (lambda: Memorised(0.0), "share must lie in (0, 1], was 0.0"),
        (lambda: StepLimit(-1), "steps must be an integer >= 0, was -1"),
        (lambda: StepLimit(True), "steps must be an integer >= 0, was True"),
    ],
)
def test_a_wrong_rule_is_refused_by_name(make: Any, message: str) -> None:
    with pytest.raises(ValueError) as refused:
        make()
    assert str(refused.value) == message


@pytest.mark.parametrize("stop", [0.1, "loss", lambda: True, StepLimit])
def test_what_is_no_rule_is_refused_by_name(stop: Any) -> None:
    for make in (lambda: train(SETTING, steps=2, stop=stop), lambda: train_many([], [], steps=[], stop=stop)):
        with pytest.raises(ValueError, match=r"^stop must be a rule of simulation\.two_stage\.stopping"):
            make()
    with pytest.raises(TypeError, match="a stop rule combines with a stop rule"):
        StepLimit(1) & stop


def test_rules_combine_in_any_depth() -> None:
    a, b, c = LossAtMost(0.5), NoisyFit(3), StepLimit(9)
    rule = (a | b) & (b | c)
    assert rule == Both(Either(a, b), Either(b, c))
    assert [int(code) for code, _ in postfix(rule)] == [0, 1, 4, 1, 2, 4, 3]
    assert postfix(None).shape == (0, 2)


def test_a_streak_is_counted_from_the_last_miss() -> None:
    monitor = Monitor(NoisyFit(2), np.array([True, False]))
    history = [(1.0, -1.0), (-1.0, 1.0), (1.0, 1.0), (0.0, 1.0), (2.0, -9.0), (2.0, -9.0)]
    held = [monitor.holds(t, np.array(z)) for t, z in enumerate(history)]
    assert held == [False, False, False, False, False, True]


def test_a_share_of_the_noisy_samples_is_counted_now() -> None:
    noisy = np.array([True, True, True, True, False])
    monitor = Monitor(Memorised(0.75), noisy)
    history = [(1.0, 1.0, -1.0, 0.0, 1.0), (1.0, 1.0, 1.0, -1.0, -1.0), (1.0, 1.0, -1.0, -1.0, 1.0)]
    assert [monitor.holds(t, np.array(z)) for t, z in enumerate(history)] == [False, True, False]
    assert Monitor(Memorised(1.0), np.zeros(2, bool)).holds(0, np.array([-1.0, -1.0]))


@pytest.mark.parametrize("engine", ["cnn", "reduced", "law"])
def test_a_trajectory_ends_with_the_run(engine: str) -> None:
    s = SETTING if engine == "law" else SETTING.with_(d=500)
    full = train(s, steps=200, engine=engine, seed=2)
    # Halfway between two losses: rounding decides nothing.
    eps = float(full.train_loss[60:62].mean())
    ended = train(s, steps=200, engine=engine, seed=2, record_every=50, stop=LossAtMost(eps))
    end = int(np.flatnonzero(full.train_loss <= eps)[0])
    assert 0 < end < 200
    assert ended.steps[-1] == ended.snapshot_steps[-1] == end
    assert ended.test_error(samples=100, at=end) == ended.test_error(samples=100)
    np.testing.assert_array_equal(ended.margins, full.margins[ended.steps])


def test_a_rule_that_never_holds_changes_nothing() -> None:
    one, other = train(SETTING, steps=30), train(SETTING, steps=30, stop=NoisyFit(10**6))
    np.testing.assert_array_equal(one.steps, other.steps)
    np.testing.assert_array_equal(one.margins, other.margins)
    assert one.rho is not None
    assert other.rho is not None
    np.testing.assert_array_equal(one.rho, other.rho)


def test_a_rule_that_holds_at_once_leaves_the_initial_state() -> None:
    (t,) = train_many([SETTING], [0], steps=[10], stop=StepLimit(0))
    assert t.steps.tolist() == t.snapshot_steps.tolist() == [0]
    assert not t.gamma.any()
