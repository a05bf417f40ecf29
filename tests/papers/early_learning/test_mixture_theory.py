"""Closed forms: their derivations hold, break when a formula is changed, and give the sizes of the source."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
import sympy as sp

from theory.early_learning import clamped, first_step, lag, late, mean_field, phase, targets, times
from theory.early_learning.cavity import cavity_path, cavity_path_averaged
from theory.early_learning.claims import theorem_1
from theory.early_learning.separability import counting_bound, finite_minimiser, separability_threshold

MODULES = ("first_step", "times", "targets", "phase", "lag", "clamped", "late")
PROOFS = [
    (module, name)
    for module in MODULES
    for name in importlib.import_module(f"theory.early_learning.{module}").__all__
    if name.startswith("prove_")
]


@pytest.mark.parametrize(("module", "name"), PROOFS)
def test_derivations_hold(module: str, name: str) -> None:
    proof = getattr(importlib.import_module(f"theory.early_learning.{module}"), name)()
    assert proof.holds, proof.steps


BROKEN: list[tuple[Any, str, Any, str]] = [
    (times, "EARLY_TIME", lambda x: x * sp.Rational(23, 20), "prove_early_time"),
    (times, "EARLY_TIME_CORRECTED", lambda x: times.EARLY_TIME, "prove_early_time"),
    (times, "MEMORISATION_CONSTANT", lambda x: x * sp.Rational(23, 20), "prove_memorisation_constant"),
    (times, "ROLE_RATIO", lambda x: x * sp.Rational(23, 20), "prove_role_inversion"),
    (targets, "FROZEN_MISS", lambda x: x * sp.Rational(23, 20), "prove_frozen_target"),
    (targets, "SEPARATRIX", lambda x: x * sp.Rational(23, 20), "prove_separatrix"),
    (phase, "LAMBDA_MEM", lambda x: phase.LAMBDA_SAT, "prove_phases"),
    (phase, "LAMBDA_SAT", lambda x: phase.LAMBDA_MEM, "prove_phases"),
    (phase, "COSINE_PINNED", lambda x: x * sp.Rational(23, 20), "prove_phases"),
    (phase, "COSINE_SATURATED", lambda x: x * sp.Rational(23, 20), "prove_phases"),
    (lag, "LAG", lambda x: x * sp.Rational(23, 20), "prove_lag"),
    (clamped, "DELAY", lambda x: x * sp.Rational(23, 20), "prove_delay"),
    (clamped, "DELAY_AT_TWO", lambda x: x * sp.Rational(23, 20), "prove_delay"),
    (clamped, "TIME_AT_ONE", lambda x: x * sp.Rational(23, 20), "prove_delay"),
    (late, "COSINE_LATE", lambda x: x * sp.Rational(23, 20), "prove_late"),
    (late, "LATE_NORM2", lambda x: x * sp.Rational(23, 20), "prove_late"),
]


@pytest.mark.parametrize(("module", "name", "change", "proof"), BROKEN)
def test_derivations_refuse_a_changed_formula(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, change: Any, proof: str
) -> None:
    monkeypatch.setattr(module, name, change(getattr(module, name)))
    assert not getattr(module, proof)().holds


def test_numbers_of_the_closed_forms_are_those_of_the_symbols() -> None:
    w, k = 0.17, 0.23
    from theory.early_learning import symbols as sy

    def number(expr: sp.Expr, **values: float) -> float:
        return float(expr.subs({getattr(sy, name): value for name, value in values.items()}))

    assert phase.lambda_mem(w, k) == pytest.approx(number(phase.LAMBDA_MEM, w=w, kappa=k))
    assert phase.lambda_sat(w, k) == pytest.approx(number(phase.LAMBDA_SAT, w=w, kappa=k))
    assert phase.pinned_margin(0.3, w, k) == pytest.approx(number(phase.PINNED, w=w, kappa=k, lam=0.3))
    assert phase.cosine_pinned(w, k) == pytest.approx(number(phase.COSINE_PINNED, w=w, kappa=k))
    assert phase.cosine_saturated(3.0, w, k) == pytest.approx(
        number(phase.COSINE_SATURATED, w=w, kappa=k, lam=3.0)
    )
    assert late.cosine_late(1 - 2 * w, k) == pytest.approx(number(late.COSINE_LATE, m=1 - 2 * w, kappa=k))
    assert first_step.cosine_before_t(0.6, k, 0.4) == pytest.approx(
        number(first_step.COSINE_BEFORE_T, m=0.6, kappa=k, sigma=0.4)
    )
    assert targets.separatrix(3.5) == pytest.approx(number(targets.SEPARATRIX, lam=3.5))
    assert times.role_ratio(w, k) == pytest.approx(number(times.ROLE_RATIO, w=w, kappa=k))


def test_memorisation_times_of_the_equations() -> None:
    """Relative distance to C/kappa shrinks with kappa; the source's own values at w = .2."""
    found = [kappa * mean_field.memorisation_time(0.2, kappa) for kappa in (0.1, 0.03, 0.01, 0.001)]
    assert np.round(found, 3).tolist() == [2.278, 2.377, 2.405, 2.419]
    assert found[-1] == pytest.approx(times.memorisation_constant(0.2), rel=1e-3)
    assert mean_field.memorisation_time(0.4, 0.3) == 0.0  # kappa > 1 - 2w: never on the true side


