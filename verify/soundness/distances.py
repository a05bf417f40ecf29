r"""The section of distances: false variants of supported claims, each so many margins away from the claim.

A variant moves the measured quantity of a supported claim by `k` margins, to the side on which its own
estimate lies already: so the truth lies at least `k` margins away, but for the estimate's error on that side.
At k = 1 the claim is on its border: refuting and supporting it may each happen at the level. Further kinds
have no margin: a step too many, a constant 6 % off, one counterexample in a thousand, a quantity saturated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.claim import Claim
from theory.resolved import Resolved
from theory.rng import generator
from theory.rules import (
    Bound,
    Calibration,
    Difference,
    Event,
    Exponent,
    FittedBand,
    Law,
    Universal,
    UniversalBound,
    ZScores,
)
from verify.outcome import Judgement, Observation, Verdict
from verify.rules.ends import scaled
from verify.rules.judge import Planted
from verify.rules.registry import judge_of
from verify.soundness.detect import Detection, detect, detect_again
from verify.soundness.fresh import FreshRuns
from verify.soundness.section import Section, Table, may_reach
from verify.statistics.intervals import rate_interval

__all__ = ["FACTORS", "TARGET", "Distant", "distances", "plants", "section", "tally"]

#: Margins between the claimed value and the planted truth.
FACTORS = (1.0, 1.4, 2.0)

#: Share of the variants at 1.4 margins or more that must be refuted.
TARGET = 0.95

#: A universal statement fails in one run of so many.
_RARE = 1000

Change = Callable[[Observation], Any]


@dataclass(frozen=True)
class Distant:
    """A planted variant and what came of it. `distance` counts margins (allowed rates for a rate); None where
    the kind has no margin. `wanted` is the verdict that is right."""

    claim: str
    rule: str
    kind: str
    distance: float | None
    verdict: Verdict
    reason: str
    runs: int
    wanted: Verdict = "refuted"

    @property
    def wrong(self) -> bool:
        """The worst outcome: what is false, or not known, is supported."""
        return self.verdict == "supported" and (self.distance is None or self.distance > 1)

    @property
    def right(self) -> bool:
        """Whether the verdict is the one wanted."""
        return self.verdict == self.wanted


@dataclass(frozen=True)
class _Plant:
    kind: str
    distance: float | None
    change: Change
    wanted: Verdict = "refuted"
    shows: Callable[[Observation], bool] | None = None


def plants(claim: Claim, judgement: Judgement) -> Iterator[tuple[_Plant, Planted]]:
    """The variants of a supported claim, by its rule."""
    rule = claim.rule
    for plant in _of(rule, judgement):
        why = "the measured quantity is moved away from what is claimed, on the side of its estimate"
        yield plant, Planted(claim, plant.kind, "constant", rule, why, plant.change)


def _first(change: Callable[[Any], Any]) -> Change:
    """A change of the measured number of a pair."""
    return lambda o: (change(o.value[0]), *o.value[1:])


def _moved(value: Any, by: float) -> Any:
    if isinstance(value, Resolved):
        ends = [None if end is None else end + by for end in (value.floor, value.ceiling)]
        return Resolved(value.value + by, value.resolution, *ends)
    return float(value) + by


def _side(judgement: Judgement, name: str, claimed: float = 0.0) -> float:
    seen = judgement.decision.statistic.get(name)
    return -1.0 if isinstance(seen, float) and seen < claimed else 1.0


def _of(rule: Any, judgement: Judgement) -> Iterator[_Plant]:
    if isinstance(rule, Law):
        margin, side = math.log1p(rule.margin), _side(judgement, "centre_log_ratio")
        for k in FACTORS:
            factor = math.exp(side * k * margin)
            yield _Plant("margins", k, _first(lambda v, f=factor: scaled(v, f)))  # type: ignore[misc]
        off = math.log(1.06) / margin
        if off > 1:
            yield _Plant("constant x 1.06", off, _first(lambda v: scaled(v, 1.06**side)))
    elif isinstance(rule, Difference):
        side = _side(judgement, "difference")
        for k in FACTORS:
            yield _Plant("margins", k, _first(lambda v, by=side * k * rule.margin: _moved(v, by)))  # type: ignore[misc]
    elif isinstance(rule, Exponent):
        side = _side(judgement, "mean", rule.value)
        for k in FACTORS:
            yield _Plant("margins", k, _power(rule.parameter, side * k * rule.margin))
    elif isinstance(rule, FittedBand):
        for name, power in (judgement.decision.statistic.get("powers") or {}).items():
            low, high = power["room"]
            side = 1.0 if power["power"] >= 0 or low is None else -1.0
            end = high if side > 0 else -low
            # Below an upper bound the quantity may fall behind it: what it lacks is added.
            lacking = max(0.0, -power["power"]) if low is None else 0.0
            for k in FACTORS:
                yield _Plant(f"margins, power of {name}", k, _power(name, side * k * end + lacking))
    elif isinstance(rule, ZScores):
        yield from _of_scores(rule, judgement)
    elif isinstance(rule, Calibration):
        values = [float(o.value[1]) for o in judgement.judged]
        for k in FACTORS:
            by = k * rule.margin
            if values and max(values) + by <= 1:
                yield _Plant("margins", k, lambda o, by=by: (o.value[0], float(o.value[1]) + by))  # type: ignore[misc]
            elif values and min(values) - by >= 0:
                yield _Plant("margins", k, lambda o, by=by: (o.value[0], float(o.value[1]) - by))  # type: ignore[misc]
    elif isinstance(rule, Universal):
        yield _Plant("one in a thousand", None, _broken, shows=_struck)
    elif isinstance(rule, UniversalBound):
        yield _Plant("one in a thousand", None, _beyond(rule), shows=_struck)
    elif isinstance(rule, Event):
        for k in FACTORS:
            yield _Plant("rates", k, _failing(k * rule.delta))
    yield from _saturated(rule, judgement)


def _of_scores(rule: ZScores, judgement: Judgement) -> Iterator[_Plant]:
    side = _side(judgement, "z_mean")
    for k in FACTORS:
        by = side * k * rule.bias
        yield _Plant(
            "margins",
            k,
            lambda o, by=by: (_moved(o.value[0], by * float(o.value[2])), *o.value[1:]),  # type: ignore[misc]
        )
    # The slack is what rounding to a whole step may contribute: half a step.
    steps = [2 * float(o.value[3]) / float(o.value[2]) for o in judgement.judged]
    off = float(np.mean(steps)) / rule.bias if steps else 0.0
    if off > 1:
        yield _Plant(
            "off by one step",
            off,
            lambda o: (_moved(o.value[0], 2 * side * float(o.value[3])), *o.value[1:]),
        )


def _power(parameter: str, power: float) -> Change:
    return lambda o: scaled(o.value, float(getattr(o.setting, parameter)) ** power)


def _uniform(o: Observation, purpose: str) -> float:
    return float(generator(o.seed, f"soundness {purpose}", 0).random())


def _failing(rate: float) -> Change:
    """False in this share of the runs, whatever else makes it so: chosen by the run's seed."""
    return lambda o: bool(o.value) and _uniform(o, "rate") >= rate


