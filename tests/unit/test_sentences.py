"""Every sentence that a verdict can be given in: a change of words is a change of `sentences.txt`.

After a change that is meant:

    python tests/unit/test_sentences.py > tests/unit/sentences.txt
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from decide_cases import claim_of, observation, observations
from decide_cases import sweep as straight

from theory import AbstractSetting, Box, Cells, Coordinate, Trends, function_model
from theory.claim import Claim, Proof
from theory.experiment import Experiment
from theory.place import SWEPT, grid
from theory.rules import (
    Band,
    Bound,
    Calibration,
    Derived,
    Difference,
    Event,
    EventMap,
    Exponent,
    FittedBand,
    Identity,
    Law,
    Ordering,
    Rule,
    SameLaw,
    SameRun,
    Universal,
    UniversalBound,
    ZScores,
)
from verify.grades import graded
from verify.judge import errored, judge, note_parents
from verify.outcome import Decision, Judgement, Observation
from verify.rules.power import with_power
from verify.rules.registry import built_in, decide, judge_of
from verify.runs.batch import Failure
from verify.runs.plan import spec_of
from verify.second_stage import _settled, within_first_share
from verify.statistics.error_budget import within_budget
from verify.vacuity import vacuity
from verify.vacuous import _ends, _worded

PAGE = Path(__file__).with_name("sentences.txt")
PROVED, FAILED = Proof(True, ("a step",)), Proof(False, ("lhs != rhs",))
NAN, INF = math.nan, math.inf


@dataclass(frozen=True)
class Net(AbstractSetting):
    trends = Trends(slopes=("n", "m"), powers=("n", "m"), held=("a",))
    n: float
    m: float
    a: float


BOX = Box("nets", tuple(Coordinate(x, 10, 1000) for x in "nma"), lambda x: Net(**x))
MODEL = function_model(Net, lambda s, rng: {"x": rng.random()}, name="nets")
GRID = grid("grid", tuple(({"a": float(k)}, Net(10, 10, float(k))) for k in (1, 2)))


def sweep(slopes: Sequence[float]) -> list[Observation]:
    """Lines in log with a bend of a hundredth at every other point."""
    return [replace(o, value=o.value * math.exp(0.01 * (o.index % 2))) for o in straight(slopes)]


def over_box(value: Any, runs: int = 60, spread: float = 0.1) -> list[Observation]:
    """`value(setting, e)` at drawn settings, e normal of this spread."""
    rng = np.random.default_rng(3)
    settings = [BOX.draw(rng) for _ in range(runs)]
    return [
        observation(value(s, spread * float(rng.standard_normal())), k, setting=s)
        for k, s in enumerate(settings)
    ]


def along(power: float, replicates: int, spread: float = 0.02) -> list[Observation]:
    """A hundred runs of the box with constant 1, and a sweep of n along which the ratio has a power."""
    rng = np.random.default_rng(5)
    out = over_box(lambda s, e: math.exp(e), 120)
    for r in range(replicates):
        for n in (10.0, 100.0, 1000.0):
            value = n**power * math.exp(spread * float(rng.standard_normal()))
            labels = {SWEPT: "n", "n": n}
            out.append(observation(value, len(out), replicate=r, setting=Net(n, 10, 10), labels=labels))
    return out


def barely_broken() -> list[Observation]:
    """No power, and eight runs of the judging block outside the fitted band."""
    seen = along(0.0, 12)
    outside = [o.index for o in seen if o.index % 2][:8]
    return [replace(o, value=3.0) if o.index in outside else o for o in seen]


def by_engine(values: Sequence[Any], others: Sequence[Any], **changes: Any) -> list[Observation]:
    """Two engines with seeds of their own, or with shared ones (`seed=`)."""
    first = [observation(v, k, engine="law", **changes) for k, v in enumerate(values)]
    return first + [observation(v, len(first) + k, engine="cnn", **changes) for k, v in enumerate(others)]


def scores(runs: int, shift: float = 0.0, scale: float = 1.0, lost: int = 0) -> list[Observation]:
    z = shift + scale * np.random.default_rng(1).standard_normal(runs)
    return observations([(float(v), 0.0, 1.0, 0.0) for v in z] + [(INF, 0.0, 1.0, 0.0)] * lost)


def happened(error: float, cells: int, runs: int = 30) -> list[Observation]:
    """Cells with predicted probability 1/2, and errors of alternating sign."""
    rng = np.random.default_rng(2)
    wanted = [0.5 + (-1) ** c * error for c in range(cells) for _ in range(runs)]
    return [
        observation((bool(rng.random() < p), 0.5), k, labels={"cell": k // runs})
        for k, p in enumerate(wanted)
    ]


def mapped(above: Sequence[bool], below: Sequence[bool], **more: Any) -> list[Observation]:
    return [observation(v, k, labels={"x": 2.0} | more) for k, v in enumerate(above)] + [
        observation(v, len(above) + k, labels={"x": 1.0} | more) for k, v in enumerate(below)
    ]


YES, NO = [True], [False]
LOGS = np.random.default_rng(4).standard_normal(400)


def ratios(centre: float, spread: float, runs: int) -> list[Observation]:
    return observations([(math.exp(centre + spread * float(v)), 1.0) for v in LOGS[:runs]])


def shifts(centre: float, spread: float, runs: int) -> list[Observation]:
    return observations([(centre + spread * float(v), 0.0) for v in LOGS[:runs]])


UNIFORM = [{"x": k / 2000} for k in range(2000)]
THETA = FittedBand(8.0, "why", powers=())
POWER = FittedBand(60.0, "why", powers=("n",))
#: A rule, and by a word of what is special about them its runs (and a proof).
CASES: list[tuple[Rule, dict[str, Any]]] = [
    (Event(), {
        "holds": observations(YES * 100), "breaks": observations(NO * 30 + YES * 70),
        "open": observations(NO * 2 + YES * 58), "at the border": observations(NO * 1 + YES * 19),
        "luck": observations(YES * 59), "one": observations(YES),
        "seeds shared": [observation(k % 40 > 0, k, seed=k // 2) for k in range(200)],
        "no run": [], "proved, no run": ([], PROVED), "proof fails, no run": ([], FAILED),
        "proof fails": (observations(YES * 100), FAILED), "proved": (observations(YES * 100), PROVED),
    }),
    (Event(delta=0.95), {
        "holds": observations(YES * 30 + NO * 70), "breaks": observations(NO * 200),
        "open": observations(YES * 2 + NO * 58),
    }),
    (Ordering(), {"holds": observations(YES * 100), "breaks": observations(NO * 100)}),
    (EventMap("x", 2.0), {
        "holds": mapped(YES * 100, NO * 100), "breaks": mapped(NO * 60, NO * 60),
        "everywhere": mapped(YES * 100, YES * 100, tau=0.1), "nothing claimed": mapped([], YES * 9),
    }),
    (EventMap("inside", 1.0, axis_text="the map"), {
        "holds": [observation(k < 100, k, labels={"inside": float(k < 100)}) for k in range(120)],
    }),
    (Band(1.0, 2.0, "why"), {
        "holds": observations([1.5] * 100), "breaks": observations([3.0] * 30 + [1.5] * 30),
        "not measured": observations([1.5, NAN] * 40),
    }),
    (Band(1.0, INF, "why"), {"holds": observations([1.5] * 100)}),
    (THETA, {
        "holds": observations([1.0, 1.1] * 100), "breaks": observations([1.0, 2.0] * 60),
        "too wide": observations([1.0, 3.0, 30.0, 3.0] * 20), "wide for some": observations(
            [1.0, 1.0, 7.0] + [1.0] * 237), "open": observations([1.0] * 60),
        "not fitted": observations([INF, 1.0]), "halves differ": observations([1.0, 1.3] * 3 + [1.0] * 12),
        "not measured": observations([1.0, NAN] * 60),
    }),
    (FittedBand(8.0, "why", two_sided=False, powers=()), {"holds": observations([1.0, 0.5] * 100)}),
    (POWER, {
        "no power": along(0.0, 12), "a power": along(0.5, 12), "scattered": along(0.0, 4, spread=0.6),
        "few replicates": along(0.0, 2), "barely broken": barely_broken(),
        "by the box": over_box(lambda s, e: math.exp(e), 240),
        "by the box, few": over_box(lambda s, e: math.exp(4 * e), 60),
    }),
    (FittedBand(60.0, "why", two_sided=False, powers=("n",)), {
        "no power": along(0.0, 12), "behind": along(-0.5, 12), "a power": along(0.5, 12),
    }),
    (FittedBand(60.0, "why", powers=("n",), logs={"n": 1.0}, exact={"m": "a unit"}), {
        "a logarithm": along(0.05, 12),
    }),
    (Exponent("eta", -1.0), {
        "holds": sweep([-1.02, -1.03, -1.01, -1.0]), "exact": sweep([-1.003, -1.004, -1.001, -1.002]),
        "breaks": sweep([-0.5, -0.51, -0.49]), "open": sweep([-1.0, -1.1, -0.9]),
        "few": sweep([-1.0, -1.02]), "points lost": sweep([-1.0, -1.01, -1.02])[:-3],
        "most lost": [
            o for o in sweep([-1.0, -1.01, -1.02, *[-1.0] * 4]) if o.replicate < 3 or o.index % 4 == 0
        ],
    }),
    (Exponent("eta", -1.0, planned_spread=0.03), {"holds": sweep([-1.02, -1.03, -1.01, -1.0])}),
    (Law(0.1, "why"), {
        "holds": ratios(0.02, 0.03, 100), "exact": ratios(0.0, 0.01, 400), "breaks": ratios(0.3, 0.03, 40),
        "open": ratios(0.1, 0.2, 20), "few": ratios(0.0, 0.1, 3),
        "lost": observations([(1.0, 1.0)] * 40 + [(0.0, 1.0)]),
        "mostly lost": observations([(0.0, 1.0)] * 40),
        "not measured": observations([(1.0, 1.0), (NAN, 1.0)] * 30),
        "a slope": over_box(lambda s, e: ((s.n / 100) ** 0.3 * math.exp(e), 1.0), 200),
        "a small slope": over_box(lambda s, e: ((s.n / 100) ** 0.02 * math.exp(e / 10), 1.0), 200),
    }),
    (Law(0.1, "why", of="mean", bound=1.0), {
        "holds": ratios(0.0, 0.05, 400), "breaks": ratios(0.5, 0.05, 400),
    }),
    (Difference(0.1, "why"), {
        "holds": shifts(0.01, 0.1, 100), "breaks": shifts(0.3, 0.1, 40), "open": shifts(0.08, 0.2, 20),
        "few": shifts(0.0, 0.1, 5), "lost": observations([(0.0, 0.0)] * 40 + [(INF, 0.0)]),
        "mostly lost": observations([(INF, 0.0)] * 40),
        "not measured": observations([(0.0, 0.0), (NAN, 0.0)] * 30),
        "a slope": over_box(lambda s, e: (0.3 * math.log(s.n / 100) + e, 0.0), 200),
        "barely broken": over_box(lambda s, e: (0.1225 + e, 0.0), 40),
    }),
    (SameLaw(0.2, "why"), {
        "holds": by_engine(UNIFORM, UNIFORM),
        "breaks": by_engine(UNIFORM, [{"x": 0.9 * o["x"]} for o in UNIFORM]),
        "open": by_engine(UNIFORM[::100], UNIFORM[::100]), "one engine": by_engine(UNIFORM[::100], []),
        "seeds shared": by_engine(UNIFORM[::100], UNIFORM[::100], seed=1),
    }),
    (ZScores("why"), {
        "holds": scores(2000), "shifted": scores(400, shift=1.0), "wide": scores(400, scale=2.0),
        "open": scores(40), "lost": scores(400, lost=1), "few": scores(1),
    }),
    (Calibration(0.1, "why"), {
        "holds": happened(0.0, 30), "breaks": happened(0.3, 20), "open": happened(0.1, 8),
        "no cell": happened(0.0, 8, runs=1),
    }),
    (Identity(), {
        "holds": observations([1e-16] * 60), "breaks": observations([1e-16] * 59 + [1e-3]),
        "luck": observations([1e-16] * 8), "proved": (observations([1e-16] * 60), PROVED),
        "not measured": observations([1e-16, NAN] * 30),
    }),
    (Identity(per_step=False), {"holds": observations([1e-16] * 60)}),
    (Universal(), {
        "holds": observations(YES * 60), "breaks": observations(YES * 59 + NO),
        "undecided": observations([True] * 59 + [NAN]), "none decided": observations([NAN] * 9),
    }),
    (Universal(rounding=1e-9), {"holds": observations([0.5] * 60)}),
    (Bound(), {
        "holds": observations([(0.5, 1.0)] * 100), "loose": observations([(0.01, 1.0)] * 100),
        "breaks": observations([(2.0, 1.0)] * 100), "zero": observations([(0.0, 1.0)] * 100),
        "not measured": observations([(0.5, 1.0), (NAN, 1.0)] * 40),
    }),
    (Bound(upper=False), {"holds": observations([(2.0, 1.0)] * 100)}),
    (UniversalBound(), {
        "holds": observations([(0.5, 1.0)] * 60), "breaks": observations([(0.5, 1.0)] * 59 + [(1.5, 1.0)]),
    }),
    (SameRun(1e-9, "why"), {
        "holds": observations([(1.0, 1.0)] * 60), "breaks": observations([(1.0, 1.0)] * 59 + [(1.0, 1.1)]),
        "engines": [
            observation(1.0 + (k == 5), k, seed=k // 2, engine=("law", "cnn")[k % 2]) for k in range(121)
        ],
        "alone": [observation(1.0, k, engine=("law", "cnn")[k % 2]) for k in range(4)],
        "not measured": observations([(1.0, 1.0), (1.0, NAN)] * 30),
    }),
    (Derived("symbolic n"), {
        "proved": ([], PROVED), "checked": observations([1e-16] * 9),
        "both": (observations([1e-16] * 9), PROVED),
        "breaks": observations([1e-16, 1e-3]), "not measured": (observations([1e-16, NAN]), PROVED),
        "neither": [],
    }),
]  # fmt: skip


def claim(rule: Rule, place: Any = BOX, name: str = "claim") -> Claim:
    experiment = Experiment("sentences", place=place, model=MODEL, runs={"quick": 9})
    return claim_of(f"sentences.{name}", experiment, rule=rule)


def line(word: str, decision: Decision) -> str:
    return f"{word} | {decision.verdict} | {decision.reason}"


def of_a_rule(rule: Rule, cases: dict[str, Any]) -> Iterator[str]:
    """How it decides; what it says of each case, with power and grade; its numbers."""
    yield f"must | {judge_of(rule).sentence(rule)}"
    for word, case in cases.items():
        seen, proof = case if isinstance(case, tuple) else (case, None)
        decision = graded(rule, with_power(rule, decide(rule, seen, proof=proof), seen))
        yield line(word, decision)
        if decision.power_basis:
            yield f"{word} | planned with | {decision.power_basis}"
        if seen:
            judgement = judge(claim(rule, Cells("one", (({}, Net(1, 1, 1)),))), tuple(seen), proof)
            yield f"{word} | numbers | {judge_of(rule).numbers(judgement)}"
            told = vacuity(judgement, family=5)
            yield f"{word} | could it fail | {told.how}" + (f" ({told.warning})" if told.warning else "")


def planned(value: Any, runs: int, place: Any = GRID) -> tuple[Observation, ...]:
    points = place.points(runs, lambda r: np.random.default_rng(r))
    return tuple(
        observation(value(p.setting, k), k, setting=p.setting, labels=p.labels) for k, p in enumerate(points)
    )


def of_a_judgement() -> Iterator[str]:
    """What cells, conditions and the error budget of all claims add."""

    def event(name: str, broken: int, runs: int = 100) -> Judgement:
        seen = observations(NO * broken + YES * (runs - broken))
        return judge(claim(Event(), Cells("one", (({}, Net(1, 1, 1)),)), name), tuple(seen), None)

    for word, value, runs in (
        ("cells, few runs", lambda s, k: True, 40),
        ("cells, many runs", lambda s, k: True, 100),
        ("cells, one breaks", lambda s, k: s.a > 1 or k % 5 > 0, 40),
        ("cells, pool breaks barely", lambda s, k: k % 8 > 0, 32),
        ("thirds", lambda s, k: True, 90),
        ("thirds, large n breaks", lambda s, k: s.n < 300 or k % 6 > 0, 300),
        ("thirds, middle n breaks", lambda s, k: not 60 < s.n < 200 or k % 6 > 0, 300),
    ):
        place = BOX if word.startswith("thirds") else GRID
        judgement = judge(claim(Event(delta=0.06), place), planned(value, runs, place), None)
        yield line(word, judgement.decision)
        yield from (f"{word} | chain | {text}" for text in judgement.chain)
    left_out = [replace(o, not_judged="outside large, by a factor 3") for o in observations(YES * 9)]
    for word, seen in (
        ("none judged", left_out),
        ("no runs", []),
        ("some judged", left_out[:3] + observations(YES * 60)),
    ):
        judgement = judge(claim(Event()), tuple(seen), None)
        yield line(word, judgement.decision)
        yield from (f"{word} | chain | {text}" for text in judgement.chain)
    weak, *_ = within_budget([event("weak", 12), *(event(f"true{k}", 0) for k in range(20))], 0.01)
    yield line("beyond the budget", weak.decision)
    yield line("fresh runs, refuted", _settled(weak, event("weak", 40), 1e-9, 1, 0.005).decision)
    yield line("fresh runs, open", _settled(weak, event("weak", 9), 0.2, 3, 0.005).decision)
    yield line("fresh runs, supported", _settled(event("open", 2), event("open", 0), 1.0, 3, 0.005).decision)
    (over,) = within_first_share([event("few", 2, 124)])
    yield line("more than the first runs' share", over.decision)
    true = event("true", 0)
    true = replace(true, observations=tuple(replace(o, engine="function") for o in true.observations))
    looks = len(_ends(true))
    told = _worded(true, [SimpleNamespace(moved_by=None, complete=True, tried=42 // looks)] * looks, False)  # type: ignore[list-item]
    yield line("vacuous", told.decision)
    open_ = _worded(true, [SimpleNamespace(moved_by=None, complete=False, tried=9)] * looks, False)  # type: ignore[list-item]
    yield f"vacuity not settled | chain | {open_.chain[-1]}"
    failure = Failure("raised", "ZeroDivisionError: division by zero", "mine.py, line 3")
    for word, spec in (("failed", None), ("failed on a run", spec_of(observation(None)))):
        yield line(word, errored(true.claim, (), spec, failure, "python -m verify replay ...").decision)
    child = replace(true, claim=replace(true.claim, parents=("sentences.weak",)))
    yield f"rests on | chain | {note_parents([weak, child])[1].chain[-1]}"


def page() -> str:
    blocks = [(repr(rule), of_a_rule(rule, cases)) for rule, cases in CASES]
    blocks.append(("Of a judgement", of_a_judgement()))
    return "\n".join("\n".join([f"# {title}", *lines, ""]) for title, lines in blocks)


def test_the_sentences_are_those_of_the_page() -> None:
    assert page().splitlines() == PAGE.read_text("utf-8").splitlines()


def test_every_rule_and_every_verdict_has_its_sentences() -> None:
    assert {type(rule) for rule, _ in CASES} == set(built_in())
    words = {text.split(" | ")[1] for text in PAGE.read_text("utf-8").splitlines() if text.count(" | ") > 1}
    assert {"supported", "refuted", "inconclusive", "derived", "not-applicable"} <= words


if __name__ == "__main__":
    print(page(), end="")
