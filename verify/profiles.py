"""Profiles: how deep a verification goes, and the budget it keeps."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["PROFILES", "Profile", "worker_count"]


@dataclass(frozen=True)
class Profile:
    """`minutes` is the budget on two CPU cores, None for as long as it takes."""

    name: str
    minutes: float | None
    about: str


PROFILES = {
    "quick": Profile("quick", 2, "enough runs to certify violation rates below 5 %; deterministic"),
    "default": Profile("default", 10, "more runs: sharper intervals, all sweeps"),
    "full": Profile("full", None, "many more runs, GPU if there is one"),
}


def worker_count(jobs: int | None) -> int:
    """The number of worker processes: given, or one per core available to this process."""
    if jobs is not None:
        return jobs
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
