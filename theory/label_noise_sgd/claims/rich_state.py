"""The rich state with the noise on: its floor, the shrinkage of the mean, exponents of the transport."""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Claim, Prediction
from theory.label_noise_sgd import places, rich
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment
from theory.label_noise_sgd.claims.slow_curve import noise_floor
from theory.label_noise_sgd.conditions import ADIABATIC, with_
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here, note
from theory.label_noise_sgd.symbols import MEANINGS, B, d, eta, sigma
from theory.rules import Difference, Law
from theory.run import NotApplicable

__all__ = ["CLAIMS", "floor", "shrinkage", "tangent_floor"]

Floats = NDArray[np.float64]

RICH_ONE = experiment("rich_one", places.RICH_ONE, (0, 36, 72), 170.0, start="rich", records=20)
ANNEALED = experiment(
    "annealed",
    box(
        "up to chi = .2", places.rich, d=(3, 6), width=(25, 60), amplified=(0.1, 0.35), chi=(0.05, 0.2),
        target=TARGETS,
    ),
    (0, 32, 64), 16.0,
)  # fmt: skip
EXPONENTS = experiment("exponents", places.RICH_ONE, (0, 24, 48), 60.0, start="rich", records=60, frame=20)
CHI_LARGE = experiment(
    "chi_large",
    box(
        "not adiabatic", places.rich, d=(3, 6), width=(25, 60), amplified=(0.1, 0.35), chi=(0.5, 1),
        target=TARGETS,
    ),
    (0, 16, 48), 10.0,
)  # fmt: skip

RICH_ONE_CHI = experiment(
    "rich_one_chi",
    box(
        "one neuron, not adiabatic", places.one_neuron, d=(4, 6), batch=(1, 2), pace=(0.008, 0.03),
        chi=(3.0, 3.8), target=TARGETS,
    ),
    (0, 400, 600), 170.0, start="rich", records=20,
)  # fmt: skip
EXPONENTS_CHI = experiment(
    "exponents_chi",
    box(
        "one neuron, far from adiabatic", places.one_neuron, d=(3, 6), batch=(1, 2), pace=(0.008, 0.03),
        chi=(0.4, 0.8), target=TARGETS,
    ),
    (0, 24, 48), 60.0, start="rich", records=60, frame=20,
)  # fmt: skip


