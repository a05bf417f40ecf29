"""Symbolic predictions at values computed by hand, and against what they must imply."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

from theory.condition import Constants
from theory.two_stage import predictions
from theory.two_stage.predictions import HALF, number
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1
from theory.two_stage.symbols import a, d, delta, eps, mu_norm, p, tau, time_unit
from theory.two_stage.terms import TERM_SYMBOLS, evaluate_at, evaluate_term, require_trailing

A = sp.Symbol("A", positive=True)

# a = 100 * 900/(4 * 10^4) = 2.25; time unit 100 * 50/(.002 * 4 * 10^4) = 62.5 steps.
SETTING = Setting(
    n=100, d=10_000, m=50, sigma_xi=2.0, signal_norm=30.0, tau_plus=0.1, tau_minus=0.1, sigma_0=1e-3,
    eta=0.002,
)  # fmt: skip
VALUES = Constants({"delta": 0.05, "c_T": C_T1, "epsilon": 0.01, "T^*": math.e**2, "p": 0.5})


def in_a(expr: sp.Expr) -> sp.Expr:
    """The expression with `a` a letter of its own."""
    return sp.simplify(expr.subs(mu_norm, sp.sqrt(sp.solve(a - A, mu_norm**2)[0])))


def test_times() -> None:
    assert number(predictions.stage_one_time(), SETTING, VALUES) == pytest.approx(62.5 * C_T1, rel=1e-13)
    constant = (0.5 + 2 * 2.25 * 0.09) / (0.5 * (0.5 + 1.125))
    steps = number(predictions.loss_time(), SETTING, VALUES)
    assert steps == pytest.approx(constant * 62.5 / 0.01, rel=1e-13)
    assert sp.simplify(predictions.loss_time() - predictions.loss_constant() * time_unit / eps) == 0


def test_loss_constant_exactly() -> None:
    # a = 4, tau = 1/10, p = 1/2: (1/2 + 18/25)/(1/2 * 5/2) = (61/50)/(5/4) = 122/125.
    at = {A: 4, tau: sp.Rational(1, 10), p: HALF}
    assert in_a(predictions.loss_constant()).subs(at) == sp.Rational(122, 125)
    half = 2 * (1 + 4 * A * tau * (1 - tau)) / (1 + A)
    assert sp.simplify(in_a(predictions.loss_constant(HALF)) - half) == 0


def test_loss_constant_solves_the_late_balance() -> None:
    """Late: rho_c = x log s, rho_n = z log s, all margins log s; the loss is the mean of e^-M."""
    alpha, beta = A * (1 - tau) / 2 + p, A * tau / 2
    kappa, down = A * (1 - tau) / 2, p + A * tau / 2
    x, z = sp.symbols("x z")
    solution = sp.solve([alpha * x - beta * z - 1, down * z - kappa * x - 1], [x, z])
    # d rho/ds = e^-M, so s e^-M tends to the coefficient of log s.
    constant = (1 - tau) * solution[x] + tau * solution[z]
    assert sp.simplify(constant - in_a(predictions.loss_constant())) == 0


def test_loss_constant_against_the_flow() -> None:
    """Integrate the mean field to s = e^16 in log-clock: s L(s) approaches the constant."""
    a_value, rate, share = 4.0, 0.2, 0.5
    rho_c = rho_n = 0.0
    clocks = np.exp(np.linspace(-6.0, 16.0, 20_001))
    for low, high in pairwise(clocks):
        gamma = a_value / 2 * ((1 - rate) * rho_c - rate * rho_n)
        g_c, g_n = 1 / (1 + np.exp(gamma + share * rho_c)), 1 / (1 + np.exp(share * rho_n - gamma))
        rho_c, rho_n = rho_c + (high - low) * g_c, rho_n + (high - low) * g_n
    gamma = a_value / 2 * ((1 - rate) * rho_c - rate * rho_n)
    loss = (1 - rate) * np.log1p(np.exp(-gamma - share * rho_c)) + rate * np.log1p(
        np.exp(gamma - share * rho_n)
    )
    predicted = float(in_a(predictions.loss_constant()).subs({A: a_value, tau: rate, p: share}))
    # Euler's error in log-clock is first order: at most two log-steps, 2.2e-3.
    assert clocks[-1] * loss == pytest.approx(predicted, rel=2 * math.log(clocks[1] / clocks[0]))


def test_error_bounds() -> None:
    c_prime = 2 / 2.25 + 4 * 0.25 / (2.25 * 0.8) ** 2
    bound = number(predictions.early_stopping_error_bound(), SETTING, VALUES)
    assert bound == pytest.approx(math.exp(-10_000 / (100 * c_prime)), rel=1e-12)
    c_d = 2 * 2.25 + 4 * 0.25
    bound = number(predictions.no_noise_error_bound(), SETTING, VALUES)
    assert bound == pytest.approx(math.exp(-100 * 30**4 / (c_d * 16 * 10_000)), rel=1e-12)


def test_the_two_error_bounds_agree_without_label_noise() -> None:
    """At tau = 0 both are exp(-(d/n) a^2/(2 a + 4 p^2))."""
    one = sp.log(predictions.early_stopping_error_bound(tau=sp.Integer(0)))
    other = sp.log(predictions.no_noise_error_bound())
    assert sp.simplify(sp.expand_log(one - other, force=True)) == 0


BOUNDS = {
    "dtest_floor": 0.05,
    "label_count_bound": math.sqrt(50 * math.log(80)),
    "noise_cross_talk_bound": 8 * math.sqrt(10_000 * math.log(60_000 / 0.05)),
    "signal_cross_talk_bound": 60 * math.sqrt(2 * math.log(600 / 0.05)),
    "initial_signal_bound": math.sqrt(2 * math.log(600 / 0.05)) * 0.03,
    "initial_noise_bound": 2 * math.sqrt(math.log(60_000 / 0.05)) * 0.2,
    "coefficient_scale": 8.0,
}


@pytest.mark.parametrize("name", BOUNDS)
def test_lemma_bounds_by_hand(name: str) -> None:
    bound = getattr(predictions, name)()
    assert number(bound, SETTING, VALUES) == pytest.approx(BOUNDS[name], rel=1e-13)


def test_label_count_bound_is_hoeffding() -> None:
    """Two-sided Hoeffding at the bound gives 2 exp(-2 x^2/n) = delta/2."""
    x = predictions.label_count_bound()
    probability = 2 * sp.exp(-2 * x**2 / sp.Symbol("n", positive=True, integer=True))
    assert sp.simplify(probability - delta / 2) == 0


def test_number_needs_one_tau() -> None:
    unequal = SETTING.with_(tau_minus=0.2)
    with pytest.raises(ValueError, match="tau_minus"):
        number(predictions.loss_constant(), unequal, VALUES)
    named = number(predictions.loss_constant(), unequal, VALUES.with_(tau=0.1))
    assert named == number(predictions.loss_constant(), SETTING, VALUES)
    assert number(d, unequal, VALUES) == 10_000


def test_number_names_a_missing_constant() -> None:
    with pytest.raises(KeyError, match="p"):
        number(predictions.loss_constant(), SETTING, Constants({}))


# Laws by hand -----------------------------------------------------------------------------------------


S = Setting(
    n=30, d=700, m=7, sigma_xi=3.0, signal_norm=5.0, tau_plus=0.1, tau_minus=0.3, sigma_0=0.01, eta=0.02
)


def test_terms_by_hand() -> None:
    y = sp.Symbol("y", real=True)
    with pytest.raises(ValueError, match=r"^term contains y"):
        evaluate_term(y, (2,), {})
    with pytest.raises(ValueError, match=r"^x must have trailing shape \(2, 3\), was \(3, 2\)$"):
        require_trailing("x", np.zeros((3, 2)), (2, 3))
    require_trailing("x", np.zeros((5, 2, 3)), (2, 3))
    require_trailing("x", np.zeros((2, 3)), (2, 3))
    assert evaluate_at(TERM_SYMBOLS["y"] + y, {"y": 3}) == 3 + y
    assert evaluate_term(sp.Integer(3), (2,), {}).dtype == np.float64
