"""A claim that cannot be judged or worded is errored, and no other is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import pytest

from theory import AbstractSetting, Box, Claim, Coordinate, Event, Experiment, Source, function_model
from theory.claim import Proof
from theory.rules import Exponent
from theory.rules.rule import Rule
from verify.outcome import Decision, Judgement, Observation
from verify.pipeline import verify_claims
from verify.rules import registry
from verify.rules.exponent import ExponentJudge
from verify.rules.judge import Judge
from verify.runs.backends import SerialBackend


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int


TOSSES = Experiment(
    "bad.tosses",
    place=Box("coins", (Coordinate("n", 50, 90, whole=True),), lambda x: Coin(**x)),
    model=function_model(Coin, lambda s, rng: {"share": float((rng.random(s.n) < 0.5).mean())}),
    runs={"quick": 100},
)


@dataclass(frozen=True)
class Strange(Rule):
    where: str = "decide"
    kind: ClassVar[Any] = "event"


class StrangeJudge(Judge[Strange]):
    rule: ClassVar[type] = Strange

    def decide(self, rule: Strange, observations: Sequence[Observation], proof: Proof | None) -> Decision:
        if rule.where == "decide":
            raise RuntimeError("no verdict")
        return Decision(
            "supported", "so it is", None, None, {}, len(observations), p_value=1.0, support_p=0.0
        )

    def numbers(self, judgement: Judgement) -> str:
        raise IndexError("no words")


def claim(name: str, rule: Any) -> Claim:
    return Claim(
        f"bad.{name}", Source("notes", "1"), "derived", "it is near", rule,
        lambda run: abs(run.share - 0.5) < 0.4, TOSSES,
    )  # fmt: skip


@pytest.mark.parametrize(("where", "said"), [("decide", "RuntimeError: no verdict"), ("numbers", "no words")])
def test_what_one_rule_raises_costs_its_claim_alone(
    where: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._REGISTERED, Strange, StrangeJudge())
    claims = [claim("strange", Strange(where)), claim("near", Event(0.1))]
    done = verify_claims(claims, seed=1, backend=SerialBackend(), counterexamples=False)
    assert done["bad.strange"].verdict == "errored"
    assert said in done["bad.strange"].decision.reason
    assert done["bad.near"].verdict == "supported"


def test_an_exponent_without_a_slope_has_words() -> None:
    rule = Exponent("n", 0.5)
    swept = replace(claim("slope", rule), measure=lambda run: run.share)
    nothing = Decision("inconclusive", "Only 0 replicates give a slope.", None, 0.5, {}, 0)
    judgement = cast("Judgement", Judgement(swept, nothing, (), ()))
    assert ExponentJudge().numbers(judgement) == "Only 0 replicates give a slope"
