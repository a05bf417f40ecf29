"""The error budget of a verification: Holm over its claims, and what an uncovered refutation becomes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decide_cases import BASE, claim_of, observations
from scipy import stats

from theory.claim import Claim, Proof
from theory.experiment import Experiment
from theory.rules import Event, Identity, Law
from theory.source import Source
from theory.two_stage.box import Fixed
from verify.judge import judge
from verify.outcome import Decision, Judgement
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend
from verify.statistics.error_budget import (
    ERROR_BUDGET,
    BudgetUse,
    budget_use,
    in_family,
    refutation_p,
    within_budget,
)
from verify.statistics.intervals import MAX_RUNS
from verify.statistics.power import runs_to_survive

EXPERIMENT = Experiment("budget", place=Fixed(BASE), clock=0.01, runs={"quick": 100})


def claim(name: str, rule: Any = None, **changes: Any) -> Claim:
    return claim_of(f"budget.{name}", EXPERIMENT, rule=rule or Event(), **changes)


def event(name: str, violations: int, runs: int = 100, **changes: Any) -> Judgement:
    seen = observations([False] * violations + [True] * (runs - violations))
    return judge(claim(name, **changes), tuple(seen), None)


def test_a_refutation_that_holm_does_not_cover_is_inconclusive_and_says_so() -> None:
    weak, strong = event("weak", 12), event("strong", 40)
    assert (weak.verdict, strong.verdict) == ("refuted", "refuted")
    others = [event(f"true{k}", 0) for k in range(20)]
    found = within_budget([weak, strong, *others], 0.01)
    assert [j.verdict for j in found[:3]] == ["inconclusive", "refuted", "supported"]
    p = float(stats.binom.sf(11, 100, 0.05))
    assert found[0].decision.p_value == pytest.approx(p)
    assert found[0].decision.adjusted_p == pytest.approx(21 * p)  # strong stepped down first
    assert found[1].decision.adjusted_p == pytest.approx(22 * stats.binom.sf(39, 100, 0.05))
    reason = found[0].decision.reason
    assert reason.startswith(weak.decision.reason)
    assert "of 22 claims that chance could refute" in reason
    assert f"about {found[0].decision.needed} runs would decide" in reason
    assert found[0].chain[:-1] == weak.chain
    assert found[0].chain[-1] in reason
    alone = within_budget([weak], 0.01)[0]
    assert alone.verdict == "refuted"
    use = budget_use(found, 0.01)
    assert (use.family, use.not_surviving, use.supported) == (22, 1, 20)


def test_the_runs_named_do_decide() -> None:
    """At the observed rate of 12 % they show p below the level with probability near .8."""
    level, p = 0.01 / 22, float(stats.binom.sf(11, 100, 0.05))
    runs = runs_to_survive(100, p, level)
    assert runs is not None
    critical = next(k for k in range(runs) if stats.binom.sf(k - 1, runs, 0.05) < level)
    assert 0.7 < stats.binom.sf(critical - 1, runs, 0.12) < 0.95


def test_identities_take_no_part() -> None:
    wrong = judge(claim("identity", Identity()), tuple(observations([0.0] * 40 + [1.0])), None)
    others = [event(f"true{k}", 0) for k in range(200)]
    found = within_budget([wrong, *others], 1e-9)
    assert found[0].verdict == "refuted"
    assert found[0].decision.adjusted_p is None
    assert not in_family(wrong)


def test_probes_do_and_claims_without_runs_do_not() -> None:
    assert in_family(event("probe", 3))
    idle = judge(claim("idle"), (), None)
    assert not in_family(idle)
    skipped = tuple(replace(o, not_judged="outside") for o in observations([True]))
    assert in_family(judge(claim("skipped"), skipped, None))  # planned: the family must not depend on data


def test_a_failed_proof_needs_no_budget() -> None:
    seen = tuple(observations([True] * 100))
    found = within_budget([judge(claim("proved"), seen, Proof(False, ())), event("true", 0)], 1e-9)
    assert found[0].verdict == "refuted"


def test_a_refutation_without_a_p_value_stands_outside_the_budget() -> None:
    """No correction could ever cover it, whatever the number of runs."""
    known = event("custom", 40)
    silent = replace(known, decision=replace(known.decision, p_value=None))
    (judged,) = within_budget([silent], 0.01)
    assert judged.verdict == "refuted"
    assert not in_family(silent)
    assert judged.decision.adjusted_p is None


def test_the_family_wise_error_is_the_budget_and_without_holm_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Forty claims exactly at delta, a thousand times: at most the budget of suites refutes any."""
    # statsmodels collects garbage at every correction, which takes longer than the whole decision.
    monkeypatch.setattr("gc.collect", lambda *_: 0)
    rng, budget, suites, m = np.random.default_rng(0), 0.05, 1000, 40
    violations = rng.binomial(100, 0.05, size=(suites, m))
    table = {k: event("x", k) for k in range(int(violations.max()) + 1)}
    alone = sum(any(table[int(k)].verdict == "refuted" for k in row) for row in violations)
    alarms = sum(
        any(j.verdict == "refuted" for j in within_budget([table[int(k)] for k in row], budget))
        for row in violations
        if max(row) >= 9
    )
    assert stats.binom.sf(alarms - 1, suites, budget) > 1e-4
    assert stats.binom.sf(alone - 1, suites, budget) < 1e-12


