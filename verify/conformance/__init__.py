"""Does an engine train the network as defined? Checks for our engines and for a user's."""

from simulation.conformance.result import CheckResult, ConformanceError, ConformanceReport
from simulation.two_stage.conformance.law_engine import LawEngine, run_law_conformance
from simulation.two_stage.conformance.suite import run_engine_conformance

__all__ = [
    "CheckResult",
    "ConformanceError",
    "ConformanceReport",
    "LawEngine",
    "run_engine_conformance",
    "run_law_conformance",
]
