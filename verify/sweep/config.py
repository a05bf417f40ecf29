"""The configuration of a sweep: a TOML file, validated, with a canonical form and a hash."""

from __future__ import annotations

import hashlib
import json
import math
import re
import tomllib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationError,
    field_validator,
    model_validator,
)

from verify.sweep.config_errors import one_line
from verify.sweep.subject import Subject, subject_of

__all__ = ["Between", "SweepConfig", "load_config"]


def _finite(value: object) -> float:
    """A number as it was written: 3 stays whole, 3.0 does not become so."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    if not math.isfinite(value):
        raise ValueError("must be finite")
    return value


def _value(value: object) -> float | str:
    """A number, or a word where the parameter has words."""
    return value if isinstance(value, str) else _finite(value)


Number = Annotated[float, PlainValidator(_finite)]
Value = Annotated[Any, PlainValidator(_value)]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_MOST_POINTS = 1_000_000
_TABLES = "[fixed], [grid] or [sample]"


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Between(_Strict):
    """`{from, to, scale}`, with a `count` on a grid: equally spaced values, or a law to draw from."""

    low: Number = Field(alias="from")
    high: Number = Field(alias="to")
    count: int | None = Field(default=None, ge=1, le=_MOST_POINTS)
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _ordered(self) -> Between:
        if not self.low <= self.high:
            raise ValueError(f"from must be at most to, were {self.low!r} and {self.high!r}")
        if self.scale == "log" and not self.low > 0:
            raise ValueError(f"from must be > 0 on a log scale, was {self.low!r}")
        return self

    def grid(self) -> list[float]:
        """`count` values, both ends included (the lower one alone when count is 1)."""
        assert self.count is not None
        if self.count == 1:
            return [float(self.low)]
        space = np.geomspace if self.scale == "log" else np.linspace
        values = [float(v) for v in space(float(self.low), float(self.high), self.count)]
        return [float(self.low), *values[1:-1], float(self.high)]

    def quantile(self, u: float) -> float:
        """The value at `u` in [0, 1): uniform on the scale.

        >>> round(Between(**{"from": 1, "to": 100, "scale": "log"}).quantile(0.5), 12)
        10.0
        """
        low, high = float(self.low), float(self.high)
        if self.scale == "log":
            return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
        return low + u * (high - low)


def _kind(value: object) -> str:
    """Which member of the unions below is meant: errors then speak of that one alone."""
    if isinstance(value, dict | Between):
        return "range"
    return "values" if isinstance(value, list | tuple) else "number"


_Range = Annotated[Between, Tag("range")]
_Values = Annotated[tuple[Value, ...], Field(strict=False), Tag("values")]
_Kind = Discriminator(
    _kind, custom_error_type="kind", custom_error_message="must be a list of numbers or {from, to, ...}"
)
_Axis = Annotated[_Values | _Range, _Kind]
_SampleKey = Annotated[
    Annotated[int, Tag("number")] | _Range,
    Discriminator(_kind, custom_error_type="kind", custom_error_message="must be {from, to, scale}"),
]


def _subject_of(raw: Mapping[str, Any]) -> Subject:
    return subject_of(raw.get("paper") or "", _names(raw), raw.get("engine") or "")


def _names(raw: Mapping[str, Any]) -> list[str]:
    """The parameters that are given."""
    tables = [raw.get(key) for key in ("fixed", "grid", "sample")]
    return [name for table in tables if isinstance(table, Mapping) for name in table if name != "count"]


def _file_that_fits(files: Sequence[Path], names: Sequence[str]) -> str:
    from verify.file_paper import file_papers

    for path in files:
        for paper in file_papers(path).values():
            if any(set(names) <= set(p.names) for p in paper.parameters.values()):
                return str(path)
    return ""


class SweepConfig(_Strict):
    """A sweep. `docs/sweeps.md` describes every key.

    Raises:
        ValueError: naming the key, what it was and what is allowed.
    """

    name: str
    paper: str = ""
    seed: int = Field(default=0, ge=0, lt=2**63)
    engine: str = ""
    dtype: str = ""
    variation: dict[str, Any] = Field(default_factory=dict)
    stop: dict[str, Any] | None = None
    clock: float | None = Field(default=None, gt=0)
    steps: int | None = Field(default=None, ge=1, le=10**8)
    record_every: int = Field(default=1, ge=1)
    snapshots: _Axis = ()
    replicates: int = Field(default=1, ge=1, le=_MOST_POINTS)
    precision: dict[str, Annotated[int, Field(ge=1, le=10**8)]] = Field(default_factory=dict)
    measure: Annotated[tuple[str, ...], Field(strict=False)]
    fixed: dict[str, Value] = Field(default_factory=dict)
    grid: dict[str, _Axis] | None = None
    sample: dict[str, _SampleKey] | None = None

    @model_validator(mode="before")
    @classmethod
    def _counts_of_the_engine(cls, raw: Any) -> Any:
        """Names of an engine's counts stand beside the other keys."""
        if not isinstance(raw, dict):
            return raw
        others = {key for key in raw if key not in cls.model_fields}
        if not others:
            return raw
        try:
            known = set(_subject_of(raw).maker.precision)
        except ValueError:  # said below, where all is known
            known = set()
        counts = {key: raw[key] for key in raw if key in others & known}
        return {key: value for key, value in raw.items() if key not in counts} | (
            {"precision": {**raw.get("precision", {}), **counts}} if counts else {}
        )

    @field_validator("name")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not _NAME.fullmatch(value) or len(value) > 100:
            raise ValueError("must be letters, digits, '_', '.' and '-', at most 100 of them")
        return value

    @field_validator("snapshots")
    @classmethod
    def _clocks(cls, value: tuple[float | str, ...] | Between) -> tuple[float | str, ...]:
        if isinstance(value, Between):
            if value.count is None:
                raise ValueError("must have a count")
            value = tuple(value.grid())
        if any(isinstance(v, str) or v < 0 for v in value):
            raise ValueError("must hold clocks >= 0")
        return tuple(sorted(set(value)))

    @field_validator("measure")
    @classmethod
    def _named_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("must name at least one quantity or claim")
        repeated = [name for name in value if value.count(name) > 1]
        if repeated:
            raise ValueError(f"must name {repeated[0]!r} only once")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> SweepConfig:
        if (self.grid is None) == (self.sample is None):
            raise ValueError("exactly one of the tables [grid] and [sample] must be given")
        for axis, values in (self.grid or {}).items():
            if isinstance(values, Between) and values.count is None:
                raise ValueError(f"grid.{axis}: count is missing")
            if not isinstance(values, Between) and not values:
                raise ValueError(f"grid.{axis} must hold at least one value, was empty")
        if self.grid is not None and not self.grid:
            raise ValueError("[grid] must name at least one coordinate, was empty")
        if self.sample is not None:
            self._check_sample(self.sample)
        self._check_subject()
        if self.points > _MOST_POINTS:
            raise ValueError(f"at most {_MOST_POINTS} points can be swept, were {self.points}")
        if self.points * self.replicates > 10 * _MOST_POINTS:
            raise ValueError(
                f"replicates: at most {10 * _MOST_POINTS} runs can be made, were {self.points} points x "
                f"{self.replicates}"
            )
        return self

    def _check_subject(self) -> None:
        """Names, engine and tables, as the paper and its engine know them."""
        names = [*self.fixed, *(self.grid or {}), *(name for name in self.sample or {} if name != "count")]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} is given twice: once in {_TABLES}, not in two of them")
        subject = self.subject
        try:
            subject.parameters.check(names)
        except ValueError as error:
            missing = f"; values stand in {_TABLES}" if "missing" in str(error) else ""
            raise ValueError(f"{error}{missing}") from None
        for table, values in (("fixed", self.fixed), ("grid", self.grid or {})):
            for name, given in values.items():
                words = subject.parameters[name].words
                for each in given if isinstance(given, tuple) else (given,):
                    if isinstance(each, str) and each not in words:
                        allowed = f"one of {', '.join(words)}" if words else "a number"
                        raise ValueError(f"{table}.{name} must be {allowed}, was {each!r}")
        maker = subject.maker
        lengths = [name for name in ("clock", "steps") if getattr(self, name) is not None]
        if lengths and not maker.lengths:
            raise ValueError(f"{lengths[0]}: runs of this engine have no length")
        if maker.lengths and len(lengths) != 1:
            raise ValueError("exactly one of clock and steps must be given")
        if self.dtype and self.dtype not in maker.dtypes:
            raise ValueError(f"dtype must be one of {', '.join(maker.dtypes)}, was {self.dtype!r}")
        for name in self.precision:
            if name not in maker.precision:
                known = ", ".join(maker.precision) or "none"
                raise ValueError(f"precision: this engine has no {name!r}; known: {known}")
        _ = self.options, self.stop_rule

    @cached_property
    def subject(self) -> Subject:
        """Paper, parameters, model and engine."""
        return _subject_of(dict(self))

    @cached_property
    def options(self) -> Hashable:
        """The jobs' options: what `[variation]` means to the engine."""
        return self.subject.maker.options(self.variation)

    @cached_property
    def stop_rule(self) -> Any:
        """The jobs' stop rule."""
        return None if self.stop is None else self.subject.maker.stop_rule(self.stop)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How finely quantities are measured, by the engine's names."""
        return {**self.subject.maker.precision, **self.precision}

    @staticmethod
    def _check_sample(sample: Mapping[str, int | Between]) -> None:
        for axis, values in sample.items():
            if axis == "count":
                if not isinstance(values, int) or not 1 <= values <= _MOST_POINTS:
                    raise ValueError(
                        f"sample.count must be an integer in [1, {_MOST_POINTS}], was {values!r}"
                    )
            elif not isinstance(values, Between):
                raise ValueError(
                    f"sample.{axis} must be {{from, to, scale}}, was {values!r}; put it in [fixed]"
                )
            elif values.count is not None:
                raise ValueError(f"sample.{axis}: count belongs to [sample] itself, not to a range")
        if "count" not in sample:
            raise ValueError("sample.count is missing: the number of points to draw")
        if len(sample) == 1:
            raise ValueError("[sample] must name at least one coordinate, named none")

    @property
    def ranges(self) -> dict[str, Between]:
        """The ranges of `[sample]`, in the order of the coordinates; empty for a grid."""
        given = self.sample or {}
        found = {name: given[name] for name in [*self.subject.parameters.names, *given] if name in given}
        return {name: value for name, value in found.items() if isinstance(value, Between)}

    @cached_property
    def axes(self) -> dict[str, list[Any]]:
        """The values of `[grid]`, in the order of the coordinates; empty for a sample."""
        given = self.grid or {}
        parameters = self.subject.parameters
        found = {name: given[name] for name in parameters.names if name in given}
        return {
            name: [round(v) if parameters[name].whole else v for v in values.grid()]
            if isinstance(values, Between)
            else [v if isinstance(v, str) else self._canonical(name, v) for v in values]
            for name, values in found.items()
        }

    def _canonical(self, name: str, value: float) -> float:
        whole = self.subject.parameters[name].whole
        return int(value) if whole and value == int(value) else float(value)

    @property
    def snapshot_clocks(self) -> tuple[float, ...]:
        """Clocks of `snapshots`, increasing."""
        return tuple(float(v) for v in self.snapshots) if isinstance(self.snapshots, tuple) else ()

    @property
    def points(self) -> int:
        """Number of points."""
        if self.sample is not None:
            count = self.sample["count"]
            assert isinstance(count, int)
            return count
        return math.prod(len(values) for values in self.axes.values())

    def canonical(self) -> dict[str, Any]:
        """Strict JSON types in a fixed form: the order of keys, ranges written as lists and 1 for 1.0
        make no difference."""
        plain = self.model_dump(by_alias=True, mode="json")
        plain["fixed"] = {
            k: v if isinstance(v, str) else self._canonical(k, v) for k, v in sorted(self.fixed.items())
        }
        plain |= {"paper": self.subject.paper.name, "engine": self.subject.engine}
        plain |= {"dtype": self.dtype or self.subject.maker.dtypes[0], "precision": dict(self.counts)}
        options: Any = self.options
        if is_dataclass(options) and not isinstance(options, type):
            plain["variation"] = {k: v for k, v in asdict(options).items() if v is not None}
        plain["grid"] = dict(sorted(self.axes.items())) or None
        if self.sample is not None:
            plain["sample"] = {"count": self.points} | {
                k: {"from": float(v.low), "to": float(v.high), "scale": v.scale}
                for k, v in sorted(self.ranges.items())
            }
        return plain

    @cached_property
    def hash(self) -> str:
        """32 hexadecimal digits of the canonical form: the identity of the sweep."""
        text = json.dumps(self.canonical(), sort_keys=True, allow_nan=False)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def load_config(
    path: Path, *, seed: int | None = None, paper: str = "", files: Sequence[Path] = ()
) -> SweepConfig:
    """The configuration in a file; `seed` and `paper` replace the file's.

    Args:
        files: claims files: where no paper is named and the settings of one of them have all the parameters,
            that one is the paper.

    Raises:
        ValueError: one line naming the file and the key; unknown keys are errors, with near matches.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"CONFIG: {path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"CONFIG: {path} is not a text file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"CONFIG: {path} is not valid TOML: {error}") from None
    if seed is not None:
        raw["seed"] = seed
    if paper:
        raw["paper"] = paper
    elif files and not raw.get("paper"):
        raw["paper"] = _file_that_fits(files, _names(raw))
    try:
        return SweepConfig.model_validate(raw)
    except ValidationError as error:
        raise ValueError(f"CONFIG: {path}: {one_line(error, SweepConfig, Between)}") from None
