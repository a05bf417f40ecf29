"""Counterexamples: what breaks a claim, the smallest run that does, and the command that replays it."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from decide_cases import BASE, claim_of, observation, observations

from theory.claim import Claim
from theory.condition import Condition, Constants
from theory.experiment import Experiment
from theory.rules import (
    Band,
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
)
from theory.run import NotApplicable
from theory.source import Source
from theory.two_stage.box import Domain, Fixed, Grid, Sweep
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import C, n
from verify.judge import judge
from verify.load import load_claims_file
from verify.outcome import Observation
from verify.pipeline import verify_claims
from verify.rules.registry import breaks_alone, decide, violates
from verify.runs.backends import SerialBackend
from verify.search.shrink import find_counterexample, measure_at, replay_command, replay_words

HERE = Source("example", "1")
BOX = Domain(
    "box", n=(4, 64), m=(2, 16), signal_margin=(4, 8), tau=(0.1, 0.2), kappa_0=(0.1, 1.0),
    dimension=(10, 100), clock_step=(0.1, 0.2),
)  # fmt: skip
SHORT = Experiment("short", place=BOX, clock=0.2, runs={"quick": 20})
FIXED = Experiment("fixed", place=Fixed(BASE), clock=0.1, runs={"quick": 5})
EPS = 2.0**-52
LEAST_WRONG = 20


def claim(rule: Rule, measure: Any = bool, experiment: Experiment = FIXED, **changes: Any) -> Claim:
    return claim_of("example.claim", experiment, rule=rule, measure=measure, **changes)


# rule, values that hold, values that break it; runs of 100 steps
SINGLE: dict[str, tuple[Rule, list[Any], list[Any]]] = {
    "event": (Event(), [True], [False]),
    "ordering": (Ordering(), [True], [False]),
    "event_map": (EventMap("x", 1.0), [True], [False]),
    "identity": (Identity(factor=4.0), [0.0, 400 * EPS], [401 * EPS, math.inf]),
    "band": (Band(1.0, 2.0, "r"), [1.0, 1.5, 2.0], [0.99, 2.01, math.inf, -math.inf]),
    "half_open_band": (Band(1.0, math.inf, "r"), [1.0, 1e300], [math.inf, -math.inf]),
    "law": (Law(0.1, "r"), [(1.0, 1.0), (1.09, 1.0), (1.0, 1.09)], [(1.2, 1.0), (1.0, 1.2)]),
    "law_without_logarithm": (Law(0.1, "r"), [], [(0.0, 1.0), (math.inf, 1.0), (1.0, 0.0)]),
}


@pytest.mark.parametrize(("rule", "good", "bad"), SINGLE.values(), ids=SINGLE.keys())
def test_what_breaks_a_claim(rule: Rule, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert violates(claim(rule), observation(value, 0, steps=100)) is False, value
    for value in bad:
        assert violates(claim(rule), observation(value, 0, steps=100)) is True, value


@pytest.mark.parametrize("name", ["identity", "band", "law"])
def test_what_was_not_measured_breaks_nothing(name: str) -> None:
    value = (math.nan, 1.0) if name == "law" else math.nan
    assert violates(claim(SINGLE[name][0]), observation(value, 0, steps=100)) is None


@pytest.mark.parametrize("rule", [Exponent("n", 1.0), SameLaw(0.3, "r"), FittedBand(20.0, "r")], ids=repr)
def test_rules_that_speak_of_many_runs_have_no_single_violation(rule: Rule) -> None:
    assert violates(claim(rule), observation(1.0, 0)) is None


def test_a_fitted_band_is_broken_outside_its_fit() -> None:
    rule = FittedBand(20.0, "r", widen=2.0)
    decision = decide(rule, observations([1.0, 1.0, 3.0, 1.0]))  # fits 1 and 3
    c = claim(rule)
    assert not any(violates(c, observation(v, 0), decision) for v in (0.5, 6.0))
    assert all(violates(c, observation(v, 0), decision) for v in (0.49, 6.1, math.inf))


COUNTED = ["event", "ordering", "identity", "band", "half_open_band"]


@pytest.mark.parametrize("name", COUNTED)
def test_a_single_violation_agrees_with_the_decision(name: str) -> None:
    """What `violates` calls broken is what the rule counts."""
    rule, good, bad = SINGLE[name]
    counted = decide(rule, observations(good + bad)).statistic["violations"]
    assert counted == len(bad)


# Shrinking ------------------------------------------------------------------------------------------------


def small_enough(run: Run) -> bool:
    return run.setting.n < LEAST_WRONG


def test_the_search_finds_the_smallest_setting_of_the_box() -> None:
    (judgement,) = verify_claims(
        [claim(Event(), small_enough, SHORT)], profile="quick", backend=SerialBackend()
    ).judgements
    assert judgement.verdict == "refuted"
    found = judgement.counterexample
    assert found is not None
    s = found.setting
    assert (s.n, s.m, s.d) == (LEAST_WRONG, 2, 10 * LEAST_WRONG)
    assert (s.tau_plus, s.tau_minus, found.seed) == (0.1, 0.1, 0)
    assert s.kappa_0 == pytest.approx(0.1)
    assert found.value is False
    broken = [o.setting for o in judgement.judged if not o.value]
    assert min(s.n * s.m for s in broken) > LEAST_WRONG * 2  # the search found more than the runs


def test_the_search_stays_inside_the_conditions() -> None:
    at_least_30 = Condition("at_least_30", n, 30 * C, HERE, "derived", "an example")
    c = claim(
        Event(), small_enough, SHORT, conditions=(at_least_30,), constants=Constants({"C": 1.0})
    )  # fmt: skip
    (judgement,) = verify_claims([c], profile="quick", backend=SerialBackend()).judgements
    assert judgement.counterexample is not None
    assert judgement.counterexample.setting.n == 30


def test_the_search_is_deterministic() -> None:
    c = claim(Event(), small_enough, SHORT)
    first, second = (
        verify_claims([c], profile="quick", backend=SerialBackend()).judgements[0].counterexample
        for _ in range(2)
    )
    assert first == second


# Without a search -----------------------------------------------------------------------------------------


def judged(c: Claim, observed: list[Observation]) -> Any:
    return find_counterexample(judge(c, tuple(observed), None))


def test_outside_a_box_the_smallest_observation_stands() -> None:
    sizes = [BASE.with_(n=k, d=1000) for k in (50, 30, 40)]
    observed = [observation(False, i, setting=s) for i, s in enumerate(sizes)]
    found = judged(claim(Event()), [*observed, observation(True, 3, setting=BASE.with_(n=5))])
    assert (found.setting.n, found.seed, found.value) == (30, 1001, False)


def test_an_event_map_is_not_broken_below_its_threshold() -> None:
    grid = Experiment(
        "grid",
        place=Grid((({"x": 0.5}, BASE.with_(n=10)), ({"x": 2.0}, BASE))),
        clock=0.1,
        runs={"quick": 2},
    )
    c = claim(EventMap("x", 1.0), experiment=grid)
    below = [observation(False, i, labels={"x": 0.5}, setting=BASE.with_(n=10)) for i in range(3)]
    beyond = [observation(False, 3 + i, labels={"x": 2.0}) for i in range(3)]
    assert judged(c, below + beyond).setting == BASE
    assert judged(c, [*below, observation(True, 3, labels={"x": 2.0})]) is None


def test_an_exponent_shows_its_sweep() -> None:
    along = Experiment("along", place=Sweep("eta", BASE, (0.5, 1.0, 2.0)), clock=0.1, runs={"quick": 3})
    c = claim(Exponent("eta", -0.5), lambda run: 1 / run.setting.eta, along)
    (judgement,) = verify_claims([c], profile="quick", backend=SerialBackend()).judgements
    assert judgement.verdict == "refuted"
    assert judgement.counterexample is not None
    assert judgement.counterexample.value == pytest.approx(-1.0)
    assert judgement.counterexample.setting.eta == pytest.approx(BASE.eta / 2)


def test_without_a_violation_or_a_run_there_is_none() -> None:
    assert judged(claim(Event()), observations([True, True])) is None
    assert judged(claim(Event()), [observation(None, 0, not_judged="outside")]) is None
    assert judged(claim(SameLaw(0.3, "r")), [observation(None, 0, not_judged="outside")]) is None


# Replay ---------------------------------------------------------------------------------------------------


def test_measuring_one_run_again() -> None:
    c = claim(Event(), small_enough, SHORT)
    seen = measure_at(c, BASE, 0, "law")
    assert (seen.value, seen.steps, seen.dtype, seen.not_judged) == (False, 4, "float64", None)
    away = claim(Event(), lambda run: NotApplicable("not this one"), SHORT)
    seen = measure_at(away, BASE, 0, "law")
    assert (seen.value, seen.not_judged) == (None, "not this one")
    large = Condition("large", n, 1000 * C, HERE, "derived", "an example")
    outside = claim(Event(), small_enough, SHORT, conditions=(large,), constants=Constants({"C": 1.0}))
    seen = measure_at(outside, BASE, 0, "law")
    assert (seen.value, seen.steps, seen.not_judged) == (None, 0, "large: outside, by a factor 10")


FILE = """
from theory import Claim, Event, Experiment, Fixed, Setting, Source

