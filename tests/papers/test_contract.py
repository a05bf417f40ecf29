"""Every paper found, and the coin, keep the contract; a paper that breaks it is noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from papers.contract import CHECKS, parameters_make_settings, runs_are_reproducible, settings_are_values

from theory.paper import Paper, load_paper, paper_names
from verify.load import load_sources

COIN = Path(__file__).parent / "coin"


def paper(name: str) -> Paper:
    if name != "coin":
        return load_paper(name)
    return load_sources(papers=[str(COIN)]).papers["coin"]


@pytest.mark.parametrize("name", [*paper_names(), "coin"])
@pytest.mark.parametrize("check", CHECKS)
def test_a_paper_keeps_the_contract(name: str, check: Callable[[Paper], None]) -> None:
    check(paper(name))


def test_a_setting_that_forgets_a_field_is_noticed() -> None:
    coin = paper("coin")
    (kind,) = coin.settings

    @dataclass(frozen=True)
    class Forgetful(kind):  # type: ignore[misc, valid-type]
        def as_dict(self) -> dict[str, object]:
            return {"n": self.n, "p": 0.5}

    box = coin.reference_box
    assert box is not None
    other = replace(box, make=lambda x: Forgetful(**x))
    with pytest.raises(AssertionError):
        settings_are_values(replace(coin, settings=(Forgetful,), reference_box=other))


def test_a_run_that_is_no_function_of_its_seed_is_noticed() -> None:
    coin, seen = paper("coin"), []

    def counted(run: object) -> float:
        seen.append(run)
        return float(len(seen))

    with pytest.raises(AssertionError):
        runs_are_reproducible(replace(coin, claims=(replace(coin.claims[1], measure=counted),)))


def test_parameters_of_another_class_are_noticed() -> None:
    coin = paper("coin")
    ((_, parameters),) = coin.parameters.items()
    with pytest.raises(AssertionError):
        parameters_make_settings(replace(coin, parameters={int: parameters}))  # type: ignore[dict-item]
