"""An imposed second layer: the oscillation experiment, and the three-state chain of Lemma 4.4."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.label_noise_sgd import decay, places
from theory.label_noise_sgd.claims.made import Pair, claim, edge, experiment, reading
from theory.label_noise_sgd.conditions import GENTLE_PULL, IMPOSED
from theory.label_noise_sgd.places import TARGETS, box
from theory.label_noise_sgd.proofs import closed_forms
from theory.label_noise_sgd.run import LinearRun
from theory.label_noise_sgd.sources import here, note, readme
from theory.rules import Law

__all__ = ["CLAIMS"]

Floats = NDArray[np.float64]

FORCED = experiment(
    "forced",
    box(
        "imposed, i.i.d. in time", places.forced, d=(5, 12), width=(15, 40), variance=(0.05, 1),
        pull=(0.02, 0.5), target=TARGETS,
    ),
    (20, 36, 72), 24.0, engine="forced", imposed="gaussian",
)  # fmt: skip
FORCED_CHAIN = experiment(
    "forced_chain",
    box(
        "imposed, persistent", places.forced, d=(5, 12), width=(15, 40), variance=(0.05, 1), pull=(0.1, 0.6),
        target=TARGETS, persistence=(0.3, 0.95),
    ),
    (0, 24, 60), 6.0, engine="forced", imposed="chain",
)  # fmt: skip

STRONG_PULL = experiment(
    "strong_pull",
    box(
        "imposed, i.i.d. in time, strong", places.forced, d=(5, 12), width=(15, 40), variance=(0.05, 1.0),
        pull=(1.4, 1.75), target=TARGETS,
    ),
    (0, 24, 60), 24.0, engine="forced", imposed="gaussian",
)  # fmt: skip


def _forced(run: LinearRun) -> tuple[float, float]:
    """ln-decay of M across theta* and the steps it took, while it is above rounding."""
    perp = (run.values["trace"] - run.values["along"]) / (run.setting.d - 1)
    good = perp > 1e-9 * perp[0]
    last = len(perp) - 1 if good.all() else int(np.argmin(good)) - 1
    return float(np.log(perp[0] / perp[last])), float(run.steps[last])


def _fourth(run: LinearRun) -> float:
    return (3.0 if run.options.imposed == "gaussian" else 1.5) * run.setting.variance


def forced_decay(run: LinearRun) -> Pair:
    """ln-decay of M_perp under an imposed second layer, i.i.d. in time, and `-n ln(factor)`."""
    s = run.setting
    measured, steps = _forced(run)
    return measured, -steps * float(np.log(decay.forced_factor(s.eta, s.variance, s.m, _fourth(run))))


def forced_rest(run: LinearRun) -> Pair:
    """Time mean of M along theta* over the second half, and its stationary value."""
    s, half = run.setting, len(run.steps) // 2
    total = run.values["along_sum"][-1] - run.values["along_sum"][half]
    return float(total / (run.steps[-1] - run.steps[half])), decay.forced_signal(
        s.eta, s.variance, s.m, _fourth(run), s.target
    )


def persistent_decay(run: LinearRun) -> Pair:
    """ln-decay of M_perp under a persistent chain, and the heuristic rate."""
    s = run.setting
    measured, steps = _forced(run)
    return measured, steps * decay.persistent_rate(s.eta, s.variance, s.m, s.persistence)


def persistent_first_order(run: LinearRun) -> Pair:
    """The same, and `2 eta v` whatever the persistence."""
    s = run.setting
    measured, steps = _forced(run)
    return measured, steps * 2 * s.eta * s.variance


CLAIMS: tuple[Claim, ...] = (
    claim(
        "forced.decay",
        readme("oscillation experiment"),
        r"Imposed second layer, i.i.d. with variance v and $q = E a^4/v$: $E M_\perp$ is multiplied by "
        r"$1 - 2\eta v + \eta^2 v((m-1)v + q)$ at every step, and the $M_\perp$ of a run falls with it.",
        Law(0.03, "fluctuation of a product of random factors", planned_spread=0.02),
        forced_decay,
        FORCED,
        conditions=(IMPOSED, GENTLE_PULL),
        proof=closed_forms.forced,
        measured="ln-decay of M across theta*, and -n ln of the factor",
    ),
    claim(
        "forced.rest",
        here("imposed second layer"),
        r"Along $\theta^*$ M comes to rest at $\eta m|\theta^*|^2/(2 - \eta((m-1)v + q))$.",
        Law(0.05, "time mean over half a run", planned_spread=0.05),
        forced_rest,
        FORCED,
        conditions=(IMPOSED, GENTLE_PULL),
        proof=closed_forms.forced,
        measured="time mean of M along theta* over the second half, and its stationary value",
    ),
    claim(
        "forced.persistent",
        note("Lemma 4.4, the three-state Markov process"),
        r"A three-state chain redrawn with chance $1-p$ decays at about $2\eta v/(1 + \eta m "
        r"v\frac{1+p}{2(1-p)})$.",
        Law(0.06, "a heuristic: mean of a response with memory", planned_spread=0.02),
        persistent_decay,
        FORCED_CHAIN,
        conditions=(IMPOSED,),
        measured="ln-decay of M across theta*, and n times the rate",
    ),
    reading(
        "persistence_does_not_matter",
        "forced.persistent",
        here("imposed second layer"),
        r"An imposed second layer decays W at $2\eta v$ whatever its persistence.",
        Law(0.06, "the margin of the form with memory", planned_spread=0.1),
        persistent_first_order,
        FORCED_CHAIN,
        conditions=(IMPOSED,),
        measured="ln-decay of M across theta*, and 2 eta v n",
    ),
    edge(
        "strong_pull",
        GENTLE_PULL,
        r"At $\eta m v$ in [1.4, 1.75] the ln-decay of one run is still that of the mean.",
        Law(0.03, "the margin inside the condition", planned_spread=0.03),
        forced_decay,
        STRONG_PULL,
        measured="ln-decay of M across theta*, and -n ln of the factor",
    ),
)
