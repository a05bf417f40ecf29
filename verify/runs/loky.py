"""Batches in worker processes of this machine (loky, the executor of joblib)."""

from __future__ import annotations

import atexit
import math
import re
import signal
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import contextmanager
from typing import Any

from theory.model import Model
from verify.runs.batch import Batch, Done, Lost
from verify.runs.work import pickled, run_pickled

__all__ = ["LokyBackend", "pool", "start_seconds"]

_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
#: Started processes by their number, for the next call: a start costs more than many a batch.
_POOLS: dict[int, Any] = {}
#: Bytes by which a worker may grow after its first call before it is renewed. The libraries that later runs
#: load are near loky's own limit of 3e8: a worker renewed for them loads and compiles them all again.
_GROWTH = int(1e9)
#: Seconds after which a pool that says nothing is looked at.
_LOOK = 5.0
#: Seconds of work before a sparing backend starts its other workers: a start takes about as long.
_ALONE = 1.0
#: And seconds that it waits for the first batch, its worker's start included.
_FIRST = 3.0


def _begin() -> None:
    """In a new worker, before its first call."""
    from joblib.externals.loky import process_executor

    # Ctrl-C reaches the whole process group: the parent answers it and ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process_executor._MAX_MEMORY_LEAK_SIZE = _GROWTH


def _tell(line: str) -> None:
    print(f"verify: {line}", file=sys.stderr)


class LokyBackend:
    """`workers` processes, kept for a while for the next call. When one dies, the batches under way are lost,
    and the others go on with new processes.

    Args:
        sparing: begin with one of them, and start the others only when that has worked for a second: what a
            user's function costs is not known before, and to start a process takes longer than many a check.
    """

    name = "loky"

    def __init__(self, workers: int, notify: Callable[[str], None] = _tell, *, sparing: bool = False) -> None:
        self.workers = workers
        self._notify = notify
        self._sparing = sparing

    def run(self, batches: Iterable[Batch], device: str, seconds: float = math.inf) -> Iterator[Done | Lost]:
        """In the order given, each by the next free worker."""
        coming = iter(batches)
        while not (yield from self._pooled(coming, device, seconds)):
            pass

    def alone(self, batch: Batch, device: str, seconds: float = math.inf) -> Done | Lost:
        """In a process of its own: if it dies, this batch has killed it."""
        began = time.perf_counter()
        with _executor(1) as executor:
            future = _submit(executor, batch, device, seconds)
            error = future.exception()
        if isinstance(error, BrokenExecutor):
            # The watchdog of `verify.runs.work` ends a process with status 1, not before its time.
            late = time.perf_counter() - began >= seconds and "EXIT(1)" in _codes(error)
            return Lost(batch.index, f"its worker process died ({_codes(error)})", timed_out=late)
        return _outcome(future, batch)

    def afresh(
        self, batches: Iterable[Batch], device: str, seconds: float = math.inf
    ) -> Iterator[Done | Lost]:
        """In new processes: nothing that other workers have seen is known there. If one dies, the rest is
        not made. One process alone for a user's own code, so that what it sees is the same with any number of
        workers."""
        listed = list(batches)
        most = 1 if any(b.twice for b in listed) else self.workers
        with _executor(max(1, min(most, len(listed)))) as executor:
            submitted = [(_submit(executor, batch, device, seconds), batch) for batch in listed]
            for future, batch in submitted:
                error = future.exception()
                if isinstance(error, BrokenExecutor):
                    yield Lost(batch.index, f"its worker process died ({_codes(error)})")
                    return
                yield _outcome(future, batch)

    def _pooled(
        self, coming: Iterator[Batch], device: str, seconds: float
    ) -> Generator[Done | Lost, None, bool]:
        """Until all are made (returns True) or a worker dies: then the batches under way are lost."""
        few, spent = self._sparing and self.workers > 1, 0.0
        pools = [pool(1 if few else self.workers)]
        running: dict[Future[Done], Batch] = {}
        done = False
        try:
            while True:
                # One more than there are workers, so that none waits for this process.
                while not done and len(running) < (1 if few else self.workers + 1):
                    batch = next(coming, None)
                    if batch is None:
                        done = True
                        break
                    try:
                        running[_submit(pools[-1], batch, device, seconds)] = batch
                    except BrokenExecutor as error:
                        yield from self._lost(error, running, batch)
                        return False
                if not running:
                    return True
                finished, _ = wait(running, timeout=_FIRST if few else _LOOK, return_when=FIRST_COMPLETED)
                if not finished and any(_abandoned(each) for each in pools):
                    yield from self._lost(None, running)
                    return False
                died = [f for f in finished if isinstance(f.exception(), BrokenExecutor)]
                for future in finished - set(died):
                    outcome = _outcome(future, running.pop(future))
                    spent += outcome.seconds if isinstance(outcome, Done) else 0.0
                    yield outcome
                if few and (spent > _ALONE or not finished):
                    few = False  # what the one has begun, it ends
                    pools.append(pool(self.workers))
                if died:
                    yield from self._lost(died[0].exception(), running)
                    return False
        finally:
            if running:  # closed before the end: what is under way must not go on
                _handed_over(running)
                for each in pools:
                    each.shutdown(wait=True, kill_workers=True)

    def _lost(
        self, error: BaseException | None, running: dict[Future[Done], Batch], *more: Batch
    ) -> Iterator[Lost]:
        batches = [*running.values(), *more]
        running.clear()
        self._notify(
            f"a worker process died ({_codes(error)}); the {len(batches)} batches under way are made again"
        )
        for batch in batches:
            yield Lost(batch.index, f"its worker process died ({_codes(error)})")


