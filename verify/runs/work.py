"""One batch in a process: make its runs, measure them, return values. A user's code may do anything here."""

from __future__ import annotations

import faulthandler
import inspect
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from simulation.models import engine_of
from theory.falsehood import altered
from theory.model import Model
from theory.run import NotApplicable, Run
from verify.runs.batch import Batch, Done, Failure, Measure, Measurement
from verify.runs.built_in import built_in
from verify.runs.plan import RunSpec
from verify.runs.same import identical, short

__all__ = [
    "Payload",
    "one_thread",
    "only",
    "peak_memory",
    "pickled",
    "run_batch",
    "run_pickled",
    "unpickled",
    "warm_up",
]

_THREADS = "OMP_NUM_THREADS"
#: Modules of a user's files are named so.
USER_PREFIXES = ("claims_file_", "engine_file_")
#: A process that has not been woken by its alarm this much later is ended.
_GRACE = 1.5


class _TimeUp(BaseException):
    """The alarm of one measure; no `except Exception` of a user's code keeps it."""


@lru_cache(maxsize=1)
def _pools(modules: int) -> Any:
    """The thread pools of the libraries that are loaded, looked for again when `modules` are more."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """One worker is one core: sums over several threads are split differently, and would differ in the last
    bits from one machine or backend to another."""
    torch = sys.modules.get("torch")  # loaded later, it heeds the variable
    threads, given = 0 if torch is None else torch.get_num_threads(), os.environ.get(_THREADS)
    if torch is not None:
        torch.set_num_threads(1)
    os.environ[_THREADS] = "1"  # where `simulation.threads` looks
    try:
        with _pools(len(sys.modules)).limit(limits=1):
            yield
    finally:
        if torch is not None:
            torch.set_num_threads(threads)
        if given is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = given


@contextmanager
def _watchdog() -> Iterator[Callable[[float], None]]:
    """Gives a function that ends this process after so many seconds unless it is called again: it wakes what
    no signal does, a library's code that never returns."""
    with open(os.devnull, "w", encoding="utf-8") as sink:

        def watch(seconds: float) -> None:
            faulthandler.cancel_dump_traceback_later()
            if math.isfinite(seconds):
                faulthandler.dump_traceback_later(seconds, exit=True, file=sink)

        try:
            yield watch
        finally:
            watch(math.inf)


def run_batch(batch: Batch, device: str, seconds: float = math.inf) -> Done:
    """Make and measure one batch on one thread.

    A run that cannot be made is named in `failed`, a measure that fails in its measurements; the others are
    kept. A measure that has failed is not asked again in the batch.

    Args:
        seconds: allowed to one call of a measure, or what the batch allows where that is more.
    """
    started = time.perf_counter()
    made: list[Measurement] = []
    failed: dict[int, str] = {}
    broken: set[str] = set()
    calls: dict[str, tuple[float, int]] = {}
    engine: list[float] = []
    if math.isfinite(seconds):
        seconds = max(seconds, batch.seconds)
    asked = {id(measure): measure for measures in batch.measures for _, measure in measures}
    guarded = math.isfinite(seconds) and not all(built_in(m, batch.model) for m in asked.values())
    with one_thread(), _watchdog() as watch:
        if guarded and not isinstance(batch.model.engines, str):
            watch(_GRACE * seconds * len(batch.jobs))  # a user's own engine: as much a run as for a measure
        for k, run in _runs(batch, device, failed, engine):
            spec, measures = batch.specs[k], batch.measures[k]
            if isinstance(run, NotApplicable):
                reasons = {name: run.reason for name, _ in measures}
                made.append(Measurement(spec, batch.jobs[k].steps, {}, reasons))
                continue
            if guarded:
                watch(_GRACE * seconds * max(1, len(measures)))
            made.append(_measured(run, spec, measures, batch.twice, broken, seconds, calls))
            if batch.go_on:
                broken.clear()
            if guarded:
                watch(math.inf)
    made.sort(key=lambda m: m.spec.index)
    took = time.perf_counter() - started
    return Done(batch.index, tuple(made), failed, took, peak_memory(), calls, sum(engine))


@dataclass(frozen=True)
class Payload:
    """A value on its way to a worker: with the user's files that it names, and where modules are found."""

    data: bytes
    files: tuple[tuple[str, str], ...]
    path: tuple[str, ...]


def pickled(value: Any) -> Payload:
    """The value by cloudpickle: what stands in a module travels by name, lambdas and local functions
    whole.
    """
    import cloudpickle

    data = cloudpickle.dumps(value)
    files = tuple(
        (prefix, str(sys.modules[name].__file__))
        for name in _own_modules(len(sys.modules), next(reversed(sys.modules)))
        for prefix in USER_PREFIXES
        if name.startswith(prefix) and name.encode() in data
    )
    return Payload(data, files, tuple(sys.path))


@lru_cache(maxsize=1)
def _own_modules(count: int, last: str) -> tuple[str, ...]:
    """Names of the modules of the user's files, looked for again when modules have come or gone: there are
    thousands, and batches by the ten thousand."""
    return tuple(name for name in list(sys.modules) if name.startswith(USER_PREFIXES))


def unpickled(payload: Payload) -> Any:
    """What was pickled, after the user's files that it names."""
    import cloudpickle

    from simulation.user_file import import_user_file, module_name

    sys.path.extend(entry for entry in payload.path if entry not in sys.path)
    for prefix, file in payload.files:
        if module_name(Path(file), prefix) not in sys.modules:
            import_user_file(Path(file), prefix, "worker")
    return cloudpickle.loads(payload.data)


