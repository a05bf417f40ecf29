r"""Constants of the test errors and the laws of the active share, from Gaussian probabilities.

Derivation in words: `docs/derivations/limit_dynamics.md`, Test errors and Active share.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.claim import Proof
from theory.proof import checked, vanishes
from theory.two_stage.limits.dynamics import a, positive, signal_invariant
from theory.two_stage.symbols import p, tau

__all__ = [
    "activation_share",
    "derived_early_stopping_constant",
    "derived_no_noise_constant",
    "iid_exponent",
    "prove_activation_law",
    "prove_early_stopping_constant",
    "prove_no_noise_constant",
    "prove_small_initialisation",
    "small_initialisation_share",
    "wedge",
]

_rho = sp.Symbol(r"\rho", positive=True)
_ratio = sp.Symbol("r", positive=True)  # rho_n / rho_c
gamma_own = sp.Symbol(r"\gamma_y", positive=True)
gamma_other = sp.Symbol(r"\gamma_{-y}", positive=True)
A_own = sp.Symbol("A_y", positive=True)
A_other = sp.Symbol("A_{-y}", positive=True)


# iid test error ---------------------------------------------------------------------------------------


@cache
def iid_exponent() -> sp.Expr:
    r"""`lim (n/d) (-ln err)`: the least Gaussian cost of outweighing the signal, for a test label y.

    Fresh noise gives the two side sums `S_y`, `S_{-y}` the covariance (in units of n/d)
    `var_j = gamma_j^2/a + A_j`, `cov = -gamma_y gamma_{-y}/a`, `A_j = (1/n) sum_{y~_i = j} P_i^2`. The
    point is misclassified when `(S_{-y})_+ - (S_y)_+ >= gamma_y`; the cheapest way has `S_{-y} = gamma_y`,
    `S_y` free.
    """
    own, other = sp.symbols("S_y S_{-y}", real=True)
    cost, free = _cost(own, other)
    at_minimum = cost.subs(own, free).subs(other, gamma_own)
    return sp.factor(sp.simplify(at_minimum))


def _cost(own: sp.Symbol, other: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """Half the quadratic form of the inverse covariance, and its minimiser over S_y."""
    cross = -gamma_own * gamma_other / a
    covariance = sp.Matrix([[gamma_own**2 / a + A_own, cross], [cross, gamma_other**2 / a + A_other]])
    point = sp.Matrix([own, other])
    cost = sp.simplify((point.T * covariance.inv() * point)[0] / 2)
    return cost, sp.simplify(sp.solve(sp.diff(cost, own), own)[0])


@cache
def _balanced_exponent(ratio: sp.Expr) -> sp.Expr:
    """The exponent for two equal classes with `rho_n = ratio rho_c` and one active share p."""
    names = {s.name: s for s in signal_invariant().free_symbols}
    signal = signal_invariant().subs({names[r"\rho_c"]: _rho, names[r"\rho_n"]: ratio * _rho})
    # Half of the samples carry each observed label; a share tau of them is flipped.
    mass = sp.Rational(1, 2) * p**2 * _rho**2 * ((1 - tau) + tau * ratio**2)
    values = {gamma_own: signal, gamma_other: signal, A_own: mass, A_other: mass}
    return sp.factor(sp.simplify(iid_exponent().subs(values, simultaneous=True)))


@cache
def derived_no_noise_constant() -> sp.Expr:
    r"""`C_D` in `err = exp(-n |mu|^4/(C_D sigma_xi^4 d))` at tau = 0; `n |mu|^4/(sigma_xi^4 d) = a^2 d/n`."""
    return sp.expand(sp.simplify(a**2 / _balanced_exponent(_ratio).subs(tau, 0)))


@cache
def derived_early_stopping_constant() -> sp.Expr:
    r"""`C'` in `err = exp(-d/(n C'))` early in Stage I, where `rho_n = rho_c` to leading order."""
    return sp.simplify(1 / _balanced_exponent(sp.Integer(1)))


def _exponent_step() -> tuple[str, bool]:
    own, other = sp.symbols("S_y S_{-y}", real=True)
    _, free = _cost(own, other)
    stated = gamma_own**2 / (2 * (gamma_other**2 / a + A_other))
    return (
        r"Fresh noise: side sums $S_j$ with $\mathrm{var} = \frac nd(\gamma_j^2/a + A_j)$, "
        r"$\mathrm{cov} = -\frac nd\gamma_+\gamma_-/a$. Least cost of $S_{-y} \geq \gamma_y$: at the "
        r"minimum $S_y < 0$, which the relu "
        r"discards, and $-\ln\mathrm{err} \sim \frac dn\,\gamma_y^2/(2(\gamma_{-y}^2/a + A_{-y}))$.",
        bool((-free.subs(other, gamma_own)).is_positive) and vanishes(iid_exponent() - stated),
    )


def prove_no_noise_constant(stated: sp.Expr | None = None) -> Proof:
    r"""Theorem 4.4's `C_D = 2 a + 4 p^2` (or another stated one). Source: derived here."""
    formula = 2 * a + 4 * p**2 if stated is None else stated
    return checked(
        (
            _exponent_step(),
            (
                r"$\tau=0$: $\gamma = \frac a2\rho$, $A = \frac12p^2\rho^2$, and $\rho$ cancels: the "
                r"exponent is constant in time.",
                not _balanced_exponent(_ratio).subs(tau, 0).has(_rho, _ratio),
            ),
            (
                rf"With $n\|\mu\|^4/(\sigma_\xi^4d) = a^2d/n$: $C_D = "
                rf"{sp.latex(derived_no_noise_constant())}$.",
                vanishes(derived_no_noise_constant() - formula),
            ),
        )
    )


