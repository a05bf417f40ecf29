r"""The recursion, the decomposition and the closure for symbolic n, m and d: sums stay sums.

`theory.two_stage.recursions` and `closure` write networks of given sizes out. Here a filter is an indexed
vector `w_k`, k = 1..d, and the data are indexed by the sample, i = 1..n; what is proved holds for all sizes.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from theory.claim import Claim, Proof
from theory.proof import checked
from theory.rng import generator
from theory.rules import Derived
from theory.two_stage.experiments import EXACT
from theory.two_stage.run import Run
from theory.two_stage.sources import here

__all__ = ["CLAIMS", "prove_any_size"]

n, m, d = sp.symbols("n m d", integer=True, positive=True)
i, k, c, q = sp.symbols("i k c q", integer=True, positive=True)
eta, j = sp.symbols("eta j", real=True)
w, mu, xi = sp.IndexedBase("w"), sp.IndexedBase("mu"), sp.IndexedBase("xi")
y, seen, slope = sp.IndexedBase("y"), sp.IndexedBase("ytilde"), sp.IndexedBase("lprime")
on_signal, on_noise = sp.IndexedBase("a"), sp.IndexedBase("b")
_mu2, _xi2 = sp.IndexedBase("normmu"), sp.IndexedBase("normxi")


def _product(vector: sp.Expr) -> sp.Expr:
    """`<w, x> = sum_k w_k x_k` for a vector given by its component k."""
    return sp.Sum(w[k] * vector, (k, 1, d))


def _component(product: sp.Expr) -> sp.Expr:
    """`d <w, x> / d w_c`, for 1 <= c <= d."""
    found = sp.diff(product, w[c]).doit()
    return found.args[0][0] if isinstance(found, sp.Piecewise) else found


def _step() -> sp.Expr:
    """`-eta dL/dw_{j,r,c}` with the slopes l'_i and the indicators kept as they are: the sum over samples."""
    signal = _component(_product(y[i] * mu[k]))
    noise = _component(_product(xi[i, k]))
    term = slope[i] * seen[i] * j / m * (on_signal[i] * signal + on_noise[i] * noise)
    return -eta / n * sp.Sum(term, (i, 1, n))


def _decomposed(gamma_sign: int = -1, rho_sign: int = -1) -> sp.Expr:
    """`j dgamma mu_c/|mu|^2 + sum_i drho_i xi_{i,c}/|xi_i|^2` with the stated increments."""
    norm = sp.Symbol("M", positive=True)
    increments = gamma_sign * eta * norm / (n * m) * slope[i] * on_signal[i] * y[i] * seen[i]
    shares = rho_sign * eta * _xi2[i] / (n * m) * slope[i] * on_noise[i] * j * seen[i]
    return sp.Sum(j * increments * mu[c] / norm, (i, 1, n)) + sp.Sum(shares * xi[i, c] / _xi2[i], (i, 1, n))


def _same(one: sp.Expr, other: sp.Expr) -> bool:
    """Whether two sums agree term by term, however many terms they have."""

    def term(expr: sp.Expr) -> sp.Expr:
        total: sp.Expr = sp.Integer(0)
        for part in sp.Add.make_args(sp.expand(expr)):
            (inner,) = part.atoms(sp.Sum)
            total += part.subs(inner, inner.function)
        return sp.expand(total)

    return bool(sp.simplify(term(one) - term(other)) == 0)


def _closed() -> tuple[sp.Expr, sp.Expr]:
    """What sample i adds to `<w, v_q>` of a decomposed filter: by components, and `C_i K_{i,q}/K_{i,i}`."""
    C, v, K = sp.IndexedBase("C"), sp.IndexedBase("v"), sp.IndexedBase("K")
    added = sp.Sum(C[i] * v[i, k] / K[i, i] * v[q, k], (k, 1, d))
    return added, C[i] / K[i, i] * sp.Sum(v[i, k] * v[q, k], (k, 1, d))


def prove_any_size(gamma_sign: int = -1, rho_sign: int = -1) -> Proof:
    """Both recursions and the closure for symbolic sizes (`gamma_sign`, `rho_sign`: other signs)."""
    step = _step()
    T, t = sp.symbols("T t", integer=True, positive=True)
    G = sp.IndexedBase("G")
    telescoped = sp.Sum(G[t + 1] - G[t], (t, 0, T - 1))
    return checked(
        (
            (
                r"$\partial\langle w, x\rangle/\partial w_c = x_c$ for a sum over $d$ components, any $d$.",
                sp.simplify(_component(_product(xi[i, k])) - xi[i, c]) == 0
                and sp.simplify(_component(_product(y[i] * mu[k])) - y[i] * mu[c]) == 0,
            ),
            (
                r"So a step moves $w_{j,r}$ by $-\frac\eta{nm}\sum_i \ell'_i\tilde y_i\,j\,(1[\cdot]y_i\mu + "
                r"1[\cdot]\xi_i)$: in the span of the patches, with the coefficients' stated increments, for "
                r"any $n, m, d$.",
                _same(step, _decomposed(gamma_sign, rho_sign)),
            ),
            (
                r"$\langle\sum_i C_i v_i/K_{ii}, v_q\rangle = \sum_i C_i K_{iq}/K_{ii}$: $A = A^{(0)} + "
                r"CD^{-1}K$ for any $n, m, d$.",
                _same(*_closed()),
            ),
            (
                r"While a pattern is unchanged the increments telescope: $\sum_{t<T}(G_{t+1} - G_t) = G_T - "
                r"G_0$, any $T$.",
                _telescopes(telescoped, G, T),
            ),
        )
    )


def _telescopes(total: sp.Sum, G: sp.IndexedBase, T: sp.Symbol) -> bool:
    """By induction on T: 0 at T = 0, and one more term at T + 1."""
    closed = G[T] - G[0]
    more = total.function.subs(total.variables[0], T)
    return bool(closed.subs(T, 0) == 0 and sp.simplify(closed.subs(T, T + 1) - closed - more) == 0)


def _closure_in_numbers(run: Run) -> float:
    """The closure for random coefficients, filters and patches of the setting's sizes: relative residual."""
    s, rng = run.setting, generator(run.seed, "closure in numbers")
    V = rng.standard_normal((s.d, s.n + 1))
    W0, C = rng.standard_normal((2 * s.m, s.d)), rng.standard_normal((2 * s.m, s.n + 1))
    K = V.T @ V
    shares = C / np.diag(K)
    products = (W0 + shares @ V.T) @ V
    return float(np.max(np.abs(products - (W0 @ V + shares @ K))) / np.max(np.abs(products)))


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="two_stage.any_size",
        source=here("docs/derivations/recursions.md"),
        provenance="derived",
        statement=r"The recursions of $\gamma$ and $\rho$, the decomposition, the closure $A = A^{(0)} + "
        r"CD^{-1}K$ and the conservation hold for every $n$, $m$ and $d$",
        rule=Derived("symbolic n, m, d", factor=1024.0),
        measure=_closure_in_numbers,
        experiment=EXACT,
        parents=("two_stage.recursion.gamma", "two_stage.recursion.rho", "two_stage.closure"),
        proof=prove_any_size,
        measured="residual of the closure for random numbers of the setting's sizes; real networks are the "
        "claims it rests on",
    ),
)
