"""What a reader wants to know first: counts, findings, and what was not judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from theory.rules import EventMap
from verify.outcome import VERDICTS, Judgement, Verdict, Verification
from verify.statistics.joint import headline as joint_support

__all__ = ["Finding", "findings", "headline", "not_judged", "verdict_counts"]


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
    """The outcome in a few sentences. "Drawn from their conditions" is said only of settings that cover them,
    or were drawn from them."""
    theorems = [j for j in verification.judgements if j.claim.role == "claim"]
    good = [j for j in theorems if j.verdict == "supported"]
    together = joint_support(verification.judgements)
    count = Counter(j.verdict for j in theorems if j.observations or j.verdict == "derived")
    idle = sum(not j.observations and j.verdict == "not-applicable" for j in theorems)
    failed = sum(j.fails_verification for j in verification.judgements)
    broken = sum(j.verdict == "errored" for j in verification.judgements)
    text = f"{len(good)} of {len(theorems)} claims are supported"
    if good:
        text += _where(good)
    if together.joint:
        text += f"; of {together.counted} judged on samples {together.joint} hold jointly"
    apart = Counter[str](j.claim.role for j in verification.judgements if j.verdict == "refuted")
    expected = _counted(apart, "reading", "probe")
    parts = [
        f"{failed} {'is' if failed == 1 else 'are'} refuted"
        if failed
        else f"no claim is refuted ({expected} fail{'s' if apart.total() == 1 else ''}, as expected)"
        if expected
        else "none is refuted",
        *(
            f"{number} {words}"
            for number, words in (
                (count["derived"], "derived by algebra"),
                (count["inconclusive"], "undecided at this number of runs"),
                (count["vacuous"], "could not have failed"),
                (count["not-applicable"], "met no setting to be judged at"),
                (idle, "have no runs in this profile"),
            )
            if number
        ),
    ]
    return f"{text}; {', '.join(parts)}." + (f" The code of {broken} failed." if broken else "")


def _counted(counts: Mapping[str, int], *words: str) -> str:
    """`11 readings and 1 probe`, of those that are any."""
    return " and ".join(f"{counts[w]} {w}{'s' if counts[w] > 1 else ''}" for w in words if counts.get(w))


def _where(good: Sequence[Judgement]) -> str:
    """Where supported claims were judged, in numbers that add up."""
    scopes = [j.scope for j in good]
    inside = sum(s is not None and s.region == "conditions" for s in scopes)
    around = sum(s is not None and s.region == "cells" and s.drawn for s in scopes)
    parts = [
        f"{number} {words}"
        for number, words in (
            (inside, "on settings drawn from their conditions"),
            (around, "on sweeps around such settings"),
            (len(good) - inside - around, "on places that were chosen"),
        )
        if number
    ]
    return f": {', '.join(parts)}" if len(parts) > 1 else f", all {parts[0].partition(' ')[2]}"


def findings(verification: Verification) -> list[Finding]:
    """What deserves a reader's attention, the gravest first."""
    out: list[Finding] = []
    for judgement in verification.judgements:
        out += _finding(judgement)
    order = (ERRORED, REFUTED, VACUOUS, READING, NEEDED, NOT_NEEDED, EDGE, UNDECIDED)
    return sorted(out, key=lambda finding: order.index(finding.group))


ERRORED = "Claims whose own code failed"
VACUOUS = "Claims that could not have failed"
READING = "Readings that fail, as expected"
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
    elif claim.role == "reading" and judgement.verdict == "refuted":
        group, text = READING, f"{decision.reason} What is true instead: {claim.corrected_by}."
    elif judgement.verdict in ("errored", "vacuous"):
        group, text = (ERRORED if judgement.verdict == "errored" else VACUOUS), decision.reason
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
        counts[o.left_out] = counts.get(o.left_out, 0) + 1
        if o.missed is not None:
            factors.setdefault(o.left_out, []).append(o.missed.factor)
    out: dict[str, int] = {}
    for reason, count in sorted(counts.items(), key=lambda item: -item[1]):
        out[reason + _by_factor(factors.get(reason, []))] = count
    return out


def _by_factor(values: list[float]) -> str:
    if not values:
        return ""
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return f", by a factor {low}" if low == high else f", by a factor {low} to {high}"
