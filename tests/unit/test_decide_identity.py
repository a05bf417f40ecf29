"""Identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from decide_cases import observation, observations, well_formed
from scipy import stats

from theory.claim import Proof
from theory.rules import Identity
from verify.rules.identity import accepted_residual, decide_identity, machine_epsilon
from verify.rules.registry import decide

EPS = 2.0**-52


def test_the_bound_is_factor_eps_steps() -> None:
    rule = Identity(factor=8.0)
    bound = 8 * EPS * 100
    assert accepted_residual(rule, observation(0.0)) == bound
    assert accepted_residual(rule, observation(0.0, steps=0)) == 8 * EPS
    assert decide(rule, observations([bound])).verdict == "supported"
    assert decide(rule, observations([np.nextafter(bound, 1)])).verdict == "refuted"


def test_one_larger_residual_refutes_among_many() -> None:
    decision = well_formed(decide(Identity(), observations([1e-16] * 500 + [1e-9])))
    assert decision.verdict == "refuted"
    assert decision.measured == 1e-9
    assert decision.statistic["violating"] == [500]
    assert decision.statistic["worst_run"] == 500
    assert "1 of 501 runs" in decision.reason
    assert "1e-09" in decision.reason


def test_inf_refutes_and_nan_is_not_measured() -> None:
    for values in ([math.inf], [1e-16, math.inf, 1e-16], [math.inf, math.nan, math.inf]):
        decision = well_formed(decide(Identity(), observations(values)))
        assert decision.verdict == "refuted"
        assert decision.measured is None
        assert decision.statistic["not_finite"] == sum(math.isinf(v) for v in values)
    for values in ([math.nan], [1e-16, math.nan, 1e-16]):
        decision = well_formed(decide(Identity(), observations(values)))
        assert (decision.verdict, decision.p_value) == ("inconclusive", 1.0)
    assert "Not measured (nan) in 1 run of 3: 1;" in decision.reason


def test_a_residual_may_come_with_its_scale() -> None:
    assert decide(Identity(), observations([(1e-4, 1e12)])).verdict == "supported"
    assert decide(Identity(), observations([(1e-4, 1e3)])).verdict == "refuted"
    assert decide(Identity(), observations([(0.0, 0.0)])).measured == 0.0
    assert decide(Identity(), observations([(1e-300, 0.0)])).verdict == "refuted"
    for bad in ((1.0,), (1.0, -1.0), (-1.0, 1.0), ("a", 1.0)):
        with pytest.raises(ValueError, match="claim value must be an absolute residual >= 0, or"):
            decide(Identity(), observations([bad]))


def test_a_closed_form_is_not_forgiven_the_length_of_its_run() -> None:
    value, steps = 64 * 2.0**-52 * 3, 1000
    seen = [observation(value, 0, steps=steps)]
    assert decide(Identity(), seen).verdict == "supported"
    strict = well_formed(decide(Identity(per_step=False), seen))
    assert strict.verdict == "refuted"
    assert "steps" not in strict.reason
    assert decide(Identity(per_step=False), [observation(value / 4, 0, steps=steps)]).verdict == "supported"


def test_each_run_is_held_to_its_own_float_type() -> None:
    """1e-6 is rounding in float32 and an error in float64, also when both stand side by side."""
    single = observation(1e-6, 0, dtype="float32", steps=1)
    double = observation(1e-15, 1, dtype="float64", steps=1)
    decision = well_formed(decide(Identity(), [single, double]))
    assert decision.verdict == "supported"
    assert decision.statistic["dtypes"] == ["float32", "float64"]
    wrong = observation(1e-6, 2, dtype="float64", steps=1)
    decision = decide(Identity(), [single, double, wrong])
    assert (decision.verdict, decision.statistic["worst_run"]) == ("refuted", 2)


@pytest.mark.parametrize("value", [-1e-16, True, np.False_])
def test_a_residual_is_a_number_not_below_zero(value: object) -> None:
    with pytest.raises(ValueError, match="claim value"):
        decide(Identity(), observations([value]))


def test_proof_and_residual_are_both_told() -> None:
    decision = well_formed(decide(Identity(), observations([0.0]), proof=Proof(True, ("a", "b"))))
    assert decision.verdict == "supported"
    assert decision.reason.startswith("Proved symbolically.")
    assert decision.statistic["proved"] is True
    bad = decide(Identity(), observations([1.0]), proof=Proof(True, ("a", "b")))
    assert bad.verdict == "refuted"


PROOFS = (None, Proof(True, ("a step",)), Proof(False, ("a step",)))


def test_machine_epsilons_by_name() -> None:
    for name, eps in (("float64", -52), ("float32", -23), ("float16", -10), ("bfloat16", -7)):
        for prefix in ("", "torch.", "numpy.", "torch.numpy."):
            assert machine_epsilon(prefix + name) == 2.0**eps
    for bad in ("int64", "float63", "nonsense", "float64torch.", ""):
        with pytest.raises(ValueError, match=f"^dtype must name a float type, was {bad!r}$"):
            machine_epsilon(bad)


@pytest.mark.parametrize("proof", PROOFS)
def test_an_identity_that_holds(proof: Proof | None) -> None:
    """The run closest to its bound is the worst, not the one with the largest residual."""
    rule = Identity(factor=10.0)
    eps = 2.0**-52
    seen = [
        observation(500 * eps, 4, steps=100),
        observation(9 * eps, 5, steps=0),
        observation(2.0**-30, 6, dtype="float32", steps=1),
        observation(0.0, 7, seed=1006),
    ]
    found = decide_identity(rule, seen, proof)
    low, high = stats.beta.ppf(0.025, 1, 4), stats.beta.ppf(0.975, 1, 3)
    proved = "" if proof is None or not proof.holds else "Proved symbolically. "
    assert found.reason == (
        f"{proved}In 4 runs the worst residual, {9 * eps:.3g}, is within the accepted {10 * eps:.3g} ="
        " 10 eps(float64) x 1 steps."
    )
    assert found.statistic["interval"] == [0.0, pytest.approx(high)]
    assert low > 0
    assert {k: v for k, v in found.statistic.items() if k != "interval"} == {
        "runs": 4, "trials": 3, "violations": 0, "worst_residual": 9 * eps, "worst_bound": 10 * eps,
        "worst_residual_over_bound": 0.9, "worst_run": 5, "dtypes": ["float32", "float64"], "not_finite": 0,
        "interval_of": "violation rate (95 %, two-sided; decides nothing)", "level": 0.95,
        "proved": None if proof is None else proof.holds, "violating": [],
    }  # fmt: skip
    assert (found.verdict, found.measured, found.predicted) == ("supported", 9 * eps, 0.0)
    assert (found.n_trials, found.needed, found.p_value, found.support_p) == (3, None, 1.0, 0.0)


def test_an_identity_that_fails() -> None:
    rule = Identity(factor=10.0)
    seen = [observation(1.0, 3, seed=1), observation(0.0, 4, seed=1), observation(0.0, 5, seed=2)]
    found = decide_identity(rule, seen, PROOFS[1])
    bound = accepted_residual(rule, seen[0])
    assert bound == 1000 * 2.0**-52
    assert found.reason == (
        f"1 of 3 runs violate it: the worst residual, 1, exceeds the accepted {bound:.3g} ="
        " 10 eps(float64) x 100 steps."
    )
    assert found.statistic["interval"] == pytest.approx(
        [stats.beta.ppf(0.025, 1, 2), stats.beta.ppf(0.975, 2, 1)]
    )
    assert found.statistic["violating"] == [3]
    assert (found.verdict, found.n_trials, found.p_value, found.support_p) == ("refuted", 2, 0.0, 1.0)
    assert found.statistic["worst_residual_over_bound"] == 1 / bound
    lost = decide_identity(rule, observations([math.nan]), None)
    assert (lost.measured, lost.statistic["worst_residual_over_bound"]) == (None, None)
    assert (
        decide_identity(rule, observations([accepted_residual(rule, seen[0])]), None).verdict == "supported"
    )
