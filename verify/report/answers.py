"""The plain answers to readers' questions, composed from the verdicts and numbers of all their claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from theory.question import Comparison, Part, Question
from verify.outcome import Judgement, MeasuredCurve, Verification
from verify.rules.registry import judge_of

__all__ = ["Answer", "Statement", "answers"]


@dataclass(frozen=True)
class Statement:
    """One sentence of an answer, and the same with its numbers in brief; `verdict` is that of the claims it
    speaks of, "" where none was judged; `glance`: it belongs to the short answer."""

    verdict: str
    text: str
    short: str
    glance: bool = False


@dataclass(frozen=True)
class Answer:
    """A question, the statements that answer it, what they rest on, the name of its figure, and the words for
    each claim."""

    asked: str
    statements: tuple[Statement, ...]
    judgements: tuple[Judgement, ...]
    curves: tuple[MeasuredCurve, ...]
    figure: str
    words: Mapping[str, str]
    compared: Comparison | None = None

    @property
    def text(self) -> str:
        """The whole answer."""
        return " ".join(s.text for s in self.statements)

    @property
    def gist(self) -> tuple[str, ...]:
        """Its first statement and those marked, with numbers in brief, for a reader in haste."""
        first, *others = self.statements
        return tuple(s.short for s in (first, *(s for s in others if s.glance)))

    @property
    def short(self) -> str:
        """The gist in one."""
        return " ".join(self.gist)


def answers(verification: Verification) -> list[Answer]:
    """The questions of which at least one claim was judged."""
    by_id = {j.claim.id: j for j in verification.judgements}
    out = []
    for number, question in enumerate(verification.questions, 1):
        found = tuple(by_id[c] for c in question.claims if c in by_id)
        if not any(j.judged for j in found):
            continue
        ids = {curve.id for curve in question.curves}
        out.append(
            Answer(
                question.asked,
                tuple(_statements(question, {j.claim.id: j for j in found})),
                found,
                tuple(c for c in verification.curves if c.curve.id in ids),
                f"question_{number}",
                {claim: words for part in question.parts for claim, words in part.claims.items()},
                question.compared,
            )
        )
    return out


def _statements(question: Question, found: dict[str, Judgement]) -> list[Statement]:
    said: list[Statement] = []
    left_out: list[str] = []
    for part in question.parts:
        groups: dict[str, list[tuple[str, Judgement]]] = {}
        for claim_id, words in part.claims.items():
            judgement = found.get(claim_id)
            if judgement is None or not judgement.observations:
                left_out.append(_topic(part, words))
            else:
                groups.setdefault(judgement.verdict, []).append((words, judgement))
        said += [
            Statement(
                verdict,
                _sentence(part, verdict, groups[verdict], full=True),
                _sentence(part, verdict, groups[verdict], full=False, aside=question.compared is None),
                part.glance and verdict in ("supported", "derived", "refuted", "inconclusive"),
            )
            for verdict in _ORDER
            if verdict in groups
        ]
    if left_out:
        text = f"Not measured in this profile: {'; '.join(dict.fromkeys(left_out))}."
        said.append(Statement("", text, text))
    return said


#: Verdicts in the order in which an answer speaks of them.
_ORDER = ("supported", "derived", "refuted", "inconclusive", "vacuous", "not-applicable", "errored")


def _sentence(
    part: Part, verdict: str, group: Sequence[tuple[str, Judgement]], full: bool, aside: bool = True
) -> str:
    """With the numbers of the runs, or (not `full`) in brief, and without asides where a table has them."""
    if verdict in ("supported", "derived", "refuted"):
        template = part.refuted if verdict == "refuted" else part.supported
        if not aside:
            template = template.replace(_ASIDE, "")
        return template.replace("{these}", _these(group, full))
    names = _listed([words for words, _ in group])
    if verdict == "inconclusive":
        return f"Not decided by these runs: {_topic(part, _these(group) if full else names)}."
    if verdict == "vacuous":
        return f"These runs could not have decided: {_topic(part, names)}."
    if verdict == "errored":
        return f"The claim's own code failed on {_topic(part, names)}."
    return f"No run could be judged on {_topic(part, names)}."


#: Numbers that a sentence can do without.
_ASIDE = " ({these})"


def _topic(part: Part, words: str) -> str:
    return f"{part.undecided} {words}".strip()


def _these(group: Sequence[tuple[str, Judgement]], full: bool = True) -> str:
    """Names with their numbers, or (not `full`) with them in brief; a nameless claim gives its numbers alone,
    equal numbers are said once."""
    judges = [(judge_of(j.claim.rule), j) for _, j in group]
    numbers = [judge.numbers(j) if full else judge.brief(j) for judge, j in judges]
    if len(group) > 1 and len(set(numbers)) == 1:
        return f"{_listed([words for words, _ in group])} (each {numbers[0]})"
    parts = [f"{words} ({text})" if words else text for (words, _), text in zip(group, numbers, strict=True)]
    return _listed(parts)


def _listed(parts: Sequence[str]) -> str:
    """Several as a list in a sentence."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
