"""HTML and Markdown: self-contained, and safe against what claims contain."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from report_cases import INJECTION, Page, by_id

from theory import Item, Paper, Proof, Reference
from theory.formulas import formula_html, statement_html, statement_markdown
from theory.item import MOST_CLAIMS, NumberTable
from verify.judge import errored
from verify.outcome import VERDICTS, Verdict, Verification
from verify.report.blocks import Figure
from verify.report.cells import MARKS
from verify.report.figures.style import VERDICT_COLOURS
from verify.report.headings import headings
from verify.report.render import render_html, render_markdown
from verify.report.sections.material import Layer
from verify.report.wording import VERDICT_EXPLANATIONS
from verify.runs.batch import Failure
from verify.runs.plan import plan_runs

LAYERS: tuple[Layer, ...] = ("report", "appendix")


@pytest.mark.parametrize("layer", LAYERS)
def test_html_is_self_contained_and_runs_one_script(
    verification: Verification, folder: Path, layer: Layer
) -> None:
    html = (folder / f"{layer}.html").read_text("utf-8")
    page = Page(html)
    assert page.open == []
    assert page.handlers == []
    assert {"link", "iframe", "object"}.isdisjoint(page.tags)
    assert not re.search(r"url\(|@import", html)
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in html
    assert "default-src 'none'" in html
    for address in page.addresses:
        assert address.startswith(("#", "data:image/png;base64,", "appendix.html", "report.html")), address
    # Every link leads somewhere: to parents that were not chosen there is none.
    assert len(page.ids) == len(set(page.ids))
    for address in page.addresses:
        if not address.startswith("data:"):
            file, _, place = address.partition("#")
            there = page if not file else Page((folder / file).read_text("utf-8"))
            assert not place or place in there.ids, address


def test_the_appendix_shows_every_claim_and_the_injection_as_text(
    verification: Verification, folder: Path
) -> None:
    text = "".join(Page((folder / "appendix.html").read_text("utf-8")).text)
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


def test_the_report_shows_its_claims_in_a_line_each(verification: Verification, folder: Path) -> None:
    html = (folder / "report.html").read_text("utf-8")
    ids = re.findall(r'data-id="([^"]+)"', html)
    main = [j.claim.id for h in headings(verification) for j in h.judgements]
    assert ids == main
    assert len(main) <= MOST_CLAIMS
    assert html.count("reproduce:") == len(main) + 1
    text = "".join(Page(html).text)
    for claim in main:
        assert f"--claims {claim} " in text


def test_items_of_the_paper_are_the_headings(verification: Verification) -> None:
    def numbers() -> NumberTable:
        return NumberTable("The threshold at n", ("n", "a*"), (("50", "4.2"), ("<100", "none")))

    ids = ("zoo.theorem_4_1.order", "zoo.lemma.norms")
    items = (
        Item("Theorem 4.1", ids[:1], "Noisy samples come $t < s$ first.", numbers=numbers),
        Item("Beyond", ids[1:], beyond=True),
        Item("Never asked for", ("zoo.absent",)),
    )
    reference = Reference("A. Author", 2025, "Zoo", "a journal")
    paper = Paper("zoo", reference, tuple(j.claim for j in verification.judgements), items=items)
    html = render_html(replace(verification, papers=(paper,)), [])
    assert re.findall(r'data-id="([^"]+)"', html) == list(ids)
    assert '<p class="stated">Noisy samples come <math>' in html
    places = [html.index(f'id="{name}"') for name in ("items", "item-1", "new", "item-2")]
    assert places == sorted(places)
    assert "Never asked for" not in html
    cells = '<th scope="row">&lt;100</th><td>none</td>'
    assert places[1] < html.index(cells) < places[2]
    with pytest.raises(ValueError, match="2 cells"):
        NumberTable("The threshold", ("n", "a*"), (("50",),))
    assert "python -m verify run --paper zoo --profile quick --seed 0" in html


def test_html_without_escaping_would_be_caught(verification: Verification) -> None:
    # The check above can fail: the same text put in unescaped makes tags.
    assert "script" in Page(f"<p>{INJECTION}</p>").tags


def test_formulas_are_mathml_or_shown_as_source(folder: Path) -> None:
    html = (folder / "appendix.html").read_text("utf-8")
    assert html.count("<math>") > 50
    # As statement, reading and measurement of the claim.
    assert re.findall(r'<code class="tex">(.*?)</code>', html) == [r"a &lt; b \le \unknowncommand{c}"] * 3


@pytest.mark.parametrize(
    "latex",
    [
        r"\sqrt{\frac n2\log\frac4\delta}", r"x \le y \ge z", r"\underline\rho_{j,r,i}^{(t)}", r"\tfrac12",
        r"\lvert x\rvert", r"\bigl(x\bigr)", r"\mathbf 1[x>0]", r"\int\limits_0^1 x\,dx", r"\sqrt d",
        r"\left|{\mu}\right| \max\left(a, b\right)", r"e^{\frac{3}{2}}", r"\#\{i: y_i \ne \tilde y_i\}",
    ],
)  # fmt: skip
def test_common_latex_converts(latex: str) -> None:
    made = formula_html(latex)
    assert made.startswith("<math>")
    page = Page(made)  # well formed, and nothing left as source
    assert page.open == []
    assert "\\" not in made


def test_every_builtin_formula_converts() -> None:
    from theory.paper import find_papers

    texts: list[str] = []
    for paper in find_papers(optional=True).values():
        for claim in paper.claims:
            prediction = "" if claim.prediction is None else f"${claim.prediction.latex}$"
            texts += [claim.statement, claim.note, claim.measured, prediction]
            texts += [part for c in claim.conditions for part in (f"${c.latex}$", c.why)]
        texts += [f"${entry.latex}$" for entry in paper.letters]
        texts += [part.supported for q in paper.questions for part in q.parts]
    assert len(texts) > 500
    for text in texts:
        assert '<code class="tex">' not in statement_html(text), text


def test_a_formula_is_marked_up_by_its_meaning() -> None:
    assert formula_html(r"\frac{a}{b}") == ("<math><mfrac><mi>a</mi><mi>b</mi></mfrac></math>")
    assert formula_html("x_1") == "<math><msub><mi>x</mi><mn>1</mn></msub></math>"
    assert "<mo>&lt;</mo>" in formula_html("a<b")
    assert formula_html(r"\unknown{<b>}") == r'<code class="tex">\unknown{&lt;b&gt;}</code>'


@pytest.mark.parametrize("layer", LAYERS)
def test_the_page_can_be_read_without_seeing_it(folder: Path, layer: Layer) -> None:
    html = (folder / f"{layer}.html").read_text("utf-8")
    assert html.count("<table") == html.count("<caption>") > 0
    assert re.findall(r"<th(?! scope=)[ >]", html) == []
    levels = [int(level) for level in re.findall(r"<h([1-6])>", html)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert '<a class="skip" href="#main">' in html
    for alt in re.findall(r'<img [^>]*alt="([^"]*)"', html):
        assert len(alt) > 40, alt


def test_an_errored_claim_shows_line_and_replay(verification: Verification) -> None:
    failure = Failure("raised", "ZeroDivisionError: division by zero", "claims.py:7")
    judgement = by_id(verification, "zoo.lemma.norms")
    spec = plan_runs(judgement.claim.experiment, "quick", 0)[3]
    broken = errored(judgement.claim, judgement.observations, spec, failure, "python -m verify replay zoo.x")
    text = "".join(Page(render_html(Verification((broken,), (), {}), [], "appendix")).text)
    for words in ("errored", "claims.py:7", "run 3 of zoo.box", "python -m verify replay zoo.x"):
        assert words in text
    assert "The code of 1 failed." in render_html(Verification((broken,), (), {}), [])


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_has_a_mark_a_colour_and_a_place(verification: Verification, verdict: Verdict) -> None:
    judgement = by_id(verification, "zoo.lemma.norms")
    made = replace(judgement, decision=replace(judgement.decision, verdict=verdict))
    html = render_html(Verification((made,), (), {}), [])
    assert f'<span class="chip {verdict}">' in html
    assert f"--{verdict}:" in html
    assert MARKS[verdict] in html
    assert verdict in VERDICT_EXPLANATIONS
    assert verdict in VERDICT_COLOURS
    assert f"**{verdict}**" in render_markdown(Verification((made,), (), {}), [])


_ANCHOR = re.compile(r'<a id="([\w.-]+)"></a>')


@pytest.mark.parametrize("layer", LAYERS)
def test_markdown_escapes_tags(folder: Path, layer: Layer) -> None:
    text = (folder / f"{layer}.md").read_text("utf-8")
    assert "<" not in _ANCHOR.sub("", text)
    assert "&lt;script&gt;" in text
    assert statement_markdown("$a<b$") == r"$a\lt b$"


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("kind", ["md", "html"])
def test_every_link_of_every_page_leads_somewhere(folder: Path, layer: Layer, kind: str) -> None:
    def places(name: str) -> set[str]:
        text = (folder / name).read_text("utf-8")
        found = _ANCHOR.findall(text) if kind == "md" else Page(text).ids
        assert len(found) == len(set(found)), name
        return set(found)

    text = (folder / f"{layer}.{kind}").read_text("utf-8")
    links = re.findall(r"\]\(([^)]*)\)", text) if kind == "md" else re.findall(r'href="([^"]*)"', text)
    assert len(links) > 5
    for link in links:
        file, _, place = link.partition("#")
        assert not file or (folder / file).is_file(), link
        assert not place or place in places(file or f"{layer}.{kind}"), link


@pytest.mark.parametrize("layer", LAYERS)
def test_markdown_tables_are_rectangular(folder: Path, layer: Layer) -> None:
    width = 0
    for line in (folder / f"{layer}.md").read_text("utf-8").splitlines():
        cells_ = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        if width and cells_:
            assert cells_ == width, line
        width = cells_


def test_a_page_of_many_claims_is_light(verification: Verification, figures: list[Figure]) -> None:
    """As many claims as the largest paper has, with every kind of figure, within 2 MB: nothing twice."""
    proof = Proof(True, tuple(f"Step {k}: $\\frac{{a_{k}}}{{b}}$ goes on and on." for k in range(60)))
    many = [
        replace(j, claim=replace(j.claim, id=f"zoo.copy_{copy}.{j.claim.id}", parents=()), proof=proof)
        for copy in range(13)
        for j in verification.judgements
    ]
    assert len(many) >= 260
    large = replace(verification, judgements=tuple(many[:260]))
    for layer in LAYERS:
        assert len(render_html(large, figures, layer).encode()) < 2_000_000
    html = render_html(large, [], "appendix")
    assert html.count("Step 59") == 1
    assert len(html.encode()) < 1_300_000
    assert sum(len(f.png or b"") for f in figures) < 400_000


def test_a_report_of_no_claims_can_be_read() -> None:
    empty = Verification((), (), {})
    page = Page(render_html(empty, []))
    assert page.open == []
    assert "No claim was asked for" in render_markdown(empty, [])