def run_pickled(payload: Payload, device: str, seconds: float = math.inf) -> Done:
    """`run_batch` of a pickled batch."""
    return run_batch(unpickled(payload), device, seconds)


def _runs(
    batch: Batch, device: str, failed: dict[int, str], seconds: list[float]
) -> Iterator[tuple[int, Run | NotApplicable | Any]]:
    """Each run by its place in the batch, let go one by one; of a batch that fails, every run alone. What the
    engine took is added to `seconds`."""
    engine = batch.maker
    places = []
    for k, job in enumerate(batch.jobs):
        missing = engine.missing(job)
        if missing is None:
            places.append(k)
        else:
            yield k, NotApplicable(missing)
    yield from _made(batch, places, device, failed, seconds)


def _made(
    batch: Batch, places: Sequence[int], device: str, failed: dict[int, str], seconds: list[float]
) -> Iterator[tuple[int, Any]]:
    if not places:
        return
    engine = batch.maker
    if len(places) > engine.most:
        for start in range(0, len(places), engine.most):
            yield from _made(batch, places[start : start + engine.most], device, failed, seconds)
        return
    began = time.perf_counter()
    try:
        runs = list(engine.make([batch.jobs[k] for k in places], device=device))
        if batch.controls:
            controls = engine.make([batch.controls[k] for k in places], device=device)
            runs = [altered(run, control=other) for run, other in zip(runs, controls, strict=True)]
    except (Exception, SystemExit) as error:  # an engine may be a user's and raise anything
        if len(places) == 1:
            failed[batch.specs[places[0]].index] = _reason(error)
            return
        for k in places:
            yield from _made(batch, [k], device, failed, seconds)
        return
    seconds.append(time.perf_counter() - began)
    runs.reverse()
    for k in places:
        yield k, runs.pop()


def _measured(
    run: Run,
    spec: RunSpec,
    measures: Sequence[Measure],
    twice: frozenset[str],
    broken: set[str],
    seconds: float,
    calls: dict[str, tuple[float, int]],
) -> Measurement:
    values: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    failures: dict[str, Failure] = {}
    for name, measure in measures:
        if name in broken:
            continue
        began = time.perf_counter()
        value = _called(measure, run, seconds)
        if not isinstance(value, Failure):
            spent, number = calls.get(name, (0.0, 0))
            calls[name] = spent + time.perf_counter() - began, number + 1
        if name in twice and not isinstance(value, Failure):
            again = _called(measure, run, seconds)
            if not identical(value, again):
                value = Failure(
                    "not reproducible", f"not reproducible: gave {short(value)}, then {short(again)}"
                )
        if isinstance(value, Failure):
            failures[name] = value
            broken.add(name)
        elif isinstance(value, NotApplicable):
            reasons[name] = value.reason
        else:
            values[name] = value
    return Measurement(spec, int(run.steps[-1]), values, reasons, str(run.dtype), failures)


def _called(measure: Callable[[Run], Any], run: Run, seconds: float) -> Any:
    """The measure's value, or what it did instead."""
    try:
        if math.isinf(seconds):
            return measure(run)
        with _alarm(seconds):
            return measure(run)
    except KeyboardInterrupt:
        raise
    except _TimeUp:
        return Failure("timed out", f"gave no answer within {seconds:g} s", _line_of(measure))
    except SystemExit as error:
        return Failure("exited", f"asked the interpreter to exit ({error.code!r})", _line(error, measure))
    except BaseException as error:  # a user's function may raise anything
        return Failure("raised", _reason(error), _line(error, measure))


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raises `_TimeUp` in the measure after so many seconds, where the system has alarms."""
    main = threading.current_thread() is threading.main_thread()
    if not (math.isfinite(seconds) and main and hasattr(signal, "setitimer")):
        yield
        return

    def ring(signum: int, frame: Any) -> None:
        raise _TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def _reason(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception as wrong:
        text = f"(its message raised {type(wrong).__name__})"
    if isinstance(error, MemoryError):
        return f"not enough memory: {text}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _line(error: BaseException, measure: Any) -> str:
    """FILE:LINE where the error was raised, within the measure's own file where it passed through it."""
    own = getattr(getattr(inspect.unwrap(measure), "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    within = [frame for frame in frames if frame.filename == own] or list(frames)[1:]
    return f"{within[-1].filename}:{within[-1].lineno}" if within else ""


def _line_of(measure: Any) -> str:
    code = getattr(inspect.unwrap(measure), "__code__", None)
    return "" if code is None else f"{code.co_filename}:{code.co_firstlineno}"


def only(batch: Batch, name: str | None) -> Batch:
    """The batch with this measure alone; with none for None."""
    return replace(
        batch, measures=tuple(tuple(m for m in measures if m[0] == name) for measures in batch.measures)
    )


def warm_up(model: Model, engine: str) -> None:
    """Load and compile all that a process holds besides its batch: libraries, compiled code, the store's."""
    from verify.store.shard import encode

    with one_thread():
        engine_of(model, engine).warm_up()
    encode(0, {"": {"": 0.0}})


def peak_memory() -> int:
    """The most bytes this process has held in memory, as known a quarter of a second ago at worst: to ask
    takes longer than many a batch. 0 where the system does not say."""
    return _peak(int(4 * time.monotonic()))


@lru_cache(maxsize=1)
def _peak(quarter: int) -> int:
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024
