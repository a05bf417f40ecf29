r"""LaTeX statements made readable without a network or a script: formulas as inline SVG outlines.

Text with `$formulas$` becomes HTML. Formulas are set by matplotlib's mathtext; what it does not know is
rewritten where there is an equivalent, and otherwise shown as source in `<code>`.
"""

from __future__ import annotations

import re
import warnings
from functools import lru_cache
from html import escape

import numpy as np
from numpy.typing import NDArray

__all__ = ["formula_html", "statement_html", "statement_markdown"]

#: Units of the outlines per em; integers at this size are finer than any screen or printer resolves.
_EM = 200
#: Formula size in the surrounding text's em: STIX letters are smaller than common text faces.
_SCALE = 1.08

_SAME = {
    r"\ge": r"\geq", r"\le": r"\leq", r"\lt": "<", r"\gt": ">", r"\tfrac": r"\frac", r"\cfrac": r"\frac",
    r"\lvert": "|", r"\rvert": "|", r"\lVert": r"\|", r"\rVert": r"\|", r"\land": r"\wedge",
    r"\lor": r"\vee", r"\iff": r"\Leftrightarrow", r"\implies": r"\Rightarrow", r"\middle": "",
    r"\displaystyle": "", r"\textstyle": "", r"\limits": "", r"\nolimits": "", r"\bigl": "", r"\bigr": "",
    r"\Bigl": "", r"\Bigr": "", r"\big": "", r"\Big": "", r"\biggl": "", r"\biggr": "", r"\lbrace": r"\{",
    r"\rbrace": r"\}", r"\qty": "", r"\thinspace": r"\,", r"\textrm": r"\text", r"\textnormal": r"\text",
    r"\stackrel": r"\overset", r"\mathds": r"\mathbb",
}  # fmt: skip
_COMMAND = re.compile(r"\\[A-Za-z]+")
#: Commands whose arguments LaTeX takes without braces and mathtext does not, and how many they have.
_ARGUMENTS = {
    r"\frac": 2, r"\dfrac": 2, r"\binom": 2, r"\overset": 2, r"\underset": 2, r"\sqrt": 1, r"\mathbf": 1,
    r"\mathrm": 1, r"\mathbb": 1, r"\mathcal": 1, r"\mathit": 1, r"\text": 1, r"\overline": 1,
    r"\underline": 1, r"\operatorname": 1,
}  # fmt: skip
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|.", re.DOTALL)
#: LaTeX's unbreakable space ("Theorem~4.1"); elsewhere a tilde is a tilde ("y~_i").
_TIE = re.compile(r"(?<=[A-Za-z.])~(?=[0-9A-Z$])")
_FORMULA = re.compile(
    r"(?<!\\)\$\$(?P<d>.+?)(?<!\\)\$\$|(?<!\\)\$(?P<i>.+?)(?<!\\)\$|\\\((?P<p>.+?)\\\)|\\\[(?P<b>.+?)\\\]",
    re.DOTALL,
)


def formula_html(latex: str) -> str:
    r"""One formula (without `$`) as an inline SVG that carries its source as a label.

    >>> formula_html(r"x^2").startswith("<svg"), formula_html(r"\nonsense{<b>}")
    (True, '<code class="tex">\\nonsense{&lt;b&gt;}</code>')
    """
    source = latex.strip()
    outline = _outline(source)
    label = escape(source, quote=True)
    if outline is None:
        return f'<code class="tex">{escape(source, quote=False)}</code>'
    path, width, height, depth = outline
    em = _SCALE / _EM
    return (
        f'<svg class="tex" role="img" aria-label="{label}" viewBox="0 0 {width} {height}" '
        f'style="width:{width * em:.3f}em;height:{height * em:.3f}em;vertical-align:{-depth * em:.3f}em">'
        f'<title>{label}</title><path d="{path}"/></svg>'
    )


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
        inner = next(g for g in match.groups() if g is not None).strip()
        out.append(f"${inner.replace('<', chr(92) + 'lt ').replace('>', chr(92) + 'gt ')}$")
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
    return _TIE.sub(" ", re.sub(r"\\([%&#])", r"\1", out))


