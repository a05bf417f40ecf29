"""False thresholds of Stage I."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods.change import changed
from theory.two_stage.falsehoods.closed_forms import constant_off
from theory.two_stage.limits.stage_one import first_push
from theory.two_stage.symbols import p, tau

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of both thresholds."""

    def of(name: str) -> Claim:
        return known[f"two_stage.sharp.stage_one.{name}"]

    yield constant_off(of("exists"), stated=p / (1 - 2 * tau))
    yield constant_off(of("absent"), stated=4 * p / (1 - 2 * tau))
    starts = of("exists"), of("absent")
    for true, exists, threshold in zip(starts, (True, False), (1.0, 4.0), strict=True):
        yield changed(
            true,
            f"threshold {threshold:g} p",
            "constant",
            "between p and 4 p both sides of the true threshold 2 p occur, and one of them contradicts",
            partial(first_push, exists=exists, threshold=threshold),
        )
