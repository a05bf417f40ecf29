r"""The symbols that a recursion's term is written in, and how a term is evaluated.

A term is sample i's contribution to one gradient step of one filter (j, r). Substituting expressions gives
the symbolic form at concrete sizes; substituting arrays gives numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.two_stage.symbols import eta, m, mu_norm, n

__all__ = [
    "TERM_SYMBOLS",
    "evaluate_at",
    "evaluate_term",
    "j",
    "l_prime",
    "noise_active",
    "require_trailing",
    "signal_active",
    "xi_norm",
    "y",
    "y_observed",
]

Floats = NDArray[np.float64]

l_prime = sp.Symbol(r"\ell'_{i}", real=True)
signal_active = sp.Symbol(r"\mathbb{1}[\langle w_{j,r},y_{i}\mu\rangle>0]", real=True)
noise_active = sp.Symbol(r"\mathbb{1}[\langle w_{j,r},\xi_{i}\rangle>0]", real=True)
y = sp.Symbol("y_{i}", real=True)
y_observed = sp.Symbol(r"\tilde{y}_{i}", real=True)
j = sp.Symbol("j", real=True)
xi_norm = sp.Symbol(r"\|\xi_{i}\|", positive=True)

#: What a term may be written in; gamma terms know `signal_active` and `mu_norm`, rho terms
#: `noise_active` and `xi_norm`.
TERM_SYMBOLS: Mapping[str, sp.Symbol] = MappingProxyType(
    {
        "l_prime": l_prime,
        "signal_active": signal_active,
        "noise_active": noise_active,
        "y": y,
        "y_observed": y_observed,
        "j": j,
        "mu_norm": mu_norm,
        "xi_norm": xi_norm,
        "eta": eta,
        "n": n,
        "m": m,
    }
)


@lru_cache(maxsize=64)
def _lambdified(term: sp.Expr, names: tuple[str, ...]) -> Any:
    known = [TERM_SYMBOLS[name] for name in names]
    unknown = term.free_symbols - set(known)
    if unknown:
        name = min(str(x) for x in unknown)
        raise ValueError(f"term contains {name}, which has no value here; known: {', '.join(names)}")
    return sp.lambdify(known, term, modules="numpy")


def evaluate_at(term: Any, values: Mapping[str, Any]) -> sp.Expr:
    """A term with some of its `TERM_SYMBOLS`, by name, replaced by expressions."""
    return sp.sympify(term).xreplace({TERM_SYMBOLS[k]: sp.sympify(v) for k, v in values.items()})


def evaluate_term(term: Any, shape: tuple[int, ...], values: Mapping[str, Any]) -> Floats:
    """A term's numbers for arrays by name, broadcast to `shape` (a new array).

    Raises:
        ValueError: naming a symbol of the term that has no value.

    >>> evaluate_term(2 * y, (2, 2), {"y": np.array([1.0, -1.0])})
    array([[ 2., -2.],
           [ 2., -2.]])
    """
    value = np.asarray(_lambdified(sp.sympify(term), tuple(values))(*values.values()), dtype=np.float64)
    return np.array(np.broadcast_to(value, shape))


def require_trailing(name: str, array: Floats, shape: tuple[int, ...]) -> None:
    """Raise ValueError, naming the array, unless its last axes have this shape."""
    if array.shape[max(0, array.ndim - len(shape)) :] != shape:
        raise ValueError(f"{name} must have trailing shape {shape}, was {array.shape}")
