"""A judgement as a picture: what the runs gave against what is claimed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.show import axes
from verify.outcome import Judgement, Observation
from verify.rules.judge import Readout
from verify.rules.registry import judge_of, read
from verify.statistics.intervals import rate_interval
from verify.statistics.trials import as_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["evidence_figure"]

_MEASURED, _CLAIMED = "#332288", "#999933"
_BINS = 5


def evidence_figure(judgement: Judgement) -> Figure:
    """One picture; which one depends on what a run gives.

    Raises:
        ValueError: when no run was judged, or what was measured is no number.
    """
    judged = judgement.judged
    if not judged:
        raise ValueError(f"claim {judgement.claim.id}: no run was judged, so there is nothing to draw")
    readouts = [_readout(judgement, o) for o in judged]
    kept = [(o, r) for o, r in zip(judged, readouts, strict=True) if math.isfinite(r.measured)]
    if not kept:
        raise ValueError(f"claim {judgement.claim.id}: what was measured is no number that could be drawn")
    (ax,) = axes()
    accepted = "accepted, on average" if judge_of(judgement.claim.rule).many else "accepted"
    observations, numbers = [o for o, _ in kept], [r for _, r in kept]
    if all(isinstance(o.value, bool | np.bool_) for o in observations):
        _shares(ax, judgement, observations)
    elif all(math.isfinite(r.predicted) for r in numbers) and len({r.predicted for r in numbers}) > 1:
        _pairs(ax, numbers, accepted)
    else:
        _numbers(ax, observations, numbers, accepted)
    ax.set_title(f"{judgement.claim.id}: {judgement.verdict}", fontsize="medium")
    handles, labels = ax.get_legend_handles_labels()
    if labels:
        ax.legend(handles, labels, frameon=False, fontsize="small")
    return ax.figure  # type: ignore[return-value]


def _readout(judgement: Judgement, observation: Observation) -> Readout:
    """As the rule reads it; (measured, predicted, ...) by its first two numbers where the rule reads none."""
    found, value = read(judgement, observation), observation.value
    if math.isfinite(found.measured) or not isinstance(value, tuple | list) or len(value) < 2:
        return found
    return Readout(as_number(value[0]), as_number(value[1]), math.nan, math.nan)


def _pairs(ax: Axes, readouts: Sequence[Readout], accepted: str) -> None:
    """Measured over predicted, with the line of equality and the accepted band."""
    ordered = sorted(readouts, key=lambda r: r.predicted)
    x = np.array([r.predicted for r in ordered])
    y = np.array([r.measured for r in ordered])
    ax.plot(x, y, "o", color=_MEASURED, markersize=3, label="a run")
    ends = np.array([x.min(), x.max()])
    ax.plot(ends, ends, color=_CLAIMED, label="as predicted")
    _band(ax, x, ordered, accepted)
    if x.min() > 0 and y.min() > 0 and x.max() / x.min() > 10:
        ax.set(xscale="log", yscale="log")
    ax.set(xlabel="predicted", ylabel="measured")


def _numbers(
    ax: Axes, observations: Sequence[Observation], readouts: Sequence[Readout], accepted: str
) -> None:
    """Along the coordinate that varies most."""
    name, values = _coordinate(observations)
    order = np.argsort(values, kind="stable")
    x, ordered = values[order], [readouts[k] for k in order]
    ax.plot(x, [r.measured for r in ordered], "o", color=_MEASURED, markersize=3, label="a run")
    if all(math.isfinite(r.predicted) for r in ordered):
        ax.plot(x, [r.predicted for r in ordered], color=_CLAIMED, label="as predicted")
    _band(ax, x, ordered, accepted)
    ax.set(xlabel=name, ylabel="measured")
    if _is_log(x):
        ax.set_xscale("log")


def _shares(ax: Axes, judgement: Judgement, observations: Sequence[Observation]) -> None:
    """How often the event holds, in bins of equal numbers of runs, with exact 95 % limits."""
    name, values = _coordinate(observations)
    held = np.array([bool(o.value) for o in observations])
    order = np.argsort(values, kind="stable")
    distinct = np.unique(values)
    groups = (
        [np.flatnonzero(values == v) for v in distinct]
        if len(distinct) <= _BINS
        else [part for part in np.array_split(order, _BINS) if len(part)]
    )
    for k, part in enumerate(groups):
        found = rate_interval(int(held[part].sum()), len(part), 0.05)
        low, high = found.value - found.low, found.high - found.value
        ax.errorbar(
            float(np.median(values[part])), found.value, yerr=[[max(0.0, low)], [max(0.0, high)]], fmt="o",
            color=_MEASURED, capsize=3, label="share of runs, 95 % limits" if k == 0 else None,
        )  # fmt: skip
    delta = getattr(judgement.claim.rule, "delta", None)
    if delta is not None:
        ax.axhline(1 - float(delta), color=_CLAIMED, linestyle="--", label=f"claimed: {1 - float(delta):g}")
    ax.set(xlabel=name, ylabel="it holds", ylim=(-0.03, 1.03))
    if _is_log(values):
        ax.set_xscale("log")


def _band(ax: Axes, x: Any, readouts: Sequence[Readout], accepted: str) -> None:
    low, high = np.array([r.low for r in readouts]), np.array([r.high for r in readouts])
    if np.isfinite(low).all() and np.isfinite(high).all():
        ax.fill_between(x, low, high, color=_CLAIMED, alpha=0.25, linewidth=0, label=accepted)
    else:
        for end in (low, high):
            if np.isfinite(end).all():
                ax.plot(x, end, color=_CLAIMED, linestyle="--", label=f"{accepted}, up to here")


def _coordinate(observations: Sequence[Observation]) -> tuple[str, Any]:
    """The field or group of the setting with the most values: its name, and its value on each run; the number
    of the run where none varies."""
    best, found = "run", np.arange(len(observations), dtype=np.float64)
    most = 1
    dicts = [{**o.setting.as_dict(), **o.setting.groups()} for o in observations]
    for name, first in dicts[0].items():
        if isinstance(first, bool) or not isinstance(first, int | float):
            continue
        values = np.array([float(d[name]) for d in dicts])
        if len(np.unique(values)) > most:
            best, found, most = name, values, len(np.unique(values))
    return best, found


def _is_log(x: Any) -> bool:
    return bool(x.min() > 0 and x.max() / x.min() > 10)
