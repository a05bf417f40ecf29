"""Mistakes in the laws of sharpness-aware minimisation."""

from __future__ import annotations

import numpy as np

from theory.label_noise_sgd import sam
from theory.label_noise_sgd.claims.made import Pair
from theory.label_noise_sgd.claims.rest_point import rest_u
from theory.label_noise_sgd.claims.sam import full_batch, label_noise
from theory.label_noise_sgd.falsehoods.slip import Slip
from theory.label_noise_sgd.proofs import closed_forms
from theory.label_noise_sgd.run import LinearRun
from theory.run import NotApplicable

__all__ = ["SLIPS"]


def _rate_d_times(run: LinearRun) -> Pair:
    """Full-batch SAM at the rate of single samples."""
    got = full_batch.full_batch_rate(run)
    return got[0], got[1] * run.setting.d


def _rates_add(run: LinearRun) -> Pair | NotApplicable:
    """SAM with label noise: the two rates add, without the cross term."""
    got = label_noise.noise_decay(run)
    if isinstance(got, NotApplicable):
        return got
    s, p = run.setting, run.path
    root = sam.normalised_root_long(p.steps.astype(float), p.perp[0], s.eta, s.rho, s.sigma, s.d)
    fallen = 2 * np.log(root[0] / np.where(root > 0, root, np.finfo(float).tiny))
    k = int(np.argmin(np.abs(fallen - got[1])))
    return got[0], float(2 * s.eta * s.rho**2 + s.eta**2 * s.sigma**2) * float(p.steps[k])


def _root_of_twice_the_drive(run: LinearRun) -> float:
    """2C/A for C/A in the invariant of the linear equation."""
    return closed_forms.residual_of_root(run, drive=2.0)


SLIPS: tuple[Slip, ...] = (
    Slip("sam.full_batch_rate", "rate of single samples", "formula", _rate_d_times, "d >= 3"),
    Slip("sam.full_batch_flat_u", "SAM always like label noise", "formula", rest_u, "sqrt(d) > 1.7"),
    Slip("sam.noise_decay", "rates that add", "formula", _rates_add, "the cross term is the largest"),
    Slip("sam.noise_root_derived", "twice C", "factor", _root_of_twice_the_drive, "C is not 0"),
)  # fmt: skip
