"""Every paper found, and the coin, keep the contract; a paper that breaks it is noticed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from papers.contract import (
    CHECKS,
    claims_are_in_order,
    claims_have_runs_or_say_why,
    engines_are_there,
    is_set,
    mathematics_is_set,
    models_are_whole,
    parameters_make_settings,
    runs_are_reproducible,
    settings_are_values,
)

from theory.paper import Paper, find_papers, load_paper
from theory.source import Source
from verify.load import load_sources

COIN = Path(__file__).parent / "coin"


def paper(name: str) -> Paper:
    if name != "coin":
        return load_paper(name)
    return load_sources(papers=[str(COIN)]).papers["coin"]


@pytest.mark.parametrize("name", [*find_papers(optional=True), "coin"])
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
    with pytest.raises(ValueError, match="as_dict"):
        settings_are_values(replace(coin, settings=(Forgetful,), reference_box=other))


@pytest.mark.parametrize(
    ("check", "changes", "said"),
    [
        (claims_are_in_order, {"parents": ("coin.lost",)}, "coin.lost"),
        (claims_are_in_order, {"role": "reading", "corrected_by": "coin.lost"}, "coin.sum"),
        (claims_are_in_order, {"source": Source("", "1")}, "coin.sum"),
        (mathematics_is_set, {"statement": "the share $p"}, "the share"),
        (mathematics_is_set, {"note": "$x^{2$"}, "x"),
        (claims_have_runs_or_say_why, {"runs": {"quick": 5}}, "no runs in"),
        (claims_have_runs_or_say_why, {"runs": {"default": 5, "full": 4}}, "coin.sum"),
        (engines_are_there, {"engines": ("law",)}, "engine must be one of"),
        (models_are_whole, {"engines": ("law",)}, "engine must be one of"),
    ],
)
def test_a_claim_out_of_order_is_noticed(
    check: Callable[[Paper], None], changes: dict[str, Any], said: str
) -> None:
    coin = paper("coin")
    one, *others = coin.claims
    if set(changes) & {"runs", "engines"}:
        changes = {"experiment": replace(one.experiment, id="coin.other", **changes)}
    with pytest.raises((AssertionError, ValueError), match=said):
        check(replace(coin, claims=(replace(one, **changes), *others)))


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("$a$ and $b^{2}$", True),
        (r"5 \$ and $\{x\}$", True),
        ("$a", False),
        ("$$", False),
        ("$a}{$", False),
        ("${a$}", False),
    ],
)
def test_unbalanced_mathematics_is_noticed(text: str, fine: bool) -> None:
    assert is_set(text) is fine


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
