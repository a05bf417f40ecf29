"""What a reader wants to know first: counts, findings, and what was not judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from theory.rules import EventMap
from verify.outcome import VERDICTS, Judgement, Verdict, Verification
from verify.statistics.joint import HEADLINE_POWER
from verify.statistics.joint import headline as joint_support

__all__ = ["Finding", "findings", "headline", "lead", "not_judged", "printed", "verdict_counts"]


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


def printed(judgement: Judgement) -> bool:
    """Whether the claim says what the paper prints: not derived here, and no condition left out."""
    return judgement.claim.is_printed


def headline(verification: Verification) -> str:
    """The outcome in a few sentences: what the paper prints first, then all other claims, then readings and
    probes of this project, then what holds jointly. "Drawn from their conditions" is said only of settings
    that cover them, or were drawn from them."""
    return " ".join(_sentences(verification))


def lead(verification: Verification) -> tuple[str, str]:
    """What a page says first, with the items of which a printed statement fails, and the rest of its
    headline."""
    first, *others = _sentences(verification)
    failed = Counter(
        j.claim.source.item for j in verification.judgements if printed(j) and j.verdict == "refuted"
    )
    if failed:
        items = _listed([item if n == 1 else f"{item} ({n})" for item, n in failed.items()])
        first = f"{first} What fails as printed is of {items}."
    return first, " ".join(others)


def _sentences(verification: Verification) -> list[str]:
    """Of the headline; one at least."""
    judgements = verification.judgements
    own = [j for j in judgements if printed(j)]
    others = [j for j in judgements if not printed(j) and j.claim.role == "claim"]
    apart = [j for j in judgements if not printed(j) and j.claim.role != "claim" and j.observations]
    sentences = []
    if own:
        sentences.append(
            f"Of the {_many(len(own), 'statement')} printed in the paper {_ended(own, 'as printed')}."
        )
    if others:
        of = _many(len(others), "other claim" if own else "claim")
        sentences.append(f"Of the {of} {_ended(others, 'inside the conditions')}.")
    if apart:
        among = sum(j.claim.role == "reading" for j in own)
        counted = f"; {among} more, printed, {'is' if among == 1 else 'are'} counted above" if among else ""
        sentences.append(f"Expected to fail: {_expected(apart, counted)}.")
    together = joint_support(judgements)
    if together.counted:
        thin = (
            f"; {together.thin} more, planned with a power below {HEADLINE_POWER:g}, are not counted there"
            if together.thin
            else ""
        )
        sentences.append(f"Of {together.counted} supports by samples {together.joint} hold jointly{thin}.")
    broken = sum(j.verdict == "errored" for j in judgements)
    if broken:
        sentences.append(f"The code of {broken} failed.")
    return sentences or ["No claim was asked for."]


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _ended(group: Sequence[Judgement], where: str) -> str:
    """`40 hold (25 on settings drawn from their conditions, 15 on chosen ones), 3 fail as printed, 4 are
    undecided`, in numbers that add up."""
    count = Counter(j.verdict for j in group if j.observations or j.verdict == "derived")
    good = [j for j in group if j.verdict in ("supported", "derived")]
    idle = sum(not j.observations and j.verdict == "not-applicable" for j in group)
    parts = [
        f"{len(good)} hold{'s' if len(good) == 1 else ''}{_where(good)}",
        f"{_no(count['refuted'])} fail{'s' if count['refuted'] < 2 else ''} {where}",
        *(
            f"{number} {one if number == 1 else several}"
            for number, one, several in (
                (count["inconclusive"], "is undecided", "are undecided"),
                (count["vacuous"], "could not have failed", "could not have failed"),
                (count["not-applicable"], "met no setting to be judged at", "met no setting to be judged at"),
                (idle, "has no runs in this profile", "have no runs in this profile"),
            )
            if number
        ),
    ]
    return _listed(parts)


def _no(number: int) -> str:
    return str(number) if number else "none"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _expected(apart: Sequence[Judgement], counted: str) -> str:
    """`7 of 9 readings that are not the paper's words, 1 of 3 probes (a condition left out on purpose)`."""
    parts = []
    for role, words in (
        ("reading", f"not printed in so many words{counted}"),
        ("probe", "a condition left out on purpose"),
    ):
        found = [j for j in apart if j.claim.role == role]
        if found:
            fail = sum(j.verdict == "refuted" for j in found)
            if any(j.unexpected for j in found):
                words += f"; supported against that: {_listed([j.claim.id for j in found if j.unexpected])}"
            parts.append(f"{_no(fail)} of {_many(len(found), role)} ({words})")
    return f"{_listed(parts)} did"


def _where(good: Sequence[Judgement]) -> str:
    """Where supported claims were judged, in numbers that add up; "" without any."""
    scopes = [j.scope for j in good if j.verdict == "supported"]
    inside = sum(s is not None and s.region == "conditions" for s in scopes)
    around = sum(s is not None and s.region == "cells" and s.drawn for s in scopes)
    parts = [
        f"{number} {words}"
        for number, words in (
            (inside, "on settings drawn from their conditions"),
            (around, "on sweeps around such settings"),
            (len(scopes) - inside - around, "on ranges or settings that their author chose"),
            (len(good) - len(scopes), "by algebra"),
        )
        if number
    ]
    if len(parts) == 1:
        return f", {'all ' if len(good) > 1 else ''}{parts[0].partition(' ')[2]}"
    return f" ({', '.join(parts)})" if parts else ""


def findings(verification: Verification) -> list[Finding]:
    """What deserves a reader's attention, the gravest first."""
    out: list[Finding] = []
    for judgement in verification.judgements:
        out += _finding(judgement)
    order = (UNEXPECTED, ERRORED, REFUTED, VACUOUS, READING, NEEDED, NOT_NEEDED, EDGE, UNDECIDED)
    return sorted(out, key=lambda finding: order.index(finding.group))


UNEXPECTED = "Readings that were expected to fail and did not"
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
        if len(claim.drops) > 1:
            text = (
                f"{text.strip()} With all of them left out at once this shows that not all are superfluous."
            )
    elif claim.is_probe and judgement.verdict == "supported":
        group, text = NOT_NEEDED, f"Outside {drops} it still holds. {decision.reason} {claim.note}"
    elif claim.role == "reading" and judgement.verdict == "refuted":
        group, text = READING, f"{decision.reason} What is true instead: {claim.corrected_by}."
    elif judgement.unexpected:
        group = UNEXPECTED
        text = f"{decision.reason} Expected to fail; {claim.corrected_by} was taken for what is true instead."
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
    factors: dict[str, list[float | None]] = {}
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


def _by_factor(values: list[float | None]) -> str:
    """The range of the factors; of a left side that is 0 or negative there is none."""
    known = [v for v in values if v is not None]
    text = ""
    if known:
        low, high = f"{min(known):.3g}", f"{max(known):.3g}"
        text = f", by a factor {low}" if low == high else f", by a factor {low} to {high}"
    without = sum(v is None for v in values)
    if without:
        text += f", its left side 0 or negative{f' in {without}' if known else ''}"
    return text