def test_early_times_of_the_equations() -> None:
    for w, kappa, tolerance in ((0.05, 0.1, 0.002), (0.2, 0.1, 0.002), (0.2, 0.2, 0.01), (0.1, 0.2, 0.01)):
        level = times.plateau(w) / 2
        exact = mean_field.time_to_signal(level, w, kappa)
        assert times.early_time(level, w, kappa) == pytest.approx(exact, rel=tolerance)
    plain = times.early_time(times.plateau(0.05) / 2, 0.05)
    exact = mean_field.time_to_signal(times.plateau(0.05) / 2, 0.05, 0.1)
    assert abs(plain / exact - 1) > 0.06  # why the corrected form is claimed


def test_role_inversion_is_exact_in_the_mean_field() -> None:
    for w, kappa in ((0.2, 0.05), (0.3, 0.2), (0.1, 0.4)):
        clean, wrong = mean_field.wrong_force_peak(w, kappa)
        assert wrong / clean == pytest.approx(times.role_ratio(w, kappa), rel=1e-6)


def test_thresholds_by_running_the_equations() -> None:
    for w, kappa in ((0.2, 0.1), (0.1, 0.2), (0.3, 0.2)):
        found = mean_field.strength_by_bisection(w, kappa)
        assert found == pytest.approx(phase.lambda_mem(w, kappa), rel=1e-3)
        assert abs(found / phase.lambda_sat(w, kappa) - 1) > 0.1
    assert mean_field.rescue_strength(0.2, 0.8) == pytest.approx(1.28, abs=0.01)


def test_separability_threshold_and_fixed_point() -> None:
    found = [round(separability_threshold(w, 0.3), 3) for w in (0.05, 0.1, 0.2, 0.3, 0.4)]
    assert found == [0.184, 0.272, 0.384, 0.451, 0.488]
    values = [finite_minimiser(0.2, gamma, 0.3) for gamma in (0.05, 0.1, 0.2, 0.3, 0.35)]
    assert [round(v.memorised, 3) for v in values if v] == [0.045, 0.139, 0.341, 0.539, 0.653]
    assert [round(v.test_accuracy, 3) for v in values if v] == [0.973, 0.927, 0.844, 0.774, 0.738]
    assert finite_minimiser(0.2, 0.39, 0.3) is None


def test_fixed_point_solves_its_equations_by_simulation() -> None:
    """Its three averages by Monte Carlo at the solution, apart from the quadrature that found it."""
    from scipy.special import expit

    w, gamma, sigma = 0.2, 0.2, 0.3
    found = finite_minimiser(w, gamma, sigma)
    assert found is not None
    rng = np.random.default_rng(0)
    size = 60_000
    h = 1 + sigma * rng.standard_normal(size)
    s = np.where(rng.random(size) < w, -1.0, 1.0)
    spread = found.noise_norm * sigma
    q = h * found.a + spread * rng.standard_normal(size)

    def fitted(scale: float) -> Any:
        below, above = q - scale, q + scale
        for _ in range(40):
            f = (below + above) / 2
            low_side = f < q + scale * s * expit(-s * f)
            below, above = np.where(low_side, f, below), np.where(low_side, above, f)
        return f

    low, high = 0.1, 20.0
    for _ in range(12):
        scale = np.sqrt(low * high)
        f = fitted(scale)
        if np.mean((f - q) ** 2) / gamma > spread**2:
            high = scale
        else:
            low = scale
    assert abs(np.mean(h * s * expit(-s * f))) < 0.006
    assert np.mean(1 / (1 + scale * expit(f) * expit(-f))) == pytest.approx(1 - gamma, abs=0.006)
    assert np.mean(f[s < 0] < 0) == pytest.approx(found.memorised, abs=0.01)


