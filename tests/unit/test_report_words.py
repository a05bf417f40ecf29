"""Every word of this software that a page uses in its own sense stands in the page's glossary."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from report_cases import Page

from theory.paper import Paper, find_papers
from verify.outcome import VERDICTS, Verification
from verify.report.render import render_html
from verify.report.wording import WORD_EXPLANATIONS

WORDS = (Path(__file__).parents[2] / "docs" / "words.md").read_text(encoding="utf-8")
#: Terms that pages use as every reader does, and why they need no entry.
ORDINARY = {
    "paper": "the work that is judged",
    "model": "what the paper defines",
    "letter": "of the alphabet; those of the paper stand below the words",
    "group": "several things; dimensionless ones are said to be so",
    "place": "where something is",
    "batch": "of gradient descent",
    "law": "of a random variable",
    "control": "of a comparison",
    "measure": "to find a number out",
    "measurement": "a number that was found out",
    "observation": "what was seen",
    "comparison": "of two things",
    "question": "what is asked",
    "quantity": "what is measured",
    "series": "several in a row",
    "panel": "of a figure",
    "variant": "another form",
    "decision": "what was decided",
    "verification": "what the whole page is",
    "verdict": "the word that a rule ends with: each has an entry",
    "layer": "of a network",
    "plane": "two axes",
    "options": "of a command",
    "replicate": "once more",
    "exempt": "left out",
    "job": "of a computer",
    "store": "to keep",
    "box": "on its box",
    "cells": "on its cells",
}


def terms() -> set[str]:
    """The words in the first column of docs/words.md."""
    rows = [line.split("|")[1].strip() for line in WORDS.splitlines() if line.startswith("| ")]
    found = {re.sub(r"\s*\(.*", "", word).strip() for row in rows[2:] for word in re.split(r"[,:]", row)}
    return found - {""}


def used(term: str, text: str) -> bool:
    """
    >>> used("slack", "with slacks"), used("law", "flaws"), used("run", "Its runs")
    (True, False, True)
    """
    return re.search(rf"\b{re.escape(term)}s?\b", text, re.IGNORECASE) is not None


def missing(text: str, known: Iterable[str] = WORD_EXPLANATIONS) -> list[str]:
    explained = {*known, *VERDICTS, *ORDINARY}
    return sorted(term for term in terms() - explained if used(term, text))


def test_the_words_of_the_page_stand_in_its_glossary(verification: Verification) -> None:
    assert len(terms()) > 40
    page = render_html(verification, [])
    before, glossary = page.split('<section id="words">')
    shown = {*re.findall(r'class="tag [^"]*">([^<]+)<', glossary)}
    assert {word.replace("&amp;", "&") for word in shown} >= WORD_EXPLANATIONS.keys()
    assert missing("".join(Page(before + "</main></body></html>").text)) == []


def texts(paper: Paper) -> str:
    """What a paper writes of itself on its pages."""
    said = [paper.caveat, paper.reading, *paper.reasons.values()]
    for item in paper.items:
        said += [item.name, item.words, item.numbers().caption if item.numbers else ""]
    for question in paper.questions:
        said.append(question.asked)
        said += [text for part in question.parts for text in (part.supported, part.refuted, part.undecided)]
        said.append(question.compared.caption if question.compared else "")
    main = {claim for item in paper.items for claim in item.claims}
    for claim in paper.claims:
        if claim.id in main:
            said += [claim.statement, claim.measured, claim.note]
    return "\n".join(said)


@pytest.mark.parametrize("name", find_papers(optional=True))
def test_the_words_of_a_paper_stand_in_the_glossary(name: str) -> None:
    assert missing(texts(find_papers(optional=True)[name])) == []


def test_a_word_without_an_entry_would_be_found() -> None:
    assert missing("The slack of a condition.", WORD_EXPLANATIONS.keys() - {"slack"}) == ["slack"]


def test_every_exception_is_a_term() -> None:
    assert ORDINARY.keys() - terms() == set()
    assert ORDINARY.keys() & WORD_EXPLANATIONS.keys() == set()


def test_entries_stand_in_the_order_of_the_alphabet_and_explain() -> None:
    words = list(WORD_EXPLANATIONS)
    assert words == sorted(words, key=str.lower)
    assert all(len(WORD_EXPLANATIONS[word].split()) >= 3 for word in words)
