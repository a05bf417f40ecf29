"""Every letter in a main claim stands among its paper's letters, which the report explains."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from theory.paper import load_papers

PAPERS = {name: load_papers(name)[0] for name in ("two_stage", "early_learning", "label_noise_sgd", "images")}
FORMULA = re.compile(r"(?<!\\)\$(.+?)(?<!\\)\$")
#: Words of a formula, and commands that are no letters.
WORDS = re.compile(r"\\(?:mathrm|text|operatorname|mathbb)\{[^{}]*\}")
GREEK = re.compile(
    "(var)?epsilon|(var)?phi|alpha|beta|[gG]amma|[dD]elta|zeta|eta|[tT]heta|iota|kappa|lambda|mu|nu|xi|rho"
    "|[sS]igma|tau|chi|[pP]si|[oO]mega|Phi|pi"
)
#: A Greek or Latin letter; what stands above it changes its meaning, what stands below is read as part of it.
LETTER = re.compile(
    r"\\(?P<over>hat|bar|tilde|mathcal|underline|dot)\s*\{?\s*\\?(?P<base>[A-Za-z]+)"
    r"|\\(?P<command>[A-Za-z]+)|(?P<plain>[A-Za-z])"
)
#: Indices, names that every reader knows, and what stands for itself.
KNOWN = {*"ijkreoOPEtx", "Phi", "varphi", "Theta", "Omega", "pi", "hat P", "mathcal D"}


def letters_of(formula: str) -> Iterator[str]:
    r"""The letters of a formula without their indices.

    >>> sorted(letters_of(r"\hat\tau_y \ge \frac{a}{2}\exp(-t_{half})"))
    ['a', 'hat tau', 't']
    """
    bare = WORDS.sub(" ", formula)
    bare = re.sub(r"_(\{[^{}]*\}|\\?[A-Za-z]+|[^{\\])", " ", bare)
    for found in LETTER.finditer(bare):
        if found["over"]:
            base = found["base"] if GREEK.fullmatch(found["base"]) else found["base"][0]
            yield f"{found['over']} {base}"
        elif found["command"] and GREEK.fullmatch(found["command"]):
            yield found["command"]
        elif found["plain"]:
            yield found["plain"]


@pytest.mark.parametrize("name", PAPERS)
def test_every_letter_of_a_main_claim_is_explained(name: str) -> None:
    paper = PAPERS[name]
    known = KNOWN | {letter for entry in paper.letters for letter in letters_of(entry.latex)}
    statements = {claim.id: claim.statement for claim in paper.claims}
    missing = {
        letter: claim
        for item in paper.items
        for claim in item.claims
        for formula in FORMULA.findall(statements[claim])
        for letter in letters_of(formula)
        if letter not in known
    }
    assert not missing
