"""Settings of every test: deterministic property tests, one thread a process.

Standing in `tests/`, this file also puts the folder on the import path (`from oracle.numpy_cnn import ...`).
"""

from __future__ import annotations

import os

from hypothesis import settings

# Arrays here are small: more threads only contend with the other test processes. Read when torch and
# numpy's BLAS are first loaded, in child processes too.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# The same examples on every machine, and no failure for slowness.
settings.register_profile("repository", derandomize=True, deadline=None, database=None)
settings.load_profile("repository")
