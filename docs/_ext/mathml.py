"""Formulas as MathML, set when the site is built: a page needs no script and no network to show them."""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)


def _markup(translator: Any, node: nodes.Element, display: str) -> str:
    latex = node.astext()
    try:
        return str(convert(latex, display=display))
    except Exception as error:
        LOGGER.warning("formula %r cannot be set: %s", latex, error, location=node)
        return f"<code>{escape(latex)}</code>"


def inline(translator: Any, node: nodes.Element) -> None:
    """A formula in a line of text."""
    translator.body.append(_markup(translator, node, "inline"))
    raise nodes.SkipNode


def displayed(translator: Any, node: nodes.Element) -> None:
    """A formula on a line of its own."""
    translator.body.append(f'<div class="math">{_markup(translator, node, "block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
