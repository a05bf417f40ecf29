"""How a claim that is derived on a page of this project is declared."""

from __future__ import annotations

from typing import Any

from theory.claim import Claim
from theory.two_stage.sources import here
from theory.two_stage.stated_claim import stated_claim

__all__ = ["derived_claim"]


def derived_claim(name: str, where: str, *given: Any, **more: Any) -> Claim:
    """The claim `two_stage.<name>`, derived at `where` (a page and its section); the rest as in
    `stated_claim`."""
    return stated_claim(name, here(where), *given, **more)
