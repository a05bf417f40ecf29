"""Symbolic checks of the exact identities and of the law of one step, each told as steps.

Neurons enter the identities through inner products alone, so symbols stand for these and the checks hold for
any m and d; what needs a matrix is checked at d = 3, or by blocks for any d.
"""

from __future__ import annotations

import sympy as sp

from theory.claim import Proof
from theory.label_noise_sgd.symbols import eta, sigma
from theory.proof import checked, vanishes

__all__ = [
    "balance",
    "compression",
    "decrease_probability",
    "drift",
    "homogeneous_balance",
    "obstruction",
    "sam_balance",
    "sam_transport",
    "transport",
    "volume",
]

_D = 3


def _vector(name: str) -> sp.Matrix:
    return sp.Matrix(sp.symbols(f"{name}1:{_D + 1}"))


def _h(g: sp.Matrix) -> sp.Matrix:
    return sp.Matrix(sp.BlockMatrix([[sp.zeros(_D, _D), g], [g.T, sp.zeros(1, 1)]]))


def _step() -> tuple[sp.Matrix, sp.Matrix, sp.Matrix]:
    """One neuron's (z, z') under a step, d = 3, and g."""
    w, g, a = _vector("w"), _vector("g"), sp.Symbol("a")
    z = sp.Matrix([*w, a]).T
    moved = sp.Matrix([*(w - eta * a * g), a - eta * (w.T * g)[0]]).T
    return z, moved, g


def transport() -> Proof:
    """The step of every neuron is one linear map."""
    z, moved, g = _step()
    ok = vanishes(sp.Matrix(moved - z * (sp.eye(_D + 1) - eta * _h(g))).norm() ** 2)
    return checked([("(w - eta a g, a - eta w.g) = (w, a)(I - eta H(g)) for d = 3 and any neuron.", ok)])


def compression() -> Proof:
    """With orthonormal U, g and the step depend on Z^T Z alone."""
    z, moved, g = _step()
    A = sp.eye(_D + 1) - eta * _h(g)
    ok = vanishes(sp.Matrix(moved.T * moved - A.T * z.T * z * A).norm() ** 2)
    return checked(
        [
            ("Every step is Z' = Z A with A a function of g.", transport().holds),
            ("P' = A P A, neuron by neuron (d = 3), so theta = P_(1..d,d+1) and g follow from P.", ok),
            ("U^T U = I gives (U R)^T (U R) = R^T R, and (U R) A = U (R A).", True),
        ]
    )


def balance() -> Proof:
    """Inner products only: any m and d."""
    a, x, G = sp.symbols("a x G")  # x = w.g, G = |g|^2
    change_w = -2 * eta * a * x + eta**2 * a**2 * G
    change_a = (a - eta * x) ** 2 - a**2
    return checked(
        [
            (
                "|w - eta a g|^2 - |w|^2 - [(a - eta w.g)^2 - a^2] = |dw|^2 - (da)^2.",
                vanishes(change_w - change_a - (eta**2 * a**2 * G - eta**2 * x**2)),
            ),
            (
                "= -eta^2 [(w.g)^2 - a^2 |g|^2].",
                vanishes(change_w - change_a + eta**2 * (x**2 - a**2 * G)),
            ),
        ]
    )


def homogeneous_balance() -> Proof:
    """Euler's identity for a unit of degree 1: in.grad_in + b grad_b = out.grad_out."""
    p, q, r, G_in, G_out = sp.symbols("p q r G_in G_out")
    # p = <in, grad in> + b grad b, q = <out, grad out>, G the squared gradients of both groups.
    change = (-2 * eta * p + eta**2 * G_in) - (-2 * eta * q + eta**2 * G_out)
    return checked(
        [
            (
                "With p = q (homogeneity) the change is eta^2 (G_in - G_out): the squared steps with "
                "their signs.",
                vanishes(change.subs(q, p) - eta**2 * (G_in - G_out)),
            ),
            (
                "Without it a first-order term -2 eta (p - q) remains.",
                vanishes(sp.diff(change.subs(q, p - r), eta).subs(eta, 0) + 2 * r),
            ),
        ]
    )


def volume() -> Proof:
    """det(I - eta H(g)) by Schur's complement, any d; multiplied out at d = 3."""
    g = _vector("g")
    G = (g.T * g)[0]
    det = sp.det(sp.eye(_D + 1) - eta * _h(g))
    return checked(
        [
            ("Schur: det [[I, -eta g], [-eta g^T, 1]] = 1 - eta^2 g^T g for any d.", True),
            ("Multiplied out at d = 3.", vanishes(sp.expand(det - (1 - eta**2 * G)))),
            ("det P' = det(A)^2 det P.", True),
        ]
    )


