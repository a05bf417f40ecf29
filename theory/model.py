"""A model: settings, and the engines that make runs at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.setting import AbstractSetting

__all__ = ["RESERVED", "FunctionOfSetting", "Model", "function_model"]

#: What `simulate(setting, rng)` of a function model is: one run, as a mapping of names to values.
FunctionOfSetting = Callable[[Any, np.random.Generator], Mapping[str, Any]]

#: Names that every run has already: no entry of a function's mapping may bear them.
RESERVED = ("setting", "seed", "engine", "dtype", "steps", "clock", "control")


@dataclass(frozen=True)
class Model:
    """Settings of one class with the engines that make runs at them.

    Args:
        name: enters the key under which runs are kept; two models never share runs.
        setting: the class of its settings.
        engines: a dotted module that holds `ENGINES` (text: theory imports no simulation), a mapping of
            names to engines, or one function `simulate(setting, rng)`, from which `simulation.models` makes
            the engine.
    """

    name: str
    setting: type[AbstractSetting]
    engines: str | Mapping[str, Any] | FunctionOfSetting

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"name must be a word, was {self.name!r}")
        if not (isinstance(self.setting, type) and issubclass(self.setting, AbstractSetting)):
            raise ValueError(f"setting must be a subclass of theory.AbstractSetting, was {self.setting!r}")

    def __hash__(self) -> int:
        return hash((self.name, self.setting))


def function_model(setting: type[AbstractSetting], simulate: FunctionOfSetting, *, name: str = "") -> Model:
    """The model whose run is one call of a function: a random object, no training.

    `simulate(setting, rng)` returns a mapping; `run.NAME` is its entry. It draws from `rng` alone: a run is a
    pure function of (setting, seed).

    Args:
        setting: a frozen dataclass on `AbstractSetting`.
        simulate: the function.
        name: of the model; default the function's own.

    Raises:
        ValueError: when `setting` is no frozen dataclass on `AbstractSetting`, or `simulate` no function.
    """
    _check_setting(setting)
    if not callable(simulate):
        raise ValueError(f"simulate must be a function of (setting, rng), was {_name_of(simulate)}")
    return Model(name or getattr(simulate, "__name__", setting.__name__), setting, simulate)


def _check_setting(setting: Any) -> None:
    if not (isinstance(setting, type) and issubclass(setting, AbstractSetting)):
        raise ValueError(f"setting must be a class on theory.AbstractSetting, was {_name_of(setting)}")
    made = vars(setting).get("__dataclass_params__")
    if made is None or not made.frozen:
        raise ValueError(f"setting must be frozen: write @dataclass(frozen=True) above {setting.__name__}")


def _name_of(value: object) -> str:
    return value.__name__ if isinstance(value, type) else f"a {type(value).__name__}"
