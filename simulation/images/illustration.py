"""Attribution maps of a few images at the stop and at the end, as illustrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.images.attribution import expected_gradients
from simulation.images.request import Request
from simulation.images.task import task_of
from simulation.images.train import train_tasks
from theory.images.measures import stop_acc

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["maps_of"]


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
    target = np.ones(len(chosen), dtype=np.int64)
    found: dict[int, tuple[NDArray[Any], float]] = {}

    def keep(step: int, net_of: Any) -> None:
        if step not in (stop, last):
            return
        net = net_of(0)
        if request.attribution == "shap":
            found[step] = _shap(net, task.x[chosen], task.x[:100])
        else:
            maps, residual = expected_gradients(
                net.eval(), task.x[chosen], target, task.x[:100], samples=200, seed=seed
            )
            found[step] = maps, float(np.abs(residual).max())

    train_tasks([task], request.recipe, [seed], device="cpu", keep=keep)
    names = request.images.class_names
    titles = [f"{names[task.labels[i]]}" + (f", is {names[task.y[i]]}" if noisy[i] else "") for i in chosen]
    steps = [s for s in (stop, last) if s in found]
    figure = maps_figure(task.x[chosen], [found[s][0] for s in steps], [f"step {s}" for s in steps], titles)
    residuals = ", ".join(f"{found[s][1]:.2g} at step {s}" for s in steps)
    return (
        figure,
        f"Attribution maps miss their sum by at most {residuals} (in logits); one map is an illustration.",
    )


def _shap(net: Any, x: NDArray[np.float32], background: NDArray[np.float32]) -> tuple[NDArray[Any], float]:
    """Maps of the gap between classes 1 and 0 by shap's DeepExplainer; its result is one array (N, C, H, W,
    K)."""
    import shap  # type: ignore[import-not-found,unused-ignore]
    import torch

    explainer = shap.DeepExplainer(net.eval(), torch.from_numpy(background))
    values = np.asarray(explainer.shap_values(torch.from_numpy(x), check_additivity=False))
    gap = values[..., 1] - values[..., 0]
    with torch.no_grad():
        there, away = net(torch.from_numpy(x)).numpy(), net(torch.from_numpy(background)).numpy().mean(axis=0)
    wanted = (there[:, 1] - there[:, 0]) - (away[1] - away[0])
    return gap, float(np.abs(gap.reshape(len(x), -1).sum(axis=1) - wanted).max())
