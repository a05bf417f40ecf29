"""Papers in a folder in a folder: names, whose a claim is, groups and globs of them."""

from __future__ import annotations

import pytest

from theory.paper import load_papers, paper_names
from theory.paper_names import paper_name_of
from verify.load import load_sources

NESTED = [name for name in paper_names() if "." in name]
GROUP = NESTED[0].partition(".")[0]


def test_a_claim_belongs_to_the_paper_of_the_longest_name() -> None:
    assert {paper_name_of(f"{name}.a.b") for name in NESTED} == set(NESTED)
    assert paper_name_of("two_stage.theorem_4_1.clean_fit") == "two_stage"
    assert paper_name_of(f"{GROUP}.nothing_here.a") == GROUP
    assert paper_name_of("mine") == "mine"


def test_a_paper_of_a_group_has_a_family_of_its_own() -> None:
    """Whether a claim is refuted must not depend on which others of the group are judged beside it."""
    for paper in load_papers(GROUP):
        assert {claim.paper for claim in paper.claims} == {paper.name}


def test_a_group_is_named_whole_or_by_glob() -> None:
    assert [paper.name for paper in load_papers(GROUP)] == NESTED
    assert [paper.name for paper in load_papers(NESTED[0])] == NESTED[:1]
    assert set(load_sources(papers=[GROUP]).papers) == set(NESTED)
    assert set(load_sources(wanted=[f"{GROUP}.*"]).papers) == set(NESTED)
    assert set(load_sources(wanted=[f"{NESTED[0]}.x"]).papers) == {NESTED[0]}
    assert set(load_sources(wanted=[f"{NESTED[0]}*"]).papers) == {NESTED[0]}
    assert not set(load_sources(wanted=["*"]).papers) & set(NESTED)
    with pytest.raises(ValueError, match=r"--paper: there is no paper 'moon'; known: .*two_stage"):
        load_sources(papers=["moon"])
