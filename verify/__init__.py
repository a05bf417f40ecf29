"""Judging claims: plan, run, measure, decide, report. Imported lazily, so that `--help` answers at once."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_EXPORTS = {
    "CheckResult": "simulation.conformance.result",
    "ConformanceError": "simulation.conformance.result",
    "ConformanceReport": "simulation.conformance.result",
    "Counterexample": "verify.outcome",
    "Decision": "verify.outcome",
    "Judgement": "verify.outcome",
    "MeasuredRun": "simulation",
    "Observation": "verify.outcome",
    "Verification": "verify.outcome",
    "load_claims_file": "verify.load",
    "load_ledger": "verify.load",
    "run_engine_conformance": "simulation",
    "run_law_conformance": "simulation",
    "settings_in": "verify.search.strategies",
    "verify_claims": "verify.pipeline",
    "write_report": "verify.report",
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
