"""What is done with a run: settings and numbers exchanged, permuted, moved, runs of false engines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from theory.falsehood import altered
from theory.rng import generator
from verify.adversarial.changes import (
    UNIT,
    constant,
    ended,
    is_inexact,
    jittered,
    negated,
    one,
    ranges,
    reversed_records,
    scaled,
    shifted,
    shuffled,
    squared,
)
from verify.adversarial.numbers import changed, leaves
from verify.adversarial.others import Others

__all__ = ["moves", "moves_of_itself"]

#: All numbers at once are set to each; powers of two, so that a mean of equal numbers is that number.
_LEVELS = (2.0**-30, 1.0)
#: Numbers of a run that are moved one by one, at most.
_SINGLE = 24
#: Numbers are taken so many times as large: a spread that is wrong by a constant.
_SCALES = (3.0, 10.0, 1 / 3, 0.1)
#: Numbers that are scaled one by one, at most.
_SCALED = 8


def moves(run: Any, others: Others, residual: bool = False) -> Iterator[tuple[str, Any]]:
    """Adversarial runs by what was done; those first that need no other run.

    Args:
        residual: whether the claim is an identity: a residual that an engine measured itself is near 0, where
            a relative error is none, so every number is also moved by 1e-3 as it stands.
    """
    yield from moves_of_itself(run, others.settings, residual)
    own, found = leaves(run), others.runs()
    for other in found:
        yield "another run's numbers", altered(other, setting=run.setting)
    low, high = ranges([own, *(leaves(o) for o in found)])
    for name, ends in (("lowest", low), ("highest", high)):
        yield f"its numbers at their {name}", changed(run, ended(ends))
    permuted = shuffled(own, generator(run.seed, "adversarial"))
    for path in list(own)[:_SINGLE]:
        where = ".".join(path)
        for name, ends in (("lowest", low), ("highest", high)):
            yield f"{where} at its {name}", changed(run, ended(ends, path))
        yield f"{where} permuted", changed(run, one(permuted, path))
    yield from others.false_runs()
    yield from others.stopped_runs()
    # What lies within [-1, 1] in every run seen may be a share or a cosine: on another scale it is nothing.
    wide = [p for p, v in own.items() if is_inexact(v) and max(abs(low[p]), abs(high[p])) > UNIT]
    for scale in _SCALES:
        yield f"every number {scale:.3g} times as large", changed(run, scaled(scale, wide))
    for path in wide[:_SCALED]:
        for scale in _SCALES:
            yield f"{'.'.join(path)} {scale:.3g} times as large", changed(run, scaled(scale, [path]))


def moves_of_itself(run: Any, settings: Sequence[Any], residual: bool) -> Iterator[tuple[str, Any]]:
    """What is done with the run alone."""
    for setting in settings:
        yield "another run's setting", altered(run, setting=setting)
    control = getattr(run, "control", None)
    if control is not None:
        yield "its two arms exchanged", altered(control, setting=run.setting, control=run)
    own, rng = leaves(run), generator(run.seed, "adversarial")
    permuted = shuffled(own, rng)
    yield "its entries permuted", changed(run, lambda p, v: permuted[p])
    yield "its records in reverse order", changed(run, lambda p, v: reversed_records(v, len(run.steps)))
    yield "every number off by 1e-3 of itself", changed(run, lambda p, v: jittered(v, rng))
    if residual:
        yield "every number off by 0.001", changed(run, lambda p, v: shifted(v, rng))
    yield "the size of every number squared", changed(run, lambda p, v: squared(v))
    yield "every truth value negated", changed(run, lambda p, v: negated(v))
    for level in _LEVELS:
        yield f"every number {level:g}", changed(run, constant(level))
    for name, ends in zip(("lowest", "highest"), ranges([own]), strict=True):
        yield f"its numbers at their own {name}", changed(run, ended(ends))
