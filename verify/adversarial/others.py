"""Other runs of a plan, runs of false engines and stopped runs, made beside the run that is looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from simulation.models import FalseEngine, Job, engine_of, flawed_engines
from theory.model import Model

__all__ = ["Others"]

#: A run is stopped after one of so many of its steps.
_STOPS = (4, 20)


@dataclasses.dataclass
class Others:
    """Other runs of the same plan and runs of false engines, made when first asked for, in the worker.

    One instance is shared by all claims that look at a run.
    """

    model: Model
    engine: str
    jobs: tuple[Job, ...]
    job: Job
    _made: list[Any] | None = None
    _false: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def settings(self) -> list[Any]:
        """Of the other runs, each once, without that of the run itself."""
        return [s for s in dict.fromkeys(job.setting for job in self.jobs) if s != self.job.setting]

    def runs(self) -> list[Any]:
        """Other runs."""
        if self._made is None:
            made = engine_of(self.model, self.engine).make(list(self.jobs), device="cpu") if self.jobs else []
            self._made = list(made)
        return self._made

    def false_runs(self) -> Iterator[tuple[str, Any]]:
        """This run by every false engine of the model."""
        for name, flawed in flawed_engines(self.model).items():
            engine = flawed.in_place_of(self.engine) if isinstance(flawed, FalseEngine) else None
            if engine is not None and engine.missing(self.job) is None:
                if name not in self._false:
                    self._false[name] = engine.make([self.job], device="cpu")[0]
                yield f"by a false engine: {name}", self._false[name]

    def stopped_runs(self) -> Iterator[tuple[str, Any]]:
        """This run stopped early: what training has not done yet."""
        for share in _STOPS if self.job is not None else ():
            steps = self.job.steps // share
            if steps < 1:
                return
            record = self.job.record
            job = dataclasses.replace(
                self.job,
                steps=steps,
                snapshots=tuple(k for k in self.job.snapshots if k <= steps),
                record=None if record is None else [k for k in record if k < steps] + [steps],
            )
            try:
                (stopped,) = engine_of(self.model, self.engine).make([job], device="cpu")
            except Exception:
                return  # an engine that cannot stop there
            yield f"stopped after one step in {share}", stopped
