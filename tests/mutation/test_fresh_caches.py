"""Mutants of a function are not hidden by the caches of its callers."""

from __future__ import annotations

from mutation.fresh_caches import empty_caches

from theory.condition import _evaluator
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import n


def test_caches_are_emptied() -> None:
    _evaluator(n, Setting)
    assert _evaluator.cache_info().currsize > 0
    assert empty_caches() > 0
    assert _evaluator.cache_info().currsize == 0
