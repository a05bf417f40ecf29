"""What larger constants of Condition 4.1 change: the claims file, its places, the record of its verdicts."""

from __future__ import annotations

import json

import pytest

from benchmarks.__main__ import RESULTS
from benchmarks.larger_constants import CLAIMS
from theory.condition import all_inside
from theory.rng import generator
from theory.two_stage.conditions import READING
from theory.two_stage.paper import THIS

KNOWN = {claim.id.removeprefix("two_stage."): claim for claim in THIS.claims}


def of(claim_id: str) -> tuple[str, float]:
    """
    >>> of("larger_constants.lemma.one.4")
    ('lemma.one', 4.0)
    """
    name, _, large = claim_id.removeprefix("larger_constants.").rpartition(".")
    return name, float(large)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_reading_is_judged_as_it_stands_with_a_larger_constant_alone(claim) -> None:  # type: ignore[no-untyped-def]
    name, large = of(claim.id)
    own = KNOWN[name]
    assert own.role == claim.role == "reading"
    assert (claim.rule, claim.measure, claim.conditions) == (own.rule, own.measure, own.conditions)
    assert dict(claim.constants.values) == {**own.constants.values, "C": large}
    place = claim.experiment.place
    for k in range(5):
        setting = place.draw(generator(0, claim.id, k))
        assert all_inside(claim.conditions, setting, claim.constants)


def test_the_record_is_of_these_claims_and_the_report_says_what_it_holds() -> None:
    record = json.loads((RESULTS / "larger-constants.json").read_text(encoding="utf-8"))
    assert record["command"].startswith("python -m verify run --claims-file benchmarks/larger_constants.py")
    assert [row["id"] for row in record["claims"]] == [claim.id for claim in CLAIMS]
    refuted = {row["id"] for row in record["claims"] if row["verdict"] == "refuted"}
    names = list(dict.fromkeys(of(claim.id)[0] for claim in CLAIMS))
    both = [name for name in names if {f"larger_constants.{name}.{c}" for c in (2, 4)} <= refuted]
    assert f"{len(both)} of {len(names)} are refuted with both" in READING
    assert all(row["verdict"] in ("refuted", "inconclusive") for row in record["claims"])
    assert "None is supported" in READING
