"""The same batches on an existing dask cluster. dask is an optional extra, imported when it is asked for."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from verify.runs.batch import Batch, Done, Lost
from verify.runs.work import pickled, run_pickled

__all__ = ["DaskBackend"]

_CONNECT_SECONDS = 10.0
#: How often finished tasks are looked for, and how long a cluster may be without workers.
_LOOK, _WORKERLESS_SECONDS = 0.02, 60.0


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
        from distributed import Future, as_completed

        coming = iter(batches)
        running: dict[str, Batch] = {}
        stream: Any = as_completed(loop=self._client.loop)  # type: ignore[no-untyped-call]

        def start_next() -> None:
            batch = next(coming, None)
            if batch is None:
                return
            # Not pure: two sweeps on one cluster share no results behind our back.
            future = self._client.submit(run_pickled, pickled(batch), device, seconds, pure=False)
            running[future.key] = batch
            stream.add(future)

        try:
            for _ in range(2 * self.workers):
                start_next()
            while running:
                future = self._next(stream)
                batch = running.pop(future.key)
                if future.status in ("cancelled", "lost"):
                    raise ValueError(f"--scheduler: the scheduler at {self.address} is gone")
                yield _outcome(future, batch)
                future.release()
                start_next()
        finally:
            for key in running:
                cancelled: Any = Future(key, self._client)
                cancelled.cancel(force=True)

    def _next(self, stream: Any) -> Any:
        """The next future that is done: a task that no worker is left for would be waited for without end."""
        workers_at = time.monotonic()
        while not stream.has_ready():
            time.sleep(_LOOK)
            if self._client.scheduler_info(n_workers=-1)["workers"]:
                workers_at = time.monotonic()
            elif time.monotonic() - workers_at > _WORKERLESS_SECONDS:
                raise ValueError(f"--scheduler: no worker is left at {self.address}")
        return next(stream)

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


def _outcome(future: Any, batch: Batch) -> Done | Lost:
    error = future.exception()
    if error is None:
        done: Done = future.result()
        return done
    if type(error).__name__ == "KilledWorker":
        return Lost(batch.index, "every worker that tried it died")
    return Lost(batch.index, f"{type(error).__name__}: {' '.join(str(error).split())}")


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
