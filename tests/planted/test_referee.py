"""The referee's forty: no false claim supported, no true one refuted, the saturated undecided, the loose so
called."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from verify.outcome import Judgement
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend

FILE = Path(__file__).parent / "referee.py"
#: What a loose support must say: a grade, or that it holds on average only.
WORDS = ("loose", "within margin", "not certified cell by cell")


@cache
def referee() -> Any:
    spec = importlib.util.spec_from_file_location("referee_file", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@cache
def judged(seed: int) -> dict[str, Judgement]:
    claims = referee().CLAIMS
    # In this process: what the claims run is this repository's own.
    done = verify_claims(claims, "quick", seed, 1, counterexamples=False, backend=SerialBackend())
    return {j.claim.id: j for j in done.judgements}


def of(kind: str, seed: int) -> list[Judgement]:
    found = [j for id_, j in judged(seed).items() if referee().TRUTHS[id_] == kind]
    assert len(found) == 10
    return found


def words(judgements: list[Judgement]) -> dict[str, str]:
    return {j.claim.id: j.verdict for j in judgements}


SEEDS = (20, 21)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_false_claim_is_supported_and_most_are_refuted(seed: int) -> None:
    found = words(of("false", seed))
    assert set(found.values()) <= {"refuted", "inconclusive"}, found
    assert list(found.values()).count("refuted") >= 9, found


@pytest.mark.parametrize("seed", SEEDS)
def test_no_true_claim_is_refuted_and_most_are_supported(seed: int) -> None:
    found = words(of("true", seed))
    # Some are constants of the model (a uniform number is below 1): no adversarial run moves them.
    assert set(found.values()) <= {"supported", "inconclusive", "vacuous"}, found
    assert list(found.values()).count("supported") >= 6, found


@pytest.mark.parametrize("seed", SEEDS)
def test_every_saturated_claim_is_open(seed: int) -> None:
    found = words(of("saturated", seed))
    assert set(found.values()) == {"inconclusive"}, found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_loose_claim_says_so(seed: int) -> None:
    for j in of("loose", seed):
        assert j.verdict in ("supported", "inconclusive", "vacuous"), (j.claim.id, j.decision.reason)
        if j.verdict == "supported":
            text = f"{j.grade} {j.decision.reason}"
            assert any(word in text for word in WORDS), (j.claim.id, text)
    assert sum(j.verdict != "inconclusive" for j in of("loose", seed)) >= 9
