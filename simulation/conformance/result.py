"""What a conformance run finds: one result a check, and their report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["CheckResult", "ConformanceError", "ConformanceReport"]


class ConformanceError(AssertionError):
    """An engine failed a check; the message names the checks and their smallest failing cases."""


@dataclass(frozen=True)
class CheckResult:
    """One check of one engine.

    Args:
        name: of the check.
        status: "passed", "failed" or "not run".
        worst, allowed: error and allowed error of the case with the largest ratio of the two; both 0 when
            nothing was measured.
        rule: how the allowed error is derived; for a check that was not run, why.
        cases: problems it was tried on.
        failure: the smallest failing case and what was seen there; None when there is none.
        seed: draws the cases again.
    """

    name: str
    status: Literal["passed", "failed", "not run"]
    worst: float
    allowed: float
    rule: str
    cases: int
    failure: str | None
    seed: int

    @property
    def passed(self) -> bool:
        """Whether it was run and nothing was wrong."""
        return self.status == "passed"


@dataclass(frozen=True)
class ConformanceReport:
    """All results of one engine, in the order of the checks."""

    engine: str
    results: tuple[CheckResult, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed, and at least one was run."""
        ran = [r for r in self.results if r.status != "not run"]
        return bool(ran) and all(r.passed for r in ran)

    @property
    def failed(self) -> tuple[str, ...]:
        """Names of the failed checks."""
        return tuple(r.name for r in self.results if r.status == "failed")

    @property
    def not_run(self) -> tuple[str, ...]:
        """Names of the checks that were not run."""
        return tuple(r.name for r in self.results if r.status == "not run")

    def as_dict(self) -> dict[str, Any]:
        """JSON types, for `conformance.json`: counts, and by name what failed or was not run."""
        return {
            "engine": self.engine,
            "checks": len(self.results) - len(self.not_run),
            "passed": sum(r.passed for r in self.results),
            "cases": sum(r.cases for r in self.results),
            "failed": list(self.failed),
            "not_run": list(self.not_run),
        }

    def __getitem__(self, name: str) -> CheckResult:
        """The result of a check by name.

        Raises:
            KeyError: for a name that no check has.
        """
        for result in self.results:
            if result.name == name:
                return result
        raise KeyError(name)

    def __str__(self) -> str:
        width = max((len(r.name) for r in self.results), default=0)
        rows = [
            f"engine {self.engine}",
            f"{'check':<{width}}  {'status':<7}  {'error':>8}  {'allowed':>8}  cases",
        ]
        for r in self.results:
            numbers = f"{r.worst:8.1e}  {r.allowed:8.1e}  {r.cases:5d}"
            note = {"failed": f"  {r.failure}", "not run": f"  {r.rule}"}.get(r.status, "")
            rows.append(f"{r.name:<{width}}  {r.status:<7}  {numbers}{note}")
        ran = [r for r in self.results if r.status != "not run"]
        good = sum(r.passed for r in ran)
        end = f"{good} of {len(ran)} checks passed"
        if self.not_run:
            end += f"; not run: {', '.join(self.not_run)}"
        return "\n".join([*rows, end])

    def raise_on_failure(self) -> None:
        """Raise ConformanceError unless `passed`."""
        if self.passed:
            return
        told = "; ".join(f"{r.name}: {r.failure}" for r in self.results if r.status == "failed")
        raise ConformanceError(f"engine {self.engine} does not conform: {told or 'no check was run'}")
