r"""The two-layer ReLU CNN in symbols, at concrete small sizes, and its gradient in the span of the patches.

Every entry is a free symbol: `mu_k`, `xi_{i,k}`, `w_{j,r,k}`, the labels `y_i`, `y~_i` and the step `eta`.
Nothing is assumed of them, not even `y_i^2 = 1`. The loss stays opaque, so that what is read off the
gradient holds for every differentiable loss; the logistic one has `ell'(z) = -1 / (1 + exp(z))`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from theory.two_stage.symbols import eta

__all__ = [
    "SIDES",
    "SymbolicNetwork",
    "Update",
    "active",
    "ell",
    "ell_prime",
    "gradient_update",
    "loss_gradient",
    "relu",
]

#: The two sides of the network in the order of every side axis.
SIDES = (1, -1)


def _raised(text: str, exp: str | None) -> str:
    return text if exp is None else rf"\left({text}\right)^{{{exp}}}"


class active(sp.Function):  # type: ignore[misc]
    r"""The indicator `1[x > 0]`, with `active(0) = 0`: opaque in symbols, evaluated at numbers.

    >>> active(sp.Rational(1, 2)), active(0), active(-3), active(sp.Symbol("x"))
    (1, 0, 0, active(x))
    """

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """The value at a real number; None leaves it opaque."""
        if x.is_number and x.is_extended_real:
            return sp.Integer(1) if x > 0 else sp.Integer(0)
        return None

    def _latex(self, printer: sp.printing.latex.LatexPrinter, exp: str | None = None) -> str:
        return _raised(rf"\mathbb{{1}}\left[{printer.doprint(self.args[0])} > 0\right]", exp)


class relu(sp.Function):  # type: ignore[misc]
    """`max(x, 0)` with derivative `active(x)`, also at 0 (the convention of gradient descent).

    >>> relu(-2), relu(3), relu(sp.Symbol("x")).diff(sp.Symbol("x"))
    (0, 3, active(x))
    """

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """The value at a real number; None leaves it opaque."""
        if x.is_number and x.is_extended_real:
            return x if x > 0 else sp.Integer(0)
        return None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """`active(x)`."""
        return active(self.args[0])

    def _latex(self, printer: sp.printing.latex.LatexPrinter, exp: str | None = None) -> str:
        return _raised(rf"\mathrm{{relu}}\left({printer.doprint(self.args[0])}\right)", exp)


class ell_prime(sp.Function):  # type: ignore[misc]
    """The loss derivative as an opaque function of the margin."""

    nargs = 1

    def _latex(self, printer: sp.printing.latex.LatexPrinter, exp: str | None = None) -> str:
        return _raised(rf"\ell'\left({printer.doprint(self.args[0])}\right)", exp)


class ell(sp.Function):  # type: ignore[misc]
    """An opaque loss of the margin, with derivative `ell_prime`.

    >>> z = sp.Symbol("z")
    >>> ell(2 * z).diff(z)
    2*ell_prime(2*z)
    """

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """`ell_prime(z)`."""
        return ell_prime(self.args[0])

    def _latex(self, printer: sp.printing.latex.LatexPrinter, exp: str | None = None) -> str:
        return _raised(rf"\ell\left({printer.doprint(self.args[0])}\right)", exp)


def _vector(name: str, d: int) -> tuple[sp.Symbol, ...]:
    return tuple(sp.Symbol(f"{name}{k}}}", real=True) for k in range(1, d + 1))


def _dot(u: tuple[sp.Expr, ...], v: tuple[sp.Expr, ...]) -> sp.Expr:
    return sp.Add(*(x * y for x, y in zip(u, v, strict=True)))


@dataclass(frozen=True)
class SymbolicNetwork:
    r"""Data, weights and outputs of the network as symbols.

    `f(W, x_i) = F_{+1} - F_{-1}`, `F_j = (1/m) sum_r [relu(<w_{j,r}, y_i mu>) + relu(<w_{j,r}, xi_i>)]`.
    Samples and filters are numbered from 0 here and from 1 in the symbols' names.

    Source: Han et al. 2025, section 3.
    """

    n: int
    m: int
    d: int

    @cached_property
    def mu(self) -> tuple[sp.Symbol, ...]:
        """The signal, d symbols."""
        return _vector(r"\mu_{", self.d)

    @cached_property
    def xi(self) -> tuple[tuple[sp.Symbol, ...], ...]:
        """The noise patches, n vectors of d symbols."""
        return tuple(_vector(rf"\xi_{{{i + 1},", self.d) for i in range(self.n))

    @cached_property
    def w(self) -> dict[tuple[int, int], tuple[sp.Symbol, ...]]:
        """The filters by (side, number), d symbols each."""
        return {
            (j, r): _vector(rf"w_{{{'+' if j > 0 else '-'},{r + 1},", self.d)
            for j in SIDES
            for r in range(self.m)
        }

    @cached_property
    def y(self) -> tuple[sp.Symbol, ...]:
        """True labels, n symbols."""
        return tuple(sp.Symbol(f"y_{{{i + 1}}}", real=True) for i in range(self.n))

    @cached_property
    def y_observed(self) -> tuple[sp.Symbol, ...]:
        """Observed labels, n symbols."""
        return tuple(sp.Symbol(rf"\tilde{{y}}_{{{i + 1}}}", real=True) for i in range(self.n))

    @cached_property
    def mu_norm_sq(self) -> sp.Expr:
        """`|mu|^2` as a sum of squares."""
        return _dot(self.mu, self.mu)

    def xi_norm_sq(self, i: int) -> sp.Expr:
        """`|xi_i|^2` as a sum of squares."""
        return _dot(self.xi[i], self.xi[i])

    def signal_product(self, j: int, r: int, i: int) -> sp.Expr:
        """`<w_{j,r}, y_i mu>`."""
        return _dot(self.w[j, r], tuple(self.y[i] * x for x in self.mu))

    def noise_product(self, j: int, r: int, i: int) -> sp.Expr:
        """`<w_{j,r}, xi_i>`."""
        return _dot(self.w[j, r], self.xi[i])

    def output(self, i: int) -> sp.Expr:
        """`f(W, x_i)`."""
        return sp.Add(
            *(
                sp.Rational(j, self.m)
                * (relu(self.signal_product(j, r, i)) + relu(self.noise_product(j, r, i)))
                for j, r in self.w
            )
        )

    def margin(self, i: int) -> sp.Expr:
        """`y~_i f(W, x_i)`."""
        return self.y_observed[i] * self.output(i)

    @cached_property
    def loss(self) -> sp.Expr:
        """`L = (1/n) sum_i ell(y~_i f(W, x_i))`."""
        return sp.Rational(1, self.n) * sp.Add(*(ell(self.margin(i)) for i in range(self.n)))

    # Names under which the opaque nodes of the gradient are read ---------------------------------
    def loss_derivative(self, i: int) -> sp.Symbol:
        """The symbol for `ell'(y~_i f_i)`."""
        return sp.Symbol(rf"\ell'_{{{i + 1}}}", real=True)

    def signal_active(self, j: int, r: int, i: int) -> sp.Symbol:
        """The symbol for `1[<w_{j,r}, y_i mu> > 0]`."""
        return sp.Symbol(rf"\mathbb{{1}}[\langle w_{{{j:+d},{r + 1}}},y_{{{i + 1}}}\mu\rangle>0]", real=True)

    def noise_active(self, j: int, r: int, i: int) -> sp.Symbol:
        """The symbol for `1[<w_{j,r}, xi_i> > 0]`."""
        return sp.Symbol(rf"\mathbb{{1}}[\langle w_{{{j:+d},{r + 1}}},\xi_{{{i + 1}}}\rangle>0]", real=True)


def loss_gradient(network: SymbolicNetwork, j: int, r: int) -> tuple[sp.Expr, ...]:
    """`dL / dw_{j,r,k}` for k = 1..d."""
    return tuple(network.loss.diff(x) for x in network.w[j, r])


@dataclass(frozen=True)
class Update:
    r"""One gradient step in the span of the patches.

    `-eta dL/dw_{j,r} = j gamma mu/|mu|^2 + sum_i rho[i] xi_i/|xi_i|^2` exactly when `exact`: every entry k
    of the gradient has the same coefficients, which contain no entry of a patch or filter, and nothing is
    left over. `component` is the first entry of the gradient step with its opaque nodes named.
    """

    gamma: sp.Expr
    rho: tuple[sp.Expr, ...]
    exact: bool
    component: sp.Expr


def _named(network: SymbolicNetwork, j: int, r: int, expr: sp.Expr) -> sp.Expr:
    """`expr` with `active(.)` and `ell'(.)` replaced by symbols; a node of unknown argument stays."""
    indices = range(network.n)
    names = {sp.expand(network.signal_product(j, r, i)): network.signal_active(j, r, i) for i in indices}
    names |= {sp.expand(network.noise_product(j, r, i)): network.noise_active(j, r, i) for i in indices}
    margins = {sp.expand(network.margin(i)): network.loss_derivative(i) for i in indices}
    nodes = {x: names.get(sp.expand(x.args[0]), x) for x in expr.atoms(active)}
    nodes |= {x: margins.get(sp.expand(x.args[0]), x) for x in expr.atoms(ell_prime)}
    return sp.expand(expr.xreplace(nodes))


def gradient_update(network: SymbolicNetwork, j: int, r: int) -> Update:
    """Decompose `-eta dL/dw_{j,r}` on the patches and solve for the coefficients' increments."""
    steps = [_named(network, j, r, -eta * g) for g in loss_gradient(network, j, r)]
    patches = (network.mu, *network.xi)
    entries = {x for v in (*patches, *network.w.values()) for x in v}
    first = [steps[0].coeff(v[0]) for v in patches]
    exact = not any(c.free_symbols & entries for c in first)
    for k, step in enumerate(steps):
        combination = sp.Add(*(c * v[k] for c, v in zip(first, patches, strict=True)))
        exact = exact and sp.expand(step - combination) == 0
    return Update(
        gamma=first[0] * network.mu_norm_sq / j,
        rho=tuple(first[1 + i] * network.xi_norm_sq(i) for i in range(network.n)),
        exact=exact,
        component=steps[0],
    )
