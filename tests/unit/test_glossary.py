"""The glossary: complete, unambiguous, and the same as its page."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import sympy as sp

from theory.letters import letters_markdown
from theory.two_stage import predictions, symbols
from theory.two_stage.conditions import ALL
from theory.two_stage.letters import GLOSSARY, INTRODUCTION
from theory.two_stage.setting import Setting
from theory.two_stage.terms import TERM_SYMBOLS

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"
LETTERS = {entry.letter for entry in GLOSSARY}


def test_the_page_is_generated() -> None:
    assert PAGE.read_text() == letters_markdown(GLOSSARY, "Glossary", INTRODUCTION)


@pytest.mark.parametrize("name", [x for x in symbols.__all__ if isinstance(getattr(symbols, x), sp.Expr)])
def test_every_symbol_is_covered(name: str) -> None:
    assert name in LETTERS


def test_every_symbol_of_a_term_is_covered() -> None:
    assert set(TERM_SYMBOLS) <= LETTERS


def test_every_free_symbol_of_conditions_and_predictions_is_covered() -> None:
    names = {getattr(symbols, x): x for x in symbols.__all__ if isinstance(getattr(symbols, x), sp.Symbol)}
    names[predictions.T_star] = "T_star"
    expressions = [side for c in ALL.values() for side in (c.large, c.small)]
    for name in predictions.__all__:
        member = getattr(predictions, name)
        if callable(member) and name != "number":
            value = member()
            expressions += value if isinstance(value, tuple) else [value]
    free = {names.get(x, x.name) for expr in expressions for x in expr.free_symbols}
    assert len(free) > 20
    assert free <= LETTERS


def test_setting_fields_and_groups_are_covered() -> None:
    names = {f.name for f in fields(Setting)} - {"signal_norm"}
    assert names <= LETTERS
    assert "Setting.signal_norm" in next(e.meaning for e in GLOSSARY if e.letter == "mu_norm")
    assert {"snr", "iota", "kappa_0", "time_unit", "signal_margin"} <= LETTERS
    assert all(hasattr(Setting, x) for x in ("snr", "iota", "kappa_0", "time_unit", "signal_margin"))


def test_letters_of_the_theory_are_covered() -> None:
    wanted = (
        "gamma rho rhobar rhounder l_prime P_i p_i G_i K A C_matrix D t_clean t_half t_all T_1 T_2 s_2 T_eps"
    )
    assert {*wanted.split(), "delta"} <= LETTERS


def test_letters_are_unique_and_formulas_unambiguous_outside_the_mean_field() -> None:
    assert len(LETTERS) == len(GLOSSARY)
    everywhere = [e.latex for e in GLOSSARY if e.group != "Mean field"]
    assert len(set(everywhere)) == len(everywhere)


def test_entries_fit_a_markdown_table() -> None:
    for entry in GLOSSARY:
        assert all(x.strip() for x in (entry.letter, entry.latex, entry.meaning, entry.unit))
        assert "|" not in entry.latex + entry.meaning + entry.unit
        assert "$" not in entry.latex
        assert entry.meaning.count("$") % 2 == 0
