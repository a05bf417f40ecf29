"""`claims.json`: every claim with its verdict and everything the verdict rests on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from theory.claim import Claim
from theory.rules import Rule
from verify.code_digest import code_of
from verify.outcome import Judgement, Verification, paper_name
from verify.report.summary import not_judged
from verify.rules.power import with_power
from verify.statistics.error_budget import refuted_alone_only
from verify.vacuity import Vacuity, vacuities

__all__ = ["claim_fields", "claim_record", "claim_records", "power_of", "reproduce"]


def claim_records(verification: Verification, known: Sequence[Vacuity] | None = None) -> list[dict[str, Any]]:
    """One record a claim, in the order of the verification; `known` are the vacuities of its papers."""
    found = {v.claim_id: v for v in (vacuities(verification) if known is None else known)}
    return [
        {
            **claim_record(judgement, found.get(judgement.claim.id)),
            "paper": paper_name(judgement.claim, verification.papers),
            "reproduce": reproduce(judgement, verification.run_info),
        }
        for judgement in verification.judgements
    ]


def reproduce(judgement: Judgement, run_info: Mapping[str, Any]) -> str:
    """The command that makes the claim's runs again, the same to the last bit, and judges it."""
    from verify.load import source_options

    options = {"--profile": run_info.get("profile"), "--seed": run_info.get("seed")}
    if run_info.get("place", "own") != "own":
        options["--place"] = run_info["place"]
    words = [f"{name} {shlex.quote(str(value))}" for name, value in options.items() if value is not None]
    where = source_options(judgement.claim).split(maxsplit=1)
    return " ".join(
        ["python -m verify run", *words, *where, "--claims", judgement.claim.id, "--out reports/again"]
    )


def claim_fields(claim: Claim) -> dict[str, Any]:
    """What a claim says, whatever came of it."""
    return {
        "id": claim.id,
        "source": claim.source.as_dict(),
        "provenance": claim.provenance,
        "kind": claim.kind,
        "statement": claim.statement,
        "conditions": [c.name for c in claim.conditions],
    }


def claim_record(judgement: Judgement, vacuity: Vacuity | None = None) -> dict[str, Any]:
    """The public fields of a claim's record first, then what explains them. What this version does not
    compute is null."""
    claim, decision = judgement.claim, judgement.decision
    return {
        **claim_fields(claim),
        "verdict": judgement.verdict,
        "grade": judgement.grade,
        "predicted": decision.predicted,
        "measured": decision.measured,
        "statistic": dict(decision.statistic),
        "n_settings": judgement.n_settings,
        "n_trials": decision.n_trials,
        "counterexample": None if judgement.counterexample is None else judgement.counterexample.as_dict(),
        "role": claim.role,
        "corrected_by": claim.corrected_by or None,
        "scope": _scope(judgement),
        "alone": refuted_alone_only(judgement),
        "joint": judgement.joint,
        "weakest_cell": None if judgement.weakest_cell is None else dict(judgement.weakest_cell),
        "reason": decision.reason,
        "chain": list(judgement.chain),
        "needed": decision.needed,
        "probe": claim.is_probe,
        "drops": list(claim.drops),
        "parents": list(claim.parents),
        "note": claim.note,
        "how_measured": claim.measured,
        "rule": rule_record(claim.rule),
        "constants": dict(claim.constants.values),
        "prediction": _prediction(judgement),
        "proof": None
        if judgement.proof is None
        else {"holds": judgement.proof.holds, "steps": list(judgement.proof.steps)},
        "not_judged": not_judged(judgement),
        "experiment": claim.experiment.id,
        "engines": list(claim.experiment.engines),
        "code": code_of(claim),
        "planned_power": power_of(judgement),
        "power": power_of(judgement),
        "power_basis": decision.power_basis,
        "p_value": decision.p_value,
        "adjusted_p": decision.adjusted_p,
        "support_p": decision.support_p,
        "vacuity": None if vacuity is None else vacuity.as_dict(),
    }


def rule_record(rule: Rule) -> dict[str, Any]:
    """The rule's name and everything it declared before any run."""
    declared = fields(rule) if is_dataclass(rule) else ()
    return {"name": type(rule).__name__, **{f.name: getattr(rule, f.name) for f in declared}}


def _scope(judgement: Judgement) -> dict[str, Any]:
    scope = judgement.scope
    if scope is None:
        return {"region": None, "coverage": None, "text": judgement.claim.experiment.place.describe()}
    return {"region": scope.region, "coverage": scope.coverage, "text": scope.text}


def _prediction(judgement: Judgement) -> dict[str, Any] | None:
    prediction = judgement.claim.prediction
    if prediction is None:
        return None
    return {
        "latex": prediction.latex,
        "unit": prediction.unit,
        "constants": dict(prediction.constants),
    }


def power_of(judgement: Judgement) -> float | None:
    """The probability that this many trials settle a claim that is true with room
    (`verify.rules.power`).
    """
    if judgement.decision.power is not None:
        return judgement.decision.power
    return with_power(judgement.claim.rule, judgement.decision, judgement.judged).power
