"""The claims files of the how-tos end as their pages say: what is true supported, what is planted refuted."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import theory
from documentation.pages import DOCS, HOW_TO, written
from theory import Claim, Rule
from verify.load import claims_module, load_sources
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend

KINDS = 10
RULES_PAGE = "which_rule.md"


def claims_of(page: str, folder: Path) -> dict[str, Claim]:
    """What a page's file claims, and what it plants, each under an id of its own."""
    file = written(page, folder)
    load_sources([file], wanted=["none"])
    module = claims_module(file)
    planted = getattr(module, "FALSEHOODS", [])
    return {c.id: c for c in module.CLAIMS} | {
        f"{f.of}.planted": replace(f.claim, id=f"{f.of}.planted") for f in planted
    }


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Page -> id -> verdict; all files are judged together, in this process."""
    folder = tmp_path_factory.mktemp("how_to")
    by_page = {page: claims_of(page, folder) for page in (*HOW_TO, RULES_PAGE)}
    done = verify_claims(
        [c for claims in by_page.values() for c in claims.values()], "quick", backend=SerialBackend()
    )
    found = {j.claim.id: j.verdict for j in done.judgements}
    return {page: {id_: found[id_] for id_ in claims} for page, claims in by_page.items()}


def test_there_is_a_page_for_each_kind_of_statement() -> None:
    assert len(HOW_TO) == KINDS


@pytest.mark.slow
@pytest.mark.parametrize("page", HOW_TO)
def test_what_a_page_claims_is_supported_and_what_it_plants_refuted(
    page: str, verdicts: dict[str, dict[str, str]]
) -> None:
    assert any(id_.endswith(".planted") for id_ in verdicts[page])
    for id_, verdict in verdicts[page].items():
        assert verdict == ("refuted" if id_.endswith(".planted") else "supported"), id_


@pytest.mark.slow
def test_the_file_of_all_other_rules_ends_as_its_page_says(verdicts: dict[str, dict[str, str]]) -> None:
    found = verdicts[RULES_PAGE]
    assert found.pop("coins.algebra") == "derived"
    assert set(found.values()) == {"supported"}
    assert len(found) == 6


@pytest.mark.slow
@pytest.mark.parametrize("page", HOW_TO)
def test_check_has_nothing_to_complain_of(
    page: str, tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    status, out, err = command("check", str(written(page, tmp_path)))
    assert status == 0, out + err


def test_every_rule_has_a_row_and_an_example_that_uses_it() -> None:
    table = (DOCS / RULES_PAGE).read_text(encoding="utf-8").partition("## Where")[0]
    code = "".join((DOCS / page).read_text(encoding="utf-8") for page in (*HOW_TO, RULES_PAGE))
    rules = {
        name
        for name in theory.__all__
        if isinstance(value := getattr(theory, name), type) and issubclass(value, Rule) and value is not Rule
    }
    assert len(rules) >= 17
    assert {name for name in rules if not re.search(rf"`{name}\(", table)} == set()
    assert {name for name in rules if not re.search(rf"\b{name}\([^`]*$", code, re.M)} == set()
