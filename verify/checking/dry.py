"""A few runs of an experiment, made and measured in a process of their own: what fails, and at which line."""

from __future__ import annotations

import math
import numbers
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulation.models import UNITS_A_SECOND, Job, engine_of
from theory.claim import Claim
from theory.experiment import Experiment
from theory.run import NotApplicable
from verify.check import differing_entry, fault_of_run
from verify.checking.complaint import Place
from verify.checking.lines import place_of_error
from verify.judge import admitted, judge, observe
from verify.load import travelling
from verify.runs.batch import Measurement
from verify.runs.plan import RunSpec, job_of, plan_runs
from verify.runs.same import identical, short
from verify.runs.work import Payload, one_thread, pickled, unpickled

__all__ = ["SECONDS", "Trial", "Trouble", "dry_run", "hardly_judged", "never_a_number"]

#: Given to the runs of one experiment.
SECONDS = 2.0
#: Its process is ended after so many seconds of its own time, and after so many on the clock: one that
#: has used few of them waits, for the machine or for something that never comes.
LIMIT, CLOCK_LIMIT = 20.0, 120.0
#: Seconds between two looks at it.
_LOOK = 0.2

#: Settings drawn of a box, replicates of each cell.
_SETTINGS = 30

#: Below this share of a box's runs a claim is hardly judged there.
_SHARE = 0.15


@dataclass(frozen=True)
class Trouble:
    """What failed: of a claim, or of the experiment's engine ("")."""

    claim: str
    text: str
    place: Place | None = None


@dataclass(frozen=True)
class Trial:
    """What a dry run found.

    Args:
        troubles: what failed.
        values: by claim and index of the run, what was measured.
        steps, dtypes: of the runs, by index.
        notes: what was not tried, and why.
    """

    troubles: tuple[Trouble, ...] = ()
    values: Mapping[str, Mapping[int, Any]] = ()  # type: ignore[assignment]
    steps: Mapping[int, int] = ()  # type: ignore[assignment]
    dtypes: Mapping[int, str] = ()  # type: ignore[assignment]
    notes: tuple[str, ...] = ()


def dry_run(experiment: Experiment, claims: Sequence[Claim], files: Sequence[Path]) -> Trial:
    """Make the cheapest runs that the claims speak of, twice the first one; measure them, judge what came.

    Args:
        claims: those of the experiment; a falsehood under an id of its own.
        files: the user's, in which lines are looked for.
    """
    specs = plan_runs(replace(experiment, runs={"quick": _SETTINGS}), "quick", 0)
    wanted = {c.id: {s.index for s in specs if admitted(c, s)[1] is None} for c in claims}
    chosen, notes = _cheapest(experiment, specs, wanted)
    notes += [
        f"claim {name}: none of {len(specs)} runs tried here, of any profile, lies inside its conditions"
        for name, inside in wanted.items()
        if not inside
    ]
    if experiment.place.coordinates:
        notes += hardly_judged(claims, len(specs), wanted)
    measures = {claim.id: travelling(claim) for claim in claims}
    asked = [(spec, job, [name for name in measures if spec.index in wanted[name]]) for spec, job in chosen]
    try:
        payload = pickled((experiment, asked, measures, [str(path) for path in files]))
    except Exception as error:  # whatever a user's object raises when it is pickled
        return Trial((Trouble("", f"cannot be sent to a worker: {_told(error)}"),), notes=tuple(notes))
    trial = _elsewhere(payload)
    judged = list(_judged(claims, specs, trial))
    notes += never_a_number(trial)
    return replace(trial, troubles=(*trial.troubles, *judged), notes=(*notes, *trial.notes))


def hardly_judged(claims: Sequence[Claim], tried: int, wanted: Mapping[str, set[int]]) -> Iterator[str]:
    """Claims whose conditions hold in so few of a box's runs that hardly one of a profile's counts."""
    for claim in claims:
        share = len(wanted[claim.id]) / tried
        profile = "default" if claim.experiment.runs.get("default") else "quick"
        runs = claim.experiment.runs.get(profile, 0)
        if 0 < share < _SHARE:
            where = f"outside {', '.join(claim.drops)} alone" if claim.is_probe else "inside its conditions"
            yield (
                f"claim {claim.id}: {len(wanted[claim.id])} of {tried} runs tried lie {where}; of the {runs}"
                f" planned in the {profile} profile about {round(runs * share)} would count"
            )