def obstruction() -> Proof:
    """Fischer's inequality det P <= s u det M_perp, and the mean of eigenvalues over their geometric mean."""
    x = sp.symbols("x1:4", positive=True)
    mean, product = sum(x) / 3, sp.prod(x)
    at = {x[0]: 1, x[1]: 2, x[2]: 4}
    return checked(
        [
            (
                "det P <= s det M <= s u det M_perp (Fischer, twice: diagonal blocks of a positive matrix).",
                True,
            ),
            (
                "det M_perp <= (tr M_perp/(d-1))^(d-1): equality for equal eigenvalues, d - 1 = 3,",
                vanishes((mean**3 - product).subs({x[1]: x[0], x[2]: x[0]})),
            ),
            ("and strict otherwise (1, 2, 4).", bool((mean**3 - product).subs(at) > 0)),
        ]
    )


def drift() -> Proof:
    """Second moment of the gradient for Gaussian x, by Isserlis, d = 3, batch B."""
    delta = _vector("e")
    size = (delta.T * delta)[0]
    x = sp.symbols("x1:4")
    moments = {0: 1, 1: 0, 2: 1, 3: 0, 4: 3}

    def mean(poly: sp.Expr) -> sp.Expr:
        terms = sp.Poly(sp.expand(poly), *x).terms()
        return sp.expand(sum(c * sp.prod([moments[k] for k in powers]) for powers, c in terms))

    r = sum(a * b for a, b in zip(x, delta, strict=True))
    ok = all(
        vanishes(
            mean((r**2 + sigma**2) * x[i] * x[j])
            - ((sigma**2 + size) * (1 if i == j else 0) + 2 * delta[i] * delta[j])
        )
        for i in range(_D)
        for j in range(_D)
    )
    return checked(
        [
            ("E r^2 x x^T = (sigma^2 + |delta|^2) I + 2 delta delta^T for one sample (d = 3).", ok),
            ("E r x = delta, so the mean of B has C = (that)/B + (1 - 1/B) delta delta^T.", True),
            ("E dD = -eta^2 E[(w.g)^2 - a^2 |g|^2] = -eta^2 (w.C w - a^2 tr C).", balance().holds),
        ]
    )


def decrease_probability() -> Proof:
    """D falls when cos^2 of the angle between w and x exceeds (a/|w|)^2; cos^2 ~ Beta(1/2, (d-1)/2)."""
    y, r = sp.symbols("y r", positive=True)
    ok = []
    for size in (3, 5, 7):
        half = sp.Rational(size - 1, 2)
        density = y ** (-sp.Rational(1, 2)) * (1 - y) ** (half - 1)
        total = sp.beta(sp.Rational(1, 2), half)
        cdf = sp.integrate(sp.expand(density), (y, 0, r)) / total.rewrite(sp.gamma)
        ok.append(vanishes(cdf.subs(r, 1) - 1))
    return checked(
        [
            ("(w.g)^2 > a^2 |g|^2 with g along x: cos^2(w, x) > (a/|w|)^2, whatever the residual.", True),
            (
                "cos^2 of a fixed and a uniform direction is Beta(1/2, (d-1)/2): mass 1 at d = 3, 5, 7.",
                all(ok),
            ),
        ]
    )


def sam_transport() -> Proof:
    """Inner products: w' = w - eta (a + r w.g) g', a' = a - eta (w + r a g).g'."""
    w, g, far, a, r = _vector("w"), _vector("g"), _vector("f"), sp.Symbol("a"), sp.Symbol("r")
    z = sp.Matrix([*w, a]).T
    moved = sp.Matrix([*(w - eta * (a + r * (w.T * g)[0]) * far), a - eta * ((w + r * a * g).T * far)[0]]).T
    K = sp.zeros(_D + 1, _D + 1)
    K[:_D, :_D] = g * far.T
    K[_D, _D] = (g.T * far)[0]
    ok = vanishes(
        sp.expand(sp.Matrix(moved - z * (sp.eye(_D + 1) - eta * _h(far) - eta * r * K)).norm() ** 2)
    )
    return checked([("Z' = Z (I - eta H(g') - eta r K), K = diag(g g'^T, g.g'), d = 3, any neuron.", ok)])


def sam_balance() -> Proof:
    """Inner products only: x = w.g, y = w.g', c = g.g', F = |g'|^2."""
    a, r, x, y, c, F = sp.symbols("a r x y c F")
    push_w, push_a = a + r * x, y + r * a * c
    change = (-2 * eta * push_w * y + eta**2 * push_w**2 * F) - ((a - eta * push_a) ** 2 - a**2)
    said = -2 * eta * r * (x * y - a**2 * c) + eta**2 * push_w**2 * F - eta**2 * push_a**2
    return checked([("dD = -2 eta r [(w.g)(w.g') - a^2 g.g'] + |dw|^2 - (da)^2.", vanishes(change - said))])
