"""A rule of medians judges no bound: a statement under it says "in the median", or no word of a bound."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from theory.claim import Claim
from theory.paper import find_papers, load_paper
from theory.rules import Difference, Law

#: Words of a bound on every run, or of an order of two runs.
BOUND = re.compile(
    r"\bstays? within\b|\bat (?:least|most)\b|\bat every step\b|\bnever\b|\bunbiased\b"
    r"|\b(?:raises|lowers)\b|\b(?:higher|lower|larger|smaller|more|less) than\b"
)
#: An order is judged by a difference that is declared to lie beyond its margin.
DECLARED = re.compile(r"The difference is (-?[\d.]+) within ([\d.]+)(?:, at one setting)?\.$")
#: What else such a word may be.
OTHERWISE = {
    "early_learning.clamp.memory": "the ratio of two times, 1 within the margin that is named",
    "label_noise_sgd.cause.static_noise_with_sgd": "which labels: those that are never drawn again",
    "label_noise_sgd.forced.decay": "a mean's exact factor a step; the run is compared with it at the end",
    "label_noise_sgd.readme.norms_stay_without_noise": "the words of the release",
}


def word(claim: Claim) -> str | None:
    """The first word of a bound that the claim's rule does not judge."""
    rule = claim.rule
    if not isinstance(rule, Law | Difference) or rule.of != "median" or claim.role != "claim":
        return None
    found = BOUND.search(claim.statement)
    if found is None or re.search(r"\bmedian\b", claim.statement):
        return None
    declared = DECLARED.search(claim.statement)
    if declared and abs(float(declared[1])) > float(declared[2]):
        return None
    return found[0]


CLAIMS = {claim.id: claim for name in find_papers() for claim in load_paper(name).claims}


def test_no_statement_says_a_bound_that_its_rule_does_not_judge() -> None:
    found = {id_: word(claim) for id_, claim in CLAIMS.items() if id_ not in OTHERWISE}
    assert {id_: w for id_, w in found.items() if w} == {}


@pytest.mark.parametrize("id_", OTHERWISE)
def test_every_exception_is_one(id_: str) -> None:
    assert word(CLAIMS[id_])


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("The cosine stays within .001.", "stays within"),
        ("It raises the accuracy. The difference is 0.012 within 0.02.", "raises"),
        ("It raises the accuracy. The difference is 0.124 within 0.06.", None),
        ("In the median it is at most 1.", None),
    ],
)
def test_a_word_is_found(statement: str, said: str | None) -> None:
    some = next(c for c in CLAIMS.values() if isinstance(c.rule, Difference) and c.rule.of == "median")
    assert word(replace(some, statement=statement, role="claim", corrected_by=None)) == said
