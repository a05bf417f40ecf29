"""What makes two runs the same run, and the key it is stored under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import asdict, fields, is_dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np

from simulation.models import Job
from theory.setting import number_kinds

__all__ = ["digest", "job_identity", "job_text", "run_identity"]

_PLAIN = frozenset({bool, int, float, str, type(None)})


def run_identity(
    job: Job,
    engine: str,
    *,
    model: str,
    measures: Iterable[str],
    version: str,
    device: str = "cpu",
    control: Job | None = None,
) -> dict[str, Any]:
    """Everything a run's results depend on, as JSON types.

    Args:
        job: what the engine was asked for.
        engine, model: whose it is; two models with equal fields share no runs.
        measures: what is measured: names whose meaning the code of `version` fixes, in order.
        version: of the code that makes and measures the run, see `code_version`.
        control: the job of the control arm.

    Raises:
        ValueError: when the options are no frozen value that JSON can tell apart.

    Equal settings have equal identities however their numbers were written:

    >>> from dataclasses import dataclass
    >>> from theory.setting import AbstractSetting
    >>> @dataclass(frozen=True)
    ... class Coin(AbstractSetting):
    ...     n: int
    ...     p: float
    >>> a, b = (run_identity(Job(s, 0), "function", model="coin", measures=["t"], version="1")
    ...         for s in (Coin(4, 1), Coin(np.int64(4), 1.0)))
    >>> digest(a) == digest(b)
    True
    """
    return {
        "model": model,
        "engine": engine,
        "job": job_identity(job),
        "control": None if control is None else job_identity(control),
        "measures": list(measures),
        "version": version,
        "device": device,
    }


def job_identity(job: Job) -> dict[str, Any]:
    """Everything a job asks for, as JSON types.

    Raises:
        ValueError: as `run_identity`.
    """
    kinds = number_kinds(type(job.setting))
    return {
        "setting": {
            name: kinds[name](value) if name in kinds else value
            for name, value in job.setting.as_dict().items()
        },
        "seed": int(job.seed),
        "steps": int(job.steps),
        "snapshots": [int(step) for step in job.snapshots],
        "record": None if job.record is None else [int(step) for step in job.record],
        "dtype": job.dtype,
        "options": _named(job.options),
        "streams": list(job.streams),
        "stop": _named(job.stop),
        "precision": [list(pair) for pair in job.precision],
    }


def job_text(job: Job) -> str:
    """As `job_identity`, in a tenth of the time: equal texts are equal jobs, while numbers that are written
    otherwise (1 and 1.0) have other texts.

    Raises:
        ValueError: as `run_identity`.
    """
    setting = job.setting
    kind: Any = type(setting)
    values = [getattr(setting, name) for name in _field_names(kind)]
    if not all(type(value) in _PLAIN for value in values):
        return digest([kind.__module__, kind.__qualname__, job_identity(job)])
    rest = (job.seed, job.steps, job.snapshots, job.dtype, job.streams, job.precision)
    record = None if job.record is None else np.asarray(job.record, dtype=np.int64).tobytes()
    parts = (
        kind.__module__,
        kind.__qualname__,
        values,
        rest,
        _option_text(job.options),
        _option_text(job.stop),
    )
    return f"{parts!r} {record!r}"


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@lru_cache(maxsize=64)
def _option_text(value: Hashable) -> str:
    return digest(_named(value))


def _named(value: Any) -> Any:
    """A frozen value with the names of the classes it is made of: equal fields are not equal values."""
    if is_dataclass(value) and not isinstance(value, type):
        return [
            f"{type(value).__module__}.{type(value).__qualname__}",
            {f.name: _named(getattr(value, f.name)) for f in fields(value)},
        ]
    if isinstance(value, list | tuple):
        return [_named(item) for item in value]
    return value


def digest(identity: Any) -> str:
    """The key of an identity: 40 hexadecimal digits of the blake2b digest of its canonical JSON.

    Floats enter with all their digits; 1 and 1.0 differ, so identities fix the type of every number.

    Raises:
        ValueError: for what JSON cannot tell apart or write: nan, keys that are no text, other types.
    """
    text = json.dumps(_plain(identity), sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ValueError(f"names in an identity must be str, was {key!r}")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    raise ValueError(f"an identity holds JSON types, was {type(value).__name__}")
