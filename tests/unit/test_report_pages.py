"""HTML and Markdown: self-contained, and safe against what claims contain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from report_cases import INJECTION, Page

from verify.outcome import VERDICTS, Verification
from verify.report.html import render_html
from verify.report.markdown import render_markdown
from verify.report.mathtext import formula_html, statement_html, statement_markdown


def test_html_is_self_contained_and_without_scripts(verification: Verification, folder: Path) -> None:
    html = (folder / "report.html").read_text("utf-8")
    assert "<script" not in html.lower()
    page = Page(html)
    assert page.open == []
    assert page.handlers == []
    assert {"script", "link", "iframe", "object"}.isdisjoint(page.tags)
    assert not re.search(r"url\(|@import", html)
    for address in page.addresses:
        assert address.startswith(("#", "data:image/png;base64,")), address
    # Every link leads somewhere, except to parents that were not chosen.
    targets = {a[1:] for a in page.addresses if a.startswith("#")}
    assert targets - set(page.ids) == {"claim-absent.claim"}


def test_html_shows_every_claim_and_the_injection_as_text(verification: Verification, folder: Path) -> None:
    text = "".join(Page((folder / "report.html").read_text("utf-8")).text)
    for judgement in verification.judgements:
        assert judgement.claim.id in text
        if "$" not in judgement.decision.reason:
            assert judgement.decision.reason in text
        if judgement.counterexample is not None:
            assert judgement.counterexample.replay in text
    assert 'Ünïcode ≥ <script>alert("x")</script> &' in text
    assert "中文" in text
    assert "<b>Someone</b> & co" in text
    for verdict in VERDICTS:
        assert verdict in text


def test_html_without_escaping_would_be_caught(verification: Verification) -> None:
    # The check above can fail: the same text put in unescaped makes tags.
    assert "script" in Page(f"<p>{INJECTION}</p>").tags


def test_formulas_are_drawn_or_shown_as_source(folder: Path) -> None:
    html = (folder / "report.html").read_text("utf-8")
    assert html.count("<svg") > 50
    assert re.findall(r'<code class="tex">(.*?)</code>', html) == [
        r"a &lt; b \le \unknowncommand{c}",
        r"a &lt; b \le \unknowncommand{c}",
        r"a &lt; b \le \unknowncommand{c}",
    ]


@pytest.mark.parametrize(
    "latex",
    [
        r"\sqrt{\frac n2\log\frac4\delta}", r"x \le y \ge z", r"\underline\rho_{j,r,i}^{(t)}", r"\tfrac12",
        r"\lvert x\rvert", r"\bigl(x\bigr)", r"\mathbf 1[x>0]", r"\int\limits_0^1 x\,dx", r"\sqrt d",
        r"\left|{\mu}\right| \max\left(a, b\right)", r"e^{\frac{3}{2}}", r"\#\{i: y_i \ne \tilde y_i\}",
    ],
)  # fmt: skip
def test_common_latex_is_drawn(latex: str) -> None:
    assert formula_html(latex).startswith("<svg")


def test_every_builtin_formula_is_drawn() -> None:
    from theory.ledger import builtin_ledger

    for claim in builtin_ledger():
        prediction = "" if claim.prediction is None else f"${claim.prediction.latex}$"
        parts = [claim.statement, claim.note, prediction, *(f"${c.latex}$" for c in claim.conditions)]
        for part in parts:
            assert '<code class="tex">' not in statement_html(part), (claim.id, part)


def test_outline_keeps_the_baseline_and_the_size() -> None:
    def box(latex: str) -> tuple[float, float, float]:
        pattern = r"width:([\d.]+)em;height:([\d.]+)em;vertical-align:(-?[\d.]+)em"
        style = re.search(pattern, formula_html(latex))
        assert style is not None
        width, height, shift = map(float, style.groups())
        return width, height, shift

    assert box("xx")[0] == pytest.approx(2 * box("x")[0], rel=0.1)
    assert box("p")[2] < box("x")[2] < 0  # a descender reaches further below the line
    assert box(r"\frac{a}{b}")[1] > 1.5 * box("a")[1]


def test_markdown_escapes_tags(folder: Path) -> None:
    text = (folder / "report.md").read_text("utf-8")
    assert "<" not in text
    assert "&lt;script&gt;" in text
    for link in re.findall(r"\]\(([^)]*)\)", text):
        assert (folder / link).is_file()
    assert statement_markdown("$a<b$") == r"$a\lt b$"


def test_markdown_tables_are_rectangular(folder: Path) -> None:
    width = 0
    for line in (folder / "report.md").read_text("utf-8").splitlines():
        cells_ = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        if width and cells_:
            assert cells_ == width, line
        width = cells_


def test_a_report_of_no_claims_can_be_read() -> None:
    empty = Verification((), (), {})
    page = Page(render_html(empty, []))
    assert page.open == []
    assert "0 of 0 claims" in render_markdown(empty, [])
