r"""The probability of Theorem 4.1's event for kappa_0 >> 1, given the label counts.

All noisy samples are misfit at clock s when each of them has too few active filters to lift its margin above
0: the mean field's `M_n` is negative, and a sample's own margin is normal around it,

    P = prod_y Phi(-M_n^y(s)/sd_y)^{N_y},   sd_y = Psi_y sqrt(v_y),

with Psi and v of `time_errors`; v is 1/(4m) when the binomial share alone matters. Clean samples are fit with
probability 1 to the accuracy of this law (their margin has its mean far above its standard deviation).

Source: derived here (`docs/derivations/mean_field.md`).
"""

from __future__ import annotations

import math

from theory.two_stage.mean_field.mean_field import Population, mean_field
from theory.two_stage.mean_field.time_errors import share_variance

__all__ = ["misfit_probability"]


def misfit_probability(population: Population, clock: float) -> float:
    """Probability that every noisy sample has a negative margin at a clock; 1 without any.

    Source: derived here.
    """
    from scipy.special import log_ndtr

    h = population.clock_step
    step = math.ceil(clock / h - 1e-9)
    field = mean_field(population, step)
    total = 0.0
    for c in (0, 1):
        noisy = population.counts[c][1]
        if noisy:
            variance, _, psi = share_variance(field, c, step * h)
            total += noisy * float(log_ndtr(-field.margins[step, c, 1] / (psi * math.sqrt(variance))))
    return math.exp(total)
