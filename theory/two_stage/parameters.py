"""How a setting of the two-patch model is made of named values: for sweeps, `doctor` and phase planes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from theory.parameters import Parameter, Parameters
from theory.two_stage.setting import Setting

__all__ = ["PARAMETERS", "setting_at", "simulation_command"]


def setting_at(values: Mapping[str, Any]) -> Setting:
    """The setting with these values, which determine it (`Parameters.check`).

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
    a = values.get("n_snr2", 1.0)
    if "signal_margin" in values:
        a = values["signal_margin"] / (noise if noise > 0 else 1.0)
    setting = Setting.from_n_snr2(
        n=n,
        d=_dimension(values, n),
        m=_count("m", values["m"]),
        sigma_xi=values.get("sigma_xi", 1.0),
        n_snr2=a,
        tau_plus=tau_plus,
        tau_minus=tau_minus,
        sigma_0=values.get("sigma_0"),
        kappa_0=values.get("kappa_0"),
        clock_step=values.get("clock_step", 1.0),
    )
    return setting.with_(**{name: values[name] for name in ("signal_norm", "eta") if name in values})


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
    if unit > 2**53:
        raise ValueError(f"n must be at most 2^53 (counts are computed with as floats), was {n!r}")
    return math.ceil(ratio * unit * (1 - 1e-12))


def _usual(values: Mapping[str, Any]) -> dict[str, Any]:
    """Inside all of Condition 4.1, with d = 100 n^2."""
    out = {"n": 100, "m": 20} | dict(values)
    for names, name, value in (
        (("d", "d_over_n", "d_over_n2"), "d_over_n2", 100.0),
        (("n_snr2", "signal_margin", "signal_norm"), "n_snr2", 8.0),
        (("tau", "tau_plus"), "tau_plus", 0.1),
        (("tau", "tau_minus"), "tau_minus", 0.1),
        (("sigma_0", "kappa_0"), "kappa_0", 0.1),
        (("clock_step", "eta"), "clock_step", 0.05),
    ):
        if not any(each in out for each in names):
            out[name] = value
    return out


def simulation_command(setting: Setting) -> str:
    """The command that trains at a setting; numbers to the digits that make it the same setting."""
    numbers = {
        "n": f"{setting.n}",
        "d": f"{setting.d}",
        "m": f"{setting.m}",
        "sigma-xi": f"{setting.sigma_xi!r}",
        "n-snr2": f"{setting.n_snr2:.10g}",
        "tau-plus": f"{setting.tau_plus!r}",
        "tau-minus": f"{setting.tau_minus!r}",
        "kappa-0": f"{setting.kappa_0:.10g}",
        "clock-step": f"{setting.clock_step:.10g}",
    }
    return "python -m simulation run " + " ".join(f"--{name} {value}" for name, value in numbers.items())


PARAMETERS = Parameters(
    parameters=(
        Parameter("n", "samples", whole=True),
        Parameter("d", "dimension of a patch", whole=True),
        Parameter("d_over_n", "d in units of n; d is rounded up"),
        Parameter("d_over_n2", "d in units of n^2; d is rounded up"),
        Parameter("m", "filters a side", whole=True),
        Parameter("sigma_xi", "noise scale", default=1.0),
        Parameter("n_snr2", "a = n SNR^2"),
        Parameter("signal_margin", "a (1 - 2 max(tau_plus, tau_minus))"),
        Parameter("tau", "flip rate of both labels"),
        Parameter("tau_plus", "flip rate of label +1"),
        Parameter("tau_minus", "flip rate of label -1"),
        Parameter("sigma_0", "scale of the initial weights"),
        Parameter("kappa_0", "sigma_0 sigma_xi d / sqrt(n)"),
        Parameter("clock_step", "h = eta sigma_xi^2 d / (n m)"),
        Parameter("signal_norm", "|mu|"),
        Parameter("eta", "step size"),
    ),
    make=setting_at,
    one_of=(
        ("d", "d_over_n", "d_over_n2"),
        ("n_snr2", "signal_margin", "signal_norm"),
        ("tau", ("tau_plus", "tau_minus")),
        ("sigma_0", "kappa_0"),
        ("clock_step", "eta"),
    ),
    usual=_usual,
    units=("sigma_xi",),
    # Far inside what the paper asks: large d, small weights, small steps.
    inward={"d": 8.0, "sigma_0": -10.0, "eta": -12.0, "signal_norm": 4.0},
    command=simulation_command,
)