def _struck(o: Observation) -> bool:
    return _uniform(o, "rare") < 1 / _RARE


def _broken(o: Observation) -> Any:
    if not _struck(o):
        return o.value
    return False if isinstance(o.value, (bool, np.bool_)) else -1.0


def _beyond(rule: Bound) -> Change:
    def change(o: Observation) -> Any:
        bound = float(o.value[1])
        far = bound + (1.0 + abs(bound)) * (1 if rule.upper else -1)
        return (far, o.value[1]) if _struck(o) else o.value

    return change


def _saturated(rule: Any, judgement: Judgement) -> Iterator[_Plant]:
    """Every run at the floor of its measurement, beyond what is claimed: below it anything may be."""
    if isinstance(rule, Bound):
        sign = 1.0 if rule.upper else -1.0

        def beyond(o: Observation) -> Any:
            far = float(o.value[1]) + sign * (1.0 + abs(float(o.value[1])))
            floor, ceiling = (far, None) if rule.upper else (None, far)
            return Resolved(far, 0.0, floor, ceiling), o.value[1]

        yield _Plant("saturated", None, beyond, "inconclusive")
        return
    if not isinstance(rule, (Law, Difference, Exponent, FittedBand, ZScores)):
        return
    if isinstance(rule, FittedBand) and not rule.two_sided:
        return  # whatever lies below is below the bound
    pair = judge_of(rule).open_value == "pair"
    numbers = [float(o.value[0] if pair else o.value) for o in judgement.judged]
    known = [v for v in numbers if math.isfinite(v)]
    if not known:
        return
    span = max(max(known) - min(known), abs(max(known)), 1e-9)
    seen = Resolved(max(known) + span, 2 * span, floor=max(known) + span)

    def at_floor(o: Observation) -> Any:
        return (seen, *o.value[1:]) if pair else seen

    yield _Plant("saturated", None, at_floor, "inconclusive")


def distances(
    judgements: Sequence[Judgement],
    level: float = 1.0,
    fresh: FreshRuns | None = None,
    second_level: float = 1.0,
) -> list[Distant]:
    """All variants of the supported claims among these, decided on their runs at the level of one claim;
    those that these leave undecided on `fresh` ones at `second_level`.

    A claim that was refuted has none: of a false statement the change may be true. A variant of the kind "one
    in a thousand" that strikes no run of the claim says the same as the claim, and is left out.
    """
    found: list[tuple[_Plant, Detection]] = []
    for j in judgements:
        if j.verdict != "supported" or j.claim.role != "claim" or j.proof is not None:
            continue
        for plant, planted in plants(j.claim, j):
            if plant.shows is not None and not any(plant.shows(o) for o in j.judged):
                continue
            found.append((plant, detect(planted, j.judged, level=level)))
    if fresh is not None:
        seen = fresh(d.planted.of for _, d in found if d.settles)
        for k, (plant, first) in enumerate(found):
            if first.settles:
                counted = [o for o in seen[first.planted.of.id] if o.not_judged is None]
                found[k] = plant, detect_again(first, counted, level=second_level)
    return [
        Distant(
            d.planted.of.id,
            type(d.planted.of.rule).__name__,
            plant.kind,
            plant.distance,
            d.verdict,
            d.reason,
            d.runs,
            plant.wanted,
        )
        for plant, d in found
    ]


