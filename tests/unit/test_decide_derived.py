"""Derivations: proved or checked at settings, and no run enters."""

from __future__ import annotations

import math

import pytest
from decide_cases import observations, well_formed
from test_judges import claim

from theory.claim import Proof
from theory.rules import Derived
from verify.judge import judge as judged
from verify.rules.registry import decide
from verify.statistics.error_budget import in_family


def test_algebra_is_called_algebra() -> None:
    rule = Derived("symbolic n, m")
    proved = well_formed(decide(rule, [], proof=Proof(True, ("done",))))
    assert (proved.verdict, proved.n_trials) == ("derived", 0)
    assert proved.reason == "Proved symbolically (symbolic n, m). No run enters."
    checked = well_formed(decide(rule, observations([1e-16] * 9)))
    assert checked.verdict == "derived"
    assert "runs" not in checked.reason
    assert decide(rule, observations([1e-16, 1e-9])).verdict == "refuted"
    assert decide(rule, [], proof=Proof(False, ("lhs != rhs",))).verdict == "refuted"
    assert decide(rule, []).verdict == "inconclusive"
    assert decide(rule, observations([1e-16, math.nan]), proof=Proof(True, ())).verdict == "inconclusive"


def test_a_proof_without_runs_is_judged_and_nothing_without_either() -> None:
    proved = judged(claim(Derived("n = 2")), (), Proof(True, ()))
    assert proved.verdict == "derived"
    assert judged(claim(Derived("n = 2")), (), None).verdict == "not-applicable"
    assert not in_family(proved)
    with pytest.raises(ValueError, match="scope"):
        Derived(" ")
