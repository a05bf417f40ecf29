"""What the verdicts rest on, drawn: coverage of the conditions, planned power, falsehoods found by kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from verify.measured import trust_of
from verify.outcome import Judgement, Verification
from verify.report.figures.style import SERIES_COLOURS, FigureSpec, grid_of_axes
from verify.statistics.intervals import rate_interval
from verify.statistics.joint import HEADLINE_POWER
from verify.statistics.power import LEAST_POWER

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures"]

#: What each panel shows, by its title; those that are not drawn are not spoken of.
_COVERAGE = (
    "Coverage of the conditions: how many of the claims that were judged by runs have settings from which "
    "share of their conditions; of chosen cells, and without a reference box, it is not known."
)
_POWERS = (
    " Planned power: of the claims that chance enters, in order of it; the word supported needs .8 (dotted), "
    "counting as jointly supported .95 (dashed)."
)
_PLANTED = (
    " Planted falsehoods: the share refuted by kind{far}, with exact 95 % intervals; in brackets, how many "
    "there are."
)
_FAR = (
    ", and by the distance from the claim the share with the verdict wanted, which on the border and "
    "saturated is undecided"
)
_SHARES = (
    (0.999, "all"),
    (0.5, "half or more"),
    (0.1, "10 to 50 %"),
    (0.01, "1 to 10 %"),
    (-1.0, "under 1 %"),
)


@dataclass(frozen=True)
class _Found:
    """Falsehoods of a kind."""

    kind: str
    refuted: int
    planted: int


def figures(verification: Verification) -> list[FigureSpec]:
    """One figure; none of a verification without judged claims. What algebra proves has no settings to
    cover its conditions with."""
    judged = [j for j in verification.judgements if j.judged and j.verdict != "derived"]
    coverage = _coverage(judged)
    powers = sorted(float(j.decision.power) for j in judged if j.decision.power is not None)
    sound = trust_of(verification).get("soundness") or {}
    kinds = (sound.get("falsehoods") or {}).get("kinds") or {}
    found = tuple(_Found(k, c["detected"], c["planted"]) for k, c in kinds.items() if c["planted"])
    rows = (sound.get("distances") or {}).get("rows") or {}
    far = tuple(_Found(k, c["right"], c["planted"]) for k, c in rows.items() if c["planted"])
    if len(judged) < 2:
        return []
    enough = sum(p >= LEAST_POWER for p in powers)
    alt = (
        f"Coverage: {', '.join(f'{count} claims {name}' for name, count in coverage if count)}. "
        f"Planned power of {LEAST_POWER:g} or more: {enough} of {len(powers)}."
    )
    if found:
        total = sum(f.planted for f in found)
        alt += f" Planted falsehoods refuted: {sum(f.refuted for f in found)} of {total}."
    title = "What do the verdicts rest on?"
    draw = partial(_draw, coverage, powers, found, far)
    return [FigureSpec("trust", title, _caption(powers, found, far), draw, alt, lead=True)]


def _caption(powers: Sequence[float], found: Sequence[_Found], far: Sequence[_Found]) -> str:
    """Of the panels that are drawn."""
    planted = _PLANTED.format(far=_FAR if len(far) > 1 else "") if len(found) > 1 else ""
    return f"{_COVERAGE}{_POWERS if len(powers) > 1 else ''}{planted}"


def _coverage(judged: Sequence[Judgement]) -> tuple[tuple[str, int], ...]:
    """How many claims cover how much; last those on chosen cells, and those whose share is not known."""
    counts = dict.fromkeys([name for _, name in _SHARES], 0) | {"cells": 0, "not known": 0}
    for judgement in judged:
        scope = judgement.scope
        if scope is not None and scope.coverage is not None:
            counts[next(name for least, name in _SHARES if scope.coverage >= least)] += 1
        else:
            counts["cells" if scope is not None and scope.region == "cells" else "not known"] += 1
    return tuple(counts.items())


def _draw(
    coverage: Sequence[tuple[str, int]],
    powers: Sequence[float],
    found: Sequence[_Found],
    far: Sequence[_Found],
) -> Figure:
    shares = [
        (what, title)
        for what, title in ((found, "planted falsehoods refuted, by kind"), (far, "and by distance"))
        if len(what) > 1
    ]
    drawn = 1 + (len(powers) > 1) + len(shares)
    columns = 2 if drawn == 4 else 3
    figure, axes = grid_of_axes(drawn, columns, height=2.5, width=10.5 if drawn > 2 else 3.5 * drawn)
    _bars(axes[0], coverage)
    if len(powers) > 1:
        _power(axes[1], powers)
    for ax, (what, title) in zip(axes[drawn - len(shares) :], shares, strict=True):
        _kinds(ax, what, title)
    return figure


def _bars(ax: Any, coverage: Sequence[tuple[str, int]]) -> None:
    names, counts = zip(*coverage, strict=True)
    bars = ax.barh(range(len(names)), counts, color=SERIES_COLOURS[0], alpha=0.75)
    ax.bar_label(bars, fontsize=8, padding=2)
    ax.set_yticks(range(len(names)), labels=names)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set_xlabel("claims")
    ax.set_title("coverage of the conditions", loc="left")


def _power(ax: Any, powers: Sequence[float]) -> None:
    ax.plot(
        range(1, len(powers) + 1), powers, color=SERIES_COLOURS[0], marker=".", markersize=3, linewidth=0.8
    )
    ax.axhline(LEAST_POWER, color="black", linewidth=0.9, linestyle=":")
    ax.axhline(HEADLINE_POWER, color="black", linewidth=0.9, linestyle="--")
    ax.set_ylim(-0.03, 1.03)
    ax.set_xlabel("claims, in order of it")
    ax.set_title("planned power", loc="left")


def _kinds(ax: Any, found: Sequence[_Found], title: str) -> None:
    for y, kind in enumerate(found):
        share = rate_interval(kind.refuted, kind.planted, 0.05)
        ax.errorbar(
            [share.value], [y], xerr=[[share.value - share.low], [share.high - share.value]],
            color=SERIES_COLOURS[0], marker="o", markersize=4, capsize=2.5, linestyle="",
        )  # fmt: skip
    ax.set_yticks(range(len(found)), labels=[f"{k.kind} ({k.planted})" for k in found])
    ax.invert_yaxis()
    ax.set_xlim(-0.03, 1.03)
    ax.set_xlabel("share as it should be")
    ax.set_title(title, loc="left")
