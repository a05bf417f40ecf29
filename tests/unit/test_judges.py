"""What every judge answers: the members that search, soundness and report ask for, rule by rule."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from importlib import import_module, reload
from pathlib import Path
from typing import Any

import pytest
from decide_cases import BASE, claim_of, observation, observations

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Event, EventMap, Exponent, FittedBand, Identity, Law, Ordering, Rule, ZScores
from theory.two_stage.box import Fixed
from verify.judge import judge as judged
from verify.outcome import Decision, Observation
from verify.rules.judge import Exempt, Judge, Readout
from verify.rules.registry import built_in, find_judge, judge_of, register
from verify.rules.trend import trends_of

EXPERIMENT = Experiment("judges", place=Fixed(BASE), clock=1.0, runs={"quick": 1})


def claim(rule: Any) -> Claim:
    return claim_of("a.claim", EXPERIMENT, rule=rule)


def test_every_rule_of_theory_has_a_judge_and_an_explanation() -> None:
    import theory.rules

    declared = {
        member
        for member in vars(theory.rules).values()
        if isinstance(member, type) and issubclass(member, Rule) and member is not Rule
    }
    assert declared == set(built_in())
    for kind, judge in built_in().items():
        assert judge.rule is kind
        assert judge.explanation.endswith("."), kind


def test_a_subclass_without_a_judge_has_its_parents() -> None:
    @dataclass(frozen=True)
    class Rare(Event):
        delta: float = 0.01

    assert type(judge_of(Rare())) is type(judge_of(Event()))
    assert type(judge_of(Ordering())) is not type(judge_of(Event()))
    assert find_judge("no rule") is None


def test_what_is_no_judge_is_refused() -> None:
    with pytest.raises(ValueError, match=r"judge must be a verify\.rules\.judge\.Judge"):
        register(object())  # type: ignore[arg-type]


def test_a_judge_that_only_decides_answers_everything_else_carefully() -> None:
    @dataclass(frozen=True)
    class Quiet(Rule):
        kind = "event"

    class QuietJudge(Judge[Quiet]):
        rule = Quiet

        def decide(self, rule: Quiet, observations: Any, proof: Any) -> Decision:
            return Decision("inconclusive", "Nothing can be said.", None, None, {}, len(observations))

    judge, seen = QuietJudge(), observations([0.5, 1.5])
    assert judge.excess(Quiet(), 1.0, 1, "float64") is None
    assert judge.claimed(Quiet(), {})
    assert judge.power(Quiet(), judge.decide(Quiet(), seen, None), seen) is None
    assert judge.worst(Quiet(), seen) is None
    assert [type(v) for v in judge.variants(claim(Quiet()), seen)] == [Exempt]
    assert judge.readout(Quiet(), judge.decide(Quiet(), seen, None), seen[0]).measured == 0.5
    assert judge.sentence(Quiet()) == "Decided by Quiet."
    register(judge)
    assert judge.numbers(judged(claim(Quiet()), tuple(seen), None)) == "Nothing can be said"


def test_a_map_claims_nothing_below_its_threshold() -> None:
    judge, rule = judge_of(EventMap("x", 2.0)), EventMap("x", 2.0)
    assert judge.claimed(rule, {"x": 2.0})
    assert not judge.claimed(rule, {"x": 1.9})


def test_at_one_setting_a_map_is_an_event_and_z_scores_are_their_outliers() -> None:
    seen = observations([False] * 24)
    assert judge_of(EventMap("x", 1.0)).at_setting(EventMap("x", 1.0), seen, 0.01).verdict == "refuted"
    far = observations([(9.0, 0.0, 1.0, 0.0)] * 24)
    found = judge_of(ZScores("why")).at_setting(ZScores("why"), far, 0.01)
    assert found.verdict == "refuted"
    assert "z-scores" not in found.reason


def test_broken_runs_come_worst_first_and_rates_are_held_against_delta() -> None:
    rule = Law(0.1, "why")
    seen = observations([(1.0, 1.0), (1.5, 1.0), (3.0, 1.0)])
    assert [o.value[0] for o in judge_of(rule).broken(rule, seen)] == [3.0, 1.5]
    assert judge_of(rule).breaks(rule, seen)
    event = judge_of(Event())
    assert not event.breaks(Event(delta=0.5), observations([False, True]))
    assert event.breaks(Event(), observations([False] * 5))
    assert judge_of(Identity()).breaks(Identity(), observations([1.0]))


def test_a_constant_is_unnamed_in_fitted_bands_only() -> None:
    rule = FittedBand(8.0, "why")
    unnamed = judge_of(rule).unnamed(rule)
    assert unnamed is not None
    assert (unnamed.ratio, unnamed.two_sided) == (8.0 / 1.25**2, True)
    assert judge_of(Event()).unnamed(Event()) is None


def test_an_exponent_expects_its_power_law_through_the_runs() -> None:
    rule = Exponent("eta", -1.0)
    points = [
        observation(3.0 / s.eta, k, setting=s)
        for k, s in enumerate(BASE.with_(eta=BASE.eta * f) for f in (1.0, 2.0, 4.0))
    ]
    judgement = judged(claim(rule), tuple(points), None)
    setting = BASE.with_(eta=7.0)
    assert judge_of(rule).expected(judgement, setting, []) == pytest.approx(3.0 / 7.0)


def test_a_setting_that_declares_no_trends_has_none() -> None:
    @dataclass(frozen=True)
    class Plain:
        size: float

    settings = [Plain(float(k)) for k in range(1, 40)]
    assert trends_of(settings).slopes == ()
    seen: list[Observation] = [observation((1.0, 1.0), k, setting=s) for k, s in enumerate(settings)]
    decision = judge_of(Law(0.1, "why")).decide(Law(0.1, "why"), seen, None)
    assert decision.verdict == "supported"
    assert "trends" not in decision.statistic


def test_readout_factor() -> None:
    assert Readout(0.5, math.nan, 0.0, 2.0).factor == 4.0
    assert Readout(2.0, math.nan, 0.5, 8.0).factor == 4.0
    assert math.isnan(Readout(-1.0, math.nan, 0.5, 8.0).factor)


def test_the_rule_of_ones_own_in_the_docs_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
    (code,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.S) if "NeverJudge" in block]
    (tmp_path / "own_rule_of_the_docs.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = import_module("own_rule_of_the_docs")
    for _ in range(2):  # once more, as when a claims file is imported again
        never = module.Never()
        assert judge_of(never).decide(never, observations([False] * 3), None).verdict == "supported"
        assert judge_of(never).decide(never, observations([False, True]), None).verdict == "refuted"
        module = reload(module)