def test_the_pipeline_applies_and_records_it() -> None:
    bad = claim("bad", measure=lambda run: False, experiment=replace(EXPERIMENT, runs={"quick": 3}))
    (loose,) = verify_claims(
        [bad], profile="quick", error_budget=0.01, counterexamples=False, backend=SerialBackend()
    ).judgements
    assert loose.verdict == "refuted"
    strict = verify_claims(
        [bad], profile="quick", error_budget=1e-17, counterexamples=False, backend=SerialBackend()
    )
    assert strict.judgements[0].verdict == "inconclusive"  # on twelve fresh runs too
    assert strict.run_info["error_budget"]["level"] == 1e-17
    assert strict.run_info["error_budget"]["claims"] == 1
    for wrong in (0.0, 1.0, float("nan")):
        with pytest.raises(ValueError, match="error_budget must lie in"):
            verify_claims([bad], profile="quick", error_budget=wrong, backend=SerialBackend())


BUDGETED = Experiment("budget", place=Fixed(BASE), clock=0.01, runs={"quick": 100})


def decided(
    p: float | None, verdict: str, rule: Any = None, support: float | None = None, runs: int = 100
) -> Judgement:
    claim = Claim(
        id="budget.x", source=Source("example", "1"), provenance="derived", statement="example",
        rule=rule or Event(), measure=lambda run: True, experiment=BUDGETED,
    )  # fmt: skip
    decision = Decision(verdict, "Seen.", 1.0, 1.0, {}, runs, None, p, support)  # type: ignore[arg-type]
    return Judgement(claim, decision, tuple(observations([True])), ("a link",))


def test_the_budget_is_one_in_a_hundred() -> None:
    assert ERROR_BUDGET == 0.01
    for bad in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match=rf"^error_budget must lie in \(0, 1\), was {bad!r}$"):
            within_budget([], bad)
    assert within_budget([], 0.5) == []


def test_holm_by_hand() -> None:
    """p = .001, .004, .03 among five: times 5, 4, 3, then the maximum so far."""
    family = [decided(p, v) for p, v in ((0.03, "refuted"), (0.001, "refuted"), (0.4, "supported"),
                                        (0.004, "refuted"), (0.5, "inconclusive"))]  # fmt: skip
    outside = decided(0.0, "refuted", Identity())
    found = within_budget([*family, outside], 0.016)
    adjusted = [j.decision.adjusted_p for j in found]
    assert adjusted == [pytest.approx(0.09), pytest.approx(0.005), pytest.approx(0.8), pytest.approx(0.016),
                        pytest.approx(0.8), None]  # fmt: skip
    assert [j.verdict for j in found] == [
        "inconclusive", "refuted", "supported", "refuted", "inconclusive", "refuted",
    ]  # fmt: skip
    needed = runs_to_survive(100, 0.03, 0.016 / 5)
    text = (
        "Alone this refutes (p = 0.03), but not within the error budget 0.016 of the whole verification: of 5"
        f" claims that chance could refute, p = 0.09 after Holm's correction; about {needed}"
        f" runs would decide"
        " if the effect is as large as it looks."
    )
    assert found[0].decision.reason == f"Seen. {text}"
    assert found[0].chain == ("a link", text)
    assert found[0].decision.needed == needed
    assert found[1] == replace(family[1], decision=replace(family[1].decision, adjusted_p=adjusted[1]))
    assert found[5] == outside