AT = Setting.from_n_snr2(
    n=10, d=100, m=4, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=1.0, clock_step=0.1
)
CLAIMS = [
    Claim(
        id=f"own.{name}", source=Source("own", "1"), provenance="derived", statement="example",
        rule=Event(), measure=measure,
        experiment=Experiment("own", place=Fixed(AT), clock=0.5, runs={"quick": 4}),
    )
    for name, measure in {"false": lambda run: run.seed < 0, "true": lambda run: run.seed >= 0}.items()
]
"""


def test_the_command_names_everything_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "my claims.py"
    path.write_text(FILE)
    own = load_claims_file(path)[0]
    words = shlex.split(replay_command(own, BASE, 3, "cnn"))
    assert words[:5] == ["python", "-m", "verify", "replay", "own.false"]
    options = dict(zip(words[5::2], words[6::2], strict=True))
    assert Setting(**json.loads(options["--setting"])) == BASE  # to the last bit
    assert (options["--seed"], options["--engine"]) == ("3", "cnn")
    assert options["--claims-file"] == str(path)
    assert "--claims-file" not in replay_command(claim(Event()), BASE, 3, "cnn")


@pytest.mark.parametrize(
    ("name", "status", "word"), [("false", 1, "fails on this run"), ("true", 0, "holds on this run")]
)
def test_the_command_replays(
    name: str,
    status: int,
    word: str,
    tmp_path: Path,
    command: Callable[..., tuple[int, str, str]],
) -> None:
    path = tmp_path / "my claims.py"
    path.write_text(FILE)
    (own,) = [c for c in load_claims_file(path) if c.id == f"own.{name}"]
    (judgement,) = verify_claims([own], profile="quick", backend=SerialBackend()).judgements
    at = judgement.observations[0]
    line = replay_command(own, at.setting, at.seed, at.engine)
    if name == "false":
        assert judgement.counterexample is not None
        line = judgement.counterexample.replay
    said = f"own.{name}: the claim {word} (measured {name == 'true'})\n"
    assert command(*shlex.split(line)[3:])[:2] == (status, said)


@pytest.mark.parametrize(
    "rule", [Law(0.1, "why"), Law(0.1, "why", of="mean", bound=3.0), Difference(0.1, "why")]
)
def test_one_run_alone_decides_no_claim_of_many(rule: Any) -> None:
    far = observation((5.0, 1.0), 0)
    assert violates(claim(rule), far) is True
    assert breaks_alone(claim(rule), far) is None
    assert "one alone does not decide it" in replay_words(claim(rule), far.value, None)
    assert breaks_alone(claim(Event()), observation(False, 0)) is True
