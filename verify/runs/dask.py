"""The same batches on an existing dask cluster. dask is an optional extra, imported when it is asked for."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from verify.runs.batch import Batch, Done, Lost
from verify.runs.work import pickled, run_pickled

__all__ = ["DaskBackend"]

_CONNECT_SECONDS = 10.0
#: How often finished tasks are looked for, and how long a cluster may be without workers.
_LOOK, _WORKERLESS_SECONDS = 0.02, 60.0
#: How long a result may take to come here, and how often a batch is tried whose result was lost.
_FETCH_SECONDS, _TRIES = 60.0, 3


class DaskBackend:
    """A connection to a scheduler; `close` ends it and leaves the cluster as it was.

    Raises:
        ValueError: one line, when dask is not installed, no scheduler answers, it has no workers, or a
            worker runs other code (results of other code would not be the same).
    """

    name = "dask"

    def __init__(self, address: str, timeout: float | None = None) -> None:
        self.address = address
        seconds = _CONNECT_SECONDS if timeout is None else timeout
        self._client = _connect(address, seconds)
        try:
            with suppress(TimeoutError):
                self._client.wait_for_workers(1, timeout=seconds)
            info = self._client.scheduler_info(n_workers=-1)["workers"]
            if not info:
                raise ValueError(f"--scheduler: {address} has no workers")
            self.workers = sum(worker["nthreads"] for worker in info.values())
            #: Bytes of one task of the worker with the least memory; None where no worker has a limit.
            limits = [w["memory_limit"] // w["nthreads"] for w in info.values() if w.get("memory_limit")]
            self.task_bytes = min(limits) if limits else None
            self._check_code()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the cluster."""
        self._client.close()

    def _check_code(self) -> None:
        mine = loaded_version()
        try:
            theirs = self._client.run(loaded_version)
        except Exception as error:
            raise ValueError(
                f"--scheduler: the workers of {self.address} cannot load this package: "
                f"{type(error).__name__}: {' '.join(str(error).split())}"
            ) from None
        other = [worker for worker, version in theirs.items() if version != mine]
        if other:
            raise ValueError(
                f"--scheduler: worker {other[0]} runs another version of this code or of Python, numpy,"
                " scipy, torch or numba"
            )

    def run(self, batches: Iterable[Batch], device: str, seconds: float = math.inf) -> Iterator[Done | Lost]:
        """A few batches a worker under way at any time, so that a lost connection loses few.

        Raises:
            ValueError: when the scheduler goes away, or has had no workers for `_WORKERLESS_SECONDS`.
        """
        coming = iter(batches)
        running: list[_Task] = []
        try:
            while True:
                more = islice(coming, 2 * self.workers - len(running))
                running += [_Task(batch, self._submit(batch, device, seconds)) for batch in more]
                if not running:
                    return
                task = self._next(running)
                running.remove(task)
                found = _outcome(task)
                task.future.release()
                if found is None:
                    # Its worker died before the result came here.
                    task = _Task(task.batch, self._submit(task.batch, device, seconds), task.losses + 1)
                    running.append(task)
                else:
                    yield found
        finally:
            # A connection that is gone, or closed before this is left, takes no message.
            if self._client.status == "running":
                for task in running:
                    task.future.cancel(force=True)

    def _submit(self, batch: Batch, device: str, seconds: float) -> Any:
        # Not pure: two sweeps on one cluster share no results behind our back.
        return self._client.submit(run_pickled, pickled(batch), device, seconds, pure=False)

    def _next(self, running: Sequence[_Task]) -> _Task:
        """The next task that is no longer pending; one that no worker is left for would be waited for
        without end."""
        workers_at = time.monotonic()
        while True:
            ready = next((task for task in running if task.future.status != "pending"), None)
            if self._client.status != "running":
                raise ValueError(f"--scheduler: the scheduler at {self.address} is gone")
            if ready is not None:
                return ready
            time.sleep(_LOOK)
            if self._client.scheduler_info(n_workers=-1)["workers"]:
                workers_at = time.monotonic()
            elif time.monotonic() - workers_at > _WORKERLESS_SECONDS:
                raise ValueError(f"--scheduler: no worker is left at {self.address}")

    def alone(self, batch: Batch, device: str, seconds: float = math.inf) -> Done | Lost:
        """On any worker of the cluster."""
        return next(iter(self.run([batch], device, seconds)))

    def afresh(
        self, batches: Iterable[Batch], device: str, seconds: float = math.inf
    ) -> Iterator[Done | Lost]:
        """On any workers of the cluster."""
        return self.run(batches, device, seconds)


def loaded_version() -> str:
    """The version of the code, with the libraries loaded: first batches then take no longer than others."""
    import scipy.special

    from verify.store import code_version

    del scipy
    return code_version()


@dataclass(frozen=True, eq=False)
class _Task:
    """A batch that is under way, and how often its result was lost before."""

    batch: Batch
    future: Any
    losses: int = 0


def _outcome(task: _Task) -> Done | Lost | None:
    """What became of the batch; None where its result was lost, and it is worth another try."""
    from distributed.client import FutureCancelledError

    # Read once: it may change while a worker dies.
    status = task.future.status
    if status == "error":
        error = task.future.exception()
    elif status == "finished":
        try:
            done: Done = task.future.result(timeout=_FETCH_SECONDS)
        except (TimeoutError, FutureCancelledError):
            error = None
        except Exception as failure:
            error = failure
        else:
            return done
    else:
        error = None
    if error is None and task.losses < _TRIES - 1:
        return None
    if error is None:
        return Lost(task.batch.index, "every worker that had it was lost")
    if type(error).__name__ == "KilledWorker":
        return Lost(task.batch.index, "every worker that tried it died")
    return Lost(task.batch.index, f"{type(error).__name__}: {' '.join(str(error).split())}")


def _connect(address: str, timeout: float) -> Any:
    try:
        import distributed
    except ImportError:
        raise ValueError(
            "--backend dask needs dask.distributed, which is not installed: "
            "pip install 'theorem-verifier[cluster]'"
        ) from None
    try:
        connect: Any = distributed.Client
        return connect(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError, TypeError, ImportError) as error:
        raise ValueError(
            f"--scheduler: no dask scheduler answers at {address!r}: {' '.join(str(error).split())}"
        ) from None
