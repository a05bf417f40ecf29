"""Deciding an `EventMap`: the cells beyond the threshold as one event, every cell with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from theory.claim import Claim, Proof
from theory.rules import Event, EventMap
from verify.outcome import Decision, Judgement, Observation
from verify.rules.event import all_failed, decide_event, event_readout, event_variants
from verify.rules.judge import Exempt, Planted, Readout
from verify.rules.rate_judge import RateJudge
from verify.rules.words import share_in_words
from verify.statistics.intervals import rate_interval
from verify.statistics.trials import bool_value

__all__ = ["EventMapJudge", "decide_event_map"]


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


class EventMapJudge(RateJudge[EventMap]):
    """An event over a grid, claimed where a label reaches its threshold; every cell is reported."""

    rule: ClassVar[type] = EventMap
    explanation: ClassVar[str] = (
        "As an event, on the cells of a grid whose label reaches the threshold; the share of every cell shows"
        " where it stops."
    )
    number_of: ClassVar[str] = "holds in"

    def decide(self, rule: EventMap, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        return decide_event_map(rule, observations, proof)

    def excess(
        self, rule: EventMap, value: Any, steps: int, dtype: str, decision: Decision | None = None
    ) -> float | None:
        """1 violated, -1 held."""
        return -1.0 if bool(value) else 1.0

    def claimed(self, rule: EventMap, labels: Mapping[str, float]) -> bool:
        """Nothing is claimed of cells below the threshold."""
        return labels[rule.axis] >= rule.threshold

    def at_setting(self, rule: EventMap, observations: Sequence[Observation], alpha: float) -> Decision:
        """At one setting there is no map: an event."""
        return decide_event(Event(rule.delta, alpha), observations, None)

    def worst(self, rule: EventMap, observations: Sequence[Observation]) -> list[Observation] | None:
        return all_failed(observations)

    def variants(self, claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
        return event_variants(claim)

    def readout(self, rule: EventMap, decision: Decision, observation: Observation) -> Readout:
        return event_readout(rule, observation)

    def expected(self, judgement: Judgement, setting: Any, readouts: Sequence[Readout]) -> float:
        rule: Any = judgement.claim.rule
        return 1.0 - float(rule.delta)

    def sentence(self, rule: EventMap) -> str:
        return (
            f"Where {rule.axis} is at least {rule.threshold:g}, the violation rate must be below"
            f" {rule.delta:g}, certified at level {1 - rule.alpha:g}; every cell's share is reported."
        )

    def numbers(self, judgement: Judgement) -> str:
        rule: Any = judgement.claim.rule
        beyond = [bool(o.value) for o in judgement.judged if self.claimed(rule, o.labels)]
        below = [bool(o.value) for o in judgement.judged if not self.claimed(rule, o.labels)]
        text = share_in_words(beyond)
        if not below:
            return text
        if {o.labels[rule.axis] for o in judgement.judged} <= {0.0, 1.0}:
            return f"{text}; elsewhere, {share_in_words(below)}"
        where = f"{rule.axis_text or rule.axis} is at least {rule.threshold:g}"
        return f"{text} where {where}; below, {share_in_words(below)}"
