"""An experiment: which runs are made. Claims that name the same experiment share its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from theory.domain import Place

__all__ = ["PROFILES", "Experiment"]

PROFILES = ("quick", "default", "full")


@dataclass(frozen=True)
class Experiment:
    """Runs of one or more engines over a place.

    Args:
        id: unique name; enters every run's seed.
        place: where runs are made (`Domain`: one run per random setting; `Sweep`, `Grid`, `Fixed`:
            replicates of every setting).
        clock: how long a run is, in clock units `s = t / time_unit`.
        runs: replicates by profile name ("quick", "default", "full"): the number of random settings
            of a Domain, or of replicates of each setting otherwise. 0 leaves it out of a profile.
        engines: "law", "reduced" or "cnn"; with several, every engine makes the same list of runs.
        snapshots: clocks at which coefficients and pre-activations of every (neuron, sample) pair are
            kept, and test errors can be asked for. The last step always is.
        every_step_snapshots: keep them at every step instead (small settings only).
        max_steps: a run is cut there whatever its clock says; a claim then sees times beyond as inf.
    """

    id: str
    place: Place
    clock: float
    runs: Mapping[str, int]
    engines: tuple[str, ...] = ("law",)
    snapshots: tuple[float, ...] = field(default=())
    every_step_snapshots: bool = False
    max_steps: int = 50_000

    def __post_init__(self) -> None:
        unknown = set(self.runs) - set(PROFILES)
        if unknown:
            raise ValueError(f"runs: unknown profile {sorted(unknown)[0]!r}; known: {PROFILES}")
        if not self.clock > 0:
            raise ValueError(f"clock must be > 0, was {self.clock!r}")

    def __hash__(self) -> int:
        return hash(self.id)
