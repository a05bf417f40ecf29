"""The verdict calculus: what a rule says of observations, by the judge of its type.

`judge_of(rule)` is the judge of the rule's type or of the nearest base class that has one. A new kind of rule
is a class with a judge: a file of this folder, or `register(MyJudge())` in a claims file.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from inspect import isabstract
from typing import Any

from theory.claim import Claim, Proof
from verify.outcome import Decision, Judgement, Observation
from verify.rules.ends import decide_at_ends, is_open, is_resolved
from verify.rules.judge import Judge, Readout

__all__ = [
    "breaks_alone",
    "built_in",
    "decide",
    "excess",
    "find_judge",
    "is_bound",
    "judge_of",
    "read",
    "register",
    "violates",
]

_REGISTERED: dict[type, Judge[Any]] = {}


@cache
def built_in() -> Mapping[type, Judge[Any]]:
    """The judges that stand in this folder, by rule type: every final subclass of `Judge` in its files."""
    package = __name__.rpartition(".")[0]
    found: dict[type, Judge[Any]] = {}
    for info in pkgutil.iter_modules(import_module(package).__path__):
        name = f"{package}.{info.name}"
        for member in vars(import_module(name)).values():
            own = isinstance(member, type) and issubclass(member, Judge) and member.__module__ == name
            if own and not isabstract(member):
                judge = member()
                found[judge.rule] = judge
    return found


def register(judge: Judge[Any]) -> None:
    """Let this judge apply the rules of its type. A claims file that is imported again registers its judge
    again.

    Raises:
        ValueError: when it is no judge, or the type has a judge of its own already.
    """
    if not isinstance(judge, Judge) or not isinstance(getattr(judge, "rule", None), type):
        raise ValueError(f"judge must be a verify.rules.judge.Judge with a rule type, was {judge!r}")
    known = _REGISTERED.get(judge.rule)
    if judge.rule in built_in() or (known is not None and not _same_code(known, judge)):
        raise ValueError(f"rule type {judge.rule.__name__!r} has a judge already")
    _REGISTERED[judge.rule] = judge


def _same_code(one: Judge[Any], other: Judge[Any]) -> bool:
    """Whether two judges are of one class, imported twice."""
    first, second = type(one), type(other)
    return (
        first is not second
        and first.__module__ == second.__module__
        and first.__qualname__ == second.__qualname__
    )


def find_judge(rule: Any) -> Judge[Any] | None:
    """The judge of a rule's type or of its nearest base class; None without any."""
    for kind in type(rule).__mro__:
        judge = _REGISTERED.get(kind) or built_in().get(kind)
        if judge is not None:
            return judge
    return None


def judge_of(rule: Any) -> Judge[Any]:
    """The judge of a rule.

    Raises:
        ValueError: when its type has none.

    >>> from theory.rules import Ordering
    >>> type(judge_of(Ordering())).__name__
    'OrderingJudge'
    """
    judge = find_judge(rule)
    if judge is None:
        raise ValueError(f"rule has no judge: {type(rule).__name__}; verify.rules.registry.register adds one")
    return judge


def decide(rule: Any, observations: Iterable[Observation], *, proof: Proof | None = None) -> Decision:
    """What the rule says of the judged observations, and of a symbolic proof where there is one.

    A proof that does not hold refutes whatever was measured. A proof that holds does not replace runs:
    without any the claim stays INCONCLUSIVE, and without either it is NOT-APPLICABLE.

    Raises:
        ValueError: when the rule's type has no judge, an observation was not judged, or its value is
            not what the rule asks for (naming the claim value).
    """
    judge = judge_of(rule)
    judged = tuple(observations)
    for o in judged:
        if o.not_judged is not None:
            raise ValueError(f"observations must be judged ones, was run {o.index}: {o.not_judged}")
    opens = is_resolved if judge.leaves_out else is_open
    ends = bool(judge.open_value) and any(opens(o.value) for o in judged)
    decision = decide_at_ends(judge, rule, judged, proof) if ends else judge.decide(rule, judged, proof)
    if proof is None or proof.holds:
        return decision
    step = f" ({proof.steps[-1]})" if proof.steps else ""
    return replace(
        decision,
        verdict="refuted",
        reason=f"The symbolic proof fails{step}. {decision.reason}",
        needed=None,
        p_value=0.0,
        support_p=1.0,
    )


def excess(claim: Claim, seen: Observation, decision: Decision | None = None) -> float | None:
    """By how much one run breaks a claim: above 0 when it does; None for rules of many runs."""
    return judge_of(claim.rule).sure_excess(claim.rule, seen.value, seen.steps, seen.dtype, decision)


def violates(claim: Claim, seen: Observation, decision: Decision | None = None) -> bool | None:
    """Whether one run breaks the claim; None where `excess` is None."""
    found = excess(claim, seen, decision)
    return None if found is None else found > 0


def breaks_alone(claim: Claim, seen: Observation) -> bool | None:
    """Whether one run says that the claim fails: `violates`, but None where it speaks of many runs."""
    return None if judge_of(claim.rule).many else violates(claim, seen)


def read(judgement: Judgement, observation: Observation) -> Readout:
    """Measured value, prediction and accepted ends of one judged observation."""
    rule = judgement.claim.rule
    return judge_of(rule).readout(rule, judgement.decision, observation)


def is_bound(judgement: Judgement) -> bool:
    """Whether the claim bounds a number, so that its slack can be told."""
    return judge_of(judgement.claim.rule).bounds