def test_counting_bound() -> None:
    assert counting_bound(20, 20, 0.2) == pytest.approx(0.8**20)
    assert counting_bound(20, 10, 0.2, factor=2.0) == 1.0


def test_bounds_that_are_written_out_are_the_computed_ones() -> None:
    rules = {c.id: c.rule for c in theorem_1.CLAIMS}
    for name, place in (("counting_10", (10, 6, 0.4)), ("counting_16", (16, 9, 0.45))):
        assert rules[f"early_learning.theorem_1.{name}"].delta == pytest.approx(
            counting_bound(*place), rel=1e-15
        )


@pytest.mark.slow
def test_cavity_values_of_the_source() -> None:
    path = cavity_path_averaged(0.2, 2.0, 0.4, 0.25, 70)
    found = path.memorised[[6, 20, 40, 70]]
    assert np.max(np.abs(found - [0.262, 0.518, 0.767, 0.935])) < 0.03  # simulated at n = 800


def test_cavity_at_its_first_step_is_the_first_step() -> None:
    path = cavity_path(0.2, 1.5, 0.4, 0.5, 1, samples=20_000)
    kappa = 0.4**2 * 1.5
    wrong, clean, test = first_step.accuracies_after_one_step(0.6, kappa, 0.4)
    assert 1 - path.memorised[1] == pytest.approx(wrong, abs=0.01)
    assert path.accuracy_clean[1] == pytest.approx(clean, abs=0.01)
    assert path.test_accuracy[1] == pytest.approx(test, abs=0.01)
    with pytest.raises(ValueError, match="steps must lie"):
        cavity_path(0.2, 1.5, 0.4, 0.5, 500)


def test_lagged_rates_lose_beta_in_slow_steps() -> None:
    slow = lag.lagged_rates(3.0, 0.9, 0.2, 0.25, 1e-5)
    assert slow is not None
    assert slow.clean == pytest.approx(1.5, abs=1e-3)
    assert slow.cosine == pytest.approx(phase.cosine_saturated(3.0, 0.2, 0.25), abs=1e-4)
    assert lag.lagged_rates(3.0, 0.99, 0.2, 0.25, 5.0) is None


def test_separatrix_of_the_map() -> None:
    for lam in (2.5, 3.0, 7.0):
        for beta in (0.0, 0.9):
            assert not targets.corrected_for_ever(targets.separatrix(lam) - 1e-3, lam, beta, 1.0)
            assert targets.corrected_for_ever(targets.separatrix(lam) + 1e-3, lam, beta, 1.0)
    assert not targets.corrected_for_ever(targets.separatrix(3.5) + 0.1, 3.5, 0.9, 8.0)


def test_errors_name_the_argument() -> None:
    with pytest.raises(ValueError, match="lam must lie in"):
        phase.pinned_margin(5.0, 0.2, 0.2)
    with pytest.raises(ValueError, match="lam must be above"):
        targets.frozen_limit(0.9, 1.0)
    with pytest.raises(ValueError, match="level must lie in"):
        times.early_time(2.0, 0.2)
    with pytest.raises(ValueError, match="lam must be at most 2"):
        clamped.delay(1.0, 2.5, 0.2, 0.2)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("n", 1, "n must be"),
        ("sigma", 0.0, "sigma must be"),
        ("flip_rate", 0.5, "flip_rate must lie"),
        ("beta", 0.5, "must be 0 with loss"),
        ("loss", "hinge", "loss must be one of"),
        ("flips", "some", "flips must be one of"),
        ("target", 0.8, "target must be 0"),
        ("clamp", 0.5, "clamp must lie"),
    ],
)
def test_settings_refuse_what_they_do_not_mean(field: str, value: Any, words: str) -> None:
    from theory.early_learning.setting import MixtureSetting

    good: dict[str, Any] = {"n": 20, "p": 30, "sigma": 0.3, "flip_rate": 0.2, "eta": 0.1}
    assert MixtureSetting(**good).as_dict()["n"] == 20
    with pytest.raises(ValueError, match=words):
        MixtureSetting(**(good | {field: value}))
