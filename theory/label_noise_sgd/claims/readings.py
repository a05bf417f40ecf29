"""Published or tempting statements that fail inside their conditions, each with the claim that corrects
it.
"""

from __future__ import annotations

from typing import Any

from theory.claim import Claim
from theory.label_noise_sgd import conditions as c
from theory.label_noise_sgd import experiments as runs
from theory.label_noise_sgd.measure import beyond, lazy, rich, sam
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here, note, readme
from theory.rules import Difference, Law, Universal

__all__ = ["CLAIMS"]


def _reading(
    name: str, corrected_by: str, statement: str, rule: Any, function: Any, experiment: Any, **more: Any
) -> Claim:
    values: dict[str, Any] = {
        "source": here("discarded"),
        "provenance": "derived",
        "constants": c.CONSTANTS,
    } | more
    return Claim(
        id=f"label_noise_sgd.reading.{name}",
        statement=statement,
        rule=rule,
        measure=function,
        experiment=experiment,
        role="reading",
        corrected_by=f"label_noise_sgd.{corrected_by}",
        **values,
    )


def _along_plain(run: LinearRun) -> tuple[float, float]:
    """u at kappa t = 1, and the implicit law in kappa t."""
    return rich.along_in_plain_clock(run, 1.0)


def _across_plain(run: LinearRun) -> tuple[float, float]:
    """M_perp at kappa t = 1, and its law in kappa t."""
    return rich.across_in_plain_clock(run, 1.0)


def _never_increases(run: LinearRun) -> bool:
    """Whether the first neuron's balance decreased in every draw."""
    return bool(run.values["decreases"][0] == 1.0)


CLAIMS: tuple[Claim, ...] = (
    _reading(
        "decay_without_amplification",
        "decay.rate",
        r"Phase I decays at $\kappa = \eta^2\sigma^2/B$.",
        Law(0.02, "the margin of the amplified law", planned_spread=0.05),
        lazy.decay_unamplified,
        runs.DECAY,
        conditions=(c.STABLE, c.WIDE),
        measured="ln-decay at the end of Phase I, and kappa t",
    ),
    _reading(
        "crossover_without_amplification",
        "duration.crossover",
        r"$T_x = \ln(m/(d^{3/2}|\theta^*|))/\kappa$, and so exactly $\eta^{-2}$.",
        Law(0.02, "the margin of the amplified law", planned_spread=0.03),
        lazy.crossover_naive,
        runs.CROSSOVER,
        conditions=(c.STABLE, c.WIDE, c.ADIABATIC),
        constants=c.with_(c_chi=0.2),
        measured="interpolated step of the crossing, and the formula with the seed's own M_perp(0)",
    ),
    _reading(
        "escape_as_product",
        "duration.escape",
        r"$T_1 = -\ln(1-\delta_m)(1 - c_BM_\perp(0))/\kappa$.",
        Law(0.04, "the margin of the implicit form", planned_spread=0.05),
        lazy.escape_product,
        runs.ESCAPE,
        conditions=(c.STABLE, c.WIDE),
        measured="interpolated step of the drop, and the product form",
    ),
    _reading(
        "slow_clock_is_kappa_t",
        "curve.along_1",
        r"The slow curve's clock is $\kappa t$: u at $\kappa t = 1$.",
        Law(0.04, "the margin of the law in L(t)", planned_spread=0.06),
        _along_plain,
        runs.RICH,
        conditions=(c.STABLE, c.WIDE, c.ADIABATIC),
        constants=c.with_(c_edge=0.4),
        measured="u and its implicit law in kappa t",
    ),
    _reading(
        "decay_in_kappa_t",
        "curve.across_1",
        r"The same for $M_\perp$.",
        Law(0.02, "the margin of the law in L(t)", planned_spread=0.06),
        _across_plain,
        runs.RICH,
        conditions=(c.STABLE, c.WIDE, c.ADIABATIC),
        constants=c.with_(c_edge=0.4),
        measured="M_perp and its law in kappa t",
    ),
    _reading(
        "balance_falls_at_every_step",
        "one_step.decrease_probability",
        r"$|w_i|^2 - a_i^2$ falls at every step.",
        Universal("as a theorem it dies of one step"),
        _never_increases,
        runs.SINGLE_NEURON,
        source=note("Theorem 4.2 read step by step"),
        measured="whether it fell in all of 4,000 draws",
    ),
    _reading(
        "persistence_does_not_matter",
        "forced.persistent",
        r"An imposed second layer decays W at $2\eta v$ whatever its persistence.",
        Law(0.06, "the margin of the form with memory", planned_spread=0.1),
        lazy.persistent_first_order,
        runs.FORCED_CHAIN,
        measured="ln-decay of M across theta*, and 2 eta v n",
    ),
    _reading(
        "alignment_at_small_target",
        "adiabaticity.fails_at_small_target",
        r"With $|\theta^*| \leq m^{-1/4}$ the mean cosine comes within .1 of 1.",
        Difference(0.1, "near-1 alignment"),
        rich.near_one,
        runs.NO_ALIGNMENT,
        source=note("the condition |theta*| <= m^(-1/4), read at the README's eta, sigma, m and d"),
        measured="mean cosine after 24/kappa steps, and 1",
        note="The note's other conditions (eta <= C^-96) are far from any run; this is the bound by itself.",
    ),
    _reading(
        "sam_is_like_label_noise",
        "sam.full_batch_flat_u",
        r"SAM always behaves like label noise: full-batch SAM ends at $u = \sqrt{d}|\theta^*|$.",
        Law(0.03, "the margin of label noise's own end"),
        rich.rest_u,
        runs.SAM_FULL,
        source=readme("SAM shows similar phenomena, read without its label noise and in full batch"),
        measured="u at the end, and sqrt(d) |theta*|",
    ),
    _reading(
        "sam_shrinks_theta",
        "sam.rest_u",
        r"1-SAM shrinks $\theta$ by $\rho^2\sqrt{d}$.",
        Difference(0.01, "a quarter of the smallest predicted value", planned_spread=0.05),
        sam.sample_shrinkage,
        runs.SAM_REST,
        measured="shortfall of theta's time mean over |theta*|, and rho^2 sqrt(d)/|theta*|",
    ),
    _reading(
        "relu_without_amplification",
        "relu.drift",
        r"ReLU's drift is $\frac{\kappa}{2}(\mathrm{tr}M - ds)$.",
        Law(0.03, "the margin of the amplified law", planned_spread=0.02),
        beyond.relu_drop_unamplified,
        runs.RELU,
        conditions=(c.STABLE,),
        constants=c.with_(c_edge=0.201),
        measured="drop of sum_i D_i, and the integral without amplification",
    ),
    _reading(
        "notebook_isolates_the_noise",
        "notebook.bias_explains",
        r"What the notebook's noisy run does differently is the noise: it stays as far from the run on "
        r"mean-shifted labels as from that on clean ones.",
        Difference(0.5, "half as far would do"),
        beyond.gap_ratio_half,
        runs.NOTEBOOK,
        source=readme("real-world notebook"),
        measured="rms gap of averaged outputs noisy - shifted over noisy - clean, and 1",
    ),
)
