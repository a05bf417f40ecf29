"""Phase diagrams: what runs do over two parameters, against the predicted boundaries.

Every cell is a setting with its own replicates; the runs are those of an `Experiment` on a grid, made in
batches like all others. Boundaries are then located from the runs alone and set beside the predictions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from theory.claim import Claim
from theory.condition import check_all
from theory.experiment import Experiment
from theory.paper import Paper
from theory.place import class_made, grid
from theory.plane import Plane, PlaneQuantity
from theory.run import Estimate
from theory.setting import AbstractSetting
from verify.progress import progress_bar
from verify.runs.backends import backend_for
from verify.runs.batch import batches
from verify.runs.built_in import built_in
from verify.runs.make import Made, make_runs
from verify.runs.plan import plan_runs
from verify.statistics.intervals import mean_interval, rate_interval
from verify.sweep.subject import model_of

__all__ = ["Cell", "Phase", "cell_row", "phase_diagram", "phase_experiment"]

_NONE = Estimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Cell:
    """One cell: its coordinates and what its runs gave.

    Args:
        outside: names of the conditions that it misses.
        runs: number of runs that the measure applies to.
        values: by quantity, a rate or mean with its 95 % interval, or a median with its quartiles (inf
            allowed).
        numbers: by name, what was measured on each run, in the order of the runs.
    """

    x: float
    y: float
    setting: AbstractSetting
    outside: tuple[str, ...]
    runs: int
    values: Mapping[str, Estimate]
    numbers: Mapping[str, tuple[float, ...]]

    def mean(self, name: str) -> float:
        """Over the runs; nan without any."""
        seen = self.numbers.get(name, ())
        return math.fsum(seen) / len(seen) if seen else math.nan


@dataclass(frozen=True)
class Phase:
    """A phase diagram; cells in rows of increasing y."""

    plane: Plane
    cells: tuple[Cell, ...]
    claim_id: str | None
    seed: int
    variables: Mapping[str, float]


def phase_experiment(
    plane: Plane, cells: int, runs: int, variables: Mapping[str, float], paper: Paper | None = None
) -> Experiment:
    """The runs of a diagram of `cells` x `cells`, by the settings' model or their paper's for them."""
    place = grid(
        "grid",
        tuple(
            ({plane.x.name: x, plane.y.name: y}, plane.setting(x, y, **variables))
            for x, y in plane.values(cells)
        ),
    )
    return Experiment(
        id=f"phase.{plane.name}.{cells}",
        place=place,
        model=None if paper is None else model_of(paper, class_made(place)),
        clock=plane.clock,
        runs={"quick": runs},
        snapshots=plane.snapshots,
        engines=(plane.engine,) if plane.engine else (),
        options=plane.options,
    )


def phase_diagram(
    plane: Plane,
    *,
    cells: int,
    runs: int,
    claim: Claim | None = None,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = False,
    paper: Paper | None = None,
    **variables: float,
) -> Phase:
    """Make the runs of every cell, judged or not, and summarise them.

    Args:
        claim: cells outside of its conditions are marked.
        paper: whose plane it is, where the settings have no model of their own.
        variables: other values of the plane's own.

    Raises:
        ValueError: for a variable that the plane does not have, a run that cannot be made, or a measure that
            fails.
    """
    for name in variables:
        if name not in plane.variables:
            raise ValueError(f"plane {plane.name} has no variable {name!r}: {', '.join(plane.variables)}")
    chosen = {**plane.variables, **variables}
    experiment = phase_experiment(plane, cells, runs, chosen, paper)
    specs = plan_runs(experiment, "quick", seed)
    work = batches(experiment, specs, {"phase": plane.measure}, {spec.index: ["phase"] for spec in specs})
    notes = Made()
    rows: dict[int, Mapping[str, float]] = {}
    with progress_bar(progress, len(specs)) as advance:
        for m in make_runs(
            work,
            notes,
            backend=backend_for(jobs, isolated=not built_in(plane.measure, experiment.of_model)),
            advance=advance,
        ):
            if "phase" in m.values:
                rows[m.spec.index] = m.values["phase"]
    for spec, failure in notes.failures.values():
        raise ValueError(f"plane {plane.name}: {spec.where} at {spec.setting}: {failure}")
    for (_, index), reason in sorted(notes.unmade.items()):
        raise ValueError(f"plane {plane.name}: {specs[index].where} at {specs[index].setting}: {reason}")
    by_cell: dict[tuple[float, float], list[int]] = {}
    for spec in specs:
        by_cell.setdefault((spec.labels[plane.x.name], spec.labels[plane.y.name]), []).append(spec.index)
    made = tuple(
        _cell(plane, x, y, specs[mine[0]].setting, claim, [rows[k] for k in mine if k in rows])
        for (x, y), mine in by_cell.items()
    )
    return Phase(plane, made, None if claim is None else claim.id, seed, chosen)


def _outside(claim: Claim | None, setting: AbstractSetting) -> tuple[str, ...]:
    if claim is None:
        return ()
    checks = check_all(claim.kept_conditions, setting, claim.constants)
    return tuple(check.name for check in checks if not check.inside)


def _cell(
    plane: Plane,
    x: float,
    y: float,
    setting: AbstractSetting,
    claim: Claim | None,
    rows: Sequence[Mapping[str, float]],
) -> Cell:
    names = dict.fromkeys(name for row in rows for name in row)
    numbers = {name: tuple(float(row[name]) for row in rows) for name in names}
    values = {q.name: _summary(q, numbers.get(q.name, ())) for q in plane.quantities}
    return Cell(x, y, setting, _outside(claim, setting), len(rows), values, numbers)


def _summary(quantity: PlaneQuantity, seen: Sequence[float]) -> Estimate:
    if quantity.kind == "rate":
        return rate_interval(round(sum(seen)), len(seen), 0.05)
    if not seen:
        return _NONE
    if quantity.kind == "median":
        ordered = sorted(seen)
        return Estimate(*(_order_quantile(ordered, q) for q in (0.5, 0.25, 0.75)))
    mean = mean_interval(seen, 0.05)
    low, high = quantity.within
    return Estimate(mean.value, max(low, mean.low), min(high, mean.high))


def _order_quantile(ordered: Sequence[float], share: float) -> float:
    """A value that occurs, since an average with inf is none."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def cell_row(plane: Plane, cell: Cell) -> dict[str, Any]:
    """A cell as one row of the table."""
    row: dict[str, Any] = {plane.x.name: cell.x, plane.y.name: cell.y}
    row |= {"inside": not cell.outside, "outside": " ".join(cell.outside), "runs": cell.runs}
    for name, estimate in cell.values.items():
        row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    row |= {name: cell.mean(name) for name in plane.columns}
    return row | {k: v for k, v in cell.setting.as_dict().items() if k not in row}
