"""Deciding an `EventMap`: the cells beyond the threshold as one event, every cell with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from theory.claim import Proof
from theory.rules import Event, EventMap
from verify.decide.event import decide_event
from verify.decide.trials import bool_value
from verify.intervals import rate_interval
from verify.outcome import Decision, Observation

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
    reason = f"Where {rule.axis} >= {rule.threshold:g}: {decision.reason}"
    return replace(
        decision,
        reason=reason,
        statistic={**decision.statistic, "axis": rule.axis, "threshold": rule.threshold, "cells": table},
        n_trials=decision.n_trials,
    )
