"""The rich rest point: where the slow curve ends, for every neuron and for any covariance."""

from __future__ import annotations

from functools import partial

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Claim, Prediction
from theory.label_noise_sgd import places, slow_flow
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment
from theory.label_noise_sgd.claims.slow_curve import RICH
from theory.label_noise_sgd.conditions import ADIABATIC, STABLE, UNEVEN, WIDE, with_
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.proofs import closed_forms
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here
from theory.label_noise_sgd.symbols import MEANINGS, T, d
from theory.rules import Derived, Difference, Law

__all__ = ["CLAIMS", "kernel_ratio", "neuron_ratio", "rest_s", "rest_u"]

Floats = NDArray[np.float64]

REST = experiment("rest", places.RICH_SMALL, (0, 20, 90), 15.0, off=20.0)
REST_SPECTRUM = experiment(
    "rest_spectrum",
    box(
        "adiabatic, covariances that fall like k^-spread", places.rich_spectrum, d=(3, 6), width=(25, 60),
        amplified=(0.2, 0.35), chi=(0.015, 0.03), target=TARGETS, spread=(0.3, 0.8),
    ),
    (0, 16, 48), 15.0, off=20.0, along="even",
)  # fmt: skip
REST_CHI = experiment(
    "rest_chi",
    box(
        "few inputs, not adiabatic", places.rich, d=(3, 8), width=(25, 60), amplified=(0.1, 0.35),
        chi=(1.0, 2.0), target=TARGETS,
    ),
    (0, 60, 120), 15.0, off=20.0,
)  # fmt: skip

#: kappa t after which |w_i|^2/a_i^2 = d for each of N = 240 neurons at d = 6 within a factor e,
#: `ln((d-1) mu_0 N^2/(e u)) + 3`, to a tenth: the neuron with the smallest start along theta* is the last.
SETTLED = experiment(
    "settled",
    box(
        "adiabatic, few neurons", places.rich, d=(3, 5), width=(25, 40), amplified=(0.25, 0.38),
        chi=(0.02, 0.03), target=TARGETS,
    ),
    (0, 18, 36), 23.0, off=20.0,
)  # fmt: skip


def rest_u(run: LinearRun) -> Pair:
    """u at the end, and `sqrt(d) |theta*|`."""
    return float(run.path.u[-1]), float(np.sqrt(run.setting.d) * run.setting.target)


def rest_s(run: LinearRun) -> Pair:
    """s at the end, and `|theta*|/sqrt(d)`."""
    return float(run.path.s[-1]), float(run.setting.target / np.sqrt(run.setting.d))


def neuron_ratio(run: LinearRun) -> Pair:
    """Median over neurons of |w_i|^2/a_i^2 at the end, and d."""
    z = run.path.network()
    return float(np.median(np.sum(z[:, :-1] ** 2, axis=1) / z[:, -1] ** 2)), float(run.setting.d)


def worst_neuron(run: LinearRun) -> Pair:
    """Largest relative distance of |w_i|^2/a_i^2 from d over neurons at the end, and 0."""
    z, d = run.path.network(), run.setting.d
    return float(np.max(np.abs(np.sum(z[:, :-1] ** 2, axis=1) / z[:, -1] ** 2 / d - 1))), 0.0


def signs_agree(run: LinearRun) -> Pair:
    """Share of neurons with sign a_i = sign w_i.theta* at the end, and 1."""
    z = run.path.network()
    return float(np.mean(np.sign(z[:, -1]) == np.sign(z[:, :-1] @ run.path.unit))), 1.0


def kernel_ratio(run: LinearRun) -> Pair:
    """lambda_1/lambda_2 of the kernel `M + s I` at the end, and d + 1."""
    p = run.path
    values = np.linalg.eigvalsh(p.P[-1, :-1, :-1]) + p.s[-1]
    return float(values[-1] / values[-2]), float(run.setting.d + 1)


def general_s(run: LinearRun) -> Pair:
    """s at the end, and `sqrt(theta*.Sigma theta*/tr Sigma)`."""
    end = slow_flow.general_fixed_point(run.setting.spectrum, run.path.target)
    return float(run.path.s[-1]), end[1]


def general_matrix(run: LinearRun) -> Pair:
    """Relative error (Frobenius) of M at the end against `theta* theta*^T/s`, and 0."""
    end, _ = slow_flow.general_fixed_point(run.setting.spectrum, run.path.target)
    return float(np.linalg.norm(run.path.P[-1, :-1, :-1] - end) / np.linalg.norm(end)), 0.0


