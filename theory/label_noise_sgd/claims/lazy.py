"""The lazy regime without noise, and Phase I: how fast label noise shrinks the first layer, and by what."""

from __future__ import annotations

from typing import Any

import sympy as sp

from theory.claim import Claim, Prediction
from theory.label_noise_sgd import conditions as c
from theory.label_noise_sgd import experiments as runs
from theory.label_noise_sgd import proofs
from theory.label_noise_sgd.measure import lazy as measure
from theory.label_noise_sgd.sources import abstract, here, note, readme
from theory.label_noise_sgd.symbols import MEANINGS, B, M, T, d, eta, m, sigma
from theory.rules import Derived, Difference, Identity, Law, Universal, UniversalBound

__all__ = ["CLAIMS"]


def _claim(name: str, statement: str, rule: Any, function: Any, experiment: Any, **more: Any) -> Claim:
    values: dict[str, Any] = {
        "source": here("C7-C13"),
        "provenance": "derived",
        "constants": c.CONSTANTS,
    } | more
    return Claim(
        id=f"label_noise_sgd.{name}",
        statement=statement,
        rule=rule,
        measure=function,
        experiment=experiment,
        **values,
    )


_RATE = eta**2 * sigma**2 / B / (1 - eta / 2 * (1 + (d + 1) / B) * M)
_CROSSOVER = (
    sp.log(m / (d ** sp.Rational(3, 2) * T)) - eta / 2 * (1 + (d + 1) / B) * (m / d - sp.sqrt(d) * T)
) / (eta**2 * sigma**2 / B)

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "lazy.kernel_frozen",
        r"Without noise the kernel $M + s I$ changes by at most $3(|\theta^*|^2+1)/\mu^2$, $\mu = m/d + 1$.",
        UniversalBound(loose=20.0),
        measure.kernel_change,
        runs.NOISELESS,
        source=here("C7"),
        measured="relative change of the kernel matrix in Frobenius norm, and the bound",
    ),
    _claim(
        "lazy.cosine_frozen",
        r"Without noise the mean cosine between neurons and $\theta^*$ stays within $10^{-3}$.",
        Difference(1e-3, "alignment that matters is of order 1"),
        measure.cosine_change,
        runs.NOISELESS,
        source=readme("the run without label noise does not align"),
        measured="mean cosine at the end and at the start",
    ),
    _claim(
        "lazy.balance_bound",
        r"$|\Delta D_i| \leq \eta^2 \max_t \max(|w_i|^2, a_i^2) \sum_t |g_t|^2$.",
        UniversalBound(),
        measure.balance_bound,
        runs.NOISELESS,
        source=here("C7"),
        parents=("label_noise_sgd.identity.balance",),
        measured="largest ratio over neurons, and 1",
    ),
    _claim(
        "decay.law_derived",
        r"From the stationarity of the residual: $V = \frac{\eta\mu\sigma^2/2B}{1 - c_B\mu}$ and "
        r"$\ln(M_0/M) - c_B(M_0 - M) = \kappa t$, $c_B = \frac{\eta}{2}(1 + \frac{d+1}{B})$, $\kappa = "
        r"\eta^2\sigma^2/B$.",
        Derived("symbolic d, B, eta, sigma; isotropic Gaussian inputs, M >> s"),
        proofs.residual_of_decay,
        runs.DECAY,
        source=here("C8"),
        proof=proofs.decay,
        measured="relative residual of the closed form at the run's setting",
    ),
    _claim(
        "decay.rate",
        r"Phase I: $\ln(M_\perp(0)/M_\perp(t)) = L(t)$, $L - c_B M_\perp(0)(1 - e^{-L}) = \kappa t$: "
        r"the rate "
        r"$\kappa/(1 - c_B M_\perp)$ knows neither m nor d but for its amplification.",
        Law(0.02, "corrections of order s/M_perp, below 1/10 where it is read", planned_spread=0.01),
        measure.log_decay,
        runs.DECAY,
        source=here("C8"),
        conditions=(c.STABLE, c.WIDE),
        parents=("label_noise_sgd.decay.law_derived",),
        prediction=Prediction(r"-\dot M_\perp/M_\perp", _RATE, "per step", MEANINGS),
        measured="ln-decay at the end of Phase I (M_perp = 10 s or L = 3), and L there",
    ),
    _claim(
        "decay.by_direction",
        r"General $\Sigma$: along eigen-direction k the rate is $2\eta\lambda_k V_k/M_{kk}$ with "
        r"$V_k = \frac{\eta M_{kk}}{2B} S/(1 - \frac{\eta}{2} M_{kk}\lambda_k(1 + \frac{1}{B}))$, "
        r"$S = \sigma^2 + \sum_j \lambda_j V_j$.",
        Law(0.03, "corrections of order s/M", planned_spread=0.01),
        measure.direction_decay,
        runs.SPECTRUM,
        source=here("C8, general Sigma"),
        measured="ln-decay of M_kk summed over directions without signal, and the integral of its rate",
    ),
    _claim(
        "decay.full_batch_fresh_noise",
        r"Full-batch descent with fresh label noise decays too, at $\kappa/n$ along each data direction.",
        Law(0.03, "corrections of order s/M", planned_spread=0.015),
        measure.full_batch_decay,
        runs.FULL_BATCH,
        source=here("C8, full batch"),
        measured="ln-decay in the eigenbasis of the data without signal, and the integral of its rate",
    ),
    _claim(
        "decay.off_span",
        r"Outside the span of the data nothing decays.",
        Identity(),
        measure.unreached_decay,
        runs.OFF_SPAN,
        source=here("C8, rank-deficient data"),
        measured="largest change of W outside the span, relative to the largest $|W|$",
    ),
    _claim(
        "duration.crossover",
        r"$M_\perp$ reaches $\sqrt{d}|\theta^*|$ at $T_x = \frac{1}{\kappa}["
        r"\ln\frac{M_\perp(0)}{\sqrt{d}|\theta^*|} - "
        r"c_B(M_\perp(0) - \sqrt{d}|\theta^*|)]$.",
        Law(0.02, "corrections of order s/M and chi", planned_spread=0.01),
        measure.crossover,
        runs.CROSSOVER,
        source=abstract("Phase I ends"),
        conditions=(c.STABLE, c.WIDE, c.ADIABATIC),
        constants=c.with_(c_chi=0.2),
        prediction=Prediction("T_x", _CROSSOVER, "steps", MEANINGS),
        measured="interpolated step of the crossing, and T_x with the seed's own M_perp(0)",
    ),
    _claim(
        "duration.escape",
        r"A relative drop $\delta_m = \sqrt{\ln m/m}$ of $M_\perp$ takes "
        r"$T_1 = [-\ln(1-\delta_m) - c_B M_\perp(0)\delta_m]/\kappa$.",
        Law(0.04, "fluctuation of a small drop; M(0) is not exactly (m/d) I", planned_spread=0.05),
        measure.escape,
        runs.ESCAPE,
        source=note("Theorem 4.2: T_1 = O(sqrt(log m)/(sigma^2 eta^2 sqrt m)), made exact"),
        conditions=(c.STABLE, c.WIDE),
        measured="interpolated step of the drop, and T_1",
        note="The drop is of size 1/sqrt(m); a drop of order 1 takes 1/kappa steps, whatever m is.",
    ),
    _claim(
        "second_layer.theta_variance",
        r"In Phase I $\mathrm{Var}\,\theta_k = \frac{\eta\mu\sigma^2/2B}{1 - c_B\mu}$.",
        Law(0.05, "time means over a window in which mu moves", planned_spread=0.05),
        measure.theta_variance,
        runs.OSCILLATION,
        source=here("C10"),
        conditions=(c.STABLE,),
        measured="variance over the window across theta*, and V at the window's mean mu",
    ),
    _claim(
        "second_layer.oscillation",
        r"$\mathrm{Var}_t(a_i) = |w_i|^2 V/\mu^2$: the second layer oscillates in proportion to the first.",
        Law(0.1, "time means over a window in which mu moves", planned_spread=0.06),
        measure.second_layer_spread,
        runs.OSCILLATION,
        source=note("Lemma 4.4: oscillation of the second layer drives the decay"),
        conditions=(c.STABLE,),
        measured="slope of Var_t(a_i) on |w_i|^2 over neurons, and V/mu^2",
        note=(
            "Read once the part of a outside the range of W has decayed; before, that decay is "
            "taken for variance."
        ),
    ),
    _claim(
        "second_layer.size",
        r"$E|a|^2 = dV/\mu + |\theta^*|^2/\mu$.",
        Law(0.05, "time means over a window in which mu moves", planned_spread=0.06),
        measure.second_layer_size,
        runs.OSCILLATION,
        source=here("C10"),
        conditions=(c.STABLE,),
        measured="mean of |a|^2 over the window, and the formula",
    ),
    _claim(
        "periodic.on",
        r"Noise on and off in turn: tr M falls by the law of Phase I while it is on.",
        Law(0.12, "relaxation after every switch", planned_spread=0.03),
        measure.on_drop,
        runs.PERIODIC,
        source=readme("periodic noise"),
        conditions=(c.STABLE,),
        measured="ln-drop of tr M over all blocks with noise, and L over their steps",
    ),
    _claim(
        "periodic.off",
        r"It stands still while the noise is off.",
        Difference(2e-3, "relaxation of theta after a switch moves tr M by |delta|^2"),
        measure.off_drop,
        runs.PERIODIC,
        source=readme("periodic noise"),
        conditions=(c.STABLE,),
        measured="largest |ln-drop| of tr M over a block without noise, and 0",
    ),
    _claim(
        "stability.inside",
        r"No run with $c_B m/d \leq 0.7$ blows up within 3,000 steps ($|a|^2 > 100 m$).",
        Universal("mean-square stability with room to spare"),
        measure.survived,
        runs.INSIDE,
        source=here("C11"),
        conditions=(c.STABLE,),
        constants=c.with_(c_edge=0.7),
        measured="whether |a|^2 stays below 100 m",
    ),
    _claim(
        "stability.beyond",
        r"Every run with $c_B m/d \geq 2$ does, at $d \geq 6$.",
        Universal("well beyond the edge of mean-square stability"),
        measure.blew_up,
        runs.OUTSIDE,
        source=here("C11"),
        conditions=(c.FAR_FROM_EDGE, c.NOT_TINY),
        constants=c.with_(c_edge=1.99),
        measured="whether |a|^2 passes 100 m",
        note="At d = 3 and 4 about one run in twenty saves itself: its first steps shrink M below the edge.",
    ),
    _claim(
        "forced.decay",
        r"Imposed second layer, i.i.d. with variance v and $q = E a^4/v$: $E M_\perp$ is multiplied by "
        r"$1 - 2\eta v + \eta^2 v((m-1)v + q)$ at every step.",
        Law(0.03, "fluctuation of a product of random factors", planned_spread=0.02),
        measure.forced_decay,
        runs.FORCED,
        source=readme("oscillation experiment: the second layer oscillated directly"),
        conditions=(c.GENTLE_PULL,),
        proof=proofs.forced,
        measured="ln-decay of M across theta*, and -n ln of the factor",
    ),
    _claim(
        "forced.rest",
        r"Along $\theta^*$ M comes to rest at $\eta m|\theta^*|^2/(2 - \eta((m-1)v + q))$.",
        Law(0.05, "time mean over half a run", planned_spread=0.05),
        measure.forced_rest,
        runs.FORCED,
        source=here("C12"),
        conditions=(c.GENTLE_PULL,),
        proof=proofs.forced,
        measured="time mean of M along theta* over the second half, and its stationary value",
    ),
    _claim(
        "forced.persistent",
        r"A three-state chain redrawn with chance $1-p$ decays at about $2\eta v/(1 + \eta m "
        r"v\frac{1+p}{2(1-p)})$.",
        Law(0.06, "a heuristic: mean of a response with memory", planned_spread=0.02),
        measure.persistent_decay,
        runs.FORCED_CHAIN,
        source=note("Lemma 4.4: three-state Markov process"),
        measured="ln-decay of M across theta*, and n times the rate",
    ),
    _claim(
        "cause.static_noise_with_sgd",
        r"Label noise that is never refreshed drives the same drift under SGD, through C of the "
        r"fit's residuals.",
        Law(0.1, "amplification by eta tr(Sigma) mu/2 is left out", planned_spread=0.03),
        measure.static_drift,
        runs.STATIC,
        source=here("C13"),
        measured="drop of sum_i D_i after the fit, and the integral of eta^2(tr M C - s tr C)",
    ),
    _claim(
        "cause.no_drift_under_full_batch",
        r"Under full-batch descent the same static labels drive none: gradient noise is the cause, "
        r"not relabelling.",
        Difference(1e-3, "a drift that matters is of order 1"),
        measure.static_descent,
        runs.STATIC_DESCENT,
        source=here("C13"),
        measured="relative change of sum_i D_i after the fit, and 0",
    ),
)
