"""A setting moved along its dimensionless groups: the same run in time units, elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from theory.two_stage.allowed import require_count, require_positive

if TYPE_CHECKING:
    from theory.two_stage.setting import Setting

__all__ = ["moved"]

#: Dimensionless groups that stay where a setting is moved, and the field that makes each.
_GROUP_OF = {"n_snr2": "signal_norm", "kappa_0": "sigma_0", "clock_step": "eta"}


def moved(setting: Setting, changes: Mapping[str, Any]) -> Setting:
    """`setting.at(**changes)`: `n SNR^2`, `kappa_0` and the clock step stay unless they are named.

    Raises:
        ValueError: for a name that is no field and no group, both names of a pair, or a value not allowed.
    """
    old = setting.as_dict()
    for name in changes:
        if name not in old and name not in _GROUP_OF:
            raise ValueError(f"at takes {', '.join([*old, *_GROUP_OF])}, was given {name!r}")
    for group, field in _GROUP_OF.items():
        if group in changes and field in changes:
            raise ValueError(f"{group} and {field} exclude each other: give one of them")
    for name, least in (("n", 2), ("d", 1), ("m", 1)):
        require_count(name, changes.get(name, least), least)
    for name in ("sigma_xi", *_GROUP_OF):
        require_positive(name, changes.get(name, 1.0))
    new = {name: changes.get(name, value) for name, value in old.items()}
    # As ratios: what does not move keeps its last bit.
    n, m, d, sigma = (new[name] / old[name] for name in ("n", "m", "d", "sigma_xi"))
    groups = {name: changes[name] / getattr(setting, name) if name in changes else 1.0 for name in _GROUP_OF}
    factor = {
        "signal_norm": sigma * math.sqrt(groups["n_snr2"] * d / n),
        "sigma_0": groups["kappa_0"] * math.sqrt(n) / (sigma * d),
        "eta": groups["clock_step"] * n * m / (sigma**2 * d),
    }
    new |= {name: old[name] * factor[name] for name in factor if name not in changes}
    return replace(setting, **new)
