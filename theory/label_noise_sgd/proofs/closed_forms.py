"""Symbolic checks of the closed forms, told as steps; and their residuals in numbers at a run's setting."""

from __future__ import annotations

import numpy as np
import sympy as sp

from theory.claim import Proof
from theory.label_noise_sgd import decay as law
from theory.label_noise_sgd import sam as sam_law
from theory.label_noise_sgd import slow_flow as flow
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.symbols import B, M, T, d, eta, s, sigma, t, u
from theory.proof import checked, vanishes

__all__ = [
    "decay",
    "fixed_point",
    "forced",
    "logistic",
    "residual_of_curve",
    "residual_of_decay",
    "residual_of_rest",
    "residual_of_root",
    "sam_root",
    "slow_flow",
]


def decay() -> Proof:
    """V from stationarity, and the integral of dM/dt = -2 eta V."""
    V = law.residual_variance_expression()
    c_B = eta / 2 * (1 + (d + 1) / B)
    said = (eta * M * sigma**2 / (2 * B)) / (1 - c_B * M)
    M_0 = sp.Symbol("M_0", positive=True)
    closed = sp.log(M_0) - sp.log(M) - c_B * (M_0 - M) - eta**2 * sigma**2 / B * t
    rate = 2 * eta * V / M
    slope = -sp.diff(closed, t) / sp.diff(closed, M)
    return checked(
        [
            ("V = (eta mu sigma^2/2B)/(1 - c_B mu) solves the stationarity of one step.", vanishes(V - said)),
            (
                "2 eta V = M kappa/(1 - c_B M).",
                vanishes(rate - (eta**2 * sigma**2 / B) / (1 - c_B * M)),
            ),
            ("ln(M_0/M) - c_B (M_0 - M) - kappa t is the integral, ", vanishes(law.decay_law() - closed)),
            ("along which dM/dt = -2 eta V.", vanishes(slope + 2 * eta * V)),
        ]
    )


def forced() -> Proof:
    """E over a i.i.d. with mean 0: fourth moments at m = 3 neurons, one direction."""
    v, q = sp.symbols("v q", positive=True)
    a, w, target = sp.symbols("a1:4"), sp.symbols("w1:4"), sp.Symbol("t")
    moments = {0: 1, 1: 0, 2: v, 3: 0, 4: q * v}

    def mean(poly: sp.Expr) -> sp.Expr:
        terms = sp.Poly(sp.expand(poly), *a).terms()
        return sp.expand(sum(c * sp.prod([moments[k] for k in powers]) for powers, c in terms))

    g = sum(x * y for x, y in zip(a, w, strict=True)) - target
    after = mean(sum((y - eta * x * g) ** 2 for x, y in zip(a, w, strict=True)))
    size = sum(y**2 for y in w)
    said = size * (1 - 2 * eta * v + eta**2 * v * (2 * v + q)) + eta**2 * 3 * v * target**2
    m = 3
    rest = eta * m * target**2 / (2 - eta * ((m - 1) * v + q))
    return checked(
        [
            (
                "E M' = M (1 - 2 eta v + eta^2 v ((m-1) v + q)) + eta^2 m v theta*^2 (m = 3).",
                vanishes(after - said),
            ),
            (
                "It rests at eta m theta*^2/(2 - eta ((m-1) v + q)).",
                vanishes(said.subs({w[0]: sp.sqrt(rest), w[1]: 0, w[2]: 0}) - rest),
            ),
        ]
    )


def slow_flow() -> Proof:
    """The first integrals of the slow flow."""
    return checked(
        [
            ("(u s - T^2)' = -(d+1)(u s - T^2).", flow.constraint_defect() == 0),
            (
                "On u s = T^2: ((d+1)/d) ln|u^2 - d T^2| - (2/d) ln u + 2 tau is constant.",
                flow.implicit_defect() == 0,
            ),
        ]
    )


