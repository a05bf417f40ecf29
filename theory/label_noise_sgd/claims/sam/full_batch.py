"""Full-batch SAM: it leaves the lazy regime, ends flat and does not align."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import places
from theory.label_noise_sgd.claims.made import Pair, claim, experiment, reading
from theory.label_noise_sgd.claims.rest_point import rest_u
from theory.label_noise_sgd.conditions import SHARP
from theory.label_noise_sgd.places import box
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here, readme
from theory.rules import Difference, Law

__all__ = ["CLAIMS", "full_batch_rate"]

Floats = NDArray[np.float64]

SAM_FULL = experiment(
    "sam_full",
    box(
        "full-batch SAM", places.sam, d=(3, 6), width=(10, 25), kick=(0.05, 0.2), rho=(0.1, 0.2),
        target=(0.5, 1.5),
    ),
    (0, 16, 36), 54.0, population=True, records=400,
)  # fmt: skip


def full_batch_rate(run: LinearRun) -> Pair:
    """ln-decay of tr M under full-batch SAM while u s is far from |theta*|^2's end, and `2 eta rho^2/d`."""
    s, p = run.setting, run.path
    k = max(1, int(np.argmin(np.abs(p.trace / p.trace[0] - 0.5))))
    return float(np.log(p.trace[0] / p.trace[k])), float(2 * s.eta * s.rho**2 / s.d * p.steps[k])


def flat_u(run: LinearRun) -> Pair:
    """u at the end of full-batch SAM, and |theta*|."""
    return float(run.path.u[-1]), run.setting.target


def flat_s(run: LinearRun) -> Pair:
    """s at the end, and |theta*|."""
    return float(run.path.s[-1]), run.setting.target


def flat_across(run: LinearRun) -> Pair:
    """Mean eigenvalue of M across theta* at the end over |theta*|, and 1: it is 0 where neurons align."""
    return float(run.path.perp[-1] / run.setting.target), 1.0


CLAIMS: tuple[Claim, ...] = (
    claim(
        "sam.full_batch_rate",
        here("full-batch SAM"),
        r"Full-batch normalised SAM leaves the lazy regime d times slower: tr M decays at $2\eta\rho^2/d$.",
        Law(0.1, "first order in eta mu d and in |theta*|/mu", planned_spread=0.04),
        full_batch_rate,
        SAM_FULL,
        conditions=(SHARP,),
        measured="ln-decay of tr M to half of its start, and the rate times the steps",
    ),
    claim(
        "sam.full_batch_flat_u",
        here("full-batch SAM"),
        r"Full-batch normalised SAM ends flat along the target: $u = |\theta^*|$.",
        Law(0.02, "the end is approached slowly", planned_spread=0.006),
        flat_u,
        SAM_FULL,
        conditions=(SHARP,),
        measured="u at the end, and |theta*|",
        note="A full batch of whitened data has the population's gradient, which is what runs here.",
    ),
    claim(
        "sam.full_batch_flat_s",
        here("full-batch SAM"),
        r"Full-batch normalised SAM ends at $s = |\theta^*|$.",
        Law(0.02, "the end is approached slowly", planned_spread=0.006),
        flat_s,
        SAM_FULL,
        conditions=(SHARP,),
        measured="s at the end, and |theta*|",
    ),
    claim(
        "sam.full_batch_does_not_align",
        here("full-batch SAM"),
        r"Full-batch normalised SAM does not align: across the target too it ends at $M_\perp$ near "
        r"$|\theta^*|$.",
        Difference(0.1, "it minimises the top eigenvalue, and then stops", planned_spread=0.02),
        flat_across,
        SAM_FULL,
        conditions=(SHARP,),
        measured="M_perp at the end over |theta*|, and 1 (0 where neurons align)",
    ),
    reading(
        "sam_is_like_label_noise",
        "sam.full_batch_flat_u",
        readme("SAM experiment, read without its label noise and in full batch"),
        r"SAM always behaves like label noise: full-batch SAM ends at $u = \sqrt{d}|\theta^*|$.",
        Law(0.03, "the margin of label noise's own end"),
        rest_u,
        SAM_FULL,
        conditions=(SHARP,),
        measured="u at the end, and sqrt(d) |theta*|",
    ),
)
