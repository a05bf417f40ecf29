"""The signatures on the claims page are those of the code."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

import pytest

import theory
from documentation.pages import DOCS

PAGE = (DOCS / "claims.md").read_text(encoding="utf-8")
SHOWN = re.search(r"## Signatures\n.*?```text\n(.*?)```", PAGE, re.S)


def signature(name: str) -> str:
    """Names and defaults, without types; defaults that are made afresh are shown as dots."""
    parts, star = [], False
    for p in inspect.signature(getattr(theory, name)).parameters.values():
        if p.kind is p.KEYWORD_ONLY and not star:
            star = True
            parts.append("*")
        lead = "**" if p.kind is p.VAR_KEYWORD else ""
        default = "" if p.default is p.empty else f"={p.default!r}"
        parts.append(lead + p.name + ("=..." if "<factory>" in default else default))
    return f"{name}({', '.join(parts)})"


def shown() -> dict[str, str]:
    assert SHOWN is not None
    lines = re.sub(r"\n +", " ", SHOWN[1]).splitlines()
    return {line.partition("(")[0]: line for line in lines}


@pytest.mark.parametrize("name", shown())
def test_a_signature_is_that_of_the_code(name: str) -> None:
    assert shown()[name] == signature(name)


def test_predictors_are_there() -> None:
    named = re.findall(r"`(theory\.two_stage\.[\w.]+)\.(\w+)\(", PAGE)
    assert len(named) >= 3
    for module, name in named:
        assert callable(getattr(import_module(module), name)), (module, name)
