"""Hypothesis strategies for settings: the same boxes that `verify run` samples."""

from __future__ import annotations

import math
from typing import Any, cast

from hypothesis import strategies as st

from theory.place import Box, Cells, Coordinate, Place
from theory.rng import generator
from theory.setting import AbstractSetting
from verify.rules.registry import judge_of

__all__ = ["log_floats", "seeds", "settings_at", "settings_in"]

Settings = st.SearchStrategy[AbstractSetting]


def log_floats(low: float, high: float) -> st.SearchStrategy[float]:
    """Floats on a log-uniform grid of 1/16 octaves: enough resolution, and values that shrink well."""
    if low >= high:
        return st.just(low)
    count = max(1, math.ceil(16 * math.log2(high / low)))
    return st.integers(0, count).map(lambda k: low * (high / low) ** (k / count))


def _values(c: Coordinate) -> st.SearchStrategy[Any]:
    if c.whole:
        return st.integers(math.ceil(c.low), math.floor(c.high))
    if c.scale == "linear":
        return st.integers(0, 32).map(lambda k: c.low + (c.high - c.low) * k / 32)
    return log_floats(c.low, c.high)


def settings_in(place: Place) -> Settings:
    """Settings of a box or of cells, for property tests of one's own: `@given(settings_in(PLACE))`.

    Examples shrink toward the low end of every range of a box, and toward the first of its cells. A box that
    accepts only some is drawn from as a run's settings are: its ranges alone would hardly ever meet what it
    asks. Such examples shrink to an earlier draw.
    """
    if isinstance(place, Cells):
        return st.sampled_from(place.settings)
    box = place
    if box.accept is not None:
        return st.integers(0, 2**32 - 1).map(lambda k: box.draw(generator(0, f"example {box.name}", k)))

    def made(**values: Any) -> AbstractSetting:
        return box.make(values)

    return st.builds(made, **{c.name: _values(c) for c in box.coordinates})


def settings_at(place: Place, rule: Any) -> Settings:
    """Settings of any place that a rule speaks of: an `EventMap` claims nothing below its threshold."""
    if place.coordinates:
        return settings_in(cast("Box", place))
    judge, cells = judge_of(rule), cast("Cells", place).cells
    claimed = [setting for labels, setting in cells if judge.claimed(rule, labels)]
    return st.sampled_from(claimed) if claimed else st.nothing()


def seeds() -> st.SearchStrategy[int]:
    """Run seeds."""
    return st.integers(0, 2**32 - 1)
