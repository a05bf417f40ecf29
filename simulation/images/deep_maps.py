"""Attribution maps by shap's DeepExplainer (an extra: `pip install shap`), of the same gap as ours."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["deep_maps"]

Floats = NDArray[np.float64]


def deep_maps(
    net: Any, x: NDArray[np.float32], labels: NDArray[np.int64], background: NDArray[np.float32]
) -> tuple[Floats, Floats]:
    """Maps (B, C, H, W) of each image's label against the others, and additivity residuals (B,).

    DeepExplainer replaces the gradient of every nonlinear module by a difference quotient; it sees modules
    only. A network with functional or shared activations breaks it, which the residuals show.

    Raises:
        ImportError: shap is not installed.
    """
    import torch

    from simulation.images.attribution import logit_gap

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of shap's own imports and hooks
        import shap  # type: ignore[import-not-found,import-untyped,unused-ignore]

        explainer = shap.DeepExplainer(net.eval(), torch.from_numpy(np.ascontiguousarray(background)))
        explained = torch.from_numpy(np.ascontiguousarray(x))
        # One array (B, C, H, W, k) since shap 0.45; before, a list of k.
        values = np.asarray(explainer.shap_values(explained, check_additivity=False), dtype=np.float64)
    parts = torch.from_numpy(np.moveaxis(values, -1, 1).reshape(len(x), values.shape[-1], -1))
    target = torch.from_numpy(np.ascontiguousarray(labels))
    maps = torch.stack(
        [logit_gap(parts[:, :, pixel], target) for pixel in range(parts.shape[2])], dim=1
    ).reshape(x.shape)
    with torch.no_grad():
        there = logit_gap(net(explained), target).double()
        base = net(torch.from_numpy(np.ascontiguousarray(background))).mean(dim=0)
        away = logit_gap(base.expand(len(x), -1), target).double()
    residual = maps.flatten(1).sum(dim=1) - (there - away)
    return maps.numpy(), residual.numpy()
