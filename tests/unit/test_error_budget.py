"""The error budget of a verification: Holm over its claims, and what an uncovered refutation becomes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decide_cases import BASE, observations
from scipy import stats

from theory.claim import Claim, Proof
from theory.experiment import Experiment
from theory.rules import Event, Identity
from theory.source import Source
from theory.two_stage.box import Fixed
from verify.judge import judge
from verify.outcome import Judgement
from verify.pipeline import verify_claims
from verify.statistics.error_budget import budget_use, in_family, within_budget
from verify.statistics.power import runs_to_survive

EXPERIMENT = Experiment("budget", place=Fixed(BASE), clock=0.01, runs={"quick": 100})


def claim(name: str, rule: Any = None, **changes: Any) -> Claim:
    fields: dict[str, Any] = {
        "id": f"budget.{name}", "source": Source("example", "1"), "provenance": "derived",
        "statement": "example", "rule": rule or Event(), "measure": lambda run: True,
        "experiment": EXPERIMENT,
    }  # fmt: skip
    return Claim(**(fields | changes))


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
    (loose,) = verify_claims([bad], profile="quick", error_budget=0.01, counterexamples=False).judgements
    assert loose.verdict == "refuted"
    strict = verify_claims([bad], profile="quick", error_budget=1e-6, counterexamples=False)
    assert strict.judgements[0].verdict == "inconclusive"
    assert strict.run_info["error_budget"]["level"] == 1e-6
    assert strict.run_info["error_budget"]["claims"] == 1
    for wrong in (0.0, 1.0, float("nan")):
        with pytest.raises(ValueError, match="error_budget must lie in"):
            verify_claims([bad], profile="quick", error_budget=wrong)