def prove_early_stopping_constant(stated: sp.Expr | None = None) -> Proof:
    r"""Proposition 4.3's `C' = 2/a + 4 p^2/(a (1-2 tau))^2` (or another stated one), and its later growth."""
    formula = 2 / a + 4 * p**2 / (a * (1 - 2 * tau)) ** 2 if stated is None else stated
    # Up to r = (1-tau)/tau, where gamma vanishes, 1/exponent grows with r: r = (1-tau)/(tau (1 + w)).
    w = sp.Symbol("w", positive=True)
    slope = sp.diff(1 / _balanced_exponent(_ratio), _ratio).subs(_ratio, (1 - tau) / (tau * (1 + w)))
    return checked(
        (
            _exponent_step(),
            (
                rf"Early in Stage I $\rho_n = \rho_c$, so $\gamma = \frac a2(1-2\tau)\rho$, $A = "
                rf"\frac12p^2\rho^2$: "
                rf"$C' = {sp.latex(derived_early_stopping_constant())} = 2/a + 4p^2/(a(1-2\tau))^2$.",
                vanishes(derived_early_stopping_constant() - formula),
            ),
            (
                r"$C'$ increases with $\rho_n/\rho_c$ while $\gamma > 0$: with flipped labels the iid "
                r"error only grows from there.",
                positive(slope),
            ),
        )
    )


# Active share -----------------------------------------------------------------------------------------


def wedge(angle: sp.Expr) -> sp.Expr:
    r"""`P(X_1 < 0 < X_2)` for standard normal variables of correlation `cos(angle)`: `angle/(2 pi)`.

    `X_1 = R cos t`, `X_2 = R cos(t - angle)` with t uniform: the event is `pi/2 < t < pi/2 + angle`.
    """
    t = sp.Symbol("t", real=True)
    return sp.integrate(1 / (2 * sp.pi), (t, sp.pi / 2, sp.pi / 2 + angle))


def _correlation(angle: sp.Expr) -> sp.Expr:
    t = sp.Symbol("t", real=True)
    mean = sp.integrate(sp.cos(t) * sp.cos(t - angle), (t, 0, 2 * sp.pi)) / (2 * sp.pi)
    return sp.simplify(2 * mean)


def activation_share(cross_talk: sp.Expr, kappa_0: sp.Expr) -> sp.Expr:
    r"""`p = 1/2 + arctan(X/kappa_0)/(2 pi)`: active from the start, or switched on by cross-talk.

    Initial product `kappa_0 Z`, cross-talk `X N` (both in units of sqrt(n/d)); on if `Z > 0`, or if
    `Z < 0 < kappa_0 Z + X N`, of correlation `kappa_0/sqrt(kappa_0^2 + X^2) = cos arctan(X/kappa_0)`.
    """
    return sp.Rational(1, 2) + wedge(sp.atan(cross_talk / kappa_0))


