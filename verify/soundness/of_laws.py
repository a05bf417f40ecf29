"""False variants of laws, z-scores, calibrations and comparisons of two engines."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.claim import Claim
from theory.falsehood import FalsehoodKind
from theory.rules import Calibration, Law, SameLaw, ZScores
from theory.two_stage.setting import Setting
from verify.outcome import Observation
from verify.rules.trend import bounded_slope
from verify.soundness.factors import CONSTANTS, EXPONENT_ERRORS, FACTORS, log_field, log_values
from verify.soundness.planted import Exempt, Planted

__all__ = ["plant_calibration", "plant_law", "plant_same_law", "plant_zscores"]

Floats = NDArray[np.float64]

#: Parameters whose power is put wrong in a predicted formula: a count far from 1, and a unit that may lie
#: around 1.
_POWERS_OF = ("n", "sigma_xi")


@dataclass(frozen=True)
class _Change:
    """A factor that the predicted value is multiplied by."""

    name: str
    kind: FalsehoodKind
    factor: Callable[[Setting], float]
    power_of: str | None = None
    power: float = 0.0


def _changes() -> list[_Change]:
    return [
        *(_Change(f"prediction x {c:g}", "constant", lambda s, c=c: c) for c in CONSTANTS),  # type: ignore[misc]
        *(
            _Change(f"prediction without {name}", "factor", lambda s, f=f: 1 / f(s))  # type: ignore[misc]
            for name, f in FACTORS.items()
        ),
        *(
            _Change(
                f"prediction x {name}^{error:+g}",
                kind,
                lambda s, k=name, e=error: math.exp(e * log_field(s, k)),  # type: ignore[misc]
                name,
                error,
            )
            for error, kind in EXPONENT_ERRORS
            for name in _POWERS_OF
        ),
    ]


# Laws
# ---------------------------------------------------------------------------------------------------------


def _predicted_times(factor: Callable[[Setting], float]) -> Callable[[Observation], tuple[float, float]]:
    return lambda o: (float(o.value[0]), float(o.value[1]) * factor(o.setting))


def _inverted(o: Observation) -> tuple[float, float]:
    measured, predicted = (float(v) for v in o.value)
    return measured, 1 / predicted if predicted else math.inf


def plant_law(claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
    """The prediction halved, doubled, inverted, with a factor lost or a power wrong."""
    rule = claim.rule
    assert isinstance(rule, Law)
    room = math.log1p(rule.margin)
    settings = [o.setting for o in observations]
    seen = set()
    for change in _changes():
        logs = np.log([change.factor(s) for s in settings]) if settings else np.zeros(1)
        key = tuple(logs.round(12))
        if not np.any(logs) or key in seen:
            yield Exempt(
                claim,
                change.name,
                change.kind,
                "at these settings it changes nothing, or as another one does",
            )
            continue
        seen.add(key)
        shift = abs(float(logs.mean()))
        why = ""
        if shift > 2 * room:
            why = (
                f"the mean log ratio lies within {room:.3g} of 0, so with this change at least "
                f"{shift:.3g} - {room:.3g} from it"
            )
        elif change.power_of is not None:
            x = log_values(settings, change.power_of)
            allowed = bounded_slope(x, room) if len(set(x.tolist())) >= 3 else math.inf
            if abs(change.power) > 2 * allowed:
                why = f"errors within the margin have slopes up to {allowed:.2g}; this adds {change.power:+g}"
        if why:
            yield Planted(claim, change.name, change.kind, rule, why, _predicted_times(change.factor))
        else:
            reason = "over these settings the change stays within what the margin allows"
            yield Exempt(claim, change.name, change.kind, reason)
    logs = np.array([math.log(float(o.value[1])) for o in observations if float(o.value[1]) > 0])
    if len(logs) and abs(float(logs.mean())) > room:
        why = "prediction and its inverse are further apart on average than the margin allows for both"
        yield Planted(claim, "prediction inverted", "symbols", rule, why, _inverted)
    else:
        yield Exempt(claim, "prediction inverted", "symbols", "the prediction is about 1")


# Z-scores
# ------------------------------------------------------------------------------------------------------


def plant_zscores(claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
    """The prediction changed as for a law, of the other sign, its standard deviation halved or doubled."""
    rule = claim.rule
    assert isinstance(rule, ZScores)
    predicted = np.array([float(o.value[1]) for o in observations])
    sd = np.array([float(o.value[2]) for o in observations])
    settings = [o.setting for o in observations]

    def by_factor(factor: Callable[[Setting], float]) -> Callable[[Observation], tuple[float, ...]]:
        return lambda o: (o.value[0], o.value[1] * factor(o.setting), *o.value[2:])

    changes = [*_changes(), _Change("prediction of the other sign", "sign", lambda s: -1.0)]
    for change in changes:
        moved = (
            (np.array([change.factor(s) for s in settings]) - 1) * predicted / sd if settings else np.zeros(1)
        )
        shift = abs(float(moved.mean()))
        if shift > 2 * rule.bias:
            why = f"the mean z lies within {rule.bias:g} of 0 and moves by {shift:.3g}"
            yield Planted(claim, change.name, change.kind, rule, why, by_factor(change.factor))
        else:
            yield Exempt(claim, change.name, change.kind, "the change is small against the predicted spread")
    low, high = rule.spread
    for c in CONSTANTS:

        def scaled(o: Observation, c: float = c) -> tuple[float, ...]:
            return (o.value[0], o.value[1], c * o.value[2], o.value[3])

        if max(c, 1 / c) > high / low:
            why = f"the spread of z moves from [{low:g}, {high:g}] to [{low / c:.3g}, {high / c:.3g}]"
            yield Planted(claim, f"standard deviation x {c:g}", "constant", rule, why, scaled)
        else:
            yield Exempt(claim, f"standard deviation x {c:g}", "constant", "the declared spread allows both")


# Calibrations
# ----------------------------------------------------------------------------------------------------


def plant_calibration(claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
    """The predicted probability of the complement, halved, doubled, to another power."""
    rule = claim.rule
    assert isinstance(rule, Calibration)
    changes: list[tuple[str, FalsehoodKind, Callable[[float], float]]] = [
        ("probability of the complement", "sign", lambda p: 1 - p),
        ("probability x 0.5", "constant", lambda p: p / 2),
        ("probability x 2", "constant", lambda p: min(1.0, 2 * p)),
        *(
            (f"probability to the power {1 + error:g}", kind, lambda p, e=error: p ** (1 + e))
            for error, kind in EXPONENT_ERRORS
        ),
    ]
    for name, kind, change in changes:
        cells: dict[tuple[Any, ...], list[float]] = {}
        for o in observations:
            p = float(o.value[1])
            cells.setdefault(tuple(o.labels.items()), []).append(change(p) - p)
        distance = math.sqrt(float(np.mean([np.mean(v) ** 2 for v in cells.values()]))) if cells else 0.0
        if distance > 2 * rule.margin:

            def moved(o: Observation, change: Callable[[float], float] = change) -> tuple[Any, float]:
                return o.value[0], change(float(o.value[1]))

            why = (
                f"the two predictions differ by {distance:.3g} in root mean square over cells; within "
                f"{rule.margin:g} of "
                "both is impossible"
            )
            yield Planted(claim, name, kind, rule, why, moved)
        else:
            why = f"the predictions differ by {distance:.2g} in root mean square, as the margin allows"
            yield Exempt(claim, name, kind, why)


# Two engines
# ----------------------------------------------------------------------------------------------------


def _distance(first: Floats, second: Floats) -> float:
    """Largest distance of two empirical distribution functions."""
    points = np.concatenate([first, second])
    left = np.searchsorted(np.sort(first), points, side="right") / len(first)
    right = np.searchsorted(np.sort(second), points, side="right") / len(second)
    return float(np.max(np.abs(left - right)))


def plant_same_law(claim: Claim, observations: Sequence[Observation]) -> Iterator[Planted | Exempt]:
    """One engine's quantities halved, doubled, of the other sign, to another power."""
    rule = claim.rule
    assert isinstance(rule, SameLaw)
    engines = list(dict.fromkeys(o.engine for o in observations))
    if not engines:
        return
    changed = engines[0]
    changes: list[tuple[str, FalsehoodKind, Callable[[float], float]]] = [
        ("of the other sign", "sign", lambda v: -v),
        ("x 0.5", "constant", lambda v: v / 2),
        ("x 2", "constant", lambda v: 2 * v),
        *(
            (f"to the power {1 + error:g}", kind, lambda v, e=error: math.copysign(abs(v) ** (1 + e), v))
            for error, kind in EXPONENT_ERRORS
        ),
    ]
    own = [o.value for o in observations if o.engine == changed]
    for name, kind, change in changes:
        distance = max(
            _distance(np.array([v[key] for v in own]), np.array([change(v[key]) for v in own]))
            for key in own[0]
        )

        def moved(o: Observation, change: Callable[[float], float] = change) -> Any:
            return {k: change(v) for k, v in o.value.items()} if o.engine == changed else o.value

        title = f"quantities of {changed} {name}"
        if distance > rule.margin:
            why = f"the change alone moves the law by {distance:.3g}, beyond the margin {rule.margin:g}"
            yield Planted(claim, title, kind, rule, why, moved)
        else:
            why = f"the change moves the law by {distance:.2g} only, within the margin {rule.margin:g}"
            yield Exempt(claim, title, kind, why)
