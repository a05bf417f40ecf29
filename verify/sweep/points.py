"""The points of a sweep: the product of a grid, or a random sample."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.models import Job
from theory.rng import generator
from theory.setting import AbstractSetting

if TYPE_CHECKING:
    from verify.sweep.config import SweepConfig

__all__ = ["Point", "sweep_points"]


@dataclass(frozen=True)
class Point:
    """A point of the sweep: its coordinates as asked for, and the setting they make."""

    index: int
    coordinates: Mapping[str, Any]
    setting: AbstractSetting


def sweep_points(config: SweepConfig) -> list[Point]:
    """All points, in order.

    A grid crosses its axes in the order of the parameters, the last one fastest, whatever their order in
    the file. A sampled coordinate is a pure function of (seed, coordinate, index): more points, or another
    coordinate, change no value drawn before.

    Raises:
        ValueError: naming the point, its coordinates and the parameter that is out of range.
    """
    parameters, maker = config.subject.parameters, config.subject.maker
    points = []
    for index, varied in enumerate(_sampled(config) if config.sample is not None else _crossed(config)):
        given = dict(config.fixed) | varied
        values = {name: given[name] for name in parameters.names if name in given}
        try:
            setting = parameters.make(values)
            maker.check(Job(setting, 0, options=config.options))
        except ValueError as error:
            where = ", ".join(
                f"{name} = {value if isinstance(value, str) else format(value, '.6g')}"
                for name, value in varied.items()
            )
            raise ValueError(f"point {index} ({where}): {error}") from None
        points.append(Point(index, values, setting))
    return points


def _crossed(config: SweepConfig) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*config.axes.values()):
        yield dict(zip(config.axes, values, strict=True))


def _sampled(config: SweepConfig) -> Iterator[dict[str, Any]]:
    for index in range(config.points):
        drawn: dict[str, Any] = {}
        for name, limits in config.ranges.items():
            value = limits.quantile(float(generator(config.seed, f"sweep sample {name}", index).random()))
            drawn[name] = round(value) if config.subject.parameters[name].whole else value
        yield drawn
