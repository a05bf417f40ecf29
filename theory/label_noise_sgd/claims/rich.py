"""The rich regime: the slow curve through both phases, its end, its floor, and noiseless small starts."""

from __future__ import annotations

from typing import Any

import sympy as sp

from theory.claim import Claim, Prediction
from theory.label_noise_sgd import conditions as c
from theory.label_noise_sgd import experiments as runs
from theory.label_noise_sgd import proofs
from theory.label_noise_sgd.measure import rich as measure
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import abstract, here, note, readme
from theory.label_noise_sgd.symbols import MEANINGS, B, T, d, eta, sigma
from theory.rules import Derived, Difference, Law

__all__ = ["CLAIMS"]


def _claim(name: str, statement: str, rule: Any, function: Any, experiment: Any, **more: Any) -> Claim:
    values: dict[str, Any] = {
        "source": here("C14-C21"),
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


def _across_1(run: LinearRun) -> tuple[float, float]:
    """M_perp at tau = 1, and its law."""
    return measure.across(run, 1.0)


def _across_3(run: LinearRun) -> tuple[float, float]:
    """M_perp at tau = 3, and its law."""
    return measure.across(run, 3.0)


def _across_5(run: LinearRun) -> tuple[float, float]:
    """M_perp at tau = 5, floor included, and its law."""
    return measure.across(run, 5.0)


def _along_1(run: LinearRun) -> tuple[float, float]:
    """u at tau = 1, and the implicit law."""
    return measure.along(run, 1.0)


def _along_3(run: LinearRun) -> tuple[float, float]:
    """u at tau = 3, and the implicit law."""
    return measure.along(run, 3.0)


def _second_layer(run: LinearRun) -> tuple[float, float]:
    """u s averaged over tau in (3, 3.5], and |theta*|^2."""
    return measure.second_layer(run, 3.5)


def _cosine_1(run: LinearRun) -> tuple[float, float]:
    """Mean cosine at tau = 1, and its closed form."""
    return measure.alignment_curve(run, 1.0)


def _cosine_3(run: LinearRun) -> tuple[float, float]:
    """Mean cosine at tau = 3, and its closed form."""
    return measure.alignment_curve(run, 3.0)


def _cosine_5(run: LinearRun) -> tuple[float, float]:
    """Mean cosine at tau = 5, and its closed form."""
    return measure.alignment_curve(run, 5.0)


_ADIABATIC = (c.STABLE, c.WIDE, c.ADIABATIC)
_IN_L = c.with_(c_edge=0.4)
_CURVE = Law(0.02, "first order in chi and eta; means over a few records", planned_spread=0.012)
_SLOW_U = Law(0.04, "fluctuation of u in one run", planned_spread=0.02)

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "curve.flow_derived",
        r"On $\{W^T a = \theta^*\}$ the flow $u' = -u + \frac{(1+d)T^2}{u+s}$, $s' = -ds + "
        r"\frac{(1+d)T^2}{u+s}$ has "
        r"$(us - T^2)' = -(d+1)(us - T^2)$ and, on $us = T^2$, $|u^2 - dT^2|^{(d+1)/d}u^{-2/d} "
        r"\propto e^{-2\tau}$.",
        Derived("symbolic d, T"),
        proofs.residual_of_curve,
        runs.RICH,
        source=here("C14"),
        proof=proofs.slow_flow,
        measured="relative residual of the implicit law at the run's setting, against a numerical solution",
    ),
    _claim(
        "rest.fixed_point_derived",
        r"The flow rests at $u = \sqrt{d}\,T$, $s = T/\sqrt{d}$ only, linearly stable with rates $-(d+1)$, "
        r"$-\frac{2d}{d+1}$ and $-1$ ($M_\perp$).",
        Derived("symbolic d, T"),
        proofs.residual_of_rest,
        runs.RICH,
        source=here("C16"),
        proof=proofs.fixed_point,
        measured="relative residual of the rates at the run's setting, against a numerical Jacobian",
    ),
    _claim(
        "curve.across_1",
        r"$M_\perp = M_\perp(0)e^{-\tau} + \eta\sigma^2/2B$ at $\tau = L(t) = 1$.",
        _CURVE,
        _across_1,
        runs.RICH,
        source=abstract("Phase I: weights shrink"),
        conditions=_ADIABATIC,
        constants=_IN_L,
        parents=("label_noise_sgd.curve.flow_derived", "label_noise_sgd.decay.rate"),
        measured="M_perp and its law, averaged over a tenth of a unit",
    ),
    _claim(
        "curve.across_3",
        r"The same at $\tau = 3$, in Phase II.",
        _CURVE,
        _across_3,
        runs.RICH,
        source=here("C14"),
        conditions=_ADIABATIC,
        constants=_IN_L,
        measured="M_perp and its law, averaged over a tenth of a unit",
    ),
    _claim(
        "curve.across_5",
        r"The same at $\tau = 5$, near the floor.",
        Law(0.03, "fluctuation near the floor", planned_spread=0.015),
        _across_5,
        runs.RICH,
        source=here("C14"),
        conditions=_ADIABATIC,
        constants=_IN_L,
        measured="M_perp and its law, averaged over a tenth of a unit",
    ),
    _claim(
        "curve.along_1",
        r"u follows $|u^2 - d|\theta^*|^2|^{(d+1)/d}u^{-2/d} = (\cdot)_0 e^{-2\tau}$ at $\tau = 1$.",
        _SLOW_U,
        _along_1,
        runs.RICH,
        source=here("C15"),
        conditions=_ADIABATIC,
        constants=_IN_L,
        measured="u and its implicit law, no parameter fitted",
    ),
    _claim(
        "curve.along_3",
        r"The same at $\tau = 3$: one curve goes through both phases.",
        _SLOW_U,
        _along_3,
        runs.RICH,
        source=here("C15"),
        conditions=_ADIABATIC,
        constants=_IN_L,
        measured="u and its implicit law, no parameter fitted",
    ),
    _claim(
        "curve.second_layer",
        r"$u s = |\theta^*|^2$ from $\tau = 3$ on.",
        Law(0.12, "s of one run fluctuates", planned_spread=0.06),
        _second_layer,
        runs.RICH,
        source=here("C14"),
        conditions=_ADIABATIC,
        constants=_IN_L,
        measured="u s averaged over half a unit of tau, and |theta*|^2",
    ),
    *(
        _claim(
            f"alignment.cosine_{k}",
            rf"Mean cosine at $\tau = {k}$: $E|z_1|\sqrt{{u}}/\sqrt{{u z_1^2 + M_\perp|z_{{2..d}}|^2}}$ "
            rf"with the two laws "
            r"above, $z \sim N(0, I_d)$.",
            Difference(0.015, "spread of the mean cosine over starts of m neurons", planned_spread=0.015),
            function,
            runs.RICH,
            source=abstract("Phase II: alignment grows"),
            conditions=_ADIABATIC,
            constants=_IN_L,
            measured="mean |cosine| over neurons, and the closed form, no parameter fitted",
        )
        for k, function in ((1, _cosine_1), (3, _cosine_3), (5, _cosine_5))
    ),
    _claim(
        "curve.weight_decay_across",
        r"Noiseless descent with weight decay $\kappa/2$ on W and $\kappa d/2$ on a follows the same curve: "
        r"$M_\perp$ at $\tau = 3$.",
        Law(0.01, "first order in eta"),
        _across_3,
        runs.WEIGHT_DECAY,
        source=here("C14"),
        conditions=(c.WIDE,),
        measured="M_perp and its law",
    ),
    _claim(
        "curve.weight_decay_along",
        r"The same for u at $\tau = 1$: label noise acts as a decay of the trace of the Hessian.",
        Law(0.02, "M(0) is not exactly (m/d) I", planned_spread=0.005),
        _along_1,
        runs.WEIGHT_DECAY,
        source=here("C14"),
        conditions=(c.WIDE,),
        measured="u and its implicit law",
    ),
    _claim(
        "rest.u",
        r"The run ends at $u = \sqrt{d}|\theta^*|$ (noise off at the end).",
        Law(0.03, "order chi", planned_spread=0.01),
        measure.rest_u,
        runs.REST,
        source=here("C16"),
        conditions=_ADIABATIC,
        constants=c.with_(c_edge=0.4, c_chi=0.05),
        parents=("label_noise_sgd.rest.fixed_point_derived",),
        prediction=Prediction("u", sp.sqrt(d) * T, "1", MEANINGS),
        measured="u at the end",
    ),
    _claim(
        "rest.s",
        r"and at $s = |\theta^*|/\sqrt{d}$.",
        Law(0.03, "order chi", planned_spread=0.01),
        measure.rest_s,
        runs.REST,
        source=here("C16"),
        conditions=_ADIABATIC,
        constants=c.with_(c_edge=0.4, c_chi=0.05),
        prediction=Prediction("s", T / sp.sqrt(d), "1", MEANINGS),
        measured="s at the end",
    ),
    _claim(
        "rest.neuron_ratio",
        r"Every neuron's $|w_i|^2/a_i^2$ tends to d; in the median over neurons at $\kappa t = 15$.",
        Law(0.03, "order chi", planned_spread=0.015),
        measure.neuron_ratio,
        runs.REST,
        source=here("C16"),
        conditions=_ADIABATIC,
        constants=c.with_(c_edge=0.4, c_chi=0.05),
        measured="median over neurons, and d",
    ),
    _claim(
        "rest.signs",
        r"$\mathrm{sign}\,a_i = \mathrm{sign}\,w_i\cdot\theta^*$, but for neurons that started "
        r"nearly across $\theta^*$.",
        Difference(0.01, "one neuron in a hundred", planned_spread=2e-3),
        measure.signs_agree,
        runs.REST,
        source=here("C16"),
        conditions=_ADIABATIC,
        constants=c.with_(c_edge=0.4, c_chi=0.05),
        measured="share of neurons whose signs agree, and 1",
    ),
    _claim(
        "rest.kernel_ratio",
        r"The kernel's first two eigenvalues stand in the ratio $d + 1$ (noiseless descent from a "
        r"small start: 2).",
        Law(0.03, "order chi", planned_spread=0.012),
        measure.kernel_ratio,
        runs.REST,
        source=here("C16"),
        conditions=_ADIABATIC,
        constants=c.with_(c_edge=0.4, c_chi=0.05),
        measured="eigenvalues of M + s I at the end, and d + 1",
    ),
    _claim(
        "rest.general_s",
        r"General $\Sigma$: it ends at $s = \sqrt{\theta^{*T}\Sigma\theta^*/\mathrm{tr}\,\Sigma}$",
        Law(0.03, "order chi", planned_spread=0.01),
        measure.general_s,
        runs.REST_SPECTRUM,
        source=here("C16, general Sigma"),
        measured="s at the end, and the formula",
    ),
    _claim(
        "rest.general_matrix",
        r"and $M = \theta^*\theta^{*T}/s$.",
        Difference(0.05, "order chi, and what is left of the other directions", planned_spread=0.01),
        measure.general_matrix,
        runs.REST_SPECTRUM,
        source=here("C16, general Sigma"),
        measured="relative error of M in Frobenius norm, and 0",
    ),
    _claim(
        "floor.across",
        r"With the noise on $M_\perp$ stops at $\eta\sigma^2/2B$.",
        Law(0.05, "time mean over a third of a run", planned_spread=0.03),
        measure.floor,
        runs.RICH_ONE,
        source=here("C17"),
        conditions=(c.ADIABATIC,),
        constants=c.with_(c_chi=0.2),
        prediction=Prediction(r"M_\perp", eta * sigma**2 / (2 * B), "1", MEANINGS),
        measured="mean of M_perp over the last third",
    ),
    _claim(
        "floor.tangent",
        r"Alignment then stops at pooled $\tan^2 = (d-1)\eta\sigma^2/(2B\sqrt{d}|\theta^*|)$.",
        Law(0.1, "order chi", planned_spread=0.03),
        measure.tangent_floor,
        runs.RICH_ONE,
        source=note("Phase II: alignment 1 - O(.), with the noise on"),
        conditions=(c.ADIABATIC,),
        constants=c.with_(c_chi=0.2),
        measured="pooled tan^2 of time means",
    ),
    _claim(
        "floor.annealed",
        r"The part of W that makes no output goes on decaying like $e^{-(1-\chi)\tau}$: with the "
        r"noise off it is "
        r"what is left across $\theta^*$.",
        Difference(0.03, "second order in chi", planned_spread=0.03),
        measure.annealed_slope,
        runs.ANNEALED,
        source=here("C17"),
        conditions=(c.ADIABATIC,),
        constants=c.with_(c_chi=0.2),
        measured="slope of ln(M - theta theta^T/s) across theta* in tau over the second half, and -(1-chi)",
    ),
    _claim(
        "shrinkage.mean",
        r"The time mean of $\theta$ falls short of $\theta^*$ by $\eta\sigma^2\sqrt{d}/2B$.",
        Law(0.12, "order chi; fluctuation of a time mean", planned_spread=0.09),
        measure.shrinkage,
        runs.RICH_ONE,
        source=here("C18"),
        conditions=(c.ADIABATIC,),
        constants=c.with_(c_chi=0.27),
        prediction=Prediction(
            r"|\theta^*| - |E\theta|", eta * sigma**2 * sp.sqrt(d) / (2 * B), "1", MEANINGS
        ),
        measured="|theta*| minus the time mean along theta*",
    ),
    _claim(
        "exponents.middle",
        r"Transport in the rich state: $d-1$ exponents $2\lambda = -(1-\chi)\kappa_c$.",
        Difference(0.02, "second order in chi", planned_spread=0.008),
        measure.exponents,
        runs.EXPONENTS,
        source=here("C19"),
        conditions=(c.ADIABATIC,),
        constants=c.with_(c_chi=0.15),
        measured="mean of the middle exponents over kappa, first 10/kappa steps discarded",
    ),
    _claim(
        "exponents.top",
        r"The largest is 0: the network itself stays.",
        Difference(0.02, "fluctuation over 50/kappa steps", planned_spread=0.005),
        measure.top_exponent,
        runs.EXPONENTS,
        source=here("C19"),
        conditions=(c.ADIABATIC,),
        constants=c.with_(c_chi=0.15),
        measured="largest exponent over kappa, and 0",
    ),
    _claim(
        "exponents.last",
        r"The smallest is $-[(d+1) + (d-1)\chi]\kappa_c$.",
        Law(0.015, "second order in chi", planned_spread=0.005),
        measure.last_exponent,
        runs.EXPONENTS,
        source=here("C19"),
        conditions=(c.ADIABATIC,),
        constants=c.with_(c_chi=0.15),
        measured="minus the smallest exponent over kappa",
    ),
    _claim(
        "small_start.half_time",
        r"Noiseless descent from entries of size $t_0$ reaches half of $\theta^*$ after $\ln(T/q_0 - "
        r"1)/(2\eta T)$ "
        r"steps, $q_0 = \sum_i((w_{\parallel,i} + a_i)/2)^2$.",
        Law(0.01, "first order in eta T and in m t_0^2 (d+1)/T", planned_spread=0.003),
        measure.half_time,
        runs.SMALL_START,
        source=note("Lemma 4.5: T_2 = ln(1/eta)/|theta*|, made exact"),
        conditions=(c.SMALL, c.SLOW_STEP),
        constants=c.with_(c_step=0.0101),
        proof=proofs.logistic,
        measured="interpolated step, and the formula",
    ),
    _claim(
        "small_start.logistic",
        r"$\theta_\parallel(t) = T/(1 + (T/q_0 - 1)e^{-2\eta T t})$ within .02 T at every step.",
        Difference(0.02, "first order in m t_0^2 (d+1)/T", planned_spread=0.004),
        measure.logistic_error,
        runs.SMALL_START,
        source=here("C20"),
        conditions=(c.SMALL, c.SLOW_STEP),
        constants=c.with_(c_step=0.0101),
        proof=proofs.logistic,
        measured="largest error over records relative to T, and 0",
    ),
    _claim(
        "small_start.alignment",
        r"It ends with pooled $\tan^2 = |W_\perp(0)|^2/|\theta^*|$: what W carried across $\theta^*$ stays.",
        Law(0.05, "first order in m t_0^2 (d+1)/T", planned_spread=0.01),
        measure.small_start_tangent,
        runs.SMALL_START,
        source=note("Lemma 4.5: alignment 1 - O(ln(1/eta) sqrt(eta)), made exact"),
        conditions=(c.SMALL, c.SLOW_STEP),
        constants=c.with_(c_step=0.0101),
        measured="final pooled tan^2, and the formula",
    ),
    _claim(
        "small_start.balance",
        r"It keeps $u - s$ within $5\cdot10^{-3}|\theta^*|$, and so ends with $u = s$, not with $u = d s$.",
        Difference(5e-3, "second order in eta", planned_spread=5e-4),
        measure.balance_conserved,
        runs.SMALL_START,
        source=here("C20"),
        conditions=(c.SMALL, c.SLOW_STEP),
        constants=c.with_(c_step=0.0101),
        measured="final and initial (u - s)/|theta*|",
    ),
    _claim(
        "small_start.cosine",
        r"At half of $\theta^*$ the mean cosine is that of "
        r"$w_\parallel(t) = \frac{1}{2}[(1+\eta T)^t(w+a) + (1-\eta T)^t(w-a)]$ with $w_\perp$ frozen.",
        Difference(0.01, "first order in m t_0^2 (d+1)/T", planned_spread=0.001),
        measure.frozen_cosine,
        runs.SMALL_START,
        source=here("C20"),
        conditions=(c.SMALL, c.SLOW_STEP),
        constants=c.with_(c_step=0.0101),
        measured="mean cosine at the record nearest to half of theta*, and the closed form",
    ),
    _claim(
        "readme.norms_first",
        r"At the released code's setting the first layer halves with its alignment unmoved (Phase I),",
        Difference(0.05, "alignment that matters is of order 1", planned_spread=0.01),
        measure.cosine_at_half,
        runs.README,
        source=readme("synthetic experiment"),
        measured="mean cosine when mean |w_i| has halved, and at the start",
    ),
    _claim(
        "readme.then_alignment",
        r"then aligns: after $6\cdot10^5$ steps the mean cosine has gone from .18 to .65 (Phase II),",
        Difference(0.05, "spread over starts and data sets", planned_spread=0.03),
        measure.readme_cosine,
        runs.README,
        source=readme("synthetic experiment"),
        measured="mean cosine at the end, and .65",
        note="Far below the adiabatic curve's .86: chi = .72 there.",
    ),
    _claim(
        "readme.norms_fall",
        r"and mean $|w_i|$ to .07 of its start,",
        Difference(0.01, "a seventh of it", planned_spread=0.003),
        measure.readme_norm,
        runs.README,
        source=readme("synthetic experiment"),
        measured="mean |w_i| at the end over its start, and .07",
    ),
    _claim(
        "readme.norms_stay_without_noise",
        r"while without label noise it stays within $10^{-3}$,",
        Difference(1e-3, "label noise is what moves the norms"),
        measure.quiet_norm,
        runs.README,
        source=readme("synthetic experiment"),
        measured="mean |w_i| at the end over its start in the arm without noise, and 1",
    ),
    _claim(
        "readme.lazy_without_noise",
        r"and so does the mean cosine.",
        Difference(1e-3, "no noise, no alignment"),
        measure.quiet_cosine,
        runs.README,
        source=readme("synthetic experiment"),
        measured="largest change of the mean cosine in the arm without noise, and 0",
    ),
    _claim(
        "adiabaticity.aligned",
        r"At README size with $|\theta^*| = 1, 3$ ($\chi = .72, .24$) alignment is near 1 after "
        r"$48/\kappa$ steps, "
        r"noise off at the end.",
        Difference(0.03, "within .03 of full alignment", planned_spread=0.01),
        measure.near_one,
        runs.ADIABATICITY,
        source=here("C21"),
        measured="mean cosine at the end, and 1",
    ),
    _claim(
        "adiabaticity.fails_at_small_target",
        r"At $|\theta^*| = m^{-1/4}$ ($\chi = 4$) it stops at .6, far from 1.",
        Difference(0.1, "far from 1", planned_spread=0.03),
        measure.stops_short,
        runs.NO_ALIGNMENT,
        source=here("C21"),
        measured="mean cosine after 24/kappa steps, and .6",
    ),
)
