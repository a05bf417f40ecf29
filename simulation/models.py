"""The contract between the core and a model's engines: jobs in, runs out."""

from __future__ import annotations

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.model import RESERVED, Model
from theory.rng import generator
from theory.run import Run
from theory.setting import AbstractSetting

__all__ = [
    "UNITS_A_SECOND",
    "Engine",
    "FalseEngine",
    "FunctionEngine",
    "FunctionRun",
    "Job",
    "Memory",
    "engine_of",
    "engines_of",
    "flawed_engines",
    "read_only",
]

#: Units of `Engine.work` that a core does in a second, roughly: plans are compared, not clocks.
UNITS_A_SECOND = 1e8
#: Numbers as they are: they hold no array.
_NUMBERS = frozenset({float, int, bool, str, type(None)})


@dataclass(frozen=True)
class Job:
    """One run that is asked for.

    Args:
        setting, seed: all randomness is a function of them.
        steps: number of steps; 0 where a run has no length.
        snapshots: steps at which the full state is kept.
        record: steps at which quantities are recorded, None for all.
        dtype: the float type that the engine computes in.
        options: the model's own frozen value; None for its defaults.
        streams: names of sums to accumulate.
        stop: the model's own stop rule.
        precision: how finely a run's quantities are measured, by the model's own names.
    """

    setting: Any
    seed: int
    steps: int = 0
    snapshots: tuple[int, ...] = ()
    record: Sequence[int] | None = None
    dtype: str = "float64"
    options: Hashable = None
    streams: tuple[str, ...] = ()
    stop: Any = None
    precision: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Memory:
    """Bytes of one run at the peak, without the interpreter and its libraries.

    Args:
        held: while the runs of its batch are made and measured, by what drives them: "steps", "snapshots", or
            a field of the setting.
        passing: while this run is made or measured, whichever is more; not held by several at once.
    """

    held: Mapping[str, float] = field(default_factory=dict)
    passing: float = 0.0

    @property
    def total(self) -> int:
        """Of the run made alone."""
        return math.ceil(sum(self.held.values()) + self.passing)


class Engine(ABC):
    """Makes the runs of a model. Only `make` has to be written.

    `most` is the number of runs that are made side by side where that is cheaper: which runs those are
    depends
    on the jobs alone, never on the number of workers.
    """

    #: Most runs of one batch; 1 makes every run alone.
    most: int = 1
    #: Floating-point types that it knows, the default first.
    dtypes: tuple[str, ...] = ("float64",)
    #: Whether a search for counterexamples may make runs by it (small nets on real data may not).
    searchable: bool = True
    #: Whether a run has a length, in steps.
    lengths: bool = True
    #: Whether one run is worth a GPU where there is one.
    gpu: bool = False
    #: How many times `UNITS_A_SECOND` of its own work it does in a second of a core, measured: products of
    #: matrices do more than a plan between models supposes.
    pace: float = 1.0
    #: Seconds of a core that what is measured of a run takes beside its work: a typical one of the built-in
    #: papers. What fresh runs would take is reckoned with it.
    measuring: float = 0.01
    #: Counts that say how finely quantities are measured (`Job.precision`), with their defaults.
    precision: Mapping[str, int] = MappingProxyType({})

    @abstractmethod
    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Run]:
        """The runs of the jobs, in order. Neighbours in a batch change rounding at most."""

    def shape(self, job: Job) -> tuple[float, ...]:
        """Jobs of near shapes are made side by side: they are sorted by this."""
        return (float(job.steps), *job.setting.size())

    def key(self, job: Job) -> Hashable:
        """What must be equal in a batch, not only similar."""
        return None

    def work(self, job: Job) -> float:
        """Cost of a job in units of which a core does `UNITS_A_SECOND`, roughly: its order among all jobs, of
        other models too, and predicted seconds after one calibrating run."""
        return float(max(1, job.steps))

    def beside(self, jobs: Sequence[Job]) -> float:
        """Relative cost of jobs made in one batch: more than their sum where they are padded to one shape."""
        return sum(self.work(job) for job in jobs)

    def memory(self, job: Job) -> Memory:
        """Peak memory of a job; nothing where it does not matter."""
        return Memory()

    def bytes(self, job: Job) -> int:
        """Peak memory of a job made alone."""
        return self.memory(job).total

    def options(self, table: Mapping[str, Any]) -> Hashable:
        """The job's options that a table `[variation]` of a sweep means.

        Raises:
            ValueError: naming the key, what it was and what is allowed.
        """
        if table:
            raise ValueError(f"variation: this engine knows no variations, was given {', '.join(table)}")
        return None

    def stop_rule(self, table: Mapping[str, Any]) -> Any:
        """The job's stop rule that a table `[stop]` of a sweep means.

        Raises:
            ValueError: naming the key, what it was and what is allowed.
        """
        raise ValueError(f"stop: this engine knows no rule to stop at, was given {', '.join(table)}")

    def check(self, job: Job) -> None:
        """Refuse a job that asks for what cannot be.

        Raises:
            ValueError: naming the field, what it was and what is allowed.
        """
        return

    def in_place_of(self, engine: str) -> Engine:
        """What makes the runs of an engine when this one is put in its place."""
        return self

    def warm_up(self) -> None:
        """Load and compile all that a first run would; never timed."""
        return

    def missing(self, job: Job) -> str | None:
        """Why a job cannot be made here ("no CIFAR-10 at DATA"); None where it can. Its run is then not
        applicable, for this reason."""
        return None


