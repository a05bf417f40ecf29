"""Loops compiled once a machine, by numba; imported only where one is about to run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["Eventually", "compiled"]

#: Calls of a short loop that take as long as loading the compiler.
_MANY = 20_000


def compiled(function: Any = None, *, reorder: bool = False, as_written: bool = False) -> Any:
    """Compiled once a machine; where no folder for the result is writable, once a process.

    A product and a sum may round once (fma); the order of sums stays as written.

    Args:
        reorder: the compiler may split a sum over a vector register.
        as_written: every operation rounds, as in numpy.
    """
    from numba import njit

    if function is None:
        return lambda f: compiled(f, reorder=reorder, as_written=as_written)
    fast = {"contract", "reassoc", "nsz"} if reorder else set() if as_written else {"contract"}
    options: dict[str, Any] = {"nogil": True, "fastmath": fast, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:
        return njit(**options)(function)


class Eventually:
    """A loop that runs as it stands until the compiler is loaded, or would have been worth its loading: a
    command that asks for a few does without. Every operation rounds, as in numpy, so both give the same bits.

    >>> @Eventually
    ... def thrice(x):
    ...     return x + x + x
    >>> thrice(2.0)
    6.0
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        #: What stands for this one where code is compared.
        self.rests_on = function
        self._calls = 0
        self._run = function

    def __call__(self, *args: Any) -> Any:
        """The function's value."""
        if self._run is self.rests_on:
            self._calls += 1
            if self._calls > _MANY or "numba" in sys.modules:
                self._run = compiled(self.rests_on, as_written=True)
        return self._run(*args)
