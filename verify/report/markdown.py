"""`report.md`: the same report for reading in a terminal or beside the code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from verify.outcome import Judgement, Verification
from verify.report.answers import answers
from verify.report.document import (
    checked_sentence,
    counterexample_rows,
    judged_sentence,
    run_rows,
    statistic_rows,
    statistic_tables,
    title_of,
)
from verify.report.mathtext import statement_markdown
from verify.report.regimes import claim_conditions, regimes
from verify.report.summary import findings, headline, not_judged, verdict_counts
from verify.report.tightness import tightness
from verify.report.vacuity import vacuity_section
from verify.report.wording import VERDICT_EXPLANATIONS, rule_explanations, rule_sentence, show

if TYPE_CHECKING:
    from verify.report.figures import DrawnFigure

__all__ = ["render_markdown"]


def render_markdown(verification: Verification, figures: Sequence[DrawnFigure]) -> str:
    """The report as GitHub-flavoured Markdown; formulas stay LaTeX, figures are linked."""
    parts = [
        f"# Verification report: {_text(title_of(verification))}",
        f"**{headline(verification)}**",
        checked_sentence(verification),
        _table(["verdict", "claims"], [[v, str(n)] for v, n in verdict_counts(verification).items()]),
        *_findings(verification),
        *_answers(verification, figures),
        "## Verdicts",
        _verdicts(verification),
        "## Figures",
        *(_figure(figure) for figure in figures if not figure.name.startswith("question_")),
        "## Claims in detail",
        *(_claim(judgement) for judgement in verification.judgements),
        "## Regimes: where the runs lie",
        _regimes(verification),
        "## Not judged, and why",
        _unjudged(verification),
        "## Tightness of the bounds",
        _tightness(verification),
        *_vacuity(verification),
        "## How a verdict is made",
        _list(f"**{name}**: {text}." for name, text in VERDICT_EXPLANATIONS.items()),
        _list(f"**{name}**: {text}" for name, text in rule_explanations().items()),
        "## Versions and seeds",
        _table(["", ""], [[_text(cell) for cell in row] for row in run_rows(verification.run_info)]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(text: str) -> str:
    """Plain text: nothing in it is taken for HTML or emphasis."""
    out = " ".join(escape(str(text), quote=False).split())
    for sign in "*_`":
        out = out.replace(sign, "\\" + sign)
    return out


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "None."
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _answers(verification: Verification, figures: Sequence[DrawnFigure]) -> list[str]:
    found = answers(verification)
    if not found:
        return []
    drawn = {figure.name: figure for figure in figures}
    parts = [
        "## Questions asked of the paper",
        "In brackets: shares of runs or means over runs, each followed by its 95 % interval; sd is the "
        "standard deviation between runs.",
    ]
    for answer in found:
        parts.append(f"### {_text(answer.asked)}")
        parts.append(_list(statement_markdown(s.text) for s in answer.statements))
        if answer.figure in drawn and drawn[answer.figure].png is not None:
            parts.append(f"![{_text(answer.asked)}](figures/{answer.figure}.png)")
        parts.append(f"Claims: {', '.join(f'`{j.claim.id}` ({j.verdict})' for j in answer.judgements)}.")
    return parts


def _findings(verification: Verification) -> list[str]:
    groups: dict[str, list[str]] = {}
    for finding in findings(verification):
        line = f"**{finding.verdict}** `{finding.claim_id}`: {_text(finding.text)}"
        groups.setdefault(finding.group, []).append(line)
    out = ["## Findings"]
    for group, lines in groups.items():
        out += [f"### {group}", _list(lines)]
    if not groups:
        out.append("Every claim is supported where it was judged, and no condition was probed.")
    return out


def _verdicts(verification: Verification) -> str:
    rows = [
        [
            f"`{j.claim.id}`" + (" (probe)" if j.claim.is_probe else ""),
            _text(j.claim.source.item),
            j.claim.provenance,
            f"**{j.verdict}**",
            show(j.decision.power),
            _text(j.decision.reason),
        ]
        for j in verification.judgements
    ]
    return _table(["claim", "source", "stated by", "verdict", "power", "why"], rows)


def _figure(figure: DrawnFigure) -> str:
    if figure.png is None:
        body = f"This figure could not be drawn: {_text(figure.error)}"
    else:
        body = f"![{figure.title}](figures/{figure.name}.png)"
    return f"### {figure.title}\n\n{body}\n\n{figure.caption}"


def _claim(judgement: Judgement) -> str:
    claim = judgement.claim
    probe = ", probe" if claim.is_probe else ""
    parts = [
        f"### `{claim.id}`",
        f"**{judgement.verdict}**; {_text(str(claim.source))}; {claim.provenance}; {claim.kind}{probe}",
        statement_markdown(claim.statement),
    ]
    if claim.note:
        parts.append(f"Reading: {statement_markdown(claim.note)}")
    if claim.prediction is not None:
        latex = claim.prediction.latex.replace("<", r"\lt ").replace(">", r"\gt ")
        parts.append(f"Prediction: ${latex}$ ({_text(claim.prediction.unit)})")
        parts.append(_list(f"`{k}`: {statement_markdown(v)}" for k, v in claim.prediction.constants.items()))
    if claim.measured:
        parts.append(f"Measured: {statement_markdown(claim.measured)}")
    parts.append(f"Decided: {_text(rule_sentence(claim.rule))}")
    parts.append("\n".join(f"{i}. {_text(step)}" for i, step in enumerate(judgement.chain, 1)))
    if claim.conditions:
        rows = [
            [condition.name, role, counter.text, counter.slack_text]
            for condition, role, counter in claim_conditions(judgement)
        ]
        parts.append(_table(["condition", "role", "settings inside", "slack"], rows))
    if judgement.counterexample is not None:
        rows = [[name, _text(value)] for name, value in counterexample_rows(judgement)]
        parts += [
            _table(["counterexample", ""], rows),
            "Replay it:",
            f"```\n{judgement.counterexample.replay}\n```",
        ]
    numbers = [
        ("measured", show(judgement.decision.measured)),
        ("predicted", show(judgement.decision.predicted)),
        ("judged", judged_sentence(judgement)),
        *statistic_rows(judgement),
    ]
    parts.append(_table(["number", "value"], [[name, _text(value)] for name, value in numbers]))
    for name, head, body in statistic_tables(judgement):
        parts += [f"{name.capitalize()}:", _table(head, body)]
    if judgement.proof is not None:
        steps = "\n".join(
            f"{i}. {statement_markdown(step)}" for i, step in enumerate(judgement.proof.steps, 1)
        )
        parts.append(f"Symbolic proof {'holds' if judgement.proof.holds else 'FAILS'}:\n\n{steps}")
    if claim.parents:
        parts.append("Rests on " + ", ".join(f"`{parent}`" for parent in claim.parents) + ".")
    return "\n\n".join(part for part in parts if part)


def _regimes(verification: Verification) -> str:
    found = regimes(verification)
    if not found:
        return "No run was judged."
    head = ["experiment", "engine", "runs", "settings", *found[0].ranges, "κ₀ below 1 / 1–10 / above 10"]
    rows = [
        [
            f"`{r.experiment}`",
            _text(r.engines),
            str(r.runs),
            str(r.settings),
            *r.ranges.values(),
            " / ".join(map(str, r.kappa)),
        ]
        for r in found
    ]
    tables = [_table(head, rows)]
    names = list(found[0].conditions)
    if names:
        tables.append("Settings inside each condition of the paper and its framework, and the slack:")
        rows = [
            [f"`{r.experiment}`", *(f"{c.share}, slack {c.slack_text}" for c in r.conditions.values())]
            for r in found
        ]
        tables.append(_table(["experiment", *names], rows))
    return "\n\n".join(tables)


def _unjudged(verification: Verification) -> str:
    rows = [
        [f"`{j.claim.id}`", str(count), _text(reason)]
        for j in verification.judgements
        for reason, count in not_judged(j).items()
    ]
    return _table(["claim", "runs", "reason"], rows) if rows else "Every planned run counts."


def _tightness(verification: Verification) -> str:
    rows = [
        [f"`{t.claim_id}`", str(t.runs), show(t.least), show(t.median), show(t.largest), t.remark]
        for t in tightness(verification)
    ]
    return _table(["claim", "runs", "least", "median", "largest bound / observed", ""], rows)


def _vacuity(verification: Verification) -> list[str]:
    section = vacuity_section(verification)
    rows = [[f"`{row[0]}`", *map(_text, row[1:])] for row in section.rows]
    return [
        "## Could the claims have failed?",
        _text(section.introduction),
        section.summary,
        _table(section.head, rows) if rows else "",
    ]