def never_a_number(trial: Trial) -> Iterator[str]:
    """Measures that are nan in every run tried: such a value counts against a claim, or for nothing."""
    for name, values in dict(trial.values).items():
        found = list(values.values())
        if found and all(map(_nan, found)):
            yield f"claim {name}: its measure is nan in every run tried ({len(found)})"


def _nan(value: Any) -> bool:
    parts = value if isinstance(value, (tuple, list)) else (value,)
    return any(isinstance(v, numbers.Real) and math.isnan(v) for v in parts)


def _cheapest(
    experiment: Experiment, specs: Sequence[RunSpec], wanted: Mapping[str, set[int]]
) -> tuple[list[tuple[RunSpec, Job]], list[str]]:
    """Runs in order of cost, one of every cell; those of claims' conditions first in a box."""
    notes: list[str] = []
    useful = set().union(*wanted.values()) if wanted else set()
    found: dict[str, list[tuple[float, RunSpec, Job]]] = {}
    seen: set[tuple[Any, str]] = set()
    for spec in specs:
        if (spec.setting, spec.engine) in seen or (useful and spec.index not in useful):
            continue
        seen.add((spec.setting, spec.engine))
        engine = engine_of(experiment.of_model, spec.engine)
        job = job_of(experiment, spec.setting, spec.seed, engine)
        missing = engine.missing(job)
        if missing:
            notes.append(f"experiment {experiment.id}: engine {spec.engine}: {missing}")
            continue
        found.setdefault(spec.engine, []).append((engine.work(job) / UNITS_A_SECOND, spec, job))
    chosen: list[tuple[RunSpec, Job]] = []
    for name, jobs in found.items():
        spent = 0.0
        for seconds, spec, job in sorted(jobs, key=lambda found: found[0]):
            spent += seconds
            if spent > SECONDS:
                break
            chosen.append((spec, job))
        else:
            continue
        if not any(spec.engine == name for spec, _ in chosen):
            cheapest = min(seconds for seconds, _, _ in jobs)
            notes.append(
                f"experiment {experiment.id}: engine {name}: its cheapest run takes {cheapest:.0f} s by its "
                "own account and was not made"
            )
    return chosen, list(dict.fromkeys(notes))


def _elsewhere(payload: Payload) -> Trial:
    """In a process of its own, which may be ended."""
    from joblib.externals.loky import ProcessPoolExecutor

    executor = ProcessPoolExecutor(max_workers=1)
    try:
        future = executor.submit(_tried, payload)
        began, used = time.monotonic(), None
        while not wait([future], _LOOK).done:
            used = _own_seconds(list(executor._processes))
            late = _late(time.monotonic() - began, used)
            if late:
                return Trial((Trouble("", late),))
        found: Trial = future.result()
        return found
    except BrokenExecutor:
        return Trial((Trouble("", "ended its process"),))
    except Exception as error:  # what could not travel back
        return Trial((Trouble("", _told(error)),))
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def _late(clock: float, used: float | None) -> str:
    """Why nothing more is waited for; "" while there is time.

    Args:
        clock: seconds since the start.
        used: of them the process's own, None where the platform does not say.
    """
    if used is not None and used > LIMIT:
        return f"gave no answer within {LIMIT:g} s of its own time: a run or a measure hangs"
    if clock <= CLOCK_LIMIT:
        return ""
    of = "" if used is None else f", of which it used {used:.1f} s: a busy machine, or it waits"
    return f"gave no answer within {CLOCK_LIMIT:g} s{of}"


def _own_seconds(pids: Sequence[int]) -> float | None:
    """Processor seconds of processes and all that they have started; None where the platform does not say."""
    import psutil

    spent, known = 0.0, False
    for pid in pids:
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            for one in (process, *process.children(recursive=True)):
                times = one.cpu_times()
                spent, known = spent + times.user + times.system, True
    return spent if known else None


