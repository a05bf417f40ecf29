"""Auditing a user's own labels by her own training: probes, records, estimate, verdict. numpy only."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_EXPORTS = {
    "Audit": "simulation.audit.answer",
    "Plan": "simulation.audit.planning",
    "Record": "simulation.audit.record",
    "Recorder": "simulation.audit.record",
    "Selection": "simulation.audit.answer",
    "audit": "simulation.audit.judging",
    "plan": "simulation.audit.planning",
    "staged": "simulation.audit.stages",
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
