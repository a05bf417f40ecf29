"""The size of a batch: all that its cost depends on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from verify.sweep.measures import ClaimMeasure
from verify.sweep.runs import SweepBatch, SweepRun

__all__ = ["RunShape", "shape_of"]


@dataclass(frozen=True)
class RunShape:
    """One run: `recorded` steps of margins, `kept` snapshots of the full state, `errors` test samples."""

    engine: str
    n: int
    m: int
    d: int
    steps: int
    record_every: int
    kept: int
    errors: int
    itemsize: int

    @property
    def recorded(self) -> int:
        """Recorded steps: multiples of `record_every` and the last."""
        return -(-self.steps // self.record_every) + 1

    @property
    def step_work(self) -> float:
        """Multiplications of a gradient step; element-wise work is that of 20 samples more, measured."""
        width = self.d if self.engine == "cnn" else self.n + 20.0
        return self.m * (self.n + 20.0) * width

    def with_(self, **changes: int) -> RunShape:
        """A copy with some sizes changed; never more snapshots than steps."""
        new = replace(self, **changes)  # type: ignore[arg-type]  # sizes only, no engine
        return replace(new, kept=min(new.kept, new.steps + 1))


def shape_of(batch: SweepBatch, run: SweepRun) -> RunShape:
    """The size of one run of a batch."""
    s = run.setting
    # A claim may ask for a test error, whatever its name.
    sampled = any("error" in m.column or isinstance(m, ClaimMeasure) for m in batch.measures)
    return RunShape(
        engine=batch.engine,
        n=s.n,
        m=s.m,
        d=s.d,
        steps=run.steps,
        record_every=batch.record_every,
        kept=len(run.snapshots),
        errors=batch.test_samples if sampled else 0,
        itemsize=4 if batch.dtype == "float32" else 8,
    )
