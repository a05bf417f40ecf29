"""Whether a model is whole: its settings are values, its engines have all members, its runs repeat.

What is wrong is said in one line before any run is made. Built-in papers are held to the same by their tests.
"""

from __future__ import annotations

import math
import numbers
import pickle
from collections.abc import Iterator, Mapping
from time import perf_counter
from typing import Any

import cloudpickle

from simulation.models import Engine, Job, engine_of
from theory.experiment import Experiment
from theory.rng import generator
from theory.setting import AbstractSetting, Trends
from verify.runs.entries import entries_of
from verify.runs.plan import engine_names
from verify.runs.same import identical, short

__all__ = [
    "SECONDS",
    "check_model",
    "check_setting",
    "differing_entry",
    "fault_of_run",
    "settings_of",
]

#: Settings that are drawn, and the seconds after which no further one is.
SETTINGS, SECONDS = 20, 0.2

_MEMBERS = tuple(name for name in vars(Engine) if not name.startswith("_"))


def settings_of(experiment: Experiment, count: int = SETTINGS, seconds: float = math.inf) -> Iterator[Any]:
    """The first settings of an experiment's place, at least one of them; fewer when the time is over."""
    end = perf_counter() + seconds
    for k, point in enumerate(experiment.place.points(count, lambda r: generator(0, "check", r))):
        if k >= count:
            return
        yield point.setting
        if perf_counter() > end:
            return


def check_model(experiment: Experiment, *, seconds: float = SECONDS) -> None:
    """Settings of the place, the experiment's options, and every engine that it names. Makes no run.

    Raises:
        ValueError: one line, naming the experiment and what is missing or wrong.
    """
    try:
        kind = experiment.setting_class
        for setting in settings_of(experiment, seconds=seconds):
            if type(setting) is not kind:
                raise ValueError(f"place must hold {kind.__name__}, was a {type(setting).__name__}")
            check_setting(setting)
            other = experiment.control(setting) if experiment.control else setting
            if not isinstance(other, AbstractSetting):
                raise ValueError(f"control must return a setting, was {short(other)}")
        _check_options(experiment.options)
        for name in engine_names(experiment):
            _check_engine(name, engine_of(experiment.of_model, name))
    except Exception as error:  # a user's own methods may raise anything
        text = str(error).removeprefix(f"experiment {experiment.id}: ")
        told = text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}"
        raise ValueError(f"experiment {experiment.id}: {' '.join(told.split())}") from error


def check_setting(setting: AbstractSetting) -> None:
    """A setting is its fields: they make it again, it travels to a worker, and what it tells are numbers.

    Raises:
        ValueError: naming the class and the member.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Walk(AbstractSetting):
    ...     n: int
    ...     def groups(self):
    ...         return {"root": "n ** .5"}
    >>> check_setting(Walk(4))
    Traceback (most recent call last):
    ValueError: Walk: groups must hold numbers, 'root' was 'n ** .5'
    """
    kind = type(setting)
    made = getattr(kind, "__dataclass_params__", None)
    if made is None or not made.frozen:
        raise ValueError(f"{kind.__name__} must be frozen: write @dataclass(frozen=True) above it")
    fields = setting.as_dict()
    for name, value in fields.items():
        if not isinstance(value, bool | str | numbers.Real):
            raise ValueError(f"{kind.__name__}: field {name} must be a number or a word, was {short(value)}")
    if not _same(setting, kind(**fields)):
        raise ValueError(
            f"{kind.__name__}: as_dict must give the fields that make it again, gave {short(fields)}"
        )
    if not _same(setting, setting.with_()):
        raise ValueError(f"{kind.__name__}: with_() must give an equal setting")
    if not _same(setting, pickle.loads(cloudpickle.dumps(setting))):
        raise ValueError(f"{kind.__name__} must come back equal from a pickle")
    groups: Mapping[str, Any] = setting.groups()
    for name, value in groups.items():
        if not isinstance(value, numbers.Real):
            raise ValueError(f"{kind.__name__}: groups must hold numbers, {name!r} was {short(value)}")
    size: tuple[Any, ...] = setting.size()
    if not all(isinstance(v, numbers.Real) and math.isfinite(v) for v in size):
        raise ValueError(f"{kind.__name__}: size must hold finite numbers, was {short(size)}")
    if not (setting.clock_step > 0 and setting.clock(2) > 0):
        raise ValueError(f"{kind.__name__}: clock_step must be > 0, was {short(setting.clock_step)}")
    own_letters = kind.letters.__func__ is not AbstractSetting.letters.__func__  # type: ignore[attr-defined]
    for letter, name in setting.letters().items() if own_letters else ():
        if not hasattr(setting, name):
            raise ValueError(f"{kind.__name__}: letter {letter} stands for {name!r}, which it has not")
    known = {*fields, *groups}
    trends = kind.trends
    if not isinstance(trends, Trends):
        raise ValueError(
            f"{kind.__name__}: trends must be a Trends, as Trends(slopes=({next(iter(fields), 'n')!r},)), was"
            f" {short(trends)}"
        )
    for name in (*trends.slopes, *trends.powers, *trends.held, *trends.linear):
        if name not in known and not hasattr(setting, name):
            raise ValueError(f"{kind.__name__}: trends names {name!r}, which is no field and no group")


def fault_of_run(run: Any, job: Job) -> str | None:
    """What a run lacks of the contract (`theory.run.Run`); None for nothing."""
    for name in ("setting", "seed", "engine", "dtype", "steps", "clock"):
        if not hasattr(run, name):
            return f"a run must have {name}"
    if (run.setting, run.seed, run.dtype) != (job.setting, job.seed, job.dtype):
        return "a run must bear its job's setting, seed and dtype"
    if len(run.steps) != len(run.clock) or int(run.steps[-1]) > job.steps:
        return f"steps and clock must be as long as each other and end at {job.steps}"
    return None


def differing_entry(one: Any, other: Any) -> str | None:
    """The first entry in which two runs differ; None where they are the same bit for bit."""
    return next((e for e in entries_of(one) if not identical(getattr(one, e), getattr(other, e))), None)


def _check_engine(name: str, engine: Any) -> None:
    missing = [member for member in _MEMBERS if not hasattr(engine, member)]
    if missing:
        raise ValueError(
            f"engine {name!r} has no {', '.join(missing)}: derive {type(engine).__name__} from "
            "simulation.models.Engine"
        )


def _check_options(options: Any) -> None:
    try:
        hash(options)
    except TypeError:
        raise ValueError(f"options must be frozen (hashable), was {short(options)}") from None
    if options is not None and pickle.loads(cloudpickle.dumps(options)) != options:
        raise ValueError(f"options must come back equal from a pickle, was {short(options)}")


def _same(one: Any, other: Any) -> bool:
    return bool(type(one) is type(other) and one == other and hash(one) == hash(other))
