"""The front page keeps up with the ledger and the commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from theory.ledger import builtin_ledger
from theory.paper import find_papers

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


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
    named = set(re.findall(r"python -m verify ([a-z]+)", README))
    assert named
    assert named <= known
