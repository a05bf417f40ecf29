"""The coverage map: where the conditions reach, where runs were made, where cells are weak."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.claim import Claim
from theory.place import Box, Coordinate, class_made
from theory.setting import AbstractSetting
from verify.cells import cell_end
from verify.outcome import Judgement, Verification
from verify.region import drawn_region
from verify.report.figures.style import (
    SERIES_COLOURS,
    VERDICT_COLOURS,
    FigureSpec,
    axis_names,
    plain_text,
    readable_log_ticks,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["figures"]

_BINS = 30
#: A setting at an end of the box may miss it by the rounding of its groups.
_ROUNDING = 1e-9
_MOST_ROWS = 10
#: Weak thirds a strip, and how far their lines stand apart: their counts must not overprint.
_WEAK, _STEP = 2, 0.5
_CAPTION = (
    "A strip a coordinate. Grey: the share of settings at that value that meet the conditions of most "
    "claims, darkest where it is largest. Blue: settings of the judged runs, higher where there are more. "
    "Orange: the two thirds that are most often a claim's weakest cell, with the number of such claims."
)
_ENDS = (
    " Strips end where the reference box does; at an end: the share of the settings beyond it, which are not "
    "drawn."
)


@dataclass(frozen=True)
class _Strip:
    """One coordinate: shares and runs by bin between `low` and `high`, its weak thirds, and the shares of
    settings below and above."""

    name: str
    label: str
    low: float
    high: float
    log: bool
    inside: tuple[float, ...]
    runs: tuple[float, ...]
    weak: tuple[tuple[float, float, int], ...]
    reach: tuple[float, float]
    beyond: tuple[float, float] = (0.0, 0.0)


def figures(verification: Verification) -> list[FigureSpec]:
    """The strips of the class of settings that most claims with ranges are judged at; none of fewer than
    two."""
    ranged = [j for j in verification.judgements if j.judged and j.claim.experiment.place.coordinates]
    kinds = Counter(j.claim.experiment.setting_class for j in ranged)
    if not kinds:
        return []
    kind = kinds.most_common(1)[0][0]
    boxes = [b for p in verification.papers for b in p.reference_boxes if class_made(b) is kind]
    mine = [j for j in verification.judgements if j.judged and j.claim.experiment.setting_class is kind]
    strips = _strips(boxes[0] if boxes else None, mine, axis_names(verification))
    if len(strips) < 2:
        return []
    alt = ". ".join(_said(strip) for strip in strips)
    draw = partial(_draw, strips)
    title = "Where do the conditions reach, where were runs made, and where are cells weak?"
    caption = _CAPTION + (_ENDS if any(any(strip.beyond) for strip in strips) else "")
    return [FigureSpec("coverage", title, caption, draw, f"{alt}.", lead=True)]


def _coordinates(box: Box | None, judgements: Sequence[Judgement]) -> list[Coordinate]:
    """Those of the reference box; without one the widest of each name over the claims' own boxes."""
    if box is not None:
        return list(box.coordinates)
    found: dict[str, list[Coordinate]] = {}
    for place in dict.fromkeys(j.claim.experiment.place for j in judgements):
        for coordinate in place.coordinates:
            found.setdefault(coordinate.name, []).append(coordinate)
    return [
        replace(same[0], low=min(c.low for c in same), high=max(c.high for c in same))
        for same in sorted(found.values(), key=len, reverse=True)
    ]


def _strips(box: Box | None, judgements: Sequence[Judgement], names: Mapping[str, str]) -> list[_Strip]:
    settings = list(dict.fromkeys(o.setting for j in judgements for o in j.judged))
    region = () if box is None else _region(box, [j.claim for j in judgements])
    judged, met = _named(box, settings), _named(box, region)
    out: list[_Strip] = []
    for coordinate in _coordinates(box, judgements):
        values = _values(coordinate, judged)
        if not values or coordinate.low == coordinate.high or len(out) == _MOST_ROWS:
            continue
        inside = _values(coordinate, met)
        # A box of the paper's is what the strips show: a few settings far out would leave it no room.
        edges = _edges(coordinate, values if box is None else ())
        ends = (float(edges[0]), float(edges[-1]))
        counts = np.histogram(values, edges)[0].astype(float)
        if np.count_nonzero(counts) < 2:  # one value tells nothing of where runs were
            continue
        shares = np.histogram(inside, edges)[0].astype(float) if inside else np.zeros(_BINS)
        out.append(
            _Strip(
                coordinate.name, _label(coordinate, names), *ends,
                coordinate.scale == "log", tuple(shares / max(shares.max(), 1)),
                tuple(counts / counts.max()), _weak(coordinate, judgements, ends),
                (min(values), max(values)),
                (_share(v < ends[0] * (1 - _ROUNDING) for v in values),
                 _share(v > ends[1] * (1 + _ROUNDING) for v in values)),
            )
        )  # fmt: skip
    return out


