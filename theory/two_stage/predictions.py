r"""Symbolic predictions: scales of time, the loss constant, error bounds and the lemmas' bounds.

Each function returns a sympy expression in `theory.two_stage.symbols` and named constants; `number`
evaluates it at
a setting. `a = n SNR^2` is written out in setting symbols. `p` is the share of label-side filters active on
a sample's noise patch: 1/2 for kappa_0 >> 1, a function of time below (see `docs/glossary.md`).
"""

from __future__ import annotations

import sympy as sp

from theory.condition import Constants, evaluate
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import (
    a,
    c_T,
    d,
    delta,
    eps,
    m,
    mu_norm,
    n,
    p,
    sigma_0,
    sigma_xi,
    tau,
    tau_minus,
    tau_plus,
    time_unit,
)

__all__ = [
    "HALF",
    "T_star",
    "coefficient_scale",
    "dtest_floor",
    "early_stopping_constant",
    "early_stopping_error_bound",
    "initial_noise_bound",
    "initial_signal_bound",
    "label_count_bound",
    "loss_constant",
    "loss_time",
    "no_noise_constant",
    "no_noise_error_bound",
    "noise_cross_talk_bound",
    "number",
    "signal_cross_talk_bound",
    "stage_one_time",
    "strong_signal_limit",
]

#: The active share p when the initial signs decide (kappa_0 >> 1).
HALF = sp.Rational(1, 2)

#: Training horizon T*, in gradient steps.
T_star = sp.Symbol("T^*", positive=True)


def number(expr: sp.Expr, setting: Setting, constants: Constants) -> float:
    """The number an expression takes at a setting.

    `tau` is taken from the setting when both flip rates agree and `constants` names no other value.

    Raises:
        KeyError: naming a constant without a value.
        ValueError: when the expression needs one tau and the setting has two.

    >>> s = Setting.from_n_snr2(n=100, d=10_000, m=10, n_snr2=4., tau_plus=.1, tau_minus=.1,
    ...                         clock_step=.1, kappa_0=1.)
    >>> round(number(loss_constant(HALF), s, Constants({})), 12)
    0.976
    """
    if tau in expr.free_symbols and "tau" not in constants.values:
        if setting.tau_plus != setting.tau_minus:
            raise ValueError(
                "tau has two values in this setting, tau_plus "
                f"{setting.tau_plus!r} and tau_minus {setting.tau_minus!r}; name one in constants"
            )
        constants = constants.with_(tau=setting.tau_plus)
    return evaluate(expr, setting, constants)


# Times, in gradient steps -------------------------------------------------------------------------


def stage_one_time() -> sp.Expr:
    """`T_1 = c_T n m / (eta sigma_xi^2 d)`: the end of Stage I; `c_T` is the hidden constant.

    Source: Han et al. 2025, Theorem 4.1.
    """
    return c_T * time_unit


def loss_constant(p: sp.Expr = p, tau: sp.Expr = tau) -> sp.Expr:
    """`lim s L(s) = (p + 2 a tau (1 - tau)) / (p (p + a/2))`, dimensionless.

    At p = 1/2 it is `2 (1 + 4 a tau (1 - tau)) / (1 + a)`. Balanced classes with equal flip rates.

    Source: derived here from the late-time balance of clean and noisy margins.
    """
    return (p + 2 * a * tau * (1 - tau)) / (p * (p + a / 2))


def loss_time(p: sp.Expr = p, tau: sp.Expr = tau) -> sp.Expr:
    """`T_eps = K n m / (eta eps sigma_xi^2 d)` with `K = loss_constant(p, tau)`: steps to loss eps.

    Source: Han et al. 2025, Theorem 4.2 (order of magnitude, up to logarithms); constant derived here.
    """
    return loss_constant(p, tau) * time_unit / eps


def strong_signal_limit() -> sp.Expr:
    r"""`s_inf = ((1-tau)/p) [-ln u + 2(1-u) + u ln(2-u)]`, `u = tau/(1-tau)`: `lim s_2` for a -> infinity.

    Source: derived here.
    """
    u = tau / (1 - tau)
    return (1 - tau) / p * (-sp.log(u) + 2 * (1 - u) + u * sp.log(2 - u))


