"""Deciding an `EventMap`: the cells beyond the threshold as one event, every cell with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from theory.claim import Proof
from theory.rules import Event, EventMap
from verify.outcome import Decision, Observation
from verify.rules.event import decide_event
from verify.statistics.intervals import rate_interval
from verify.statistics.trials import bool_value

__all__ = ["decide_event_map"]


def decide_event_map(rule: EventMap, observations: Sequence[Observation], proof: Proof | None) -> Decision:
    """Pool the cells with `labels[axis] >= threshold`; report all.

    Raises:
        ValueError: when an observation carries no label `axis`, or its value is not a bool.
    """
    for observation in observations:
        if rule.axis not in observation.labels:
            raise ValueError(f"EventMap: a run has no label {rule.axis!r}; has {list(observation.labels)}")
    beyond = [o for o in observations if o.labels[rule.axis] >= rule.threshold]
    event = Event(delta=rule.delta, alpha=rule.alpha, reason=rule.reason)
    decision = decide_event(event, beyond, proof)
    cells: dict[tuple[tuple[str, float], ...], list[bool]] = {}
    for observation in observations:
        cells.setdefault(tuple(observation.labels.items()), []).append(bool_value(observation))
    table = []
    for labels, values in cells.items():
        share = rate_interval(sum(values), len(values), rule.alpha)
        table.append(
            {
                **dict(labels),
                "runs": len(values),
                "share": share.value,
                "low": share.low,
                "high": share.high,
            }
        )
    reason = f"Where {rule.axis} >= {rule.threshold:g}: {decision.reason}{_reaches(rule, table)}"
    return replace(
        decision,
        reason=reason,
        statistic={**decision.statistic, "axis": rule.axis, "threshold": rule.threshold, "cells": table},
        n_trials=decision.n_trials,
    )


def _reaches(rule: EventMap, table: Sequence[Mapping[str, Any]]) -> str:
    """Per combination of the other labels, the smallest axis value from which every share is >= 1 - delta."""
    numbers = {rule.axis, "runs", "share", "low", "high"}
    lines: dict[tuple[tuple[str, float], ...], list[tuple[float, float]]] = {}
    for cell in table:
        other = tuple((k, v) for k, v in cell.items() if k not in numbers)
        lines.setdefault(other, []).append((cell[rule.axis], cell["share"]))
    parts = []
    for other, cells in lines.items():
        where = ", ".join(f"{name} = {value:g}" for name, value in other) or rule.axis
        reached = None
        for value, share in sorted(cells, reverse=True):
            if share < 1 - rule.delta:
                break
            reached = value
        parts.append(f"{where}: from {reached:g}" if reached is not None else f"{where}: nowhere")
    if not parts or parts == [f"{rule.axis}: nowhere"]:
        return ""
    return f" The share of runs is at least {1 - rule.delta:g} at {'; '.join(parts)}."
