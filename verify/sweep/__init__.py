"""Sweeps: many runs over a grid or a random sample, planned, costed, resumed and tabulated; `docs/sweeps.md`.

Imported lazily: the command line answers before any of it is loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

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

__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_EXPORTS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
