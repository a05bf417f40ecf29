"""From observations to independent trials and plain numbers.

Runs that share a seed are paired by design (the points of a sweep, two engines fed with the same data),
so they are one trial: counting them apart would shrink every interval by a factor the data do not carry.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from theory.claim import Proof
from theory.resolved import Resolved
from verify.outcome import Decision, Observation

__all__ = [
    "SHOWN",
    "TrialMeans",
    "as_number",
    "bool_value",
    "by_seed",
    "count",
    "finite",
    "mean_of",
    "number_value",
    "percent",
    "plain",
    "trial_means",
    "value_error",
    "violating_indices",
    "without_runs",
]

#: Violating runs listed in a statistic; the rest can be read from the observations.
SHOWN = 20


def by_seed(observations: Iterable[Observation]) -> list[list[Observation]]:
    """The observations of each seed, in the order of the runs' indices."""
    groups: dict[tuple[str, int], list[Observation]] = {}
    for o in sorted(observations, key=attrgetter("index")):
        groups.setdefault((o.experiment, o.seed), []).append(o)
    return list(groups.values())


@dataclass(frozen=True)
class TrialMeans:
    """Of each trial that has one, the mean of a number over its runs.

    Args:
        means: in the order of the trials.
        found: the runs that have the number, with it.
        without: trials of which no run has it. partial: trials of which some run has none.
    """

    means: list[float]
    found: list[tuple[Observation, float]]
    without: int
    partial: int


def trial_means(
    observations: Iterable[Observation], number: Callable[[Observation], float | None]
) -> TrialMeans:
    """Of the trials of these runs (`by_seed`); `number` is None of a run that has none."""
    means: list[float] = []
    all_found: list[tuple[Observation, float]] = []
    without = partial = 0
    for trial in by_seed(observations):
        found = [(o, x) for o in trial if (x := number(o)) is not None]
        all_found += found
        if found:
            means.append(mean_of([x for _, x in found]))
            partial += len(found) < len(trial)
        else:
            without += 1
    return TrialMeans(means, all_found, without, partial)


def mean_of(values: Sequence[float]) -> float:
    """The arithmetic mean; most trials are of one run, and need none taken (of -0.0 it is 0.0)."""
    return float(values[0]) + 0.0 if len(values) == 1 else float(np.mean(values))


def value_error(observation: Observation, wanted: str) -> ValueError:
    """The error for a `measure` that returned something its rule does not ask for."""
    o = observation
    return ValueError(
        f"claim value must be {wanted}, was {in_short(o.value)}"
        f" (experiment {o.experiment}, run {o.index}, seed {o.seed})"
    )


def in_short(value: Any) -> str:
    """A value in a sentence; an array by its shape.

    >>> in_short(0.5), in_short(np.zeros(350) > 0)
    ('0.5', 'an array of shape (350,)')
    """
    if isinstance(value, np.ndarray) and value.ndim:
        return f"an array of shape {value.shape}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def bool_value(observation: Observation) -> bool:
    """The value of an event.

    Raises:
        ValueError: when it is not a bool; 0.0 or "no" would silently count as an answer.
    """
    value = observation.value
    if not isinstance(value, (bool, np.bool_)):
        raise value_error(observation, "True or False")
    return bool(value)


def number_value(observation: Observation) -> float:
    """The value as a float; nan and inf are numbers, a bool is not.

    Raises:
        ValueError: when it is not a real number.
    """
    value = observation.value
    if type(value) is float:
        return value
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise value_error(observation, "a real number")
    return float(value)


def as_number(value: Any) -> float:
    """The value as a float; nan when it is not a number.

    >>> as_number(np.bool_(True)), as_number("x")
    (1.0, nan)
    """
    if isinstance(value, (float, bool, np.bool_, Resolved, numbers.Real)):
        return float(value)
    return math.nan


def plain(value: float) -> float | None:
    """A JSON number, or None for nan and inf."""
    return float(value) if math.isfinite(value) else None


def percent(level: float) -> str:
    """A confidence level in words.

    >>> percent(0.95), percent(1 - 2 * 0.05)
    ('95 %', '90 %')
    """
    return f"{round(100 * level, 6):g} %"


def count(number: int, noun: str) -> str:
    """A number with its noun.

    >>> count(1, "run"), count(2, "run")
    ('1 run', '2 runs')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def violating_indices(
    observations: Iterable[Observation], violated: Callable[[Observation], bool]
) -> list[int]:
    """Indices of the first violating runs."""
    return [o.index for o in observations if violated(o)][:SHOWN]


def without_runs(proof: Proof | None = None) -> Decision:
    """The decision when no run was judged: a proof alone leaves the numerical half open."""
    statistic: dict[str, Any] = {"runs": 0, "trials": 0, "interval": None, "level": None}
    if proof is not None and proof.holds:
        reason = "Proved symbolically, but no run was judged, so the numerical check is open."
        return Decision("inconclusive", reason, None, None, statistic, 0, p_value=1.0, support_p=1.0)
    reason = (
        "No run was judged: none lay inside the conditions (for a probe: outside the dropped ones), "
        "or the measurement applied to none."
    )
    return Decision("not-applicable", reason, None, None, statistic, 0, p_value=1.0, support_p=1.0)


def finite(values: Sequence[float]) -> list[float]:
    """The finite ones."""
    return [v for v in values if math.isfinite(v)]
