r"""Late times: the loss constant, the margins, the signal's share, and the plateau of the D_test error.

For large s every margin grows like `ln s` and `g(M)` becomes `e^{-M}`. Derivation in words:
`docs/derivations/limit_dynamics.md`, Late times.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.claim import Proof
from theory.proof import checked, vanishes
from theory.two_stage.limits.dynamics import a, coordinates, positive
from theory.two_stage.symbols import p, tau

__all__ = [
    "harmonic_loss_share",
    "harmonic_signal_share",
    "late_coefficients",
    "loss_limit",
    "plateau",
    "plateau_threshold",
    "prove_harmonic",
    "prove_late_margins",
    "prove_loss_constant",
    "prove_plateau",
    "relaxation_exponents",
    "signal_share",
]

h_c = sp.Symbol("h_c", positive=True)
h_n = sp.Symbol("h_n", positive=True)
c_plus = sp.Symbol("c_+", real=True)
c_minus = sp.Symbol("c_-", real=True)


@cache
def late_coefficients() -> tuple[sp.Expr, sp.Expr]:
    r"""`(x, z)` with `rho_c ~ x ln s`, `rho_n ~ z ln s`: solved from both margins `~ ln s`.

    They are also the limits of `s e^{-M_c}` and `s e^{-M_n}`.
    """
    c = coordinates()
    x, z = sp.symbols("x z")
    solution = sp.solve([c.alpha * x - c.beta * z - 1, c.delta * z - c.kappa * x - 1], [x, z])
    return sp.factor(solution[x]), sp.factor(solution[z])


def loss_limit() -> sp.Expr:
    r"""`lim s L(s) = (1 - tau) lim s e^{-M_c} + tau lim s e^{-M_n}`: a class's mean of `ln(1 + e^{-M})`."""
    x, z = late_coefficients()
    return sp.factor((1 - tau) * x + tau * z)


def signal_share() -> sp.Expr:
    """`c` in `gamma ~ c ln s`."""
    x, z = late_coefficients()
    return sp.factor(a / 2 * ((1 - tau) * x - tau * z))


@cache
def relaxation_exponents() -> tuple[sp.Expr, ...]:
    r"""Powers of 1/s with which the two-variable system relaxes to the law.

    With `rho_c = x ln s + u_c`, `rho_n = z ln s + u_n` and primes for d/d ln s, the linearised flow is
    `u' = -diag(x, z) [[alpha, -beta], [-kappa, delta]] u`. Differences within a class relax more slowly.
    """
    c = coordinates()
    x, z = late_coefficients()
    matrix = sp.diag(x, z) * sp.Matrix([[c.alpha, -c.beta], [-c.kappa, c.delta]])
    return tuple(sp.factor(v) for v in matrix.applyfunc(sp.simplify).eigenvals())


def prove_late_margins(clean: sp.Expr | None = None, noisy: sp.Expr | None = None) -> Proof:
    r"""S4: `e^{-M_c} s -> (p + a tau)/Delta`, `e^{-M_n} s -> (p + a(1-tau))/Delta` (or other stated
    limits).
    """
    c = coordinates()
    x, z = late_coefficients()
    clean = (p + a * tau) / (p * (p + a / 2)) if clean is None else clean
    noisy = (p + a * (1 - tau)) / (p * (p + a / 2)) if noisy is None else noisy
    u_c, u_n = sp.symbols("u_c u_n", real=True)
    offsets = sp.solve(
        [c.alpha * u_c - c.beta * u_n + sp.log(clean), c.delta * u_n - c.kappa * u_c + sp.log(noisy)],
        [u_c, u_n],
    )
    at = sp.Symbol("s", positive=True)
    rho_c = clean * sp.log(at) + offsets[u_c]
    rho_n = noisy * sp.log(at) + offsets[u_n]
    M_c, M_n = c.alpha * rho_c - c.beta * rho_n, c.delta * rho_n - c.kappa * rho_c
    one, other = sorted(relaxation_exponents(), key=lambda v: len(v.free_symbols))
    return checked(
        (
            (
                r"Late, $g(M) \to e^{-M}$. Ask for $\rho_c = x\ln s + u_c$, $\rho_n = z\ln s + u_n$ with "
                r"both margins "
                rf"$\sim \ln s$: $\alpha x - \beta z = 1$, $\delta z - \kappa x = 1$ give $x = "
                rf"{sp.latex(x)}$, $z = {sp.latex(z)}$.",
                vanishes(x - clean) and vanishes(z - noisy),
            ),
            (
                r"With $M_c = \ln s - \ln x$, $M_n = \ln s - \ln z$ this solves $\rho' = e^{-M}$ exactly, "
                r"so $s e^{-M_c} \to x$, "
                r"$s e^{-M_n} \to z$.",
                vanishes(sp.diff(rho_c, at) - clean / at)
                and vanishes(sp.expand_log(sp.simplify(M_c - sp.log(at) + sp.log(clean))))
                and vanishes(sp.expand_log(sp.simplify(M_n - sp.log(at) + sp.log(noisy)))),
            ),
            (
                rf"It attracts: in $\ln s$ deviations decay with exponents ${sp.latex(one)}$ and "
                rf"${sp.latex(other)} > 1$.",
                vanishes(one - 1) and positive(other - 1),
            ),
            (
                r"$\rho_c/\rho_n \to x/z = (p + a\tau)/(p + a(1-\tau)) < 1$.",
                vanishes(x / z - clean / noisy) and positive(noisy - clean),
            ),
        )
    )


