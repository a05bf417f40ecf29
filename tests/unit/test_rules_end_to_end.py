"""The rules for theorems through a whole verification, on a model of one function."""

from __future__ import annotations

from pathlib import Path

import pytest

from verify import verify_claims
from verify.load import load_claims_file
from verify.outcome import Verification
from verify.report.claims import claim_record
from verify.runs.backends import SerialBackend

FILE = Path(__file__).parents[1] / "planted" / "coin_rules.py"
WORDS = {
    "true": ("supported", "derived"),
    "false": ("refuted",),
    "loose": ("supported",),
    "missing": ("inconclusive",),
    "saturated": ("inconclusive",),
}


@pytest.fixture(scope="module")
def verification() -> Verification:
    return verify_claims(
        load_claims_file(FILE), profile="quick", seed=5, jobs=1, adversaries=False, backend=SerialBackend()
    )


def test_every_claim_gets_its_word(verification: Verification) -> None:
    for judgement in verification.judgements:
        kind = judgement.claim.id.rsplit(".", 1)[-1]
        assert judgement.verdict in WORDS[kind], (judgement.claim.id, judgement.decision.reason)


def test_true_claims_that_could_not_have_failed_are_vacuous() -> None:
    asked = verify_claims(
        load_claims_file(FILE),
        profile="quick",
        seed=5,
        jobs=1,
        counterexamples=False,
        exhibits=False,
        backend=SerialBackend(),
    )
    vacuous = {j.claim.id for j in asked.judgements if j.verdict == "vacuous"}
    # A share lies in [0, 1], and so no deviation exceeds 1.
    assert vacuous == {f"coin_rules.{x}" for x in ("universal.true", "bound.loose", "universal_bound.true")}


def test_the_words_say_how(verification: Verification) -> None:
    reasons = {j.claim.id.removeprefix("coin_rules."): j.decision.reason for j in verification.judgements}
    assert reasons["universal.true"].startswith("No counterexample in 200 settings")
    assert "It is loose" in reasons["bound.loose"]
    assert reasons["derived.true"] == "Proved symbolically (symbolic a, b). No run enters."
    assert (
        "Not measured (nan) in 200 runs" in reasons["difference.missing"]
        or "None of 200" in (reasons["difference.missing"])
    )
    assert "200 of 200 runs are unresolved" in reasons["saturated"]


def test_a_universal_claim_has_its_counterexample(verification: Verification) -> None:
    for name in ("universal.false", "universal_bound.false"):
        (judgement,) = (j for j in verification.judgements if j.claim.id == f"coin_rules.{name}")
        assert judgement.counterexample is not None
        assert "replay" in judgement.counterexample.replay


def test_records_are_strict_json(verification: Verification) -> None:
    import json

    from verify.jsonable import jsonable

    for judgement in verification.judgements:
        record = jsonable(claim_record(judgement))
        json.dumps(record, allow_nan=False)
        name = judgement.claim.id.removeprefix("coin_rules.")
        grades = {"bound.loose": "loose", "difference.true": "within margin"}
        assert record["grade"] == grades.get(name), name
