"""Probes: each is judged outside one condition on purpose, to show where its regime ends."""

from __future__ import annotations

from typing import Any

from theory.claim import Claim
from theory.label_noise_sgd import conditions as c
from theory.label_noise_sgd import experiments as runs
from theory.label_noise_sgd.measure import lazy, rich, sam
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here
from theory.rules import Difference, Event, Law

__all__ = ["CLAIMS"]


def _probe(
    name: str, drops: Any, statement: str, rule: Any, function: Any, experiment: Any, **more: Any
) -> Claim:
    values: dict[str, Any] = {
        "source": here("edges"),
        "provenance": "derived",
        "constants": c.CONSTANTS,
    } | more
    return Claim(
        id=f"label_noise_sgd.edge.{name}",
        statement=statement,
        rule=rule,
        measure=function,
        experiment=experiment,
        drops=(drops.name,),
        **values,
    )


def _along_1(run: LinearRun) -> tuple[float, float]:
    """u at tau = 1, and the implicit law."""
    return rich.along(run, 1.0)


CLAIMS: tuple[Claim, ...] = (
    _probe(
        "adiabatic",
        c.ADIABATIC,
        r"At $\chi$ in [.5, 1] the part of W without output still decays like $e^{-(1-\chi)\tau}$.",
        Difference(0.03, "the margin inside the condition", planned_spread=0.03),
        rich.annealed_slope,
        runs.CHI_LARGE,
        conditions=(c.ADIABATIC,),
        constants=c.with_(c_chi=0.2),
        measured="slope in tau over the second half, and -(1-chi)",
    ),
    _probe(
        "stable",
        c.STABLE,
        r"At $c_B m/d$ in [1.2, 1.6] runs still survive 3,000 steps.",
        Event(0.05, reason="as inside the condition, where none blows up"),
        lazy.survived,
        runs.PAST_EDGE,
        conditions=(c.STABLE,),
        constants=c.with_(c_edge=0.7),
        measured="whether |a|^2 stays below 100 m",
    ),
    _probe(
        "wide",
        c.WIDE,
        r"At m/d in [3, 8] u still follows the implicit law at $\tau = 1$.",
        Law(0.04, "the margin inside the condition", planned_spread=0.03),
        _along_1,
        runs.NARROW,
        conditions=(c.WIDE,),
        measured="u and its implicit law",
    ),
    _probe(
        "sam_step",
        c.SMALL_STEP_SAM,
        r"At $\eta\mu_0(d+1)$ in [.2, .6] the short closed form of SAM with label noise still holds.",
        Law(0.02, "the margin inside the condition", planned_spread=0.05),
        sam.noise_decay_short,
        runs.SAM_BIG_STEP,
        conditions=(c.SMALL_STEP_SAM,),
        measured="ln-decay up to a predicted 1.3, and the short closed form",
    ),
    _probe(
        "small_start",
        c.SMALL,
        r"At $m t_0^2(d+1)/|\theta^*|$ in [.5, 4] $\theta$ is still logistic within .02.",
        Difference(0.02, "the margin inside the condition", planned_spread=0.05),
        rich.logistic_error,
        runs.LARGE_START,
        conditions=(c.SMALL,),
        measured="largest error over records relative to T, and 0",
    ),
)
