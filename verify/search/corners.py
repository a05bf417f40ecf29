"""Looking for bad corners: one run at each of many settings of a box, edges first, before any is looked at
twice.

A claim that fails in a small part of its box gives a search no slope to follow. What helps is number: runs of
different settings are trained side by side, and each coordinate is put on one of its ends half of the time,
as that is where claims fail.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from theory.rng import generator
from theory.two_stage.box import Domain
from theory.two_stage.setting import Setting
from verify.judge import admitted
from verify.outcome import Observation
from verify.rules.registry import excess as excess_of
from verify.runs.plan import RunSpec
from verify.search.timed_runs import Trials

__all__ = ["scan", "shrunk"]

#: Settings a look; the trials train as many side by side as one batch holds.
_LOOK = 64

_LOGS = ("n", "m", "signal_margin", "kappa_0", "dimension", "clock_step", "sigma_xi")
_RATES = ("tau_plus", "tau_minus")

Coordinates = Mapping[str, float]
Breaks = Callable[[Setting], bool]


def _limits(domain: Domain, name: str) -> tuple[float, float]:
    low, high = domain.tau if name in _RATES else getattr(domain, name)
    return float(low), float(high)


def _drawn(domain: Domain, rng: np.random.Generator) -> dict[str, float]:
    """A point of the box: each coordinate on its lower or upper end with probability 1/4 each, else
    inside."""
    out = {}
    for name in (*_LOGS, *_RATES):
        low, high = _limits(domain, name)
        where, inside = rng.uniform(size=2)
        share = 0.0 if where < 0.25 else 1.0 if where < 0.5 else float(inside)
        if name in _RATES or low <= 0:
            out[name] = low + (high - low) * share
        else:
            out[name] = high if share == 1.0 else low * (high / low) ** share
    return out


def _setting(domain: Domain, x: Coordinates) -> Setting:
    counts = {"n": round(x["n"]), "m": round(x["m"])}
    return domain.at(**{**x, **counts})  # type: ignore[arg-type]


def scan(trials: Trials, domain: Domain, seed: int, ends: float) -> Iterator[tuple[Coordinates, Observation]]:
    """Points of the box whose single run breaks the claim, the worst of each look first, until `ends`.

    `ends` is a time left of the trials, in seconds.
    """
    look = 0
    while trials.left > ends:
        rng = generator(seed, "scan", look)
        points = [_drawn(domain, rng) for _ in range(_LOOK)]
        seeds = rng.integers(0, 2**32, size=_LOOK)
        specs = [
            RunSpec(trials.claim.experiment.id, k, k, _setting(domain, x), int(seeds[k]), trials.engine, {})
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
        excess = {o.index: excess_of(trials.claim, o.value, o.steps) or 0.0 for o in seen}
        for o in sorted(seen, key=lambda o: -excess[o.index]):
            if excess[o.index] > 0:
                yield points[o.index], o


def shrunk(domain: Domain, point: Coordinates, breaks: Breaks) -> Setting:
    """The setting with every coordinate as near to its lower end as `breaks` allows, by a few bisections."""
    best = dict(point)
    for name in (*_LOGS, *_RATES):
        low, now = _limits(domain, name)[0], best[name]
        for value in _toward(low, now, name):
            trial = {**best, name: value}
            if _setting(domain, trial) != _setting(domain, best) and breaks(_setting(domain, trial)):
                best = trial
                break
    return _setting(domain, best)


def _toward(low: float, now: float, name: str) -> Sequence[float]:
    """The lower end, then points that halve the way back."""
    shares = (0.0, 0.5, 0.75, 0.875)
    if name in _RATES or low <= 0 or not math.isfinite(now / low):
        return [low + (now - low) * share for share in shares]
    return [low * (now / low) ** share for share in shares]
