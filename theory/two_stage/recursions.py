r"""The two exact recursions of gradient descent: as stated, as numpy functions, and derived.

`gamma_term` and `rho_term` below are the only places where the recursions are written down. The proofs
compare them with the gradient of `theory.two_stage.network`; the numeric functions evaluate them as they
stand. A change of either term shows in both.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Proof
from theory.two_stage.closure import prove_closure, prove_decomposition_unique
from theory.two_stage.network import SIDES, SymbolicNetwork, active, gradient_update
from theory.two_stage.symbols import eta, m, mu_norm, n
from theory.two_stage.terms import (
    TERM_SYMBOLS,
    evaluate_at,
    evaluate_term,
    j,
    l_prime,
    noise_active,
    require_trailing,
    signal_active,
    xi_norm,
    y,
    y_observed,
)

__all__ = [
    "TERM_SYMBOLS",
    "gamma_increment",
    "gamma_term",
    "j",
    "l_prime",
    "noise_active",
    "prove_closure",
    "prove_conservation",
    "prove_decomposition_unique",
    "prove_gamma_recursion",
    "prove_rho_recursion",
    "rho_increment",
    "rho_term",
    "signal_active",
    "xi_norm",
    "y",
    "y_observed",
]

Floats = NDArray[np.float64]

# Sample i's share of gamma_{j,r}^(t+1) - gamma_{j,r}^(t): clean samples push up, noisy ones pull down.
gamma_term: sp.Expr = -(eta * mu_norm**2 / (n * m)) * l_prime * signal_active * y * y_observed

# rho_{j,r,i}^(t+1) - rho_{j,r,i}^(t): up on the label's side (j = y~_i), down on the other.
rho_term: sp.Expr = -(eta * xi_norm**2 / (n * m)) * l_prime * noise_active * j * y_observed


# Numeric evaluation -------------------------------------------------------------------------------


def _side() -> Floats:
    return np.array(SIDES, dtype=np.float64)[:, None, None]


def gamma_increment(
    loss_derivative: Floats,
    signal_products: Floats,
    y: Floats,
    y_observed: Floats,
    eta: float,
    m: int,
    mu_norm_sq: float,
    term: sp.Expr | None = None,
) -> Floats:
    r"""`gamma^(t+1) - gamma^(t)`, the sum over samples of `gamma_term`.

    Args:
        loss_derivative: `l'_i = ell'(y~_i f_i)`, (..., n).
        signal_products: `<w_{j,r}, mu>`, (..., 2, m); index 0 of the side axis is j = +1.
        y, y_observed: labels in {-1, +1}, (n,).
        eta, m, mu_norm_sq: step size, filters a side, `|mu|^2`.
        term: another expression in `TERM_SYMBOLS`, to test a different recursion.

    Returns:
        (..., 2, m), coefficient units. Leading axes are independent steps or runs.

    Raises:
        ValueError: naming the array of wrong shape, or a symbol of `term` that has no value.

    >>> gamma_increment(np.array([-0.5]), np.array([[1.0], [-1.0]]), np.ones(1), np.ones(1), 0.1, 1, 4.0)
    array([[0.2],
           [0. ]])
    """
    count = len(y)
    require_trailing("loss_derivative", loss_derivative, (count,))
    require_trailing("signal_products", signal_products, (2, m))
    require_trailing("y_observed", y_observed, (count,))
    values = {
        "l_prime": loss_derivative[..., None, None, :],
        "signal_active": (signal_products[..., None] * y > 0).astype(np.float64),
        "y": y,
        "y_observed": y_observed,
        "j": _side(),
        "mu_norm": np.sqrt(mu_norm_sq),
        "eta": eta,
        "n": count,
        "m": m,
    }
    shape = (*signal_products.shape, count)
    shares = evaluate_term(gamma_term if term is None else term, shape, values)
    return np.asarray(shares.sum(axis=-1))


def rho_increment(
    loss_derivative: Floats,
    noise_products: Floats,
    y_observed: Floats,
    eta: float,
    m: int,
    xi_norm_sq: Floats,
    term: sp.Expr | None = None,
    y: Floats | None = None,
) -> Floats:
    r"""`rho^(t+1) - rho^(t)`, which is `rho_term` sample by sample.

    Args:
        loss_derivative: `l'_i = ell'(y~_i f_i)`, (..., n).
        noise_products: `<w_{j,r}, xi_i>`, (..., 2, m, n); index 0 of the side axis is j = +1.
        y_observed: observed labels, (n,).
        eta, m: step size, filters a side.
        xi_norm_sq: `|xi_i|^2`, (n,).
        term: another expression in `TERM_SYMBOLS`, to test a different recursion.
        y: true labels, (n,); needed only by a `term` that contains them.

    Returns:
        (..., 2, m, n), coefficient units.

    Raises:
        ValueError: naming the array of wrong shape, or a symbol of `term` that has no value.
    """
    count = len(y_observed)
    require_trailing("loss_derivative", loss_derivative, (count,))
    require_trailing("noise_products", noise_products, (2, m, count))
    require_trailing("xi_norm_sq", xi_norm_sq, (count,))
    values = {
        "l_prime": loss_derivative[..., None, None, :],
        "noise_active": (noise_products > 0).astype(np.float64),
        "y_observed": y_observed,
        "j": _side(),
        "xi_norm": np.sqrt(xi_norm_sq),
        "eta": eta,
        "n": count,
        "m": m,
    }
    if y is not None:
        require_trailing("y", y, (count,))
        values["y"] = y
    return evaluate_term(rho_term if term is None else term, noise_products.shape, values)


# Derivation ---------------------------------------------------------------------------------------


def _named_sample(network: SymbolicNetwork, side: int, r: int, i: int) -> dict[str, Any]:
    return {
        "l_prime": network.loss_derivative(i),
        "signal_active": network.signal_active(side, r, i),
        "noise_active": network.noise_active(side, r, i),
        "y": network.y[i],
        "y_observed": network.y_observed[i],
        "j": side,
        "mu_norm": sp.sqrt(network.mu_norm_sq),
        "xi_norm": sp.sqrt(network.xi_norm_sq(i)),
        "n": network.n,
        "m": network.m,
    }


def _opening(network: SymbolicNetwork, component: sp.Expr, exact: bool) -> tuple[str, ...]:
    network_step = (
        rf"Network with n = {network.n} samples, m = {network.m} filters a side, d = {network.d}, every "
        r"entry a free symbol: $f(W,x_i) = \sum_{j=\pm1} \frac{j}{m} \sum_r [\mathrm{relu}(\langle w_{j,r},"
        r" y_i\mu\rangle) + \mathrm{relu}(\langle w_{j,r},\xi_i\rangle)]$, "
        r"$L = \frac1n \sum_i \ell(\tilde y_i f(W,x_i))$."
    )
    gradient_step = (
        r"Differentiate, with $\mathrm{relu}'(x) = \mathbb{1}[x>0]$ and $\ell'_i = \ell'(\tilde y_i f_i)$ "
        rf"opaque. First entry of $-\eta\,\partial L/\partial w_{{+1,1}}$: ${sp.latex(component)}$."
    )
    span = (
        r"$-\eta\,\partial L/\partial w_{j,r} = j\,\Delta\gamma_{j,r}\,\mu/\|\mu\|^2 "
        r"+ \sum_i \Delta\rho_{j,r,i}\,\xi_i/\|\xi_i\|^2$"
    )
    span_step = (
        r"Every entry k is the same combination of $\mu_k$ and $\xi_{1,k},\dots,\xi_{n,k}$ and nothing is "
        f"left over, so {span}; no orthogonality of the patches is used."
        if exact
        else f"The gradient is NOT of the form {span}."
    )
    return network_step, gradient_step, span_step


def _closing(holds: bool, formula: str, cases: int) -> str:
    if holds:
        return f"Derived minus stated vanishes identically in all {cases} cases: ${formula}$."
    return f"Derived minus stated does NOT vanish; stated: ${formula}$."


def prove_gamma_recursion(n: int = 2, m: int = 2, d: int = 3, stated: sp.Expr | None = None) -> Proof:
    r"""Derive `gamma_{j,r}^(t+1) - gamma_{j,r}^(t)` from the gradient and compare with `gamma_term`
    (or another `stated` term).

    Holds when the difference vanishes identically in all symbols, for every (j, r).

    Source: Han et al. 2025, section 5 (signal-noise decomposition).
    """
    term = gamma_term if stated is None else stated
    network = SymbolicNetwork(n, m, d)
    updates = {(side, r): gradient_update(network, side, r) for side in SIDES for r in range(m)}
    exact = all(u.exact for u in updates.values())
    holds = exact
    for (side, r), update in updates.items():
        total = sp.Add(*(evaluate_at(term, _named_sample(network, side, r, i)) for i in range(n)))
        holds = holds and sp.expand(update.gamma - total) == 0
    first = updates[1, 0]
    formula = (
        r"\gamma_{j,r}^{(t+1)} - \gamma_{j,r}^{(t)} = "
        rf"\sum_{{i=1}}^{{n}} \left({sp.latex(term)}\right)"
    )
    read = (
        r"The coefficient of $\mu_k$, times $\|\mu\|^2/j$: "
        rf"$\Delta\gamma_{{+1,1}} = {sp.latex(sp.factor(first.gamma))}$."
    )
    steps = (*_opening(network, first.component, exact), read, _closing(holds, formula, len(updates)))
    return Proof(holds, steps)


def prove_rho_recursion(n: int = 2, m: int = 2, d: int = 3, stated: sp.Expr | None = None) -> Proof:
    r"""Derive `rho_{j,r,i}^(t+1) - rho_{j,r,i}^(t)` from the gradient and compare with `rho_term` (or
    another `stated` term).

    Holds when the difference vanishes identically in all symbols, for every (j, r, i).

    Source: Han et al. 2025, section 5 (signal-noise decomposition).
    """
    term = rho_term if stated is None else stated
    network = SymbolicNetwork(n, m, d)
    updates = {(side, r): gradient_update(network, side, r) for side in SIDES for r in range(m)}
    exact = all(u.exact for u in updates.values())
    holds = exact
    for (side, r), update in updates.items():
        for i, derived in enumerate(update.rho):
            named = evaluate_at(term, _named_sample(network, side, r, i))
            holds = holds and sp.expand(derived - named) == 0
    first = updates[1, 0]
    formula = rf"\rho_{{j,r,i}}^{{(t+1)}} - \rho_{{j,r,i}}^{{(t)}} = {sp.latex(term)}"
    read = (
        r"The coefficient of $\xi_{i,k}$, times $\|\xi_i\|^2$: "
        rf"$\Delta\rho_{{+1,1,1}} = {sp.latex(sp.factor(first.rho[0]))}$."
    )
    steps = (*_opening(network, first.component, exact), read, _closing(holds, formula, len(updates) * n))
    return Proof(holds, steps)


def prove_conservation(n: int = 2, steps: int = 3) -> Proof:
    r"""The recursions telescope while activation patterns stay constant.

    With `G_i = (eta/(n m)) sum_t (-l'_i(t))`: `gamma_{j,r} = |mu|^2 sum_{i: sign<w_{j,r},mu> = y_i} y_i y~_i
    G_i`; and `rhobar_{j,r,i} = |xi_i|^2 G_i` for a filter on side j = y~_i that is active on i throughout.
    Label and sign patterns are enumerated; the loss derivatives of all steps are free symbols.

    Source: derived here, from `gamma_term` and `rho_term`.
    """
    times = range(steps)
    slopes = [[sp.Symbol(rf"\ell'_{{{i + 1}}}({t})", real=True) for t in times] for i in range(n)]
    G = [-(eta / (n * m)) * sp.Add(*row) for row in slopes]

    def accumulated(term: sp.Expr, i: int, **values: sp.Expr) -> sp.Expr:
        at_steps = (evaluate_at(term, {"n": n, "l_prime": x, **values}) for x in slopes[i])
        return sp.Add(*at_steps)

    gamma_holds = rho_holds = combined_holds = True
    for labels in product(SIDES, repeat=2 * n):
        y, y_observed = labels[:n], labels[n:]
        rhobar = [
            accumulated(rho_term, i, noise_active=1, j=y_observed[i], y=y[i], y_observed=y_observed[i])
            for i in range(n)
        ]
        rho_holds &= all(sp.expand(rhobar[i] - xi_norm**2 * G[i]) == 0 for i in range(n))
        for side, sign in product(SIDES, SIDES):
            gamma = sp.Add(
                *(
                    accumulated(
                        gamma_term,
                        i,
                        signal_active=active(y[i] * sign),
                        j=side,
                        y=y[i],
                        y_observed=y_observed[i],
                    )
                    for i in range(n)
                )
            )
            aligned = [i for i in range(n) if y[i] == sign]
            claimed = mu_norm**2 * sp.Add(*(y[i] * y_observed[i] * G[i] for i in aligned))
            gamma_holds &= sp.expand(gamma - claimed) == 0
            read = sp.Add(*(y[i] * y_observed[i] * rhobar[i] / xi_norm**2 for i in aligned))
            combined_holds &= sp.expand(gamma / mu_norm**2 - read) == 0

    def word(holds: bool) -> str:
        return "holds" if holds else "does NOT hold"

    return Proof(
        bool(gamma_holds and rho_holds and combined_holds),
        (
            rf"Sum the stated recursions over {steps} steps with free loss derivatives, n = {n}, every label "
            r"pattern; $G_i = \frac{\eta}{nm}\sum_{t'} (-\ell'_i(t'))$.",
            r"A filter with constant sign of $\langle w_{j,r},\mu\rangle$: $\gamma_{j,r} = \|\mu\|^2 "
            r"\sum_{i:\,\mathrm{sign}\langle w_{j,r},\mu\rangle = y_i} y_i\tilde y_i\,G_i$ "
            f"{word(gamma_holds)}.",
            r"A filter on side $j=\tilde y_i$ active on i throughout: $\bar\rho_{j,r,i} = \|\xi_i\|^2 G_i$ "
            f"{word(rho_holds)}.",
            r"Together, for any $r'$ on side $\tilde y_i$ active on i throughout: $\gamma_{j,r}/\|\mu\|^2 = "
            r"\sum_i y_i\tilde y_i\,\bar\rho_{\tilde y_i,r',i}/\|\xi_i\|^2$ over the same i "
            f"{word(combined_holds)}.",
        ),
    )
