"""Falsehoods planted so many margins away: they lie where they say, and are told with their distance."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from decide_cases import claim_of

from theory import (
    Bound,
    Claim,
    Coordinate,
    Difference,
    Event,
    Experiment,
    Exponent,
    FittedBand,
    Identity,
    Joined,
    Law,
    Universal,
    UniversalBound,
    ZScores,
    along,
    function_model,
)
from theory.place import Box
from theory.setting import AbstractSetting, Trends
from verify.outcome import Judgement
from verify.pipeline import verify_claims
from verify.rules.judge import Exempt
from verify.soundness.distances import FACTORS, Distant, distances, section
from verify.soundness.falsehoods import plant_and_judge


def _draw(setting: Any, rng: np.random.Generator) -> dict[str, Any]:
    return {"z": rng.normal(size=4), "u": float(rng.random())}


@dataclass(frozen=True)
class Lab(AbstractSetting):
    trends = Trends(slopes=("n",), powers=("n",))
    n: int


BOX = Box("lab", (Coordinate("n", 40, 4000, whole=True),), lambda x: Lab(**x))
MODEL = function_model(Lab, _draw, name="distances")
SIZES = (40, 120, 360, 1080, 3240)
RUNS = Experiment("distances.runs", place=BOX, runs={"quick": 600}, model=MODEL)
ALONG = Experiment("distances.along", place=along("n", Lab(40), SIZES), runs={"quick": 40}, model=MODEL)
SCALES = Experiment(
    "distances.scales", place=Joined(BOX, {"n": along("n", Lab(40), SIZES)}, every=10), runs={"quick": 300},
    model=MODEL,
)  # fmt: skip


def claim(name: str, rule: Any, measure: Any, where: Experiment = RUNS) -> Claim:
    return claim_of(f"distances.{name}", where, rule=rule, measure=measure)


def noise(run: Any, sd: float) -> float:
    return math.exp(sd * float(run.z[run.setting.n % 4]))


CLAIMS = (
    claim("law", Law(0.05, "r"), lambda run: (noise(run, 0.05), 1.0)),
    claim("difference", Difference(0.1, "r"), lambda run: (float(run.z[0]) / 10, 0.0)),
    claim("exponent", Exponent("n", 1.0), lambda run: run.setting.n * noise(run, 0.1), ALONG),
    claim("theta", FittedBand(20.0, "r"), lambda run: noise(run, 0.2), SCALES),
    claim("scores", ZScores("r", sds=5.0, bias=0.4), lambda run: (20 + float(run.z[0]), 20.0, 1.0, 0.5)),
    claim("event", Event(), lambda run: True),
    claim("universal", Universal(), lambda run: run.u >= 0),
    claim("proved", UniversalBound(), lambda run: (run.u, 1.0)),
    claim("bound", Bound(), lambda run: (run.u, 1.0)),
    claim("identity", Identity(), lambda run: 0.0),
    claim("wrong", Event(), lambda run: run.u > 0.5),
)


@cache
def judged() -> dict[str, Judgement]:
    from verify.runs.backends import SerialBackend

    done = verify_claims(
        CLAIMS, "quick", 3, 1, counterexamples=False, backend=SerialBackend(), adversaries=False
    )
    return {j.claim.id.partition(".")[2]: j for j in done.judgements}


@cache
def found() -> tuple[Distant, ...]:
    return tuple(distances(list(judged().values()), 0.01 / 11))


def of(name: str, kind: str = "margins") -> list[Distant]:
    return [d for d in found() if d.claim == f"distances.{name}" and d.kind.startswith(kind)]


@pytest.mark.parametrize("name", ["law", "difference", "exponent", "theta", "scores"])
def test_every_rule_with_a_margin_is_planted_at_three_distances(name: str) -> None:
    mine = of(name)
    assert [d.distance for d in mine] == list(FACTORS)
    assert [d.verdict for d in mine if d.distance and d.distance > 1] == ["refuted", "refuted"]
    assert not any(d.wrong for d in mine)


def test_the_planted_distance_is_the_one_told() -> None:
    """The estimate on the changed values lies that many margins from the claim, and its own error beyond."""
    j = judged()["law"]
    from verify.rules.registry import decide
    from verify.soundness.distances import plants

    own = j.decision.statistic["centre_log_ratio"]
    for plant, planted in plants(j.claim, j):
        if plant.kind != "margins":
            continue
        assert planted.value is not None
        seen = decide(planted.rule, [replace(o, value=planted.value(o)) for o in j.judged])
        assert plant.distance is not None
        wanted = abs(own) + plant.distance * math.log1p(0.05)
        assert abs(seen.statistic["centre_log_ratio"]) == pytest.approx(wanted, rel=1e-9)


def test_kinds_without_a_margin() -> None:
    assert [d.right for d in of("scores", "off by one step")] == [True]
    assert [d.right for d in of("law", "constant x 1.06")] in ([True], [False])
    (off,) = of("law", "constant x 1.06")
    assert off.distance == pytest.approx(math.log(1.06) / math.log(1.05))
    saturated = [d for d in found() if d.kind == "saturated"]
    assert {d.claim.partition(".")[2] for d in saturated} >= {"law", "exponent", "theta", "scores", "bound"}
    assert all(d.verdict == "inconclusive" for d in saturated)


def test_one_in_a_thousand_counts_only_where_it_strikes() -> None:
    struck = [d for d in found() if d.kind == "one in a thousand"]
    assert all(d.verdict == "refuted" for d in struck)


def test_a_refuted_claim_is_planted_nowhere() -> None:
    assert judged()["wrong"].verdict == "refuted"
    assert not [d for d in found() if d.claim == "distances.wrong"]
    result = plant_and_judge([CLAIMS[-1], CLAIMS[0]], [], profile="quick", seed=3)
    assert {d.planted.of.id for d in result.detections} == {"distances.law"}
    (exempt,) = [e for e in result.exempt if e.of.id == "distances.wrong"]
    assert isinstance(exempt, Exempt)
    assert "of a false statement a change may be true" in exempt.why


def test_the_section_tells_the_distance_beside_the_rate() -> None:
    told = section(found())
    assert told.passed
    lines = "\n".join(told.lines)
    assert "of those at least 2 margins away: refuted" in lines
    assert "of those at least 1.4 margins away: refuted" in lines
    assert "saturated: inconclusive" in lines
    far = [d for d in found() if d.kind != "rates" and d.distance is not None and d.distance >= 2.0]
    rows = told.record["rows"]["at least 2 margins away"]
    assert rows["right"] == rows["planted"] == len(far)


@pytest.mark.parametrize(
    "worse",
    [
        {"verdict": "supported", "distance": 2.0, "kind": "margins"},
        {"verdict": "supported", "distance": None, "kind": "saturated", "wanted": "inconclusive"},
        {"verdict": "inconclusive", "distance": None, "kind": "one in a thousand"},
    ],
)
def test_a_miss_fails_the_section_and_is_named(worse: dict[str, Any]) -> None:
    missed = replace(found()[0], **worse)
    told = section([*found(), missed])
    assert not told.passed
    assert any("MISSED" in line and missed.claim in line for line in told.lines)


def test_too_few_refuted_fail_the_section() -> None:
    weak = [replace(d, verdict="inconclusive") if d.distance == 1.4 else d for d in found()]
    assert not section(weak).passed
    assert section([]).passed


@pytest.mark.parametrize(("missed", "of", "passes"), [(1, 7, True), (4, 7, False), (10, 70, False)])
def test_a_share_misses_its_target_only_where_its_upper_limit_does(
    missed: int, of: int, passes: bool
) -> None:
    """One miss of seven is no evidence of less than 95 %."""
    far = next(d for d in found() if d.kind == "margins" and d.distance == 2.0 and d.right)
    weak = [replace(far, verdict="inconclusive")] * missed + [far] * (of - missed)
    assert section(weak).passed is passes
    assert not section([*weak, replace(far, verdict="supported")]).passed
