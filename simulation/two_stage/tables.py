"""What the tables `[variation]` and `[stop]` of a sweep mean here, and which jobs are refused."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import reduce
from operator import and_, or_
from typing import Any

from simulation.models import Job
from simulation.two_stage.departures import require_exact
from simulation.two_stage.stopping import LossAtMost, Memorised, NoisyFit, StepLimit, StopRule
from simulation.two_stage.weight_decay import decay_of, decay_of_step
from theory.two_stage.schedule import Schedule
from theory.two_stage.variation import PLAIN, Variation

__all__ = ["check_job", "stop_of", "variation_of_table"]


def variation_of_table(table: Mapping[str, Any], engine: str) -> Variation:
    """Departures from the paper's model.

    Raises:
        ValueError: naming the key, what it was and what is allowed.
    """
    _check_keys("variation", table, (f.name for f in fields(Variation)))
    _check_number("variation.decay", table.get("decay", 0.0), (int, float))
    _check_number("variation.batch_size", table.get("batch_size"), (int, type(None)))
    _check_number("variation.momentum", table.get("momentum", 0.0), (int, float))
    _check_number("variation.fresh_flips", table.get("fresh_flips", 0.0), (int, float))
    try:
        variation = Variation(**{**table, "schedule": _schedule(table.get("schedule"))})
    except ValueError as error:
        raise ValueError(f"variation.{error}") from None
    try:
        require_exact(engine, variation)
    except ValueError as error:
        raise ValueError(f"variation: {error}") from None
    return variation


def stop_of(table: Mapping[str, Any]) -> StopRule:
    """A run ends early where any (or all) of these hold; see `simulation.two_stage.stopping`.

    Raises:
        ValueError: naming the key, what it was and what is allowed.
    """
    _check_keys("stop", table, ("loss", "memorised", "noisy_fit", "steps", "when"))
    when = table.get("when", "any")
    if when not in ("any", "all"):
        raise ValueError(f"stop.when must be any or all, was {when!r}")
    makers: dict[str, Callable[[Any], StopRule]] = {
        "loss": LossAtMost,
        "memorised": Memorised,
        "noisy_fit": NoisyFit,
        "steps": StepLimit,
    }
    rules: list[StopRule] = []
    for name in (name for name in makers if name in table):
        _check_number(f"stop.{name}", table[name], (int, float) if name in ("loss", "memorised") else (int,))
        try:
            rules.append(makers[name](table[name]))
        except ValueError as error:
            raise ValueError(f"stop.{name}: {error}") from None
    if not rules:
        raise ValueError("stop must give at least one of loss, memorised, noisy_fit and steps")
    return reduce(or_ if when == "any" else and_, rules)


def check_job(job: Job) -> None:
    """Refuse a patch dimension without room for the noise, and batches larger than the data."""
    s = job.setting
    variation = job.options if isinstance(job.options, Variation) else PLAIN
    if s.d < s.n + 1:
        raise ValueError(f"d must be at least n + 1 = {s.n + 1}, was {s.d}")
    if variation.batch_size is not None and variation.batch_size > s.n:
        raise ValueError(f"variation.batch_size must be at most n = {s.n}, was {variation.batch_size}")
    decay_of_step(decay_of(s), s.clock_step, variation)


def _schedule(table: Any) -> Schedule | None:
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise ValueError(f"schedule must be a table with kind, span, low, was {table!r}")
    _check_keys("schedule", table, (f.name for f in fields(Schedule)))
    return Schedule(**table)


def _check_keys(name: str, table: Mapping[str, Any], known: Iterable[str]) -> None:
    known = list(known)
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(known)}"
            raise ValueError(f"unknown key '{name}.{key}'; {hint}")


def _check_number(name: str, value: Any, kinds: tuple[type, ...]) -> None:
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise ValueError(f"{name} must be a {'number' if float in kinds else 'whole number'}, was {value!r}")