def prove_loss_constant(stated: sp.Expr | None = None) -> Proof:
    r"""S3: `s L(s) -> (p + 2 a tau(1-tau))/(p (p + a/2))` (or another stated limit)."""
    formula = (p + 2 * a * tau * (1 - tau)) / (p * (p + a / 2)) if stated is None else stated
    x, z = late_coefficients()
    at_half = formula.subs(p, sp.Rational(1, 2))
    big = sp.Symbol("M", positive=True)
    return checked(
        (
            (
                r"$\ln(1+e^{-M}) \to e^{-M}$, and a share $1-\tau$ of a class is clean: $sL \to (1-\tau)x "
                r"+ \tau z$ with the limits "
                r"$x, z$ of $s e^{-M_c}$, $s e^{-M_n}$.",
                sp.limit(sp.log(1 + sp.exp(-big)) * sp.exp(big), big, sp.oo) == 1,
            ),
            (
                rf"$sL(s) \to {sp.latex(loss_limit())}$.",
                vanishes((1 - tau) * x + tau * z - formula),
            ),
            (
                r"At $p = 1/2$: $2(1+4a\tau(1-\tau))/(1+a)$.",
                vanishes(at_half - 2 * (1 + 4 * a * tau * (1 - tau)) / (1 + a)),
            ),
        )
    )


# Unequal active shares --------------------------------------------------------------------------------


@cache
def harmonic_signal_share() -> sp.Expr:
    r"""`c_y` with unequal `p_i`: `h_c`, `h_n` the means of `1/(p_i q_i)` over a class's clean and noisy
    samples.

    Clean noise masses grow as `(1 - c) ln s`, noisy ones as `(1 + c) ln s`, so that every margin is `ln
    s`; a sample's accumulated slope is its mass over `p_i q_i`, and gamma is `a/2` times the signed mean
    of the slopes.
    """
    c = sp.Symbol("c", real=True)
    balance = a / 2 * ((1 - tau) * h_c * (1 - c) - tau * h_n * (1 + c)) - c
    return sp.factor(sp.solve(balance, c)[0])


def harmonic_loss_share(c: sp.Expr | None = None) -> sp.Expr:
    r"""A class's part of `lim s L(s)`, per sample of the class: `(1-tau) h_c (1-c) + tau h_n (1+c)`."""
    share = harmonic_signal_share() if c is None else c
    return (1 - tau) * h_c * (1 - share) + tau * h_n * (1 + share)


def prove_harmonic(stated: sp.Expr | None = None) -> Proof:
    r"""S3 and S4 with unequal active shares: `c_y` in closed form (or another stated one)."""
    formula = stated
    if formula is None:
        down, up = (1 - tau) * h_c, tau * h_n
        formula = a / 2 * (down - up) / (1 + a / 2 * (down + up))
    equal = {h_c: 1 / p, h_n: 1 / p}
    x, z = late_coefficients()
    at, weight, pq, limit = sp.symbols("s w q L", positive=True)
    (scaled,) = sp.solve(sp.diff(weight * sp.log(at), at) - pq * limit / at, limit)
    return checked(
        (
            (
                r"A sample's mass obeys $P_i' = p_iq_i\,g(M_i)$, $M_i = P_i \pm \gamma$. With $\gamma = "
                r"c\ln s$ and $M_i \sim \ln s$, clean "
                r"masses are $(1-c)\ln s$ and noisy ones $(1+c)\ln s$, and $s e^{-M_i} \to (1 \mp "
                r"c)/(p_iq_i)$.",
                vanishes(scaled - weight / pq),
            ),
            (
                r"$\gamma = \frac a2[(1-\tau)\langle P/(pq)\rangle_c - \tau\langle P/(pq)\rangle_n]$ gives "
                r"$c = \frac a2[(1-\tau)h_c(1-c) - \tau h_n(1+c)]$, so "
                rf"$c = {sp.latex(harmonic_signal_share())}$.",
                vanishes(harmonic_signal_share() - formula),
            ),
            (
                r"$sL \to (1-\tau)h_c(1-c) + \tau h_n(1+c)$; with all $p_i = p$ this is the loss constant, "
                r"and $(1-c)/p$, $(1+c)/p$ "
                r"are $x$ and $z$.",
                vanishes(harmonic_loss_share(formula).subs(equal) - loss_limit())
                and vanishes((1 - formula).subs(equal) / p - x)
                and vanishes((1 + formula).subs(equal) / p - z),
            ),
        )
    )


