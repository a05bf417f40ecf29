"""E4 and E5: a frozen target, and the separatrix of a moving one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from theory.claim import Claim, Prediction
from theory.early_learning.claims.made import by_us, times
from theory.early_learning.conditions import (
    FROM_ZERO,
    FROZEN,
    NO_REST,
    REST_EXISTS,
    SETTLED,
    at_least,
    at_most,
)
from theory.early_learning.places import mixture_box
from theory.early_learning.run import MixtureRun
from theory.early_learning.symbols import eta, gamma, kappa, n, w
from theory.early_learning.targets import (
    FROZEN_MISS,
    SEPARATRIX,
    corrected_for_ever,
    frozen_limit,
    frozen_offset,
    frozen_true_side_above,
    prove_frozen_target,
    prove_separatrix,
    separatrix,
)
from theory.experiment import Experiment
from theory.model import function_model
from theory.place import Box, Coordinate
from theory.record import AtClocks
from theory.rules import Difference, Event, Universal
from theory.run import NotApplicable
from theory.setting import AbstractSetting, Trends

__all__ = ["CLAIMS", "SeparatrixSetting", "side_of_separatrix"]

TAU = 2000.0
REST = Experiment(
    "early_learning.frozen.rest",
    place=mixture_box(
        "frozen target",
        {
            "w": (0.1, 0.35),
            "kappa": (0.1, 0.4),
            "p/n": (4.0, 60.0),
            "n": (150, 250),
            "target": (0.65, 0.95),
            "lambda/exists": (1.1, 5.0),
        },
        eta=1.0,
        loss="frozen",
    ),
    clock=TAU,
    record=AtClocks((500.0, 1000.0)),
    runs=times(12, 60, 200),
)
SIDES = Experiment(
    "early_learning.frozen.sides",
    place=mixture_box(
        "frozen target near 1/2, both sides of 1/(2t-1)",
        {
            "w": (0.1, 0.35),
            "kappa": (0.15, 0.4),
            "p/n": (4.0, 60.0),
            "n": (100, 150),
            "target": (0.55, 0.7),
            "lambda/exists": (1.12, 2.2),
        },
        eta=1.0,
        loss="frozen",
    ),
    clock=TAU,
    record=AtClocks((1000.0,)),
    runs=times(36, 120, 300),
)
UNHELD = Experiment(
    "early_learning.frozen.unheld",
    place=mixture_box(
        "frozen target, weak",
        {
            "w": (0.1, 0.35),
            "kappa": (0.1, 0.4),
            "p/n": (4.0, 60.0),
            "n": (100, 150),
            "target": (0.65, 0.95),
            "lambda/exists": (0.3, 0.9),
        },
        eta=1.0,
        loss="frozen",
    ),
    clock=TAU,
    record=AtClocks((1000.0,)),
    runs=times(50, 80, 200),
)


def _rest(run: MixtureRun) -> tuple[float, float]:
    s = run.setting
    offset = frozen_offset(s.target, s.lam, s.w, s.kappa, float(run.clock[-1]), s.gamma)
    return float(run.median_wrong[-1]), frozen_limit(s.target, s.lam) + offset


def _side(run: MixtureRun) -> bool | NotApplicable:
    s = run.setting
    threshold = frozen_true_side_above(s.target)
    if abs(s.lam / threshold - 1) < 0.1:
        return NotApplicable("lambda within 10 % of 1/(2t-1): the rest is at the boundary itself")
    return bool((run.median_wrong[-1] > 0) == (s.lam > threshold))


def _memorised_for_ever(run: MixtureRun) -> bool | NotApplicable:
    if run.clock[-1] < 0.99 * TAU:
        return NotApplicable("the step is so small that the run is cut: its margins have no time to fall")
    half = run.near(TAU / 2)
    return bool(run.memorised[-1] == 1.0 and run.median_wrong[-1] < run.median_wrong[half] - 0.2)


@dataclass(frozen=True)
class SeparatrixSetting(AbstractSetting):
    """A single wrong example under ELR that starts at `P = t = start`.

    Args:
        lam, beta, eta: strength > 2, memory, step.
        start: in (1/2, 1), given by its distance to the claimed separatrix in logits.
    """

    trends: ClassVar[Trends] = Trends()

    lam: float
    beta: float
    eta: float
    start: float

    def __post_init__(self) -> None:
        if not self.lam > 2.0:
            raise ValueError(f"lam must be > 2, was {self.lam!r}")
        if not 0.0 <= self.beta < 1.0:
            raise ValueError(f"beta must lie in [0, 1), was {self.beta!r}")
        if not 0.0 < self.start < 1.0:
            raise ValueError(f"start must lie in (0, 1), was {self.start!r}")


def side_of_separatrix(setting: SeparatrixSetting, rng: np.random.Generator) -> Mapping[str, Any]:
    """Whether the example is corrected for ever; no randomness."""
    return {"corrected": corrected_for_ever(setting.start, setting.lam, setting.beta, setting.eta)}


def _near_separatrix(values: Mapping[str, Any]) -> SeparatrixSetting:
    edge = separatrix(values["lam"])
    gap = values["gap"] * values["side"] / abs(values["side"]) if values["side"] else values["gap"]
    start = edge + gap * min(edge - 0.5, 1 - edge)
    return SeparatrixSetting(values["lam"], values["beta"], values["eta"], start)


EDGE = Experiment(
    "early_learning.frozen.separatrix",
    place=Box(
        "near the separatrix",
        (
            Coordinate("lam", 2.1, 8.0, meaning="strength"),
            Coordinate("beta", 0.0, 0.98, "linear", meaning="memory"),
            Coordinate("eta", 0.05, 1.0, meaning="step"),
            Coordinate("gap", 0.003, 0.5, meaning="distance from the separatrix, over the room there is"),
            Coordinate("side", -1.0, 1.0, "linear", meaning="its sign"),
        ),
        _near_separatrix,
    ),
    model=function_model(SeparatrixSetting, side_of_separatrix, name="early_learning.separatrix"),
    runs=times(60, 300, 2000),
)


def _separated(run: Any) -> bool:
    s = run.setting
    return bool(run.corrected == (s.start > separatrix(s.lam)))


_TOWARDS = (
    FROZEN,
    FROM_ZERO,
    at_most(eta, 1.0, "E4", "steps follow the flow"),
    at_least(kappa, 0.1, "E4", "tau = 2000 is late"),
    at_least(gamma, 4.0, "E4", "the noise's Gram matrix is well conditioned"),
    at_least(w, 0.05, "E4", "some labels are wrong"),
    at_least(n, 100, "E4", "some labels are wrong"),
)

CLAIMS: tuple[Claim, ...] = (
    by_us(
        "frozen.rest",
        "E4",
        r"With a frozen target $t > 1/2$ on the true class wrong examples come to rest at $1-P = "
        r"(1-t)/((2t-1)(\lambda-1))$; at training time $\tau$ they are still "
        r"$\frac{1-w}{\kappa(1+\kappa)\tau|F'|(1-n/p)}$ above.",
        Difference(margin=0.015, reason="the offset's own next order, and fluctuations"),
        _rest,
        REST,
        (*_TOWARDS, REST_EXISTS, SETTLED),
        prediction=Prediction("1-P", FROZEN_MISS, "probability"),
        measured="median margin of wrong labels at tau = 2000, against the rest plus the offset",
        proof=prove_frozen_target,
    ),
    by_us(
        "frozen.side",
        "E4",
        r"The rest lies on the true side iff $\lambda > 1/(2t-1)$; between $t/(2t-1)$ and $1/(2t-1)$ "
        r"labels are memorised at a finite margin.",
        Event(delta=0.15),
        _side,
        SIDES,
        (*_TOWARDS, REST_EXISTS, SETTLED),
        measured="whether the median wrong margin is positive exactly when lambda > 1/(2t-1)",
        proof=prove_frozen_target,
    ),
    by_us(
        "frozen.unheld",
        "E4",
        r"Below $\lambda = t/(2t-1)$ there is no rest: all wrong labels are memorised and their margins "
        r"keep falling.",
        Event(delta=0.1),
        _memorised_for_ever,
        UNHELD,
        (*_TOWARDS, NO_REST),
        measured="whether all are memorised at tau = 2000 and the median still falls by .2 from tau = 1000",
        proof=prove_frozen_target,
    ),
    by_us(
        "target.separatrix",
        "E5",
        r"A single wrong example with two classes that starts at $P = t = t_0$ is corrected for ever iff "
        r"$t_0 > \lambda/(2(\lambda-1))$, for any $\beta$ and $\eta \le 1$; this needs $\lambda > 2$.",
        Universal(reason="a map of one number; starts 3/1000 of the room away from the threshold or more"),
        _separated,
        EDGE,
        prediction=Prediction(
            "t_0",
            SEPARATRIX,
            "probability",
            {"lambda": "strength of the regulariser, a field of the setting"},
        ),
        measured="whether the example is corrected exactly when it starts above the threshold",
        proof=prove_separatrix,
    ),
)
