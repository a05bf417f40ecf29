"""The ledger: complete, consistent, and explicit about every constant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from decide_cases import claim_of
from every import every

from theory.claim import Claim
from theory.condition import all_inside
from theory.experiment import Experiment
from theory.ledger import Ledger, builtin_ledger
from theory.paper import find_papers
from theory.place import Box, Cells
from theory.setting import AbstractSetting
from theory.source import Source
from theory.two_stage.box import Fixed
from theory.two_stage.experiments import PAPER
from theory.two_stage.setting import Setting
from theory.two_stage.symbols import SETTING_SYMBOLS
from theory.two_stage.terms import TERM_SYMBOLS
from verify.runs.plan import plan_runs

PAPERS = find_papers()
LEDGER = builtin_ledger()
CLAIMS = list(LEDGER)

# What the theory states, section by section, and the claims that stand for it.
STATEMENTS = {
    "signal-noise decomposition": ["decomposition"],
    "gamma recursion": ["recursion.gamma"],
    "rho recursion": ["recursion.rho"],
    "signs of rho": ["rho_signs"],
    "exact closure": ["closure"],
    "exactness in law": ["law"],
    "exact conservation": ["conservation.gamma", "conservation.rho", "conservation.combined"],
    "L1": ["lemma.label_counts"],
    "L2": ["lemma.noise_norms", "lemma.noise_crosstalk", "lemma.signal_crosstalk"],
    "L3": ["lemma.initial_signal", "lemma.initial_noise"],
    "L4": ["lemma.activation_counts"],
    "L5": ["lemma.activation_persistence"],
    "L6": ["lemma.coefficient_scale"],
    "L7": ["lemma.margins_clean", "lemma.margins_noisy"],
    "L8": ["lemma.stage_one_derivative"],
    "L9": ["lemma.balance_derivatives", "lemma.balance_noise"],
    "Theorem 4.1, coefficients": [
        "theorem_4_1.gamma_scale", "theorem_4_1.rho_scale", "theorem_4_1.signal_above_noise",
    ],
    "Theorem 4.1, fit": ["theorem_4_1.clean_fit", "theorem_4_1.noisy_misfit", "theorem_4_1.event_map"],
    "Theorem 4.1, T_1": [
        "theorem_4_1.time_scale", "theorem_4_1.stage_order",
        *(f"theorem_4_1.time_exponent.{p}" for p in ("eta", "n", "m", "d")),
    ],
    "Theorem 4.2, loss": [
        "theorem_4_2.training_loss", "theorem_4_2.time_scale", "theorem_4_2.time_in_eps",
        *(f"theorem_4_2.time_exponent.{p}" for p in ("eta", "n", "m", "d")),
    ],
    "Theorem 4.2, fit": [
        "theorem_4_2.clean_fit", "theorem_4_2.noisy_memorised", "theorem_4_2.gamma_positive",
    ],
    "Theorem 4.2, D_test": ["theorem_4_2.dtest_error", "theorem_4_2.dtest_degrades"],
    "Proposition 4.3, stopping": ["proposition_4_3.iid_error", "proposition_4_3.dtest_error"],
    "Proposition 4.3, selection": ["proposition_4_3.sample_selection"],
    "Theorem 4.4": ["theorem_4_4.one_stage", "theorem_4_4.test_error", "theorem_4_4.no_degradation"],
}  # fmt: skip


def name_of(claim: Claim) -> str:
    return claim.id


@pytest.mark.parametrize("names", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_every_statement_of_the_theory_has_its_claims(names: list[str]) -> None:
    for name in names:
        claim = LEDGER[f"two_stage.{name}"]
        assert not claim.is_probe


def test_what_else_is_claimed_is_a_probe_or_this_projects_own() -> None:
    stated = {f"two_stage.{name}" for names in STATEMENTS.values() for name in names}
    rest = [c for c in CLAIMS if c.paper == "two_stage" and c.id not in stated]
    for claim in rest:
        variant = any(claim.id.startswith(f"{name}.") or claim.id.startswith(f"{name}_") for name in stated)
        assert claim.is_probe or variant or claim.provenance == "derived", claim.id


def test_ids_are_unique_and_parents_resolve_without_a_circle() -> None:
    ids = [c.id for c in CLAIMS]
    assert len(set(ids)) == len(ids) == len(LEDGER)
    LEDGER.check()
    place = {claim_id: k for k, claim_id in enumerate(ids)}
    for claim in CLAIMS:
        assert all(parent in place and parent != claim.id for parent in claim.parents)


def a_claim_says_what_it_says(claim: Claim) -> None:
    assert claim.source.paper
    assert claim.source.item.strip()
    assert len(claim.measured) > 10
    for text in (claim.statement, claim.measured, claim.note, claim.rule.reason):
        assert text.count("$") % 2 == 0, text
        assert text.count("{") == text.count("}"), text
        assert text == text.strip()
        assert "\n" not in text
    assert "$" in claim.statement or claim.statement.isascii()
    assert claim.rule.reason


def every_constant_of_a_prediction_is_explained(claim: Claim) -> None:
    if claim.prediction is not None:
        known = {s.name for s in (*SETTING_SYMBOLS, *TERM_SYMBOLS.values())}
        known |= {s.name for s in claim.experiment.setting_class.letters()}
        known |= {word for e in PAPERS[claim.paper].letters for word in (e.letter, e.latex)}
        free = {s.name for s in claim.prediction.formula.free_symbols} - known
        assert free <= set(claim.prediction.constants), claim.prediction.latex
        assert all(what.strip() for what in claim.prediction.constants.values())
        assert claim.prediction.latex.count("{") == claim.prediction.latex.count("}")


@cache
def planned(experiment: Experiment) -> frozenset[AbstractSetting]:
    """Thirty of its settings: the first of a box, where each is drawn by itself; of cells from all."""
    # The longest ones are made in the full profile only.
    profile = "default" if experiment.runs["default"] else "full"
    if isinstance(experiment.place, Box):
        experiment = replace(experiment, runs={profile: min(30, experiment.runs[profile])})
    specs = plan_runs(experiment, profile, 0)
    return frozenset(spec.setting for spec in specs[:: 1 + len(specs) // 30])


def a_claim_is_tried_where_it_is_claimed(claim: Claim) -> None:
    """A quarter of its settings or more lie inside the kept conditions, and a probe's outside the others."""
    settings = planned(claim.experiment)
    assert settings
    kept = [s for s in settings if all_inside(claim.kept_conditions, s, claim.constants)]
    assert len(kept) >= 0.25 * len(settings)
    if claim.is_probe:
        outside = [s for s in kept if not all_inside(claim.dropped_conditions, s, claim.constants)]
        assert len(outside) >= 0.25 * len(settings)


