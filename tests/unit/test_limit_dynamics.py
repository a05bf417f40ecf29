"""The limit dynamics: every proof holds, a wrong constant or sign breaks it, and numbers agree."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp
from scipy import integrate

from theory.claim import Proof
from theory.two_stage.limits import cooperative
from theory.two_stage.limits import dynamics as limit_dynamics
from theory.two_stage.limits import errors as limit_errors
from theory.two_stage.limits import late as limit_late
from theory.two_stage.limits import transition as limit_transition
from theory.two_stage.limits.dynamics import Coordinates, a, coordinates
from theory.two_stage.limits.transition_integral import prove_transition_integral, transition_integral
from theory.two_stage.mean_field.mean_field import strong_signal_clock, transition_clock
from theory.two_stage.network import SIDES
from theory.two_stage.recursions import gamma_term, rho_term
from theory.two_stage.symbols import p, tau
from theory.two_stage.terms import y, y_observed

PROOFS: list[Callable[[], Proof]] = [
    limit_dynamics.prove_flow,
    limit_dynamics.prove_head_start,
    limit_dynamics.prove_invariant,
    limit_dynamics.prove_stage_one,
    limit_transition.prove_uniqueness,
    limit_transition.prove_comparison,
    limit_transition.prove_strong_signal,
    prove_transition_integral,
    limit_late.prove_late_margins,
    limit_late.prove_loss_constant,
    limit_late.prove_harmonic,
    limit_late.prove_plateau,
    limit_errors.prove_no_noise_constant,
    limit_errors.prove_early_stopping_constant,
    limit_errors.prove_activation_law,
    limit_errors.prove_small_initialisation,
    cooperative.prove_cooperative,
]


@pytest.mark.parametrize("prove", PROOFS, ids=lambda prove: prove.__name__)
def test_holds(prove: Callable[[], Proof]) -> None:
    proof = prove()
    assert proof.holds
    assert len(proof.steps) >= 2
    for step in proof.steps:
        assert step.count("$") % 2 == 0
        assert "NOT" not in step


u = tau / (1 - tau)
M, A, B = (sp.Symbol(name, positive=True) for name in "MAB")
X, K0 = sp.symbols(r"X \kappa_0", positive=True)
G = a / 4 * (1 - 2 * tau) ** 2
Delta = p * (p + a / 2)
right = Coordinates(a * (1 - tau) / 2 + p, a * tau / 2, p + a * tau / 2, a * (1 - tau) / 2, Delta)
start = sp.Symbol("iota", positive=True)

MUTANTS: dict[str, Callable[[], Proof]] = {
    "signal recursion without the flipped sign": lambda: limit_dynamics.prove_flow(
        gamma_term / (y * y_observed)
    ),
    "signal recursion doubled": lambda: limit_dynamics.prove_flow(2 * gamma_term),
    "noise recursion with the other sign": lambda: limit_dynamics.prove_flow(None, -rho_term),
    "head start at its limit from the first": lambda: limit_dynamics.prove_head_start(
        start / sp.sqrt(2 * sp.pi)
    ),
    "alpha": lambda: limit_dynamics.prove_invariant(
        Coordinates(right.alpha - 2 * p, right.beta, right.delta, right.kappa, Delta)
    ),
    "Delta": lambda: limit_dynamics.prove_invariant(
        Coordinates(right.alpha, right.beta, right.delta, right.kappa, p * (p + a))
    ),
    "Stage I at p": lambda: limit_dynamics.prove_stage_one(p / (1 - 2 * tau)),
    "Stage I with 1 - tau": lambda: limit_dynamics.prove_stage_one(2 * p / (1 - tau)),
    "uniqueness with alpha for kappa": lambda: limit_transition.prove_uniqueness(coordinates().alpha),
    "inverse without 1/B": lambda: limit_transition.prove_comparison(
        M / A - sp.log((A - B * sp.exp(M)) / (A - B)) / A
    ),
    "s_inf with one (1 - u)": lambda: limit_transition.prove_strong_signal(
        (1 - tau) / p * (-sp.log(u) + (1 - u) + u * sp.log(2 - u))
    ),
    "s_inf with the other sign": lambda: limit_transition.prove_strong_signal(
        (1 - tau) / p * (-sp.log(u) + 2 * (1 - u) - u * sp.log(2 - u))
    ),
    "depth": lambda: limit_transition.prove_strong_signal(None, -sp.log(1 / tau)),
    "late clean margin": lambda: limit_late.prove_late_margins((p + a * (1 - tau)) / Delta),
    "late noisy margin": lambda: limit_late.prove_late_margins(None, (p + a) / Delta),
    "loss constant times 1.15": lambda: limit_late.prove_loss_constant(
        sp.Rational(23, 20) * (p + 2 * a * tau * (1 - tau)) / Delta
    ),
    "loss constant with tau(1 - tau)": lambda: limit_late.prove_loss_constant(
        (p + a * tau * (1 - tau)) / Delta
    ),
    "signal share with a minus": lambda: limit_late.prove_harmonic(
        a
        / 2
        * ((1 - tau) * limit_late.h_c - tau * limit_late.h_n)
        / (1 + a / 2 * ((1 - tau) * limit_late.h_c - tau * limit_late.h_n))
    ),
    "plateau at 1 - 2 tau": lambda: limit_late.prove_plateau(2 * p / (1 - 2 * tau)),
    "C_D with 2 p^2": lambda: limit_errors.prove_no_noise_constant(2 * a + 2 * p**2),
    "C_D with a": lambda: limit_errors.prove_no_noise_constant(a + 4 * p**2),
    "C' without tau": lambda: limit_errors.prove_early_stopping_constant(2 / a + 4 * p**2 / a**2),
    "activation over pi": lambda: limit_errors.prove_activation_law(
        sp.Rational(1, 2) + sp.atan(X / K0) / sp.pi
    ),
    "activation the wrong way up": lambda: limit_errors.prove_activation_law(
        sp.Rational(1, 2) + sp.atan(K0 / X) / (2 * sp.pi)
    ),
    "small initialisation with 1/2": lambda: limit_errors.prove_small_initialisation(
        sp.Rational(7, 8) - sp.asin(sp.sqrt((G + sp.Rational(1, 4)) / (G + sp.Rational(1, 2)))) / (4 * sp.pi)
    ),
    "small initialisation with 3/4": lambda: limit_errors.prove_small_initialisation(
        sp.Rational(3, 4) - sp.asin(sp.sqrt((G + sp.Rational(1, 4)) / (G + sp.Rational(3, 8)))) / (4 * sp.pi)
    ),
    "integral with a/(a + p)": lambda: prove_transition_integral(a / (a + p) * (1 - tau)),
    "integral with 1 - 2 tau": lambda: prove_transition_integral(a / (a + 2 * p) * (1 - 2 * tau)),
    "all coordinates up": lambda: cooperative.prove_cooperative({"gamma": 1, "clean": 1, "noisy": 1}),
    "clean up, noisy down": lambda: cooperative.prove_cooperative({"gamma": 1, "clean": 1, "noisy": -1}),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_statement_does_not_hold(mutant: str) -> None:
    proof = MUTANTS[mutant]()
    assert not proof.holds
    assert any("NOT" in step for step in proof.steps)


def test_classes_decouple_and_sides_mirror() -> None:
    rates = [limit_dynamics.signal_rate(side) for side in SIDES]
    letters = [{str(x)[-1] for x in rate.free_symbols if str(x)[-1] in "+-"} for rate in rates]
    assert letters == [{"+"}, {"-"}]


def test_margins_from_the_forward_pass() -> None:
    for label in SIDES:
        assert sp.diff(limit_dynamics.margin(False, label), limit_dynamics.gamma) == 1
        assert sp.diff(limit_dynamics.margin(True, label), limit_dynamics.gamma) == -1


def flow(a: float, rate: float, p: float, ends: list[float]) -> np.ndarray:
    """`(M_c, M_n, rho_c, rho_n)` of the integrated flow at the given clocks, in ln(1 + s)."""
    from scipy.integrate import solve_ivp
    from scipy.special import expit

    matrix = np.array([[a * (1 - rate) / 2 + p, -a * rate / 2], [-a * (1 - rate) / 2, p + a * rate / 2]])
    solution = solve_ivp(
        lambda x, rho: math.exp(x) * expit(-matrix @ rho),
        (0.0, math.log1p(ends[-1])),
        np.zeros(2),
        "LSODA",
        t_eval=np.minimum(np.log1p(ends), math.log1p(ends[-1])),
        rtol=1e-10,
        atol=1e-12,
    )
    return np.vstack([matrix @ solution.y, solution.y])


@pytest.mark.parametrize(("strength", "rate", "share"), [(4.0, 0.1, 0.5), (10.0, 0.3, 0.5), (1.5, 0.2, 0.8)])
def test_late_laws_on_the_integrated_flow(strength: float, rate: float, share: float) -> None:
    """The slower correction decays as ln(s)/s: at s = 1e6 1e-4 leaves a factor ten."""
    values = {a: strength, tau: rate, p: share}
    end = 1e6
    M_c, M_n = flow(strength, rate, share, [end])[:2, 0]
    x, z = (float(v.subs(values)) for v in limit_late.late_coefficients())
    assert end * math.exp(-M_c) == pytest.approx(x, rel=1e-4)
    assert end * math.exp(-M_n) == pytest.approx(z, rel=1e-4)
    loss = (1 - rate) * math.log1p(math.exp(-M_c)) + rate * math.log1p(math.exp(-M_n))
    assert end * loss == pytest.approx(float(limit_late.loss_limit().subs(values)), rel=1e-4)
    # gamma = c ln s + const: a decade's difference has no constant.
    decade = flow(strength, rate, share, [end / 10, end])
    gamma = strength / 2 * ((1 - rate) * decade[2] - rate * decade[3])
    assert (gamma[1] - gamma[0]) / math.log(10) == pytest.approx(
        float(limit_late.signal_share().subs(values)), rel=1e-3
    )


def test_harmonic_law_on_an_integrated_class_with_unequal_shares() -> None:
    from scipy.integrate import solve_ivp
    from scipy.special import expit

    rng = np.random.default_rng(3)
    weight = rng.uniform(0.3, 1.0, 30)
    sign = np.where(np.arange(30) < 24, 1.0, -1.0)
    strength, rate = 5.0, 0.2

    def velocity(x: float, slopes: np.ndarray) -> np.ndarray:
        signal = strength / 2 * np.mean(sign * slopes)
        return np.asarray(math.exp(x) * expit(-(weight * slopes + sign * signal)))

    end = 1e8
    solution = solve_ivp(velocity, (0.0, math.log(end)), np.zeros(30), "LSODA", rtol=1e-9, atol=1e-11)
    slopes = solution.y[:, -1]
    margins = weight * slopes + sign * strength / 2 * np.mean(sign * slopes)
    h_c, h_n = np.mean(1 / weight[sign > 0]), np.mean(1 / weight[sign < 0])
    values = {a: strength, tau: rate, limit_late.h_c: h_c, limit_late.h_n: h_n}
    limit = float(limit_late.harmonic_loss_share().subs(values))
    assert end * np.mean(np.log1p(np.exp(-margins))) == pytest.approx(limit, rel=0.01)
    arithmetic = {
        **values,
        limit_late.h_c: 1 / np.mean(weight[sign > 0]),
        limit_late.h_n: 1 / np.mean(weight[sign < 0]),
    }
    assert abs(float(limit_late.harmonic_loss_share().subs(arithmetic)) / limit - 1) > 0.05


TABLE = [(1.5, 0.1), (2.0, 0.1), (6.0, 0.1), (20.0, 0.1), (4.0, 0.2), (10.0, 0.2), (10.0, 0.4), (50.0, 0.3)]


@pytest.mark.parametrize(("strength", "rate"), TABLE)
def test_brackets_contain_the_transition_clock(strength: float, rate: float) -> None:
    low, high = limit_transition.transition_bracket(strength, rate)
    s_2 = transition_clock(strength, rate)
    assert 0 < low < s_2 < high < 1.69 * s_2
    assert s_2 < strong_signal_clock(rate)


def test_envelope_solves_its_equation() -> None:
    x = sp.Symbol("x", positive=True)
    for value in (0.0, 0.3, 4.0, 50.0):
        U = float(limit_transition.envelope().subs(x, value).evalf())
        assert U + math.exp(U) == pytest.approx(1 + value, rel=1e-13)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3])
def test_strong_signal_limit_in_numbers(rate: float) -> None:
    limit = float(limit_transition.derived_strong_signal_limit().subs({tau: rate, p: 0.5}))
    assert limit == pytest.approx(strong_signal_clock(rate), rel=1e-13)
    gaps = [1 - transition_clock(strength, rate) / limit for strength in (20.0, 200.0)]
    assert 0 < gaps[1] < gaps[0] / 5


def test_depth_approaches_the_bayes_logit() -> None:
    """From above, at a rate that beats a^(-1/2): ten times the signal leaves less than a third of the gap."""
    limit = float(limit_transition.strong_signal_depth().subs(tau, 0.1))
    assert limit == pytest.approx(-math.log(9), rel=1e-14)
    clocks = list(np.geomspace(1e-5, 2.0, 400))
    gaps = [flow(strength, 0.1, 0.5, clocks)[1].min() - limit for strength in (100.0, 1e3, 1e4)]
    assert 0 < 3 * gaps[2] < gaps[1] < gaps[0] / 3


def test_plateau_threshold() -> None:
    assert sp.simplify(limit_late.plateau_threshold() - 2 * p / (1 - 4 * tau)) == 0
    assert limit_late.plateau(tau, sp.Rational(3, 4), sp.Rational(1, 2)) == tau / 2


# Brackets of the transition clock ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "tau", "p"), [(6.0, 0.1, 0.5), (4.0, 0.2, 0.8), (30.0, 0.3, 0.4), (1.3, 0.1, 0.5)]
)
def test_brackets_solve_their_equations(a: float, tau: float, p: float) -> None:
    alpha, beta, delta, kappa = a * (1 - tau) / 2 + p, a * tau / 2, p + a * tau / 2, a * (1 - tau) / 2
    Delta = p * (p + a / 2)
    low, high = limit_transition.transition_bracket(a, tau, p)
    solved = integrate.solve_ivp(
        lambda _, M: alpha / (1 + np.exp(M)) - beta / 2, (0.0, high), [0.0], rtol=1e-11, atol=1e-13,
        dense_output=True,
    )  # fmt: skip
    assert kappa * solved.y[0, -1] == pytest.approx(Delta * high / 2, rel=1e-7)
    grid = np.linspace(0, high, 200_001)
    depth = float((kappa * solved.sol(grid)[0] - Delta * grid / 2).max()) / alpha
    rate = delta / (1 + math.exp(-depth))
    if kappa <= 2 * rate:
        assert low == 0.0
    else:
        envelope = integrate.solve_ivp(
            lambda _, U: 1 / (1 + np.exp(U)), (0.0, alpha * low), [0.0], rtol=1e-11, atol=1e-13
        )
        assert rate * low == pytest.approx(kappa / alpha * envelope.y[0, -1], rel=1e-7)
        assert low > 0


def test_ends_of_the_brackets() -> None:
    assert limit_transition.transition_bracket(1.25, 0.1, 0.5) == (0.0, 0.0)
    assert limit_transition.transition_bracket(1.2, 0.1) == (0.0, 0.0)
    assert limit_transition.transition_bracket(1.3, 0.1)[1] > 0
    for bad in (0.0, 0.5, -0.1, math.nan):
        with pytest.raises(ValueError, match=rf"^tau must lie in \(0, 1/2\), was {bad!r}$"):
            limit_transition.transition_bracket(6.0, bad)
    low, high = limit_transition.transition_bracket(6.0, 0.1)
    assert (low, high) == (limit_transition.lower_bracket(6.0, 0.1), limit_transition.upper_bracket(6.0, 0.1))
    assert (low, high) == limit_transition.transition_bracket(6.0, 0.1, 0.5)


@pytest.mark.parametrize(
    ("strength", "rate", "share"), [(6.0, 0.1, 0.5), (1.5, 0.1, 0.5), (6.0, 0.1, 0.8), (30.0, 0.3, 0.5)]
)
def test_the_clock_by_the_integral_in_s_is_the_zero_of_the_flow(
    strength: float, rate: float, share: float
) -> None:
    found = transition_integral(strength, rate, share)
    assert found == pytest.approx(transition_clock(strength, rate, share), rel=1e-9)
