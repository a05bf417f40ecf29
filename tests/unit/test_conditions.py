"""Condition 4.1, its companions and scopes: exact slacks, computed by hand."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

from theory.condition import (
    Condition,
    ConditionCheck,
    Constants,
    Inside,
    all_inside,
    check_all,
    evaluate,
)
from theory.ledger import builtin_ledger
from theory.source import Source
from theory.two_stage import conditions
from theory.two_stage.conditions import (
    ALL,
    COMPANIONS,
    CONDITION_4_1,
    CONSTANT_REASONS,
    DEFAULT_CONSTANTS,
    NO_LABEL_NOISE,
    SCOPE,
)
from theory.two_stage.setting import Setting
from theory.two_stage.sources import framework, here, paper
from theory.two_stage.symbols import SETTING_SYMBOLS, C, m, n
from theory.two_stage.threshold import filter_threshold, signal_threshold

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
    "signal_dominates": (2.25, signal_threshold(100, 50, 0.2, 2.0, 0.016, 0.5, 0.05)),
    "signal_dominates_filters": (2.25, filter_threshold(100, 0.2, 0.016, 0.5, 0.05)),
    "signal_ample": (2.25, 2 * signal_threshold(100, 50, 0.2, 2.0, 0.016, 0.5, 0.05)),
    "signal_short": (0.7 * signal_threshold(100, 50, 0.2, 2.0, 0.016, 0.5, 0.05), 2.25),
    "clean_majority": (-100 * math.log(0.5 + math.sqrt(0.2 * 0.8)), math.log(2 / 0.05)),
    "no_label_noise": (1.0, 1.3),
    "kappa_large": (2.0, 10.0),
    "kappa_small": (0.3, 2.0),
    "iota_small": (0.1, 0.2),
    "clock_step": (0.1, 0.016),
    "step_keeps_order": (2 / 0.016, SETTING.n_snr2),
    "slopes_at_half": (0.05 / 0.016, SETTING.n_snr2 / 4),
    "width_activation": (50, 50 * math.log(100 / 0.05)),
    "dimension_ratio": (100, 20),
    "rates_apart": (0.05, 2 * math.sqrt(0.15 * 0.85 / 100)),
}


def test_the_names_are_complete() -> None:
    assert set(ALL) == set(BY_HAND)
    every = (*CONDITION_4_1, *COMPANIONS, *NO_LABEL_NOISE, *SCOPE)
    assert len(ALL) == len(every)
    assert [ALL[c.name] for c in every] == list(ALL.values())


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
        "dimension", "init_noise", "signal_dominates", "signal_dominates_filters", "signal_ample",
        "no_label_noise",
        "kappa_large", "kappa_small", "iota_small",
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
    assert str(outside[0]).startswith("flip_rates: outside, 0 where ")  # no factor leads inside
    rest = [c for c in conditions if c.name != "flip_rates"]
    assert all_inside(rest, setting, DEFAULT_CONSTANTS)


def test_every_constant_has_a_value_and_a_reason() -> None:
    free = {x.name for c in ALL.values() for x in (c.large - c.small).free_symbols - set(SETTING_SYMBOLS)}
    assert free == set(DEFAULT_CONSTANTS.values) == set(CONSTANT_REASONS)
    assert all(reason.strip() and "\n" not in reason for reason in CONSTANT_REASONS.values())


def test_sources() -> None:
    assert {c.source.paper for c in CONDITION_4_1} == {"Han et al. 2025"}
    assert {c.source.paper for c in COMPANIONS} == {"Kou et al. 2023"}
    assert {c.source.paper for c in NO_LABEL_NOISE} == {"Han et al. 2025"}
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
    lacking = Constants({k: v for k, v in claim.constants.values.items() if k != "c_T"})
    with pytest.raises(ValueError, match="constants gives no value to 'c_T'"):
        replace(claim, constants=lacking)


# Conditions by hand -----------------------------------------------------------------------------------


S = Setting(
    n=30, d=700, m=7, sigma_xi=3.0, signal_norm=5.0, tau_plus=0.1, tau_minus=0.3, sigma_0=0.01, eta=0.02
)


def condition(large: Any, small: Any) -> Condition:
    return Condition("c", sp.sympify(large), sp.sympify(small), Source("p", "1"), "derived", "why")


def test_a_check_tells_values_slack_and_side() -> None:
    C = sp.Symbol("C", positive=True)
    found = condition(m * 4, C * n).check(S, Constants({"C": 3.0}))
    assert found == ConditionCheck("c", 28.0, 90.0, 28 / 90, False)
    assert str(found) == "c: outside, by a factor 3.21"
    assert str(condition(n, m).check(S, Constants({}))) == "c: inside, slack 4.29"
    assert str(condition(0, m).check(S, Constants({}))) == "c: outside, 0 where 7 is needed"
    assert condition(n, 0).check(S, Constants({})).slack == math.inf
    assert condition(n, -n).check(S, Constants({})).slack == math.inf
    assert condition(m, n).latex == r"m \ge n"
    assert replace(condition(m, n), shown=r"\sigma = 0").latex == r"\sigma = 0"


@pytest.mark.parametrize(("off", "inside"), [(0.0, True), (-0.5e-12, True), (-4e-12, False), (1e-9, True)])
def test_rounding_at_a_threshold_counts_as_inside(off: float, inside: bool) -> None:
    assert condition(sp.Float(1 + off, 30), 1).check(S, Constants({})).inside is inside
    assert all_inside([condition(sp.Float(1 + off, 30), 1)], S, Constants({})) is inside


def test_constants_and_expressions() -> None:
    C, other = sp.symbols("C n_other", positive=True)
    values = Constants({"C": 3.0, "n_other": 5.0})
    assert evaluate(C * n + other * m, S, values) == 125.0
    assert values.with_(C=4.0).values == {"C": 4.0, "n_other": 5.0}
    assert hash(values) == hash(Constants({"n_other": 5.0, "C": 3.0})) != hash(values.with_(C=4.0))
    with pytest.raises(KeyError, match=r"^'D'$"):
        evaluate(sp.Symbol("D"), S, values)
    checks = check_all([condition(n, m), condition(m, n)], S, values)
    assert [c.inside for c in checks] == [True, False]


# Conditions by hand -----------------------------------------------------------------------------------


A = 30 * 25 / (9 * 700)


LOG = math.log
H = 0.02 * 9 * 700 / (30 * 7)


SIDES_OF = {
    "snr_lower": (A, 0.2),
    "snr_upper": (31.0, A),
    "flip_rates": (0.1, 0.04),
    "dimension": (700, 1.1 * 900 * LOG(6 * 900 / 0.06)),
    "dimension_signal": (700, 1.1 * 30 * 5 / 3 * math.sqrt(LOG(180 / 0.06))),
    "samples": (30, 1.1 * LOG(7 / 0.06)),
    "width": (7, 1.1 * LOG(30 / 0.06)),
    "signal": (25, 1.1 * 9 * LOG(30 / 0.06)),
    "init_noise": (math.sqrt(30) / (1.1 * 3 * 700), 0.01),
    "init_signal": (1 / (1.1 * 5 * math.sqrt(LOG(7 / 0.06))), 0.01),
    "step_noise": (900 * 7 * math.sqrt(LOG(30 / 0.06)) / (1.1 * 9 * 700**1.5), 0.02),
    "step_samples": (30 / (1.1 * 9 * 700), 0.02),
    "signal_dominates": (A, signal_threshold(30, 7, 0.3, 0.03 * 700 / math.sqrt(30), H, 0.7, 0.06)),
    "signal_dominates_filters": (A, filter_threshold(30, 0.3, H, 0.7, 0.06)),
    "signal_ample": (A, 2 * signal_threshold(30, 7, 0.3, 0.03 * 700 / math.sqrt(30), H, 0.7, 0.06)),
    "signal_short": (1e6, A),  # at S no signal suffices
    "clean_majority": (-30 * LOG(0.5 + math.sqrt(0.21)), LOG(2 / 0.06)),
    "no_label_noise": (1.0, 1.4),
    "kappa_large": (0.03 * 700 / math.sqrt(30), 11.0),
    "kappa_small": (0.35, 0.03 * 700 / math.sqrt(30)),
    "iota_small": (0.15, 0.03 * math.sqrt(700)),
    "clock_step": (0.12, 0.02 * 9 * 700 / (30 * 7)),
    "step_keeps_order": (2 * (30 * 7) / (0.02 * 9 * 700), A),
    "slopes_at_half": (0.06 * (30 * 7) / (0.02 * 9 * 700), A / 4),
    "width_activation": (7, 50 * LOG(30 / 0.06)),
    "dimension_ratio": (700 / 30, 21.0),
    "rates_apart": (0.1, 2.5 * math.sqrt(0.2 * 0.8 / 30)),
}


def test_both_sides_of_every_condition() -> None:
    constants = DEFAULT_CONSTANTS.with_(
        C=1.1, delta=0.06, c_a=0.2, C_a=31.0, c_tau=0.04, c_T=0.7, c_s=0.6,
        c_kappa=11.0, c_k=0.35, c_iota=0.15,
        c_h=0.12, c_b=0.06,
        c_ratio=21.0, c_z=2.5,
    )  # fmt: skip
    assert set(ALL) == set(SIDES_OF)
    for name, (large, small) in SIDES_OF.items():
        found = ALL[name].check(S, constants)
        assert (found.value, found.threshold) == pytest.approx((large, small), rel=1e-12), name
        assert found.inside == (large >= small)
    assert set(CONSTANT_REASONS) == set(DEFAULT_CONSTANTS.values)


def test_a_condition_carries_its_source() -> None:
    x, y = sp.symbols("x y")
    assert conditions._paper("a", x, y, "why") == Condition("a", x, y, paper("Condition 4.1"), "paper", "why")
    assert conditions._framework("b", x, y, "why") == Condition(
        "b", x, y, framework("standing condition"), "framework", "why"
    )
    assert conditions._scope("c", x, y, "Part", "why") == Condition(
        "c", x, y, here("docs/derivations/scope.md, Part"), "derived", "why"
    )
    found = conditions._condition("d", 2, 3, here("place"), "paper", "why")  # type: ignore[arg-type]
    assert found == Condition("d", sp.Integer(2), sp.Integer(3), here("place"), "paper", "why")
    assert isinstance(found.large, sp.Expr)
    assert isinstance(found.small, sp.Expr)


@pytest.mark.parametrize("constants", [DEFAULT_CONSTANTS, DEFAULT_CONSTANTS.with_(C=0.01, C_a=1e4)])
def test_a_test_of_all_conditions_asks_each_of_them(constants: Constants) -> None:
    """`Inside` compiles both sides once and asks what is computed step by step last."""
    every = [c for c in ALL.values() if c.speaks_of(Setting, constants)]
    settings = [SETTING.with_(signal_norm=norm, d=d) for norm in (5.0, 30.0, 300.0) for d in (200, 10**6)]
    seen = set()
    for condition in every:
        inside = Inside((ALL["signal_dominates"], condition), constants)
        for setting in settings:
            each = all_inside((ALL["signal_dominates"], condition), setting, constants)
            assert inside(setting) == each
            seen.add(each)
    assert seen == {True, False}


def test_a_test_travels_after_use_and_stays_equal() -> None:
    inside, unused = (Inside(CONDITION_4_1, DEFAULT_CONSTANTS) for _ in range(2))
    said = inside(SETTING)
    sent = pickle.loads(pickle.dumps(inside))
    assert sent == inside == unused
    assert hash(inside) == hash(unused)
    assert sent(SETTING) == said == all_inside(CONDITION_4_1, SETTING, DEFAULT_CONSTANTS)


def test_at_a_pole_no_inequality_holds() -> None:
    pole = Condition("pole", 1 / (m - 50), 1 / C, here("here"), "derived", "an example")
    at = Constants({"C": 1.0})
    assert not Inside((pole,), at)(SETTING)
    assert Inside((pole,), at)(SETTING.with_(m=51))
    assert math.isnan(evaluate(1 / C, SETTING, Constants({"C": 0.0})))
    with pytest.raises(KeyError, match="C"):
        Inside((pole,), Constants({}))(SETTING)
