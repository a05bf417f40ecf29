"""The bridge: the time law of the signal-noise model, with its quantities estimated on images.

The within-class energy E_w of the images counts as noise: sigma'^2 d = sigma^2 d + E_w, both in
a = n |mu|^2/(sigma'^2 d) and in the clock step h = eta sigma'^2 d/(n m). Nothing is fitted.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from theory.claim import Claim
from theory.images.conditions import ALIKE, FLIPPED, MODERATE, SPREAD
from theory.images.experiments import BRIDGE, BRIDGE_FAR, BRIDGE_MEANS
from theory.images.sources import here
from theory.images.stage_one import usable
from theory.rules import Law
from theory.run import NotApplicable
from theory.two_stage.mean_field.mean_field import population
from theory.two_stage.mean_field.sampled_field import time_law
from theory.two_stage.setting import Setting
from theory.two_stage.stays import share_time, stay_times

__all__ = [
    "CLAIMS",
    "law_of_run",
    "measured_and_law",
]


def law_of_run(run: Any) -> float | NotApplicable:
    """Median t_1/2 by the time law, in steps, at the run's estimated energies and realised labels; the energy
    within classes counts as noise.
    """
    s, steps = run.setting, int(run.steps[-1])
    noise = run.noise_energy + run.within_energy
    at = Setting(
        n=len(run.y), d=s.d, m=s.m, sigma_xi=math.sqrt(noise / s.d), signal_norm=math.sqrt(run.signal_energy),
        tau_plus=s.flip_rate, tau_minus=s.flip_rate, sigma_0=run.sigma_0, eta=run.eta,
    )  # fmt: skip
    law = time_law(population(at, 2 * run.y - 1, 2 * run.labels - 1), steps)
    if law.censored(0.5) >= 0.5:
        return NotApplicable("half of the noisy images are not expected to be memorised in the run")
    return float(np.median(law.times(0.5))) / at.clock_step


def measured_and_law(run: Any) -> tuple[float, float] | NotApplicable:
    """t_1/2 of the network, and the law's median with E_w counted as noise; in steps."""
    reason = usable(run)
    if reason:
        return reason
    noisy = run.labels != run.y
    # As the law counts: the time from which half of the noisy images stay fit, between steps on a line.
    own = share_time(stay_times(run.margins[:, noisy], run.steps), 0.5)
    if not math.isfinite(own):
        return NotApplicable("half of the noisy images are not memorised in the run")
    law = law_of_run(run)
    return law if isinstance(law, NotApplicable) else (own, law)


def _claim(name: str, statement: str, experiment: Any, **more: Any) -> Claim:
    return Claim(
        id=f"images.theory.{name}",
        source=here("the bridge from images to the time law"),
        provenance="derived",
        statement=statement,
        rule=Law(0.2, "the law leaves out how the images of a class resemble each other"),
        measure=measured_and_law,
        experiment=experiment,
        conditions=(SPREAD, MODERATE, FLIPPED, ALIKE),
        measured="t_1/2 of the network, and the median of the time law at the energies of the images, in "
        "steps",
        **more,
    )


CLAIMS: tuple[Claim, ...] = (
    _claim(
        "bridge.means",
        r"With class means as the signal patch (no deviation) $t_{1/2}$ is that of the time law of the "
        r"signal-noise model",
        BRIDGE_MEANS,
    ),
    _claim(
        "bridge",
        r"With whole images as the signal patch, zeros and ones, $t_{1/2}$ is that of the time law of the "
        r"signal-noise model, with the energy within classes counted as noise; nothing fitted",
        BRIDGE,
    ),
    _claim(
        "bridge.far",
        r"With whole images as the signal patch $t_{1/2}$ is that of the time law of the signal-noise "
        r"model for "
        "threes and eights too, which differ more among themselves",
        BRIDGE_FAR,
        drops=(ALIKE.name,),
        note="probe: the images of a class differ more than a tenth of the noise",
    ),
)