def _known(latex: str) -> str:
    """The formula in mathtext's vocabulary."""
    tokens = _TOKEN.findall(_COMMAND.sub(_replacement, " ".join(latex.split())))
    # mathtext has no rule below a symbol; a short one set below it reads the same.
    return _braced(tokens).replace(r"\underline{", r"\underset{\overline{\;\,}}{")


def _replacement(match: re.Match[str]) -> str:
    command = match.group()
    if command not in _SAME:
        return command
    new = _SAME[command]
    return new + " " if new[-1:].isalpha() else new


def _braced(tokens: list[str], *, full_size: bool = True) -> str:
    r"""The tokens joined, bare arguments in braces: `\sqrt d` becomes `\sqrt{d}`.

    Fractions in a line of text are set too small to read; those that stand in no script and no other
    fraction (`full_size`) are set as displayed ones.
    """
    out: list[str] = []
    scripts: list[bool] = []  # for each open brace, whether it holds a sub- or superscript
    i = 0
    while i < len(tokens):
        token = tokens[i]
        i += 1
        if token == "{":
            scripts.append("".join(out).rstrip()[-1:] in ("^", "_"))
        elif token == "}" and scripts:
            scripts.pop()
        large = full_size and not any(scripts)
        out.append(r"\dfrac" if token == r"\frac" and large else token)
        for _ in range(_ARGUMENTS.get(token, 0)):
            while i < len(tokens) and tokens[i] == " ":
                i += 1
            if i < len(tokens) and tokens[i] == "[":  # \sqrt[3]{x}
                end = tokens.index("]", i) + 1 if "]" in tokens[i:] else i + 1
                out += tokens[i:end]
                i = end
            if i == len(tokens):
                break
            end = _argument_end(tokens, i)
            argument = tokens[i:end]
            inner = _braced(argument, full_size=large and token == r"\sqrt")
            out.append(inner if argument[0] == "{" else "{" + inner + "}")
            i = end
    return "".join(out)


def _argument_end(tokens: list[str], start: int) -> int:
    """One past the argument that begins at `start`: a brace group, or a token with its own arguments."""
    if tokens[start] == "{":
        depth = 0
        for i in range(start, len(tokens)):
            depth += (tokens[i] == "{") - (tokens[i] == "}")
            if depth == 0:
                return i + 1
        return len(tokens)
    end = start + 1
    for _ in range(_ARGUMENTS.get(tokens[start], 0)):
        if end < len(tokens):
            end = _argument_end(tokens, end)
    return end


@lru_cache(maxsize=2048)
def _outline(latex: str) -> tuple[str, int, int, int] | None:
    """SVG path, width, height and depth below the baseline in `_EM` units; None if not understood."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    font = FontProperties(math_fontfamily="stix")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a missing glyph would otherwise be drawn as a box
            path = TextPath((0, 0), f"${_known(latex)}$", size=_EM, prop=font)
    except (ValueError, Warning, RuntimeError):
        return None
    if len(path.vertices) == 0:
        return None
    # Advance width, not ink width, keeps the spaces around a formula right; ink decides the height.
    box = path.get_extents()
    pad = _EM // 50
    left, top, right, bottom = box.x0 - pad, box.y1 + pad, box.x1 + pad, min(box.y0, 0) - pad
    points = np.column_stack([path.vertices[:, 0] - left, top - path.vertices[:, 1]]).round().astype(int)
    return (
        _svg_path(points, np.asarray(path.codes)),
        round(right - left),
        round(top - bottom),
        round(-bottom),
    )


def _svg_path(points: NDArray[np.int_], codes: NDArray[np.uint8]) -> str:
    """Path data in relative coordinates, which are shorter."""
    letters = {1: "m", 2: "l", 3: "q", 4: "c"}
    follow = {1: 1, 2: 1, 3: 2, 4: 3}
    out: list[str] = []
    here = start = np.zeros(2, dtype=int)
    i = 0
    while i < len(codes):
        code = int(codes[i])
        if code not in letters:  # close the outline
            out.append("z")
            here = start
            i += 1
            continue
        group = points[i : i + follow[code]]
        out.append(letters[code] + " ".join(f"{x} {y}" for x, y in group - here))
        here = group[-1]
        if code == 1:
            start = here
        i += len(group)
    return "".join(out).replace(" -", "-")
