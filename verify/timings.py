"""Where a verification's time went: seconds of its stages, and of the runs of every experiment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["Timings", "timings_text"]


@dataclass
class Timings:
    """Filled while a verification runs.

    Args:
        stages: wall seconds by stage, in the order in which they ended.
        experiments: seconds of work by experiment, measuring included, summed over workers.
    """

    stages: dict[str, float] = field(default_factory=dict)
    experiments: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens inside under a name.

        >>> timings = Timings()
        >>> with timings.stage("judging"):
        ...     pass
        >>> list(timings.stages)
        ['judging']
        """
        started = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] = self.stages.get(name, 0.0) + time.perf_counter() - started

    def as_dict(self) -> dict[str, dict[str, float]]:
        """For `run.json`: the experiments by descending time."""
        costliest = sorted(self.experiments.items(), key=lambda item: -item[1])
        return {
            "stages": {name: round(seconds, 2) for name, seconds in self.stages.items()},
            "experiments": {name: round(seconds, 2) for name, seconds in costliest},
        }


def timings_text(timings: Mapping[str, Mapping[str, float]], top: int = 15) -> str:
    """Stages, then the costliest experiments.

    >>> print(timings_text({"stages": {"runs": 3.0}, "experiments": {"coin": 2.5, "dice": 0.5}}, top=1))
    stages, wall seconds
         3.0  runs
    experiments, seconds of work (1 of 2)
         2.5  coin
    """
    stages, experiments = timings["stages"], list(timings["experiments"].items())
    shown = experiments[:top]
    return "\n".join(
        [
            "stages, wall seconds",
            *(f"{seconds:8.1f}  {name}" for name, seconds in stages.items()),
            f"experiments, seconds of work ({len(shown)} of {len(experiments)})",
            *(f"{seconds:8.1f}  {name}" for name, seconds in shown),
        ]
    )