# The plateau of the D_test error ----------------------------------------------------------------------


def plateau(rate: sp.Expr = tau, c_plus: sp.Expr = c_plus, c_minus: sp.Expr = c_minus) -> sp.Expr:
    r"""Limit of the D_test error for `d >> n`: `rate/2` if `c_+ + c_- > 1`, else 1/2.

    By cases: a test point repeats training sample I (share `rate` flipped) under an independent true label
    y. It is wrong when `y~_I = -y` and the mass of I exceeds `gamma_y`. For I of class y' and flipped,
    `y~_I = -y'`: wrong under y = y' since `1 + c_{y'} > c_{y'}`. For I clean, `y~_I = y'`: wrong under y =
    -y' iff `1 - c_{y'} > c_{-y'}`.
    """
    half = sp.Rational(1, 2)
    total: sp.Expr = sp.Integer(0)
    for own, opposite in ((c_plus, c_minus), (c_minus, c_plus)):
        flipped = sp.Piecewise((1, sp.Gt(1 + own, own)), (0, True))
        clean = sp.Piecewise((1, sp.Gt(1 - own - opposite, 0)), (0, True))
        total += half * half * (rate * flipped + (1 - rate) * clean)  # classes of equal size
    return sp.simplify(total)


def plateau_threshold() -> sp.Expr:
    """The `a` at which `c_+ + c_- = 1` for balanced classes with equal rates: `2 p/(1 - 4 tau)`, by
    solving.
    """
    (root,) = sp.solve(2 * signal_share() - 1, a)
    return sp.factor(root)


def prove_plateau(threshold: sp.Expr | None = None) -> Proof:
    r"""S5: the plateau by cases, and its condition `a (1 - 4 tau) > 2 p` (`threshold`: another a)."""
    stated = 2 * p / (1 - 4 * tau) if threshold is None else threshold
    shares = [sp.Rational(k, 20) for k in (1, 3, 18)]
    pairs = [(one, other) for one in shares for other in shares if one + other != 1]
    limits = {pair: plateau(tau, *pair) for pair in pairs}
    slope = sp.factor(sp.diff(signal_share(), a))
    return checked(
        (
            (
                r"Late, a flipped sample's mass $(1+c_y)\ln s$ exceeds $\gamma_y$: a test point that "
                r"repeats it is wrong under "
                r"one of the two labels.",
                all(vanishes(limits[pair] - tau / 2) for pair in pairs if sum(pair) > 1),
            ),
            (
                r"A clean sample of class $y$ overrules the other class's signal iff $1-c_y > c_{-y}$: one "
                r"condition, "
                r"$c_+ + c_- < 1$, for both classes.",
                all(vanishes(limits[pair] - limits[pair[::-1]]) for pair in pairs),
            ),
            (
                r"So the plateau is $\hat\tau/2$ for $c_+ + c_- > 1$ and $\hat\tau/2 + (1-\hat\tau)/2 = "
                r"1/2$ otherwise.",
                all(vanishes(limits[pair] - sp.Rational(1, 2)) for pair in pairs if sum(pair) < 1),
            ),
            (
                rf"Balanced classes, equal rates: $c = {sp.latex(signal_share())}$ grows with $a$ and "
                rf"reaches 1/2 at "
                rf"$a = {sp.latex(plateau_threshold())}$ (for $\tau < 1/4$): the condition is $a(1-4\tau) "
                rf"> 2p$.",
                vanishes(signal_share() - a * (1 - 2 * tau) / (a + 2 * p))
                and positive(slope)
                and vanishes(2 * signal_share().subs(a, stated) - 1),
            ),
        )
    )
