"""One test of many things: of every module, of every claim. It fails with the name of each that fails.

A test item a thing costs more than most such checks do, in every process of the suite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["every"]

T = TypeVar("T")


def every(
    things: Iterable[T], name: Callable[[T], str] = str
) -> Callable[[Callable[[T], None]], Callable[[], None]]:
    """A test of one thing becomes a test of all: each is tried, whatever becomes of the others.

    Raises:
        ExceptionGroup: of the failures, its message naming the things; each failure names its own in a note.
    """
    listed = list(things)

    def of_all(check: Callable[[T], None]) -> Callable[[], None]:
        def test() -> None:
            assert listed, "nothing to check"
            failures: dict[str, Exception] = {}
            for thing in listed:
                try:
                    check(thing)
                except Exception as failure:
                    failure.add_note(f"of {name(thing)}")
                    failures[name(thing)] = failure
            if failures:
                told = f"{len(failures)} of {len(listed)}: {', '.join(failures)}"
                raise ExceptionGroup(told, list(failures.values()))

        test.__name__, test.__qualname__, test.__doc__ = check.__name__, check.__qualname__, check.__doc__
        test.__module__ = check.__module__
        return test

    return of_all
