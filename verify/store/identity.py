"""What makes two runs the same run, and the key it is stored under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import numpy as np

from theory.two_stage.setting import Setting
from theory.two_stage.variation import PLAIN, Variation

__all__ = ["batch_key", "digest", "run_identity"]

_COUNTS = ("n", "d", "m")


def run_identity(
    setting: Setting,
    seed: int,
    engine: str,
    *,
    steps: int,
    snapshots: Iterable[int],
    measures: Iterable[str],
    version: str,
    variation: Variation = PLAIN,
    dtype: str = "float64",
    device: str = "cpu",
    **more: Any,
) -> dict[str, Any]:
    """Everything a run's results depend on, as JSON types.

    Args:
        steps: gradient steps; with the setting's clock step, the length of the run on the clock.
        snapshots: steps at which the state is kept: a measure sees no other.
        measures: what is measured: names whose meaning the code of `version` fixes, in order.
        version: of the code that makes and measures the run, see `code_version`.
        more: whatever else the results depend on, such as `threads` or `record_every`.

    Equal settings have equal identities however their numbers were written:

    >>> one = Setting(n=4, d=40, m=2, sigma_xi=1, signal_norm=2.0, tau_plus=0, tau_minus=0.1, sigma_0=1e-3,
    ...               eta=0.01)
    >>> two = one.with_(sigma_xi=1.0, n=np.int64(4))
    >>> a, b = (run_identity(s, 0, "law", steps=5, snapshots=[0, 5], measures=["t"], version="1")
    ...         for s in (one, two))
    >>> digest(a) == digest(b)
    True
    """
    return {
        "setting": {
            name: int(value) if name in _COUNTS else float(value) for name, value in setting.as_dict().items()
        },
        "seed": int(seed),
        "engine": engine,
        "steps": int(steps),
        "snapshots": [int(step) for step in snapshots],
        "measures": list(measures),
        "version": version,
        "variation": asdict(variation),
        "dtype": dtype,
        "device": device,
        **more,
    }


def digest(identity: Any) -> str:
    """The key of an identity: 40 hexadecimal digits of the blake2b digest of its canonical JSON.

    Floats enter with all their digits; 1 and 1.0 differ, so identities fix the type of every number.

    Raises:
        ValueError: for what JSON cannot tell apart or write: nan, keys that are no text, other types.
    """
    text = json.dumps(_plain(identity), sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=20).hexdigest()


def batch_key(runs: Sequence[Mapping[str, Any]], index: int) -> str:
    """The key of run `index` of runs that were trained side by side.

    The last bits of a run depend on the shapes it was padded to, so a run counts as made only together
    with the same others in the same order.
    """
    return digest({"batch": [digest(run) for run in runs], "index": index})


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
