"""The edge of mean-square stability, c_B m/d = 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import places
from theory.label_noise_sgd.claims.made import claim, edge, experiment
from theory.label_noise_sgd.conditions import FAR_FROM_EDGE, NOT_TINY, STABLE, with_
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here
from theory.rules import Event, Universal

__all__ = ["CLAIMS"]

Floats = NDArray[np.float64]

INSIDE = experiment(
    "inside",
    box(
        "steps up to .7 of the edge", places.lazy, d=(3, 20), width=(20, 80), batch=(1, 4),
        amplified=(0.1, 0.7), tilt=(0.002, 0.01), target=TARGETS,
    ),
    (32, 60, 200), steps=3000,
)  # fmt: skip
OUTSIDE = experiment(
    "outside",
    box(
        "steps beyond the edge", places.lazy, d=(6, 20), width=(20, 80), batch=(1, 4), amplified=(2, 2.5),
        tilt=(0.002, 0.01), target=TARGETS,
    ),
    (320, 400, 800), steps=3000,
)  # fmt: skip
PAST_EDGE = experiment(
    "past_edge",
    box(
        "just past the edge", places.lazy, d=(3, 20), width=(20, 80), batch=(1, 4), amplified=(1.2, 1.6),
        tilt=(0.002, 0.01), target=TARGETS,
    ),
    (0, 60, 200), steps=3000,
)  # fmt: skip


def blew_up(run: LinearRun) -> bool:
    """Whether |a|^2 passed 100 m."""
    return bool(run.path.blew_up)


def survived(run: LinearRun) -> bool:
    """Whether it did not."""
    return not run.path.blew_up


CLAIMS: tuple[Claim, ...] = (
    claim(
        "stability.inside",
        here("stability"),
        r"No run with $c_B m/d \leq 0.7$ blows up within 3,000 steps ($|a|^2 > 100 m$).",
        Universal("mean-square stability with room to spare"),
        survived,
        INSIDE,
        conditions=(STABLE,),
        constants=with_(c_edge=0.7),
        measured="whether |a|^2 stays below 100 m",
    ),
    claim(
        "stability.beyond",
        here("stability"),
        r"At $c_B m/d \geq 2$ and $d \geq 6$ all but 2 % of the runs blow up ($|a|^2 > 100 m$).",
        Event(0.02, reason="well beyond the edge of mean-square stability"),
        blew_up,
        OUTSIDE,
        conditions=(FAR_FROM_EDGE, NOT_TINY),
        constants=with_(c_edge=1.99),
        measured="whether |a|^2 passes 100 m",
        note=(
            "The first steps may shrink M below the edge: of 3,000 runs 4 saved themselves, "
            "at d = 6 to 8; at d = 3 and 4 about one in twenty does."
        ),
    ),
    edge(
        "stable",
        STABLE,
        r"At $c_B m/d$ in [1.2, 1.6] runs still survive 3,000 steps.",
        Event(0.05, reason="as inside the condition, where none blows up"),
        survived,
        PAST_EDGE,
        conditions=(STABLE,),
        constants=with_(c_edge=0.7),
        measured="whether |a|^2 stays below 100 m",
    ),
)
