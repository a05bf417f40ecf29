"""Answers follow all of their claims: verdicts and numbers, and nothing that was not measured."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from report_cases import by_id, make_verification

from theory.ledger import builtin_ledger
from theory.paper import load_paper
from theory.question import Comparison, Curve, Part, Question
from verify.outcome import MeasuredCurve, Verdict, Verification
from verify.pipeline import verify_claims
from verify.report import figures as figure_module
from verify.report.answers import answers
from verify.report.figures import answers as answer_figures
from verify.report.figures import draw_all
from verify.report.render import render_html, render_markdown
from verify.rules.registry import judge_of
from verify.runs.backends import SerialBackend


def question(*claims: str, **words: str) -> Question:
    names = {claim: words.get(claim.split(".")[-1], claim.split(".")[-1]) for claim in claims}
    return Question("Does it?", (Part(names, "Yes with {these}.", "No with {these}.", "it with"),))


ORDER, NORMS = "zoo.theorem_4_1.order", "zoo.lemma.norms"


def asked(*claims: str) -> Verification:
    return replace(make_verification(exhibits=False), questions=(question(*claims),))


def with_verdict(verification: Verification, claim_id: str, verdict: Verdict) -> Verification:
    changed = tuple(
        replace(j, decision=replace(j.decision, verdict=verdict)) if j.claim.id == claim_id else j
        for j in verification.judgements
    )
    return replace(verification, judgements=changed)


def test_every_claim_speaks_by_its_own_verdict() -> None:
    verification = asked(ORDER, NORMS)
    for first in ("supported", "refuted", "inconclusive"):
        for second in ("supported", "refuted", "inconclusive"):
            made = with_verdict(with_verdict(verification, ORDER, first), NORMS, second)  # type: ignore[arg-type]
            (answer,) = answers(made)
            starts = {"supported": "Yes with", "refuted": "No with", "inconclusive": "Not decided"}
            for name, verdict in (("order", first), ("norms", second)):
                (said,) = [s for s in answer.statements if f"{name} (" in s.text or f"{name} and" in s.text]
                assert said.text.startswith(starts[verdict]), (first, second)
                assert said.verdict == verdict


def test_numbers_are_those_of_the_runs() -> None:
    verification = asked(ORDER)
    judgement = by_id(verification, ORDER)
    held = sum(bool(o.value) for o in judgement.judged)
    (answer,) = answers(verification)
    assert f"{held} of {len(judgement.judged)} runs" in answer.text
    flipped = tuple(replace(o, value=True) if o.not_judged is None else o for o in judgement.observations)
    other = replace(verification, judgements=(replace(judgement, observations=flipped),))
    assert f"{len(judgement.judged)} of {len(judgement.judged)} runs" in answers(other)[0].text


def test_the_short_answer_keeps_its_numbers_in_brief() -> None:
    verification = asked(ORDER)
    for claim, words in ((ORDER, "order"), ("zoo.bound.declared", "the constant")):
        judgement = by_id(verification, claim)
        numbers = judge_of(judgement.claim.rule).brief(judgement)
        text = "It shows below a (1 - 2 tau) of 2 with: {these}."
        part = Part({claim: words}, text, text, "it")
        (answer,) = answers(replace(verification, questions=(Question("?", (part,)),)))
        assert answer.short == f"It shows below a (1 - 2 tau) of 2 with: {words} ({numbers})."


def test_beside_a_table_of_them_asides_go() -> None:
    verification = asked(ORDER)
    part = Part({ORDER: ""}, "Yes ({these}).", "No below a (1 - 2 tau) of 2 ({these}).", "it")
    table = Comparison("What it costs", ("rule", "here"), {"first": (ORDER,)})
    made = replace(verification, questions=(Question("?", (part,), compared=table),))
    assert answers(made)[0].short == "No below a (1 - 2 tau) of 2."


def test_parts_that_are_marked_stand_in_the_short_answer_too() -> None:
    verification = asked(ORDER, NORMS)
    for glance, verdict, said in (
        (False, "refuted", "Yes here."),
        (True, "refuted", "Yes here. No there."),
        (True, "inconclusive", "Yes here. Not decided by these runs: there."),
    ):
        parts = (
            Part({ORDER: ""}, "Yes here ({these}).", "No here ({these}).", "here"),
            Part({NORMS: ""}, "Yes there ({these}).", "No there ({these}).", "there", glance=glance),
        )
        made = with_verdict(with_verdict(verification, ORDER, "supported"), NORMS, verdict)  # type: ignore[arg-type]
        (answer,) = answers(replace(made, questions=(Question("?", parts),)))
        assert re.sub(r" \(\d+ of \d+ runs\)", "", answer.short) == said


def test_what_was_not_measured_is_said() -> None:
    verification = asked(ORDER, "zoo.absent")
    assert answers(verification)[0].text.endswith("Not measured in this profile: it with absent.")
    idle = by_id(verification, NORMS)
    idle = replace(idle, observations=())
    made = replace(asked(ORDER, NORMS), judgements=(by_id(verification, ORDER), idle))
    assert "Not measured in this profile: it with norms." in answers(made)[0].text


def test_a_question_without_any_judged_claim_is_left_out() -> None:
    assert answers(asked("zoo.absent")) == []


def test_equal_numbers_are_said_once() -> None:
    verification = make_verification(exhibits=False)
    judgement = by_id(verification, ORDER)
    twin = replace(judgement, claim=replace(judgement.claim, id="zoo.twin"))
    made = replace(verification, judgements=(judgement, twin), questions=(question(ORDER, "zoo.twin"),))
    assert answers(made)[0].text.count(" runs") == 1
    assert "order and twin (each " in answers(made)[0].text


def test_a_part_must_take_its_numbers_from_the_runs() -> None:
    with pytest.raises(ValueError, match="supported must contain"):
        Part({"a": ""}, "Yes.", "No {these}.", "it")
    with pytest.raises(ValueError, match="at least one claim"):
        Part({}, "{these}", "{these}", "it")
    part = Part({"a": ""}, "{these}", "{these}", "it")
    with pytest.raises(ValueError, match="two parts"):
        Question("?", (part, part))


def test_builtin_questions_name_claims_that_exist_and_write_no_result() -> None:
    ledger = builtin_ledger()
    ids = [claim for q in load_paper("two_stage").questions for claim in q.claims]
    for claim in ids:
        assert claim in ledger
    for q in load_paper("two_stage").questions:
        runs = {ledger[claim].experiment.id for claim in q.claims}
        for curve in q.curves:
            assert curve.experiment.id in runs | {"two_stage.question.stopping", "two_stage.sharp.times"}
        for part in q.parts:
            for text in (part.supported, part.refuted):
                assert not re.search(r"\d+(\.\d+)? ?%|\d+ of \d+ runs|mean \d", text), text


@pytest.mark.parametrize("verdict", ["supported", "refuted", "inconclusive", "not-applicable"])
def test_builtin_sentences_can_be_composed_for_every_verdict(verdict: Verdict) -> None:
    judgement = by_id(make_verification(exhibits=False), ORDER)
    ledger = builtin_ledger()
    judgements = tuple(
        replace(
            judgement,
            claim=replace(judgement.claim, id=claim),
            decision=replace(judgement.decision, verdict=verdict),
        )
        for q in load_paper("two_stage").questions
        for claim in q.claims
        if claim in ledger
    )
    found = answers(Verification(judgements, (), {}, tuple(load_paper("two_stage").questions)))
    assert len(found) == len(load_paper("two_stage").questions)
    for answer in found:
        assert "{these}" not in answer.text
        assert "  " not in answer.text
        assert answer.text[0].isupper()
        assert answer.text.endswith(".")


def test_every_numeric_rule_has_short_numbers() -> None:
    for judgement in make_verification(exhibits=False).judgements:
        if judgement.judged:
            assert 0 < len(judge_of(judgement.claim.rule).numbers(judgement)) < 400


# Curves --------------------------------------------------------------------------------------------------


def test_curves_are_measured_on_the_runs_of_the_claims() -> None:
    claim = builtin_ledger()["two_stage.theorem_4_1.noisy_misfit.weak_signal"]
    small = replace(claim, experiment=replace(claim.experiment, runs={"quick": 5}))
    curve = Curve(
        "c", small.experiment, (0.5, 1.0), lambda run: {"margin": [1.0, float(run.seed % 7)]}, "t", "y"
    )
    other = replace(curve, id="o", experiment=replace(claim.experiment, id="elsewhere"))
    asking = Question("?", (Part({small.id: ""}, "{these}", "{these}", "it"),), (curve, other))
    paper = replace(load_paper("two_stage"), claims=(small,), questions=(asking,), exhibits=())
    made = verify_claims(
        [small], profile="quick", papers=[paper], counterexamples=False, backend=SerialBackend()
    )
    (measured,) = made.curves
    seeds = [o.seed for o in made.judgements[0].observations]
    judged = [o.seed for o in made.judgements[0].observations if o.not_judged is None]
    assert set(measured.values["margin"][:, 1]) <= {float(s % 7) for s in seeds}
    assert len(judged) <= measured.runs <= len(seeds)

    wrong = replace(curve, measure=lambda run: {"margin": [1.0]})
    other_paper = replace(paper, questions=(replace(asking, curves=(wrong,)),))
    with pytest.raises(ValueError, match="curve c: series 'margin' must hold 2 values"):
        verify_claims(
            [small], profile="quick", papers=[other_paper], counterexamples=False, backend=SerialBackend()
        )


def test_answers_have_a_figure_in_both_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figure_module, "FIGURES", (answer_figures.figures,))
    verification = asked(ORDER, NORMS)
    curve = Curve("c", by_id(verification, ORDER).claim.experiment, (0.5, 1.0, 2.0), lambda run: {}, "T", "y")
    values = {"one": np.array([[0.1, 0.2, np.nan], [0.2, np.nan, np.nan]]), "two": np.zeros((2, 3))}
    asking = replace(verification.questions[0], curves=(curve,))
    verification = replace(verification, questions=(asking,), curves=(MeasuredCurve(curve, values),))
    drawn = [f for f in draw_all(verification) if f.name == "question_1"]
    assert [f.error for f in drawn] == [""]
    html = render_html(verification, drawn, "appendix")
    assert 'id="question_1"' in html
    assert html.count("data:image/png") == 1
    assert 'href="appendix.html#question_1"' in render_html(verification, drawn)
    assert "figures/question_1.png" in render_markdown(verification, drawn, "appendix")
