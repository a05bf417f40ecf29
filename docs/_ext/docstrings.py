"""Docstrings as they are written here (`code`, $formulas$, Args:, doctests) in Sphinx's own markup."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

#: Code in backticks, or a formula; whatever stands between two of them is text.
_MARKED = re.compile(r"``?(?P<code>[^`]+)``?|\$(?P<formula>[^$`]+)\$")
_SPECIAL = re.compile(r"([*|\\]|(?<=\w)_(?!\w))")


def translated(lines: list[str]) -> list[str]:
    """These lines in reStructuredText; doctests stay as they are.

    >>> translated(["`x` is |x| up to $x^2$", "", ">>> 2 * `3`", "6"])
    ['``x`` is \\\\|x\\\\| up to :math:`x^2`', '', '>>> 2 * `3`', '6']
    """
    out: list[str] = []
    text: list[str] = []
    in_doctest = False
    for line in [*lines, ""]:
        if line.lstrip().startswith(">>>") and not in_doctest:
            out += _paragraph(text)
            text, in_doctest = [], True
            if out and out[-1].strip():
                out.append("")
        if in_doctest:
            in_doctest = bool(line.strip())
            out.append(line)
        elif line.strip():
            text.append(line)
        else:
            out += [*_paragraph(text), ""]
            text = []
    return out[:-1]


def _paragraph(lines: list[str]) -> list[str]:
    """Code and formulas may run over a line's end, so a paragraph is translated whole."""
    text, done, at = "\n".join(lines), "", 0
    for found in _MARKED.finditer(text):
        done += _SPECIAL.sub(r"\\\1", text[at : found.start()])
        code = found["code"]
        inner = " ".join((code or found["formula"]).split("\n"))
        done += f"``{' '.join(inner.split())}``" if code else f":math:`{inner}`"
        after = text[found.end() : found.end() + 1]
        done += "\\ " if after.isalnum() else ""
        at = found.end()
    done += _SPECIAL.sub(r"\\\1", text[at:])
    return done.split("\n") if lines else []


def _process(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    lines[:] = translated(lines)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx; before napoleon reads the sections."""
    app.connect("autodoc-process-docstring", _process, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
