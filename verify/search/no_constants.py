"""A search by hypothesis that is a function of its random source alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_local_constants"]


@contextmanager
def without_local_constants() -> Iterator[None]:
    """Examples take no constants from the source of the modules that happen to be loaded.

    hypothesis mixes them in; which modules this process has loaded depends on the number of worker
    processes and on how many runs were reused, and what a search finds must not.
    """
    from hypothesis.internal.conjecture import providers

    collect = getattr(providers, "_get_local_constants", None)
    if collect is None:  # a version that takes none
        yield
        return
    nothing = type(providers.GLOBAL_CONSTANTS)()
    providers.CONSTANTS_CACHE.cache.clear()
    providers._get_local_constants = lambda: nothing
    try:
        yield
    finally:
        providers._get_local_constants = collect
        providers.CONSTANTS_CACHE.cache.clear()
