r"""The comparison principle: coordinates in which the flow and gradient descent keep an order.

One class: signal `gamma`, accumulated slopes `Gamma_i` of its samples, arbitrary `p_i q_i > 0`. In the
order (gamma up, Gamma of clean samples down, Gamma of noisy samples up) a larger state stays larger. The
margins themselves are not such coordinates. Derivation in words: `docs/derivations/limit_dynamics.md`,
Comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from theory.claim import Proof
from theory.proof import checked, vanishes
from theory.two_stage.limits.dynamics import a, signal_rate
from theory.two_stage.network import SIDES
from theory.two_stage.symbols import h, n

__all__ = ["ORDER", "ClassFlow", "class_flow", "order_signs", "prove_cooperative"]


class _slope(sp.Function):  # type: ignore[misc]
    """`g(z) = 1/(1 + e^z)`, opaque, with derivative `-g(1-g)`."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """`-g (1 - g)`."""
        return -_slope(self.args[0]) * (1 - _slope(self.args[0]))


class ClassFlow:
    """A class with `clean` and `noisy` samples in symbols: states, margins and their rates."""

    def __init__(self, clean: int, noisy: int) -> None:
        self.gamma = sp.Symbol(r"\gamma", real=True)
        self.noisy = [False] * clean + [True] * noisy
        self.slopes = sp.symbols(f"Gamma_1:{clean + noisy + 1}", real=True)
        self.weights = sp.symbols(f"w_1:{clean + noisy + 1}", positive=True)  # p_i q_i
        self.margins = [
            w * G + (-self.gamma if flipped else self.gamma)
            for w, G, flipped in zip(self.weights, self.slopes, self.noisy, strict=True)
        ]
        push = [
            (-1 if flipped else 1) * _slope(M) for flipped, M in zip(self.noisy, self.margins, strict=True)
        ]
        self.states = (self.gamma, *self.slopes)
        self.rates = (a / n * sp.Add(*push), *(_slope(M) for M in self.margins))

    def jacobian(self) -> sp.Matrix:
        """`d rates/d states`."""
        return sp.Matrix(self.rates).jacobian(sp.Matrix(self.states))


def class_flow(clean: int = 2, noisy: int = 2) -> ClassFlow:
    """The flow of one class: `gamma' = (a/n)(sum_clean g - sum_noisy g)`, `Gamma_i' = g(M_i)`."""
    return ClassFlow(clean, noisy)


def order_signs(noisy: Sequence[bool]) -> list[int]:
    """+1 for gamma and noisy samples, -1 for clean ones."""
    return [1, *(1 if flipped else -1 for flipped in noisy)]


def _summed() -> tuple[dict[str, sp.Expr], sp.Expr]:
    """Entries of the Jacobian of one class with n_c clean and n_n noisy samples, sums kept as sums, in the
    coordinates as they are; and `d gamma'/d gamma`. The samples of the sums are i, of the coordinates k."""
    n_c, n_n, i, k = sp.symbols("n_c n_n i k", integer=True, positive=True)
    gamma = sp.Symbol(r"\gamma", real=True)
    w, v, G, H = (sp.IndexedBase(name) for name in ("w", "v", "G", "H"))
    clean, noisy = w[i] * G[i] + gamma, v[i] * H[i] - gamma
    rate = a / n * (sp.Sum(_slope(clean), (i, 1, n_c)) - sp.Sum(_slope(noisy), (i, 1, n_n)))

    def of_one(term: sp.Expr, coordinate: sp.Indexed, sign: int) -> sp.Expr:
        """Of the sum only the sample of the coordinate is left: the derivative of its own term."""
        total = sign * a / n * sp.diff(sp.Sum(term, (i, 1, n_c)), coordinate)
        (inner,) = total.atoms(sp.Sum)
        return total.subs(inner, inner.function.subs(i, k))

    entries = {
        "gamma by a clean slope": of_one(_slope(clean), G[k], 1),
        "gamma by a noisy slope": of_one(_slope(noisy), H[k], -1),
        "a clean slope by gamma": sp.diff(_slope(clean.subs(i, k)), gamma),
        "a noisy slope by gamma": sp.diff(_slope(noisy.subs(i, k)), gamma),
        "a slope by another's": sp.diff(_slope(clean.subs(i, k)), G[k + 1]),
    }
    return entries, sp.diff(rate, gamma)


def _sign(expr: sp.Expr) -> int | None:
    """The sign of an entry for every state, weights being positive; None where it has none."""
    odds = sp.Symbol("x", positive=True)
    expr = expr.replace(lambda e: isinstance(e, _slope), lambda e: 1 / (1 + odds))
    weights = {e: sp.Symbol("w_k", positive=True) for e in expr.atoms(sp.Indexed)}
    value = sp.factor(expr.subs(weights).subs({n: sp.Symbol("n", positive=True)}))
    return 0 if value == 0 else 1 if value.is_positive else -1 if value.is_negative else None


def _keeps_order(signs: Mapping[str, int]) -> bool:
    """Whether every off-diagonal entry is nonnegative when gamma and the two kinds of slopes are counted in
    these directions."""
    entries, _ = _summed()
    up, clean, noisy = (signs[name] for name in ("gamma", "clean", "noisy"))
    turned = {
        "gamma by a clean slope": up * clean,
        "gamma by a noisy slope": up * noisy,
        "a clean slope by gamma": clean * up,
        "a noisy slope by gamma": noisy * up,
        "a slope by another's": 1,
    }
    found = [(_sign(entry), turned[name]) for name, entry in entries.items()]
    return all(sign is not None and sign * turn >= 0 for sign, turn in found)


#: The order: gamma up, slopes of clean samples down, of noisy ones up.
ORDER: Mapping[str, int] = {"gamma": 1, "clean": -1, "noisy": 1}


def prove_cooperative(signs: Mapping[str, int] = ORDER) -> Proof:
    r"""S7 for any number of clean and noisy samples and of classes, with arbitrary `p_i q_i` (`signs`:
    another order).

    Source: derived here.
    """
    z = sp.Symbol("z", positive=True)
    steepest = sp.Rational(1, 4) - z / (1 + z) ** 2
    _, own = _summed()
    steepest_own = own.replace(lambda e: isinstance(e, _slope), lambda e: sp.Rational(1, 2)).doit()
    n_c, n_n = sp.symbols("n_c n_n", integer=True, positive=True)
    flow = class_flow(1, 1)
    worst_slope = 1 + h * sp.diff(flow.rates[1], flow.slopes[0]).subs(
        _slope(flow.margins[0]), sp.Rational(1, 2)
    )
    return checked(
        (
            (
                r"In the order ($\gamma$ up, $\Gamma_{clean}$ down, $\Gamma_{noisy}$ up) every "
                r"off-diagonal entry of the Jacobian of "
                r"$\gamma' = \frac an(\sum_{clean} g - \sum_{noisy} g)$, $\Gamma_i' = g(M_i)$, $M_i = "
                r"p_iq_i\Gamma_i \pm \gamma$ is $\geq 0$: the "
                r"flow is cooperative and keeps the order, for any $p_i, q_i$ and number of samples.",
                _keeps_order(signs),
            ),
            (
                r"No state of a class enters the rates of another: the order of all classes is kept, "
                r"however many there are.",
                _classes_apart(),
            ),
            (
                r"$-g' = g(1-g) \leq 1/4$, since $\frac14 - \frac{z}{(1+z)^2} = \frac{(1-z)^2}{4(1+z)^2}$.",
                vanishes(steepest - (1 - z) ** 2 / (4 * (1 + z) ** 2)),
            ),
            (
                r"A step of gradient descent adds $h$ times the rates: its diagonal entries are at least "
                r"$1 - h\,a\,n_y/(4n) = "
                r"1 - h a_y/8$ and $1 - h p_iq_i/4$, so the map keeps the order when $h a_y/8 \leq 1$ and "
                r"$h p_iq_i/4 \leq 1$.",
                vanishes(h * steepest_own + h * (2 * a * (n_c + n_n) / n) / 8)
                and vanishes(worst_slope - (1 - h * flow.weights[0] / 4)),
            ),
            (
                r"At the state $\gamma = \Gamma = 0$ all $M_i = 0$ and they are attained: a larger step "
                r"turns the order of two states next to it around, so both bounds are needed.",
                all(M.subs(dict.fromkeys(flow.states, 0)) == 0 for M in flow.margins),
            ),
            (
                r"The margins are no such coordinates: $\partial M_i'/\partial M_k = \frac an g'(M_k) < 0$ "
                r"between any two clean samples "
                r"of a class, and no choice of directions makes three pairs of a triangle nonnegative.",
                _margins_frustrated(),
            ),
        )
    )


def _classes_apart() -> bool:
    """Whether the signal's rate of each class, from the forward pass, reads coefficients of its own alone."""
    of = {side: {str(x)[-1] for x in signal_rate(side).free_symbols if str(x)[-1] in "+-"} for side in SIDES}
    return all(found == {"+" if side > 0 else "-"} for side, found in of.items())


def _margins_frustrated() -> bool:
    """Whether the product around a triangle of clean samples is negative in margin coordinates."""
    flow = class_flow(3, 0)
    margins = sp.symbols("M_1:4", real=True)
    gamma_rate = a / n * sp.Add(*(_slope(M) for M in margins))
    rates = [w * _slope(M) + gamma_rate for w, M in zip(flow.weights, margins, strict=True)]
    J = sp.Matrix(rates).jacobian(sp.Matrix(margins))
    odds = sp.symbols("x_1:4", positive=True)
    product = (J[0, 1] * J[1, 2] * J[2, 0]).subs(
        {_slope(M): 1 / (1 + x) for M, x in zip(margins, odds, strict=True)}
    )
    return bool(sp.factor(-product).is_positive)
