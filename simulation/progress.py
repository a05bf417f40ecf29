"""Progress bars: shown on a terminal for long work, silent otherwise."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

__all__ = ["track"]

T = TypeVar("T")


def track(items: Sequence[T] | Iterable[T], description: str, enabled: bool) -> Iterator[T]:
    """Iterate, with a rich progress bar on standard error when enabled and it is a terminal."""
    if not enabled or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track as rich_track

    yield from rich_track(items, description=description, console=Console(stderr=True), transient=True)
