"""A box beyond a condition: where a claim's neighbourhood on the far side of an inequality is searched."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from theory.claim import Claim
from theory.condition import Condition, all_inside
from theory.two_stage.box import Domain
from theory.two_stage.setting import Setting

__all__ = ["box_outside"]

#: Coordinates in the order of preference where several reach the far side equally soon.
_COORDINATES = ("dimension", "kappa_0", "clock_step", "signal_margin", "tau", "m", "n")
_LEAST = {"n": 2.0, "m": 1.0}
#: Beyond this factor a box has nothing to do with the claim's.
_FARTHEST = 2.0**20
#: How far outside the box reaches: the condition fails by this factor at its far end.
_DEPTH = 4.0


@dataclass(frozen=True)
class _Reach:
    """One coordinate's way out: where the condition begins to fail, and where it fails by `_DEPTH`."""

    coordinate: str
    edge: float
    end: float
    factor: float
    alone: bool


def box_outside(claim: Claim, domain: Domain, name: str) -> Domain:
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
    ways = [r for c in _COORDINATES if (r := _reach(claim, domain, c, known[name], others)) is not None]
    if not ways:
        raise ValueError(
            f"--outside {name}: no coordinate of the box {domain.name!r} leads out of this condition"
        )
    way = min(ways, key=lambda r: (not r.alone, r.factor))
    limits: tuple[float, float] = (min(way.edge, way.end), max(way.edge, way.end))
    if way.coordinate in ("n", "m"):
        limits = (int(limits[0]), math.ceil(limits[1]))
    changes: dict[str, Any] = {way.coordinate: limits}
    return replace(domain, name=f"{domain.name}, outside {name}", **changes)


def _centre(domain: Domain) -> dict[str, float]:
    ranges: Mapping[str, tuple[float, float]] = {
        c: getattr(domain, c) for c in (*_COORDINATES, "sigma_xi") if c != "tau"
    }
    return {c: math.sqrt(low * high) for c, (low, high) in ranges.items()} | {
        "tau": (domain.tau[0] + domain.tau[1]) / 2
    }


def _setting(domain: Domain, x: Mapping[str, float]) -> Setting:
    return domain.at(
        n=max(2, round(x["n"])),
        m=max(1, round(x["m"])),
        signal_margin=x["signal_margin"],
        tau_plus=x["tau"],
        tau_minus=x["tau"],
        kappa_0=x["kappa_0"],
        dimension=x["dimension"],
        clock_step=x["clock_step"],
        sigma_xi=x["sigma_xi"],
    )


def _reach(
    claim: Claim, domain: Domain, coordinate: str, condition: Condition, others: tuple[Condition, ...]
) -> _Reach | None:
    """The way out along one coordinate, the others at the middle of the box; None when there is none."""
    centre = _centre(domain)

    def at(value: float) -> Setting:
        return _setting(domain, {**centre, coordinate: value})

    def slack(value: float) -> float:
        return condition.check(at(value), claim.constants).slack

    start = centre[coordinate]
    best: _Reach | None = None
    for sign in (-1, 1):
        end = _far_end(coordinate, start, sign, slack)
        if end is None:
            continue
        edge = _edge(start, end, slack)
        factor = abs(math.log(max(end, 1e-12) / start)) if start > 0 else math.inf
        way = _Reach(coordinate, edge, end, factor, all_inside(others, at(end), claim.constants))
        if best is None or (not way.alone, way.factor) < (not best.alone, best.factor):
            best = way
    return best


def _far_end(coordinate: str, start: float, sign: int, slack: Any) -> float | None:
    """Where the condition fails by `_DEPTH`, or as far as the coordinate goes if it fails there."""
    if coordinate == "tau":
        end = 0.0 if sign < 0 else 0.45
        return end if slack(end) < 1 else None
    factor, end = 1.0, start
    while factor < _FARTHEST:
        factor *= math.sqrt(2)
        moved = max(start * factor**sign, _LEAST.get(coordinate, 0.0))
        if moved == end or (coordinate in _LEAST and sign > 0 and factor > 8):
            break
        end = moved
        if slack(end) < 1 / _DEPTH:
            return end
    return end if slack(end) < 1 else None


def _edge(inside: float, end: float, slack: Any) -> float:
    """By bisection, a value next to which the condition begins to fail."""
    if slack(inside) < 1:
        return inside
    outside = end
    for _ in range(40):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if slack(middle) < 1 else (middle, outside)
    return outside
