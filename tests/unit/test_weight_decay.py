"""Weight decay: thresholds against integrated flows, proofs that fail when broken, laws that a tenth
moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import expit

from simulation.models import engines_of
from theory.two_stage.decay import experiments as made
from theory.two_stage.decay import measures
from theory.two_stage.decay.proofs import (
    prove_end_state,
    prove_forgetting,
    prove_strong_signal_threshold,
    prove_threshold,
)
from theory.two_stage.decay.setting import DecayedSetting
from theory.two_stage.decay.thresholds import (
    end_state,
    memorised_share,
    share_spread,
    strong_signal_threshold,
    sufficient_decay,
    threshold,
    threshold_formula,
)
from theory.two_stage.limits.dynamics import coordinates
from theory.two_stage.regime import regime
from verify.runs.plan import control_job, job_of

CELLS = [(4.0, 0.1), (6.0, 0.1), (12.0, 0.2), (20.0, 0.3)]


def flow(a: float, tau: float, p: float, decay: float, end: float) -> Any:
    def rates(_: float, rho: Any) -> Any:
        gamma = a / 2 * ((1 - tau) * rho[0] - tau * rho[1])
        return expit(-(gamma + p * rho[0])) - decay * rho[0], expit(gamma - p * rho[1]) - decay * rho[1]

    return solve_ivp(rates, (0, end), (0.0, 0.0), rtol=1e-11, atol=1e-12, dense_output=True, method="LSODA")


def noisy_margin(a: float, tau: float, p: float, rho: Any) -> Any:
    return p * rho[1] - a / 2 * ((1 - tau) * rho[0] - tau * rho[1])


@pytest.mark.parametrize(("a", "tau"), CELLS)
@pytest.mark.parametrize("p", [0.5, 1.0])
def test_the_threshold_separates_integrated_flows(a: float, tau: float, p: float) -> None:
    border = threshold(a, tau, p)
    for ratio in (1 / 1.1, 0.99, 1.01, 1.1):
        decay = ratio * border
        run = flow(a, tau, p, decay, 60 / decay)
        margins = noisy_margin(a, tau, p, run.sol(np.linspace(1e-3, 60 / decay, 4000)))
        changes = int(np.count_nonzero(np.diff(np.sign(margins))))
        assert changes == (1 if ratio < 1 else 0)
        assert (margins[-1] > 0) == (ratio < 1)
        assert (np.diff(run.y, axis=1) >= -1e-9).all()  # both coefficients rise


@pytest.mark.parametrize(("a", "tau"), CELLS)
def test_the_end_state_is_where_the_flow_ends(a: float, tau: float) -> None:
    for decay in (0.1, 0.4, 2.0):
        state = end_state(a, tau, decay, 0.5)
        rho = flow(a, tau, 0.5, decay, 80 / decay).y[:, -1]
        assert rho == pytest.approx([state.rho_c, state.rho_n], rel=1e-8)


def test_the_thresholds_are_those_of_the_specification() -> None:
    table = {
        (4, 0.1): (0.244, 1.202),
        (6, 0.2): (0.301, 1.202),
        (10, 0.3): (0.429, 1.458),
        (20, 0.2): (0.195, 0.469),
    }
    for (a, tau), values in table.items():
        assert [round(threshold(a, tau, p), 3) for p in (0.5, 1.0)] == list(values)
    assert threshold(1e12, 0.1, 0.5) == pytest.approx(0.098, abs=5e-4)
    # At the border of Stage I and beyond no decay keeps flipped labels out.
    assert threshold(2.5, 0.1, 1.0) == threshold(1.0, 0.1, 1.0) == math.inf
    assert threshold(2.5 * (1 + 1e-6), 0.1, 1.0) > 1e5
    with pytest.raises(ValueError, match="decay must be > 0"):
        end_state(6.0, 0.1, 0.0, 0.5)


@pytest.mark.parametrize(
    ("prove", "wrong"),
    [
        (prove_end_state, {"coupling": -coordinates().beta}),
        (prove_threshold, {"stated": threshold_formula() * 11 / 10}),
        (prove_strong_signal_threshold, {"stated": strong_signal_threshold() * 10 / 11}),
        (prove_forgetting, {"power": 2}),
    ],
)
def test_a_proof_holds_and_fails_when_its_statement_is_changed(prove: Callable[..., Any], wrong: Any) -> None:
    assert prove().holds
    assert not prove(**wrong).holds


@pytest.mark.parametrize(("a", "tau"), CELLS)
def test_the_slope_of_the_width_is_the_derivative_of_the_level(a: float, tau: float) -> None:
    for ratio in (0.7, 1.0, 1.4):
        decay, step = ratio * threshold(a, tau, 0.5), 1e-5
        level = [
            math.log(x * end_state(a, tau, x, 0.5).gamma) for x in (decay * (1 - step), decay * (1 + step))
        ]
        slope = (level[1] - level[0]) / (math.log1p(step) - math.log1p(-step))
        assert share_spread(a, tau, decay, 0.5) == pytest.approx(slope, rel=1e-5)


def test_shares_fall_with_lambda_and_a_sufficient_decay_exceeds_the_threshold() -> None:
    for a, tau in CELLS:
        border = threshold(a, tau, 0.5)
        shares = [memorised_share(a, tau, r * border, 200) for r in (0.6, 0.9, 1.0, 1.1, 1.5)]
        assert shares == sorted(shares, reverse=True)
        assert shares[0] > 0.95
        assert shares[-1] < 0.05
        assert 0.4 < shares[2] < 0.5
        assert sufficient_decay(a, tau) > threshold(a, tau, 1.0)
    assert sufficient_decay(2.0, 0.1) == math.inf


def test_a_sufficient_decay_keeps_every_mixture_of_shares_out() -> None:
    # Clean samples at p = 1 and flipped ones at 0: the end state with the least signal.
    a, tau = 6.0, 0.1
    decay = sufficient_decay(a, tau)
    rng = np.random.default_rng(0)
    for _ in range(20):
        clean, noisy = rng.random(2)
        rho_c = rho_n = 0.0
        for _ in range(20_000):
            gamma = a / 2 * ((1 - tau) * rho_c - tau * rho_n)
            rho_c += 0.05 * (expit(-(gamma + clean * rho_c)) - decay * rho_c)
            rho_n += 0.05 * (expit(gamma - noisy * rho_n) - decay * rho_n)
        assert 2 * decay * gamma >= 1 - 1e-9


def runs(experiment: Any, count: int, first: int, paired: bool = False) -> list[Any]:
    engine = engines_of(experiment.of_model)["law"]
    each = count if experiment.place.coordinates else 1
    points = list(experiment.place.points(each, lambda k: np.random.default_rng([first, k])))[:count]
    out = []
    for k, point in enumerate(points):
        seed = first if paired else first + k
        (run,) = engine.make([job_of(experiment, point.setting, seed, engine)], device="cpu")
        other = control_job(experiment, point.setting, seed, engine)
        if other is not None:
            run.control = engine.make([other], device="cpu")[0]
        out.append(run)
    return out


def test_the_law_of_the_width_notices_a_tenth_of_lambda() -> None:
    made_runs = runs(made.WIDTH, 28, 500)

    def mean(factor: float) -> float:
        found = [measures.share_law(r, factor) for r in made_runs]
        z = [(x[0] - x[1]) / x[2] for x in found if isinstance(x, tuple)]
        assert len(z) >= 16
        return float(np.mean(z)) * math.sqrt(len(z))

    assert abs(mean(1.0)) < 3.5
    assert mean(1.1) > 3.5
    assert mean(1 / 1.1) < -2.5
    pairs = [measures.clean_margin(r) for r in made_runs]
    ratios = np.log([x / y for x, y in pairs])
    assert abs(np.median(ratios)) < 0.01
    off = np.log([x / y for x, y in (measures.clean_margin(r, 1.1) for r in made_runs)])
    assert np.median(off) > 0.03


def test_forgetting_is_linear_in_the_logarithm_of_the_start() -> None:
    made_runs = runs(made.FORGETTING, 5, 900, paired=True)
    for run in made_runs:
        assert run.setting.kappa_0 > 9
    logs = np.log([measures.breaking_scale(r) for r in made_runs])
    starts = np.log([r.setting.kappa_0 for r in made_runs])
    slope = float(np.polyfit(starts, logs, 1)[0])
    assert abs(slope - 1) < 0.02
    wrong = np.log([measures.breaking_scale(r, 1.1) for r in made_runs])
    assert np.polyfit(starts, wrong, 1)[0] > 1.07


def test_both_sides_of_the_lasting_threshold() -> None:
    above, below = runs(made.LASTING, 8, 40), runs(made.BELOW, 8, 60)
    held = [measures.lasts(r) for r in above]
    assert sum(value is True for value in held) >= 6
    assert not any(value is False for value in held)
    seen = [measures.share_below(r) for r in below]
    assert sum(value is True for value in seen) >= 6
    assert not any(value is False for value in seen)
    # The threshold at p = 1/2 in its place is refuted by the same runs.
    assert any(measures.lasts(r, 0.5) is False for r in below)


def test_half_of_the_rule_is_not_enough() -> None:
    good, half = runs(made.PRACTICE, 8, 70), runs(made.PRACTICE_HALF, 8, 70)
    assert not any(measures.enough(r) is False for r in good)
    assert sum(measures.enough(r) is True for r in good) >= 4
    assert any(measures.enough(r, 1.5, 2.0) is False for r in half)


def test_a_setting_says_on_which_side_of_the_threshold_it_is() -> None:
    base = made.ACCURACY.place.settings[0]
    assert isinstance(base, DecayedSetting)
    border = threshold(base.n_snr2, base.tau_max, 1.0)
    for ratio, words in ((1.1, "never memorised"), (0.9, "memorised later")):
        said = regime(DecayedSetting.of(base.undecayed, ratio * border))
        assert any(words in sentence for sentence in said)
    assert not any("lambda" in sentence for sentence in regime(base.undecayed))