test_a_claim_says_what_it_says = every(CLAIMS, name_of)(a_claim_says_what_it_says)
test_every_constant_is_explained = every(CLAIMS, name_of)(every_constant_of_a_prediction_is_explained)
test_a_claim_is_tried_where_it_is_claimed = every(CLAIMS, name_of)(a_claim_is_tried_where_it_is_claimed)


def test_experiments_share_their_id_only_with_themselves() -> None:
    found: dict[str, object] = {}
    for claim in CLAIMS:
        e = claim.experiment
        what = (e.place, e.clock, tuple(sorted(e.runs.items())), e.engines, e.snapshots, e.max_steps)
        assert found.setdefault(e.id, what) == what
        assert isinstance(e.place, Box | Cells)


# What the checks would notice ------------------------------------------------------------------------


def claim_named(claim_id: str, **changes: object) -> Claim:
    return claim_of(claim_id, PAPER, **changes)


def test_an_id_can_be_registered_once() -> None:
    ledger = Ledger([claim_named("a")])
    with pytest.raises(ValueError, match="claim id 'a' is registered already"):
        ledger.register(claim_named("a"))
    with pytest.raises(ValueError, match="only a Claim can be registered, was str"):
        ledger.register("a")  # type: ignore[arg-type]
    assert "a" in ledger
    assert len(ledger) == 1


def test_an_unknown_parent_and_a_circle_are_errors() -> None:
    with pytest.raises(ValueError, match="claim b: parent 'c' is not in the ledger"):
        Ledger([claim_named("a"), claim_named("b", parents=("a", "c"))]).check()
    circle = Ledger([claim_named("a", parents=("b",)), claim_named("b", parents=("a",)), claim_named("c")])
    with pytest.raises(ValueError, match="rest on each other in a circle"):
        circle.check()


def test_globs_choose_claims_in_ledger_order() -> None:
    ledger = Ledger([claim_named(x) for x in ("b.one", "a.two", "a.one")])
    assert [c.id for c in ledger.matching(["a.*", "*.one"])] == ["b.one", "a.two", "a.one"]
    assert [c.id for c in ledger.matching(["a.one"])] == ["a.one"]
    with pytest.raises(ValueError, match=r"no claim matches 'c\.\*'"):
        ledger.matching(["a.*", "c.*"])


BAD: dict[str, tuple[dict[str, object], str]] = {
    "id": ({"id": "Not An Id"}, "claim id must be dotted lower-case words, was 'Not An Id'"),
    "provenance": ({"provenance": "gossip"}, "claim x: provenance must be one of"),
    "statement": ({"statement": "  "}, "claim x: statement must not be empty"),
    "measure": ({"measure": 1.0}, "claim x: measure must be a function of a run"),
    "drops": ({"drops": ("width",)}, "claim x: drops names no condition of the claim: 'width'"),
}


@pytest.mark.parametrize(("changes", "message"), BAD.values(), ids=BAD.keys())
def test_a_malformed_claim_is_refused_by_field(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        claim_named("x", **changes) if "id" not in changes else claim_named(str(changes["id"]))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda c: replace(c, statement=c.statement + "$"),
        lambda c: replace(c, measured=""),
        lambda c: replace(c, source=Source("Han et al. 2025", "")),
    ],
    ids=["dollar", "measured", "source"],
)
def test_the_text_check_notices_a_spoilt_claim(spoil: Callable[[Claim], Claim]) -> None:
    with pytest.raises(AssertionError):
        a_claim_says_what_it_says(spoil(LEDGER["two_stage.theorem_4_1.clean_fit"]))


def test_the_constant_check_notices_a_missing_explanation() -> None:
    claim = next(c for c in LEDGER if c.prediction is not None and c.prediction.constants)
    assert claim.prediction is not None
    silent = replace(claim.prediction, constants={})
    with pytest.raises(AssertionError):
        every_constant_of_a_prediction_is_explained(replace(claim, prediction=silent))


def test_the_place_check_notices_a_box_outside_the_conditions() -> None:
    claim = LEDGER["two_stage.theorem_4_1.clean_fit"]
    far = Fixed(Setting(n=50, d=60, m=2, sigma_xi=1, signal_norm=1, tau_plus=0.4, tau_minus=0.4,
                        sigma_0=1, eta=1))  # fmt: skip
    with pytest.raises(AssertionError):
        a_claim_is_tried_where_it_is_claimed(replace(claim, experiment=replace(PAPER, place=far)))
