"""The constants of Theorem 4.4 and Proposition 4.3."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import sympy as sp

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Law, Ordering
from theory.run import NotApplicable
from theory.two_stage.box import Domain
from theory.two_stage.limits import errors as limit_errors
from theory.two_stage.limits.claim import by_linear_system, gap, number_function, sharp_claim
from theory.two_stage.limits.dynamics import a as _a
from theory.two_stage.mean_field.iid import IID, LINES, MIDDLE
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1
from theory.two_stage.symbols import p as _p
from theory.two_stage.symbols import tau

__all__ = ["CLAIMS", "SHARP_NO_NOISE", "SHARP_STOPPED", "early_constant", "error_constant"]

Pair = tuple[float, float]

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


#: With label noise, stopped early in Stage I: errors between e^-10 and e^-100.
SHARP_STOPPED = Experiment(
    id="two_stage.sharp.stopped",
    place=Domain(
        "sharp, stopped early",
        n=(60, 100),
        m=(20, 40),
        signal_margin=(3.0, 10.0),
        tau=(0.05, 0.25),
        kappa_0=(0.01, 0.3),
        dimension=(20.0, 100.0),
        clock_step=(0.04, 0.06),
    ),
    clock=C_T1,
    runs={"quick": 20, "default": 60, "full": 400},
    snapshots=(),
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


def early_constant(run: Run, worst: bool = True, factor: float = 1.0) -> Pair | NotApplicable:
    r"""`C' = 2 (d/n)/z^2`, `err = Phi(-z)`, at the run's end: measured, and by the closed form.

    A point of label y errs with probability `Phi(-sqrt(2 d/(n C_y)))`, `C_y = 2 (gamma_{-y}^2/a +
    A_{-y})/gamma_y^2` with the run's coefficients: in the exponent the larger one decides, C' = max_y C_y.
    With `worst=False` the balanced form `2/a + 4 p^2/(a (1 - 2 tau))^2` at the realised overall rate and the
    mean active share. `factor` sets the form wrong.
    """
    from scipy.special import log_ndtr, ndtri_exp

    error = run.log_test_error("iid", float(run.clock[-1]))
    if not math.isfinite(error.value):
        return NotApplicable("the error is too small to be sampled")
    s = run.setting
    a, ratio = s.n_snr2, s.d / s.n
    if worst:
        signal = run.gamma[-1].mean(axis=1)
        if signal.min() <= 0:
            return NotApplicable("a class has no signal at the end of the run")
        constants = []
        for c, label in enumerate((1.0, -1.0)):
            against = float(np.sum(run.noise_mass[-1][run.y_observed == -label] ** 2)) / s.n
            constants.append(2 * (float(signal[1 - c]) ** 2 / a + against) / float(signal[c]) ** 2)
    else:
        share, rate = float(run.active_fraction[-1].mean()), float(run.noisy.mean())
        constants = [
            number_function(limit_errors.derived_early_stopping_constant(), _a, tau, _p)(a, rate, share)
        ] * 2
    log_errors = [float(log_ndtr(-math.sqrt(2 * ratio / (factor * c)))) for c in constants]
    predicted = float(np.logaddexp(log_errors[0], log_errors[1])) - math.log(2.0)
    return 2 * ratio / float(ndtri_exp(error.value)) ** 2, 2 * ratio / float(ndtri_exp(predicted)) ** 2


def _grown(run: Run) -> bool | NotApplicable:
    """Whether the iid error at the end exceeds that at 4 time units."""
    middle, end = (run.log_test_error("iid", clock, lines=LINES) for clock in (MIDDLE, float(run.clock[-1])))
    if not (math.isfinite(middle.value) and math.isfinite(end.value)):
        return NotApplicable("the error is too small to be sampled")
    return end.value > middle.value


CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "no_noise_constant",
        "Test errors",
        r"Theorem 4.4's constant is $C_D = 2a + 4p^2$",
        by_linear_system("symbolic a, tau, p; leading order in d/n"),
        _error_constant_residual(lambda run: 0.0, limit_errors.derived_no_noise_constant),
        "relative difference of the closed form and the constrained Gaussian minimum, p = 1/2",
        limit_errors.prove_no_noise_constant,
    ),
    sharp_claim(
        "early_stopping_constant",
        "Test errors",
        r"Proposition 4.3's constant is $C' = 2/a + 4p^2/(a(1-2\tau))^2$",
        by_linear_system("symbolic a, tau, p; leading order in d/n"),
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
    sharp_claim(
        "early_stopping_constant.runs",
        "Test errors",
        r"At $T_1$ $\mathrm{err} = \frac12\sum_y\Phi(-\sqrt{2d/(nC_y)})$, so that Proposition 4.3's constant "
        r"is $C' = \max_y C_y$, $C_y = 2(\gamma_{-y}^2/a + A_{-y})/\gamma_y^2$ with the run's coefficients",
        Law(
            margin=0.05,
            reason="what two filters of a side share beyond their sum is left out, a few per cent",
        ),
        early_constant,
        "C' from the iid error at T_1 by line sampling, and from the closed form",
        limit_errors.prove_early_stopping_constant,
        SHARP_STOPPED,
        ("two_stage.sharp.early_stopping_constant",),
    ),
    replace(
        sharp_claim(
            "early_stopping_constant.balanced",
            "Test errors",
            r"At $T_1$ $\mathrm{err} = \Phi(-\sqrt{2d/(nC')})$ with $C' = 2/a + 4p^2/(a(1-2\hat\tau))^2$, "
            r"the form of balanced classes with one flip rate",
            Law(margin=0.05, reason="as for the worst class"),
            partial(early_constant, worst=False),
            "C' from the iid error at T_1 by line sampling, and from the balanced form",
            None,
            SHARP_STOPPED,
            ("two_stage.sharp.early_stopping_constant",),
            note="The class with fewer samples or more flipped labels decides: realised counts matter.",
        ),
        role="reading",
        corrected_by="two_stage.sharp.early_stopping_constant.runs",
    ),
    sharp_claim(
        "iid_growth",
        "Test errors",
        r"With flipped labels the iid error grows through Stage II: it is larger at $s = 16$ than at $s = 4$",
        Ordering(delta=0.05),
        _grown,
        "whether ln err by line sampling is larger at 16 time units than at 4",
        limit_errors.prove_early_stopping_constant,
        IID,
        ("two_stage.sharp.early_stopping_constant",),
    ),
)
