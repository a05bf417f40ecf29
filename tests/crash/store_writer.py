"""Writers of a run store that are killed: a program, `store_writer.py points|random|together FOLDER N`."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas  # noqa: F401 - pyarrow loads it on first use: here once, not in every child

from verify.store import RunStore

__all__ = ["POINTS", "PROFILE", "Killer", "batch", "everything"]

#: Points that one write passes, and writes of `session`: the manifest, three batches, one deletion.
POINTS = ("made", "half written", "written", "flushed", "renamed", "folder flushed")
WRITES = 5
#: How hard to try, as property tests do.
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")


class Killer:
    """Kills its own process when the given number of points has been passed."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, point: str) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


def batch(number: int) -> dict[str, dict[str, Any]]:
    """What batch `number` stores; a function of the number, as a run's results are of its key."""
    draw = random.Random(number)
    return {f"{number} {k}": {"t_half": draw.random(), "fits": draw.random() < 0.5, "n": k} for k in range(8)}


def everything(numbers: range) -> dict[str, dict[str, Any]]:
    """The union of batches."""
    return {key: values for number in numbers for key, values in batch(number).items()}


def session(folder: Path, reached: Callable[[str], None], say: Callable[[str], None]) -> None:
    """Three batches and a deletion; says what has been promised."""
    store = RunStore.open(folder, reached=reached)
    for number in range(3):
        store.put(batch(number).items())
        say(f"stored {number}\n")
    store.delete(["0 0"])
    say("deleted\n")


def forked(work: Callable[[], None]) -> int:
    """The id of a child that does the work; forked before any thread is started here."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return child


def uninterrupted(folder: Path) -> float:
    """Seconds that a session takes."""
    began = time.perf_counter()
    child = forked(lambda: session(folder, lambda point: None, lambda line: None))
    assert os.waitpid(child, 0)[1] == 0
    return time.perf_counter() - began


def main() -> None:
    """Make the killed writers' folders; what each promised stands in FOLDER/NUMBER.said."""
    mode, folder, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    if mode == "together":  # one of several programs that write batches 0..count in their own order
        store = RunStore.open(folder)
        numbers = list(range(count))
        random.Random(os.getpid()).shuffle(numbers)
        for number in numbers:
            store.put(batch(number).items())
            if number % 5 == 0:
                store = RunStore.open(folder)  # sweeps, while others write
        assert store.quarantined == []
        return
    draw = random.Random(count)
    took = min(uninterrupted(folder / f"whole {k}") for k in range(3)) if mode == "random" else 0.0
    for number in range(count):
        said = open(folder / f"{number}.said", "w", buffering=1)  # noqa: SIM115 - the child writes to it
        at = number if mode == "points" else 10**9
        target = folder / str(number)
        child = forked(lambda at=at, target=target, said=said: session(target, Killer(at), said.write))  # type: ignore[misc]
        if mode == "random":
            time.sleep(draw.uniform(0.0, took))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status) or (mode == "random" and status == 0), (number, status)


if __name__ == "__main__":
    main()
