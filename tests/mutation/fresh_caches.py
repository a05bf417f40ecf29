"""Pytest plugin of the mutation runs: empties the packages' caches before the tests of a mutant.

A mutant's process is forked from one that has run the tests already, so what a cached function had computed
before would hide the mutants of all that it calls.
"""

from __future__ import annotations

import gc
from functools import _lru_cache_wrapper

PACKAGES = ("theory", "simulation", "verify")


def empty_caches() -> int:
    """Empty every `functools` cache of a function of the packages; how many there were."""
    gc.unfreeze()  # what is frozen (`tests/conftest.py`) is not among the objects
    # `isinstance` would ask objects that answer with a deprecation warning.
    cached = [
        found
        for found in gc.get_objects()
        if type(found) is _lru_cache_wrapper and (found.__module__ or "").split(".")[0] in PACKAGES
    ]
    gc.freeze()
    for function in cached:
        function.cache_clear()
    return len(cached)


def pytest_sessionstart() -> None:
    empty_caches()