def fixed_point() -> Proof:
    """Where the flow rests, and how fast it gets there."""
    point = flow.fixed_point()
    rates = flow.rates_at_fixed_point()
    wanted = (-(d + 1), -2 * d / (d + 1))
    return checked(
        [
            (
                "The only positive rest point is u = sqrt(d) T, s = T/sqrt(d).",
                vanishes(point[0] - sp.sqrt(d) * T) and vanishes(point[1] - T / sp.sqrt(d)),
            ),
            (
                "The Jacobian there has eigenvalues -(d+1) and -2d/(d+1), both negative: stable.",
                all(any(vanishes(x - y) for y in wanted) for x in rates)
                and not vanishes(rates[0] - rates[1]),
            ),
        ]
    )


def logistic() -> Proof:
    """d theta/dt = 2 eta theta (T - theta) from balanced growth along theta*."""
    q_0 = sp.Symbol("q_0", positive=True)
    theta = T / (1 + (T / q_0 - 1) * sp.exp(-2 * eta * T * t))
    return checked(
        [
            (
                "w + a of a neuron grows at eta (T - theta), so theta = sum ((w+a)/2)^2 grows at 2 "
                "eta (T - theta).",
                vanishes(sp.diff(u**2, u) / u**2 * u - 2),
            ),
            ("The logistic curve solves it,", vanishes(sp.diff(theta, t) - 2 * eta * theta * (T - theta))),
            ("starts at q_0,", vanishes(theta.subs(t, 0) - q_0)),
            (
                "and is half of T at ln(T/q_0 - 1)/(2 eta T).",
                vanishes(sp.simplify(theta.subs(t, sp.log(T / q_0 - 1) / (2 * eta * T))) - T / 2),
            ),
        ]
    )


def sam_root() -> Proof:
    """The linear equation of sqrt(M)."""
    return checked([("d ln M/dt = -(A + C/sqrt(M)) along the closed form.", sam_law.root_defect() == 0)])


def residual_of_decay(run: LinearRun) -> float:
    """L(t) put back into its equation, relative to kappa t."""
    x = run.setting
    m_0 = min(x.mu_0, 0.9 / law.amplification(x.eta, x.d, x.batch))
    clock = float(law.decay_clock(1.0 / x.kappa, m_0, x.eta, x.sigma, x.d, x.batch))
    c = law.amplification(x.eta, x.d, x.batch) * m_0
    return abs(clock - c * float(-np.expm1(-clock)) - 1.0)


def residual_of_curve(run: LinearRun) -> float:
    """The implicit law at tau = 1, put back into its own invariant, relative to that."""
    x = run.setting
    start, rest = x.mu_0, np.sqrt(x.d) * x.target
    if start <= rest:
        start = 3 * rest

    def invariant(value: float) -> float:
        return float((x.d + 1) / x.d * np.log(abs(value**2 - rest**2)) - 2 / x.d * np.log(value))

    end = float(flow.implicit_u(1.0, start, x.d, x.target))
    return abs(invariant(end) - invariant(start) + 2.0) / (2.0 + abs(invariant(start)))


def residual_of_rest(run: LinearRun) -> float:
    """The flow at its rest point, relative to the sizes of its terms."""
    x = run.setting
    at = {d: x.d, T: x.target}
    du, ds = flow.flow()
    rest = {k: float(v.subs(at)) for k, v in zip((u, s), flow.fixed_point(), strict=True)}
    values = [abs(float(f.subs(at).subs(rest))) for f in (du, ds)]
    return float(max(values) / (np.sqrt(x.d) * x.target))


def residual_of_root(run: LinearRun, drive: float = 1.0) -> float:
    """The closed form in the invariant `(sqrt(M) + C/A) e^(A t/2)` of its equation, C times `drive`."""
    x = run.setting
    size = 2 * x.eta * x.rho * x.sigma * sam_law.mean_norm(x.d) / x.d
    rate = 2 * x.eta * x.rho**2 + x.eta**2 * x.sigma**2
    at = 0.1 / (rate + size / np.sqrt(x.mu_0))
    root = float(sam_law.normalised_root(np.array([at]), x.mu_0, x.eta, x.rho, x.sigma, x.d)[0])
    shift = drive * size / rate
    start = np.sqrt(x.mu_0) + shift
    return float(abs((root + shift) * np.exp(rate * at / 2) - start) / start)
