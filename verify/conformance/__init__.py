"""Does an engine train the network as defined? Checks for our engines and for a user's."""

from verify.conformance.law_engine import LawEngine, run_law_conformance
from verify.conformance.result import CheckResult, ConformanceError, ConformanceReport
from verify.conformance.suite import run_engine_conformance

__all__ = [
    "CheckResult",
    "ConformanceError",
    "ConformanceReport",
    "LawEngine",
    "run_engine_conformance",
    "run_law_conformance",
]
