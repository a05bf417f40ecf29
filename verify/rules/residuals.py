r"""Powers of parameters left in a ratio that is claimed constant: measured along sweeps, or over a box.

A `Theta(f)` says that quantity/f keeps no power of any parameter at fixed dimensionless groups. Along a sweep
each replicate gives one log-log slope; without sweeps the powers are the coefficients of a regression in
logarithms with the HC3 covariance. Both give a mean with a t-interval, and are decided by equivalence with 0:
support needs the interval inside the room that the rule leaves, refutation one outside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from theory.place import SWEPT
from theory.resolved import Resolved
from theory.rules import FittedBand
from verify.outcome import Decision, Observation
from verify.rules.exponent import fit_slope, positive_ends
from verify.rules.trend import residual_powers, trends_of
from verify.statistics.intervals import MIN_REPLICATES, runs_for_mean
from verify.statistics.power import equivalence_power
from verify.statistics.trials import by_seed, count, number_value

__all__ = ["Residual", "Residuals", "measured_powers", "planned_inside", "residual_plan", "tilted"]

Floats = NDArray[np.float64]


#: A parameter of a class that declares no trends counts when it varies by this factor or more.
_RANGE = 2.0


@dataclass(frozen=True)
class Residual:
    """A power left in the ratio: `value` with its standard error, and the `low` and `high` ends of its room.

    `replicates` are slopes of a sweep or runs of a box, `left_out` replicates without a slope.
    """

    parameter: str
    value: float
    error: float
    freedom: int
    low: float
    high: float
    replicates: int
    of: Literal["sweep", "box"]
    left_out: int = 0

    @property
    def p_value(self) -> float:
        """Of `low <= power <= high`: a t-test against the nearer end, doubled for its two ends."""
        if self.left_out > self.replicates:
            return 1.0
        return min(1.0, 2 * self._tail(max(self.low - self.value, self.value - self.high)))

    @property
    def support_p(self) -> float:
        """Of `power` outside its room: the larger of two one-sided t-tests."""
        if self.left_out > self.replicates:
            return 1.0
        return self._tail(max(self.low - self.value, self.value - self.high) * -1)

    def _tail(self, distance: float) -> float:
        """P(t >= distance / error); without an error 0 beyond rounding, 1 on the other side."""
        from scipy.special import stdtr

        if math.isinf(distance):
            return 0.0 if distance > 0 else 1.0
        if self.error <= 1e-12:
            return 0.0 if distance > 1e-9 else 1.0
        return float(stdtr(self.freedom, -distance / self.error))

    def half_width(self, level: float) -> float:
        """Of the interval whose two tails have probability `level` each."""
        from scipy.special import stdtrit

        return float(-stdtrit(self.freedom, level)) * self.error

    @property
    def outside(self) -> bool:
        """Whether the power as seen lies beyond its room."""
        return not self.low <= self.value <= self.high

    def runs_for(self, level: float, refuting: float) -> int | None:
        """Replicates, or runs of the box, that would show a power as the one seen to be inside, at `level`;
        of one seen outside, to be there, at `refuting`."""
        gap = min(self.value - self.low, self.high - self.value)
        spread = self.error * math.sqrt(self.replicates)
        found = runs_for_mean(spread, abs(gap), refuting if self.outside else level)
        return None if found is None else max(found, self.replicates + 1)

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        return {
            "power": self.value,
            "error": self.error,
            "room": [self.low if math.isfinite(self.low) else None, self.high],
            "of": self.of,
            "replicates": self.replicates,
            "left_out": self.left_out,
        }


@dataclass(frozen=True)
class Residuals:
    """The powers that a claim must not keep: those measured, and why others could not be."""

    measured: tuple[Residual, ...]
    missing: str = ""

    @property
    def number(self) -> int:
        """How many share the level; at least one."""
        return max(1, len(self.measured))


def measured_powers(rule: FittedBand, observations: Sequence[Observation]) -> Residuals:
    """All powers of the claim, along sweeps where it has them, else by regression over the box.

    Raises:
        ValueError: naming the rule's field, for a parameter that the setting has not as a positive number.
    """
    box = [o for o in observations if SWEPT not in o.labels]
    swept: dict[str, list[Observation]] = {}
    for o in observations:
        if SWEPT in o.labels:
            swept.setdefault(str(o.labels[SWEPT]), []).append(o)
    names = _names(rule, [o.setting for o in box], list(swept))
    found: list[Residual] = []
    missing: list[str] = []
    for name in names:
        if name in swept:
            residual = _along(rule, name, swept[name])
            if residual is None:
                missing.append(f"fewer than {MIN_REPLICATES} replicates of the sweep of {name} give a power")
            else:
                found.append(residual)
    over_box = [name for name in names if name not in swept]
    if over_box:
        here, why = _over_box(rule, over_box, box)
        found += here
        missing += [why] if why else []
    if not names and rule.powers != ():
        missing.append("no parameter of the scale varies, so that its powers cannot be seen")
    return Residuals(tuple(found), "; ".join(missing))


def _names(rule: FittedBand, settings: Sequence[Any], swept: Sequence[str]) -> list[str]:
    """The parameters whose powers are measured, in a fixed order."""
    if rule.powers is not None:
        return [name for name in rule.powers if name not in rule.exact]
    declared = trends_of(settings).powers
    varying = [name for name in declared if len({getattr(s, name) for s in settings}) >= 3]
    if not declared and not swept:
        varying = _numbers(settings)
    if not rule.two_sided:
        varying = [name for name in varying if all(_whole(getattr(s, name)) for s in settings)]
    return [name for name in dict.fromkeys((*swept, *varying)) if name not in rule.exact]


def _whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _numbers(settings: Sequence[Any]) -> list[str]:
    """Fields that are positive numbers, take three values or more, and vary by a factor of two or more."""
    out = []
    for name in settings[0].as_dict() if settings else ():
        values = [getattr(s, name) for s in settings]
        if any(isinstance(v, bool) or not isinstance(v, (int, float)) or not v > 0 for v in values):
            continue
        if len(set(values)) >= 3 and max(values) >= _RANGE * min(values):
            out.append(name)
    return out


def _parameter(o: Observation, name: str) -> float:
    value = getattr(o.setting, name, None)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ValueError(f"rule powers must name positive numbers of the setting, was {name!r} = {value!r}")
    return float(value)


def _room(rule: FittedBand, name: str, values: Floats) -> tuple[float, float]:
    """Ends of the powers that the rule leaves room for over these values of the parameter.

    `ln(x)^k` has the mean local power `k` times the slope of `ln ln x` in `ln x`; "up to logarithms" admits
    every power between that and 0.
    """
    k = rule.logs.get(name, 0.0)
    bend = 0.0
    if k:
        logs = np.log(values)
        if not (np.all(logs > 0) or np.all(logs < 0)):
            raise ValueError(
                f"rule logs[{name!r}]: {name} must stay on one side of 1, where its logarithm is 0"
            )
        x = logs - logs.mean()
        bend = k * float(x @ np.log(np.abs(logs)) / (x @ x))
    low = min(0.0, bend) - rule.power if rule.two_sided else -math.inf
    return low, max(0.0, bend) + rule.power


def _along(rule: FittedBand, name: str, points: Sequence[Observation]) -> Residual | None:
    """The mean slope of a sweep's replicates; those with a value that is no positive number are left out."""
    replicates: dict[tuple[int, str], list[Observation]] = {}
    for o in points:
        replicates.setdefault((o.replicate, o.engine), []).append(o)
    slopes: dict[int, list[float]] = {}
    for (replicate, _), seen in replicates.items():
        values = np.array([number_value(o) for o in seen])
        fit = fit_slope(np.array([_parameter(o, name) for o in seen]), values)
        slopes.setdefault(replicate, []).append(math.nan if fit is None else fit.slope)
    means = np.array([np.mean(found) for found in slopes.values()])
    kept = means[np.isfinite(means)]
    if len(kept) < MIN_REPLICATES:
        return None
    low, high = _room(rule, name, np.array([_parameter(o, name) for o in points]))
    error = float(kept.std(ddof=1)) / math.sqrt(len(kept))
    mean, left_out = float(kept.mean()), len(means) - len(kept)
    return Residual(name, mean, error, len(kept) - 1, low, high, len(kept), "sweep", left_out)


