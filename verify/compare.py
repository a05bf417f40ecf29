"""A published table against runs of one's own, cell by cell."""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from theory.experiment import Experiment
from theory.ledger import Ledger
from theory.place import Cells
from theory.setting import AbstractSetting
from verify.progress import progress_bar
from verify.published import PublishedCell
from verify.runs.backends import backend_for
from verify.runs.batch import batches
from verify.runs.built_in import built_in
from verify.runs.make import Made, make_runs
from verify.runs.plan import plan_runs
from verify.statistics.intervals import rate_interval
from verify.sweep.measures import Measure, QuantityMeasure, parse_measures
from verify.sweep.subject import Subject, subject_of

__all__ = ["LEVEL", "ComparedCell", "compare", "counted", "mean_limits", "write_compared"]

#: Probability that any cell is said to differ though none does: each has its share.
LEVEL = 0.01

Word = Literal["agrees", "compatible", "differs", "not measured"]


@dataclass(frozen=True)
class ComparedCell:
    """A published mean beside that of the runs.

    Args:
        runs: with a value.
        mean, low, high: of the runs, at the cell's share of the level.
        difference: ours minus published, with its limits, the published standard error included.
        word: "agrees": the whole interval of the difference lies within the tolerance; "differs": none of it
            does; "compatible": neither can be said; "not measured": no run has a value.
    """

    published: PublishedCell
    setting: AbstractSetting
    runs: int
    mean: float
    low: float
    high: float
    difference: tuple[float, float, float]
    word: Word

    def row(self) -> dict[str, Any]:
        """As a row of a table."""
        cell = self.published
        return {
            **cell.values,
            "quantity": cell.quantity,
            "published": cell.mean,
            "standard_error": cell.standard_error,
            "tolerance": cell.tolerance,
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "runs": self.runs,
            "difference": self.difference[0],
            "difference_low": self.difference[1],
            "difference_high": self.difference[2],
            "word": self.word,
        }


def compare(
    cells: Sequence[PublishedCell],
    *,
    paper: str = "",
    fixed: Mapping[str, Any] | None = None,
    engine: str = "",
    clock: float | None = None,
    runs: int = 30,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = False,
) -> list[ComparedCell]:
    """Make `runs` runs at the setting of every row and set their means beside the published ones.

    Rows of one setting share its runs. At least 2 runs are needed for an interval.

    Args:
        paper: whose parameters and quantities are meant: a name, a folder or a claims file; "" for the one
            that knows the columns.
        fixed: values of parameters that no column gives.
        clock: length of the runs, where they have one.

    Raises:
        ValueError: naming the line and the parameter or quantity that cannot be, or the run that failed.
    """
    given = [{**(fixed or {}), **cell.values} for cell in cells]
    names = list(dict.fromkeys(name for values in given for name in values))
    subject = subject_of(paper, names, engine)
    settings = [_setting(subject, cell, values) for cell, values in zip(cells, given, strict=True)]
    own = not isinstance(subject.model.engines, str)
    quantities = subject.paper.quantities
    asked = list(dict.fromkeys(cell.quantity for cell in cells))
    ledger = Ledger(subject.paper.claims)
    parsed = {text: parse_measures([text], lambda: ledger, quantities, entries=own)[0] for text in asked}
    for text, found in parsed.items():
        if len(found) != 1:
            raise ValueError(f"FILE: quantity {text!r} must name one quantity or claim, names {len(found)}")
    measures = {text: found[0] for text, found in parsed.items()}
    if subject.maker.lengths and clock is None:
        raise ValueError("--clock is missing: runs of this model have a length")
    listed = list(dict.fromkeys(settings))
    experiment = Experiment(
        "compare",
        place=Cells("published", tuple(({"cell": k}, s) for k, s in enumerate(listed))),
        model=subject.model,
        engines=(subject.engine,),
        clock=clock if subject.maker.lengths else None,
        snapshots=tuple(s for m in measures.values() if isinstance(m, QuantityMeasure) for s in m.states),
        runs={"quick": runs},
    )
    specs = plan_runs(experiment, "quick", seed)
    at = {(setting, cell.quantity) for setting, cell in zip(settings, cells, strict=True)}
    wanted = {spec.index: [text for text in asked if (spec.setting, text) in at] for spec in specs}
    values: dict[tuple[AbstractSetting, str], list[float]] = {}
    truths: dict[str, bool] = {}
    notes = Made()
    functions = [m.quantity.value if isinstance(m, QuantityMeasure) else m.measure for m in measures.values()]
    isolated = not all(built_in(function, subject.model) for function in functions)
    with progress_bar(progress, len(specs)) as advance:
        work = batches(experiment, specs, dict(measures), wanted)
        backend = backend_for(jobs, isolated=isolated)
        made = sorted(make_runs(work, notes, backend=backend, advance=advance), key=lambda m: m.spec.index)
    for spec, failure in notes.failures.values():
        raise ValueError(f"{spec.where} at {spec.setting}: {failure}")
    for (_, index), reason in sorted(notes.unmade.items()):
        raise ValueError(f"{specs[index].where} at {specs[index].setting}: {reason}")
    for m in made:
        for text, value in m.values.items():
            number = _number(text, value, measures[text].column)
            values.setdefault((m.spec.setting, text), []).append(number)
            truths[text] = truths.get(text, True) and isinstance(value, bool | np.bool_)
    within = {text: (0.0, 1.0) if truths.get(text) else _within(m) for text, m in measures.items()}
    level = LEVEL / len(cells)
    return [
        _compared(cell, setting, values.get((setting, cell.quantity), []), level, within[cell.quantity])
        for cell, setting in zip(cells, settings, strict=True)
    ]


