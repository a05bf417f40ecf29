"""The page for the paper's authors names claims that exist, refuted where it says so."""

from __future__ import annotations

import re
from pathlib import Path

from theory.two_stage.paper import THIS

PAGE = (Path(__file__).parents[2] / "docs" / "for-the-authors.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(two_stage(?:\.[a-z0-9_]+)+)`( \(refuted\)| \(reading\)| \(probe\)|)", PAGE)


def test_every_claim_named_exists() -> None:
    assert len(NAMED) > 50
    assert not [name for name, _ in NAMED if name not in THIS.claim_map]


def test_what_is_called_refuted_is_expected_to_be() -> None:
    for name, word in NAMED:
        role = THIS.claim_map[name].role
        if role == "probe" or word == " (probe)":
            assert (role, word) == ("probe", " (probe)"), name
        if word in (" (refuted)", " (reading)"):
            assert role == "reading", name


def test_every_reading_of_the_paper_is_on_the_page() -> None:
    named = {name for name, _ in NAMED}
    readings = {c.id for c in THIS.claims if c.role == "reading"}
    assert not {r for r in readings if r not in named and ".clock.batches." not in r}


def test_every_plane_named_exists() -> None:
    planes = set(re.findall(r"verify phase\s+([a-z-]+)", PAGE))
    assert planes
    assert planes <= {plane.name for plane in THIS.planes}
