"""Figures of runs on images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.images.images import Images
from simulation.images.run import ImageRun
from theory.images.measures import (
    LOG2,
    auroc,
    clean_fit,
    flip_share,
    memorised,
    selection,
    stop_acc,
    stop_val,
    t_clean,
    t_half,
    true_share,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["curves_figure", "figures_of", "maps_figure", "pictures_figure"]

_CLEAN, _NOISY, _TEST = "#117733", "#AA4499", "#332288"


def _figure(columns: int = 1, rows: int = 1, width: float = 7.0, height: float = 3.4) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def _band(
    ax: Any, runs: Sequence[ImageRun], value: Callable[[ImageRun], Any], colour: str, label: str
) -> None:
    steps = np.maximum(runs[0].steps, 0.7)
    low, middle, high = np.nanquantile(np.stack([value(r) for r in runs]), [0.1, 0.5, 0.9], axis=0)
    ax.fill_between(steps, low, high, color=colour, alpha=0.2, linewidth=0)
    ax.plot(steps, middle, color=colour, label=label)


def curves_figure(runs: Sequence[ImageRun]) -> Figure:
    """Clean fit, memorised, true share and test accuracy against the step: median and 10-90 % over seeds."""
    figure, axes = _figure()
    ax = axes[0, 0]
    if runs[0].noisy.any():
        _band(ax, runs, clean_fit, _CLEAN, "clean, as labelled")
        _band(ax, runs, memorised, _NOISY, "noisy, as labelled (memorised)")
        _band(ax, runs, true_share, "#DDAA33", "noisy, as their true label")
        times: dict[str, list[float]] = {
            "t_c(.95)": [t_clean(r) for r in runs],
            "stop acc": [r.steps[stop_acc(r)] for r in runs],
            "t_1/2": [t_half(r) for r in runs],
        }
        if runs[0].v:
            times["stop val"] = [r.steps[stop_val(r)] for r in runs]
        for (name, values), style in zip(times.items(), (":", "--", "-.", "-"), strict=False):
            middle = float(np.median(values))
            if np.isfinite(middle):
                ax.axvline(middle, color="black", linewidth=0.8, linestyle=style, label=name)
    _band(ax, runs, lambda r: r.test_accuracy, _TEST, "test accuracy")
    ax.set(xscale="log", xlabel="step", ylabel="share", ylim=(-0.02, 1.02))
    ax.legend(fontsize=8)
    return figure


def _losses(run: ImageRun) -> Figure:
    figure, axes = _figure(3, width=10)
    noisy = run.noisy
    for ax, at in zip(axes[0], (1, stop_acc(run), len(run.steps) - 1), strict=True):
        shown = np.log10(np.clip(run.losses[at], 1e-5, None))
        bins = np.linspace(-5, max(1.0, float(shown.max())), 40)
        ax.hist(shown[~noisy], bins, color=_CLEAN, alpha=0.5, label="clean")
        ax.hist(shown[noisy], bins, color=_NOISY, alpha=0.5, label="noisy")
        ax.axvline(np.log10(LOG2), color="black", linewidth=0.8)
        ax.set(title=f"step {run.steps[at]}", xlabel="log10 loss on the observed label")
    axes[0, 0].legend(fontsize=8)
    return figure


def _ranking(runs: Sequence[ImageRun]) -> Figure:
    figure, axes = _figure()
    ax = axes[0, 0]

    def pair(run: ImageRun, which: int) -> NDArray[np.float64]:
        return np.array([selection(run, at)[which] for at in range(len(run.steps))])

    _band(ax, runs, lambda r: pair(r, 0), _CLEAN, "precision of loss < log 2")
    _band(ax, runs, lambda r: pair(r, 1), _TEST, "recall")
    _band(
        ax, runs, lambda r: np.array([auroc(row, r.noisy) for row in r.losses]), _NOISY, "AUROC of the loss"
    )
    ax.set(xscale="log", xlabel="step", ylabel="share", ylim=(0.4, 1.02))
    ax.legend(fontsize=8)
    return figure


def _against_rate(runs: Sequence[ImageRun]) -> Figure:
    figure, axes = _figure(height=3.0)
    ax = axes[0, 0]
    rates = [flip_share(r) for r in runs]
    ax.scatter(rates, [r.test_accuracy[stop_acc(r)] for r in runs], color=_CLEAN, label="at stop acc", s=18)
    ax.scatter(rates, [r.test_accuracy[-1] for r in runs], color=_NOISY, label="at the end", s=18)
    ax.set(xlabel="realised flip rate", ylabel="test accuracy")
    ax.legend(fontsize=8)
    return figure


def pictures_figure(images: Images, indices: Sequence[int], titles: Sequence[str]) -> Figure:
    """Images with titles, eight a row."""
    rows = max(1, -(-len(indices) // 8))
    figure, axes = _figure(8, rows, width=10, height=1.6)
    for ax in axes.ravel():
        ax.axis("off")
    for ax, index, title in zip(axes.ravel(), indices, titles, strict=False):
        x = images.x[index]
        ax.imshow(x[0] if len(x) == 1 else np.clip(x[:3].transpose(1, 2, 0), 0, 1), cmap="gray")
        ax.set_title(title, fontsize=7)
    return figure


def maps_figure(
    x: NDArray[Any], maps: Sequence[NDArray[Any]], names: Sequence[str], titles: Sequence[str]
) -> Figure:
    """Images above their attribution maps; each row has one signed scale, whose end stands beside it."""
    figure, axes = _figure(len(x), 1 + len(maps), width=10, height=1.5)
    for column, title in enumerate(titles):
        axes[0, column].imshow(x[column].mean(axis=0), cmap="gray")
        axes[0, column].set_title(title, fontsize=7)
    for row, values in enumerate(maps, start=1):
        shown = values.sum(axis=1)
        top = float(np.abs(shown).max()) or 1.0
        axes[row, 0].set_ylabel(f"{names[row - 1]}\n+-{top:.2g}", fontsize=7)
        for ax, one in zip(axes[row], shown, strict=True):
            ax.imshow(one, cmap="RdBu_r", vmin=-top, vmax=top)
    for ax in axes.ravel():
        ax.set(xticks=[], yticks=[])
    return figure


def figures_of(images: Images, runs: Sequence[ImageRun]) -> dict[str, Figure]:
    """All figures that the runs have data for."""
    out = {"curves": curves_figure(runs)}
    noisy = [run for run in runs if run.noisy.any()]
    if not noisy:
        return out
    out["losses"] = _losses(noisy[0])
    out["ranking"] = _ranking(noisy)
    out["against_rate"] = _against_rate(noisy)
    run = noisy[0]
    fit = run.predictions == run.labels
    last = np.array([int(np.flatnonzero(~column)[-1]) + 1 if not column.all() else 0 for column in fit.T])
    order = np.argsort(-np.where(run.noisy, last, -1), kind="stable")[:16]
    names = images.class_names
    out["memorised_last"] = pictures_figure(
        images,
        [int(run.index[i]) for i in order],
        [f"{names[run.labels[i]]}, is {names[run.y[i]]}" for i in order],
    )
    loss = np.where(run.noisy, -1.0, run.losses[stop_acc(run)])
    doubted = np.argsort(-loss, kind="stable")[:16]
    out["doubted"] = pictures_figure(
        images,
        [int(run.index[i]) for i in doubted],
        [f"{names[run.labels[i]]}? loss {loss[i]:.2f}" for i in doubted],
    )
    return out