def _within(measure: Measure) -> tuple[float, float]:
    """What values can be."""
    return measure.quantity.within if isinstance(measure, QuantityMeasure) else (-math.inf, math.inf)


def _setting(subject: Subject, cell: PublishedCell, values: Mapping[str, Any]) -> AbstractSetting:
    try:
        subject.parameters.check(values)
        for name, value in values.items():
            parameter = subject.parameters[name]
            if isinstance(value, str) and value not in parameter.words:
                allowed = f"one of {', '.join(parameter.words)}" if parameter.words else "a number"
                raise ValueError(f"{name} must be {allowed}, was {value!r}")
        return subject.parameters.setting_at(values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"FILE: line {cell.line}: {error}") from None


def _number(text: str, value: Any, column: str) -> float:
    if isinstance(value, Mapping):
        if column not in value:
            raise ValueError(f"FILE: quantity {text!r} is no number: it has {', '.join(value)}")
        value = value[column]
    return float(value)


def _compared(
    cell: PublishedCell,
    setting: AbstractSetting,
    values: Sequence[float],
    level: float,
    within: tuple[float, float],
) -> ComparedCell:
    kept = [v for v in values if math.isfinite(v)]
    if len(kept) < 2:
        nan = math.nan
        return ComparedCell(cell, setting, len(kept), nan, nan, nan, (nan, nan, nan), "not measured")
    mean, low, high = mean_limits(kept, level, within)
    gap, down, up = mean - cell.mean, mean - low, high - mean
    if cell.standard_error:
        from scipy.special import ndtri

        more = float(-ndtri(level / 2)) * cell.standard_error
        down, up = math.hypot(down, more), math.hypot(up, more)
    limits = (gap, gap - down, gap + up)
    rounding = 8 * float(np.finfo(np.float64).eps) * max(abs(mean), abs(cell.mean))
    reach = cell.tolerance + rounding
    word: Word = "compatible"
    if limits[1] > reach or limits[2] < -reach:
        word = "differs"
    elif limits[1] >= -reach and limits[2] <= reach:
        word = "agrees"
    return ComparedCell(cell, setting, len(kept), mean, low, high, limits, word)


def mean_limits(
    values: Sequence[float], level: float, within: tuple[float, float] = (-math.inf, math.inf)
) -> tuple[float, float, float]:
    """The mean of independent values with two-sided limits at confidence `1 - level`.

    Truth values: exact (Clopper and Pearson). Else Student's t, clipped to what values can be. Where all
    values are one and the same and can lie in `[a, b]` alone, the share p of others is at most
    `1 - (level/2)^(1/n)`, and the mean within p times the way to either end.

    >>> [round(x, 3) for x in mean_limits([0.0] * 10, 0.02, (0.0, 1.0))]
    [0.0, 0.0, 0.369]
    """
    x = np.asarray(values, dtype=np.float64)
    n, mean = len(x), float(x.mean())
    if within == (0.0, 1.0) and np.isin(x, (0.0, 1.0)).all():
        found = rate_interval(int(x.sum()), n, level)
        return found.value, found.low, found.high
    if float(np.ptp(x)) == 0.0:
        share = -math.expm1(math.log(level / 2) / n)
        ends = [mean + share * (end - mean) if math.isfinite(end) else mean for end in within]
        return mean, ends[0], ends[1]
    from scipy.special import stdtrit

    half = float(-stdtrit(n - 1, level / 2)) * float(x.std(ddof=1)) / math.sqrt(n)
    return mean, max(within[0], mean - half), min(within[1], mean + half)


def write_compared(cells: Sequence[ComparedCell], path: Path) -> None:
    """The comparison as csv, a row a published one.

    Raises:
        OSError: when the file cannot be written.
    """
    rows = [cell.row() for cell in cells]
    header = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)


def counted(cells: Sequence[ComparedCell]) -> str:
    """How many of each word."""
    found = Counter(cell.word for cell in cells)
    return ", ".join(f"{count} {word}" for word, count in found.items())
