"""A measure that ends its worker: in a file of its own, since a worker imports what it stands in."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["PARENT", "VICTIM", "dies_in_a_worker"]

#: Holds the process id of the test, and no worker's: one that was kept knows of no variable.
PARENT = "SWEEP_TEST_PARENT"
#: The seed of one run of the sweep.
VICTIM = 5957579502920712


def dies_in_a_worker(run: Any) -> float:
    if str(os.getpid()) != os.environ.get(PARENT) and run.seed == VICTIM:
        os._exit(7)
    return 1.0
