"""The tidy table: a row a run; and its summary: a row a point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from verify.statistics.intervals import mean_interval, rate_interval
from verify.sweep.measures import QuantityMeasure, inside, speaks_of
from verify.sweep.runs import Sweep

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["measure_columns", "results_table", "summary_table"]

Values = Mapping[str, float | bool]


def measure_columns(sweep: Sweep, made: Mapping[int, Values]) -> list[str]:
    """The columns of measures: in the configuration's order, the parts of one by name."""
    order = [measure.column for measure in sweep.measures]
    seen = {name for values in made.values() for name in values}
    owners = {name: _owner(name, order) for name in seen}
    # A measure that gave no number anywhere still has its column.
    names = seen | {column for column in order if column not in owners.values()}

    def place(name: str) -> tuple[int, str, int]:
        stem, _, limit = name.rpartition("_")
        rank = {"low": 1, "high": 2}.get(limit, 0) if stem in names else 0
        return order.index(owners.get(name, name)), stem if rank else name, rank

    return sorted(names, key=place)


def _owner(name: str, columns: Sequence[str]) -> str:
    return max((c for c in columns if name == c or name.startswith((f"{c}.", f"{c}_"))), key=len)


def results_table(sweep: Sweep, made: Mapping[int, Values], failed: Mapping[int, str]) -> pd.DataFrame:
    """A row a run, by index: who it is, coordinates as asked for, setting, groups, measures.

    Times are in gradient steps, inf where not reached; nan is "does not apply" or, in a row with a text in
    `failed`, not made. `CLAIM inside` says whether the setting meets the claim's conditions.
    """
    import pandas as pd

    names = measure_columns(sweep, made)
    about = [_about(sweep, point.index) for point in sweep.points]
    steps = {spec.index: job.steps for b in sweep.batches for spec, job in zip(b.specs, b.jobs, strict=True)}
    rows = []
    for run in sweep.runs:
        values = made.get(run.index, {})
        rows.append(
            {"run": run.index, "point": run.labels["point"], "replicate": run.replicate, "seed": run.seed}
            | {"steps": steps[run.index]}
            | about[run.labels["point"]]
            | {name: values.get(name, math.nan) for name in names}
            | {"failed": failed.get(run.index, "")}
        )
    table = pd.DataFrame(rows)
    for name in names:  # a column of truth values with gaps would be of no one type
        table[name] = table[name].astype(np.float64)
    return table


def _about(sweep: Sweep, point: int) -> dict[str, Any]:
    """A point's coordinates, then what else its setting is; what was asked for wins over its rounding."""
    at = sweep.points[point]
    out: dict[str, Any] = dict(at.coordinates)
    rest = {**at.setting.as_dict(), **at.setting.groups()}
    out |= {name: value for name, value in rest.items() if name not in out}
    maker, options = sweep.config.subject.maker, sweep.config.options
    return out | {
        f"{claim.id} inside": speaks_of(claim, maker, options) and inside(claim, at.setting)
        for claim in sweep.claims
    }


def summary_table(sweep: Sweep, made: Mapping[int, Values]) -> pd.DataFrame:
    """A row a point: for each measure the number of runs it applies to, median, mean and 95 % interval.

    The interval is Clopper-Pearson's for a measure that is true or false, Student's for another, within the
    values that the quantity can have, and empty (nan) with fewer than two runs or with an infinite one; the
    mean is then infinite and the median stays.
    """
    import pandas as pd

    names = measure_columns(sweep, made)
    ranges = {m.column: m.quantity.within for m in sweep.measures if isinstance(m, QuantityMeasure)}
    truths = {name: all(isinstance(v.get(name, True), bool) for v in made.values()) for name in names}
    by_point: dict[int, list[Values]] = {point.index: [] for point in sweep.points}
    for run in sweep.runs:
        if run.index in made:
            by_point[run.labels["point"]].append(made[run.index])
    rows = []
    for point in sweep.points:
        row: dict[str, Any] = {"point": point.index} | _about(sweep, point.index)
        row["runs"] = len(by_point[point.index])
        for name in names:
            if name.endswith(("_low", "_high")) and name.rpartition("_")[0] in names:
                continue  # limits within a run; those over runs are made here
            values = [float(v[name]) for v in by_point[point.index] if not math.isnan(v.get(name, math.nan))]
            row |= _summary(name, values, truths[name], ranges.get(name, (-math.inf, math.inf)))
        rows.append(row)
    return pd.DataFrame(rows)


def _summary(
    name: str, values: Sequence[float], truth: bool, possible: tuple[float, float]
) -> dict[str, float]:
    mean, low, high = math.nan, math.nan, math.nan
    if values and truth:
        rate = rate_interval(round(sum(values)), len(values), 0.05)
        mean, low, high = rate.value, rate.low, rate.high
    elif len(values) >= 2 and all(math.isfinite(v) for v in values):
        interval = mean_interval(values, 0.05)
        # A mean lies where its values can: cut there, the interval still holds it as often.
        mean, low, high = interval.value, max(interval.low, possible[0]), min(interval.high, possible[1])
    elif values and not {math.inf, -math.inf} <= set(values):
        mean = sum(values) / len(values)
    ordered = sorted(values)
    middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
    # Two middle values of which one is infinite have no number between them: the lower one stands.
    median = math.nan if not middle else middle[0] if math.isinf(middle[-1]) else sum(middle) / len(middle)
    return {
        f"{name} runs": len(values),
        f"{name} median": median,
        f"{name} mean": mean,
        f"{name} low": low,
        f"{name} high": high,
    }
