"""`comparison.csv`: bounds against measurements, a row for every claim and setting."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from theory.condition import ConditionCheck
from verify.outcome import Judgement, Observation, Verification
from verify.report.summary import not_judged
from verify.rules.judge import Readout
from verify.rules.registry import judge_of, read

__all__ = ["by_setting", "comparison", "write_comparison"]


def by_setting(observations: Sequence[Observation]) -> dict[Any, list[Observation]]:
    """The observations of each setting, in the order of first appearance."""
    groups: dict[Any, list[Observation]] = {}
    for o in observations:
        groups.setdefault(o.setting, []).append(o)
    return groups


def comparison(verification: Verification) -> tuple[list[str], list[dict[str, Any]]]:
    """Columns, and one row per claim and setting, judged or not.

    `measured` is the mean over the judged runs at the setting, for events the fraction that held.
    `predicted` is the law's prediction, the declared probability of an event, or for an exponent the
    declared power law through the geometric mean of the sweep; `low` and `high` are the ends that the rule
    accepts. `ratio = measured / predicted`. `log10_slack` is log10 of the factor by which the nearer end
    could move in before the worst run left it: negative outside. `inside.NAME` and `slack.NAME` tell every
    condition. Cells without meaning are empty; "inf" stands for an event that did not happen in the run.
    """
    settings, conditions_at = cache(_of_setting), _OfChecks()
    rows = [
        _row(judgement, setting, observations, settings, conditions_at)
        for judgement in verification.judgements
        for setting, observations in by_setting(judgement.observations).items()
    ]
    conditions = sorted(
        {name for row in rows for name in row if name not in _FIXED and "." in name}, key=_condition_order
    )
    # Claims on several models have settings of several classes: each row fills its own columns.
    seen = dict.fromkeys(name for row in rows for name in row)
    groups = [name for name in seen if name not in _FIXED and "." not in name]
    return [*_FIXED[:4], *groups, *_FIXED[4:], *conditions], rows


def write_comparison(verification: Verification, path: Path) -> None:
    """The table as csv."""
    columns, rows = comparison(verification)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        # Hundreds of columns, of which a row fills some forty: the others are not looked at.
        where = {name: k for k, name in enumerate(columns)}
        empty = [""] * len(columns)
        for row in rows:
            cells: list[Any] = empty.copy()
            for name, value in row.items():
                cells[where[name]] = value if type(value) in _PLAIN and value == value else _cell(value)
            writer.writerow(cells)


def _cell(value: Any) -> Any:
    return "" if value is None or value != value else value.item() if isinstance(value, np.generic) else value


_PLAIN = frozenset({float, int, bool, str})


#: Columns of every row; the setting's fields and groups stand after the first four, the conditions last.
_FIXED = (
    "claim", "kind", "verdict", "probe", "engine", "n_runs", "n_judged", "not_judged_because",
    "measured", "predicted", "low", "high", "ratio", "log10_slack",
)  # fmt: skip


def _condition_order(name: str) -> tuple[str, str]:
    prefix, condition = name.split(".", 1)
    return condition, prefix


def _of_setting(setting: Any) -> dict[str, Any]:
    return {**setting.as_dict(), **setting.groups()}


class _OfChecks:
    """Cells of the conditions checked at a setting: claims of equal conditions share the checks."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Any, dict[str, Any]]] = {}

    def __call__(self, checks: Sequence[ConditionCheck]) -> dict[str, Any]:
        known = self._known.get(id(checks))
        if known is None:  # with the checks, so that their address stays their own
            cells: dict[str, Any] = {}
            for check in checks:
                cells[f"inside.{check.name}"] = check.inside
                cells[f"slack.{check.name}"] = check.slack
            known = self._known[id(checks)] = checks, cells
        return known[1]


def _row(
    judgement: Judgement,
    setting: Any,
    observations: Sequence[Observation],
    settings: Callable[[Any], Mapping[str, Any]],
    conditions_at: Callable[[Sequence[ConditionCheck]], Mapping[str, Any]],
) -> dict[str, Any]:
    judge = judge_of(judgement.claim.rule)
    judged = [o for o in observations if o.not_judged is None]
    readings = [read(judgement, o) for o in judged]
    measured = _mean([r.measured for r in readings])
    predicted = judge.expected(judgement, setting, readings)
    low, high = _mean([r.low for r in readings]), _mean([r.high for r in readings])
    row: dict[str, Any] = {
        "claim": judgement.claim.id,
        "kind": judgement.claim.kind,
        "verdict": judgement.verdict,
        "probe": judgement.claim.is_probe,
        **settings(setting),
        "engine": ";".join(sorted({o.engine for o in observations})),
        "n_runs": len(observations),
        "n_judged": len(judged),
        "not_judged_because": "; ".join(_reasons_here(judgement, observations)),
        "measured": measured,
        "predicted": predicted,
        "low": low,
        "high": high,
        "ratio": judge.ratio(readings, measured, predicted),
        "log10_slack": _log10_slack(judgement, readings),
    }
    for o in observations:
        row.update(conditions_at(o.checks))
    return row


def _reasons_here(judgement: Judgement, observations: Sequence[Observation]) -> list[str]:
    """The reasons at one setting, the most frequent first."""
    if all(o.not_judged is None for o in observations):
        return []
    return list(not_judged(replace(judgement, observations=tuple(observations))))


def _mean(values: Sequence[float]) -> float:
    """The mean of the numbers among the values; nan without any."""
    kept = [v for v in values if not math.isnan(v)]
    if len(kept) == 1 and kept[0]:  # of a box every setting has one run
        return float(kept[0])
    return float(np.mean(kept)) if kept else math.nan


def _log10_slack(judgement: Judgement, readings: Sequence[Readout]) -> float:
    if not judge_of(judgement.claim.rule).bounds:
        return math.nan
    factors = [r.factor for r in readings if not math.isnan(r.factor)]
    if not factors:
        return math.nan
    worst = min(factors)
    return -math.inf if worst == 0 else math.log10(worst) if worst < math.inf else math.inf
