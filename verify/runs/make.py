"""Making runs: what is kept is taken, the rest is made by a backend and kept batch by batch.

A claim's own code may raise, exit, hang or kill its process: that claim fails, and every other is measured.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from simulation.models import UNITS_A_SECOND
from theory.experiment import Experiment
from theory.run import Run
from verify.runs.backends import Backend, SerialBackend, backend_for
from verify.runs.batch import Batch, Done, Failure, Lost, Measurement, batches
from verify.runs.built_in import built_in
from verify.runs.entries import fault_of_runs, is_entries
from verify.runs.keep import Keeper
from verify.runs.plan import RunSpec
from verify.runs.same import identical, short
from verify.runs.work import only

__all__ = [
    "CLAIM_SECONDS",
    "MOST_AGAIN",
    "Made",
    "RunFailed",
    "make_runs",
    "measure_one",
    "measured",
    "recheck",
]

#: Allowed to one call of a claim's measure, in seconds, and ten times that of the median claim where more.
CLAIM_SECONDS = 60.0
#: A call of a measure may take so many times as long as that of the median claim.
_TIMES = 10.0

#: Runs that are made again: one in so many, at least so many of each measure (one where a run is planned to
#: take longer than `_DEAR` seconds), at most `MOST_AGAIN` an experiment.
_EVERY, _LEAST, MOST_AGAIN = 100, 2, 50
_DEAR = 0.3


@dataclass
class Made:
    """What came of the work, filled while it is made.

    Args:
        failures: by measure, the failing run of least index with what went wrong.
        unmade: by experiment and run index, why a run could not be made.
        reused, peak_bytes: runs that were kept before; of a worker's memory.
        seconds: of work in workers, by experiment.
        calls: by measure, the seconds of its calls so far and their number.
        engine_seconds: of making the runs alone.
    """

    failures: dict[str, tuple[RunSpec, Failure]] = field(default_factory=dict)
    unmade: dict[tuple[str, int], str] = field(default_factory=dict)
    reused: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    peak_bytes: int = 0
    calls: dict[str, tuple[float, int]] = field(default_factory=dict)
    engine_seconds: float = 0.0
    _told: int = 0
    _allowed: tuple[int, float] = (0, 0.0)

    def called(self, calls: Mapping[str, tuple[float, int]]) -> None:
        """Add calls that have ended."""
        for name, (seconds, number) in calls.items():
            spent, before = self.calls.get(name, (0.0, 0))
            self.calls[name] = spent + seconds, before + number
        self._told += 1

    @property
    def allowed(self) -> float:
        """Ten times what a call of the median claim has taken so far, in seconds; 0 before any has ended.
        Asked for every batch, it is worked out anew when a hundredth more has been told."""
        at, known = self._allowed
        if at and self._told <= 1.01 * at:
            return known
        means = [
            seconds / number
            for name, (seconds, number) in self.calls.items()
            if number and not is_entries(name)
        ]
        self._allowed = self._told, _TIMES * median(means) if means else 0.0
        return self._allowed[1]

    def fail(self, name: str, spec: RunSpec, failure: Failure) -> None:
        """Note a failure; of several the run that comes first in the plan stands."""
        known = self.failures.get(name)
        if known is None or (spec.experiment, spec.index) < (known[0].experiment, known[0].index):
            self.failures[name] = (spec, failure)


def make_runs(
    work: Iterable[Batch],
    made: Made,
    *,
    device: str = "cpu",
    backend: Backend | None = None,
    keeper: Keeper | None = None,
    claim_seconds: float = math.inf,
    grows: bool = False,
    advance: Callable[[int], None] = lambda runs: None,
) -> Iterator[Measurement]:
    """All measurements, in no particular order; the costliest batches start first. Of those that the keeper
    has, none is made again. A measure that has failed is not asked again.

    Args:
        claim_seconds: allowed to one call of a measure.
        grows: whether ten times a call of the median claim is allowed too, where that is more. A batch in
            which a measure was cut off is made once more when the calls that ended meanwhile allow more.
        advance: told the number of runs of each batch as it ends.
    """
    backend = backend or SerialBackend()
    ordered = [replace(b, index=k) for k, b in enumerate(sorted(work, key=lambda b: -b.cost))]
    left: list[Batch] = []
    for batch in ordered:
        known = None if keeper is None else keeper.load(batch, device)
        if known is None:
            left.append(batch)
            continue
        made.reused += len(known)
        advance(len(batch.specs))
        yield from known

    def coming() -> Iterator[Batch]:
        for batch in left:
            yield replace(_without(batch, made.failures), seconds=made.allowed if grows else 0.0)

    with closing(backend.run(coming(), device, claim_seconds)) as outcomes:  # type: ignore[type-var]
        for outcome in outcomes:
            batch = ordered[outcome.batch]
            if isinstance(outcome, Lost):
                outcome = _isolated(batch, backend, device, claim_seconds, made)
            made.called(outcome.calls)
            if grows and _cut_off(outcome) and made.allowed > claim_seconds:
                longer = replace(_without(batch, made.failures), seconds=made.allowed)
                again = backend.alone(longer, device, claim_seconds)
                if isinstance(again, Done):
                    made.called(again.calls)
                    outcome = again
            id_ = batch.specs[0].experiment
            made.seconds[id_] = made.seconds.get(id_, 0.0) + outcome.seconds
            made.engine_seconds += outcome.engine_seconds
            made.peak_bytes = max(made.peak_bytes, outcome.peak_bytes)
            for index, reason in outcome.failed.items():
                made.unmade[id_, index] = reason
            for measurement in outcome.measurements:
                for name, failure in measurement.failures.items():
                    made.fail(name, measurement.spec, failure)
            if keeper is not None:
                keeper.save(batch, device, outcome.measurements)
            advance(len(batch.specs))
            yield from outcome.measurements


def _cut_off(done: Done) -> bool:
    return any(f.kind == "timed out" for m in done.measurements for f in m.failures.values())


def _without(batch: Batch, names: Mapping[str, Any]) -> Batch:
    """The batch without the measures that have failed."""
    if batch.go_on or not names.keys() & set(batch.names):
        return batch
    kept = tuple(tuple(m for m in measures if m[0] not in names) for measures in batch.measures)
    return replace(batch, measures=kept)


def _isolated(batch: Batch, backend: Backend, device: str, seconds: float, made: Made) -> Done:
    """The batch made again in a process of its own; if that dies too, who kills it: the making of runs, or
    one of the measures? Each is then tried alone."""
    batch = _without(batch, made.failures)
    again = backend.alone(batch, device, seconds)
    if isinstance(again, Done):
        return again
    bare = backend.alone(only(batch, None), device, seconds)
    if isinstance(bare, Lost):
        reason = _of_death(bare, seconds)
        return Done(batch.index, (), {spec.index: reason.text for spec in batch.specs})
    seen = {m.spec.index: m for m in bare.measurements}
    for name in batch.names:
        outcome = backend.alone(only(batch, name), device, seconds)
        if isinstance(outcome, Lost):
            having = [k for k, measures in enumerate(batch.measures) if any(m[0] == name for m in measures)]
            made.fail(name, batch.specs[having[0]], _of_death(outcome, seconds))
            continue
        for m in outcome.measurements:
            known = seen[m.spec.index]
            seen[m.spec.index] = replace(
                known,
                values={**known.values, **m.values},
                not_applicable={**known.not_applicable, **m.not_applicable},
                failures={**known.failures, **m.failures},
            )
    return Done(batch.index, tuple(seen.values()), bare.failed, bare.seconds, bare.peak_bytes)


def _of_death(lost: Lost, seconds: float) -> Failure:
    if lost.timed_out:
        return Failure("timed out", f"gave no answer within {seconds:g} s, and its process was ended")
    return Failure("died", f"ended its process: {lost.reason}")


def recheck(
    work: Iterable[Batch],
    made: Mapping[str, Mapping[int, Measurement]],
    notes: Made,
    *,
    device: str,
    backend: Backend,
    keeper: Keeper | None = None,
    claim_seconds: float = math.inf,
) -> int:
    """Make and measure some runs again, in new processes and another order: a measure whose value is not the
    same bit for bit is not a function of the run, and fails. Of a user's own model the runs' entries are
    compared too (`verify.runs.entries`), noted under the name of that measure.

    One run in `_EVERY`, at least `_LEAST` a measure (one, where runs are dear), at most `MOST_AGAIN` an
    experiment beyond those. What the keeper has of an earlier call was made again then, and is compared as it
    was.

    Returns:
        how many were made again.
    """
    # The costliest first, so that no worker is left with them at the end.
    again = sorted(_chosen(work, made), key=lambda b: -b.cost)
    for batch, measurements in _made_again(again, notes, device, backend, keeper, claim_seconds):
        for measurement in measurements:
            spec = measurement.spec
            known = made[spec.experiment][spec.index]
            for name in batch.names:
                if name not in known.values or name in notes.failures:
                    continue
                value: Any = measurement.failures.get(name, measurement.values.get(name))
                if is_entries(name):
                    differing = fault_of_runs(known.values[name], value)
                    if differing is not None:
                        notes.fail(name, spec, differing)
                elif not identical(known.values[name], value):
                    text = f"not reproducible: gave {short(known.values[name])}, then {short(value)}"
                    notes.fail(name, spec, Failure("not reproducible", text))
    return len(again)


def _made_again(
    again: Sequence[Batch],
    notes: Made,
    device: str,
    backend: Backend,
    keeper: Keeper | None,
    claim_seconds: float,
) -> Iterator[tuple[Batch, Sequence[Measurement]]]:
    left: list[Batch] = []
    for batch in again:
        known = None if keeper is None else keeper.again.load(batch, device)
        if known is None:
            left.append(replace(batch, index=len(left)))
        else:
            yield batch, known
    for outcome in backend.afresh(left, device, claim_seconds):
        if isinstance(outcome, Lost):
            continue  # it lived the first time: what kills a process now and then is no fault of this check
        batch = left[outcome.batch]
        notes.engine_seconds += outcome.engine_seconds
        if keeper is not None:
            keeper.again.save(batch, device, outcome.measurements)
        yield batch, outcome.measurements


def _chosen(work: Iterable[Batch], made: Mapping[str, Mapping[int, Measurement]]) -> Iterator[Batch]:
    """Batches of one run each: of each experiment those that are taken at a distance, then for every measure
    that has too few of them the last ones."""
    runs = [
        (spec, batch, k)
        for batch in work
        for k, spec in enumerate(batch.specs)
        if spec.index in made[spec.experiment]
    ]
    of_experiment = Counter(spec.experiment for spec, _, _ in runs)
    runs.sort(key=lambda run: (run[0].experiment, -run[0].index))
    seen: Counter[str] = Counter()

    def apart(spec: RunSpec) -> bool:
        return spec.index % max(_EVERY, of_experiment[spec.experiment] // MOST_AGAIN) == 0

    for needed in (False, True):
        for spec, batch, k in runs:
            values = made[spec.experiment][spec.index].values
            names = [name for name, _ in batch.measures[k] if name in values]
            if apart(spec) == needed:
                continue
            fewest = min((seen[name] for name in names), default=_LEAST)
            if needed and (fewest >= _LEAST or (fewest >= 1 and _dear(batch, k))):
                continue
            seen.update(names)
            yield replace(
                batch,
                specs=(spec,),
                jobs=(batch.jobs[k],),
                controls=batch.controls[k : k + 1],
                measures=(tuple(m for m in batch.measures[k] if m[0] in names),),
                twice=frozenset(),
            )


def _dear(batch: Batch, k: int) -> bool:
    return batch.maker.work(batch.jobs[k]) > _DEAR * UNITS_A_SECOND


class RunFailed(ValueError):
    """A run that a search or a replay asked for could not be made, or a claim's own code failed on it."""

    #: Exit status of a command that it ends.
    status = 3


