"""Coordinates of a sweep: the names a configuration may use, and the `Setting` they make."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from theory.two_stage.setting import Setting

__all__ = ["COORDINATES", "Coordinate", "check_names", "setting_at"]


@dataclass(frozen=True)
class Coordinate:
    """A parameter that can be fixed, put on a grid or sampled; `count` marks whole numbers."""

    name: str
    meaning: str
    count: bool = False


#: In the order in which the axes of a grid are crossed, the last one fastest.
COORDINATES: Mapping[str, Coordinate] = {
    c.name: c
    for c in (
        Coordinate("n", "samples", count=True),
        Coordinate("d", "dimension of a patch", count=True),
        Coordinate("d_over_n", "d in units of n; d is rounded up"),
        Coordinate("d_over_n2", "d in units of n^2; d is rounded up"),
        Coordinate("m", "filters a side", count=True),
        Coordinate("sigma_xi", "noise scale (1 unless given)"),
        Coordinate("n_snr2", "a = n SNR^2"),
        Coordinate("signal_margin", "a (1 - 2 max(tau_plus, tau_minus))"),
        Coordinate("tau", "flip rate of both labels"),
        Coordinate("tau_plus", "flip rate of label +1"),
        Coordinate("tau_minus", "flip rate of label -1"),
        Coordinate("sigma_0", "scale of the initial weights"),
        Coordinate("kappa_0", "sigma_0 sigma_xi d / sqrt(n)"),
        Coordinate("clock_step", "h = eta sigma_xi^2 d / (n m)"),
    )
}

#: Of each group exactly one is given.
_ONE_OF = (
    ("n",),
    ("d", "d_over_n", "d_over_n2"),
    ("m",),
    ("n_snr2", "signal_margin"),
    ("sigma_0", "kappa_0"),
    ("clock_step",),
)
_TABLES = "[fixed], [grid] or [sample]"


def check_names(names: Iterable[str]) -> None:
    """Raise unless the names determine a setting, each of its parameters once.

    Raises:
        ValueError: naming the coordinate that is unknown (with near matches), missing or given twice.

    >>> check_names(["n", "d", "m", "n_snr2", "tau", "kappa_0"])
    Traceback (most recent call last):
    ValueError: clock_step is missing: give it in [fixed], [grid] or [sample]
    """
    given = list(names)
    for name in given:
        if name not in COORDINATES:
            near = difflib.get_close_matches(name, COORDINATES, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(COORDINATES)}"
            raise ValueError(f"unknown coordinate {name!r}; {hint}")
        if given.count(name) > 1:
            raise ValueError(f"{name} is given twice: once in {_TABLES}, not in two of them")
    for group in _ONE_OF:
        present = [name for name in group if name in given]
        if not present:
            what = "it" if len(group) == 1 else f"one of {', '.join(group)}"
            raise ValueError(f"{group[0]} is missing: give {what} in {_TABLES}")
        if len(present) > 1:
            raise ValueError(f"{' and '.join(present)} exclude each other: give one of them")
    rates = [name for name in ("tau", "tau_plus", "tau_minus") if name in given]
    if rates not in (["tau"], ["tau_plus", "tau_minus"]):
        raise ValueError(
            f"give tau, or tau_plus and tau_minus, in {_TABLES}; was {', '.join(rates) or 'none'}"
        )


def setting_at(values: Mapping[str, float]) -> Setting:
    """The setting with these coordinates (checked by `check_names`).

    Raises:
        ValueError: as `Setting`, naming the parameter that is out of range.

    >>> s = setting_at({"n": 10, "d_over_n2": 2.0, "m": 4, "signal_margin": 4.0, "tau": 0.1,
    ...                 "kappa_0": 0.1, "clock_step": 0.05})
    >>> s.d, round(s.signal_margin, 12)
    (200, 4.0)
    """
    n = _count("n", values["n"])
    tau_plus = values.get("tau", values.get("tau_plus", 0.0))
    tau_minus = values.get("tau", values.get("tau_minus", 0.0))
    # Out of range the rates would turn the sign of a; Setting names them, whatever a is then.
    noise = 1.0 - 2.0 * max(tau_plus, tau_minus)
    a = values["n_snr2"] if "n_snr2" in values else values["signal_margin"] / (noise if noise > 0 else 1.0)
    return Setting.from_n_snr2(
        n=n,
        d=_dimension(values, n),
        m=_count("m", values["m"]),
        sigma_xi=values.get("sigma_xi", 1.0),
        n_snr2=a,
        tau_plus=tau_plus,
        tau_minus=tau_minus,
        sigma_0=values.get("sigma_0"),
        kappa_0=values.get("kappa_0"),
        clock_step=values["clock_step"],
    )


def _count(name: str, value: float) -> int:
    if isinstance(value, int):
        return value
    if not math.isfinite(value) or value != int(value):
        raise ValueError(f"{name} must be an integer, was {value!r}")
    return int(value)


def _dimension(values: Mapping[str, float], n: int) -> int:
    if "d" in values:
        return _count("d", values["d"])
    name, unit = ("d_over_n", n) if "d_over_n" in values else ("d_over_n2", n * n)
    ratio = values[name]
    if not (math.isfinite(ratio) and ratio > 0):
        raise ValueError(f"{name} must be a finite number > 0, was {ratio!r}")
    # A ratio such as 0.1 n^2 is meant to be whole where it is up to rounding.
    return math.ceil(ratio * unit * (1 - 1e-12))