def _region(box: Box, claims: Sequence[Claim]) -> Sequence[AbstractSetting]:
    """Settings of the box inside the conditions that most of the claims share."""
    sets = Counter(c.conditions for c in claims if c.conditions and not c.is_probe)
    if not sets:
        return ()
    common = sets.most_common(1)[0][0]
    claim = next(c for c in claims if c.conditions == common and not c.is_probe)
    try:
        return drawn_region(claim, box).settings
    except ValueError:  # hardly any setting of the box meets them
        return ()


def _label(coordinate: Coordinate, names: Mapping[str, str]) -> str:
    """A letter of the paper, what readers see, or the name."""
    shown = coordinate.shown
    return names.get(coordinate.name) or names.get(shown) or shown or coordinate.name.replace("_", " ")


def _named(box: Box | None, settings: Sequence[AbstractSetting]) -> list[dict[str, Any]]:
    """All that a setting is known by."""
    return [{**s.as_dict(), **s.groups(), **((box and box.values_of(s)) or {})} for s in settings]


def _values(coordinate: Coordinate, known: Sequence[Mapping[str, Any]]) -> list[float]:
    """A coordinate at the settings at which it can be told, and has a place on its scale."""
    out = []
    for values in known:
        value = values.get(coordinate.name, math.nan)
        if (
            not isinstance(value, str)
            and math.isfinite(value)
            and (value > 0 or coordinate.scale == "linear")
        ):
            out.append(float(value))
    return out


def _share(which: Iterable[bool]) -> float:
    found = list(which)
    return sum(found) / len(found)


def _edges(coordinate: Coordinate, values: Sequence[float]) -> Any:
    low, high = min((coordinate.low, *values)), max((coordinate.high, *values))
    if coordinate.scale == "log":
        return np.geomspace(low, high, _BINS + 1)
    return np.linspace(low, high, _BINS + 1)


def _weak(
    coordinate: Coordinate, judgements: Sequence[Judgement], ends: tuple[float, float]
) -> tuple[tuple[float, float, int], ...]:
    """The thirds that are most often a claim's weakest cell."""
    found: Counter[tuple[float, float]] = Counter()
    for judgement in judgements:
        cell = judgement.weakest_cell
        if cell is None or cell.get("axis") != coordinate.name:
            continue
        low = ends[0] if cell.get("low") is None else float(cell["low"])
        high = ends[1] if cell.get("high") is None else float(cell["high"])
        if low < ends[1] and high > ends[0]:
            found[max(low, ends[0]), min(high, ends[1])] += 1
    return tuple((low, high, count) for (low, high), count in found.most_common(_WEAK))


def _said(strip: _Strip) -> str:
    low, high = (cell_end(end) for end in strip.reach)
    text = f"{strip.name}: runs from {low} to {high}"
    if strip.weak:
        low, high = (cell_end(end) for end in strip.weak[0][:2])
        text += f"; {low} to {high} is the weakest cell of {strip.weak[0][2]} claims"
    return text


def _percent(share: float) -> str:
    """
    >>> _percent(0.123), _percent(0.004)
    ('12 %', '< 1 %')
    """
    return "< 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _draw(strips: Sequence[_Strip]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.4, 0.5 + 0.72 * len(strips)), layout="constrained")
    axes = figure.subplots(len(strips), 1, squeeze=False).ravel()
    for ax, strip in zip(axes, strips, strict=True):
        edges = (np.geomspace if strip.log else np.linspace)(strip.low, strip.high, _BINS + 1)
        if strip.log:
            ax.set_xscale("log")
        ax.pcolormesh(edges, [0, 1], [strip.inside], cmap="Greys", vmin=0, vmax=1.6)
        ax.stairs(np.array(strip.runs) * 0.9, edges, color=SERIES_COLOURS[0], fill=True, alpha=0.55)
        for k, (low, high, count) in enumerate(strip.weak):
            y = 1.16 + _STEP * k
            ax.plot([low, high], [y, y], color=VERDICT_COLOURS["refuted"], linewidth=2.6, clip_on=False)
            ax.text(high, y, f" {count}", va="center", fontsize=7, color="#B34700", clip_on=False)
        for share, x, side in ((strip.beyond[0], -0.005, "right"), (strip.beyond[1], 1.005, "left")):
            if share:
                ax.text(
                    x, 0.02, _percent(share), transform=ax.transAxes, ha=side, va="bottom", fontsize=7,
                    color=SERIES_COLOURS[0],
                )  # fmt: skip
        ax.set_xlim(strip.low, strip.high)
        if strip.log:
            readable_log_ticks(ax.xaxis)
        ax.set_ylim(0, 1.1 + _STEP * _WEAK)
        ax.set_yticks([])
        ax.set_ylabel(plain_text(strip.label), rotation=0, ha="right", va="center")
        ax.grid(False)
        ax.spines["left"].set_visible(False)
        ax.tick_params(labelsize=7.5, pad=1.5)
    return figure
