"""How a setting is made of named values: for sweeps, `doctor`, phase planes and `--set name=value`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from theory.setting import AbstractSetting

__all__ = ["Parameter", "Parameters"]


@dataclass(frozen=True)
class Parameter:
    """A value that can be fixed, put on a grid or sampled.

    Args:
        name: a field, a dimensionless group, or another way to say one of them.
        meaning: one phrase.
        whole: a whole number.
        default: what stands where it is not given; None: it must be given (or one of its alternatives).
        words: the values allowed, for a parameter that is no number.
    """

    name: str
    meaning: str = ""
    whole: bool = False
    default: float | str | None = None
    words: tuple[str, ...] = ()


def _no_command(setting: Any) -> str:
    return ""


@dataclass(frozen=True)
class Parameters:
    """Names, what excludes what, and the setting that values make.

    Args:
        parameters: in the order in which the axes of a grid are crossed, the last one fastest.
        one_of: of each group exactly one is given, unless one of them has a default; a group may list sets
            that stand together as tuples.
        make: the setting with these values.
        usual: adds to what was given the values that stand where a person asks about a setting and leaves
            some out (`doctor`); sweeps ask for all of them.
        units: fields that only set a unit: the search for the nearest setting leaves them.
        inward: by field, a step in its logarithm that leads toward the inside of the paper's conditions: a
            second start of that search.
        command: the command that makes a run at a setting, "" where there is none.
    """

    parameters: tuple[Parameter, ...]
    make: Callable[[Mapping[str, Any]], AbstractSetting]
    one_of: tuple[tuple[str | tuple[str, ...], ...], ...] = ()
    usual: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict
    units: tuple[str, ...] = ()
    inward: Mapping[str, float] = field(default_factory=dict)
    command: Callable[[Any], str] = _no_command

    @property
    def names(self) -> tuple[str, ...]:
        """All names in order."""
        return tuple(p.name for p in self.parameters)

    def __getitem__(self, name: str) -> Parameter:
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        near = difflib.get_close_matches(name, self.names, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(self.names)}"
        raise ValueError(f"unknown parameter {name!r}; {hint}")

    def check(self, given: Iterable[str]) -> None:
        """Raise unless the names determine a setting, each of its parameters once.

        Raises:
            ValueError: naming the parameter that is unknown (with near matches), missing or given twice.
        """
        names = list(given)
        for name in names:
            self[name]
            if names.count(name) > 1:
                raise ValueError(f"{name} is given twice")
        grouped: set[str] = set()
        for group in self.one_of:
            ways = [way if isinstance(way, tuple) else (way,) for way in group]
            members = [name for way in ways for name in way]
            grouped |= set(members)
            present = [name for name in members if name in names]
            if any(set(present) == set(way) for way in ways):
                continue
            if present:
                raise ValueError(
                    f"{' and '.join(present)} do not go together: give one of "
                    + ", ".join(" with ".join(way) for way in ways)
                )
            if all(self[name].default is None for name in members):
                raise ValueError(f"{members[0]} is missing: give one of {', '.join(members)}")
        for parameter in self.parameters:
            if parameter.name not in grouped and parameter.default is None and parameter.name not in names:
                raise ValueError(f"{parameter.name} is missing")

    def setting_at(self, values: Mapping[str, Any]) -> AbstractSetting:
        """The setting with these values and the defaults of the others.

        Raises:
            ValueError: as `check`, or as the setting, naming the parameter that is out of range.
        """
        self.check(values)
        grouped = {
            n for group in self.one_of for way in group for n in ((way,) if isinstance(way, str) else way)
        }
        usual = {
            p.name: p.default for p in self.parameters if p.default is not None and p.name not in grouped
        }
        return self.make(usual | dict(values))
