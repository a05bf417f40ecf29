"""A box beyond a condition: where a claim's neighbourhood on the far side of an inequality is searched."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from theory.claim import Claim
from theory.condition import Condition, Constants, all_inside
from theory.place import Box, Coordinate
from theory.rng import generator
from theory.setting import AbstractSetting

__all__ = ["box_outside"]

#: Beyond this factor a box has nothing to do with the claim's; numbers of things grow by less, which costs.
_FARTHEST, _MOST_COUNTS = 2.0**20, 8.0
#: How far outside the box reaches: the condition fails by this factor at its far end.
_DEPTH = 4.0
#: Accepted draws among which the one next to the middle of a box is looked for.
_CENTRES = 32

#: The condition's slack along one coordinate; nan where there is no setting.
Slack = Callable[[float], float]


@dataclass(frozen=True)
class _Reach:
    """One coordinate's way out: where the condition begins to fail, and where it fails by `_DEPTH`."""

    coordinate: Coordinate
    edge: float
    end: float
    factor: float
    alone: bool


def box_outside(claim: Claim, box: Box, name: str) -> Box:
    """The claim's box with ONE coordinate moved to where the named condition fails.

    The coordinate is the one that reaches the far side by the smallest factor, preferring ways that keep
    every other condition of the claim. Settings near the edge may still lie inside: check each.

    Raises:
        ValueError: when the claim has no such condition, or no coordinate leads out of it.
    """
    known = {c.name: c for c in claim.conditions}
    if name not in known:
        has = ", ".join(known) or "none"
        raise ValueError(f"--outside must name conditions of {claim.id} ({has}), was {name!r}")
    others = tuple(c for c in claim.conditions if c.name != name)
    # Of ways that are equally short, one that changes no number of things.
    ordered = sorted(box.coordinates, key=lambda c: c.whole)
    ways = [way for c in ordered if (way := _reach(claim, box, c, known[name], others)) is not None]
    if not ways:
        raise ValueError(
            f"--outside {name}: no coordinate of the box {box.name!r} leads out of this condition"
        )
    way = min(ways, key=lambda r: (not r.alone, r.factor))
    low, high = min(way.edge, way.end), max(way.edge, way.end)
    if way.coordinate.whole:
        low, high = max(1, math.floor(low)), math.ceil(high)
    moved = replace(way.coordinate, low=low, high=high)
    coordinates = tuple(moved if c is way.coordinate else c for c in box.coordinates)
    accept = None if box.accept is None else _Outside(others, known[name], claim.constants)
    return Box(f"{box.name}, outside {name}", coordinates, box.make, accept=accept)


@dataclass(frozen=True)
class _Outside:
    """Accepts settings at which a condition fails and the others hold."""

    others: tuple[Condition, ...]
    condition: Condition
    constants: Constants

    def __call__(self, setting: AbstractSetting) -> bool:
        inside = self.condition.check(setting, self.constants).inside
        return not inside and all_inside(self.others, setting, self.constants)


def _centre(box: Box) -> dict[str, float]:
    """Coordinates near the middle of the box: of the middle itself, or of the accepted draw next to it."""
    middle = {c.name: c.at(0.5) for c in box.coordinates}
    if box.accept is None:
        return middle
    draws = [box.values_of(box.draw(generator(0, f"centre of {box.name}", k))) for k in range(_CENTRES)]
    known: list[dict[str, float]] = [dict(values) for values in draws if values is not None]

    def away(values: dict[str, float]) -> float:
        return sum((c.share(values[c.name]) - 0.5) ** 2 for c in box.coordinates)

    return min(known, key=away) if known else middle


def _reach(
    claim: Claim, box: Box, coordinate: Coordinate, condition: Condition, others: tuple[Condition, ...]
) -> _Reach | None:
    """The way out along one coordinate, the others at the middle of the box; None when there is none."""
    centre = _centre(box)
    start = float(centre[coordinate.name])

    def at(value: float) -> AbstractSetting:
        return box.make({**centre, coordinate.name: round(value) if coordinate.whole else value})

    def slack(value: float) -> float:
        try:
            return condition.check(at(value), claim.constants).slack
        except (ValueError, ArithmeticError):  # no setting has this value
            return math.nan

    best: _Reach | None = None
    for sign in (-1, 1):
        end = _far_end(coordinate, start, sign, slack)
        if end is None:
            continue
        factor = abs(math.log(max(end, 1e-12) / start)) if start > 0 else math.inf
        way = _Reach(
            coordinate,
            _edge(start, end, slack),
            end,
            factor,
            all_inside(others, at(end), claim.constants),
        )
        if best is None or (not way.alone, way.factor) < (not best.alone, best.factor):
            best = way
    return best


def _far_end(coordinate: Coordinate, start: float, sign: int, slack: Slack) -> float | None:
    """Where the condition fails by `_DEPTH`, or as far as the coordinate goes if it fails there."""
    width = coordinate.high - coordinate.low or 1.0
    factor, end = 1.0, start
    most = _MOST_COUNTS if coordinate.whole and sign > 0 else _FARTHEST
    while factor * math.sqrt(2) <= most * 1.001:
        factor *= math.sqrt(2)
        moved = start * factor**sign if start > 0 else start + sign * width * factor
        value = slack(moved)
        if math.isnan(value):
            break
        end = moved
        if value < 1 / _DEPTH:
            return end
    return end if slack(end) < 1 else None


def _edge(inside: float, end: float, slack: Slack) -> float:
    """By bisection, a value next to which the condition begins to fail."""
    if slack(inside) < 1:
        return inside
    outside = end
    for _ in range(40):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if slack(middle) < 1 else (middle, outside)
    return outside
