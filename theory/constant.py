"""The symbol of a constant that a paper leaves unnamed."""

from __future__ import annotations

import sympy as sp

__all__ = ["Constant"]


class Constant(sp.Symbol):  # type: ignore[misc]
    """A constant that a paper leaves unnamed: a symbol that is never a letter of a setting.

    >>> Constant("C", positive=True).is_positive
    True
    """

    __slots__ = ()
