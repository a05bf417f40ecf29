r"""What follows from the signal-noise decomposition exactly: closure and uniqueness.

Each proof returns its outcome as a `Proof`; none uses orthogonality of the patches or any approximation.
"""

from __future__ import annotations

import sympy as sp

from theory.claim import Proof
from theory.two_stage.network import SIDES, SymbolicNetwork

__all__ = ["decomposed_filters", "prove_closure", "prove_decomposition_unique"]


def _vanishes(matrix: sp.Matrix) -> bool:
    """Whether every entry, a rational function of free symbols, is identically zero."""
    return all(sp.expand(sp.fraction(sp.together(entry))[0]) == 0 for entry in matrix)


def _coefficients(n: int, filters: int) -> sp.Matrix:
    """`C`, (2m, n+1): first column `j gamma_{j,r}`, then `rho_{j,r,i}`; sides stacked j = +1 first."""
    return sp.Matrix(
        [
            [side * sp.Symbol(rf"\gamma_{{{side:+d},{r}}}", real=True)]
            + [sp.Symbol(rf"\rho_{{{side:+d},{r},{i}}}", real=True) for i in range(1, n + 1)]
            for side in SIDES
            for r in range(1, filters + 1)
        ]
    )


def _patches(network: SymbolicNetwork) -> tuple[sp.Matrix, sp.Matrix]:
    """`V = [mu, xi_1..xi_n]` (d, n+1) and `W^(0)` (2m, d)."""
    V = sp.Matrix([network.mu, *network.xi]).T
    W0 = sp.Matrix([network.w[side, r] for side in SIDES for r in range(network.m)])
    return V, W0


def _squared_norms(K: sp.Matrix) -> sp.Matrix:
    return sp.diag(*(K[k, k] for k in range(K.rows)))


def decomposed_filters(W0: sp.Matrix, C: sp.Matrix, V: sp.Matrix) -> sp.Matrix:
    """`W` with rows `w = w0 + j gamma mu/|mu|^2 + sum_i rho_i xi_i/|xi_i|^2`, entry by entry.

    Source: Han et al. 2025, section 5.
    """

    def entry(q: int, k: int) -> sp.Expr:
        shares = (C[q, v] * V[k, v] / V.col(v).dot(V.col(v)) for v in range(V.cols))
        return W0[q, k] + sp.Add(*shares)

    return sp.Matrix(W0.rows, W0.cols, entry)


def prove_closure(n: int = 2, m: int = 2, d: int = 3) -> Proof:
    r"""`A^(t) = A^(0) + C^(t) D^-1 K`: gradient descent needs only `K`, `A^(0)` and the labels.

    `A = W V` with `V = [mu, xi_1..xi_n]`, `K = V^T V`, `D = diag(K)`, `C` the coefficients.

    Source: derived here.
    """
    V, W0 = _patches(SymbolicNetwork(n, m, d))
    C = _coefficients(n, m)
    K = V.T * V
    claimed = W0 * V + C * _squared_norms(K).inv() * K
    holds = _vanishes(decomposed_filters(W0, C, V) * V - claimed)
    agree = "agree" if holds else "do NOT agree"
    return Proof(
        holds,
        (
            rf"n = {n}, m = {m}, d = {d}, every entry a free symbol; $V = [\mu, \xi_1, \dots, \xi_n]$, "
            r"$K = V^\top V$, $D = \mathrm{diag}(K)$, $C$ = coefficients with first column $j\gamma_{j,r}$.",
            r"Take the inner product of $w_{j,r}^{(t)} = w_{j,r}^{(0)} + j\gamma_{j,r}\,\mu/\|\mu\|^2 + "
            r"\sum_i \rho_{j,r,i}\,\xi_i/\|\xi_i\|^2$ with each patch.",
            rf"All $2m(n+1)$ products {agree} with $A^{{(t)}} = A^{{(0)}} + C^{{(t)}} D^{{-1}} K$.",
            r"Margins and recursions read the weights only through $A^{(t)}$, so they close on "
            r"$(K, A^{(0)}, y, \tilde y)$ at every step.",
        ),
    )


def prove_decomposition_unique(n: int = 2, m: int = 2, d: int = 3) -> Proof:
    r"""`C D^-1 = ((W - W0) V) K^-1` whenever the Gram matrix `K` is invertible.

    So the weights determine the coefficients: the decomposition is unique when mu, xi_1..xi_n are linearly
    independent (which needs d >= n + 1). In the second step `K` is a general symmetric matrix of symbols,
    so that nothing but `det K != 0` is used.

    Source: Han et al. 2025, section 5 (the decomposition is unique); derived here.
    """
    V, W0 = _patches(SymbolicNetwork(n, m, d))
    C = _coefficients(n, m)
    K = V.T * V
    change = decomposed_filters(W0, C, V) - W0
    projects = _vanishes(change * V - C * _squared_norms(K).inv() * K)

    def entry(row: int, column: int) -> sp.Symbol:
        low, high = sorted((row, column))
        return sp.Symbol(f"K_{{{low},{high}}}", real=True)

    gram = sp.Matrix(n + 1, n + 1, entry)
    x = sp.Matrix(1, n + 1, lambda _, k: sp.Symbol(f"x_{{{k}}}", real=True))
    determinant = gram.det(method="berkowitz")
    recovers = _vanishes(x * gram * gram.adjugate() - determinant * x)
    dependent = V.copy()
    dependent[:, n] = 2 * dependent[:, 0]
    singular = sp.expand((dependent.T * dependent).det(method="berkowitz")) == 0
    holds = bool(projects and recovers and singular)
    return Proof(
        holds,
        (
            r"Project the change of the weights on the patches: $(W - W^{(0)})V = C D^{-1} K$ "
            rf"(n = {n}, m = {m}, d = {d}, free symbols).",
            r"For a general symmetric $K$ and any row $x$: $x K\,\mathrm{adj}(K) = \det(K)\,x$, so "
            r"$\det K \ne 0$ gives back $C D^{-1} = ((W - W^{(0)})V) K^{-1}$ and no other coefficients.",
            r"$\det K = 0$ when one patch is a multiple of another: linear independence is needed.",
            "All three identities hold." if holds else "One of the identities does NOT hold.",
        ),
    )
