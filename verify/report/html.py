"""`report.html`: one self-contained file, without scripts, that opens offline."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from verify.outcome import VERDICTS, Judgement, Verification
from verify.report.answers import Answer, answers
from verify.report.document import (
    checked_sentence,
    constants_text,
    counterexample_rows,
    judged_sentence,
    run_rows,
    statistic_rows,
    statistic_tables,
    title_of,
)
from verify.report.mathtext import formula_html, statement_html
from verify.report.regimes import claim_conditions, paper_conditions, regimes
from verify.report.summary import findings, headline, not_judged, verdict_counts
from verify.report.tightness import tightness
from verify.report.vacuity import vacuity_section
from verify.report.wording import (
    VERDICT_EXPLANATIONS,
    rule_explanations,
    rule_sentence,
    show,
)

if TYPE_CHECKING:
    from verify.report.figures import DrawnFigure

__all__ = ["render_html"]

#: A source that is a page of this project's documentation, with the title of its part.
_DOCUMENT = re.compile(r"docs/(?:.*/)?(?P<file>\w+)\.md(?:, (?P<title>.+))?")

_TEMPLATES = Path(__file__).parent / "templates"

#: A mark for each verdict, so that neither colour nor print is needed to tell them apart.
MARKS = {"supported": "✓", "refuted": "✗", "inconclusive": "?", "not-applicable": "–"}


def render_html(verification: Verification, figures: Sequence[DrawnFigure]) -> str:
    """The whole report as one HTML document. Everything from claims and runs is escaped."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["math"] = _statement
    environment.filters["formula"] = _formula
    environment.filters["show"] = show
    environment.filters["breakable"] = _breakable
    return environment.get_template("report.html.j2").render(_context(verification, figures)) + "\n"


def _statement(text: str) -> Markup:
    return Markup(statement_html(text))  # escaped by statement_html


def _breakable(claim_id: str) -> Markup:
    """An id that may be broken into lines after its dots and underscores."""
    return Markup(re.sub(r"([._])", r"\1<wbr>", str(escape(claim_id))))


def _formula(latex: str) -> Markup:
    return Markup(formula_html(latex))  # escaped by formula_html


def _context(verification: Verification, figures: Sequence[DrawnFigure]) -> dict[str, Any]:
    stated = paper_conditions(verification)
    groups: dict[str, list[Any]] = {}
    for finding in findings(verification):
        groups.setdefault(finding.group, []).append(finding)
    return {
        "title": title_of(verification),
        "checked": checked_sentence(verification),
        "headline": headline(verification),
        "failed": verification.exit_status != 0,
        "info": verification.run_info,
        "run_rows": run_rows(verification.run_info),
        "verdicts": VERDICTS,
        "marks": MARKS,
        "counts": verdict_counts(verification),
        "probes": {
            v: sum(j.claim.is_probe and j.verdict == v for j in verification.judgements) for v in VERDICTS
        },
        "items": _by_item(verification),
        "findings": groups,
        "answers": [_answer(a, figures) for a in answers(verification)],
        "claims": [_claim(j) for j in verification.judgements],
        "figures": [_figure(f) for f in figures if not f.name.startswith("question_")],
        "regimes": regimes(verification),
        "stated": [
            {
                "name": name,
                "latex": condition.latex,
                "source": str(condition.source),
                "provenance": condition.provenance,
                "why": condition.why,
                "constants": constants_text([condition], constants),
            }
            for name, (condition, constants) in stated.items()
        ],
        "tightness": tightness(verification),
        "vacuity": vacuity_section(verification),
        "unjudged": [
            (j.claim.id, len(j.observations), reasons)
            for j in verification.judgements
            if (reasons := not_judged(j))
        ],
        "verdict_explanations": VERDICT_EXPLANATIONS,
        "rule_explanations": rule_explanations(),
    }


def _by_item(verification: Verification) -> dict[str, list[dict[str, Any]]]:
    """The claims of each item of each paper, for the overview; the paper most cited is the title's."""
    sources = [j.claim.source for j in verification.judgements]
    papers = Counter(source.paper for source in sources if not _DOCUMENT.fullmatch(source.item))
    subject = papers.most_common(1)[0][0] if papers else ""
    out: dict[str, list[dict[str, Any]]] = {}
    for judgement in verification.judgements:
        source = judgement.claim.source
        place = _DOCUMENT.fullmatch(source.item)
        if place is not None:
            name = f"{place['title'] or place['file'].replace('_', ' ').capitalize()} (derived)"
        else:
            name = source.item if source.paper == subject else f"{source.item} ({source.paper})"
        mark = {
            "id": judgement.claim.id,
            "verdict": judgement.verdict,
            "probe": judgement.claim.is_probe,
        }
        out.setdefault(name, []).append(mark)
    return out


def _answer(answer: Answer, figures: Sequence[DrawnFigure]) -> dict[str, Any]:
    return {
        "asked": answer.asked,
        "short": answer.short,
        "statements": answer.statements,
        "judgements": answer.judgements,
        "id": answer.figure,
        "figure": next((_figure(f) for f in figures if f.name == answer.figure), None),
    }


def _figure(figure: DrawnFigure) -> dict[str, Any]:
    data = "" if figure.png is None else base64.b64encode(figure.png).decode("ascii")
    return {
        "name": figure.name,
        "title": figure.title,
        "caption": figure.caption,
        "data": data,
        "error": figure.error,
    }


def _claim(judgement: Judgement) -> dict[str, Any]:
    claim = judgement.claim
    return {
        "id": claim.id,
        "source": str(claim.source),
        "item": claim.source.item,
        "provenance": claim.provenance,
        "kind": claim.kind,
        "verdict": judgement.verdict,
        "probe": claim.is_probe,
        "drops": claim.drops,
        "reason": judgement.decision.reason,
        "power": judgement.decision.power,
        "statement": claim.statement,
        "note": claim.note,
        "how_measured": claim.measured,
        "rule": rule_sentence(claim.rule),
        "prediction": claim.prediction,
        "conditions": claim_conditions(judgement),
        "constants": constants_text(claim.conditions, claim.constants),
        "chain": judgement.chain,
        "measured": judgement.decision.measured,
        "predicted": judgement.decision.predicted,
        "statistic": statistic_rows(judgement),
        "tables": statistic_tables(judgement),
        "judged": judged_sentence(judgement),
        "needed": judgement.decision.needed,
        "parents": claim.parents,
        "counterexample": counterexample_rows(judgement),
        "replay": judgement.counterexample.replay if judgement.counterexample else "",
        "proof": judgement.proof,
        "not_judged": not_judged(judgement),
        "experiment": claim.experiment.id,
        "engines": ", ".join(claim.experiment.engines),
    }