def pool(workers: int) -> Any:
    """The pool of so many processes that this interpreter keeps; a broken or ended one is replaced."""
    from joblib.externals.loky import ProcessPoolExecutor

    known = _POOLS.get(workers)
    if known is None or known._flags.broken is not None or known._flags.shutdown or _abandoned(known):
        # A worker whose memory has grown is renewed; said as an error, that would end the thread that serves.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
        known = ProcessPoolExecutor(max_workers=workers, initializer=_begin, env=_THREADS)
        if not _POOLS:
            # Let go while the interpreter is whole: what ends a pool logs, and no log outlives it.
            atexit.register(_POOLS.clear)
        _POOLS[workers] = known
    return known


def _handed_over(running: Iterable[Future[Done]]) -> None:
    """Waits until the pool's thread has handed out what was submitted last: killed before, it would fail."""
    until = time.perf_counter() + _LOOK
    while time.perf_counter() < until and not all(f.running() or f.done() for f in running):
        time.sleep(0.001)


def _abandoned(executor: Any) -> bool:
    """Whether the thread that hands out the pool's work has ended: what is asked of it then is never done."""
    manager = executor._executor_manager_thread
    return manager is not None and not manager.is_alive()


@contextmanager
def _executor(workers: int) -> Iterator[Any]:
    from joblib.externals.loky import ProcessPoolExecutor

    executor = ProcessPoolExecutor(max_workers=workers, initializer=_begin, env=_THREADS)
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def start_seconds(model: Model, engine: str) -> float:
    """Seconds until a new worker is ready for its first batch, measured by starting one."""
    from verify.runs.work import warm_up

    began = time.perf_counter()
    with _executor(1) as executor:
        executor.submit(warm_up, model, engine).result()
        return time.perf_counter() - began


def _submit(executor: Any, batch: Batch, device: str, seconds: float) -> Future[Done]:
    future: Future[Done] = executor.submit(run_pickled, pickled(batch), device, seconds)
    return future


def _outcome(future: Future[Done], batch: Batch) -> Done | Lost:
    error = future.exception()
    if error is None:
        return future.result()
    return Lost(batch.index, f"{type(error).__name__}: {' '.join(str(error).split())}")


def _codes(error: BaseException | None) -> str:
    """`SIGKILL(-9)` and the like, out of loky's message."""
    found = re.search(r"exit codes of the workers are \{(.*?)\}", str(error))
    return f"exit {found[1]}" if found else "no exit code known"