def test_a_refutation_without_an_effect_names_no_runs() -> None:
    (found,) = within_budget([decided(0.6, "refuted")], 0.01)
    assert (found.decision.needed, found.verdict) == (None, "inconclusive")
    assert found.decision.reason.endswith("p = 0.6 after Holm's correction.")


def test_p_values_of_deciders_that_give_none() -> None:
    assert refutation_p(decided(0.3, "refuted")) == 0.3
    assert refutation_p(decided(None, "supported", Event(alpha=0.02))) == 1.0
    assert not in_family(decided(None, "refuted"))
    assert in_family(decided(None, "supported"))
    assert in_family(decided(1.0, "supported"))
    assert not in_family(decided(1.0, "supported", Identity()))
    assert not in_family(replace(decided(1.0, "supported"), observations=()))


@pytest.mark.parametrize(("p", "level", "power"), [(0.01, 1e-4, 0.8), (0.2, 1e-3, 0.9), (0.04, 0.03, 0.55)])
def test_runs_that_survive(p: float, level: float, power: float) -> None:
    ratio = (stats.norm.isf(level) + stats.norm.ppf(power)) / stats.norm.isf(p)
    assert runs_to_survive(70, p, level, power) == max(71, math.ceil(70 * ratio**2))
    if power == 0.8:
        assert runs_to_survive(70, p, level) == math.ceil(70 * ratio**2)


def test_ends_of_the_runs_that_survive() -> None:
    assert runs_to_survive(70, 0.5, 1e-4) is None
    assert runs_to_survive(70, 0.9, 1e-4) is None
    assert runs_to_survive(70, 0.0, 1e-4) == 71
    assert runs_to_survive(70, 1e-9, 1e-4) == 71
    assert runs_to_survive(70, 0.45, 1e-4) == math.ceil(
        70 * ((stats.norm.isf(1e-4) + stats.norm.ppf(0.8)) / stats.norm.isf(0.45)) ** 2
    )
    assert runs_to_survive(MAX_RUNS, 1e-2, 1e-4) is None
    # Power and level of 1/2 each: exactly as many runs as made, one more is named.
    assert runs_to_survive(70, 0.01, 0.01, 0.5) == 71
    assert runs_to_survive(MAX_RUNS, 1e-5, 1e-4, 0.5) == MAX_RUNS + 1


def test_what_the_budget_did() -> None:
    """Supports .001, .004, .2 and none (1) among five, at .016: two of three survive together."""
    judgements = [
        decided(0.9, "supported", support=0.001),
        decided(0.9, "supported", support=0.00319),
        decided(0.9, "supported", support=0.2),
        decided(0.01, "inconclusive", support=None),
        decided(0.05, "inconclusive", support=0.9),
        decided(0.0, "supported", Identity(), support=0.0),
    ]
    use = budget_use(judgements, 0.016)
    assert use == BudgetUse(0.016, 5, 1, 3, 2)
    assert budget_use(judgements, 0.0159) == BudgetUse(0.0159, 5, 1, 3, 1)
    assert use.as_dict() == {
        "level": 0.016, "method": "Holm", "claims": 5, "refuted_alone_only": 1, "supported": 3,
        "supported_at_this_level_together": 2, "first_stage": pytest.approx(0.0128),
        "second_stage": pytest.approx(0.0032),
    }  # fmt: skip
    assert budget_use([], 0.1) == BudgetUse(0.1, 0, 0, 0, 0)
    silent = decided(None, "inconclusive", Event(alpha=0.02))
    assert budget_use([silent], 0.1).not_surviving == 0
    ruleless = decided(0.001, "inconclusive", object())
    assert budget_use([ruleless], 0.1).not_surviving == 0


def test_what_no_number_of_runs_can_refute_says_so() -> None:
    rule = Law(0.05, "why", of="mean")
    seen = observations([(1.5 + 0.1 * math.sin(k), 1.0) for k in range(900)])
    (found,) = within_budget([judge(claim("mean", rule), tuple(seen), None)], 0.01)
    assert found.verdict == "inconclusive"
    assert found.decision.needed is None
    assert "no number of runs can refute this: declare `bound`" in found.decision.reason
