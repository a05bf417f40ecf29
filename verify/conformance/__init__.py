"""Does an engine train the network as defined? Checks for our engines and for a user's."""

from simulation import LawEngine, run_engine_conformance, run_law_conformance
from simulation.conformance.result import CheckResult, ConformanceError, ConformanceReport

__all__ = [
    "CheckResult",
    "ConformanceError",
    "ConformanceReport",
    "LawEngine",
    "run_engine_conformance",
    "run_law_conformance",
]
