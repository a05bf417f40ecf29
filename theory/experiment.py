"""An experiment: which runs are made. Claims that name the same experiment share its runs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

from theory.model import Model
from theory.place import Box, Cells, Place, class_made
from theory.record import EVERY_STEP, Record
from theory.setting import AbstractSetting

__all__ = ["PROFILES", "SAME", "Experiment"]

PROFILES = ("quick", "default", "full")

#: `control_options` of a control arm that has the run's own.
SAME = "the run's own"


@dataclass(frozen=True)
class Experiment:
    """Runs of one or more engines over a place.

    Args:
        id: unique name; enters every run's seed.
        place: where runs are made: a `Box` (one run per random setting) or `Cells` (replicates of every
            setting).
        runs: replicates by profile name ("quick", "default", "full"): the number of random settings of a
            box, or of replicates of each cell. 0 leaves it out of a profile.
        model: whose engines make the runs; None: the model of the place's setting class.
        clock: how long a run is, on the model's clock; None where a run has no length (a function model).
        engines: names of the model's engines, () for its first; with several, every engine makes the same
            list of runs.
        snapshots: clocks at which a run keeps its full state. The last step always is.
        every_step_snapshots: keep it at every step instead (small settings only).
        record: at which steps a run records its quantities; every step by default.
        streams: names of sums that the engine accumulates while it runs (the model's own words).
        pair_engines: whether the engines share their seeds (to compare run by run) or draw on their own
            (to compare distributions).
        max_steps: a run is cut there whatever its clock says; a claim then sees times beyond as inf.
        stop: a table in the engine's own words (as `[stop]` of a sweep), as pairs: a run ends where it holds,
            and with it all that is "until the run's end". For claims whose times are all known by then.
        options: the model's own frozen value (noise patches, schedule, optimiser). It is handed on and
            enters the key of a run; nothing else looks into it.
        control: for comparisons of two arms: the control arm's setting, of the run's. The second run is made
            from the same seed and stands as `run.control`.
        control_options: the control arm's options, where they are not the run's.

    Raises:
        ValueError: naming the argument.
    """

    id: str
    place: Place
    _: KW_ONLY
    runs: Mapping[str, int]
    model: Model | None = None
    clock: float | None = None
    engines: tuple[str, ...] = ()
    snapshots: tuple[float, ...] = ()
    every_step_snapshots: bool = False
    record: Record = EVERY_STEP
    streams: tuple[str, ...] = ()
    pair_engines: bool = True
    max_steps: int = 50_000
    stop: tuple[tuple[str, Any], ...] = ()
    options: Hashable = None
    control: Callable[[AbstractSetting], AbstractSetting] | None = None
    control_options: Hashable = SAME

    def __post_init__(self) -> None:
        if not isinstance(self.place, Box | Cells):
            raise ValueError(
                f"experiment {self.id}: place must be a Box or Cells, was a {type(self.place).__name__}"
            )
        unknown = set(self.runs) - set(PROFILES)
        if unknown:
            raise ValueError(
                f"experiment {self.id}: runs: unknown profile {sorted(unknown)[0]!r}; known: {PROFILES}"
            )
        for profile, count in self.runs.items():
            if isinstance(count, bool) or not isinstance(count, int) or count < 0:
                raise ValueError(
                    f"experiment {self.id}: runs[{profile!r}] must be a whole number >= 0, was {count!r}"
                )
        if self.clock is not None and not self.clock > 0:
            raise ValueError(f"experiment {self.id}: clock must be > 0, was {self.clock!r}")

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"Experiment({self.id!r}, {self.place.describe()}, runs {dict(self.runs)})"

    @cached_property
    def setting_class(self) -> type[AbstractSetting]:
        """The class of the place's settings.

        Raises:
            ValueError: when the place makes something else than settings.
        """
        try:
            return class_made(self.place)
        except ValueError as error:
            raise ValueError(f"experiment {self.id}: {error}") from error

    @property
    def of_model(self) -> Model:
        """The model whose engines make the runs.

        Raises:
            ValueError: when neither the experiment nor the setting class names one.
        """
        found = self.model or self.setting_class.model
        if found is None:
            raise ValueError(
                f"experiment {self.id}: model is missing: {self.setting_class.__name__} has none of its own"
            )
        return found
