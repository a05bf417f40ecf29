"""What reports show of runs beside verdicts: the panels of exhibits, and the curves of questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from theory.exhibit import Exhibit, Panel
from theory.paper import Paper
from theory.question import Curve
from theory.run import Run
from verify.outcome import MadeExhibit, MeasuredCurve
from verify.runs.batch import Measurement
from verify.runs.spread import hand_out

__all__ = ["begin_exhibits", "make_exhibits", "make_panels", "measured_curves"]


def make_exhibits(papers: Sequence[Paper], *, jobs: int = 1, device: str = "cpu") -> tuple[MadeExhibit, ...]:
    """The exhibits of the papers, their runs made by the models' own engines; one that fails says why."""
    return begin_exhibits(papers, jobs=jobs, device=device)()


def begin_exhibits(
    papers: Sequence[Paper], *, jobs: int = 1, device: str = "cpu"
) -> Callable[[], tuple[MadeExhibit, ...]]:
    """As `make_exhibits`, but what is returned collects them: meanwhile the workers make them."""
    asked = [(paper.name, exhibit) for paper in papers for exhibit in paper.exhibits]
    begun = hand_out(partial(make_panels, device=device), [exhibit for _, exhibit in asked], jobs)

    def collected() -> tuple[MadeExhibit, ...]:
        made = []
        for (paper, exhibit), outcome in zip(asked, begun(), strict=True):
            failed = isinstance(outcome, BaseException)
            panels = () if isinstance(outcome, BaseException) else outcome
            error = f"{type(outcome).__name__}: {outcome}" if failed else ""
            made.append(MadeExhibit(paper, exhibit.id, exhibit.title, exhibit.caption, panels, error))
        return tuple(made)

    return collected


def make_panels(exhibit: Exhibit, *, device: str = "cpu") -> tuple[Panel, ...]:
    """Make an exhibit's run and let it say what is drawn of it.

    Raises:
        ValueError: when its setting has no model, or the run cannot be made here.
    """
    from simulation.models import Job, engine_of
    from theory.falsehood import altered
    from verify.runs.work import one_thread

    setting, model = exhibit.setting, exhibit.setting.model
    if model is None:
        raise ValueError(f"exhibit {exhibit.id}: {type(setting).__name__} has no model of its own")
    steps = 0 if exhibit.clock is None else max(1, setting.steps(exhibit.clock))
    kept = {min(setting.steps(clock), steps) for clock in exhibit.snapshots} | {0, steps}
    engine = engine_of(model, exhibit.engine)
    with one_thread():
        runs: list[Run] = []
        for where in (setting, exhibit.control):
            if where is None:
                continue
            job = Job(
                where,
                exhibit.seed,
                steps,
                snapshots=tuple(sorted(kept)),
                dtype=engine.dtypes[0],
                options=exhibit.options,
            )
            if (missing := engine.missing(job)) is not None:
                raise ValueError(f"exhibit {exhibit.id}: {missing}")
            runs += engine.make([job], device=device)
        run = runs[0] if len(runs) == 1 else altered(runs[0], control=runs[1])
        return tuple(exhibit.panels(run))


def measured_curves(
    curves: Sequence[Curve], made: Mapping[str, Mapping[int, Measurement]]
) -> tuple[MeasuredCurve, ...]:
    """The curves whose runs were made, in run order; one without a measured run is left out.

    Raises:
        ValueError: naming the curve, when a series does not hold one value a place.
    """
    out = []
    for curve in curves:
        runs = sorted(made.get(curve.experiment.id, {}).items())
        rows = [m.values[curve.id] for _, m in runs if curve.id in m.values]
        if not rows:
            continue
        values = {name: np.array([row[name] for row in rows], dtype=np.float64) for name in rows[0]}
        for name, array in values.items():
            if array.shape != (len(rows), len(curve.at)):
                raise ValueError(
                    f"curve {curve.id}: series {name!r} must hold {len(curve.at)} values a run, has shape "
                    f"{array.shape[1:]}"
                )
        out.append(MeasuredCurve(curve, values))
    return tuple(out)