# Test errors, as probabilities ----------------------------------------------------------------------


def early_stopping_constant(p: sp.Expr = p, tau: sp.Expr = tau) -> sp.Expr:
    """`C' = 2/a + 4 p^2 / (a (1 - 2 tau))^2`, dimensionless.

    Source: derived here; Han et al. 2025, Proposition 4.3 leaves C' unnamed.
    """
    return 2 / a + 4 * p**2 / (a * (1 - 2 * tau)) ** 2


def early_stopping_error_bound(p: sp.Expr = p, tau: sp.Expr = tau) -> sp.Expr:
    """`exp(-d / (n C'))`: iid test error at T_1.

    Source: Han et al. 2025, Proposition 4.3, with `early_stopping_constant`.
    """
    return sp.exp(-d / (n * early_stopping_constant(p, tau)))


def no_noise_constant(p: sp.Expr = p) -> sp.Expr:
    """`C_D = 2 a + 4 p^2`, dimensionless.

    Source: derived here; Han et al. 2025, Theorem 4.4 leaves C_D unnamed.
    """
    return 2 * a + 4 * p**2


def no_noise_error_bound(p: sp.Expr = p) -> sp.Expr:
    """`exp(-n |mu|^4 / (C_D sigma_xi^4 d))`: iid test error without label noise.

    Source: Han et al. 2025, Theorem 4.4, with `no_noise_constant`.
    """
    return sp.exp(-n * mu_norm**4 / (no_noise_constant(p) * sigma_xi**4 * d))


def dtest_floor() -> sp.Expr:
    """`min(tau_+, tau_-) / 2`: D_test error after Stage II is at least this.

    Source: Han et al. 2025, Theorem 4.2.
    """
    return sp.Min(tau_plus, tau_minus) / 2


# Bounds of the lemmas, each with probability at least 1 - delta ----------------------------------------


def label_count_bound() -> sp.Expr:
    """`sqrt((n/2) log(4/delta))`: deviation of a label count from its mean, in samples (L1).

    Source: Kou et al. 2023, preliminary lemmas.
    """
    return sp.sqrt(n / 2 * sp.log(4 / delta))


def noise_cross_talk_bound() -> sp.Expr:
    """`|<xi_i, xi_k>| <= 2 sigma_xi^2 sqrt(d log(6 n^2/delta))` for all i != k (L2).

    Source: Kou et al. 2023, preliminary lemmas.
    """
    return 2 * sigma_xi**2 * sp.sqrt(d * sp.log(6 * n**2 / delta))


def signal_cross_talk_bound() -> sp.Expr:
    """`|<xi_i, mu>| <= |mu| sigma_xi sqrt(2 log(6 n/delta))` for all i (L2).

    Source: Kou et al. 2023, preliminary lemmas.
    """
    return mu_norm * sigma_xi * sp.sqrt(2 * sp.log(6 * n / delta))


def initial_signal_bound() -> sp.Expr:
    """`|<w^(0)_{j,r}, mu>| <= sqrt(2 log(12 m/delta)) sigma_0 |mu|` for all (j, r) (L3).

    Source: Kou et al. 2023, preliminary lemmas.
    """
    return sp.sqrt(2 * sp.log(12 * m / delta)) * sigma_0 * mu_norm


def initial_noise_bound() -> sp.Expr:
    """`|<w^(0)_{j,r}, xi_i>| <= 2 sqrt(log(12 m n/delta)) sigma_0 sigma_xi sqrt(d)` for all (j, r, i) (L3).

    Source: Kou et al. 2023, preliminary lemmas.
    """
    return 2 * sp.sqrt(sp.log(12 * m * n / delta)) * sigma_0 * sigma_xi * sp.sqrt(d)


def coefficient_scale() -> sp.Expr:
    """`alpha = 4 log T*`: bound of every |rho| up to step T*, in coefficient units (L6).

    Source: Kou et al. 2023, coefficient scale.
    """
    return 4 * sp.log(T_star)
