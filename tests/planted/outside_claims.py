r"""Falsehoods over every rule, written from docs/claims.md alone, each beside the truth it was made from.

    python -m verify run --claims-file tests/planted/outside_claims.py --claims "outside.*" --profile quick

must refute all of `CLAIMS`; none of `TRUTHS`, the same statements without the mistake, may be refuted.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from theory import (
    Band,
    Claim,
    Domain,
    Event,
    Experiment,
    Exponent,
    FittedBand,
    Grid,
    Identity,
    Law,
    NotApplicable,
    Ordering,
    Run,
    SameLaw,
    Setting,
    Source,
    Sweep,
)
from theory.rules import Calibration, EventMap, Rule, ZScores
from theory.two_stage.exact import gamma_recursion_residual, rho_recursion_residual
from theory.two_stage.recursions import gamma_term, rho_term
from theory.two_stage.terms import TERM_SYMBOLS as t

BOX = Domain(
    "outside",
    n=(40, 100),
    m=(8, 24),
    signal_margin=(8.0, 14.0),
    tau=(0.1, 0.2),
    kappa_0=(0.02, 0.3),
    dimension=(100.0, 3000.0),
    clock_step=(0.05, 0.08),
)
BASE = Setting.from_n_snr2(
    n=80, d=60_000, m=12, n_snr2=10.0, tau_plus=0.2, tau_minus=0.2, kappa_0=0.05, clock_step=0.05
)
RUNS = Experiment("outside.runs", place=BOX, clock=12.0, runs={"quick": 200}, snapshots=(0.5,))
EARLY = Experiment("outside.early", place=BOX, clock=0.5, runs={"quick": 200}, snapshots=(0.5,))
WEAK = Experiment(
    "outside.weak",
    place=Domain(
        "outside, weak", n=(40, 100), m=(8, 24), signal_margin=(0.3, 1.0), tau=(0.1, 0.2),
        kappa_0=(0.02, 0.3), dimension=(100.0, 3000.0), clock_step=(0.05, 0.08),
    ),
    clock=1.0,
    runs={"quick": 100},
    snapshots=(0.5,),
)  # fmt: skip
NETWORKS = Experiment(
    "outside.networks",
    place=Domain(
        "outside, small", n=(4, 10), m=(2, 4), signal_margin=(1.0, 8.0), tau=(0.2, 0.4), kappa_0=(0.1, 10.0),
        dimension=(5.0, 20.0), clock_step=(0.05, 0.3),
    ),
    clock=10.0,
    max_steps=20,
    runs={"quick": 36},
    engines=("cnn",),
    every_step_snapshots=True,
)  # fmt: skip
TWO_ENGINES = Experiment(
    "outside.engines",
    place=Domain(
        "outside, pair", n=(12, 12), m=(4, 4), signal_margin=(6.0, 6.0), tau=(0.2, 0.2),
        kappa_0=(2.0, 2.0), dimension=(5.0, 5.0), clock_step=(0.1, 0.1), equal_rates=True,
        sigma_xi=(1.0, 1.0),
    ),
    clock=4.0,
    runs={"quick": 300},
    engines=("law", "reduced"),
    pair_engines=False,
)  # fmt: skip


def _cell(margin: float, tau: float) -> tuple[dict[str, float], Setting]:
    setting = Setting.from_n_snr2(
        n=60, d=60_000, m=20, n_snr2=margin / (1 - 2 * tau), tau_plus=tau, tau_minus=tau, kappa_0=0.05,
        clock_step=0.05,
    )  # fmt: skip
    return {"signal_margin": margin, "tau": tau}, setting


CELLS = Experiment(
    "outside.cells",
    place=Grid(tuple(_cell(margin, tau) for margin in (0.5, 1.0, 9.0, 12.0) for tau in (0.1, 0.2, 0.3))),
    clock=0.6,
    runs={"quick": 40},
    snapshots=(0.5,),
)


def _along(parameter: Any, *, factors: tuple[float, ...], runs: int) -> Experiment:
    return Experiment(
        f"outside.along_{parameter}", place=Sweep(parameter, BASE, factors), clock=12.0, runs={"quick": runs}
    )


ETA = _along("eta", factors=(0.5, 1.0, 2.0), runs=12)
N = _along("n", factors=(0.5, 0.7, 1.0, 1.4, 2.0), runs=60)
M = _along("m", factors=(0.5, 1.0, 2.0), runs=40)
D = _along("d", factors=(0.5, 1.0, 2.0), runs=40)
SIGMA = _along("sigma_xi", factors=(0.5, 1.0, 2.0), runs=40)

Measure = Callable[[Run], Any]
CLAIMS: list[Claim] = []
TRUTHS: list[Claim] = []


def _pair(
    name: str, experiment: Experiment, true: tuple[Rule, Measure], *false: tuple[str, Rule, Measure]
) -> None:
    def claim(claim_id: str, rule: Rule, measure: Measure) -> Claim:
        return Claim(
            id=claim_id,
            source=Source("outside", name),
            provenance="derived",
            statement=claim_id,
            rule=rule,
            measure=measure,
            experiment=experiment,
        )

    TRUTHS.append(claim(f"outside_truth.{name}", *true))
    CLAIMS.extend(claim(f"outside.{name}.{what}", rule, measure) for what, rule, measure in false)


def _flipped_only(measure: Measure) -> Measure:
    return lambda run: measure(run) if run.noisy.any() else NotApplicable("no label was flipped")


# Identities ---------------------------------------------------------------------------------------------

ROUND = Identity(factor=256.0)
_pair(
    "gamma",
    NETWORKS,
    (ROUND, gamma_recursion_residual),
    ("without_m", ROUND, lambda run: gamma_recursion_residual(run, term=gamma_term * t["m"])),
    (
        "true_label",
        ROUND,
        lambda run: gamma_recursion_residual(run, term=gamma_term * t["y_observed"] / t["y"] * t["j"]),
    ),
    ("two_percent", ROUND, lambda run: gamma_recursion_residual(run, term=1.02 * gamma_term)),
)
_pair(
    "rho",
    NETWORKS,
    (ROUND, rho_recursion_residual),
    ("sign", ROUND, lambda run: rho_recursion_residual(run, term=-rho_term)),
    ("norm", ROUND, lambda run: rho_recursion_residual(run, term=rho_term * t["xi_norm"])),
)


def _loss_residual(run: Run, half: float = 1.0) -> float:
    found = np.logaddexp(0.0, -half * run.margins).mean(axis=1)
    return float(np.max(np.abs(found - run.train_loss)))


_pair("loss", NETWORKS, (ROUND, _loss_residual), ("half_margin", ROUND, lambda run: _loss_residual(run, 0.5)))

# Events and orders ----------------------------------------------------------------------------------------

RARE = Event(delta=0.05)
_pair(
    "stage_one",
    RUNS,
    (RARE, lambda run: run.clean_fit(0.5) and run.noisy_misfit(0.5)),
    ("clean_misfit", RARE, lambda run: not run.clean_fit(0.5)),
    ("noisy_fit", RARE, _flipped_only(lambda run: bool(np.all(run.margins[run.at(0.5), run.noisy] > 0)))),
    ("negative_gamma", RARE, lambda run: bool(np.all(run.gamma[-1] < 0))),
    ("late_half", RARE, lambda run: run.t_half > run.setting.time_unit * 6.5),
    ("overfit_iid", RARE, lambda run: run.test_error("iid", 12.0).low > run.setting.tau_min / 2),
)
_pair(
    "weak_signal",
    WEAK,
    (RARE, _flipped_only(lambda run: not run.noisy_misfit(0.5))),
    ("misfit", RARE, _flipped_only(lambda run: run.noisy_misfit(0.5))),
)
_pair(
    "order",
    RUNS,
    (Ordering(), _flipped_only(lambda run: run.t_clean < run.t_half <= run.t_all)),
    ("noisy_first", Ordering(), _flipped_only(lambda run: run.t_half < run.t_clean)),
    ("all_before_half", Ordering(), _flipped_only(lambda run: run.t_all < run.t_half)),
    ("loss_first", Ordering(), _flipped_only(lambda run: run.t_loss(0.1) < run.t_clean)),
)


def _misfit(run: Run) -> Any:
    return run.noisy_misfit(0.5) if run.noisy.any() else NotApplicable("no label was flipped")


_pair(
    "map",
    CELLS,
    (EventMap("signal_margin", 9.0), _misfit),
    ("from_one_half", EventMap("signal_margin", 0.5), _misfit),
    ("fit_from_nine", EventMap("signal_margin", 9.0), _flipped_only(lambda run: not run.noisy_misfit(0.5))),
)

# Bands ------------------------------------------------------------------------------------------------------


def _gamma(run: Run) -> float:
    return float(run.gamma[run.at(0.5)].mean())


_pair(
    "gamma_at_t1",
    EARLY,
    (Band(0.3, 3.0, "outside"), _gamma),
    ("doubled", Band(3.0, 6.0, "outside"), _gamma),
    ("tenth", Band(0.03, 0.3, "outside"), _gamma),
    ("times_sigma", Band(0.3, 3.0, "outside"), lambda run: _gamma(run) * run.setting.sigma_xi),
)
SCALE = FittedBand(max_ratio=20.0, reason="outside")
_pair(
    "gamma_scale",
    EARLY,
    (SCALE, _gamma),
    ("sqrt_sigma", SCALE, lambda run: _gamma(run) / math.sqrt(run.setting.sigma_xi)),
    ("one_over_m", SCALE, lambda run: _gamma(run) * run.setting.m),
    ("n", SCALE, lambda run: _gamma(run) / run.setting.n),
    ("sqrt_d", SCALE, lambda run: _gamma(run) / math.sqrt(run.setting.d)),
    ("eta", SCALE, lambda run: _gamma(run) / run.setting.eta),
)
TIME = FittedBand(max_ratio=60.0, reason="outside", widen=2.0)


def _t_half(run: Run) -> Any:
    return run.t_half if run.noisy.any() else NotApplicable("no label was flipped")


def _scaled(factor: Callable[[Setting], float]) -> Measure:
    return _flipped_only(lambda run: run.t_half / run.setting.time_unit / factor(run.setting))


_pair(
    "time_scale",
    RUNS,
    (TIME, _scaled(lambda s: 1.0)),
    ("n_squared", TIME, _scaled(lambda s: s.n)),
    ("without_m", TIME, _scaled(lambda s: 1 / s.m)),
    ("sigma_once", TIME, _scaled(lambda s: s.sigma_xi)),
    ("sqrt_d", TIME, _scaled(lambda s: math.sqrt(s.d))),
)

# Exponents
# ----------------------------------------------------------------------------------------------------

_pair("along_eta", ETA, (Exponent("eta", -1.0), _t_half), ("off", Exponent("eta", -1.1), _t_half),
      ("sign", Exponent("eta", 1.0), _t_half), ("half", Exponent("eta", -0.5), _t_half))  # fmt: skip
_pair("along_n", N, (Exponent("n", 1.0), _t_half), ("half", Exponent("n", 0.5), _t_half),
      ("squared", Exponent("n", 2.0), _t_half))  # fmt: skip
_pair("along_m", M, (Exponent("m", 1.0), _t_half), ("half", Exponent("m", 0.5), _t_half),
      ("none", Exponent("m", 0.0), _t_half))  # fmt: skip
_pair("along_d", D, (Exponent("d", -1.0), _t_half), ("off", Exponent("d", -0.9), _t_half),
      ("half", Exponent("d", -0.5), _t_half))  # fmt: skip
_pair("along_sigma", SIGMA, (Exponent("sigma_xi", -2.0), _t_half),
      ("off", Exponent("sigma_xi", -2.1), _t_half),
      ("once", Exponent("sigma_xi", -1.0), _t_half))  # fmt: skip

# Laws
# -----------------------------------------------------------------------------------------------------------

CLOSE = Law(margin=0.1, reason="outside")


def _patch(run: Run, factor: Callable[[Setting], float] = lambda s: 1.0) -> tuple[float, float]:
    """Mean squared norm of the noise patches, sigma_xi^2 d."""
    s = run.setting
    return float(np.diag(run.gram)[1:].mean()), s.sigma_xi**2 * s.d * factor(s)


_pair(
    "patch_norm",
    EARLY,
    (CLOSE, _patch),
    ("half", CLOSE, lambda run: _patch(run, lambda s: 0.5)),
    ("doubled", CLOSE, lambda run: _patch(run, lambda s: 2.0)),
    ("sigma_off", CLOSE, lambda run: _patch(run, lambda s: s.sigma_xi**0.1)),
    ("sigma_half", CLOSE, lambda run: _patch(run, lambda s: s.sigma_xi**-0.5)),
    ("d_off", CLOSE, lambda run: _patch(run, lambda s: s.d**0.1)),
    # Right on average over the box, and wrong at either end of it.
    ("d_centred", CLOSE, lambda run: _patch(run, lambda s: (s.d / 35_000) ** 0.1)),
    ("per_sample", CLOSE, lambda run: _patch(run, lambda s: 1 / s.n)),
    ("inverted", CLOSE, lambda run: (_patch(run)[0], 1 / _patch(run)[1])),
    ("fifth", CLOSE, lambda run: _patch(run, lambda s: 1.25)),
)


def _flips(run: Run, mean: float = 1.0, sd: float = 1.0, plus_for_both: bool = False) -> tuple[float, ...]:
    """Flipped labels given the true ones: mean and variance of a sum of independent flips."""
    s = run.setting
    minus = s.tau_plus if plus_for_both else s.tau_minus
    rates = np.where(run.y > 0, s.tau_plus, minus)
    spread = math.sqrt(float(np.sum(rates * (1 - rates))))
    return float(run.noisy.sum()), mean * float(rates.sum()), sd * spread, 0.0


Z = ZScores("outside", delta=0.05)
_pair(
    "flips",
    EARLY,
    (Z, _flips),
    ("doubled", Z, lambda run: _flips(run, mean=2.0)),
    ("half", Z, lambda run: _flips(run, mean=0.5)),
    ("wide", Z, lambda run: _flips(run, sd=2.0)),
    ("narrow", Z, lambda run: _flips(run, sd=0.5)),
)
KNOWN = Calibration(margin=0.1, reason="outside")
_pair(
    "first_label",
    CELLS,
    (KNOWN, lambda run: (bool(run.noisy[0]), run.setting.tau_plus)),
    ("complement", KNOWN, lambda run: (bool(run.noisy[0]), 1 - run.setting.tau_plus)),
    ("doubled", KNOWN, lambda run: (bool(run.noisy[0]), 2 * run.setting.tau_plus)),
)


def _summary(run: Run, factor: float = 1.0) -> dict[str, float]:
    scale = factor if run.engine == "law" else 1.0
    return {"gamma": scale * float(run.gamma[-1].mean()), "loss": float(run.train_loss[-1])}


SAME = SameLaw(margin=0.35, reason="outside")
_pair(
    "engines",
    TWO_ENGINES,
    (SAME, _summary),
    ("gamma_half", SAME, lambda run: _summary(run, 0.5)),
    ("gamma_of_other_sign", SAME, lambda run: _summary(run, -1.0)),
)
