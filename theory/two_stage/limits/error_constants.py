"""The constants of Theorem 4.4 and Proposition 4.3."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import sympy as sp

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Law
from theory.run import NotApplicable
from theory.two_stage.box import Domain
from theory.two_stage.limits import errors as limit_errors
from theory.two_stage.limits.claim import LINEAR, gap, number_function, sharp_claim
from theory.two_stage.limits.dynamics import a as _a
from theory.two_stage.run import Run
from theory.two_stage.symbols import p as _p
from theory.two_stage.symbols import tau

__all__ = ["CLAIMS", "SHARP_NO_NOISE", "error_constant"]

#: No label noise, at d/n where the error lies between e^-1 and e^-60.
SHARP_NO_NOISE = Experiment(
    id="two_stage.sharp.no_noise",
    place=Domain(
        "sharp, no label noise",
        n=(60, 100),
        m=(20, 40),
        signal_margin=(0.5, 4.0),
        tau=(0.0, 0.0),
        kappa_0=(0.01, 0.3),
        dimension=(20.0, 200.0),
        clock_step=(0.1, 0.2),
    ),
    clock=4.0,
    runs={"quick": 20, "default": 60, "full": 400},
)


def _error_constant_residual(
    rate_of: Callable[[Run], float], constant: Callable[[], sp.Expr]
) -> Callable[[Run], float]:
    """A test error's constant against the constrained Gaussian minimum, solved in floating point."""

    def residual(run: Run, stated: sp.Expr | None = None) -> float:
        a, rate = run.setting.n_snr2, rate_of(run)
        gamma, mass = a / 2 * (1 - 2 * rate), 0.125  # rho = 1, p = 1/2
        cross, var = -(gamma**2) / a, gamma**2 / a + mass
        covariance = np.array([[var, cross], [cross, var]])
        # Minimise S^T Q S / 2, Q = C^-1, under S_{-y} = gamma: stationarity and constraint as one system.
        precision = np.linalg.inv(covariance)
        system = np.zeros((3, 3))
        system[:2, :2], system[1, 2], system[2, 1] = precision, -1.0, 1.0
        point = np.linalg.solve(system, np.array([0.0, 0.0, gamma]))[:2]
        exponent = 0.5 * float(point @ precision @ point)
        found = a**2 / exponent if constant is limit_errors.derived_no_noise_constant else 1 / exponent
        formula = constant() if stated is None else stated
        return gap(number_function(formula, _a, tau, _p)(a, rate, 0.5), found)

    return residual


def error_constant(
    run: Run, factor: float = 1.0, share_sign: float = 1.0
) -> tuple[float, float] | NotApplicable:
    r"""`2x/z^2` with `x = n |mu|^4/(sigma_xi^4 d)` and `err = Phi(-z)`: measured, and by the closed form.

    A test point of class y errs with probability `Phi(-sqrt(2x/C_y))`, `C_y = (gamma_{-y}/gamma_y)^2
    (2a + 4 p^2)` with `p^2 = a^2 A_{-y}/(2 gamma_{-y}^2)`, the mean square of noise masses over what p = 1
    gives them: for balanced classes and one share p this is C_D. `factor`, and the sign of `4 p^2`, are there
    to be set wrong.
    """
    from scipy.special import log_ndtr, ndtri_exp

    error = run.log_test_error("iid", float(run.clock[-1]))
    if not math.isfinite(error.value):
        return NotApplicable("the error is too small to be sampled")
    s = run.setting
    a = s.n_snr2
    x = a**2 * s.d / s.n
    constant = number_function(limit_errors.derived_no_noise_constant(), _a, _p)
    signal = run.gamma[-1].mean(axis=1)
    log_errors: list[float] = []
    for c, label in enumerate((1.0, -1.0)):
        against = float(signal[1 - c])
        squares = float(np.sum(run.noise_mass[-1][run.y == -label] ** 2)) / s.n
        share = math.sqrt(a**2 * squares / (2 * against**2))
        closed = constant(a, share) if share_sign > 0 else 4 * a - constant(a, share)
        of_class = factor * (against / float(signal[c])) ** 2 * closed
        if of_class <= 0:
            return 2 * x / float(ndtri_exp(error.value)) ** 2, of_class
        log_errors.append(float(log_ndtr(-math.sqrt(2 * x / of_class))))
    predicted = float(np.logaddexp(log_errors[0], log_errors[1])) - math.log(2.0)
    return (
        2 * x / float(ndtri_exp(error.value)) ** 2,
        2 * x / float(ndtri_exp(predicted)) ** 2,
    )


CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "no_noise_constant",
        "Test errors",
        r"Theorem 4.4's constant is $C_D = 2a + 4p^2$",
        LINEAR,
        _error_constant_residual(lambda run: 0.0, limit_errors.derived_no_noise_constant),
        "relative difference of the closed form and the constrained Gaussian minimum, p = 1/2",
        limit_errors.prove_no_noise_constant,
    ),
    sharp_claim(
        "early_stopping_constant",
        "Test errors",
        r"Proposition 4.3's constant is $C' = 2/a + 4p^2/(a(1-2\tau))^2$",
        LINEAR,
        _error_constant_residual(
            lambda run: run.setting.tau_plus, limit_errors.derived_early_stopping_constant
        ),
        "relative difference of the closed form and the constrained Gaussian minimum, p = 1/2",
        limit_errors.prove_early_stopping_constant,
    ),
    sharp_claim(
        "no_noise_constant.runs",
        "Test errors",
        r"Without label noise $\mathrm{err} = \Phi(-\sqrt{2x/C_D})$, $x = n\|\mu\|^4/(\sigma_\xi^4d)$, "
        r"$C_D = 2a + 4p^2$, with realised class sizes and the run's own $p^2$",
        Law(
            margin=0.05,
            reason="what two filters of a side share beyond their sum is left out, a few per cent",
        ),
        error_constant,
        "C_D from the iid error by line sampling, and from the closed form",
        limit_errors.prove_no_noise_constant,
        SHARP_NO_NOISE,
        ("two_stage.sharp.no_noise_constant",),
    ),
)
