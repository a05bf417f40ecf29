"""Adversarial runs: a claim whose answer no change of its run moves could not have failed.

`measure` is asked again about runs that never were: a run with another run's setting, with another run's
numbers, with the entries of its arrays permuted, its records in reverse order, its numbers at the ends of the
range seen, with every number off by 1e-3, squared in size or on another scale, runs of engines that are wrong
in one place, and the run stopped early.
A claim that none of these breaks says nothing of the runs: "error <= 1", a consequence of how the quantity is
defined, a constant.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from simulation.models import FalseEngine, Job, engine_of, flawed_engines
from theory.falsehood import AlteredRun, altered
from theory.model import Model
from theory.rng import generator
from theory.rules import Identity, SameRun
from theory.run import NotApplicable
from verify.rules.registry import judge_of
from verify.runs.same import identical

__all__ = ["Adversary", "Others", "Replay", "changed", "leaves", "moves"]

#: Relative error of every number at once.
_JITTER = 1e-3
#: All numbers at once are set to each; powers of two, so that a mean of equal numbers is that number.
_LEVELS = (2.0**-30, 1.0)
#: A number within [-1, 1] may be a share or a cosine, for which rounding alone leads out; it is moved inside.
_UNIT = 1 + 1e-9
#: Bits of the ends that arrays are filled with: sums of equal numbers are then exact.
_BITS = 24
#: Numbers of a run that are moved one by one, at most.
_SINGLE = 24
#: Numbers are taken so many times as large: a spread that is wrong by a constant.
_SCALES = (3.0, 10.0, 1 / 3, 0.1)
#: Numbers that are scaled one by one, at most.
_SCALED = 8
#: A run is stopped after one of so many of its steps.
_STOPS = (4, 20)
#: Attributes of a run that are no measured numbers.
_KEPT = frozenset({"setting", "seed", "engine", "dtype", "steps", "clock", "snapshot_steps"})

Path = tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Replay:
    """What came of the adversarial runs: the move that broke the claim (None: none did), how many were
    tried, whether all were tried and most answered; and whether the time sufficed, so that it would come out
    the same again."""

    moved_by: str | None
    tried: int
    complete: bool
    in_time: bool = True


def _is_number(value: Any, path: Path) -> bool:
    """What a run measured: a whole number by itself is a size, unless it is among the values that a function
    returned, in either arm; whole numbers in an array are classes."""
    if isinstance(value, int | np.integer) and "values" in path[:2]:
        return True
    return isinstance(value, float | bool | np.floating | np.bool_) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "fbi"
    )


def _is_inexact(value: Any) -> bool:
    return np.asarray(value).dtype.kind == "f"


def _open(value: Any, depth: int) -> Mapping[str, Any] | None:
    """The members of a value that may hold numbers; None where it is not looked into."""
    if depth > 3:
        return None
    if isinstance(value, Mapping) and all(isinstance(k, str) for k in value):
        return value
    module = type(value).__module__.partition(".")[0]
    if isinstance(value, type) or module in ("builtins", "numpy") or not hasattr(value, "__dict__"):
        return None
    cached = {
        name
        for kind in type(value).__mro__
        for name, v in vars(kind).items()
        if isinstance(v, cached_property)
    }
    return {name: v for name, v in vars(value).items() if name not in cached}


def leaves(run: Any) -> dict[Path, Any]:
    """The numbers and arrays that a run holds, by where they stand."""
    found: dict[Path, Any] = {}

    def visit(value: Any, path: Path) -> None:
        if _is_number(value, path):
            found[path] = value
            return
        for name, member in (_open(value, len(path)) or {}).items():
            if name not in _KEPT:
                visit(member, (*path, name))

    visit(run, ())
    return found


def changed(run: Any, change: Callable[[Path, Any], Any], **attributes: Any) -> Any:
    """A copy of the run with every number changed, and some attributes of its own; what it had computed from
    its numbers is forgotten."""

    def visit(value: Any, path: Path) -> Any:
        if _is_number(value, path):
            return change(path, value)
        members = _open(value, len(path))
        if members is None:
            return value
        new = {k: v if k in _KEPT else visit(v, (*path, k)) for k, v in members.items()}
        if isinstance(value, Mapping):
            return new
        twin = copy.copy(value)
        vars(twin).clear()
        vars(twin).update(new)
        if isinstance(value, AlteredRun):
            return twin
        for cache in ("_errors",):  # estimates made from the old numbers
            if isinstance(vars(twin).get(cache), dict):
                vars(twin)[cache] = {}
        return twin

    twin = visit(run, ())
    return altered(twin, **attributes) if attributes else twin


@dataclasses.dataclass
class Others:
    """Other runs of the same plan and runs of false engines, made when first asked for, in the worker.

    One instance is shared by all claims that look at a run.
    """

    model: Model
    engine: str
    jobs: tuple[Job, ...]
    job: Job
    _made: list[Any] | None = None
    _false: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def settings(self) -> list[Any]:
        """Of the other runs, each once, without that of the run itself."""
        return [s for s in dict.fromkeys(job.setting for job in self.jobs) if s != self.job.setting]

    def runs(self) -> list[Any]:
        """Other runs."""
        if self._made is None:
            made = engine_of(self.model, self.engine).make(list(self.jobs), device="cpu") if self.jobs else []
            self._made = list(made)
        return self._made

    def false_runs(self) -> Iterator[tuple[str, Any]]:
        """This run by every false engine of the model."""
        for name, flawed in flawed_engines(self.model).items():
            engine = flawed.in_place_of(self.engine) if isinstance(flawed, FalseEngine) else None
            if engine is not None and engine.missing(self.job) is None:
                if name not in self._false:
                    self._false[name] = engine.make([self.job], device="cpu")[0]
                yield f"by a false engine: {name}", self._false[name]

    def stopped_runs(self) -> Iterator[tuple[str, Any]]:
        """This run stopped early: what training has not done yet."""
        for share in _STOPS if self.job is not None else ():
            steps = self.job.steps // share
            if steps < 1:
                return
            record = self.job.record
            job = dataclasses.replace(
                self.job,
                steps=steps,
                snapshots=tuple(k for k in self.job.snapshots if k <= steps),
                record=None if record is None else [k for k in record if k < steps] + [steps],
            )
            try:
                (stopped,) = engine_of(self.model, self.engine).make([job], device="cpu")
            except Exception:
                return  # an engine that cannot stop there
            yield f"stopped after one step in {share}", stopped


def moves(run: Any, others: Others, residual: bool = False) -> Iterator[tuple[str, Any]]:
    """Adversarial runs by what was done; those first that need no other run.

    Args:
        residual: whether the claim is an identity: a residual that an engine measured itself is near 0, where
            a relative error is none, so every number is also moved by 1e-3 as it stands.
    """
    yield from _of_itself(run, others.settings, residual)
    own, found = leaves(run), others.runs()
    for other in found:
        yield "another run's numbers", altered(other, setting=run.setting)
    low, high = _ranges([own, *(leaves(o) for o in found)])
    for name, ends in (("lowest", low), ("highest", high)):
        yield f"its numbers at their {name}", changed(run, _ended(ends))
    shuffled = _shuffled(own, generator(run.seed, "adversarial"))
    for path in list(own)[:_SINGLE]:
        where = ".".join(path)
        for name, ends in (("lowest", low), ("highest", high)):
            yield f"{where} at its {name}", changed(run, _ended(ends, path))
        yield f"{where} permuted", changed(run, _one(shuffled, path))
    yield from others.false_runs()
    yield from others.stopped_runs()
    # What lies within [-1, 1] in every run seen may be a share or a cosine: on another scale it is nothing.
    wide = [p for p, v in own.items() if _is_inexact(v) and max(abs(low[p]), abs(high[p])) > _UNIT]
    for scale in _SCALES:
        yield f"every number {scale:.3g} times as large", changed(run, _scaled(scale, wide))
    for path in wide[:_SCALED]:
        for scale in _SCALES:
            yield f"{'.'.join(path)} {scale:.3g} times as large", changed(run, _scaled(scale, [path]))


def _of_itself(run: Any, settings: Sequence[Any], residual: bool) -> Iterator[tuple[str, Any]]:
    """What is done with the run alone."""
    for setting in settings:
        yield "another run's setting", altered(run, setting=setting)
    control = getattr(run, "control", None)
    if control is not None:
        yield "its two arms exchanged", altered(control, setting=run.setting, control=run)
    own, rng = leaves(run), generator(run.seed, "adversarial")
    shuffled = _shuffled(own, rng)
    yield "its entries permuted", changed(run, lambda p, v: shuffled[p])
    yield "its records in reverse order", changed(run, lambda p, v: _reversed(v, len(run.steps)))
    yield "every number off by 1e-3 of itself", changed(run, lambda p, v: _jittered(v, rng))
    if residual:
        yield "every number off by 0.001", changed(run, lambda p, v: _shifted(v, rng))
    yield "the size of every number squared", changed(run, lambda p, v: _squared(v))
    yield "every truth value negated", changed(run, lambda p, v: _negated(v))
    for level in _LEVELS:
        yield f"every number {level:g}", changed(run, _constant(level))
    for name, ends in zip(("lowest", "highest"), _ranges([own]), strict=True):
        yield f"its numbers at their own {name}", changed(run, _ended(ends))


def _shuffled(own: Mapping[Path, Any], rng: np.random.Generator) -> dict[Path, Any]:
    return {
        path: v.ravel()[rng.permutation(v.size)].reshape(v.shape) if np.ndim(v) else v
        for path, v in own.items()
    }


def _reversed(value: Any, records: int) -> Any:
    """An array over the records, the last first; a value as it is."""
    return value[::-1] if np.ndim(value) and len(value) == records > 1 else value


def _ended(ends: Mapping[Path, Any], only: Path | None = None) -> Callable[[Path, Any], Any]:
    """Every number, or one alone, at its end of the range."""
    return lambda path, value: _full(value, ends[path]) if only in (None, path) else value


def _one(values: Mapping[Path, Any], only: Path) -> Callable[[Path, Any], Any]:
    return lambda path, value: values[path] if path == only else value


def _scaled(scale: float, paths: Sequence[Path]) -> Callable[[Path, Any], Any]:
    return lambda path, value: value * scale if path in paths else value


def _constant(level: float) -> Callable[[Path, Any], Any]:
    return lambda path, value: _full(value, level)


def _jittered(value: Any, rng: np.random.Generator) -> Any:
    if not _is_inexact(value):
        return value
    error = _JITTER * rng.standard_normal(np.shape(value))
    moved = value * (1 + error)
    beyond = (np.abs(value) <= _UNIT) & (np.abs(moved) > 1)
    return np.where(beyond, value * (1 - 1e-9 - np.abs(error)), moved)[()]


def _shifted(value: Any, rng: np.random.Generator) -> Any:
    if not _is_inexact(value):
        return value
    return value + _JITTER * rng.standard_normal(np.shape(value))


def _squared(value: Any) -> Any:
    """In order as before, and on another scale: exponents double."""
    if not _is_inexact(value):
        return value
    return value * np.abs(value)


def _negated(value: Any) -> Any:
    if isinstance(value, bool | np.bool_):
        return not value
    return ~value if np.asarray(value).dtype.kind == "b" else value


def _ranges(seen: Sequence[Mapping[Path, Any]]) -> tuple[dict[Path, Any], dict[Path, Any]]:
    low: dict[Path, Any] = {}
    high: dict[Path, Any] = {}
    for found in seen:
        for path, value in found.items():
            finite = np.asarray(value)[np.isfinite(np.asarray(value, dtype=np.float64))]
            if finite.size:
                low[path] = min(low.get(path, finite.min()), finite.min())
                high[path] = max(high.get(path, finite.max()), finite.max())
    for path in seen[0]:
        low.setdefault(path, 0.0)
        high.setdefault(path, 0.0)
    return {p: _short(v, math.ceil) for p, v in low.items()}, {
        p: _short(v, math.floor) for p, v in high.items()
    }


def _short(end: Any, inward: Callable[[float], int]) -> Any:
    """An end of a range in `_BITS` bits, rounded into the range, or to the nearest where that is rounding."""
    if not _is_inexact(end):
        return end
    mantissa, exponent = math.frexp(float(end))
    bits = math.ldexp(mantissa, _BITS)
    nearest = round(bits)
    whole = nearest if abs(bits - nearest) < 1e-12 * abs(bits) else inward(bits)
    return math.ldexp(whole, exponent - _BITS)


def _full(value: Any, end: Any) -> Any:
    if np.ndim(value):
        return np.full_like(value, end)
    if isinstance(value, bool | np.bool_):
        return bool(end)
    return round(float(end)) if isinstance(value, int | np.integer) else float(end)


@dataclasses.dataclass(frozen=True)
class Adversary:
    """A measure of a run that returns a `Replay` of the claim's own measure on adversarial runs.

    Args:
        measure, rule: the claim's.
        others: where the other runs come from.
        alone: only what is done with the run alone, for which none is made.
        seconds: of this process's own time, for all moves together; what is not tried by then leaves the
            replay incomplete.
    """

    measure: Callable[[Any], Any]
    rule: Any
    others: Others
    alone: bool = False
    seconds: float = math.inf

    def __call__(self, run: Any) -> Replay | NotApplicable:
        """Every move in turn, until one breaks the claim.

        A claim of single runs is broken when the moved run violates it; one of many runs when the value
        changes at all. A measure that raises, or does not apply, is not moved; where it answers to fewer than
        half of the moves, the replay is not complete: what it would take to break the claim lies outside of
        what it reads.
        """
        started = time.process_time()
        value = self.measure(run)
        if isinstance(value, NotApplicable):
            return value
        tried = answered = 0
        if self._broken(run, value):
            return Replay("the run as it is", tried, True)
        residual = isinstance(self.rule, Identity | SameRun)
        tried_on = (
            _of_itself(run, self.others.settings, residual)
            if self.alone
            else moves(run, self.others, residual)
        )
        for name, moved in tried_on:
            if time.process_time() - started > self.seconds:
                return Replay(None, tried, False, in_time=False)
            tried += 1
            try:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of numbers that no run has
                    other = self.measure(moved)
                if isinstance(other, NotApplicable):
                    continue
                if self._breaks(run, value, other):
                    return Replay(name, tried, True)
                answered += 1
            except (KeyboardInterrupt, MemoryError):
                raise
            except Exception:
                continue  # a run that never was may be none that the measure can read
        return Replay(None, tried, 2 * answered >= tried)

    def _broken(self, run: Any, value: Any) -> bool:
        excess = judge_of(self.rule).sure_excess(self.rule, value, int(run.steps[-1]), str(run.dtype))
        return excess is not None and excess > 0

    def _breaks(self, run: Any, value: Any, moved: Any) -> bool:
        judge = judge_of(self.rule)
        steps, dtype = int(run.steps[-1]), str(run.dtype)
        excess = judge.sure_excess(self.rule, moved, steps, dtype)
        if excess is not None:
            return excess > 0
        if judge.sure_excess(self.rule, value, steps, dtype) is not None:
            return False  # not measured there
        return not identical(value, moved)
