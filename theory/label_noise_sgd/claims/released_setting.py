"""The released code's synthetic setting: its two phases, its control, and how far it is from adiabatic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd.claims.made import Pair, claim, experiment, reading
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.setting import LinearSetting
from theory.label_noise_sgd.sources import here, note, readme
from theory.place import Cells, fixed
from theory.rules import Difference
from theory.run import NotApplicable

__all__ = ["CLAIMS", "README_SETTING"]

Floats = NDArray[np.float64]

#: 200 standard normal samples, m = 1000, d = 20, eta = .001, noise 4.
README_SETTING = LinearSetting(m=1000, d=20, eta=1e-3, sigma=4.0, n=200)

README = experiment("readme", fixed(README_SETTING), (0, 16, 40), 9.6, arms="noiseless")
ADIABATICITY = experiment(
    "adiabaticity",
    Cells( "README size", tuple(({"target": T}, README_SETTING.with_(target=T)) for T in (1.0, 3.0)), ),
    (0, 8, 24), 48.0, off=20.0,
)  # fmt: skip
NO_ALIGNMENT = experiment("no_alignment", fixed(README_SETTING.with_(target=1000**-0.25)), (0, 16, 40), 24.0)


def cosine_at_half(run: LinearRun) -> Pair | NotApplicable:
    """Mean cosine when mean |w_i| has halved, and at the start."""
    p = run.path
    below = np.flatnonzero(p.w_norm <= 0.5 * p.w_norm[0])
    if not len(below):
        return NotApplicable("mean |w_i| does not halve in this run")
    return float(p.cos[below[0]]), float(p.cos[0])


def readme_cosine(run: LinearRun) -> Pair:
    """Mean cosine at the end, and .65."""
    return float(run.path.cos[-1]), 0.65


def readme_norm(run: LinearRun) -> Pair:
    """Mean |w_i| at the end over its start, and .07."""
    return float(run.path.w_norm[-1] / run.path.w_norm[0]), 0.07


def quiet_norm(run: LinearRun) -> Pair:
    """Mean |w_i| at the end over its start in the arm without noise, and 1."""
    assert run.control is not None
    quiet = run.control.path.w_norm
    return float(quiet[-1] / quiet[0]), 1.0


def quiet_cosine(run: LinearRun) -> Pair:
    """Largest change of the mean cosine in the arm without noise, and 0."""
    assert run.control is not None
    quiet = run.control.path.cos
    return float(np.max(np.abs(quiet - quiet[0]))), 0.0


def stops_short(run: LinearRun) -> Pair:
    """Mean cosine at the end, and .6."""
    return float(run.path.cos[-1]), 0.6


def near_one(run: LinearRun) -> Pair:
    """Mean cosine at the end, and 1."""
    return float(run.path.cos[-1]), 1.0


CLAIMS: tuple[Claim, ...] = (
    claim(
        "readme.norms_first",
        readme("synthetic experiment"),
        r"At the released code's setting the first layer halves with its alignment unmoved (Phase I).",
        Difference(0.05, "alignment that matters is of order 1", planned_spread=0.01),
        cosine_at_half,
        README,
        measured="mean cosine when mean |w_i| has halved, and at the start",
    ),
    claim(
        "readme.then_alignment",
        readme("synthetic experiment"),
        r"At the released code's setting the mean cosine reaches .65 in $6\cdot10^5$ steps (Phase "
        r"II).",
        Difference(0.05, "spread over starts and data sets", planned_spread=0.03),
        readme_cosine,
        README,
        measured="mean cosine at the end, and .65: the difference is judged",
        note="Far below the adiabatic curve's .86: chi = .72 there.",
    ),
    claim(
        "readme.norms_fall",
        readme("synthetic experiment"),
        r"At the released code's setting mean $|w_i|$ falls to .07 of its start in $6\cdot10^5$ steps.",
        Difference(0.01, "a seventh of it", planned_spread=0.003),
        readme_norm,
        README,
        measured="mean |w_i| at the end over its start, and .07: the difference is judged",
    ),
    claim(
        "readme.norms_stay_without_noise",
        readme("synthetic experiment, the run without label noise"),
        r"At the released code's setting without label noise mean $|w_i|$ stays within $10^{-3}$ of its "
        r"start.",
        Difference(1e-3, "label noise is what moves the norms"),
        quiet_norm,
        README,
        measured="mean |w_i| at the end over its start in the arm without noise, and 1",
    ),
    claim(
        "readme.lazy_without_noise",
        readme("synthetic experiment, the run without label noise"),
        r"At the released code's setting without label noise the mean cosine changes by $10^{-3}$ at most, "
        "in the median over runs.",
        Difference(1e-3, "no noise, no alignment"),
        quiet_cosine,
        README,
        measured="largest change of the mean cosine in the arm without noise, and 0",
    ),
    claim(
        "adiabaticity.aligned",
        here("adiabaticity"),
        r"At the released code's size with $|\theta^*| = 1, 3$ ($\chi = .72, .24$) alignment is near 1 after "
        r"$48/\kappa$ steps, "
        r"noise off at the end.",
        Difference(0.03, "within .03 of full alignment", planned_spread=0.01),
        near_one,
        ADIABATICITY,
        measured="mean cosine at the end, and 1: the difference is judged",
    ),
    claim(
        "adiabaticity.fails_at_small_target",
        note("the condition |theta*| <= m^(-1/4) by itself"),
        r"At $|\theta^*| = m^{-1/4}$ ($\chi = 4$) the mean cosine stops at .6, far from 1.",
        Difference(0.1, "far from 1", planned_spread=0.03),
        stops_short,
        NO_ALIGNMENT,
        measured="mean cosine after 24/kappa steps, and .6: the difference is judged",
    ),
    reading(
        "alignment_at_small_target",
        "adiabaticity.fails_at_small_target",
        note("the condition |theta*| <= m^(-1/4) at the README's eta, sigma, m and d"),
        r"With $|\theta^*| \leq m^{-1/4}$ the mean cosine comes within .1 of 1 (judged at one setting, the "
        r"released code's step, noise, m and d, far from the other conditions that go with the bound).",
        Difference(0.1, "near-1 alignment"),
        near_one,
        NO_ALIGNMENT,
        measured="mean cosine after 24/kappa steps, and 1: the difference is judged",
        note="The secondary note's other conditions (eta <= C^-96) are far from any run; this is the bound "
        "by itself.",
    ),
)