def _tried(payload: Payload) -> Trial:
    with one_thread():
        return _runs_tried(*unpickled(payload))


def _runs_tried(
    experiment: Experiment,
    asked: Sequence[tuple[RunSpec, Job, Sequence[str]]],
    measures: Mapping[str, Any],
    files: Sequence[str],
) -> Trial:
    """The worker's part."""
    paths = [Path(file) for file in files]
    troubles: dict[str, Trouble] = {}
    values: dict[str, dict[int, Any]] = {name: {} for name in measures}
    steps: dict[int, int] = {}
    dtypes: dict[int, str] = {}
    began, engines = time.perf_counter(), set[str]()
    needed = {name for _, _, names in asked for name in names}
    for spec, job, names in asked:
        if (
            time.perf_counter() - began > SECONDS
            and spec.engine in engines
            and all(values[n] for n in needed)
        ):
            break
        first, key = spec.engine not in engines, f"engine {spec.engine}"
        if key in troubles:
            continue
        engines.add(spec.engine)
        try:
            made = engine_of(experiment.of_model, spec.engine)
            runs = [made.make([job], device="cpu")[0] for _ in range(2 if first else 1)]
            fault = fault_of_run(runs[0], job)
            entry = differing_entry(*runs) if first and fault is None else None
            if experiment.control is not None:
                from theory.falsehood import altered

                other = replace(job, setting=experiment.control(spec.setting))
                runs[0] = altered(runs[0], control=made.make([other], device="cpu")[0])
        except (Exception, SystemExit) as error:
            troubles[key] = Trouble(
                "", f"{key}: {_told(error)} at {spec.setting}", place_of_error(error, paths)
            )
            continue
        if fault or entry:
            said = (
                fault
                or f"{entry} of two runs of one seed differs: a run must be a function of (setting, seed)"
            )
            troubles[key] = Trouble("", f"{key}: {said}")
            continue
        steps[spec.index], dtypes[spec.index] = int(runs[0].steps[-1]), str(runs[0].dtype)
        for name in names:
            if name in troubles:
                continue
            try:
                one, other_value = (measures[name](runs[0]) for _ in range(2))
            except (Exception, SystemExit) as error:
                said = f"{_told(error)} at {spec.setting}, seed {spec.seed}"
                troubles[name] = Trouble(name, said, place_of_error(error, paths))
                continue
            if not identical(one, other_value):
                said = f"gave {short(one)}, then {short(other_value)} for the same run"
                troubles[name] = Trouble(name, said)
            else:
                values[name][spec.index] = one
    return Trial(tuple(troubles.values()), values, steps, dtypes)


def _judged(claims: Sequence[Claim], specs: Sequence[RunSpec], trial: Trial) -> Iterator[Trouble]:
    """The rule applied to what came: does the measure return what it asks for?"""
    broken = {trouble.claim for trouble in trial.troubles}
    for claim in claims:
        values = dict(trial.values).get(claim.id) or {}
        if claim.id in broken or not values:
            continue
        measurements = {
            index: Measurement(
                next(s for s in specs if s.index == index),
                trial.steps[index],
                {} if isinstance(value, NotApplicable) else {claim.id: value},
                {claim.id: value.reason} if isinstance(value, NotApplicable) else {},
                trial.dtypes[index],
            )
            for index, value in values.items()
        }
        made = [spec for spec in specs if spec.index in measurements]
        try:
            judge(claim, observe(claim, made, measurements), None)
        except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
            # A ValueError of a rule shows the value that it cannot use, which need not be the first.
            seen = "" if isinstance(error, ValueError) else f", {short(next(iter(values.values())))}"
            said = f"the rule {type(claim.rule).__name__} cannot use what measure returns{seen}: "
            yield Trouble(claim.id, f"{said}{_told(error)}")


def _told(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception as wrong:  # a user's own class of errors
        text = f"(its message raised {type(wrong).__name__})"
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__
