"""Judging claims: plan, run, measure, decide, report. Imported lazily, so that `--help` answers at once."""

from __future__ import annotations

from theory.lazy import lazy_exports

_EXPORTS = {
    "CheckResult": "simulation.conformance.result",
    "ConformanceError": "simulation.conformance.result",
    "ConformanceReport": "simulation.conformance.result",
    "Counterexample": "verify.outcome",
    "Decision": "verify.outcome",
    "Judgement": "verify.verification",
    "MeasuredRun": "simulation",
    "Observation": "verify.outcome",
    "Sources": "verify.load",
    "Verification": "verify.verification",
    "load_claims_file": "verify.load",
    "load_sources": "verify.load",
    "replay": "verify.replayed",
    "run_engine_conformance": "simulation",
    "run_law_conformance": "simulation",
    "settings_in": "verify.search.strategies",
    "verify_claims": "verify.pipeline",
    "write_report": "verify.report",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
