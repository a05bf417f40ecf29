"""Sharpness-aware minimisation on the same network: where it does what label noise does, and where not."""

from __future__ import annotations

from typing import Any

from theory.claim import Claim
from theory.label_noise_sgd import conditions as c
from theory.label_noise_sgd import experiments as runs
from theory.label_noise_sgd import proofs
from theory.label_noise_sgd.measure import rich, sam
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import abstract, here, readme
from theory.rules import Derived, Difference, Law, Universal

__all__ = ["CLAIMS"]


def _claim(name: str, statement: str, rule: Any, function: Any, experiment: Any, **more: Any) -> Claim:
    values: dict[str, Any] = {
        "source": here("C22-C25"),
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
    """M_perp at the slow clock 1, and its law."""
    return sam.sample_across(run, 1.0)


def _across_3(run: LinearRun) -> tuple[float, float]:
    """M_perp at the slow clock 3, and its law."""
    return sam.sample_across(run, 3.0)


def _along_1(run: LinearRun) -> tuple[float, float]:
    """u at the slow clock 1, and the implicit law."""
    return sam.sample_along(run, 1.0)


def _along_3(run: LinearRun) -> tuple[float, float]:
    """u at the slow clock 3, and the implicit law."""
    return sam.sample_along(run, 3.0)


_SMALL = (c.SMALL_STEP_SAM,)
_TENTH = c.with_(c_step=0.101)

CLAIMS: tuple[Claim, ...] = (
    _claim(
        "sam.sample_rate",
        r"Normalised SAM on single samples, no label noise: $M_\perp$ decays at "
        r"$2\eta\rho^2(1 + (d + \frac{5}{2})\eta\mu)$.",
        Law(0.015, "second order in eta mu (d+1)", planned_spread=0.005),
        sam.sample_rate,
        runs.SAM,
        source=abstract("the principles extend to SAM"),
        conditions=_SMALL,
        constants=_TENTH,
        measured="ln-decay of M_perp over the run, and the integral of its rate",
    ),
    _claim(
        "sam.curve_across_1",
        r"It follows the slow curve of label noise: $M_\perp = M_\perp(0)e^{-\tau}$ at "
        r"$\tau = \ln[(1+cM_0)e^{2\eta\rho^2t} - cM_0] = 1$, $c = (d+\frac{5}{2})\eta$.",
        Law(0.02, "second order in eta mu (d+1)", planned_spread=0.008),
        _across_1,
        runs.SAM,
        source=here("C23"),
        conditions=_SMALL,
        constants=_TENTH,
        measured="M_perp at the record nearest to tau = 1, and its law",
    ),
    _claim(
        "sam.curve_across_3",
        r"and at $\tau = 3$.",
        Law(0.02, "second order in eta mu (d+1)", planned_spread=0.012),
        _across_3,
        runs.SAM,
        source=here("C23"),
        conditions=_SMALL,
        constants=_TENTH,
        measured="M_perp at the record nearest to tau = 3, and its law",
    ),
    _claim(
        "sam.curve_along_1",
        r"u follows the implicit law of the slow flow at $\tau = 1$.",
        Law(0.04, "second order in eta mu (d+1)", planned_spread=0.012),
        _along_1,
        runs.SAM,
        source=here("C23"),
        conditions=_SMALL,
        constants=_TENTH,
        measured="u at the record nearest to tau = 1, and its law",
    ),
    _claim(
        "sam.curve_along_3",
        r"and at $\tau = 3$.",
        Law(0.04, "second order in eta mu (d+1)", planned_spread=0.012),
        _along_3,
        runs.SAM,
        source=here("C23"),
        conditions=_SMALL,
        constants=_TENTH,
        measured="u at the record nearest to tau = 3, and its law",
    ),
    _claim(
        "sam.rest_u",
        r"It ends where label noise ends, $u = \sqrt{d}|\theta^*|$, with no floor and hardly any shrinkage.",
        Law(0.02, "order rho^2", planned_spread=0.008),
        rich.rest_u,
        runs.SAM_REST,
        source=here("C23"),
        conditions=_SMALL,
        constants=_TENTH,
        measured="u at the end",
    ),
    _claim(
        "sam.rest_s",
        r"and $s = |\theta^*|/\sqrt{d}$.",
        Law(0.02, "order rho^2", planned_spread=0.008),
        rich.rest_s,
        runs.SAM_REST,
        source=here("C23"),
        conditions=_SMALL,
        constants=_TENTH,
        measured="s at the end",
    ),
    _claim(
        "sam.full_batch_rate",
        r"Full-batch normalised SAM leaves the lazy regime d times slower: tr M decays at $2\eta\rho^2/d$.",
        Law(0.1, "first order in eta mu d and in |theta*|/mu", planned_spread=0.04),
        sam.full_batch_rate,
        runs.SAM_FULL,
        source=here("C24"),
        measured="ln-decay of tr M to half of its start, and the rate times the steps",
    ),
    _claim(
        "sam.full_batch_flat_u",
        r"and it ends flat, $u = |\theta^*|$,",
        Law(0.02, "the end is approached slowly", planned_spread=0.006),
        sam.flat_u,
        runs.SAM_FULL,
        source=here("C24"),
        measured="u at the end, and |theta*|",
        note="A full batch of whitened data has the population's gradient, which is what runs here.",
    ),
    _claim(
        "sam.full_batch_flat_s",
        r"$s = |\theta^*|$,",
        Law(0.02, "the end is approached slowly", planned_spread=0.006),
        sam.flat_s,
        runs.SAM_FULL,
        source=here("C24"),
        measured="s at the end, and |theta*|",
    ),
    _claim(
        "sam.full_batch_does_not_align",
        r"with every other eigenvalue of M near $|\theta^*|$ too: it does not align.",
        Difference(0.1, "it minimises the top eigenvalue, and then stops", planned_spread=0.02),
        sam.flat_across,
        runs.SAM_FULL,
        source=here("C24"),
        measured="M_perp at the end over |theta*|, and 1 (0 where neurons align)",
    ),
    _claim(
        "sam.noise_root_derived",
        r"$\frac{d}{dt}\ln M = -(A + C/\sqrt{M})$ has $\sqrt{M}(t) = (\sqrt{M_0} + \frac{C}{A})e^{-At/2} "
        r"- \frac{C}{A}$.",
        Derived("symbolic A, C, M_0"),
        proofs.residual_of_root,
        runs.SAM_NOISE,
        source=here("C25"),
        proof=proofs.sam_root,
        measured="relative residual of the closed form at the run's setting, against a numerical solution",
    ),
    _claim(
        "sam.noise_decay",
        r"Normalised SAM with +-sigma label noise: $\frac{d}{dt}\ln M_\perp = -[2\eta\rho^2 + "
        r"\frac{2\eta\rho\sigma E|x|}{d\sqrt{M_\perp}} + \eta^2(\sigma^2 + "
        r"2\sigma\rho\sqrt{M_\perp}E|x|\frac{d+1}{d} + "
        r"\rho^2M_\perp(d+2))]$.",
        Law(0.02, "order s/M_perp", planned_spread=0.01),
        sam.noise_decay,
        runs.SAM_NOISE,
        source=readme("SAM with label noise shows similar phenomena"),
        conditions=_SMALL,
        parents=("label_noise_sgd.sam.noise_root_derived",),
        measured="ln-decay up to a predicted 1.3, and the integral of the rate",
    ),
    _claim(
        "sam.plain_decay",
        r"Unnormalised SAM with label noise decays at $\sigma^2(\eta^2 + 2\eta\rho)$.",
        Law(0.08, "first order in rho mu (d+2) <= .03", planned_spread=0.02),
        sam.plain_decay,
        runs.SAM_PLAIN,
        source=here("C25"),
        measured="ln-decay of M_perp over the run, and the rate times the steps",
    ),
    _claim(
        "sam.collapse_below",
        r"SAM with label noise keeps the network alive at .5 to .9 of the fold of its mean field,",
        Universal("below the fold a rest point remains"),
        sam.alive,
        runs.COLLAPSE,
        source=here("C25"),
        measured="whether theta stays above a tenth of theta*",
    ),
    _claim(
        "sam.collapse_beyond",
        r"and kills it from 1.1 of the fold on.",
        Universal("no rest point with w a > 0 is left"),
        sam.collapsed,
        runs.COLLAPSE_BEYOND,
        source=here("C25"),
        measured="whether theta ends below a tenth of theta*",
    ),
    _claim(
        "sam.surviving_theta",
        r"Below the fold $\theta$ shrinks to the mean field's rest point.",
        Law(0.03, "order eta", planned_spread=0.01),
        sam.surviving_theta,
        runs.COLLAPSE,
        source=here("C25"),
        measured="time mean of theta along theta* over the second half, and the rest point",
    ),
)
