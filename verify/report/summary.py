"""What a reader wants to know first: counts, findings, and what was not judged."""

from __future__ import annotations

import re
from dataclasses import dataclass

from theory.rules import EventMap
from verify.outcome import VERDICTS, Judgement, Verdict, Verification

__all__ = ["Finding", "findings", "headline", "not_judged", "verdict_counts"]

_FACTOR = re.compile(r",? by a factor ([0-9.eE+-]+|inf)")


@dataclass(frozen=True)
class Finding:
    """One line of the summary: the group it belongs to, the claim, and what was found."""

    group: str
    claim_id: str
    verdict: Verdict
    text: str


def verdict_counts(verification: Verification) -> dict[str, int]:
    """How many claims have which verdict."""
    return {v: sum(j.verdict == v for j in verification.judgements) for v in VERDICTS}


def headline(verification: Verification) -> str:
    """The outcome in one or two sentences."""
    failed = sum(j.fails_verification for j in verification.judgements)
    theorems = [j for j in verification.judgements if not j.claim.is_probe]
    good = sum(j.verdict == "supported" for j in theorems)
    open_ = sum(j.verdict == "inconclusive" for j in theorems)
    idle = sum(not j.observations for j in theorems)
    silent = sum(j.verdict == "not-applicable" for j in theorems) - idle
    text = f"{good} of {len(theorems)} claims are supported inside their conditions; {failed} "
    text += "is refuted" if failed == 1 else "are refuted" if failed else "refuted"
    if open_:
        text += f", {open_} undecided at this number of runs"
    if silent:
        text += f", {silent} met no setting to be judged at"
    if idle:
        text += f", {idle} have no runs in this profile"
    return text + "."


def findings(verification: Verification) -> list[Finding]:
    """What deserves a reader's attention, the gravest first."""
    out: list[Finding] = []
    for judgement in verification.judgements:
        out += _finding(judgement)
    order = (REFUTED, NEEDED, NOT_NEEDED, EDGE, UNDECIDED)
    return sorted(out, key=lambda finding: order.index(finding.group))


REFUTED = "Refuted inside their conditions"
NEEDED = "Conditions that are needed"
NOT_NEEDED = "Conditions that were not needed"
EDGE = "Where it stops holding"
UNDECIDED = "Undecided"


def _finding(judgement: Judgement) -> list[Finding]:
    claim, decision = judgement.claim, judgement.decision
    drops = ", ".join(claim.drops)
    if claim.is_probe and judgement.verdict == "refuted":
        group, text = NEEDED, f"Outside {drops} the statement fails. {decision.reason} {claim.note}"
    elif claim.is_probe and judgement.verdict == "supported":
        group, text = NOT_NEEDED, f"Outside {drops} it still holds. {decision.reason} {claim.note}"
    elif judgement.verdict == "refuted":
        group, text = REFUTED, decision.reason
    elif isinstance(claim.rule, EventMap) and judgement.verdict == "supported" and _has_edge(judgement):
        group, text = EDGE, decision.reason
    elif judgement.verdict == "inconclusive":
        group, text = UNDECIDED, decision.reason
        if decision.needed is not None and str(decision.needed) not in decision.reason:
            text += f" About {decision.needed} runs would decide."
    else:
        return []
    return [Finding(group, claim.id, judgement.verdict, text.strip())]


def _has_edge(judgement: Judgement) -> bool:
    """Whether the map reaches below its threshold at two values or more: else it locates no edge."""
    rule = judgement.claim.rule
    assert isinstance(rule, EventMap)
    below = {value for o in judgement.judged if (value := o.labels[rule.axis]) < rule.threshold}
    return len(below) > 1


def not_judged(judgement: Judgement) -> dict[str, int]:
    """Why observations were left out, and how many each time.

    Reasons that differ only in the factor by which a setting misses a condition count together, with the
    range of the factor.
    """
    counts: dict[str, int] = {}
    factors: dict[str, list[float]] = {}
    for o in judgement.observations:
        if o.not_judged is None:
            continue
        reason = _FACTOR.sub("", o.not_judged)
        counts[reason] = counts.get(reason, 0) + 1
        factors.setdefault(reason, []).extend(float(x) for x in _FACTOR.findall(o.not_judged))
    out: dict[str, int] = {}
    for reason, count in sorted(counts.items(), key=lambda item: -item[1]):
        out[reason + _by_factor(factors[reason])] = count
    return out


def _by_factor(values: list[float]) -> str:
    if not values:
        return ""
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return f", by a factor {low}" if low == high else f", by a factor {low} to {high}"
