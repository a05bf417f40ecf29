r"""The comparison principle: coordinates in which the flow and gradient descent keep an order.

One class: signal `gamma`, accumulated slopes `Gamma_i` of its samples, arbitrary `p_i q_i > 0`. In the
order (gamma up, Gamma of clean samples down, Gamma of noisy samples up) a larger state stays larger. The
margins themselves are not such coordinates. Derivation in words: `docs/derivations/limit_dynamics.md`,
Comparison.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Proof
from theory.proof import checked, vanishes
from theory.two_stage.limits.dynamics import a
from theory.two_stage.symbols import h, n

__all__ = ["ClassFlow", "class_flow", "gd_class_step", "order_signs", "prove_cooperative"]

Floats = NDArray[np.float64]


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


def _named(expr: sp.Expr, flow: ClassFlow) -> sp.Expr:
    """With `g(M_i)` as `1/(1 + x_i)`, `x_i > 0`: the signs of rational functions are then visible."""
    odds = sp.symbols(f"x_1:{len(flow.margins) + 1}", positive=True)
    return expr.subs({_slope(M): 1 / (1 + x) for M, x in zip(flow.margins, odds, strict=True)})


def _nonnegative(expr: sp.Expr) -> bool:
    value = sp.factor(expr)
    return bool(value == 0 or value.is_positive)


def prove_cooperative(signs: Sequence[int] | None = None) -> Proof:
    r"""S7 for two clean and two noisy samples with arbitrary `p_i q_i` (`signs`: another order).

    Every sample enters alike, so more of them add rows of the same two kinds. Source: derived here.
    """
    flow = class_flow()
    order = order_signs(flow.noisy) if signs is None else list(signs)
    S = sp.diag(*order)
    J = (S * flow.jacobian() * S).applyfunc(lambda entry: _named(entry, flow))
    size = J.rows
    off_diagonal = all(_nonnegative(J[i, k]) for i in range(size) for k in range(size) if i != k)
    z = sp.Symbol("z", positive=True)
    steepest = sp.Rational(1, 4) - z / (1 + z) ** 2
    worst_gamma = 1 + h * sp.diff(flow.rates[0], flow.gamma).subs(
        {_slope(M): sp.Rational(1, 2) for M in flow.margins}
    )
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
                r"flow is cooperative and keeps the order, for arbitrary $p_i, q_i$.",
                off_diagonal,
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
                vanishes(worst_gamma - (1 - h * (2 * a * len(flow.noisy) / n) / 8))
                and vanishes(worst_slope - (1 - h * flow.weights[0] / 4)),
            ),
            (
                r"The margins are no such coordinates: $\partial M_i'/\partial M_k = \frac an g'(M_k) < 0$ "
                r"between any two clean samples "
                r"of a class, and no choice of directions makes three pairs of a triangle nonnegative.",
                _margins_frustrated(),
            ),
        )
    )


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


def gd_class_step(
    gamma: float, slopes: Floats, noisy: NDArray[np.bool_], weights: Floats, rate: float, h: float
) -> tuple[float, Floats]:
    r"""One step of the map of one class: `gamma += h rate (sum_clean g - sum_noisy g)`, `Gamma += h g(M)`.

    `slopes` = Gamma (n_y,), `weights` = p_i q_i (n_y,), `rate` = a/n; `M = p q Gamma +- gamma`.
    """
    from scipy.special import expit

    sign = np.where(noisy, -1.0, 1.0)
    g = expit(-(weights * slopes + sign * gamma))
    return float(gamma + h * rate * np.sum(sign * g)), np.asarray(slopes + h * g)
