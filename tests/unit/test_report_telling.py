"""Rules of how a report tells what was found: printed statements first, one way of telling each number."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from report_cases import by_id

from theory import Constants, Paper, Reference
from theory.question import Comparison, Curve, OfCurve, Part, Question
from theory.rules import Band, Bound, Event
from verify.cells import cell_in_words
from verify.outcome import Decision, Judgement, MeasuredCurve, Verification
from verify.region import Scope
from verify.report.answers import answers
from verify.report.number import number_text, region_word, weakest_text
from verify.report.render import render_html, render_markdown
from verify.report.sections.items import traits
from verify.report.sections.material import Material
from verify.report.sections.short import section as short
from verify.report.summary import headline, printed
from verify.report.wording import WORD_EXPLANATIONS
from verify.rules.bound import decide_bound
from verify.rules.registry import built_in, judge_of
from verify.statistics.error_budget import refuted_alone_only

ORDER = "zoo.theorem_4_1.order"


def judged_as(one: Judgement, rule: Bound | Band | Event, values: list[object]) -> Judgement:
    """The judgement with another rule and these values."""
    seen = tuple(
        replace(o, value=value, index=k, seed=k)
        for k, (o, value) in enumerate(zip(one.judged, values, strict=False))
    )
    decision: Decision = judge_of(rule).decide(rule, seen, None)
    return replace(one, claim=replace(one.claim, rule=rule), observations=seen, decision=decision)


def test_of_a_lower_bound_the_bound_is_told_over_the_quantity(verification: Verification) -> None:
    one = by_id(verification, ORDER)
    values: list[object] = [(0.9 + k / 100, 0.3) for k in range(8)]
    lower = judged_as(one, Bound(upper=False), values)
    assert "bound / quantity at most 0.3333" in number_text(lower)[:60] or "0.333" in number_text(lower)
    assert "quantity / bound at most" not in number_text(lower)
    reason = decide_bound(Bound(upper=False), lower.observations, None).reason
    assert "divided by 0.333" in reason
    upper = judged_as(one, Bound(), [(0.3, 0.9)] * 8)
    assert "quantity / bound at most 0.333" in number_text(upper)


def test_an_open_end_of_a_band_is_not_told(verification: Verification) -> None:
    one = by_id(verification, ORDER)
    found = judged_as(one, Band(float("-inf"), 0.02, "why"), [0.01, 0.01, 0.03, 0.01])
    assert number_text(found).endswith("above 0.02 in 1 of 4 runs")
    assert judge_of(found.claim.rule).brief(found) == "0.015 on average, above 0.02 in 1 of 4 runs"
    assert "[" not in judge_of(found.claim.rule).sentence(found.claim.rule)


def test_the_weakest_cell_is_told_in_one_way_and_of_what_happens_as_it_happens(
    verification: Verification,
) -> None:
    cell = {"cell": "n above 80", "violations": 55, "of": 63, "upper": 0.935}
    one = replace(by_id(verification, ORDER), weakest_cell=cell)
    often = replace(one, claim=replace(one.claim, rule=Event(delta=0.95)))
    assert weakest_text(often) == "n above 80: happens in 8 of 63, rate above 0.065"
    assert weakest_text(one) == cell_in_words(one.claim.rule, cell)
    for judgement in verification.judgements:
        assert "worst_cell" not in judgement.decision.statistic
        if judgement.weakest_cell is not None and judgement.verdict == "supported":
            assert (
                cell_in_words(judgement.claim.rule, judgement.weakest_cell, ",") in judgement.decision.reason
            )


def test_the_headline_agrees_with_what_fails_in_short(verification: Verification) -> None:
    of_the_paper = [j for j in verification.judgements if printed(j)]
    told = re.search(r"Of the (\d+) statements? printed in the paper (\d+) hold.* (\w+) fails? as printed",
                     headline(verification))  # fmt: skip
    assert told is not None
    assert int(told[1]) == len(of_the_paper)
    fails = sum(j.verdict == "refuted" for j in of_the_paper)
    assert told[3] == (str(fails) if fails else "none")
    lists = {
        b.title: b.blocks[0].entries for b in short(Material(verification, [])).blocks if hasattr(b, "title")
    }  # type: ignore[union-attr]
    assert len(lists.get("What fails as printed", ())) == min(fails, 8)


def test_words_beside_numbers_and_regions_stand_in_the_glossary(verification: Verification) -> None:
    plain = {"", "holds in", "value", "measured - predicted"}
    numbers = {judge.number_of for judge in built_in().values()} - plain
    one = by_id(verification, ORDER)
    scopes = (Scope("conditions", 1.0, ""), Scope("box", 0.1, ""), Scope("cells", None, ""))
    regions = {region_word(replace(one, scope=scope)) for scope in scopes}
    assert regions == {"own conditions", "on its box", "on its cells"}
    words = {*numbers, *regions, "reference box", "cell", "weakest cell", "quantity / bound at most",
             "without a value", "jointly", "misfit"}  # fmt: skip
    assert words <= WORD_EXPLANATIONS.keys(), words - WORD_EXPLANATIONS.keys()
    assert {traits(j)["region"] for j in verification.judgements} <= {*regions, "none"}
    assert 'data-region="' in render_html(verification, [])


def test_a_comparison_is_a_table_of_brief_numbers(verification: Verification) -> None:
    judgement = by_id(verification, ORDER)
    part = Part({ORDER: "order"}, "Yes with {these}.", "No with {these}.", "it with")
    table = Comparison(
        "What it costs", ("rule", "here", "there"), {"first": (ORDER, "")}, {ORDER: "in {these}"}
    )
    asked = Question("Does it?", (part,), compared=table)
    made = replace(verification, questions=(asked,))
    assert answers(made)[0].compared is table
    text = render_markdown(made, [])
    held = sum(bool(o.value) for o in judgement.judged)
    assert re.search(rf"\| first \| .*in {held} of {len(judgement.judged)} runs \| – \|", text)
    with pytest.raises(ValueError, match="must have 2 claims"):
        Comparison("What", ("rule", "a", "b"), {"first": (ORDER,)})
    with pytest.raises(ValueError, match=r"no part speaks of 'zoo\.other'"):
        replace(asked, compared=replace(table, rows={"first": (ORDER, "zoo.other")}))


def test_a_comparison_tells_what_curves_measure(verification: Verification) -> None:
    judgement = by_id(verification, ORDER)
    cases = ("early", "never")
    curve = Curve("zoo.curve.cost", judgement.claim.experiment, cases, lambda run: {"": [0.0, 0.0]}, "t", "y")
    cost = np.array([[0.01, 0.2], [0.03, 0.4], [np.nan, 0.3]])
    part = Part({ORDER: "order"}, "Yes with {these}.", "No with {these}.", "it with")
    rows: dict[str, tuple[str | OfCurve, ...]] = {
        "first": (ORDER, OfCurve(curve.id, "early", limit=0.02)),
        "second": ("", OfCurve(curve.id, "early", less="never")),
    }
    asked = Question("Does it?", (part,), (curve,), Comparison("What it costs", ("rule", "a", "b"), rows))
    made = replace(verification, questions=(asked,), curves=(MeasuredCurve(curve, {"": cost}),))
    text = render_markdown(made, [])
    assert "| 0.02 on average, above 0.02 in 1 of 2 runs * |".replace("*", r"\*") in text
    assert r"| second | – | 0.28 on average, below 0 in none of 2 runs \* |" in text
    assert "| not measured |" in render_markdown(replace(made, curves=()), [])
    late = Comparison("What", ("rule", "a", "b"), {"first": (ORDER, OfCurve(curve.id, "late"))})
    with pytest.raises(ValueError, match="no curve has the cases"):
        replace(asked, compared=late)


def test_every_reproduce_line_names_release_commit_and_seed(verification: Verification) -> None:
    info = {**verification.run_info, "version": "0.1.0"}
    for layer in ("report", "appendix"):
        html = render_html(replace(verification, run_info=info), [], layer)  # type: ignore[arg-type]
        lines = re.findall(r"reproduce:[^<]*", html)
        assert len(lines) >= 20
        assert all("release 0.1.0, commit 0123456789ab" in line for line in lines)
        commands = re.findall(r"<pre>(python -m verify run[^<]*)</pre>", html)
        assert all("--seed 0 " in command for command in commands)
        assert len(commands) >= len(lines) - 1


def test_claims_on_the_same_runs_say_so(verification: Verification) -> None:
    text = render_markdown(verification, [])
    assert "Judged on the same runs, so not independent of each other: " in text
    first, second = "zoo.theorem_4_1.order", "zoo.bound.crossed"
    refuted = tuple(
        replace(j, decision=replace(j.decision, verdict="refuted"))
        for j in verification.judgements
        if j.claim.id in (first, second)
    )
    lists = short(Material(Verification(refuted, (), {}), []))
    assert f"On the runs of {first}, so not independent of it." in str(lists)


def test_a_cell_over_what_is_allowed_is_explained_where_it_stands(verification: Verification) -> None:
    one = by_id(verification, "zoo.lemma.norms")
    assert one.verdict == "supported"
    wide = replace(one, weakest_cell={"cell": "n up to 30", "violations": 2, "of": 70, "upper": 0.09})
    assert weakest_text(wide).endswith(
        "rate below 0.09, over the 0.05 allowed: holds on average, not certified cell by cell"
    )
    narrow = replace(one, weakest_cell={**wide.weakest_cell, "upper": 0.04})  # type: ignore[dict-item]
    assert "allowed" not in weakest_text(narrow)


def test_conditions_come_with_why_their_constants_have_their_values(verification: Verification) -> None:
    reasons, reading = {"C": "the least that is asked"}, "Larger constants were tried."
    constants = Constants({"C": 1.0, "unused": 3.0})
    paper = Paper(
        "zoo", Reference("A. Author", 2025, "Zoo", "a journal"),
        tuple(j.claim for j in verification.judgements),
        constants=constants, reasons=reasons, reading=reading,
    )  # fmt: skip
    text = render_markdown(replace(verification, papers=(paper,)), [])
    assert "| C | 1 | the least that is asked |" in text
    assert "How the conditions are read: Larger constants were tried." in text
    assert "unused" not in text
    with pytest.raises(ValueError, match="reasons names no constant: 'c_none'"):
        replace(paper, reasons={"c_none": "why"})


def test_counts_of_the_trust_page_have_denominators_and_names(verification: Verification) -> None:
    info = {**verification.run_info, "made_again": 7, "runs": 1234, "error_budget": {"level": 0.01}}
    text = render_markdown(replace(verification, run_info=info), [])
    assert "7 of 1234 first runs were made a second time" in text
    alone = [j.claim.id for j in verification.judgements if refuted_alone_only(j)]
    assert all(name.replace("_", r"\_") in text for name in alone)


def test_conditions_are_said_once(verification: Verification) -> None:
    text = render_markdown(verification, [])
    assert text.count("Every condition of these claims:") == 1
