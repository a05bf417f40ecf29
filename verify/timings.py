"""Where a verification's time went: seconds of its stages, experiments, claims and figures."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

__all__ = ["PARTS", "Timings", "timings_text"]

#: What is counted, with the words for it; all but the stages are told by descending time.
PARTS = {
    "stages": "stages, wall seconds",
    "engines": "engines, seconds of making runs by stage",
    "experiments": "experiments, seconds of work",
    "claims": "claims, seconds of measuring and deciding",
    "figures": "figures, seconds of drawing",
}


@dataclass
class Timings:
    """Filled while a verification runs.

    Args:
        stages: wall seconds by stage, in the order in which they ended.
        engines: seconds in engines by stage, summed over workers; what adversaries make is not counted.
        experiments: seconds of work by experiment, measuring included, summed over workers.
        claims: seconds that a claim takes beyond its runs, which it may share: its measure's calls, summed
            over workers, its proof, its rule and the search for its counterexample.
        figures: seconds of drawing by figure, with the paper's name before it where there are several.
    """

    stages: dict[str, float] = field(default_factory=dict)
    engines: dict[str, float] = field(default_factory=dict)
    experiments: dict[str, float] = field(default_factory=dict)
    claims: dict[str, float] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Count what happens inside under a name.

        >>> timings = Timings()
        >>> with timings.stage("judging"):
        ...     pass
        >>> list(timings.stages)
        ['judging']
        """
        return _counted(self.stages, name)

    def claim(self, claim_id: str) -> AbstractContextManager[None]:
        """Count what happens inside for a claim."""
        return _counted(self.claims, claim_id)

    def as_dict(self) -> dict[str, dict[str, float]]:
        """For `run.json`; what was not counted is left out."""
        return {part: _rounded(getattr(self, part), part) for part in PARTS if getattr(self, part)}


@contextmanager
def _counted(seconds: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - started


def _rounded(seconds: Mapping[str, float], part: str) -> dict[str, float]:
    ordered = seconds.items() if part == "stages" else sorted(seconds.items(), key=lambda item: -item[1])
    return {name: round(value, 3) for name, value in ordered}


def timings_text(timings: Mapping[str, Mapping[str, float]], top: int = 15) -> str:
    """Stages, then the costliest of everything else.

    >>> print(timings_text({"stages": {"runs": 3.0}, "experiments": {"coin": 2.5, "dice": 0.5}}, top=1))
    stages, wall seconds
        3.00  runs
    experiments, seconds of work (1 of 2)
        2.50  coin
    """
    lines = []
    for part, words in PARTS.items():
        found = list(timings.get(part, {}).items())
        if not found:
            continue
        shown = found if part == "stages" else found[:top]
        lines.append(words if part == "stages" else f"{words} ({len(shown)} of {len(found)})")
        lines += [f"{seconds:8.2f}  {name}" for name, seconds in shown]
    return "\n".join(lines)
