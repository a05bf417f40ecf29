"""Looking for bad corners: one run at each of many settings of a box, edges first, before any is looked at
twice.

A claim that fails in a small part of its box gives a search no slope to follow. What helps is number: runs of
different settings are trained side by side, and each coordinate is put on one of its ends half of the time,
as that is where claims fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from theory.place import Box, Coordinate
from theory.rng import generator
from theory.setting import AbstractSetting
from verify.judge import admitted
from verify.outcome import Observation
from verify.rules.registry import excess as excess_of
from verify.runs.plan import RunSpec
from verify.search.timed_runs import Trials

__all__ = ["scan", "shrunk"]

#: Settings a look; the trials train as many side by side as one batch holds.
_LOOK = 64
#: Shares of the way from the lower end that shrinking tries in turn.
_SHARES = (0.0, 0.5, 0.75, 0.875)

Values = Mapping[str, float]
Breaks = Callable[[AbstractSetting], bool]


def _order(box: Box) -> list[Coordinate]:
    """Logarithmic coordinates before linear ones."""
    return sorted(box.coordinates, key=lambda c: c.scale == "linear")


def _drawn(box: Box, rng: np.random.Generator) -> dict[str, float]:
    """A point of the box: each coordinate on its lower or upper end with probability 1/4 each, else
    inside."""
    out = {}
    for c in _order(box):
        where, inside = rng.uniform(size=2)
        out[c.name] = c.at(0.0 if where < 0.25 else 1.0 if where < 0.5 else float(inside))
    return out


def scan(trials: Trials, box: Box, seed: int, ends: float) -> Iterator[tuple[Values, Observation]]:
    """Points of the box whose single run breaks the claim, the worst of each look first, until `ends`.

    `ends` is a time left of the trials, in seconds.
    """
    look = 0
    while trials.left > ends:
        rng = generator(seed, "scan", look)
        points = [_drawn(box, rng) for _ in range(_LOOK)]
        seeds = rng.integers(0, 2**32, size=_LOOK)
        specs = [
            RunSpec(trials.claim.experiment.id, k, k, box.make(x), int(seeds[k]), trials.engine, {})
            for k, x in enumerate(points)
        ]
        kept = [spec for spec in specs if admitted(trials.claim, spec)[1] is None]
        trials.rejected += len(specs) - len(kept)
        look += 1
        if not kept:
            if look > 50:
                return  # the box hardly meets the conditions: the search by slope knows better
            continue
        seen = trials.observe(kept)
        if seen is None:
            return
        trials.scanned += len(kept)
        excess = {o.index: excess_of(trials.claim, o) or 0.0 for o in seen}
        for o in sorted(seen, key=lambda o: -excess[o.index]):
            if excess[o.index] > 0:
                yield points[o.index], o


def shrunk(box: Box, point: Values, breaks: Breaks) -> AbstractSetting:
    """The setting with every coordinate as near to its lower end as `breaks` allows, by a few bisections."""
    best = dict(point)
    for c in _order(box):
        way = replace(c, high=best[c.name])
        for share in _SHARES:
            trial = {**best, c.name: way.at(share)}
            setting = box.make(trial)
            if setting != box.make(best) and breaks(setting):
                best = trial
                break
    return box.make(best)
