"""One function of many values, in this process or in worker processes: exhibits, figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from verify.runs.work import Payload

__all__ = ["spread"]

T = TypeVar("T")
U = TypeVar("U")


def spread(function: Callable[[T], U], items: Sequence[T], jobs: int) -> list[U | BaseException]:
    """`function(item)` of every item in order, or the exception that it raised in its place.

    With several jobs in the worker processes of the runs; what a dying worker takes along is a
    `BrokenExecutor` in its place.
    """
    if jobs == 1 or len(items) < 2:
        return [_called(function, item) for item in items]
    from verify.runs.loky import pool
    from verify.runs.work import pickled

    workers = pool(jobs)
    payloads = [pickled((function, item)) for item in items]
    futures = []
    try:
        for payload in payloads:
            futures.append(workers.submit(_called_there, payload))  # noqa: PERF401
        return [_result(future) for future in futures]
    except BrokenExecutor as error:  # while handing out: what was not handed out is lost with the rest
        return [_result(f) for f in futures] + [error] * (len(items) - len(futures))
    except BaseException:
        pool(jobs).shutdown(wait=True, kill_workers=True)
        raise


def _called(function: Callable[[T], U], item: T) -> U | BaseException:
    try:
        return function(item)
    except (Exception, SystemExit) as error:  # a paper's own function may raise anything
        return error


def _called_there(payload: Payload) -> Any:
    from verify.runs.work import one_thread, unpickled

    with one_thread():
        return _called(*unpickled(payload))


def _result(future: Any) -> Any:
    error = future.exception()
    return future.result() if error is None else error
