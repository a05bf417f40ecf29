"""The paper's own network on image patches, and the kernel flow that predicts it at large initial weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

from theory.claim import Claim, Prediction
from theory.images.experiments import ETA, KERNEL, SMALL_INIT, WIDTH, WITH_INITS
from theory.images.measures import t_half
from theory.images.sources import here
from theory.images.stage_one import usable
from theory.resolved import Resolved
from theory.rules import Band, Event, Exponent, Law
from theory.run import NotApplicable

__all__ = ["CLAIMS", "half_time", "measured_and_flow", "not_before_flow", "slow_down"]

_SOURCE = here("the paper's network on image patches")


def half_time(run: Any) -> Resolved | NotApplicable:
    """t_1/2 in steps, known to the gap between two evaluations."""
    reason = usable(run)
    if reason:
        return reason
    time = t_half(run)
    if not math.isfinite(time):
        return NotApplicable("half of the noisy images are not memorised in the run")
    at = int(np.searchsorted(run.steps, time))
    return Resolved(time, float(run.steps[at] - run.steps[max(at - 1, 0)]))


def measured_and_flow(run: Any) -> tuple[Resolved, Resolved] | NotApplicable:
    """t_1/2 of the network and of the kernel flow on the same images, in steps."""
    own, flow = half_time(run), half_time(run.control)
    if isinstance(own, NotApplicable):
        return own
    return flow if isinstance(flow, NotApplicable) else (own, flow)


def not_before_flow(run: Any) -> bool | NotApplicable:
    """Whether t_1/2 is at least .8 of the kernel flow's (never reached counts as later)."""
    reason = usable(run)
    if reason:
        return reason
    flow = half_time(run.control)
    return flow if isinstance(flow, NotApplicable) else bool(t_half(run) >= 0.8 * flow.value)


def slow_down(run: Any) -> float | NotApplicable:
    """t_1/2 over the kernel flow's, cut at 100 where it is not reached."""
    reason = usable(run)
    if reason:
        return reason
    flow = half_time(run.control)
    return flow if isinstance(flow, NotApplicable) else min(t_half(run) / flow.value, 100.0)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="images.theory.eta",
        source=_SOURCE,
        provenance="derived",
        statement=r"The time $t_{1/2}$ by which half of the noisy images are memorised is proportional to "
        r"$1/\eta$",
        rule=Exponent("eta", -1.0, margin=0.05),
        measure=half_time,
        experiment=ETA,
        measured="first evaluation, each 1 % later than the one before, from which half of the noisy "
        "images stay memorised, in steps",
        note="an exact symmetry of the gradient flow on any data: it tests the engine and the step size",
    ),
    Claim(
        id="images.theory.m",
        source=_SOURCE,
        provenance="derived",
        statement=r"The time $t_{1/2}$ by which half of the noisy images are memorised is proportional to "
        r"the number of filters $m$ at fixed $\eta$ and $\sigma_0$, on average over "
        r"initial weights",
        rule=Exponent("m", 1.0, margin=0.15, reason="spread between finite widths"),
        measure=half_time,
        experiment=WIDTH,
        measured="first evaluation, each 1 % later than the one before, from which half of the noisy "
        "images stay memorised, in steps",
    ),
    Claim(
        id="images.theory.kernel",
        source=_SOURCE,
        provenance="derived",
        statement=r"At large initial weights ($\sigma_0 = 40$, both sides equal) $t_{1/2}$ is that of the "
        "linearised network (its kernel flow) on the same images, nothing fitted",
        rule=Law(
            0.25, "activation patterns move during training: a correction of some 10 to 15 percent is seen"
        ),
        measure=measured_and_flow,
        experiment=KERNEL,
        measured="t_1/2 of the network, and of its linearisation at large initial weights, in steps",
        prediction=Prediction(
            r"\dot M_i",
            sp.Symbol("Sum_k y_i y_k H_ik/(1 + exp(M_k))"),
            "margins a unit of the clock",
            {"Sum_k y_i y_k H_ik/(1 + exp(M_k))": "H the arc-cosine kernel of the images, derived"},
        ),
    ),
    Claim(
        id="images.theory.not_before",
        source=_SOURCE,
        provenance="derived",
        statement=r"At any initial scale half of the noisy images are not memorised before .8 of the "
        r"$t_{1/2}$ of the "
        "linearised network (its kernel flow): a bound that is computed before training",
        rule=Event(delta=0.1, reason="seen in 45 of 46 runs at .9"),
        measure=not_before_flow,
        experiment=WITH_INITS,
        measured="whether t_1/2 is at least .8 of that of the linearised network, at sigma_0 from .01 to 40",
    ),
    Claim(
        id="images.theory.init_free",
        source=here("as at d >> n"),
        provenance="derived",
        statement=r"$t_{1/2}$ does not depend on $\sigma_0$: at $\sigma_0 = .01$ it is within a factor 2 of "
        "that of the linearised network (the limit of large weights)",
        rule=Band(0.5, 2.0, "a factor of two", delta=0.1),
        measure=slow_down,
        experiment=SMALL_INIT,
        role="reading",
        corrected_by="images.theory.not_before",
        parents=("images.theory.not_before",),
        measured="t_1/2 over that of the linearised network, at most 100",
        note="true of the signal-noise model at d >> n; images have an effective dimension far below n",
    ),
)
