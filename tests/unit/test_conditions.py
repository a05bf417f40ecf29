"""Condition 4.1, its companions and scopes: exact slacks, computed by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from theory.condition import Condition, Constants, all_inside, check_all
from theory.ledger import builtin_ledger
from theory.two_stage.conditions import (
    ALL,
    COMPANIONS,
    CONDITION_4_1,
    CONSTANT_REASONS,
    DEFAULT_CONSTANTS,
    SCOPE,
)
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import SETTING_SYMBOLS, C

ROOT = Path(__file__).parents[2]

# sigma_xi = 2 and |mu| = 30 keep sigma_xi and the exponents of every formula visible.
SETTING = Setting(
    n=100, d=10_000, m=50, sigma_xi=2.0, signal_norm=30.0, tau_plus=0.1, tau_minus=0.2, sigma_0=1e-3,
    eta=0.002,
)  # fmt: skip

# name -> (value, threshold), written from the inequalities with C = 1, delta = .05.
BY_HAND = {
    "snr_lower": (100 * 900 / (4 * 10_000), 0.25),
    "snr_upper": (30.0, 2.25),
    "flip_rates": (0.1, 0.05),
    "dimension": (10_000, 10_000 * math.log(6 * 10_000 / 0.05)),
    "dimension_signal": (10_000, 100 * 30 / 2 * math.sqrt(math.log(600 / 0.05))),
    "samples": (100, math.log(50 / 0.05)),
    "width": (50, math.log(100 / 0.05)),
    "signal": (900, 4 * math.log(100 / 0.05)),
    "init_noise": (1 / (2 * 10_000 / 10), 1e-3),
    "init_signal": (1 / (30 * math.sqrt(math.log(50 / 0.05))), 1e-3),
    "step_noise": (1 / (4 * 1e6 / (10_000 * 50 * math.sqrt(math.log(100 / 0.05)))), 0.002),
    "step_samples": (1 / (4 * 10_000 / 100), 0.002),
    "signal_dominates": (2.25 * 0.6, 6.0),
    "kappa_large": (2.0, 10.0),
    "kappa_small": (0.3, 2.0),
    "iota_small": (0.1, 0.2),
    "clock_step": (0.1, 0.016),
    "width_activation": (50, 50 * math.log(100 / 0.05)),
    "dimension_ratio": (100, 20),
    "rates_apart": (0.05, 2 * math.sqrt(0.15 * 0.85 / 100)),
}


def test_the_names_are_complete() -> None:
    assert set(ALL) == set(BY_HAND)
    assert len(ALL) == len(CONDITION_4_1) + len(COMPANIONS) + len(SCOPE)
    assert [ALL[c.name] for c in (*CONDITION_4_1, *COMPANIONS, *SCOPE)] == list(ALL.values())


@pytest.mark.parametrize("name", ALL)
def test_slack_by_hand(name: str) -> None:
    check = ALL[name].check(SETTING, DEFAULT_CONSTANTS)
    value, threshold = BY_HAND[name]
    assert check.value == pytest.approx(value, rel=1e-13)
    assert check.threshold == pytest.approx(threshold, rel=1e-13)
    assert check.slack == pytest.approx(value / threshold, rel=1e-13)
    assert check.inside == (value >= threshold)


def test_the_reference_setting_is_inside_some_and_outside_others() -> None:
    outside = {c.name for c in check_all(ALL.values(), SETTING, DEFAULT_CONSTANTS) if not c.inside}
    assert outside == {
        "dimension", "init_noise", "signal_dominates", "kappa_large", "kappa_small", "iota_small",
        "width_activation", "rates_apart",
    }  # fmt: skip


WITH_C = [c for c in ALL.values() if C in (c.large - c.small).free_symbols]


@pytest.mark.parametrize("condition", WITH_C, ids=lambda c: c.name)
def test_slack_is_inverse_to_the_constant(condition: Condition) -> None:
    one = condition.check(SETTING, DEFAULT_CONSTANTS).slack
    three = condition.check(SETTING, DEFAULT_CONSTANTS.with_(C=3.0)).slack
    assert three == pytest.approx(one / 3, rel=1e-13)


def test_the_bound_on_sigma_0_is_kappa_0() -> None:
    slack = ALL["init_noise"].check(SETTING, DEFAULT_CONSTANTS).slack
    assert slack == pytest.approx(1 / SETTING.kappa_0, rel=1e-13)


def test_the_bound_on_eta_is_a_clock_step() -> None:
    slack = ALL["step_samples"].check(SETTING, DEFAULT_CONSTANTS).slack
    assert slack == pytest.approx(1 / (SETTING.m * SETTING.clock_step), rel=1e-13)


def test_no_label_noise_is_outside_flip_rates_alone() -> None:
    setting = Setting.from_n_snr2(
        n=100, d=200_000_000, m=400, n_snr2=6.0, tau_plus=0.0, tau_minus=0.0, clock_step=1e-4, kappa_0=0.1
    )
    conditions = (*CONDITION_4_1, *COMPANIONS)
    outside = [c for c in check_all(conditions, setting, DEFAULT_CONSTANTS) if not c.inside]
    assert [c.name for c in outside] == ["flip_rates"]
    assert str(outside[0]) == "flip_rates: outside, by a factor inf"
    rest = [c for c in conditions if c.name != "flip_rates"]
    assert all_inside(rest, setting, DEFAULT_CONSTANTS)


def test_every_constant_has_a_value_and_a_reason() -> None:
    free = {x.name for c in ALL.values() for x in (c.large - c.small).free_symbols - set(SETTING_SYMBOLS)}
    assert free == set(DEFAULT_CONSTANTS.values) == set(CONSTANT_REASONS)
    assert all(reason.strip() and "\n" not in reason for reason in CONSTANT_REASONS.values())


def test_sources() -> None:
    assert {c.source.paper for c in CONDITION_4_1} == {"Han et al. 2025"}
    assert {c.source.paper for c in COMPANIONS} == {"Kou et al. 2023"}
    assert {c.source.paper for c in SCOPE} == {"this project"}
    assert {c.provenance for c in CONDITION_4_1} == {"paper"}
    assert {c.provenance for c in COMPANIONS} == {"framework"}
    assert {c.provenance for c in SCOPE} == {"derived"}
    assert all("is a choice" in ALL[name].why for name in ("dimension", "dimension_signal"))


@pytest.mark.parametrize("condition", SCOPE, ids=lambda c: c.name)
def test_the_page_has_the_section_of_every_scope(condition: Condition) -> None:
    path, section = condition.source.item.split(", ")
    page = (ROOT / path).read_text()
    assert f"\n## {section}\n" in page
    assert f"`{condition.name}`" in page.split(f"\n## {section}\n")[1].split("\n## ")[0]


def test_the_reason_of_c_ratio_quotes_its_formula() -> None:
    growth = 6 / 4 * (1 - 2 * 0.1) ** 2
    assert round(2 * (1 / 4 + growth) * math.log(5000 / 2)) == 19
    assert "about 19" in CONSTANT_REASONS["c_ratio"]


def test_a_claim_must_give_every_constant_of_its_conditions() -> None:
    claim = builtin_ledger()["two_stage.theorem_4_1.noisy_misfit"]
    lacking = Constants({k: v for k, v in claim.constants.values.items() if k != "c_1"})
    with pytest.raises(ValueError, match="constants gives no value to 'c_1'"):
        replace(claim, constants=lacking)
