r"""LaTeX statements for people: text with `$formulas$` as HTML with MathML, or as Markdown.

A formula that does not convert is shown as its source in `<code>`; nothing is ever drawn.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape, unescape

__all__ = ["formula_html", "formula_markdown", "statement_html", "statement_markdown"]

#: LaTeX's unbreakable space ("Theorem~4.1"); elsewhere a tilde is a tilde ("y~_i").
_TIE = re.compile(r"(?<=[A-Za-z.])~(?=[0-9A-Z$])")
_FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<d>.+?)(?<!\\)\$\$|(?<!\\)\$(?P<i>.+?)(?<!\\)\$|\\\((?P<p>.+?)\\\)|\\\[(?P<b>.+?)\\\]",
    re.DOTALL,
)
#: Signs that Markdown takes for its own, and the commands that say the same.
_MARKDOWN = {
    "<": r"\lt ", ">": r"\gt ", r"\|": r"\Vert ", "|": r"\vert ", r"\,": r"\thinspace ",
    r"\;": r"\thickspace ", r"\!": r"\negthinspace ", r"\{": r"\lbrace ", r"\}": r"\rbrace ", "*": r"\ast ",
    r"\ ": r"\space ",
}  # fmt: skip
_MARKDOWN_SIGN = re.compile("|".join(re.escape(sign) for sign in sorted(_MARKDOWN, key=len, reverse=True)))
_ENTITY = re.compile(r"&#x[0-9A-Fa-f]+;")
#: A row of one token is the token.
_SINGLE = re.compile(r"<mrow>(<(m[ino]|mtext)(?: [^>]*)?>[^<]*</\2>)</mrow>")
#: Upright letters in a row are a word; a word is upright by itself.
_WORD = re.compile(r"(?:<mi mathvariant=\"normal\">[A-Za-z]</mi>){2,}")
#: Between a function's name and its argument stands a thin space, which browsers leave out.
_APPLIED = re.compile(
    r"(<mi>(?:log|ln|exp|sin|cos|tan|tanh|sup|inf)</mi>)(?=<m(?:[in]>|sub|sup|frac|sqrt|row))"
)
_THIN = '<mspace width="0.167em" />'
#: A prime as a superscript of one letter, which browsers set high above it: the sign is raised by itself.
_PRIME = re.compile(r"<msup>(<mi>[^<]*</mi>)<mi>′</mi></msup>")
_PRIME_SUB = re.compile(
    r"<msubsup>(<mi>[^<]*</mi>)(<m[in]>[^<]*</m[in]>|<mrow>(?:(?!</?mrow>).)*</mrow>)<mi>′</mi></msubsup>"
)
_TAG = re.compile(r"<(/?)([a-z]+)[^>]*?(/?)>")
#: Relations before which a long formula may go on in the next line, and from how many signs on it is long.
_RELATION = re.compile(r"<mo(?: [^>]*)?>(?:[=≤≥≈∼]|&lt;|&gt;|:=|→)</mo>")
_LONG = 16


@lru_cache(maxsize=4096)
def formula_html(latex: str) -> str:
    r"""One formula (without `$`) as MathML, which browsers set and screen readers read.

    >>> formula_html(r"x^2")
    '<math><msup><mi>x</mi><mn>2</mn></msup></math>'
    >>> formula_html(r"\mathrm{SNR}_{j}")
    '<math><msub><mi>SNR</mi><mi>j</mi></msub></math>'
    >>> formula_html(r"\log 2")
    '<math><mi>log</mi><mspace width="0.167em" /><mn>2</mn></math>'
    >>> formula_html(r"C'")
    '<math><mrow><mi>C</mi><mi>′</mi></mrow></math>'
    >>> formula_html(r"\nonsense{<b>}")
    '<code class="tex">\\nonsense{&lt;b&gt;}</code>'
    """
    from latex2mathml.converter import convert

    source = " ".join(latex.split())
    try:
        made: str = convert(source)
    except Exception:  # the library has no base class for what it cannot read
        made = "\\"
    if "\\" in made:  # a command that it does not know stays as it is
        return f'<code class="tex">{escape(source, quote=False)}</code>'
    made = re.sub(
        r"<math[^>]*>(?:<mrow>(.*)</mrow>)?", lambda m: "<math>" + (m[1] or ""), made, flags=re.DOTALL
    )
    made = _WORD.sub(lambda m: f"<mi>{re.sub('<[^>]*>', '', m[0])}</mi>", made)
    made = _APPLIED.sub(rf"\1{_THIN}", _SINGLE.sub(r"\1", made))
    made = _ENTITY.sub(lambda m: escape(unescape(m[0])), made)
    made = _PRIME_SUB.sub(
        r"<msub><mrow>\1<mi>′</mi></mrow>\2</msub>", _PRIME.sub(r"<mrow>\1<mi>′</mi></mrow>", made)
    )
    return _breakable(made)


def _breakable(math: str) -> str:
    """A long formula in parts, each but the first from a relation on: browsers break no line inside one.

    >>> _breakable("<math><mi>a</mi><mo>=</mo><mi>b</mi></math>")
    '<math><mi>a</mi><mo>=</mo><mi>b</mi></math>'
    >>> long = "<mi>abcdefghijklm</mi>"
    >>> _breakable(f"<math>{long}<mo>=</mo>{long}</math>")
    '<math><mi>abcdefghijklm</mi></math><wbr><math><mo>=</mo><mi>abcdefghijklm</mi></math>'
    """
    if len(re.sub("<[^>]*>", "", math)) < _LONG:
        return math
    depth, cuts = 0, []
    for tag in _TAG.finditer(math):
        if (
            depth == 1
            and tag[2] == "mo"
            and tag.start() > len("<math>")
            and _RELATION.match(math, tag.start())
        ):
            cuts.append(tag.start())
        depth += 0 if tag[3] else -1 if tag[1] else 1
    parts = [math[i:j] for i, j in zip([0, *cuts], [*cuts, len(math)], strict=True)]
    return "</math><wbr><math>".join(parts)


def formula_markdown(latex: str) -> str:
    r"""The formula between dollar signs, without what Markdown would take for its own.

    >>> formula_markdown(r"\|x\|<1")
    '$\\Vert x\\Vert \\lt 1$'
    """
    return f"${_MARKDOWN_SIGN.sub(lambda m: _MARKDOWN[m[0]], ' '.join(latex.split())).strip()}$"


def statement_html(text: str) -> str:
    r"""Text with `$formulas$` as HTML; everything else is escaped.

    >>> statement_html("a < b \\emph{holds}")
    'a &lt; b <em>holds</em>'
    """
    out, end = [], 0
    for match in _FORMULA.finditer(text):
        out.append(_text_html(text[end : match.start()]))
        out.append(formula_html(next(g for g in match.groups() if g is not None)))
        end = match.end()
    out.append(_text_html(text[end:]))
    return "".join(out)


def statement_markdown(text: str) -> str:
    """The same text for Markdown: formulas stay LaTeX, anything that could be taken for HTML is escaped.

    >>> statement_markdown("a <b> $x<y$")
    'a &lt;b&gt; $x\\\\lt y$'
    """
    out, end = [], 0
    for match in _FORMULA.finditer(text):
        out.append(_text_markdown(text[end : match.start()]))
        out.append(formula_markdown(next(g for g in match.groups() if g is not None)))
        end = match.end()
    out.append(_text_markdown(text[end:]))
    return " ".join("".join(out).split())


def _text_html(text: str) -> str:
    html = escape(text, quote=False)
    html = re.sub(r"\\(?:emph|textit)\{([^{}]*)\}", r"<em>\1</em>", html)
    html = re.sub(r"\\textbf\{([^{}]*)\}", r"<strong>\1</strong>", html)
    html = re.sub(r"\\(?:text|textrm|mathrm)\{([^{}]*)\}", r"\1", html)
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", html)
    html = re.sub(r"\\([%$&#_])", r"\1", html)
    return _TIE.sub("\N{NO-BREAK SPACE}", html)


def _text_markdown(text: str) -> str:
    out = escape(text, quote=False)
    out = re.sub(r"\\(?:emph|textit)\{([^{}]*)\}", r"*\1*", out)
    out = re.sub(r"\\textbf\{([^{}]*)\}", r"**\1**", out)
    out = re.sub(r"\\([%&#])", r"\1", out)
    return _TIE.sub(" ", out.replace("|", r"\|"))