_adiabatic = partial(claim, conditions=(STABLE, WIDE, ADIABATIC), constants=with_(c_edge=0.4, c_chi=0.05))
_at_rest = partial(_adiabatic, experiment=REST)


CLAIMS: tuple[Claim, ...] = (
    claim(
        "rest.fixed_point_derived",
        here("rest point"),
        r"The flow rests at $u = \sqrt{d}\,T$, $s = T/\sqrt{d}$ only, linearly stable with rates $-(d+1)$, "
        r"$-\frac{2d}{d+1}$ and $-1$ ($M_\perp$).",
        Derived("symbolic d, T"),
        closed_forms.residual_of_rest,
        RICH,
        proof=closed_forms.fixed_point,
        measured="relative residual of the rates at the run's setting, against a numerical Jacobian",
    ),
    _at_rest(
        "rest.u",
        here("rest point"),
        r"The run ends at $u = \sqrt{d}|\theta^*|$ (noise off at the end).",
        Law(0.03, "order chi", planned_spread=0.01),
        rest_u,
        parents=("label_noise_sgd.rest.fixed_point_derived",),
        prediction=Prediction("u", sp.sqrt(d) * T, "1", MEANINGS),
        measured="u at the end",
    ),
    _at_rest(
        "rest.s",
        here("rest point"),
        r"The run ends at $s = |\theta^*|/\sqrt{d}$ (noise off at the end).",
        Law(0.03, "order chi", planned_spread=0.01),
        rest_s,
        prediction=Prediction("s", T / sp.sqrt(d), "1", MEANINGS),
        measured="s at the end",
    ),
    _at_rest(
        "rest.neuron_ratio",
        here("rest point"),
        r"Every neuron's $|w_i|^2/a_i^2$ tends to d; in the median over neurons at $\kappa t = 15$.",
        Law(0.03, "order chi", planned_spread=0.015),
        neuron_ratio,
        measured="median over neurons, and d",
    ),
    _at_rest(
        "rest.signs",
        here("rest point"),
        r"$\mathrm{sign}\,a_i = \mathrm{sign}\,w_i\cdot\theta^*$, but for neurons that started "
        r"nearly across $\theta^*$.",
        Difference(0.01, "one neuron in a hundred", planned_spread=2e-3),
        signs_agree,
        measured="share of neurons whose signs agree, and 1",
    ),
    _at_rest(
        "rest.kernel_ratio",
        here("rest point"),
        r"The kernel's first two eigenvalues stand in the ratio $d + 1$ (noiseless descent from a "
        r"small start: 2).",
        Law(0.03, "order chi", planned_spread=0.012),
        kernel_ratio,
        measured="eigenvalues of M + s I at the end, and d + 1",
    ),
    claim(
        "rest.general_s",
        here("rest point"),
        r"General $\Sigma$: the run ends at $s = \sqrt{\theta^{*T}\Sigma\theta^*/\mathrm{tr}\,\Sigma}$",
        Law(0.03, "order chi", planned_spread=0.01),
        general_s,
        REST_SPECTRUM,
        conditions=(UNEVEN,),
        measured="s at the end, and the formula",
    ),
    claim(
        "rest.general_matrix",
        here("rest point"),
        r"General $\Sigma$: the run ends at $M = \theta^*\theta^{*T}/s$.",
        Difference(0.05, "order chi, and what is left of the other directions", planned_spread=0.01),
        general_matrix,
        REST_SPECTRUM,
        conditions=(UNEVEN,),
        measured="relative error of M in Frobenius norm, and 0",
    ),
    _adiabatic(
        "rest.every_neuron",
        here("rest point"),
        r"Each of N neurons' $|w_i|^2/a_i^2$ is d once $\kappa t \geq \ln\frac{(d-1)\mu_0N^2}{eu} + 3$, "
        r"to a tenth for $e = .1$, in the median over runs.",
        Difference(0.1, "e = .1 of its duration", planned_spread=0.06),
        worst_neuron,
        SETTLED,
        measured="largest relative distance from d over neurons at kappa t = 23, and 0",
    ),
    edge(
        "rest_chi",
        ADIABATIC,
        r"At $\chi$ in [1, 2] the run still ends at $u = \sqrt{d}|\theta^*|$.",
        Law(0.03, "the margin inside the condition", planned_spread=0.05),
        rest_u,
        REST_CHI,
        conditions=(STABLE, WIDE, ADIABATIC),
        constants=with_(c_edge=0.4, c_chi=0.05),
        measured="u at the end, noise off",
    ),
)
