"""`comparison.csv`: bounds against measurements, a row for every claim and setting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.rules import Event, EventMap, Exponent, Law
from theory.two_stage.setting import Setting
from verify.outcome import Judgement, Observation, Verification
from verify.report.reading import Reading, as_number, bound_factor, is_bound, read
from verify.report.summary import not_judged

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["by_setting", "comparison"]


def by_setting(observations: Sequence[Observation]) -> dict[Setting, list[Observation]]:
    """The observations of each setting, in the order of first appearance."""
    groups: dict[Setting, list[Observation]] = {}
    for o in observations:
        groups.setdefault(o.setting, []).append(o)
    return groups


def comparison(verification: Verification) -> pd.DataFrame:
    """One row per claim and setting, judged or not.

    `measured` is the mean over the judged runs at the setting, for events the fraction that held.
    `predicted` is the law's prediction, the declared probability of an event, or for an exponent the
    declared power law through the geometric mean of the sweep; `low` and `high` are the ends that the rule
    accepts. `ratio = measured / predicted`. `log10_slack` is log10 of the factor by which the nearer end
    could move in before the worst run left it: negative outside. `inside.NAME` and `slack.NAME` tell every
    condition. Cells without meaning are empty; "inf" stands for an event that did not happen in the run.
    """
    import pandas as pd

    rows = [row for judgement in verification.judgements for row in _rows(judgement)]
    conditions = sorted(
        {name for row in rows for name in row if name not in _FIXED and "." in name}, key=_condition_order
    )
    groups = [name for name in (rows[0] if rows else ()) if name not in _FIXED and "." not in name]
    return pd.DataFrame(rows, columns=[*_FIXED[:4], *groups, *_FIXED[4:], *conditions])


#: Columns of every row; the setting's fields and groups stand after the first four, the conditions last.
_FIXED = (
    "claim", "kind", "verdict", "probe", "engine", "n_runs", "n_judged", "not_judged_because",
    "measured", "predicted", "low", "high", "ratio", "log10_slack",
)  # fmt: skip


def _condition_order(name: str) -> tuple[str, str]:
    prefix, condition = name.split(".", 1)
    return condition, prefix


def _rows(judgement: Judgement) -> list[dict[str, Any]]:
    scale = _power_law_scale(judgement)
    return [
        _row(judgement, setting, observations, scale)
        for setting, observations in by_setting(judgement.observations).items()
    ]


def _row(
    judgement: Judgement, setting: Setting, observations: Sequence[Observation], scale: float
) -> dict[str, Any]:
    judged = [o for o in observations if o.not_judged is None]
    readings = [read(judgement, o) for o in judged]
    measured = _mean([r.measured for r in readings])
    predicted = _predicted(judgement, setting, readings, scale)
    low, high = _mean([r.low for r in readings]), _mean([r.high for r in readings])
    row: dict[str, Any] = {
        "claim": judgement.claim.id,
        "kind": judgement.claim.kind,
        "verdict": judgement.verdict,
        "probe": judgement.claim.is_probe,
        **setting.as_dict(),
        **setting.groups(),
        "engine": ";".join(sorted({o.engine for o in observations})),
        "n_runs": len(observations),
        "n_judged": len(judged),
        "not_judged_because": "; ".join(_reasons_here(judgement, observations)),
        "measured": measured,
        "predicted": predicted,
        "low": low,
        "high": high,
        "ratio": _ratio(judgement, readings, measured, predicted),
        "log10_slack": _log10_slack(judgement, readings),
    }
    for o in observations:
        for check in o.checks:
            row[f"inside.{check.name}"] = check.inside
            row[f"slack.{check.name}"] = check.slack
    return row


def _reasons_here(judgement: Judgement, observations: Sequence[Observation]) -> list[str]:
    """The reasons at one setting, the most frequent first."""
    return list(not_judged(replace(judgement, observations=tuple(observations))))


def _mean(values: Sequence[float]) -> float:
    """The mean of the numbers among the values; nan without any."""
    kept = [v for v in values if not math.isnan(v)]
    return float(np.mean(kept)) if kept else math.nan


def _predicted(judgement: Judgement, setting: Setting, readings: Sequence[Reading], scale: float) -> float:
    rule = judgement.claim.rule
    if isinstance(rule, Exponent):
        return float(scale * _parameter(rule, setting) ** rule.value)
    if isinstance(rule, (Event, EventMap)):
        return 1 - rule.delta
    return _mean([r.predicted for r in readings])


def _ratio(judgement: Judgement, readings: Sequence[Reading], measured: float, predicted: float) -> float:
    """Measured over predicted; for a law the geometric mean over the runs, as the rule judges it."""
    if isinstance(judgement.claim.rule, Law):
        logs = [
            math.log(r.measured / r.predicted)
            for r in readings
            if 0 < r.measured < math.inf and 0 < r.predicted < math.inf
        ]
        return math.exp(math.fsum(logs) / len(logs)) if logs else math.nan
    if not 0 < predicted < math.inf:
        return math.nan
    return measured / predicted


def _log10_slack(judgement: Judgement, readings: Sequence[Reading]) -> float:
    if not is_bound(judgement):
        return math.nan
    factors = [f for f in map(bound_factor, readings) if not math.isnan(f)]
    if not factors:
        return math.nan
    worst = min(factors)
    return -math.inf if worst == 0 else math.log10(worst) if worst < math.inf else math.inf


def _power_law_scale(judgement: Judgement) -> float:
    """`C` of `C parameter ** value`, fitted to the judged runs with the exponent held as declared."""
    rule = judgement.claim.rule
    if not isinstance(rule, Exponent):
        return math.nan
    logs = [
        math.log(value) - rule.value * math.log(_parameter(rule, o.setting))
        for o in judgement.judged
        if 0 < (value := as_number(o.value)) < math.inf
    ]
    return float(np.exp(np.mean(logs))) if logs else math.nan


def _parameter(rule: Exponent, setting: Setting) -> float:
    return float(getattr(setting, rule.parameter))
