"""The setting nearest to a given one that satisfies a list of conditions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.condition import Condition, Constants, all_inside
from theory.parameters import Parameters
from theory.setting import AbstractSetting, number_kinds

__all__ = ["log_distance", "moved_fields", "nearest_setting"]

#: Solutions lie on thresholds; this much inside (in logarithms) survives rounding to ten digits.
_MARGIN = 1e-4
#: No coordinate moves by more than this factor.
_FARTHEST = math.log(1e12)
#: Whole numbers up to here are rounded both ways, larger ones upward.
_SMALL = 10_000

Floats = NDArray[np.float64]
Logs = dict[str, float]


def moved_fields(
    setting: AbstractSetting, parameters: Parameters | None = None, keep: Sequence[str] = ()
) -> tuple[str, ...]:
    """The fields that move, in logarithms: positive numbers that are no rates, no units and not kept."""
    still = {*setting.trends.linear, *(parameters.units if parameters is not None else ()), *keep}
    return tuple(
        name
        for name, value in setting.as_dict().items()
        if name not in still and not isinstance(value, bool | str) and value > 0
    )


def log_distance(one: AbstractSetting, other: AbstractSetting, names: Sequence[str]) -> float:
    """Root of the sum of squared log ratios of these fields."""
    return math.sqrt(sum(math.log(getattr(one, name) / getattr(other, name)) ** 2 for name in names))


def nearest_setting(
    start: AbstractSetting,
    conditions: Sequence[Condition],
    constants: Constants,
    parameters: Parameters | None = None,
    keep: Sequence[str] = (),
) -> AbstractSetting | None:
    """Minimal log-distance over the moved fields subject to every condition; None if none found.

    Fields in `keep` stay as they are.

    Minimises `sum (log x - log x_0)^2` with `log slack >= 0`: in these coordinates conditions are mostly
    linear up to logarithms of logarithms, so that the problem is all but a projection on a polyhedron. Whole
    numbers are then rounded one after the other, the smallest first and both ways, the rest solved again
    around them, and the result checked. Rates move only where a condition on them alone fails, to the
    nearest rate allowed. Where that finds none, slacks outside are taken as `large / small - 1`, which leads
    out of where a left side is negative too.
    """
    if all_inside(conditions, start, constants):
        return start
    moved = _rates_moved(start, conditions, constants)
    if moved is None or any(getattr(moved, name) != getattr(start, name) for name in keep):
        return None
    if all_inside(conditions, moved, constants):
        return moved
    names = moved_fields(start, parameters, keep)
    inward = parameters.inward if parameters is not None else {}
    for signed in (False, True):
        problem = _Projection(moved, names, conditions, constants, inward, signed)
        found = [s for s in _rounded(problem, {}, problem.whole) if all_inside(conditions, s, constants)]
        if found:
            return min(found, key=lambda s: log_distance(s, start, names))
    return None


def _rounded(problem: _Projection, fixed: Logs, left: tuple[str, ...]) -> Iterator[AbstractSetting]:
    """Solutions with whole numbers."""
    solved = problem.solve(fixed)
    if solved is None:
        return
    if not left:
        made = problem.setting(solved)
        if made is not None:
            yield made
        return
    name = min(left, key=lambda each: solved[each])
    for value in _roundings(math.exp(solved[name])):
        rest = tuple(each for each in left if each != name)
        yield from _rounded(problem, {**fixed, name: math.log(value)}, rest)


def _roundings(value: float) -> list[int]:
    if value > 2 and abs(value - round(value)) < 1e-6 * value:
        return [round(value)]
    if value > _SMALL:
        return [math.ceil(value)]
    return sorted({max(1, math.floor(value)), max(2, math.ceil(value))})


class _Projection:
    """The start, the coordinates, and `log(large / small)` of every condition as a function of them."""

    def __init__(
        self,
        base: AbstractSetting,
        names: tuple[str, ...],
        conditions: Sequence[Condition],
        constants: Constants,
        inward: Mapping[str, float],
        signed: bool = False,
    ) -> None:
        self.base, self.names, self.inward = base, names, inward
        kinds = number_kinds(type(base))
        self.whole = tuple(name for name in names if kinds.get(name) is int)
        self.start = np.log([float(getattr(base, name)) for name in names])
        # Only conditions on which some coordinate acts: the others no step can mend.
        self.slacks = [
            _LogSlack(c, base, names, constants, signed) for c in conditions if _used(c, base) & set(names)
        ]

    def setting(self, x: Logs) -> AbstractSetting | None:
        """The setting at a point; None where there is none."""
        values: dict[str, Any] = {
            name: round(math.exp(x[name])) if name in self.whole else math.exp(x[name]) for name in self.names
        }
        try:
            return self.base.with_(**values)
        except ValueError:
            return None

    def solve(self, fixed: Logs) -> Logs | None:
        """The projection with some coordinates fixed; None when no start leads to one."""
        from scipy.optimize import minimize

        names, start = self.names, self.start
        free = [k for k, name in enumerate(names) if name not in fixed]

        def full(u: Floats) -> Floats:
            x = start.copy()
            for name, value in fixed.items():
                x[names.index(name)] = value
            x[free] = u
            return x

        if not free:
            inside = all(s(full(start[free])) >= 0 for s in self.slacks)
            return dict(zip(names, full(start[free]).tolist(), strict=True)) if inside else None
        low = np.array([0.0 if names[k] in self.whole else math.log(1e-300) for k in free])
        bounds = [
            (max(a, c - _FARTHEST), max(a, c) + _FARTHEST) for a, c in zip(low, start[free], strict=True)
        ]
        constraint = {
            "type": "ineq",
            "fun": lambda u: np.array([s(full(u)) - _MARGIN for s in self.slacks]),
        }
        best: tuple[float, Floats] | None = None
        shift = np.array([self.inward.get(names[k], 0.5) for k in free])
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
            worst = min((s(full(result.x)) for s in self.slacks), default=math.inf)
            if worst >= 0.5 * _MARGIN and (best is None or result.fun < best[0]):
                best = (float(result.fun), result.x)
        return None if best is None else dict(zip(names, full(best[1]).tolist(), strict=True))


def _used(condition: Condition, setting: AbstractSetting) -> set[str]:
    """The fields that a condition speaks of."""
    letters = {symbol.name: name for symbol, name in setting.letters().items()}
    symbols = condition.large.free_symbols | condition.small.free_symbols
    return {letters[x.name] for x in symbols if x.name in letters}


class _LogSlack:
    """`log(large / small)` of one condition in log coordinates, whole numbers being real; where it is below 0
    and `signed`, `large / small - 1`, which has the same value and slope at 0 and a slope wherever large is
    negative."""

    def __init__(
        self,
        condition: Condition,
        base: AbstractSetting,
        names: tuple[str, ...],
        constants: Constants,
        signed: bool = False,
    ) -> None:
        import sympy as sp

        letters = {symbol.name: name for symbol, name in base.letters().items()}
        symbols = condition.large.free_symbols | condition.small.free_symbols
        values = {
            x: getattr(base, letters[x.name]) if x.name in letters else constants[x.name]
            for x in symbols
            if letters.get(x.name) not in names
        }
        by_field = {letters[x.name]: x for x in symbols if letters.get(x.name) in names}
        self._signed = signed
        arguments = [by_field.get(name, sp.Dummy()) for name in names]
        self._large, self._small = (
            sp.lambdify(arguments, e.subs(values), modules="math") for e in (condition.large, condition.small)
        )

    def __call__(self, x: Floats) -> float:
        values = np.exp(x).tolist()
        large, small = float(self._large(*values)), float(self._small(*values))
        if small <= 0:
            return _FARTHEST
        if self._signed and large < small:
            return max(large / small - 1, -1e12)
        return math.log(max(large, 1e-300)) - math.log(min(small, 1e300))


def _rates_moved(
    start: AbstractSetting, conditions: Sequence[Condition], constants: Constants
) -> AbstractSetting | None:
    """Rates raised or lowered as little as possible until the conditions on them alone hold."""
    known = {f.name for f in fields(start)}  # type: ignore[arg-type]
    rates = {name: getattr(start, name) for name in start.trends.linear if name in known}
    alone = [c for c in conditions if (used := _used(c, start)) and used <= rates.keys()]
    if all_inside(alone, start, constants):
        return start
    steps = [k / 1000 for k in range(1000)]
    tried = [{**rates, name: a} for name in rates for a in steps]
    tried += [{name: max(a, rate) for name, rate in rates.items()} for a in steps]
    for values in sorted(tried, key=lambda v: sum(abs(v[name] - rate) for name, rate in rates.items())):
        try:
            moved = start.with_(**values)
        except ValueError:  # no rate of this model
            continue
        if all_inside(alone, moved, constants):
            return moved
    return None
