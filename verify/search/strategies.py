"""Hypothesis strategies for settings: the same boxes that `verify run` samples."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from theory.two_stage.box import Domain, Grid, Place, Sweep
from theory.two_stage.setting import Setting
from verify.rules.registry import judge_of

__all__ = ["log_floats", "seeds", "settings_at", "settings_in"]


def log_floats(low: float, high: float) -> st.SearchStrategy[float]:
    """Floats on a log-uniform grid of 1/16 octaves: enough resolution, and values that shrink well."""
    if low >= high:
        return st.just(low)
    count = max(1, math.ceil(16 * math.log2(high / low)))
    return st.integers(0, count).map(lambda k: low * (high / low) ** (k / count))


def settings_in(domain: Domain) -> st.SearchStrategy[Setting]:
    """Settings of a box; examples shrink toward small n, m and the low end of every range."""
    taus = st.integers(0, 32).map(lambda k: domain.tau[0] + (domain.tau[1] - domain.tau[0]) * k / 32)
    return st.builds(
        domain.at,
        n=st.integers(*domain.n),
        m=st.integers(*domain.m),
        signal_margin=log_floats(*domain.signal_margin),
        tau_plus=taus,
        tau_minus=taus,
        kappa_0=log_floats(*domain.kappa_0),
        dimension=log_floats(*domain.dimension),
        clock_step=log_floats(*domain.clock_step),
        sigma_xi=log_floats(*domain.sigma_xi),
    )


def settings_at(place: Place, rule: Any) -> st.SearchStrategy[Setting]:
    """Settings of any place that a rule speaks of: an `EventMap` claims nothing below its threshold."""
    if isinstance(place, Domain):
        return settings_in(place)
    if isinstance(place, Sweep):
        return st.sampled_from([place.at(factor) for factor in place.factors])
    if isinstance(place, Grid):
        cells = [setting for labels, setting in place.cells if judge_of(rule).claimed(rule, labels)]
        return st.sampled_from(cells) if cells else st.nothing()
    return st.just(place.setting)


def seeds() -> st.SearchStrategy[int]:
    """Run seeds."""
    return st.integers(0, 2**32 - 1)
