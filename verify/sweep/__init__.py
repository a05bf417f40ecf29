"""Sweeps: many runs over a grid or a random sample, planned, costed, resumed and tabulated; `docs/sweeps.md`.

Imported lazily: the command line answers before any of it is loaded.
"""

from __future__ import annotations

from theory.lazy import lazy_exports

_EXPORTS = {
    "Backend": "verify.runs.backends",
    "CostPlan": "verify.sweep.cost",
    "DaskBackend": "verify.runs.dask",
    "LokyBackend": "verify.runs.loky",
    "SerialBackend": "verify.runs.backends",
    "SweepConfig": "verify.sweep.config",
    "finish_sweep": "verify.sweep.driver",
    "load_config": "verify.sweep.config",
    "make_sweep": "verify.sweep.driver",
    "plan_sweep": "verify.sweep.runs",
    "prepare_sweep": "verify.sweep.driver",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
