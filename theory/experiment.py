"""An experiment: which runs are made. Claims that name the same experiment share its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from theory.two_stage.box import Place
from theory.two_stage.setting import Setting
from theory.two_stage.variation import PLAIN, Variation

__all__ = ["PROFILES", "Exhibit", "Experiment"]

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
        pair_engines: whether the engines share their seeds (to compare run by run) or draw on their own
            (to compare distributions).
        max_steps: a run is cut there whatever its clock says; a claim then sees times beyond as inf.
        variation: departures from the paper's model (noise patches, mini-batches, label noise); the law
            engine knows Gaussian patches and uniform flips only.
    """

    id: str
    place: Place
    clock: float
    runs: Mapping[str, int]
    engines: tuple[str, ...] = ("law",)
    snapshots: tuple[float, ...] = field(default=())
    every_step_snapshots: bool = False
    pair_engines: bool = True
    max_steps: int = 50_000
    variation: Variation = PLAIN

    def __post_init__(self) -> None:
        unknown = set(self.runs) - set(PROFILES)
        if unknown:
            raise ValueError(f"runs: unknown profile {sorted(unknown)[0]!r}; known: {PROFILES}")
        if not self.clock > 0:
            raise ValueError(f"clock must be > 0, was {self.clock!r}")

    def __hash__(self) -> int:
        return hash(self.id)


@dataclass(frozen=True)
class Exhibit:
    """A run that a paper wants shown in full in the report.

    `clock` is its length, `t_1_clock` the end of Stage I at which losses are shown, `marks` named clocks
    to draw (predicted times), `error_clocks` where test errors are measured.
    """

    name: str
    title: str
    setting: Setting
    clock: float
    t_1_clock: float
    seed: int = 0
    marks: Mapping[str, float] = field(default_factory=dict)
