"""Batches in worker processes of this machine (loky, the executor of joblib)."""

from __future__ import annotations

import re
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import contextmanager
from typing import Any

from verify.runs.backends import Lost
from verify.runs.worker import Done, run_pickled
from verify.sweep.runs import SweepBatch

__all__ = ["LokyBackend", "start_seconds"]

_THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def _deaf_to_interrupts() -> None:
    # Ctrl-C reaches the whole process group: the parent answers it and ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class LokyBackend:
    """`workers` processes. A death costs the batches under way one more attempt, each in a process of its
    own; the batch that kills that one too is lost."""

    name = "loky"

    def __init__(self, workers: int, notify: Callable[[str], None]) -> None:
        self.workers = workers
        self._notify = notify

    def run(self, batches: Sequence[SweepBatch], device: str) -> Iterator[Done | Lost]:
        """In the order given, each by the next free worker."""
        waiting = deque(batches)
        while waiting:
            suspects: list[SweepBatch] = []
            yield from self._pooled(waiting, device, suspects)
            yield from self._one_by_one(deque(suspects), device)

    def _pooled(
        self, waiting: deque[SweepBatch], device: str, suspects: list[SweepBatch]
    ) -> Iterator[Done | Lost]:
        """Until all are made or a worker dies: then the batches under way are `suspects`."""
        with _executor(self.workers) as executor:
            running: dict[Future[Done], SweepBatch] = {}
            while waiting or running:
                # One more than there are workers, so that none waits for this process.
                while waiting and len(running) <= self.workers:
                    batch = waiting.popleft()
                    try:
                        running[_submit(executor, batch, device)] = batch
                    except BrokenExecutor:
                        suspects += [*running.values(), batch]
                        return
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                died = [f for f in finished if isinstance(f.exception(), BrokenExecutor)]
                for future in finished - set(died):
                    yield _outcome(future, running.pop(future))
                if died:
                    suspects += running.values()
                    self._notify(
                        f"a worker process died ({_codes(died[0].exception())}); the {len(suspects)} batches"
                        " under way are made again"
                    )
                    return

    def _one_by_one(self, suspects: deque[SweepBatch], device: str) -> Iterator[Done | Lost]:
        """One at a time, so that it is known which one kills its process; then the next has a new one."""
        while suspects:
            with _executor(1) as executor:
                while suspects:
                    batch = suspects.popleft()
                    future = _submit(executor, batch, device)
                    error = future.exception()
                    if isinstance(error, BrokenExecutor):
                        yield Lost(batch.index, f"its worker process died ({_codes(error)})")
                        break
                    yield _outcome(future, batch)


@contextmanager
def _executor(workers: int) -> Iterator[Any]:
    from joblib.externals.loky import ProcessPoolExecutor

    executor = ProcessPoolExecutor(max_workers=workers, initializer=_deaf_to_interrupts, env=_THREADS)
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def start_seconds(engine: str) -> float:
    """Seconds until a new worker is ready for its first batch, measured by starting one."""
    from verify.runs.worker import warm_up

    began = time.perf_counter()
    with _executor(1) as executor:
        executor.submit(warm_up, engine).result()
        return time.perf_counter() - began


def _submit(executor: Any, batch: SweepBatch, device: str) -> Future[Done]:
    import cloudpickle

    future: Future[Done] = executor.submit(run_pickled, cloudpickle.dumps(batch), device)
    return future


def _outcome(future: Future[Done], batch: SweepBatch) -> Done | Lost:
    error = future.exception()
    if error is None:
        return future.result()
    return Lost(batch.index, f"{type(error).__name__}: {' '.join(str(error).split())}")


def _codes(error: BaseException | None) -> str:
    """`SIGKILL(-9)` and the like, out of loky's message."""
    found = re.search(r"exit codes of the workers are \{(.*?)\}", str(error))
    return f"exit {found[1]}" if found else "no exit code known"
