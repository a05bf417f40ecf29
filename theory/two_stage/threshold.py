r"""How strong the signal must be for Stage I: `a^*`, deterministic, in a fraction of a millisecond.

Every noisy sample is misfit at clock s when the worst one is. The labels of its class are as unlucky as they
are once in `4/delta`: with `D` the surplus of clean over noisy samples of a class, a sum of n independent
terms of mean `(1 - 2 tau)/2` and variance `1/2 - (1 - 2 tau)^2/4`, the counts are moved to the `delta/4`
quantile of D. And most of its label's filters are active:

    kappa_0 < 10    all of them; the mean field is run at p = 1, where its signal is weakest
    kappa_0 >= 10   the share that the largest of the noisy samples' binomial shares does not exceed with
                    probability 1 - delta/2; the mean field is run at p = 1/2

On the mean field with these counts, the Euler map with the run's own step h, a step beyond s (where a run is
read at the latest),

    a^*(n, m, tau, kappa_0, h, s, delta) = the a at which p_worst rho(s) = gamma(s),
    rho' = g(p_worst rho - gamma).

A filter is above the noise, `gamma_{j,r} > rhobar_{j,r,i}`, for every sample when it is for one whose margin
gets nothing from its patch: its coefficient grows fastest. `a^*_r` is the root of `rho(s) = gamma(s)` with
`rho' = g(-gamma)`, at p = 1.

Both are sufficient, and infinite where no signal is: the unlucky class has no majority of clean labels, or so
small a one that the signal comes to rest below the noise.

Source: derived here (`docs/derivations/scope.md`, Signal against flipped labels).
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import sympy as sp

from theory.item import NumberTable

__all__ = [
    "LARGE_INIT",
    "FilterThreshold",
    "SharpThreshold",
    "SignalThreshold",
    "filter_threshold",
    "sharp_threshold",
    "signal_threshold",
    "sure_threshold",
    "threshold_numbers",
    "unlucky_counts",
    "worst_share",
]

#: The kappa_0 from which on initial signs decide which filters are active; `c_kappa` of the conditions.
LARGE_INIT = 10.0

#: Gradient descent is monotone up to `h a = 8` (`docs/derivations/scope.md`, Step size): beyond it no signal
#: strength is looked for. Up to there the signal coefficient grows with a.
_MONOTONE = 8.0
#: Most steps up to the clock; a finer one changes the mean field by less than 1/256.
_STEPS = 256
#: Halvings of [0, 8/h].
_HALVINGS = 40
#: Most steps that bracket the root before they are made.
_SECANTS = 12


def unlucky_counts(n: float, tau: float, delta: float) -> tuple[float, float]:
    """Clean and noisy samples of a class, as shares of n, at the `delta/4` quantile of their difference.

    The normal law of the pair, at its mean given the difference.

    Source: derived here.

    >>> [round(x, 4) for x in unlucky_counts(1e12, 0.1, 0.05)]
    [0.45, 0.05]
    >>> clean, noisy = unlucky_counts(100, 0.1, 0.05)
    >>> clean - noisy < 0.4 < 0.45 - 0.05 + 1e-12
    True
    """
    clean, noisy = (1 - tau) / 2, tau / 2
    variance = 0.5 - (clean - noisy) ** 2
    with_clean = clean * (1 - clean) + clean * noisy
    with_noisy = noisy * (1 - noisy) + clean * noisy
    shift = NormalDist().inv_cdf(delta / 4) / math.sqrt(n * variance)
    return clean + with_clean * shift, noisy - with_noisy * shift


def worst_share(n: float, m: float, tau: float, delta: float) -> float:
    """The active share that no noisy sample exceeds with probability 1 - delta/2, kappa_0 >> 1; at most 1.

    The largest of `tau n` binomial shares of mean 1/2 and variance 1/(4m), as normal variables.

    Source: derived here.

    >>> round(worst_share(100, 50, 0.1, 0.05), 3), worst_share(100, 4, 0.1, 0.05)
    (0.698, 1.0)
    """
    each = math.log1p(-delta / 2) / max(1.0, tau * n)
    return min(1.0, 0.5 - NormalDist().inv_cdf(-math.expm1(each)) / (2 * math.sqrt(m)))


@lru_cache(maxsize=65536)
def _root(
    n: float, tau: float, h: float, clock: float, delta: float, share: float, worst: float, felt: float
) -> float:
    from theory.two_stage.threshold_root import root

    (clean, noisy), h = unlucky_counts(n, tau, delta), max(h, clock / _STEPS)
    if clean <= noisy:
        return math.inf
    # The first record at or after the clock lies within a step of it; whole steps would make a* jump with h.
    steps = clock / h + 1
    return float(root(_MONOTONE / h, _HALVINGS, _SECANTS, clean, noisy, h, steps, share, worst, felt))


def signal_threshold(
    n: float, m: float, tau: float, kappa_0: float, h: float, clock: float, delta: float
) -> float:
    """`a^*`: from here on all noisy samples are misfit at the clock, with probability at least 1 - delta.

    Args:
        n, m: samples, filters a side. tau: the larger flip rate. h: clock step.

    Source: derived here.

    >>> round(signal_threshold(1e12, 20, 0.1, 0.1, 0.001, 0.5, 0.05) * 0.8, 2)  # the mean field's at p = 1
    2.33
    >>> round(signal_threshold(1e12, 1e12, 0.1, 100.0, 0.001, 0.5, 0.05) * 0.8, 2)  # and at p = 1/2
    1.08
    >>> signal_threshold(50, 20, 0.3, 0.1, 0.02, 0.5, 0.05)
    inf
    """
    if kappa_0 >= LARGE_INIT:
        worst = worst_share(n, m, tau, delta)
        return _root(n, tau, h, clock, delta, 0.5, worst, worst)
    return sure_threshold(n, tau, h, clock, delta)


def sure_threshold(n: float, tau: float, h: float, clock: float, delta: float) -> float:
    """`a^*` where every filter of every sample may be active: the mean field at p = 1.

    Source: derived here.
    """
    return _root(n, tau, h, clock, delta, 1.0, 1.0, 1.0)


def sharp_threshold(
    n: float, m: float, tau: float, kappa_0: float, h: float, clock: float, delta: float
) -> float:
    """`a^*` with the active shares that cross-talk makes, where they are tabulated: at kappa_0 <= .3 and d at
    least Condition 4.1's bound not every filter is on; elsewhere `signal_threshold`.

    Source: derived here (`docs/derivations/cavity.md`, Threshold).

    >>> at = (0.05, 0.5, 0.05)
    >>> sharp_threshold(80, 20, 0.1, 0.3, *at) < signal_threshold(80, 20, 0.1, 0.3, *at)
    True
    >>> sharp_threshold(80, 20, 0.1, 1.0, *at) == signal_threshold(80, 20, 0.1, 1.0, *at)
    True
    """
    from theory.two_stage.cavity.ratio import LEVELS, threshold_ratio

    known, at, largest = LEVELS
    there = signal_threshold(n, m, tau, kappa_0, h, clock, delta)
    if delta != known or clock != at or h > largest:
        return there
    return threshold_ratio(n, m, tau, kappa_0) * there


def filter_threshold(n: float, tau: float, h: float, clock: float, delta: float) -> float:
    """`a^*_r`: from here on gamma exceeds rhobar for every filter and sample of a side at the clock.

    Source: derived here.

    >>> at = (0.02, 0.5, 0.05)
    >>> filter_threshold(100, 0.1, *at) > signal_threshold(100, 20, 0.1, 0.1, *at)
    True
    """
    return _root(n, tau, h, clock, delta, 1.0, 1.0, 0.0)


class SignalThreshold(sp.Function):  # type: ignore[misc]
    """`a^*(n, m, tau, kappa_0, h, s, delta)` in formulas."""

    _imp_ = staticmethod(signal_threshold)

    def _latex(self, printer: sp.printing.latex.LatexPrinter, exp: object = None) -> str:
        return rf"a^*\left({', '.join(printer.doprint(x) for x in self.args)}\right)"


class SharpThreshold(sp.Function):  # type: ignore[misc]
    """`a^*_sharp(n, m, tau, kappa_0, h, s, delta)` in formulas."""

    _imp_ = staticmethod(sharp_threshold)

    def _latex(self, printer: sp.printing.latex.LatexPrinter, exp: object = None) -> str:
        return rf"a^*_{{sharp}}\left({', '.join(printer.doprint(x) for x in self.args)}\right)"


class FilterThreshold(sp.Function):  # type: ignore[misc]
    """`a^*_r(n, tau, h, s, delta)` in formulas."""

    _imp_ = staticmethod(filter_threshold)

    def _latex(self, printer: sp.printing.latex.LatexPrinter, exp: object = None) -> str:
        return rf"a^*_r\left({', '.join(printer.doprint(x) for x in self.args)}\right)"


#: At which values of what its table leaves out: m, kappa_0, clock step (1/m, the largest of Condition 4.1),
#: clock of T_1, delta.
_TABLED = (20, 0.1, 0.05, 0.5, 0.05)
#: C_a, the largest n SNR^2 of the conditions, and the largest n of the reference box.
_LARGEST, _JUDGED = 30.0, 200
_SAMPLES, _RATES = (50, 100, 200, 1000, 10_000), (0.05, 0.1, 0.2, 0.3, 0.4)


def threshold_numbers() -> NumberTable:
    """`a^*` by samples and the larger flip rate, for a reader who asks whether a setting lies above it."""
    m, kappa_0, h, clock, delta = _TABLED
    rows = tuple(
        (
            f"{n} *" if n > _JUDGED else str(n),
            *(_in_words(signal_threshold(n, m, tau, kappa_0, h, clock, delta)) for tau in _RATES),
        )
        for n in _SAMPLES
    )
    caption = (
        f"The threshold a* of n SNR^2 by n and the larger flip rate, at m = {m}, kappa_0 = {kappa_0:g}, "
        f"clock step {h:g}, T_1 at clock {clock:g} and delta = {delta:g}; none: no n SNR^2 within the "
        f"conditions (up to C_a = {_LARGEST:g}) is sure to suffice. Rows marked * lie beyond the judged n <= "
        f"{_JUDGED}: computed, with no runs. Of Condition 4.1's part of the reference box some four fifths "
        "lie below 0.7 a*, about an eighth at a* or above. At any other setting: python -m verify doctor"
    )
    return NumberTable(caption, ("n", *(f"rate {tau:g}" for tau in _RATES)), rows)


def _in_words(threshold: float) -> str:
    return f"{threshold:.3g}" if threshold <= _LARGEST else "none"