def _strength() -> sp.Expr:
    """`G = gamma^2/(a rho^2)` at equal coefficients."""
    names = {s.name: s for s in signal_invariant().free_symbols}
    signal = signal_invariant().subs({names[r"\rho_c"]: _rho, names[r"\rho_n"]: _rho})
    return sp.factor(signal**2 / (a * _rho**2))


def small_initialisation_share() -> sp.Expr:
    r"""The limit of p for kappa_0 -> 0: two generations of filters switched on by cross-talk.

    In units of `(n/d) rho^2`: a quarter of the samples (label side and active at the start) give
    cross-talk `X_1` the variance `1/4 + G`. It switches half of the other filters on, so three eighths of
    the samples act on the sum `X_2`, variance `3/8 + G`, covariance with `X_1` that of `X_1`. A filter off
    at the start is off in the end unless `X_1 > 0` or `X_1 < 0 < X_2`.
    """
    G = sp.Symbol("G", positive=True)
    first, second = G + sp.Rational(1, 4), G + sp.Rational(3, 8)
    correlation = sp.sqrt(first / second)  # first/sqrt(first second)
    half = sp.Rational(1, 2)
    late = wedge(sp.acos(correlation))
    return (half + half * (half + late)).subs(G, _strength())


def prove_activation_law(stated: sp.Expr | None = None) -> Proof:
    r"""`p = 1/2 + arctan(X/kappa_0)/(2 pi)` (or another stated law). Source: derived here."""
    X, k = sp.symbols(r"X \kappa_0", positive=True)
    formula = sp.Rational(1, 2) + sp.atan(X / k) / (2 * sp.pi) if stated is None else stated
    angle = sp.Symbol("theta", positive=True)
    return checked(
        (
            (
                r"$X_1 = R\cos t$, $X_2 = R\cos(t-\theta)$, $t$ uniform, have correlation $\cos\theta$, "
                r"and "
                r"$P(X_1 < 0 < X_2) = \theta/(2\pi)$.",
                vanishes(_correlation(angle) - sp.cos(angle))
                and vanishes(wedge(angle) - angle / (2 * sp.pi)),
            ),
            (
                r"$Z$ and $\kappa_0Z + XN$ have correlation $\kappa_0/\sqrt{\kappa_0^2+X^2} = "
                r"\cos\arctan(X/\kappa_0)$.",
                vanishes(sp.cos(sp.atan(X / k)) - k / sp.sqrt(k**2 + X**2)),
            ),
            (
                rf"$p = P(Z>0) + P(Z<0<\kappa_0Z+XN) = {sp.latex(activation_share(X, k))}$.",
                vanishes(activation_share(X, k) - formula),
            ),
            (
                r"$\kappa_0 \to \infty$: $p \to 1/2$.",
                sp.limit(activation_share(X, k), k, sp.oo) == sp.Rational(1, 2),
            ),
        )
    )


def prove_small_initialisation(stated: sp.Expr | None = None) -> Proof:
    r"""`p = 7/8 - asin(r)/(4 pi)`, `r^2 = (G+1/4)/(G+3/8)` for kappa_0 -> 0 (or another stated law)."""
    G = a / 4 * (1 - 2 * tau) ** 2
    formula = stated
    if formula is None:
        r = sp.sqrt((G + sp.Rational(1, 4)) / (G + sp.Rational(3, 8)))
        formula = sp.Rational(7, 8) - sp.asin(r) / (4 * sp.pi)
    found = small_initialisation_share()
    angle = sp.Symbol("theta", positive=True)
    return checked(
        (
            (
                r"$\gamma^2/a = G\rho^2$ with $G = \frac a4(1-2\tau)^2$: signal and samples switch filters "
                r"on together.",
                vanishes(_strength() - G),
            ),
            (
                r"First generation: variance $G + \frac14$; with the filters it switches on, $G+\frac38$; "
                r"correlation $r$ "
                r"with $r^2 = (G+\frac14)/(G+\frac38)$, and $P(X_1<0<X_2) = \arccos(r)/(2\pi)$.",
                vanishes(_correlation(angle) - sp.cos(angle)),
            ),
            (
                r"$p = \frac12 + \frac12\left(\frac12 + \frac{\arccos r}{2\pi}\right) = \frac78 - "
                r"\frac{\arcsin r}{4\pi}$.",
                vanishes((found - formula).rewrite(sp.asin)),
            ),
        )
    )
