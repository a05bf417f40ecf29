"""The setting nearest to a given one that satisfies a list of conditions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.condition import Condition, Constants, all_inside
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import SETTING_SYMBOLS

__all__ = ["nearest_setting"]

_INTEGERS = ("n", "d", "m")
_REALS = ("sigma_0", "eta", "signal_norm")
#: Solutions lie on thresholds; this much inside (in logarithms) survives rounding to ten digits.
_MARGIN = 1e-4
#: No coordinate moves by more than this factor.
_FARTHEST = math.log(1e12)

Floats = NDArray[np.float64]


def nearest_setting(start: Setting, conditions: Sequence[Condition], constants: Constants) -> Setting | None:
    """Minimal log-distance over (n, d, m, sigma_0, eta, |mu|) subject to every condition; None if none found.

    Minimises `sum (log x - log x_0)^2` with `log slack >= 0`: in these coordinates every condition is linear
    up to logarithms of logarithms, so that the problem is all but a projection on a polyhedron. Integers are
    then rounded, n and m both ways and d upward, the rest solved again around them, and the result checked.
    Flip rates move only where a condition on them alone fails, to the nearest rate allowed.
    """
    if all_inside(conditions, start, constants):
        return start
    moved = _rates_moved(start, conditions, constants)
    if moved is None:
        return None
    if all_inside(conditions, moved, constants):
        return moved
    slacks = _log_slacks(conditions, moved, constants)
    free = _solve(moved, slacks, {})
    if free is None:
        return None
    best: tuple[float, Setting] | None = None
    counts = {name: math.exp(free[name]) for name in ("n", "m")}
    for n, m in itertools.product(*(_roundings(counts[name], name) for name in ("n", "m"))):
        fixed = {"n": math.log(n), "m": math.log(m)}
        with_d = _solve(moved, slacks, fixed)
        if with_d is None:
            continue
        at_d = math.exp(with_d["d"])
        close = abs(at_d - round(at_d)) < 1e-6 * at_d and round(at_d) == moved.d
        fixed["d"] = math.log(round(at_d) if close else math.ceil(at_d))
        rest = _solve(moved, slacks, fixed)
        if rest is None:
            continue
        found = _as_setting(moved, rest)
        if not all_inside(conditions, found, constants):
            continue
        distance = float(np.sum((_point(found) - _point(start)) ** 2))
        if best is None or distance < best[0]:
            best = (distance, found)
    return None if best is None else best[1]


def _roundings(value: float, name: str) -> list[int]:
    least = 2 if name == "n" else 1
    if abs(value - round(value)) < 1e-6 * value:
        return [max(least, round(value))]
    return sorted({max(least, math.floor(value)), math.ceil(value)})


def _point(setting: Setting) -> Floats:
    return np.log([float(getattr(setting, name)) for name in (*_INTEGERS, *_REALS)])


def _as_setting(base: Setting, x: dict[str, float]) -> Setting:
    values: dict[str, Any] = {name: round(math.exp(x[name])) for name in _INTEGERS}
    values |= {name: math.exp(x[name]) for name in _REALS}
    return replace(base, **values)


def _log_slacks(conditions: Sequence[Condition], base: Setting, constants: Constants) -> list[_LogSlack]:
    """Only conditions on which some coordinate acts: the others no step can mend."""
    rates = {"tau_plus", "tau_minus"}
    return [
        _LogSlack(c, base, constants)
        for c in conditions
        if {SETTING_SYMBOLS.get(x, "") for x in (c.large - c.small).free_symbols} - rates - {""}
    ]


class _LogSlack:
    """`log(large / small)` of one condition as a function of log coordinates, n, d and m being real."""

    def __init__(self, condition: Condition, base: Setting, constants: Constants) -> None:
        import sympy as sp

        self.names = (*_INTEGERS, *_REALS)
        symbols = {name: symbol for symbol, name in SETTING_SYMBOLS.items()}
        fixed = {
            symbol: getattr(base, name) for symbol, name in SETTING_SYMBOLS.items() if name not in self.names
        }
        free = {s for e in (condition.large, condition.small) for s in e.free_symbols} - set(SETTING_SYMBOLS)
        fixed |= {symbol: constants[symbol.name] for symbol in free}
        arguments = [symbols[name] for name in self.names]
        self._large, self._small = (
            sp.lambdify(arguments, e.subs(fixed), modules="math") for e in (condition.large, condition.small)
        )

    def __call__(self, x: Floats) -> float:
        values = np.exp(x).tolist()
        large, small = float(self._large(*values)), float(self._small(*values))
        if small <= 0:
            return _FARTHEST
        return math.log(max(large, 1e-300)) - math.log(small)


def _solve(base: Setting, slacks: Sequence[_LogSlack], fixed: dict[str, float]) -> dict[str, float] | None:
    """The projection in log coordinates with some of them fixed; None when no start leads to one."""
    from scipy.optimize import minimize

    names = (*_INTEGERS, *_REALS)
    start = _point(base)
    free = [k for k, name in enumerate(names) if name not in fixed]

    def full(u: Floats) -> Floats:
        x = start.copy()
        for name, value in fixed.items():
            x[names.index(name)] = value
        x[free] = u
        return x

    low = np.array([math.log({"n": 2, "m": 1, "d": 1}.get(names[k], 1e-300)) for k in free])
    bounds = [(max(a, c - _FARTHEST), max(a, c) + _FARTHEST) for a, c in zip(low, start[free], strict=True)]
    constraint = {"type": "ineq", "fun": lambda u: np.array([s(full(u)) - _MARGIN for s in slacks])}
    best: tuple[float, Floats] | None = None
    # The second start is far inside what the paper asks: large d, small weights, small steps.
    shift = np.array(
        [{"d": 8.0, "sigma_0": -10.0, "eta": -12.0, "signal_norm": 4.0}.get(names[k], 0.5) for k in free]
    )
    for first in (start[free], start[free] + shift):
        result = minimize(
            lambda u: float(np.sum((u - start[free]) ** 2)),
            np.clip(first, [b[0] for b in bounds], [b[1] for b in bounds]),
            jac=lambda u: 2 * (u - start[free]),
            bounds=bounds,
            constraints=[constraint],
            method="SLSQP",
            options={"maxiter": 500, "ftol": 1e-12},
        )
        worst = min((s(full(result.x)) for s in slacks), default=math.inf)
        if worst >= 0.5 * _MARGIN and (best is None or result.fun < best[0]):
            best = (float(result.fun), result.x)
    return None if best is None else dict(zip(names, full(best[1]).tolist(), strict=True))


def _rates_moved(start: Setting, conditions: Sequence[Condition], constants: Constants) -> Setting | None:
    """Flip rates raised or lowered as little as possible until the conditions on them alone hold."""
    rates = {"tau_plus", "tau_minus"}
    alone = [
        c
        for c in conditions
        if (used := {SETTING_SYMBOLS.get(x, "") for x in (c.large - c.small).free_symbols} - {""})
        and used <= rates
    ]
    if all_inside(alone, start, constants):
        return start
    grid = [k / 1000 for k in range(500)]
    moves = sorted(
        ((abs(a - start.tau_plus) + abs(b - start.tau_minus), a, b) for a, b in _pairs(start, grid)),
    )
    for _, plus, minus in moves:
        moved = start.with_(tau_plus=plus, tau_minus=minus)
        if all_inside(alone, moved, constants):
            return moved
    return None


def _pairs(start: Setting, grid: list[float]) -> list[tuple[float, float]]:
    one = [(a, start.tau_minus) for a in grid] + [(start.tau_plus, b) for b in grid]
    return [*one, *((max(a, start.tau_plus), max(a, start.tau_minus)) for a in grid)]
