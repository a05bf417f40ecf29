"""Falsehoods written from the documentation alone: all are refuted, their truths hardly ever."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from scipy import stats

from theory.claim import Claim
from verify.load import claims_module, load_claims_file
from verify.outcome import Judgement
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend

FILE = Path(__file__).parents[1] / "planted" / "outside_claims.py"


def claims() -> tuple[list[Claim], list[Claim]]:
    false = load_claims_file(FILE)
    return false, list(claims_module(FILE).TRUTHS)


@cache
def judged() -> dict[str, Judgement]:
    false, true = claims()
    verification = verify_claims(
        [*false, *true], "quick", 0, counterexamples=False, adversaries=False, backend=SerialBackend()
    )
    return {j.claim.id: j for j in verification.judgements}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_falsehood_is_refuted() -> None:
    found = {i: j.verdict for i, j in judged().items() if i.startswith("outside.")}
    assert len(found) >= 50
    assert {i: v for i, v in found.items() if v != "refuted"} == {}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_truths_are_refuted_no_more_often_than_their_error_levels_say() -> None:
    true = [j for i, j in judged().items() if i.startswith("outside_truth.")]
    assert len(true) >= 15
    level = max(j.claim.rule.alpha for j in true if hasattr(j.claim.rule, "alpha"))
    refuted = [j.claim.id for j in true if j.verdict == "refuted"]
    # More than this happens with probability below 1e-3 if every truth is refuted at its level.
    assert len(refuted) <= stats.binom.isf(1e-3, len(true), level), refuted
    assert sum(j.verdict == "supported" for j in true) > len(true) / 2
