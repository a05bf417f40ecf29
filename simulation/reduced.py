r"""Gradient descent on the closure: exact, at O(m n^2) a step whatever the dimension.

State: the coefficients `C` (2m, n+1), first column `j gamma`, the others `rho`. Each step forms
`A = A^(0) + C D^-1 K` afresh (no accumulated error), the margins, and the two recursions. A leading batch
axis holds independent runs of one shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from simulation.geometry import Geometry
from simulation.progress import track

__all__ = ["Record", "run_reduced"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Record:
    """What an engine writes down of one run. T recorded steps, S snapshots.

    `margins` (T, n); `gamma` (T, 2, m); `train_loss` (T,); `coefficients` C (S, 2m, n+1) and `products`
    W V (S, 2m, n+1), sides stacked j = +1 first; `steps` (T,), `snapshot_steps` (S,); `span_residual` (S,)
    the share of `|W^(t) - W^(0)|` outside the span of the patches (0 by construction in the closure).
    """

    steps: NDArray[np.int64]
    margins: Floats
    gamma: Floats
    train_loss: Floats
    snapshot_steps: NDArray[np.int64]
    coefficients: Floats
    products: Floats
    span_residual: Floats


def run_reduced(
    geometries: Sequence[Geometry],
    etas: Sequence[float],
    *,
    steps: int,
    recorded: NDArray[np.int64],
    snapshots: NDArray[np.int64],
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    progress: bool = False,
) -> list[Record]:
    """Train several problems of one shape (n, m) side by side; one Record each."""
    batch = len(geometries)
    n, m = geometries[0].n, geometries[0].m

    def stack(arrays: Sequence[Floats]) -> torch.Tensor:
        return torch.as_tensor(np.stack(arrays), dtype=dtype, device=device)

    K = stack([g.gram for g in geometries])
    A0 = stack([g.products for g in geometries])
    y = stack([g.y for g in geometries])
    y_observed = stack([g.y_observed for g in geometries])
    norms = torch.diagonal(K, dim1=1, dim2=2)
    N = K / norms[:, :, None]
    scale = stack([np.array([eta / (n * m)]) for eta in etas])
    side = torch.ones(2 * m, dtype=dtype, device=device)
    side[m:] = -1.0
    head = (side / m).expand(batch, 1, 2 * m)
    positive = y > 0
    agree = y * y_observed
    agree_plus = torch.where(positive, agree, 0.0)
    agree_minus = torch.where(positive, 0.0, agree)
    noise_push = scale * norms[:, 1:] * y_observed
    signal_push = scale * norms[:, :1]

    C = torch.zeros_like(A0)
    out_margins = torch.empty((len(recorded), batch, n), dtype=dtype, device=device)
    out_gamma = torch.empty((len(recorded), batch, 2 * m), dtype=dtype, device=device)
    out_C = torch.empty((len(snapshots), batch, 2 * m, n + 1), dtype=dtype, device=device)
    out_A = torch.empty_like(out_C)
    wanted = {int(t): k for k, t in enumerate(recorded)}
    kept = {int(t): k for k, t in enumerate(snapshots)}

    for t in track(range(steps + 1), "reduced", progress):
        A = torch.baddbmm(A0, C, N)
        active = (A > 0).to(dtype)
        signal = A[:, :, 0]
        f = torch.bmm(head, A * active)[:, 0]
        f_minus = torch.bmm(head, torch.clamp_min(-signal, 0.0)[:, :, None])[:, 0]
        margins = y_observed * (f[:, 1:] + torch.where(positive, f[:, :1], f_minus))
        if t in wanted:
            k = wanted[t]
            out_margins[k] = margins
            out_gamma[k] = side * C[:, :, 0]
        if t in kept:
            k = kept[t]
            out_C[k] = C
            out_A[k] = A
        if t == steps:
            break
        g = torch.sigmoid(-margins)
        push_plus = signal_push * (g * agree_plus).sum(1, keepdim=True)
        push_minus = signal_push * (g * agree_minus).sum(1, keepdim=True)
        dgamma = push_plus * active[:, :, 0] + push_minus * (signal < 0).to(dtype)
        C[:, :, 0] += side * dgamma
        C[:, :, 1:].addcmul_(active[:, :, 1:] * side[:, None], (noise_push * g)[:, None, :])

    def host(x: torch.Tensor) -> Floats:
        return x.to(device="cpu", dtype=torch.float64).numpy()

    margins_all, gamma_all = host(out_margins), host(out_gamma)
    loss_all = np.logaddexp(0.0, -margins_all).mean(axis=2)
    C_all, A_all = host(out_C), host(out_A)
    return [
        Record(
            steps=recorded,
            margins=np.ascontiguousarray(margins_all[:, b]),
            gamma=np.ascontiguousarray(gamma_all[:, b]).reshape(-1, 2, m),
            train_loss=np.ascontiguousarray(loss_all[:, b]),
            snapshot_steps=snapshots,
            coefficients=np.ascontiguousarray(C_all[:, b]),
            products=np.ascontiguousarray(A_all[:, b]),
            span_residual=np.zeros(len(snapshots)),
        )
        for b in range(batch)
    ]
