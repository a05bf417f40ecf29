"""Falsehoods that a soundness run did not find, told with the claim they belong to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from report_zoo import make_verification

from verify.soundness.limits import load_limits, with_limits
from verify.soundness.report import SCHEMA


def written(path: Path, claim: str, **more: object) -> Path:
    entry = {"claim": claim, "falsehood": "x 2", "kind": "constant", "verdict": "inconclusive", "reason": ""}
    path.write_text(json.dumps({"schema": SCHEMA, "falsehoods": {"undetected": [entry]}} | more))
    return path


def test_a_limit_ends_the_reason_chain_of_its_claim_alone(tmp_path: Path) -> None:
    verification = make_verification(exhibits=False)
    chosen = verification.judgements[0].claim.id
    told = with_limits(verification, load_limits(written(tmp_path / "soundness.json", chosen)))
    for before, after in zip(verification.judgements, told.judgements, strict=True):
        more = after.chain[len(before.chain) :]
        wanted = ("Known limit: not told from a false variant (x 2): inconclusive.",)
        assert more == (wanted if before.claim.id == chosen else ())


def test_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must be a soundness\.json of schema"):
        load_limits(written(tmp_path / "soundness.json", "a", schema="soundness/0"))
