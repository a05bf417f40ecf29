"""The front page keeps up with the ledger and the commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from theory.ledger import builtin_ledger
from theory.paper import find_papers

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def test_the_verdict_table_counts_the_claims_of_the_ledger() -> None:
    table = README.split("<!-- verdicts:begin -->")[1].split("<!-- verdicts:end -->")[0]
    found = re.search(
        r"^(\d+) claims: (\d+) supported, (\d+) derived, (\d+) refuted, (\d+) inconclusive, (\d+) not-appl",
        table,
        re.M,
    )
    assert found is not None
    total, *parts = (int(number) for number in found.groups())
    assert total == len(builtin_ledger()) == sum(parts)


def test_nothing_is_left_to_be_filled_in() -> None:
    assert re.findall(r"^[A-Z_]{6,}$|TODO|FIXME|<<<<|>>>>", README, re.M) == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((docs/[^)#]*)\)", README))))
def test_every_page_that_is_linked_exists(link: str) -> None:
    assert (ROOT / link).exists()


def test_every_command_that_is_named_exists() -> None:
    from typer.main import get_command

    from verify.cli.main import app

    known = set(get_command(app).commands)  # type: ignore[attr-defined]
    known |= {word for paper in find_papers(optional=True).values() for word in paper.commands}
    for page in (README, COMMANDS):
        named = set(re.findall(r"python -m verify ([a-z]+)", page))
        assert named
        assert named <= known
    assert set(get_command(app).commands) - {"simulate"} <= set(  # type: ignore[attr-defined]
        re.findall(r"python -m verify ([a-z]+)", COMMANDS)
    )


def test_the_front_page_is_a_screen_of_what_a_table_and_a_screen_of_how() -> None:
    what, rest = README.split("<!-- verdicts:begin -->")
    how = rest.split("<!-- verdicts:end -->")[1]
    assert len(what.splitlines()) <= 30
    assert len(how.splitlines()) <= 90
    assert re.findall(r"^## (.*)$", README, re.M) == ["How"]


def test_its_one_picture_is_small_and_says_which_command_made_it() -> None:
    (picture,) = re.findall(r"!\[[^]]+\]\((docs/[^)]+\.png)\)", README)
    assert 5_000 < (ROOT / picture).stat().st_size < 150_000
    made = re.search(r"Made by `python -m verify ([^`]+)`", README)
    assert made is not None
    assert made[1].split()[:2] == ["phase", Path(picture).stem]
