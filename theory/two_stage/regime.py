"""Where a setting lies in the dimensionless groups, in sentences."""

from __future__ import annotations

import math

from theory.setting import AbstractSetting
from theory.two_stage.decay.setting import DecayedSetting
from theory.two_stage.decay.thresholds import threshold
from theory.two_stage.setting import Setting

__all__ = ["regime"]

#: p of the regimes: initial signs decide (kappa_0 >> 1), cross-talk on average (kappa_0 << 1), worst sample.
_SHARES = {"1/2": 0.5, ".78": 0.78, "1": 1.0}


def regime(s: AbstractSetting) -> tuple[str, ...]:
    """The setting's place in the dimensionless groups, a sentence each; none of another class's."""
    return (*_of_groups(s), *_of_decay(s)) if isinstance(s, Setting) else ()


def _of_decay(s: Setting) -> tuple[str, ...]:
    if not isinstance(s, DecayedSetting) or not s.weight_decay:
        return ()
    border = threshold(s.n_snr2, s.tau_max, 1.0)
    if math.isinf(border):
        return (
            f"lambda = {s.weight_decay:.3g}: a(1 - 2 tau) <= 2, so no decay keeps a sample of p = 1 out.",
        )
    above = s.weight_decay >= border
    return (
        f"lambda = {s.weight_decay:.3g} is {'at least' if above else 'below'} lambda*(1) = "
        f"{border:.3g}: flipped "
        f"labels are {'never memorised' if above else 'memorised later, and not all of them'}.",
    )


def _of_groups(s: Setting) -> tuple[str, ...]:
    if s.kappa_0 >= 10:
        share = "initial signs decide which filters are active, p = 1/2; outside the paper's bound on sigma_0"
    elif s.kappa_0 > 1:
        share = "between the regimes: initial signs and cross-talk both decide, p somewhat above 1/2"
    else:
        share = "cross-talk decides which filters are active, p near .78 and up to 1: the paper's regime"
    margin = s.signal_margin
    stage = [
        f"at p = {name} ({'>' if margin > 2 * p else '<='} {2 * p:g}): {'yes' if margin > 2 * p else 'no'}"
        for name, p in _SHARES.items()
    ]
    ratio = s.d / s.n
    limit = 8 / s.n_snr2
    return (
        f"kappa_0 = {s.kappa_0:.3g}: {share}.",
        f"Stage I exists (noisy samples are first pushed the wrong way) when a(1 - 2 tau) > 2p; "
        f"a(1 - 2 max tau) = {margin:.3g}; {'; '.join(stage)}.",
        f"iota = {s.iota:.3g}: the head start iota/sqrt(2 pi) of every margin is {s.iota * 0.3989:.2g}"
        f"{', negligible' if s.iota <= 0.1 else ', NOT negligible: times shift'}.",
        f"h = {s.clock_step:.3g}: "
        + (
            "the step resolves the flow"
            if s.clock_step <= min(0.1, limit)
            else f"a coarse step; gradient descent stays monotone up to h = 8/a = {limit:.3g}"
            if s.clock_step <= limit
            else f"beyond h = 8/a = {limit:.3g}, where gradient descent is no longer monotone"
        )
        + ".",
        f"d/n = {ratio:.3g}, d/n^2 = {ratio / s.n:.3g}: "
        + (
            "active filters stay active"
            if ratio >= 20
            else "below about 20 active filters are lost in training; no law here speaks of it"
        )
        + ".",
    )
