"""The finite-size bracket on many random runs, by regime of kappa_0: `python -m
benchmarks.bracket_survey`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from theory.run import NotApplicable

__all__ = ["Outcome", "bracket_survey", "survey_lines"]

#: Ends of the regimes of kappa_0 that the table is split at.
REGIMES = (0.0, 1.0, 30.0, 300.0, float("inf"))


@dataclass(frozen=True)
class Outcome:
    """One run: `holds` is None without a bracket, which `reason` then explains. `certified` is the share of
    the run's steps up to the bracket's horizon; widths of times are relative, inf where a time is not
    certified to happen within the run."""

    kappa_0: float
    holds: bool | None
    certified: float
    t_half_width: float
    t_all_width: float
    reason: str


def bracket_survey(runs: int, seed: int) -> Iterator[Outcome]:
    """The bracket on the first `runs` runs of the claim `two_stage.certified.bracket_anywhere`."""
    from theory.two_stage.certified.bracket import Bracket
    from theory.two_stage.certified.claims import ANYWHERE, bracket_holds, bracket_of
    from verify.runs.batch import batches
    from verify.runs.make import Made, make_runs
    from verify.runs.plan import plan_runs

    def measure(run: Any) -> Outcome:
        holds = bracket_holds(run)
        if isinstance(holds, NotApplicable):
            return Outcome(run.setting.kappa_0, None, 0.0, float("inf"), float("inf"), holds.reason)
        bracket = bracket_of(run)
        assert isinstance(bracket, Bracket)
        return Outcome(
            kappa_0=run.setting.kappa_0,
            holds=holds,
            certified=bracket.horizon / float(run.steps[-1]),
            t_half_width=bracket.relative_width(0.5),
            t_all_width=bracket.relative_width(1.0),
            reason=bracket.stopped,
        )

    experiment = replace(ANYWHERE, runs={"full": runs})
    specs = plan_runs(experiment, "full", seed)
    work = batches(experiment, specs, {"survey": measure}, {spec.index: ["survey"] for spec in specs})
    for measurement in make_runs(work, Made()):
        yield measurement.values["survey"]


def survey_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """The table, one line a regime: judged runs, violations, runs certified to their end, and, among runs
    with a certified t_half or t_all, the median relative width."""
    judged = [o for o in outcomes if o.holds is not None]
    violations = sum(not o.holds for o in judged)
    lines = [
        f"{len(outcomes)} runs: {violations} violations in {len(judged)} brackets, "
        f"{len(outcomes) - len(judged)} not applicable",
        "| kappa_0 | runs | brackets | violations | to the end | t_half: certified, width "
        "| t_all: certified, width |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for low, high in pairwise(REGIMES):
        mine = [o for o in outcomes if low <= o.kappa_0 < high]
        kept = [o for o in mine if o.holds is not None]
        cells: list[object] = [
            f"{low:g} to {high:g}",
            len(mine),
            len(kept),
            sum(not o.holds for o in kept),
            sum(o.certified >= 1.0 for o in kept),
        ]
        for widths in ([o.t_half_width for o in kept], [o.t_all_width for o in kept]):
            finite = [w for w in widths if np.isfinite(w)]
            median = f"{np.median(finite):.3f}" if finite else "-"
            cells.append(f"{len(finite)}, {median}")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    reasons: dict[str, int] = {}
    for o in outcomes:
        if o.holds is None:
            reasons[o.reason] = reasons.get(o.reason, 0) + 1
    lines += [f"not applicable: {count} x {reason}" for reason, count in sorted(reasons.items())]
    return lines


def main() -> None:
    """Print the table; exits with 1 at a violation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.runs < 1:
        parser.error(f"--runs must be at least 1, was {options.runs}")
    outcomes = list(bracket_survey(options.runs, options.seed))
    print("\n".join(survey_lines(outcomes)))
    raise SystemExit(1 if any(o.holds is False for o in outcomes) else 0)


if __name__ == "__main__":
    main()
