"""Pages from their templates: the report and its appendix as HTML, which opens offline and runs one script of
its own, and as Markdown."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from verify.outcome import Verification
from verify.report.blocks import Figure
from verify.report.cells import MARKS, cell_html, cell_markdown, plain_markdown
from verify.report.context import Page, counts_of, page, title_of
from verify.report.sections.material import Layer
from verify.report.summary import headline

__all__ = ["history_page", "html_of", "index_pages", "markdown_of", "render_html", "render_markdown"]

_TEMPLATES = Path(__file__).parent / "templates"


def render_html(verification: Verification, figures: Sequence[Figure], layer: Layer = "report") -> str:
    """One paper's report, or its appendix, as one HTML document. Everything from claims and runs is
    escaped."""
    return html_of(page(verification, figures, layer))


def render_markdown(verification: Verification, figures: Sequence[Figure], layer: Layer = "report") -> str:
    """The same as GitHub-flavoured Markdown; formulas stay LaTeX, figures are linked."""
    return markdown_of(page(verification, figures, layer))


def html_of(shown: Page) -> str:
    """A page as HTML, without empty lines; the script stays as it is, its digest is told."""
    html, tag, script = str(_template("report.html.j2", html=True).render(page=shown)).rpartition("<script>")
    return re.sub(r"\n\s*\n", "\n", html) + tag + script + "\n"


def markdown_of(shown: Page) -> str:
    """A page as Markdown."""
    text: str = _template("report.md.j2", html=False).render(page=shown)
    kept: list[str] = []
    for line in text.splitlines():
        if line.strip() or (kept and kept[-1]):
            kept.append(line.rstrip())
    return "\n".join(kept).strip() + "\n"


def index_pages(parts: Mapping[str, Verification]) -> tuple[str, str]:
    """HTML and Markdown that lead to the reports of several papers."""
    rows: list[dict[str, Any]] = [
        {"name": name, "title": title_of(part), "headline": headline(part), "counts": counts_of(part)}
        for name, part in parts.items()
    ]
    html = _template("index.html.j2", html=True).render(rows=rows) + "\n"
    lines = [
        f"- [{plain_markdown(r['title'])}]({r['name']}/report.md): {plain_markdown(r['headline'])}"
        for r in rows
    ]
    return html, "\n".join(["# Verification reports", "", *lines]) + "\n"


def history_page(rows: Sequence[Mapping[str, Any]]) -> str:
    """The page over several reports (`verify.report.history`)."""
    return str(_template("history.html.j2", html=True).render(rows=rows)) + "\n"


@cache
def _script() -> str:
    """The one script of a page, which filters claims. The page's policy names its digest: no other runs."""
    return (_TEMPLATES / "report.js").read_text(encoding="utf-8")


@cache
def _template(name: str, *, html: bool) -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=html,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["cell"] = cell_html if html else cell_markdown
    environment.filters["plain"] = plain_markdown
    environment.filters["kind"] = lambda value: type(value).__name__
    environment.filters["data"] = lambda png: Markup(base64.b64encode(png).decode("ascii"))
    environment.globals["marks"] = MARKS
    environment.globals["script"] = Markup(_script())
    environment.globals["script_hash"] = base64.b64encode(
        hashlib.sha256(_script().encode()).digest()
    ).decode()
    return environment.get_template(name)
