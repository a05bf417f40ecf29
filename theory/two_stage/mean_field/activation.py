"""The share of active filters: cross-talk against initial weights."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import sympy as sp

from theory.claim import Claim
from theory.condition import Condition
from theory.experiment import Experiment
from theory.rules import Law
from theory.two_stage.box import Domain
from theory.two_stage.conditions import ALL
from theory.two_stage.limits import errors as limit_errors
from theory.two_stage.limits.claim import by_quadrature, gap, number_function, rates, sharp_claim
from theory.two_stage.limits.dynamics import a as _a
from theory.two_stage.mean_field.activation_law import active_share_small_init
from theory.two_stage.mean_field.mean_field import mean_field, population
from theory.two_stage.run import Run
from theory.two_stage.sources import here
from theory.two_stage.symbols import kappa_0, tau

__all__ = ["CLAIMS", "SHARP_ACTIVATION", "small_init_residual", "switched_on"]

#: kappa_0 = 1, where cross-talk is as large as the initial products; only the first time unit matters.
SHARP_ACTIVATION = Experiment(
    id="two_stage.sharp.activation",
    place=Domain(
        "sharp, activation",
        n=(60, 100),
        m=(40, 60),
        signal_margin=(2.0, 10.0),
        tau=(0.05, 0.25),
        kappa_0=(1.0, 1.0),
        dimension=(1e4, 1e8),
        clock_step=(0.06, 0.1),
    ),
    clock=1.0,
    runs={"quick": 160, "default": 360, "full": 1000},
)

#: Where the law of the gain is claimed. kappa_0 = 1 is equality but for rounding.
_OF_GAIN = (
    Condition(
        "init_at_cross_talk",
        1 + sp.Rational(1, 10**9),
        sp.Max(kappa_0, 1 / kappa_0),
        here("docs/derivations/limit_dynamics.md, Active share"),
        "derived",
        "Cross-talk is then as large as the initial products, and one generation of it is nearly all.",
        fixes=(("kappa_0", 1.0),),
        shown=r"\kappa_0 = 1",
    ),
    *(ALL[name] for name in ("iota_small", "clock_step", "step_keeps_order")),
)


def _activation_residual(run: Run, stated: Callable[[sp.Symbol, sp.Symbol], sp.Expr] | None = None) -> float:
    """The share (or another `stated` law of X and kappa_0) at X = 1 and the setting's kappa_0 against the
    probability as an integral."""
    from scipy.integrate import quad
    from scipy.special import ndtr

    k = run.setting.kappa_0
    # P(Z < 0, k Z + N > 0) = E[Phi(k Z); Z < 0].
    norm = math.sqrt(2 * math.pi)
    ends = (0.0, *sorted({1.0, 3.0, 8.0} | {x / k for x in (1.0, 3.0) if x / k < 8.0}), 40.0)
    value = sum(
        quad(lambda z: math.exp(-z * z / 2) / norm * ndtr(-k * z), low, high, epsabs=1e-16, epsrel=1e-13)[0]
        for low, high in pairwise(ends)
    )
    X, kappa = sp.symbols(r"X \kappa_0", positive=True)
    law = stated or limit_errors.activation_share
    return gap(number_function(law(X, kappa), X, kappa)(1.0, k), 0.5 + value)


def small_init_residual(run: Run, stated: sp.Expr | None = None) -> float:
    """`active_share_small_init` at the setting's a and tau_+ against two Gaussian generations by quadrature
    (or another `stated` law against them)."""
    from scipy.integrate import quad
    from scipy.special import ndtr

    a, rate = rates(run)
    strength = 0.25 * a * (1 - 2 * rate) ** 2
    first, second = strength + 0.25, strength + 0.375
    # X_2 = X_1 + an independent part; P(X_1 < 0 < X_2) given X_1 = -x sd.
    ratio = math.sqrt(first / (second - first))
    late = quad(
        lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi) * ndtr(-x * ratio), 0, 40,
        points=(1 / ratio, 3 / ratio, 9 / ratio), epsabs=1e-16, epsrel=1e-13,
    )[0]  # fmt: skip
    share = 0.5 + 0.5 * (0.5 + late)
    if stated is not None:
        return gap(float(number_function(stated, _a, tau)(a, rate)), share)
    return gap(active_share_small_init(a, rate), share)


def switched_on(run: Run) -> tuple[float, float]:
    """Mean share of label-side filters that a sample has gained since step 0, and the mean field's
    `arctan(X/kappa_0)/(2 pi)` given the label counts, at the end of the run."""
    field = mean_field(population(run.setting, run.y, run.y_observed), len(run.steps) - 1)
    kind = np.where(run.clean, 0, 1)
    predicted = field.active[-1][np.where(run.y > 0, 0, 1), kind] - 0.5
    gained = run.active_fraction[-1] - run.active_fraction[0]
    return float(gained.mean()), float(predicted.mean())


CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "activation_share",
        "Active share",
        r"$P(Z>0) + P(Z<0<\kappa_0Z + XN) = \frac12 + \frac1{2\pi}\arctan(X/\kappa_0)$",
        by_quadrature("symbolic X, kappa_0"),
        _activation_residual,
        "relative difference of the closed form and quadrature at X = 1 and the setting's kappa_0",
        limit_errors.prove_activation_law,
    ),
    sharp_claim(
        "activation_share.small_init",
        "Active share",
        r"For $\kappa_0 \to 0$ two generations of cross-talk give $p = \frac78 - \frac{\arcsin r}{4\pi}$, "
        r"$r^2 = (G+\frac14)/(G+\frac38)$, $G = \frac a4(1-2\tau)^2$",
        by_quadrature("symbolic a, tau"),
        small_init_residual,
        "relative difference of the closed form in numbers and the sum of the generations",
        limit_errors.prove_small_initialisation,
        parents=("two_stage.sharp.activation_share",),
        note="p at clocks around .3, with one coefficient for all samples; the cavity law has what comes "
        "after, and the shares of single samples.",
    ),
    sharp_claim(
        "activation_share.moderate_init",
        "Active share",
        r"At $\kappa_0 = 1$ and $s = 1$ cross-talk has switched on a share "
        r"$\frac1{2\pi}\arctan(X/\kappa_0)$ of the label-side filters of a sample",
        Law(margin=0.05, reason="leading order in n/d; a gain of .08 is then known to .004"),
        switched_on,
        "share of filters gained in one time unit, mean over samples, and that of the mean field",
        limit_errors.prove_activation_law,
        SHARP_ACTIVATION,
        ("two_stage.sharp.activation_share",),
        conditions=_OF_GAIN,
        note="Above Condition 4.1's bound on sigma_0 for C > 1.",
    ),
)
