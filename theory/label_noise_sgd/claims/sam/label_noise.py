"""SAM with label noise: how fast the first layer falls, and when the network dies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import places, sam, sam_field
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment
from theory.label_noise_sgd.claims.sam.one_sample import log_fall
from theory.label_noise_sgd.conditions import SHARP, SMALL_STEP_SAM, with_
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.proofs import closed_forms
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here, readme
from theory.label_noise_sgd.trajectory import Trajectory
from theory.rules import Derived, Law, Universal
from theory.run import NotApplicable

__all__ = ["CLAIMS", "noise_decay"]

Floats = NDArray[np.float64]

SAM_NOISE = experiment(
    "sam_noise",
    box(
        "SAM with label noise", places.sam, d=(4, 15), width=(15, 50), kick=(0.01, 0.12), rho=(0.02, 0.1),
        target=TARGETS, sigma=(0.7, 2),
    ),
    (0, 20, 60), 80.0, records=200,
)  # fmt: skip
SAM_PLAIN = experiment(
    "sam_plain",
    box(
        "unnormalised SAM with label noise", places.plain_sam, d=(4, 10), width=(15, 40), kick=(0.04, 0.08),
        push=(0.015, 0.03), sigma=(1, 2), target=TARGETS,
    ),
    (0, 16, 30), 400.0, normalised=False,
)  # fmt: skip
COLLAPSE = experiment(
    "collapse",
    box(
        "one neuron at the fixed point, SAM with label noise", places.collapse, d=(3, 10),
        eta=(0.0004, 0.001), sigma=(0.7, 1.5), target=(0.5, 1), below=(0.5, 0.9),
    ),
    (32, 60, 120), 300.0, start="rich", records=20,
)  # fmt: skip
COLLAPSE_BEYOND = experiment(
    "collapse_beyond",
    box(
        "beyond the radius of collapse", places.collapse, d=(3, 10), eta=(0.0004, 0.001), sigma=(0.7, 1.5),
        target=(0.5, 1), below=(1.1, 1.5),
    ),
    (0, 60, 120), 300.0, start="rich", records=20,
)  # fmt: skip
SAM_BIG_STEP = experiment(
    "sam_big_step",
    box(
        "SAM with label noise, large steps", places.sam, d=(4, 15), width=(15, 50), kick=(0.2, 0.6),
        rho=(0.02, 0.1), target=TARGETS, sigma=(0.7, 2),
    ),
    (0, 20, 60), 60.0, records=200,
)  # fmt: skip

SAM_NOISE_SHORT = experiment(
    "sam_noise_short",
    box(
        "SAM with label noise, small steps", places.sam, d=(4, 15), width=(15, 50), kick=(0.01, 0.03),
        rho=(0.02, 0.1), target=TARGETS, sigma=(0.7, 2.0),
    ),
    (0, 32, 144), 60.0, records=150,
)  # fmt: skip


def _until(p: Trajectory, root: Floats) -> int | NotApplicable:
    """The last record at which the predicted ln-decay is at most 1.3: well before sqrt(M) reaches 0."""
    good = root > 0
    fallen = np.where(good, 2 * np.log(root[0] / np.where(good, root, 1.0)), np.inf)
    k = int(np.argmax(fallen > 1.3)) - 1 if np.any(fallen > 1.3) else len(root) - 1
    return k if k > 0 and fallen[k] > 0.1 else NotApplicable("the run is too short for a decay of .1")


def _noise_decay(run: LinearRun, form: Callable[..., Floats]) -> Pair | NotApplicable:
    s, p = run.setting, run.path
    root = form(p.steps, p.perp[0], s.eta, s.rho, s.sigma, s.d)
    k = _until(p, root)
    if isinstance(k, NotApplicable):
        return k
    return float(np.log(p.perp[0] / p.perp[k])), float(2 * np.log(root[0] / root[k]))


def noise_decay(run: LinearRun) -> Pair | NotApplicable:
    """ln-decay of M_perp under normalised SAM with label noise, and the long closed form."""
    return _noise_decay(run, sam.normalised_root_long)


def noise_decay_short(run: LinearRun) -> Pair | NotApplicable:
    """The same, and the short closed form."""
    return _noise_decay(run, sam.normalised_root)


def plain_decay(run: LinearRun) -> Pair:
    """ln-decay of M_perp under unnormalised SAM with label noise, and `sigma^2 (eta^2 + 2 eta rho) t`."""
    s, p = run.setting, run.path
    return log_fall(run, p.perp), sam.plain_rate(s.eta, s.rho, s.sigma) * float(p.steps[-1])


def alive(run: LinearRun) -> bool:
    """Whether theta along theta* is above a tenth of it at the end."""
    p = run.path
    return bool(p.theta[-1] @ p.unit > 0.1 * run.setting.target)


def collapsed(run: LinearRun) -> bool:
    """Whether it is not."""
    return not alive(run)


def surviving_theta(run: LinearRun) -> Pair:
    """Time mean of theta along theta* over the second half, and the mean field's rest point."""
    s, p = run.setting, run.path
    rest = sam_field.rest_point(s.rho, s.sigma, s.d, s.target)
    expected = rest[0] * rest[1] if rest else 0.0
    return float(p.mean_theta(len(p.steps) // 2) @ p.unit), expected


_SMALL = (SMALL_STEP_SAM,)

CLAIMS: tuple[Claim, ...] = (
    claim(
        "sam.noise_root_derived",
        here("SAM with label noise"),
        r"$\frac{d}{dt}\ln M = -(A + C/\sqrt{M})$ has $\sqrt{M}(t) = (\sqrt{M_0} + \frac{C}{A})e^{-At/2} "
        r"- \frac{C}{A}$.",
        Derived("symbolic A, C, M_0"),
        closed_forms.residual_of_root,
        SAM_NOISE,
        proof=closed_forms.sam_root,
        measured="relative residual of the closed form at the run's setting, against a numerical solution",
    ),
    claim(
        "sam.noise_decay",
        readme("SAM experiment, with label noise"),
        r"Normalised SAM with +-sigma label noise: $\frac{d}{dt}\ln M_\perp = -[2\eta\rho^2 + "
        r"\frac{2\eta\rho\sigma E|x|}{d\sqrt{M_\perp}} + \eta^2(\sigma^2 + "
        r"2\sigma\rho\sqrt{M_\perp}E|x|\frac{d+1}{d} + "
        r"\rho^2M_\perp(d+2))]$.",
        Law(0.02, "order s/M_perp", planned_spread=0.01),
        noise_decay,
        SAM_NOISE,
        conditions=_SMALL,
        parents=("label_noise_sgd.sam.noise_root_derived",),
        measured="ln-decay up to a predicted 1.3, and the integral of the rate",
    ),
    edge(
        "sam_step",
        SMALL_STEP_SAM,
        r"At $\eta\mu_0(d+1)$ in [.2, .6] the short closed form of SAM with label noise still holds.",
        Law(0.02, "the margin inside the condition", planned_spread=0.05),
        noise_decay_short,
        SAM_BIG_STEP,
        conditions=(SMALL_STEP_SAM,),
        measured="ln-decay up to a predicted 1.3, and the short closed form",
    ),
    claim(
        "sam.plain_decay",
        here("SAM with label noise"),
        r"Unnormalised SAM with label noise decays at $\sigma^2(\eta^2 + 2\eta\rho)$.",
        Law(0.08, "first order in rho mu (d+2) <= .03", planned_spread=0.02),
        plain_decay,
        SAM_PLAIN,
        conditions=(SHARP,),
        measured="ln-decay of M_perp over the run, and the rate times the steps",
    ),
    claim(
        "sam.collapse_below",
        here("collapse"),
        r"SAM with label noise keeps the network alive at .5 to .9 of the fold of its mean field, the "
        r"radius beyond which no rest point is left.",
        Universal("below the fold a rest point remains"),
        alive,
        COLLAPSE,
        conditions=(SHARP,),
        measured="whether theta stays above a tenth of theta*",
    ),
    claim(
        "sam.collapse_beyond",
        here("collapse"),
        r"SAM with label noise kills the network from 1.1 of the fold of its mean field on.",
        Universal("no rest point with w a > 0 is left"),
        collapsed,
        COLLAPSE_BEYOND,
        conditions=(SHARP,),
        measured="whether theta ends below a tenth of theta*",
    ),
    claim(
        "sam.surviving_theta",
        here("collapse"),
        r"Below the fold $\theta$ shrinks to the mean field's rest point.",
        Law(0.03, "order eta", planned_spread=0.01),
        surviving_theta,
        COLLAPSE,
        conditions=(SHARP,),
        measured="time mean of theta along theta* over the second half, and the rest point",
    ),
    claim(
        "sam.noise_decay_short",
        here("SAM with label noise"),
        r"For $\eta\mu_0(d+1) \leq .03$ the short form will do: $\sqrt{M_\perp} = "
        r"(\sqrt{M_\perp(0)} + \frac{C}{A})e^{-At/2} - \frac{C}{A}$, $A = 2\eta\rho^2 + \eta^2\sigma^2$, "
        r"$C = 2\eta\rho\sigma E|x|/d$.",
        Law(0.03, "first order in eta mu_0 (d+1)", planned_spread=0.01),
        noise_decay_short,
        SAM_NOISE_SHORT,
        conditions=_SMALL,
        constants=with_(c_step=0.0301),
        parents=("label_noise_sgd.sam.noise_root_derived",),
        measured="ln-decay up to a predicted 1.3, and the short closed form",
    ),
)
