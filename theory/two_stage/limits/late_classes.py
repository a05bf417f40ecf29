"""Each class at the end of a run: rates, harmonic means of its active shares, and its late signal share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.run import NotApplicable
from theory.two_stage.limits import late as limit_late
from theory.two_stage.limits.claim import number_function
from theory.two_stage.limits.dynamics import a as _a
from theory.two_stage.run import Run
from theory.two_stage.symbols import tau

__all__ = ["LateClass", "late_classes"]


@dataclass(frozen=True)
class LateClass:
    """A class at the end of a run: `share` n_y/n, `rate` tau_y, harmonic means `h_c`, `h_n`, signal
    share `c`.
    """

    share: float
    rate: float
    h_c: float
    h_n: float
    c: float


def late_classes(run: Run) -> tuple[LateClass, LateClass] | NotApplicable:
    """Both classes from realised counts and each sample's `p_i q_i` at the end of the run."""
    s = run.setting
    weight = run.active_fraction[-1] * np.diag(run.gram)[1:] / (s.sigma_xi**2 * s.d)
    if weight.min() <= 0:
        return NotApplicable("a sample has no active label-side filter: it is never fit")
    share_of = number_function(limit_late.harmonic_signal_share(), _a, tau, limit_late.h_c, limit_late.h_n)
    classes = []
    for label in (1.0, -1.0):
        clean, noisy = run.clean & (run.y == label), run.noisy & (run.y == label)
        if not clean.any():
            return NotApplicable("a class has no clean sample")
        count = int(clean.sum() + noisy.sum())
        rate = float(noisy.sum()) / count
        # Without noisy samples the rate is 0 and h_n has no effect.
        h_c, h_n = (float(np.mean(1 / weight[who])) if who.any() else 1.0 for who in (clean, noisy))
        c = share_of(2 * s.n_snr2 * count / s.n, rate, h_c, h_n)
        classes.append(LateClass(count / s.n, rate, h_c, h_n, c))
    return classes[0], classes[1]
