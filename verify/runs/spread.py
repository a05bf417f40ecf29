"""One function of many values, in this process or in worker processes: exhibits, figures, plans, proofs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from verify.runs.work import Payload

__all__ = ["hand_out", "spread"]

T = TypeVar("T")
U = TypeVar("U")


def spread(function: Callable[[T], U], items: Sequence[T], jobs: int) -> list[U | BaseException]:
    """`function(item)` of every item in order, or the exception that it raised in its place.

    With several jobs in the worker processes of the runs; what a dying worker takes along is a
    `BrokenExecutor` in its place.
    """
    return list(hand_out(function, items, jobs)())


def hand_out(
    function: Callable[[T], U], items: Sequence[T], jobs: int
) -> Callable[[], Iterator[U | BaseException]]:
    """Hands the items out to the workers and returns at once; what is returned gives what `spread` does, each
    when it is there.

    At one job an item is done when it is asked for.
    """
    if jobs == 1 or not items:
        return lambda: (_called(function, item) for item in items)
    from verify.runs.loky import pool
    from verify.runs.work import pickled

    workers = pool(jobs)
    futures: list[Any] = []
    lost: list[BaseException] = []
    for item in items:
        try:
            futures.append(workers.submit(_called_there, pickled((function, item))))
        except BrokenExecutor as error:  # what was not handed out is lost with the rest
            lost = [error] * (len(items) - len(futures))
            break

    def collected() -> Iterator[U | BaseException]:
        try:
            for future in futures:
                yield _result(future)
            yield from lost
        except BaseException:  # an interrupt, also where the values are used
            # Not all values need be asked for beyond the last one: what was handed out besides goes on.
            if not all(future.done() for future in futures):
                pool(jobs).shutdown(wait=True, kill_workers=True)
            raise

    return collected


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
    try:
        error = future.exception()
    except CancelledError as cancelled:  # its pool was ended
        return cancelled
    return future.result() if error is None else error
