r"""The limit dynamics of one class, derived from the stated recursions; whether Stage I exists.

The limit: `d >> n` (no cross-talk, equal patch norms), every filter aligned with the signal, a share `p` of
the label-side filters active on every noise patch, step `h -> 0`. Letters: `a = n SNR^2` (here one symbol;
for a class of `n_y` samples read `a_y = 2 a n_y/n`), `tau` the class's flip rate, `rho_c`, `rho_n` the
coefficient of an active label-side filter on a clean or noisy sample, `gamma` the signal coefficient,
`g(z) = 1/(1 + e^z)`. Derivation in words: `docs/derivations/limit_dynamics.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sympy as sp

from theory.claim import Proof
from theory.proof import checked, vanishes
from theory.two_stage.network import SIDES
from theory.two_stage.recursions import gamma_term, rho_term
from theory.two_stage.symbols import d as dimension
from theory.two_stage.symbols import h, m, n, p, sigma_xi, tau
from theory.two_stage.terms import evaluate_at

__all__ = [
    "Coordinates",
    "a",
    "coordinates",
    "derived_head_start",
    "derived_stage_one_threshold",
    "initial_push",
    "margin",
    "noise_rate",
    "positive",
    "prove_flow",
    "prove_head_start",
    "prove_invariant",
    "prove_stage_one",
    "real_logarithms",
    "signal_invariant",
    "signal_rate",
]

a = sp.Symbol("a", positive=True)
rho_c = sp.Symbol(r"\rho_c", positive=True)
rho_n = sp.Symbol(r"\rho_n", positive=True)
gamma = sp.Symbol(r"\gamma", positive=True)
slope_c = sp.Symbol("g(M_c)", positive=True)
slope_n = sp.Symbol("g(M_n)", positive=True)

# A flip rate strictly between 0 and 1/2: tau = 1/(2 + v), v > 0.
_BELOW_HALF = {tau: 1 / (2 + sp.Symbol("v", positive=True))}

# One step of clock h: eta = h n m/(sigma_xi^2 d), and the norms that a and d >> 1 imply.
_LIMIT = {
    "eta": h * n * m / (sigma_xi**2 * dimension),
    "mu_norm": sigma_xi * sp.sqrt(a * dimension / n),
    "xi_norm": sigma_xi * sp.sqrt(dimension),
}


def positive(expr: sp.Expr) -> bool:
    """Whether an expression is surely > 0 for all flip rates between 0 and 1/2.

    >>> positive(1 - 2 * tau), positive(1 - 3 * tau)
    (True, False)
    """
    top, bottom = (sp.expand(part) for part in sp.fraction(sp.cancel(sp.together(expr.subs(_BELOW_HALF)))))
    return bool(top.is_positive and bottom.is_positive) or bool(top.is_negative and bottom.is_negative)


def real_logarithms(expr: sp.Expr) -> sp.Expr:
    """The expression with its logarithms expanded for flip rates between 0 and 1/2.

    >>> sp.simplify(real_logarithms(sp.log((1 - tau) / tau) + sp.log(tau) - sp.log(1 - tau)))
    0
    """
    inside = expr.subs(_BELOW_HALF).replace(sp.log, lambda z: sp.log(sp.factor(z)))
    return sp.expand_log(inside, force=True)


# The flow ---------------------------------------------------------------------------------------------


def _class_symbols(label: int) -> dict[str, sp.Symbol]:
    sign = "+" if label > 0 else "-"
    names = {"count": "n", "rate": r"\tau", "clean": "g_c", "noisy": "g_n"}
    return {key: sp.Symbol(f"{name}_{sign}", positive=True) for key, name in names.items()}


def signal_rate(side: int, term: sp.Expr | None = None) -> sp.Expr:
    r"""`d gamma_{j,r}/ds` on side j: the recursion's sum over both classes, for aligned filters.

    Aligned: `j <w_{j,r}, mu> > 0`, so `<w_{j,r}, y_i mu> > 0` exactly for `y_i = j`. Class y has `n_y`
    samples, flip rate `tau_y` and slopes `-l' = g_c, g_n` on its clean and noisy samples.
    """
    total = sp.Integer(0)
    for label in SIDES:
        own = _class_symbols(label)
        for observed, share, slope in (
            (label, 1 - own["rate"], own["clean"]),
            (-label, own["rate"], own["noisy"]),
        ):
            values = {
                "l_prime": -slope,
                "signal_active": 1 if label * side > 0 else 0,
                "y": label,
                "y_observed": observed,
                "j": side,
                **_LIMIT,
            }
            one = evaluate_at(gamma_term if term is None else term, values)
            total += own["count"] * share * one
    return sp.simplify(total / h)


def noise_rate(slope: sp.Expr = slope_c, term: sp.Expr | None = None) -> sp.Expr:
    """`d rho/ds` of an active label-side filter on a sample with slope `-l' = slope`."""
    values = {"l_prime": -slope, "noise_active": 1, "j": 1, "y": 1, "y_observed": 1, **_LIMIT}
    return sp.simplify(evaluate_at(rho_term if term is None else term, values) / h)


def margin(flipped: bool, label: int = 1) -> sp.Expr:
    r"""The margin `y~ f` of a sample of true label `label`, from the network's forward pass.

    `f = sum_j j [relu(y j gamma) + P_j]`: an aligned filter sees `<w_{j,r}, y mu> = y j gamma`; the
    label side has mean noise response `p rho`, the other side none.
    """
    observed = -label if flipped else label
    rho = rho_n if flipped else rho_c
    f = sp.Integer(0)
    for side in SIDES:
        response = p * sp.Max(rho, 0) if side == observed else sp.Integer(0)
        f += side * (sp.Max(label * side * gamma, 0) + response)
    return sp.expand(observed * f)


def prove_flow(gamma_recursion: sp.Expr | None = None, rho_recursion: sp.Expr | None = None) -> Proof:
    r"""The recursions become `rho' = g(M)`, `gamma_y' = (a_y/2)[(1-tau_y) g(M_c) - tau_y g(M_n)]`.

    Pass other terms to see the proof fail. Source: derived here.
    """
    steps = []
    decoupled = matches = True
    for side in SIDES:
        rate = signal_rate(side, gamma_recursion)
        own, other = _class_symbols(side), _class_symbols(-side)
        decoupled &= not rate.free_symbols & set(other.values())
        a_y = 2 * a * own["count"] / n
        stated = a_y / 2 * ((1 - own["rate"]) * own["clean"] - own["rate"] * own["noisy"])
        matches &= vanishes(rate - stated)
    steps.append(
        (
            r"Put $\eta = h\,nm/(\sigma_\xi^2 d)$, $\|\mu\|^2 = a\sigma_\xi^2 d/n$, $\|\xi_i\|^2 = "
            r"\sigma_\xi^2 d$, "
            r"$-\ell'_i = g(M_i)$ into the recursions. An aligned filter of side $j$ is active on $y_i\mu$ "
            r"for "
            r"$y_i = j$ only, so $\gamma_j$ reads class $j$ alone: the classes decouple.",
            bool(decoupled),
        )
    )
    steps.append(
        (
            r"$\gamma_y' = \frac{a_y}{2}[(1-\tau_y)\,g(M_c) - \tau_y\,g(M_n)]$ with $a_y = 2a\,n_y/n$.",
            bool(matches),
        )
    )
    steps.append(
        (
            r"$\rho_c' = g(M_c)$, $\rho_n' = g(M_n)$ for an active label-side filter.",
            all(vanishes(noise_rate(slope, rho_recursion) - slope) for slope in (slope_c, slope_n)),
        )
    )
    clean, noisy = ([margin(flipped, label) for label in SIDES] for flipped in (False, True))
    steps.append(
        (
            rf"Forward pass: $M_c = {sp.latex(clean[0])}$, $M_n = {sp.latex(noisy[0])}$, in both classes.",
            all(vanishes(x - (gamma + p * rho_c)) for x in clean)
            and all(vanishes(x - (p * rho_n - gamma)) for x in noisy),
        )
    )
    return checked(steps)


# The head start ---------------------------------------------------------------------------------------


@cache
def derived_head_start() -> sp.Expr:
    r"""`b(rho) = iota [1/sqrt(2 pi) - psi(rho/iota)]`, `psi(x) = phi(x) - x (1 - Phi(x))`, by integration.

    A filter's initial product with the patch is `iota Z`, Z standard normal. Of the filters with
    `Z > 0` the label side keeps `iota Z` on top of its coefficient, mean `iota E[Z_+]`; the other side
    loses the coefficient and keeps `E[(iota Z - rho)_+]`.
    """
    z = sp.Symbol("z", real=True)
    x = sp.Symbol("x", positive=True)
    phi = sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)
    # By parts: sympy's general methods take twice as long.
    kept = sp.integrate(z * phi, (z, 0, sp.oo), manual=True)
    lost = sp.integrate((z - x) * phi, (z, x, sp.oo), manual=True)
    rho = sp.Symbol(r"\rho", positive=True)
    start = sp.Symbol("iota", positive=True)
    return sp.simplify(start * (kept - lost.subs(x, rho / start)))


def prove_head_start(stated: sp.Expr | None = None) -> Proof:
    r"""`b(rho)` by integration against the stated formula; `b(0) = 0`, `b(oo) = iota/sqrt(2 pi)`."""
    rho, start = sp.Symbol(r"\rho", positive=True), sp.Symbol("iota", positive=True)
    derived = derived_head_start()
    x = rho / start
    density = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    tail = sp.erfc(x / sp.sqrt(2)) / 2
    formula = start * (1 / sp.sqrt(2 * sp.pi) - (density - x * tail)) if stated is None else stated
    return checked(
        (
            (
                r"$b(\rho) = E[(\iota Z)_+] - E[(\iota Z-\rho)_+] = \iota[1/\sqrt{2\pi} - "
                r"\psi(\rho/\iota)]$ with "
                r"$\psi(x) = \varphi(x) - x(1-\Phi(x))$.",
                vanishes((derived - formula).rewrite(sp.erf)),
            ),
            (
                r"$b(0) = 0$ and $b(\infty) = \iota/\sqrt{2\pi}$.",
                vanishes(sp.limit(derived, rho, 0))
                and vanishes(sp.limit(derived, rho, sp.oo) - start / sp.sqrt(2 * sp.pi)),
            ),
        )
    )


# Eliminating gamma ------------------------------------------------------------------------------------


def signal_invariant() -> sp.Expr:
    """`gamma = (a/2)[(1 - tau) rho_c - tau rho_n]`, by integrating the flow from 0.

    With `rho_c' = g(M_c)` and `rho_n' = g(M_n)` the rate of gamma is linear in the two slopes.
    """
    own = _class_symbols(1)
    one_class = {own["count"]: n / 2, own["rate"]: tau}
    rate = signal_rate(1).subs(one_class)
    return sp.factor(
        sp.expand(rate).coeff(own["clean"]) * rho_c + sp.expand(rate).coeff(own["noisy"]) * rho_n
    )


@dataclass(frozen=True)
class Coordinates:
    """`M_c = alpha rho_c - beta rho_n`, `M_n = delta rho_n - kappa rho_c`, `Delta = alpha delta -
    beta kappa`.
    """

    alpha: sp.Expr
    beta: sp.Expr
    delta: sp.Expr
    kappa: sp.Expr
    Delta: sp.Expr


@cache
def coordinates() -> Coordinates:
    """The coefficients of the margins after gamma is eliminated, read off the forward pass."""
    clean, noisy = (sp.expand(margin(flipped).subs(gamma, signal_invariant())) for flipped in (False, True))
    alpha, beta = clean.coeff(rho_c), -clean.coeff(rho_n)
    delta, kappa = noisy.coeff(rho_n), -noisy.coeff(rho_c)
    return Coordinates(alpha, beta, delta, kappa, sp.factor(alpha * delta - beta * kappa))


def prove_invariant(stated: Coordinates | None = None) -> Proof:
    r"""The elimination of gamma and the five constants. Source: derived here."""
    found = coordinates()
    wanted = stated or Coordinates(
        a * (1 - tau) / 2 + p, a * tau / 2, p + a * tau / 2, a * (1 - tau) / 2, p * (p + a / 2)
    )
    M_c, M_n = sp.symbols("M_c M_n", real=True)
    solved = sp.solve(
        [found.alpha * rho_c - found.beta * rho_n - M_c, found.delta * rho_n - found.kappa * rho_c - M_n],
        [rho_c, rho_n],
    )
    return checked(
        (
            (
                rf"$\gamma' $ is linear in $\rho_c', \rho_n'$ and all start at 0: $\gamma = "
                rf"{sp.latex(signal_invariant())}$.",
                vanishes(signal_invariant() - a / 2 * ((1 - tau) * rho_c - tau * rho_n)),
            ),
            (
                r"$M_c = \alpha\rho_c - \beta\rho_n$, $M_n = \delta\rho_n - \kappa\rho_c$ with "
                rf"$\alpha = {sp.latex(found.alpha)}$, $\beta = {sp.latex(found.beta)}$, "
                rf"$\delta = {sp.latex(found.delta)}$, $\kappa = {sp.latex(found.kappa)}$.",
                all(
                    vanishes(getattr(found, name) - getattr(wanted, name))
                    for name in ("alpha", "beta", "delta", "kappa")
                ),
            ),
            (
                rf"$\Delta = \alpha\delta - \beta\kappa = {sp.latex(found.Delta)}$.",
                vanishes(found.Delta - wanted.Delta),
            ),
            (
                r"Solving back: $\Delta\rho_c = \delta M_c + \beta M_n$ and $\Delta\rho_n = \kappa M_c + "
                r"\alpha M_n$.",
                vanishes(wanted.Delta * solved[rho_c] - wanted.delta * M_c - wanted.beta * M_n)
                and vanishes(wanted.Delta * solved[rho_n] - wanted.kappa * M_c - wanted.alpha * M_n),
            ),
        )
    )


# S1: Stage I ------------------------------------------------------------------------------------------


def initial_push() -> sp.Expr:
    """`dM_n/ds` at s = 0, where every slope is `g(0) = 1/2`."""
    c = coordinates()
    return sp.factor((c.delta - c.kappa) / 2)


def derived_stage_one_threshold(p: sp.Expr = p, tau: sp.Expr = tau) -> sp.Expr:
    """The `a` at which noisy samples are first pushed neither way: `2 p/(1 - 2 tau)`, by solving."""
    (root,) = sp.solve(initial_push(), a)
    return root.subs({sp.Symbol("p", positive=True): p, sp.Symbol("tau", nonnegative=True): tau})


def prove_stage_one(stated: sp.Expr | None = None) -> Proof:
    r"""Stage I exists iff `a (1 - 2 tau) > 2 p` (`stated`: another threshold for a). Source: derived here."""
    c = coordinates()
    threshold = 2 * p / (1 - 2 * tau) if stated is None else stated
    excess = sp.Symbol("e", positive=True)
    push = initial_push()
    above = -push.subs(a, threshold + excess)
    below = push.subs(a, threshold / (1 + excess))
    # At the threshold M_n'' = -kappa g'(0) M_c', with M_c' = (alpha - beta)/2 and g'(0) = -1/4.
    second = (c.kappa * (c.alpha - c.beta) / 8).subs(a, threshold)
    returned = sp.solve(c.delta * rho_n - c.kappa * rho_c, rho_n)[0]
    return checked(
        (
            (
                rf"At $s=0$ both slopes are 1/2, so $M_n'(0) = (\delta-\kappa)/2 = {sp.latex(push)}$, zero "
                rf"at "
                rf"$a = {sp.latex(derived_stage_one_threshold())}$.",
                vanishes(push.subs(a, threshold)),
            ),
            (
                r"For $\tau < 1/2$ it is negative above that $a$ (noisy samples move toward their TRUE "
                r"label first) "
                r"and positive below.",
                positive(above) and positive(below),
            ),
            (
                r"At the threshold itself $M_n'(0)=0$ and $M_n''(0) = \kappa M_c'(0)/4 > 0$.",
                positive(second),
            ),
            (
                r"At or below it $M_n > 0$ for all $s>0$: at a first return to 0, $\Delta\rho_n = \kappa "
                r"M_c$ gives "
                r"$M_c > 0$, hence $M_n' = \delta/2 - \kappa g(M_c) > (\delta-\kappa)/2 \geq 0$: no "
                r"return.",
                vanishes((c.alpha * rho_c - c.beta * rho_n).subs(rho_n, returned) - c.Delta * rho_c / c.delta)
                and positive(c.Delta / c.delta),
            ),
            (
                r"Filter by filter: $\gamma' = a(1-2\tau)/4$ against $\rho' = 1/2$ at $s=0$, so $\gamma > "
                r"\bar\rho$ first "
                r"needs $a(1-2\tau) > 2$, the case $p = 1$.",
                vanishes(
                    signal_invariant().subs({rho_c: sp.Rational(1, 2), rho_n: sp.Rational(1, 2)})
                    - sp.Rational(1, 2)
                    + initial_push().subs(p, 1)
                ),
            ),
        )
    )