# The section -----------------------------------------------------------------------------------------------


def tally(found: Sequence[Distant]) -> dict[str, Any]:
    """Counts, and the share that is right with its exact 95 % interval."""
    right = sum(d.right for d in found)
    share = rate_interval(right, len(found), 0.05)
    return {
        "planted": len(found),
        "right": right,
        "supported": sum(d.verdict == "supported" for d in found),
        "rate": share.value if found else None,
        "interval": [share.low, share.high],
    }


def _marginal(d: Distant) -> bool:
    return d.kind != "rates" and d.distance is not None


def _beyond_margins(d: Distant, k: float) -> bool:
    return _marginal(d) and d.distance is not None and d.distance >= k * (1 - 1e-9)


def _rows(found: Sequence[Distant]) -> list[tuple[str, list[Distant]]]:
    far = FACTORS[1:]
    at_border = [d for d in found if _marginal(d) and d.distance == 1.0]
    rows = [("on the border (1 margin away)", at_border)]
    rows += [(f"at least {k:g} margins away", [d for d in found if _beyond_margins(d, k)]) for k in far]
    rates = [d for d in found if d.kind == "rates"]
    rows += [(f"rate {k:g} x the allowed one", [d for d in rates if d.distance == k]) for k in far]
    kinds = ("constant x 1.06", "off by one step", "one in a thousand", "saturated")
    return rows + [(kind, [d for d in found if d.kind == kind]) for kind in kinds]


def _passed(found: Sequence[Distant]) -> bool:
    """Nothing beyond its margin and nothing saturated is supported, and of what lies 1.4 margins away or more
    the share that is refuted may be the target (`may_reach`). Rates are told, not held to it: 1.4 times the
    allowed rate takes thousands of runs."""
    far = [d for d in found if _beyond_margins(d, 1.4)]
    exact = [d for d in found if d.distance is None]
    return (
        not any(d.wrong for d in far)
        and all(d.right for d in exact)
        and may_reach(sum(d.right for d in far), len(far), TARGET)
    )


def _shortfall(found: Sequence[Distant]) -> str:
    """What was reached of what `_passed` asks."""
    far = [d for d in found if _beyond_margins(d, 1.4)]
    exact = [d for d in found if d.distance is None]
    return (
        f"{sum(d.wrong for d in far)} beyond 1.4 margins supported (0 allowed),"
        f" {sum(d.right for d in far)} of {len(far)} refuted ({TARGET:.0%} asked),"
        f" {sum(not d.right for d in exact)} saturated ones not seen (0 allowed)"
    )


def section(found: Sequence[Distant]) -> Section:
    """The rates beside their distances."""
    rows, lines = [], ["distances of planted falsehoods from their claims"]
    record: dict[str, Any] = {"target": TARGET, "rows": {}}
    for name, mine in _rows(found):
        counts = tally(mine)
        record["rows"][name] = counts
        if not mine:
            continue
        low, high = counts["interval"]
        share = f"{100 * counts['rate']:.0f} % [{100 * low:.0f}, {100 * high:.0f}]"
        word = mine[0].wanted
        rows.append([name, str(len(mine)), f"{share} {word}", str(counts["supported"])])
        lines.append(f"  {share} of those {name}: {word} ({counts['right']} of {len(mine)})")
    missed = [d for d in found if not d.right and (d.distance is None or _beyond_margins(d, 1.4))]
    record["missed"] = [
        {"claim": d.claim, "kind": d.kind, "distance": d.distance, "verdict": d.verdict, "reason": d.reason}
        for d in missed
    ]
    passed = _passed(found)
    record["passed"] = passed
    lines += [f"  MISSED ({d.verdict}): {d.claim}: {d.kind}, {_far(d)}" for d in missed]
    tables = [
        Table("Rates beside distances", ("planted", "number", "right, 95 % interval", "supported"), rows),
        Table(
            "Missed, 1.4 margins away or more",
            ("verdict", "claim", "kind", "distance", "reason"),
            [[d.verdict, d.claim, d.kind, _far(d), d.reason] for d in missed],
        ),
    ]
    return Section("distances", "Distances", record, tables, lines, passed, missed=_shortfall(found))


def _far(d: Distant) -> str:
    return "no margin" if d.distance is None else f"{d.distance:.2g} margins away"
