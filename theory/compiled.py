"""Loops compiled once a machine, by numba; imported only where one is about to run."""

from __future__ import annotations

from typing import Any

__all__ = ["compiled"]


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
