"""Auditing a user's own labels by her own training: probes, records, estimate, verdict. numpy only."""

from __future__ import annotations

from theory.lazy import lazy_exports

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

__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
