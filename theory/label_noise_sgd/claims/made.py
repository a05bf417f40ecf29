"""Short ways to declare the experiments and claims of this paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from theory.claim import Claim
from theory.condition import Condition
from theory.experiment import Experiment
from theory.label_noise_sgd.conditions import CONSTANTS
from theory.label_noise_sgd.options import LinearOptions
from theory.label_noise_sgd.sources import here
from theory.place import Place
from theory.rules import Rule
from theory.source import Source

__all__ = ["Pair", "claim", "counts", "edge", "experiment", "reading"]

Pair = tuple[float, float]
Measure = Callable[[Any], Any]


def counts(quick: int, default: int, full: int) -> dict[str, int]:
    """Numbers of runs by profile."""
    return {"quick": quick, "default": default, "full": full}


def experiment(
    name: str,
    place: Place,
    runs: tuple[int, int, int],
    clock: float | None = None,
    engine: str = "compressed",
    **options: Any,
) -> Experiment:
    """Runs of the two-layer linear network; numbers of runs are quick, default, full."""
    return Experiment(
        f"label_noise_sgd.{name}",
        place=place,
        runs=counts(*runs),
        clock=clock,
        engines=(engine,),
        # Runs of 10^6 steps are normal here, and compiled.
        max_steps=10**9,
        options=LinearOptions(**options),
    )


def claim(
    name: str,
    source: Source,
    statement: str,
    rule: Rule,
    measure: Measure,
    experiment: Experiment,
    **more: Any,
) -> Claim:
    """A claim `label_noise_sgd.NAME`. What was read of the paper has no formulas: all are derived here."""
    values = {"constants": CONSTANTS} | more
    return Claim(f"label_noise_sgd.{name}", source, "derived", statement, rule, measure, experiment, **values)


def edge(
    name: str,
    drops: Condition,
    statement: str,
    rule: Rule,
    measure: Measure,
    experiment: Experiment,
    **more: Any,
) -> Claim:
    """A probe: judged outside one condition on purpose, to show where its regime ends."""
    values = {"conditions": (drops,)} | more
    name, drop = f"edge.{name}", (drops.name,)
    return claim(name, here("edges"), statement, rule, measure, experiment, drops=drop, **values)


def reading(
    name: str,
    corrected_by: str,
    source: Source,
    statement: str,
    rule: Rule,
    measure: Measure,
    experiment: Experiment,
    **more: Any,
) -> Claim:
    """A published or tempting statement that fails inside its conditions, and the claim that corrects it."""
    by = f"label_noise_sgd.{corrected_by}"
    name = f"reading.{name}"
    return claim(name, source, statement, rule, measure, experiment, role="reading", corrected_by=by, **more)
