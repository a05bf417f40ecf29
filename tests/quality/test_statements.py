"""A statement stands alone in a table: no fragment, nothing that leans on the lines around it."""

from __future__ import annotations

import re

import pytest

from theory.paper import load_papers

PAPERS = {name: load_papers(name)[0] for name in ("two_stage", "early_learning", "label_noise_sgd", "images")}
#: A capital, a formula, or a number that opens the sentence.
OPENS = re.compile(r"[A-Z0-9$\"]")
LEANS = re.compile(r"^(The same|So (is|does|it)|It |There [a-z$]|Their |Then |And |Hence |Meanwhile )|[:,;]$")
#: A relation in a formula says as much as a verb.
RELATION = re.compile(r"\\(le|ge|leq|geq|to|propto|sim)\b|[=<>]")


@pytest.mark.parametrize("name", PAPERS)
def test_statements_stand_alone(name: str) -> None:
    statements = {claim.id: claim.statement for claim in PAPERS[name].claims}
    assert not {k: s for k, s in statements.items() if not OPENS.match(s) or LEANS.search(s)}
    thin = {k: s for k, s in statements.items() if len(s.split()) < 4 and not RELATION.search(s)}
    assert not thin


@pytest.mark.parametrize(
    "text", ["and $s = 1$.", "The same at 3.", "then aligns: after 6 steps,", "It stops."]
)
def test_fragments_are_seen(text: str) -> None:
    assert not OPENS.match(text) or LEANS.search(text)
