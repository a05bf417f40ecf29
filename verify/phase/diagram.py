"""Phase diagrams: what training does over two parameters, against the predicted boundaries.

Every cell is a setting with its own replicates; the runs are those of an `Experiment` on a `Grid`, made in
batches like all others. Boundaries are then located from the runs alone and set beside the predictions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.claim import Claim
from theory.condition import check_all
from theory.experiment import Experiment
from theory.run import Estimate, NotApplicable
from theory.two_stage.box import Grid
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting
from theory.two_stage.sources import C_T1
from verify.runs.make import batches, execute
from verify.runs.plan import plan_runs
from verify.statistics.intervals import mean_interval, rate_interval

__all__ = [
    "EVENT_CLAIM",
    "GROWTH_FROM",
    "LATE",
    "PLANES",
    "QUANTITIES",
    "Cell",
    "Phase",
    "Plane",
    "cell_row",
    "measure_cell",
    "phase_diagram",
    "phase_experiment",
]

#: The claim whose conditions decide which cells are coloured, unless another is named.
EVENT_CLAIM = "two_stage.theorem_4_1.event_map"
#: Length of a run, and the clock from which growth is measured up to it, in time units.
LATE, GROWTH_FROM = 40.0, 10.0
#: h: T_1 = 1/2 is a whole number of steps, and a h <= 8 holds for every a of the planes.
_CLOCK_STEP = 0.125
_ERROR_SAMPLES = 1000

QUANTITIES = {
    "event": "probability of the event of Theorem 4.1",
    "error": "D_test error late in training",
    "t_half": "t_half in time units",
}


@dataclass(frozen=True)
class Axis:
    """One axis of a plane; `latex` names it, `log` says how cells are spaced."""

    name: str
    latex: str
    low: float
    high: float
    log: bool

    def values(self, cells: int) -> list[float]:
        """Cell centres."""
        if self.log:
            return [float(v) for v in np.geomspace(self.low, self.high, cells)]
        return [float(v) for v in np.linspace(self.low, self.high, cells)]


@dataclass(frozen=True)
class Plane:
    """Two axes, and the setting at a point of them."""

    name: str
    x: Axis
    y: Axis
    fixed: str

    def setting(self, x: float, y: float, kappa_0: float) -> Setting:
        """n = 100, m = 20; `kappa_0` is ignored where it is an axis."""
        n = 100
        a, tau_plus, tau_minus, d = 8.0, 0.1, 0.1, 10**12
        if self.name == "snr-tau":
            a, tau_plus, tau_minus = x, y, y
        elif self.name == "dimension-kappa":
            d, kappa_0 = max(n + 1, round(x * n**2)), y
        else:
            a, tau_plus, tau_minus = 4.0, x, y
        return Setting.from_n_snr2(
            n=n,
            d=d,
            m=20,
            n_snr2=a,
            tau_plus=tau_plus,
            tau_minus=tau_minus,
            kappa_0=kappa_0,
            clock_step=_CLOCK_STEP,
        )


_KAPPA = 30.0
PLANES: Mapping[str, Plane] = {
    plane.name: plane
    for plane in (
        Plane(
            "snr-tau",
            Axis("n_snr2", r"$a = n\,\mathrm{SNR}^2$", 0.5, 16.0, True),
            Axis("tau", r"$\tau_+ = \tau_- = \tau$", 0.02, 0.42, False),
            f"n = 100, m = 20, d = 10^12, kappa_0 = {_KAPPA:g}",
        ),
        Plane(
            "dimension-kappa",
            Axis("d_over_n2", r"$d/n^2$", 0.02, 2000.0, True),
            Axis("kappa_0", r"$\kappa_0$", 0.003, 30.0, True),
            "n = 100, m = 20, a = 8, both flip rates 0.1",
        ),
        Plane(
            "tau-tau",
            Axis("tau_plus", r"$\tau_+$", 0.02, 0.46, False),
            Axis("tau_minus", r"$\tau_-$", 0.02, 0.46, False),
            f"n = 100, m = 20, d = 10^12, a = 4, kappa_0 = {_KAPPA:g}",
        ),
    )
}


@dataclass(frozen=True)
class Cell:
    """One cell: its coordinates and what its runs gave. `outside` names the conditions it misses.

    `event` and `error` are (value, low, high) at 95 %, `t_half` the median in time units with its quartiles
    (inf: not reached). `first_push` and `growth` hold one number a run, for the boundaries: the first step's
    change of the mean noisy margin per unit clock, and how much faster clean noise mass grows than the
    signal against it.
    """

    x: float
    y: float
    setting: Setting
    outside: tuple[str, ...]
    runs: int
    event: Estimate
    error: Estimate
    t_half: Estimate
    plateau: float
    first_push: tuple[float, ...]
    growth: tuple[float, ...]


@dataclass(frozen=True)
class Phase:
    """A phase diagram; cells in rows of increasing y."""

    plane: Plane
    cells: tuple[Cell, ...]
    claim_id: str | None
    kappa_0: float
    seed: int


def measure_cell(run: Run) -> dict[str, float] | NotApplicable:
    """What every quantity and boundary needs of one run."""
    if not run.noisy.any() or not run.clean.any():
        return NotApplicable("no label was flipped, or all were")
    end = float(run.clock[-1])
    h = run.setting.clock_step
    noisy = run.margins[:, run.noisy].mean(axis=1)
    first, last = run.snapshot_at(GROWTH_FROM), run.snapshot_at(end)
    index = np.searchsorted(run.steps, run.snapshot_steps[[first, last]])
    signal = run.gamma[index].mean(axis=2)
    # A clean test point of class -y at noise patch i errs when P_i exceeds the signal of the other class.
    against = np.where(run.y > 0, signal[:, 1:], signal[:, :1])
    excess = (run.noise_mass[[first, last]] - against)[:, run.clean].mean(axis=1)
    clocks = run.clock[index]
    return {
        "event": float(run.clean_fit(C_T1) and run.noisy_misfit(C_T1)),
        "error": run.test_error("spurious", end).value,
        "t_half": run.t_half * h,
        "flipped": float(run.noisy.mean()),
        "first_push": float(noisy[1] - noisy[0]) / h,
        "growth": float(excess[1] - excess[0]) / math.log(clocks[1] / clocks[0]),
    }


def phase_experiment(plane: Plane, cells: int, runs: int, kappa_0: float) -> Experiment:
    """The runs of a diagram of `cells` x `cells`."""
    grid = tuple(
        ({plane.x.name: x, plane.y.name: y}, plane.setting(x, y, kappa_0))
        for y in plane.y.values(cells)
        for x in plane.x.values(cells)
    )
    return Experiment(
        id=f"phase.{plane.name}.{cells}",
        place=Grid(grid),
        clock=LATE,
        runs={"quick": runs},
        snapshots=(GROWTH_FROM,),
    )


def phase_diagram(
    plane: Plane,
    *,
    cells: int,
    runs: int,
    claim: Claim | None = None,
    kappa_0: float = _KAPPA,
    seed: int = 0,
    jobs: int = 1,
    progress: bool = False,
) -> Phase:
    """Make the runs of every cell, judged or not, and summarise them."""
    experiment = phase_experiment(plane, cells, runs, kappa_0)
    specs = plan_runs(experiment, "quick", seed)
    work = batches(experiment, specs, {"phase": measure_cell}, {spec.index: ["phase"] for spec in specs})
    made: dict[Setting, list[tuple[int, dict[str, float]]]] = {spec.setting: [] for spec in specs}
    for m in execute(work, jobs=jobs, device="cpu", progress=progress):
        if "phase" in m.values:
            made[m.spec.setting].append((m.spec.index, m.values["phase"]))
    place = experiment.place
    assert isinstance(place, Grid)
    out = []
    for labels, setting in place.cells:
        rows = [row for _, row in sorted(made[setting], key=lambda item: item[0])]
        out.append(_cell(labels[plane.x.name], labels[plane.y.name], setting, _outside(claim, setting), rows))
    return Phase(plane, tuple(out), None if claim is None else claim.id, kappa_0, seed)


def _outside(claim: Claim | None, setting: Setting) -> tuple[str, ...]:
    if claim is None:
        return ()
    checks = check_all(claim.kept_conditions, setting, claim.constants)
    return tuple(check.name for check in checks if not check.inside)


def _cell(
    x: float, y: float, setting: Setting, outside: tuple[str, ...], rows: Sequence[Mapping[str, float]]
) -> Cell:
    def column(name: str) -> list[float]:
        return [row[name] for row in rows]

    none = Estimate(math.nan, math.nan, math.nan)
    if not rows:
        return Cell(x, y, setting, outside, 0, rate_interval(0, 0, 0.05), none, none, math.nan, (), ())
    times = sorted(column("t_half"))
    error = mean_interval(column("error"), 0.05)
    return Cell(
        x=x,
        y=y,
        setting=setting,
        outside=outside,
        runs=len(rows),
        event=rate_interval(round(sum(column("event"))), len(rows), 0.05),
        error=Estimate(error.value, max(0.0, error.low), min(1.0, error.high)),
        t_half=Estimate(*(_order_quantile(times, q) for q in (0.5, 0.25, 0.75))),
        plateau=float(np.mean(column("flipped"))) / 2,
        first_push=tuple(column("first_push")),
        growth=tuple(column("growth")),
    )


def _order_quantile(ordered: Sequence[float], share: float) -> float:
    """A value that occurs, since an average with inf is none."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def cell_row(plane: Plane, cell: Cell) -> dict[str, Any]:
    """A cell as one row of the table."""
    row: dict[str, Any] = {plane.x.name: cell.x, plane.y.name: cell.y}
    row |= {"inside": not cell.outside, "outside": " ".join(cell.outside), "runs": cell.runs}
    for name in QUANTITIES:
        estimate: Estimate = getattr(cell, name)
        row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    row["plateau"] = cell.plateau
    return row | {k: v for k, v in cell.setting.as_dict().items() if k not in row}
