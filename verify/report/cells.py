"""Cells as HTML and as Markdown: the only place where text becomes markup."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from html import escape

from markupsafe import Markup

from theory.formulas import formula_html, formula_markdown, statement_html, statement_markdown
from verify.outcome import Verdict
from verify.report.blocks import Cell, Chip, Code, Formula, Line, Link, Plain, Ref, Tag

__all__ = ["MARKS", "cell_html", "cell_markdown", "plain_markdown"]

#: A mark for each verdict, so that neither colour nor print is needed to tell them apart.
MARKS: dict[Verdict, str] = {
    "supported": "✓", "refuted": "✗", "inconclusive": "?", "derived": "■", "vacuous": "∅",
    "not-applicable": "–", "errored": "!",
}  # fmt: skip


def cell_html(cell: Cell) -> Markup:
    """The cell as HTML; everything from claims and runs is escaped."""
    return Markup(_html(cell))  # escaped piece by piece


def _html(cell: Cell) -> str:
    match cell:
        case str():
            return statement_html(cell)
        case Plain(text):
            return escape(text.replace(" %", "\N{NO-BREAK SPACE}%"))
        case Code(text):
            return f"<code>{_breakable(text)}</code>"
        case Formula(latex):
            return formula_html(latex)
        case Ref(claim, appendix, name):
            page = "appendix.html" if appendix else ""
            return f'<a href="{page}#claim-{escape(claim)}"><code>{_breakable(name or claim)}</code></a>'
        case Link(address, text):
            return f'<a href="{escape(address)}">{escape(text)}</a>'
        case Chip(verdict):
            return f'<span class="chip {verdict}">{verdict}</span>'  # the style puts its mark before it
        case Tag(word):
            return f'<span class="tag {escape(word)}">{escape(word)}</span>'
        case Line(parts):
            return "<br>".join(map(_html, parts))
        case _:
            return " ".join(map(_html, cell))


def _breakable(name: str) -> str:
    """A name that may be broken into lines after its dots."""
    return escape(name).replace(".", ".<wbr>")


def cell_markdown(cell: Cell) -> str:
    """The cell as GitHub-flavoured Markdown in one line."""
    match cell:
        case str():
            return statement_markdown(cell)
        case Plain(text):
            return plain_markdown(text)
        case Code(text):
            return _code_markdown(text)
        case Ref(claim, appendix, name):
            return f"[{_code_markdown(name or claim)}]({'appendix.md' if appendix else ''}#claim-{claim})"
        case Formula(latex):
            return formula_markdown(latex)
        case Link(address, text):
            page, _, place = address.partition("#")
            page = page.replace(".html", ".md")
            return f"[{plain_markdown(text)}]({page}{f'#{place}' if place else ''})"
        case Chip(verdict):
            return f"**{verdict}**"
        case Tag(word):
            return plain_markdown(word)
        case Line(parts):
            return _in_a_line(map(cell_markdown, parts))
        case _:
            return " ".join(map(cell_markdown, cell))


def _in_a_line(parts: Iterable[str]) -> str:
    """Sentences follow each other, other parts stand apart by a semicolon.

    >>> _in_a_line(["It holds.", "It stops", "there"])
    'It holds. It stops; there'
    """
    return functools.reduce(lambda line, part: f"{line}{' ' if line.endswith('.') else '; '}{part}", parts)


def _code_markdown(text: str) -> str:
    return f"`{' '.join(text.split())}`".replace("|", r"\|").replace("<", "&lt;")


def plain_markdown(text: str) -> str:
    """Plain text: nothing in it is taken for HTML, emphasis or a table."""
    out = " ".join(escape(str(text), quote=False).split())
    return re.sub(r"([*_`|])", r"\\\1", out)
