"""Attribution maps of a few images at the stop and at the end, as illustrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.images.attribution import expected_gradients
from simulation.images.request import Request
from simulation.images.task import Task, task_of
from simulation.images.train import train_tasks
from theory.images.measures import stop_acc

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["maps_of"]

#: Share of the largest sum by which DeepExplainer's maps may miss theirs.
_ADDITIVE = 1e-3


def maps_of(request: Request) -> tuple[Figure, str]:
    """Four clean and four noisy images of the first seed with maps at both times, and a line on additivity.

    The first seed is trained once more, keeping the network at the stop and at the end.
    """
    from simulation.images.figures import maps_figure

    seed = request.first_seed
    task = task_of(request.labelled(seed), validation=request.validation, seed=seed)
    run = train_tasks([task], request.recipe, [seed], device="cpu")[0]
    stop, last = int(run.steps[stop_acc(run)]), int(run.steps[-1])
    noisy = run.noisy
    chosen = np.concatenate([np.flatnonzero(~noisy)[:4], np.flatnonzero(noisy)[:4]])
    found: dict[int, tuple[NDArray[Any], float, str]] = {}

    def keep(step: int, net_of: Any) -> None:
        if step in (stop, last):
            found[step] = _maps(request, net_of(0), task, chosen)

    train_tasks([task], request.recipe, [seed], device="cpu", keep=keep)
    names = request.images.class_names
    titles = [f"{names[task.labels[i]]}" + (f", is {names[task.y[i]]}" if noisy[i] else "") for i in chosen]
    steps = [s for s in (stop, last) if s in found]
    figure = maps_figure(task.x[chosen], [found[s][0] for s in steps], [f"step {s}" for s in steps], titles)
    residuals = ", ".join(f"{found[s][1]:.2g} at step {s}" for s in steps)
    return (
        figure,
        f"Attribution maps by {found[steps[-1]][2]} miss their sum by at most {residuals} (in logits); one "
        "map is an illustration.",
    )


def _maps(request: Request, net: Any, task: Task, chosen: NDArray[Any]) -> tuple[NDArray[Any], float, str]:
    """Maps of the chosen images, their largest additivity residual, and by what they were made.

    The gap is that between the classes 1 and 0 where there are two, so that a sign means a class; else that
    of the observed label. Backgrounds are training images, whatever their labels.
    """
    x, background = task.x[chosen], task.x[:100]
    target = np.ones(len(chosen), dtype=np.int64) if task.k == 2 else task.labels[chosen]
    if request.attribution == "shap":
        from simulation.images.deep_maps import deep_maps

        maps, residual = deep_maps(net, x, target, background)
        if np.abs(residual).max() <= _ADDITIVE * max(1.0, float(np.abs(maps.sum(axis=(1, 2, 3))).max())):
            return maps, float(np.abs(residual).max()), "shap's DeepExplainer"
    maps, residual = expected_gradients(
        net.eval(), x, target, background, samples=200, seed=request.first_seed
    )
    by = "expected gradients"
    if request.attribution == "shap":
        by += " (DeepExplainer's maps did not add up on this network)"
    return maps, float(np.abs(residual).max()), by