def _over_box(
    rule: FittedBand, names: Sequence[str], observations: Sequence[Observation]
) -> tuple[list[Residual], str]:
    """Powers by regression, from the first run of every trial; and why there are none."""
    firsts = [trial[0] for trial in by_seed(observations)]
    usable = [o for o in firsts if 0 < number_value(o) < math.inf]
    settings = [o.setting for o in usable]
    declared = trends_of(settings)
    held = [n for n in (declared.held if declared.powers else _numbers(settings)) if n not in names]
    nuisance = [n for n in declared.powers if n not in names]
    trends = residual_powers(
        settings,
        [math.log(number_value(o)) for o in usable],
        rule.power,
        parameters=(*names, *nuisance),
        held=held,
    )
    found = []
    for t in trends:
        if t.parameter in names:
            values = np.array([_parameter(o, t.parameter) for o in usable])
            low, high = _room(rule, t.parameter, values)
            found.append(Residual(t.parameter, t.slope, t.error, t.freedom, low, high, len(usable), "box"))
    absent = [name for name in names if name not in {r.parameter for r in found}]
    why = f"{count(len(usable), 'run')} of the box do not tell the powers of {', '.join(absent)} apart"
    return found, why if absent else ""


def tilted(near: Sequence[Observation], observations: Sequence[Observation]) -> list[list[Observation]]:
    """The assignments of open numbers that tilt every replicate of a sweep as far as may be, to either side;
    none without sweeps, or where every number is resolved."""
    middles: dict[tuple[Any, int, str], float] = {}
    groups: dict[tuple[Any, int, str], list[float]] = {}
    for o in observations:
        if SWEPT in o.labels:
            groups.setdefault((o.labels[SWEPT], o.replicate, o.engine), []).append(_at(o))
    middles = {key: float(np.mean(found)) for key, found in groups.items()}
    if not any(isinstance(o.value, Resolved) for o in observations if SWEPT in o.labels):
        return []
    out: list[list[Observation]] = [[], []]
    for kept, o in zip(near, observations, strict=True):
        ends = (kept.value, kept.value)
        if SWEPT in o.labels and not math.isnan(float(o.value)):
            ends = positive_ends(o.value)
            if _at(o) > middles[o.labels[SWEPT], o.replicate, o.engine]:
                ends = ends[1], ends[0]
        for seen, value in zip(out, ends, strict=True):
            seen.append(replace(o, value=value))
    return out


def _at(o: Observation) -> float:
    return math.log(_parameter(o, str(o.labels[SWEPT])))


def residual_plan(rule: FittedBand, decision: Decision) -> list[tuple[int, float, float]]:
    """What planned power needs of a decision's powers: (replicates, spread, half of the room) of each. Beside
    logarithms the room is wider, and a claim that is true with room to spare lies in its middle.

    None for a one-sided band: its ratio may fall, and then growth is excluded sooner than a plan at power 0
    would have it.
    """
    if not rule.two_sided:
        return []
    powers = decision.statistic.get("powers") or {}
    return [
        (p["replicates"], p["error"] * math.sqrt(p["replicates"]), (p["room"][1] - p["room"][0]) / 2)
        for p in powers.values()
    ]


def planned_inside(rule: FittedBand, plans: Sequence[tuple[int, float, float]]) -> float:
    """A lower bound of P(every power is shown to be inside) when each is in the middle of its room, without
    logarithms 0: 1 - the chances to miss."""
    level = rule.alpha / max(1, len(plans))
    missed = 0.0
    for replicates, spread, room in plans:
        missed += 1 - (equivalence_power(replicates, spread, room, level) or 0.0)
    return max(0.0, 1 - missed)