def measured(
    batch: Batch, *, isolated: bool, claim_seconds: float = CLAIM_SECONDS
) -> tuple[Measurement, ...]:
    """A batch for a search or a replay, in a worker where a user's own code is to be `isolated`.

    Raises:
        RunFailed: in one line, when a run cannot be made or a measure fails on it.
    """
    notes = Made()
    backend = backend_for(1, isolated=isolated)
    made = list(make_runs([batch], notes, backend=backend, claim_seconds=claim_seconds))
    specs = {spec.index: spec for spec in batch.specs}
    for (_, index), why in sorted(notes.unmade.items()):
        raise RunFailed(f"{specs[index].where} at {specs[index].setting}: {why}")
    for name, (spec, failure) in notes.failures.items():
        raise RunFailed(f"claim {name}: {spec.where} at {spec.setting}: {failure}")
    return tuple(made)


def measure_one(
    experiment: Experiment, spec: RunSpec, name: str, measure: Callable[[Run], Any]
) -> Measurement:
    """One run for one measure: replays and the search for counterexamples.

    Raises:
        RunFailed: as `measured` does.
    """
    (batch,) = batches(experiment, [spec], {name: measure}, {spec.index: [name]})
    (measurement,) = measured(batch, isolated=not built_in(measure, batch.model))
    return measurement