class FalseEngine(Engine):
    """An engine that is wrong in one place, to see whether claims notice. A model's module lists its own as
    `FLAWED`, a mapping of names to them."""

    #: What is wrong, in a few words.
    what: str
    #: Experiments with more work than this over all their runs are left out.
    most_work: float = math.inf

    def stands_for(self, engine: str, options: Hashable) -> bool:
        """Whether it knows how to make the runs of this engine under these options."""
        return True

    def stop_rule(self, table: Mapping[str, Any]) -> Any:
        """None: its runs reach their declared length."""
        return None


class FunctionRun:
    """One call of a function model: the entries of its mapping are attributes."""

    def __init__(self, setting: AbstractSetting, seed: int, values: Mapping[str, Any]) -> None:
        self.setting = setting
        self.seed = seed
        self.engine = "function"
        self.dtype = "float64"
        self.steps: NDArray[np.int64] = np.zeros(1, dtype=np.int64)
        self.clock: NDArray[np.float64] = np.zeros(1)
        self.values = {name: read_only(value) for name, value in values.items()}

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__.get("values", {})
        if name in values:
            return values[name]
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(f"the run has no {name!r}; simulate returned {', '.join(values) or 'nothing'}")

    def __repr__(self) -> str:
        return f"FunctionRun({self.setting!r}, seed={self.seed}, {', '.join(self.values)})"


@dataclass(frozen=True)
class FunctionEngine(Engine):
    """The engine of a function model: a run is `simulate(setting, rng)`."""

    simulate: Callable[[Any, np.random.Generator], Mapping[str, Any]]
    most = 64
    lengths = False
    measuring = 0.001

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Run]:
        """Each job by one call; the generator is a function of the job's seed.

        Raises:
            ValueError: when the function returns no mapping of names, or a name that every run has.
        """
        return [FunctionRun(job.setting, job.seed, self._values(job)) for job in jobs]

    def _values(self, job: Job) -> Mapping[str, Any]:
        values = self.simulate(job.setting, generator(job.seed, "function model"))
        name = getattr(self.simulate, "__name__", "simulate")
        if not isinstance(values, Mapping):
            raise ValueError(f"{name} must return a mapping of names, was a {type(values).__name__}")
        for key in values:
            if not isinstance(key, str) or not key.isidentifier():
                raise ValueError(f"{name}: names of values must be identifiers, was {key!r}")
            if key in RESERVED:
                raise ValueError(f"{name}: {key!r} is an entry that every run has already; take another name")
        return values

    def work(self, job: Job) -> float:
        """All calls cost the same, as far as is known."""
        return 1.0


def read_only(value: Any) -> Any:
    """The value with its arrays flagged read-only, in place; a claim must not change what others measure."""
    if type(value) in _NUMBERS:  # most are, and to ask whether one is a mapping takes longer than all else
        return value
    if isinstance(value, np.ndarray):
        value.setflags(write=False)
    elif isinstance(value, Mapping):
        for item in value.values():
            read_only(item)
    elif isinstance(value, list | tuple):
        for item in value:
            read_only(item)
    return value


def engines_of(model: Model) -> Mapping[str, Engine]:
    """A model's engines by name, the default first.

    Raises:
        ValueError: when its module offers none.
    """
    engines = model.engines
    if isinstance(engines, str):
        module = sys.modules.get(engines) or import_module(engines)  # asked for every run
        found = getattr(module, "ENGINES", None)
        if not isinstance(found, Mapping) or not found:
            raise ValueError(f"model {model.name}: {engines} must define ENGINES, a mapping of engines")
        return found
    if isinstance(engines, Mapping):
        if not engines:
            raise ValueError(f"model {model.name}: engines must not be empty")
        return engines
    return {"function": FunctionEngine(engines)}


def flawed_engines(model: Model) -> Mapping[str, FalseEngine]:
    """A model's false engines by name; none where it lists none."""
    if not isinstance(model.engines, str):
        return {}
    return getattr(import_module(model.engines), "FLAWED", {})


def engine_of(model: Model, name: str = "") -> Engine:
    """The engine of this name, the model's first for "".

    Raises:
        ValueError: naming the engines there are.
    """
    engines = engines_of(model)
    if not name:
        return next(iter(engines.values()))
    if name not in engines:
        raise ValueError(f"engine must be one of {', '.join(engines)}, was {name!r}")
    return engines[name]
