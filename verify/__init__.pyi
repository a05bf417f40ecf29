"""Judging claims: plan, run, measure, decide, report. Imported lazily, so that `--help` answers at once."""

from simulation import MeasuredRun as MeasuredRun
from simulation import run_engine_conformance as run_engine_conformance
from simulation import run_law_conformance as run_law_conformance
from simulation.conformance.result import CheckResult as CheckResult
from simulation.conformance.result import ConformanceError as ConformanceError
from simulation.conformance.result import ConformanceReport as ConformanceReport
from verify.load import Sources as Sources
from verify.load import load_claims_file as load_claims_file
from verify.load import load_sources as load_sources
from verify.outcome import Counterexample as Counterexample
from verify.outcome import Decision as Decision
from verify.outcome import Observation as Observation
from verify.pipeline import verify_claims as verify_claims
from verify.replayed import replay as replay
from verify.report import write_report as write_report
from verify.search.strategies import settings_in as settings_in
from verify.verification import Judgement as Judgement
from verify.verification import Verification as Verification

__all__ = [
    "CheckResult",
    "ConformanceError",
    "ConformanceReport",
    "Counterexample",
    "Decision",
    "Judgement",
    "MeasuredRun",
    "Observation",
    "Sources",
    "Verification",
    "load_claims_file",
    "load_sources",
    "replay",
    "run_engine_conformance",
    "run_law_conformance",
    "settings_in",
    "verify_claims",
    "write_report",
]
