"""One claim judged so that whatever its own code does costs that claim alone."""

from __future__ import annotations

from collections.abc import Mapping

from theory.claim import Claim, Proof
from verify.judge import errored, judge, wordable
from verify.outcome import Judgement, Observation
from verify.runs.batch import Failure
from verify.runs.entries import name_of
from verify.runs.make import Made
from verify.runs.plan import RunSpec, spec_of

__all__ = ["judged_or_errored"]


def judged_or_errored(
    claim: Claim,
    observations: tuple[Observation, ...],
    notes: Made,
    unmade: Mapping[int, str],
    proofs: dict[int, Proof],
) -> Judgement:
    """The judgement, or ERRORED where the claim's own code failed: in its measure, proof or rule.

    Args:
        notes: what failed while its runs were made and measured.
        unmade: why runs of its experiment could not be made, by index.
        proofs: those already done, by the identity of their function: several claims may cite one.
    """
    differ = notes.failures.get(name_of(claim.experiment.id))
    if differ is not None and differ[1].kind == "not reproducible":
        return errored(claim, observations, *differ, _replay(claim, differ[0]), whose="model")
    failed = notes.failures.get(claim.id)
    if failed is not None:
        broken, failure = failed
        return errored(claim, observations, broken, failure, _replay(claim, broken))
    if unmade:
        index = min(unmade)
        found = [o for o in observations if o.index == index]
        failure = Failure(
            "raised", f"{len(unmade)} of {len(observations)} runs could not be made: {unmade[index]}"
        )
        spec = spec_of(found[0]) if found else None
        return errored(claim, observations, spec, failure, "" if spec is None else _replay(claim, spec))
    try:
        if claim.proof is not None and id(claim.proof) not in proofs:
            proofs[id(claim.proof)] = claim.proof()
        proof = proofs.get(id(claim.proof))
    except Exception as error:  # a user's function may raise anything
        return errored(claim, observations, None, _failure("proof", error), "")
    try:
        judgement = judge(claim, observations, proof)
    except Exception as error:  # the measure returned what the rule does not ask for, or the rule is a user's
        return errored(claim, observations, None, _failure("value", error), "")
    try:
        wordable(judgement)
    except Exception as error:  # whatever it is, it costs this claim and no other
        return errored(claim, observations, None, _failure("words", error), "")
    return judgement


def _failure(what: str, error: Exception) -> Failure:
    return Failure("raised", f"{what}: {type(error).__name__}: {' '.join(str(error).split())}")


def _replay(claim: Claim, spec: RunSpec) -> str:
    from verify.search.shrink import replay_command

    return replay_command(claim, spec.setting, spec.seed, spec.engine)
