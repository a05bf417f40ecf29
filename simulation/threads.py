"""How many cores work may spread over in this process."""

from __future__ import annotations

import os

__all__ = ["available_threads"]


def available_threads() -> int:
    """`OMP_NUM_THREADS` where it is set (so worker processes get their share), else the usable cores."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return max(1, min(usable, int(wanted))) if wanted.isdigit() else usable