def floor(run: LinearRun) -> Pair:
    """Mean M_perp after a tenth of the run, and `eta sigma^2/(2 B)`."""
    return run.path.mean_perp(len(run.steps) // 10), noise_floor(run)


def tangent_floor(run: LinearRun) -> Pair:
    """Pooled tan^2 of those means, and `(d-1) eta sigma^2/(2 B sqrt(d) |theta*|)`."""
    s, first = run.setting, len(run.steps) // 10
    measured = (s.d - 1) * run.path.mean_perp(first) / run.path.mean_u(first)
    return measured, rich.pooled_floor(s.eta, s.sigma, s.d, s.target, s.batch)


def annealed_slope(run: LinearRun) -> Pair | NotApplicable:
    """Slope of ln of the part of W that makes no output, in tau over the second half; and `-(1 - chi)`."""
    p = run.path
    half = slice(len(p.steps) // 2, None)
    values = p.perp_given_a[half]
    if not np.all(values > 1e-24):
        return NotApplicable("the part without output has reached rounding")
    return float(np.polyfit(p.tau[half], np.log(values), 1)[0]), -(1 - run.setting.chi)


def shrinkage(run: LinearRun) -> Pair:
    """|theta*| - |time mean of theta| after a tenth of the run, and `eta sigma^2 sqrt(d)/(2 B)`."""
    s = run.setting
    mean = run.path.mean_theta(len(run.steps) // 10)
    return float(s.target - mean @ run.path.unit), rich.shrinkage(s.eta, s.sigma, s.d, s.batch)


def _exponents(run: LinearRun) -> tuple[Floats, Floats]:
    """`2 lambda/kappa` measured after kappa t = 10, and predicted to first order."""
    s, p = run.setting, run.path
    first = int(np.searchsorted(run.clock, 10.0))
    rates = 2 * (p.logs[-1] - p.logs[first]) / float(p.steps[-1] - p.steps[first])
    expected = rich.first_order_exponents(s.eta, s.sigma, s.d, s.target, s.batch)
    return np.sort(rates)[::-1] / s.kappa, expected / s.kappa


def exponents(run: LinearRun) -> Pair:
    """Mean of the middle d - 1 exponents, and their first-order form, both over kappa."""
    got, expected = _exponents(run)
    return float(got[1:-1].mean()), float(expected[1])


def top_exponent(run: LinearRun) -> Pair:
    """The largest exponent over kappa, and 0."""
    return float(_exponents(run)[0][0]), 0.0


def last_exponent(run: LinearRun) -> Pair:
    """Minus the smallest exponent over kappa, and its first-order form."""
    got, expected = _exponents(run)
    return -float(got[-1]), -float(expected[-1])


CLAIMS: tuple[Claim, ...] = (
    claim(
        "floor.across",
        here("floor"),
        r"With the noise on $M_\perp$ stops at $\eta\sigma^2/2B$.",
        Law(0.05, "order chi; fluctuation of a time mean", planned_spread=0.02),
        floor,
        RICH_ONE,
        conditions=(ADIABATIC,),
        constants=with_(c_chi=0.2),
        prediction=Prediction(r"M_\perp", eta * sigma**2 / (2 * B), "1", MEANINGS),
        measured="mean of M_perp after the first tenth",
    ),
    claim(
        "floor.tangent",
        note("Lemma 4.5, the alignment reached, with the noise on"),
        r"Alignment then stops at pooled $\tan^2 = (d-1)\eta\sigma^2/(2B\sqrt{d}|\theta^*|)$.",
        Law(0.1, "order chi", planned_spread=0.03),
        tangent_floor,
        RICH_ONE,
        conditions=(ADIABATIC,),
        constants=with_(c_chi=0.2),
        measured="pooled tan^2 of time means",
    ),
    claim(
        "floor.annealed",
        here("floor"),
        r"The part of W that makes no output goes on decaying like $e^{-(1-\chi)\tau}$: with the "
        r"noise off it is "
        r"what is left across $\theta^*$.",
        Difference(0.03, "second order in chi", planned_spread=0.03),
        annealed_slope,
        ANNEALED,
        conditions=(ADIABATIC,),
        constants=with_(c_chi=0.2),
        measured="slope of ln(M - theta theta^T/s) across theta* in tau over the second half, and -(1-chi)",
    ),
    edge(
        "adiabatic",
        ADIABATIC,
        r"At $\chi$ in [.5, 1] the part of W without output still decays like $e^{-(1-\chi)\tau}$.",
        Difference(0.03, "the margin inside the condition", planned_spread=0.03),
        annealed_slope,
        CHI_LARGE,
        conditions=(ADIABATIC,),
        constants=with_(c_chi=0.2),
        measured="slope in tau over the second half, and -(1-chi)",
    ),
    claim(
        "shrinkage.mean",
        here("shrinkage"),
        r"The time mean of $\theta$ falls short of $\theta^*$ by $\eta\sigma^2\sqrt{d}/2B$.",
        Law(0.12, "order chi; fluctuation of a time mean", planned_spread=0.09),
        shrinkage,
        RICH_ONE,
        conditions=(ADIABATIC,),
        constants=with_(c_chi=0.27),
        prediction=Prediction(
            r"|\theta^*| - |E\theta|", eta * sigma**2 * sp.sqrt(d) / (2 * B), "1", MEANINGS
        ),
        measured="|theta*| minus the time mean along theta*",
    ),
    claim(
        "exponents.middle",
        here("exponents"),
        r"Transport in the rich state: $d-1$ exponents $2\lambda = -(1-\chi)\kappa_c$.",
        Difference(0.02, "second order in chi", planned_spread=0.008),
        exponents,
        EXPONENTS,
        conditions=(ADIABATIC,),
        constants=with_(c_chi=0.15),
        measured="mean of the middle exponents over kappa, first 10/kappa steps discarded",
    ),
    edge(
        "exponents_chi",
        ADIABATIC,
        r"At $\chi$ in [.4, .8] the $d-1$ exponents are still $-(1-\chi)\kappa_c$.",
        Difference(0.02, "the margin inside the condition", planned_spread=0.05),
        exponents,
        EXPONENTS_CHI,
        conditions=(ADIABATIC,),
        constants=with_(c_chi=0.15),
        measured="mean of the middle exponents over kappa, first 10/kappa steps discarded",
    ),
    claim(
        "exponents.top",
        here("exponents"),
        r"The largest is 0: the network itself stays.",
        Difference(0.02, "fluctuation over 50/kappa steps", planned_spread=0.005),
        top_exponent,
        EXPONENTS,
        conditions=(ADIABATIC,),
        constants=with_(c_chi=0.15),
        measured="largest exponent over kappa, and 0",
    ),
    claim(
        "exponents.last",
        here("exponents"),
        r"The smallest is $-[(d+1) + (d-1)\chi]\kappa_c$.",
        Law(0.015, "second order in chi", planned_spread=0.005),
        last_exponent,
        EXPONENTS,
        conditions=(ADIABATIC,),
        constants=with_(c_chi=0.15),
        measured="minus the smallest exponent over kappa",
    ),
    edge(
        "shrinkage_chi",
        ADIABATIC,
        r"At $\chi$ in [3, 3.8] $\theta$ still falls short by $\eta\sigma^2\sqrt{d}/2B$.",
        Law(0.12, "the margin inside the condition", planned_spread=0.12),
        shrinkage,
        RICH_ONE_CHI,
        constants=with_(c_chi=0.27),
        measured="|theta*| minus the time mean along theta*",
    ),
)
