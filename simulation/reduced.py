r"""Gradient descent on the closure: exact, at O(m n^2) a step whatever the dimension.

State: the coefficients `C` (2m, n+1), first column `j gamma`, the others `rho`. Each step forms
`A = A^(0) + C D^-1 K` afresh (no accumulated error), the margins, and the two recursions. A leading batch
axis holds independent runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from simulation.geometry import Geometry
from simulation.minibatch import BatchWeights
from simulation.progress import track

__all__ = ["Record", "run_reduced"]

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]


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
    steps: Sequence[int],
    recorded: Sequence[Steps],
    snapshots: Sequence[Steps],
    batching: Sequence[BatchWeights | None] | None = None,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    progress: bool = False,
) -> list[Record]:
    """Train several problems side by side; one Record each.

    Smaller problems are padded with samples and filters that are identically zero: such a filter or
    sample is never active, so it moves nothing. Every run has its own number of steps, recorded steps,
    snapshots and, for mini-batches, draws.
    """
    batch = len(geometries)
    n = max(g.n for g in geometries)
    m = max(g.m for g in geometries)
    states = [_padded(g, n, m) for g in geometries]

    def stack(arrays: Sequence[Floats]) -> torch.Tensor:
        return torch.as_tensor(np.stack(arrays), dtype=dtype, device=device)

    K = stack([s.gram for s in states])
    A0 = stack([s.products for s in states])
    y = stack([s.y for s in states])
    y_observed = stack([s.y_observed for s in states])
    real = stack([s.real for s in states])
    norms = torch.diagonal(K, dim1=1, dim2=2)
    N = K / norms[:, :, None]
    scale = stack([np.array([eta / (g.n * g.m)]) for eta, g in zip(etas, geometries, strict=True)])
    side = torch.ones(2 * m, dtype=dtype, device=device)
    side[m:] = -1.0
    head = side / stack([np.array([[float(g.m)]]) for g in geometries])
    positive = y > 0
    agree = y * y_observed * real
    agree_plus = torch.where(positive, agree, 0.0)
    agree_minus = torch.where(positive, 0.0, agree)
    noise_push = scale * norms[:, 1:] * y_observed * real
    signal_push = scale * norms[:, :1]

    longest = max(steps)
    draws = [None] * batch if batching is None else list(batching)
    mini = any(w is not None for w in draws)
    C = torch.zeros_like(A0)
    # Runs rarely record every step of the longest one: only asked-for steps are stored.
    wanted_steps = sorted({int(t) for run in recorded for t in run})
    slot = {t: k for k, t in enumerate(wanted_steps)}
    out_margins = torch.empty((len(wanted_steps), batch, n), dtype=dtype, device=device)
    out_gamma = torch.empty((len(wanted_steps), batch, 2 * m), dtype=dtype, device=device)
    kept: dict[int, list[int]] = {}
    for b, run in enumerate(snapshots):
        for t in run:
            kept.setdefault(int(t), []).append(b)
    saved: list[list[tuple[Floats, Floats]]] = [[] for _ in range(batch)]

    for t in track(range(longest + 1), "training", progress):
        A = torch.baddbmm(A0, C, N)
        active = (A > 0).to(dtype)
        signal = A[:, :, 0]
        f = torch.bmm(head, A * active)[:, 0]
        f_minus = torch.bmm(head, torch.clamp_min(-signal, 0.0)[:, :, None])[:, 0]
        margins = y_observed * (f[:, 1:] + torch.where(positive, f[:, :1], f_minus))
        if t in slot:
            out_margins[slot[t]] = margins
            out_gamma[slot[t]] = side * C[:, :, 0]
        for b in kept.get(t, ()):
            saved[b].append((_host(C[b]), _host(A[b])))
        if t == longest:
            break
        g = torch.sigmoid(-margins)
        if mini:
            g = g * stack([_step_weights(b, n, w) for b, w in zip(geometries, draws, strict=True)])
        push_plus = signal_push * (g * agree_plus).sum(1, keepdim=True)
        push_minus = signal_push * (g * agree_minus).sum(1, keepdim=True)
        dgamma = push_plus * active[:, :, 0] + push_minus * (signal < 0).to(dtype)
        C[:, :, 0] += side * dgamma
        C[:, :, 1:].addcmul_(active[:, :, 1:] * side[:, None], (noise_push * g)[:, None, :])

    all_margins, all_gamma = _host(out_margins), _host(out_gamma)
    records = []
    for b, geometry in enumerate(geometries):
        rows = np.array([slot[int(t)] for t in recorded[b]])
        margins_b = np.ascontiguousarray(all_margins[rows, b, : geometry.n])
        gamma_b = all_gamma[rows, b].reshape(-1, 2, m)[:, :, : geometry.m]
        states_b = [np.stack(parts) for parts in zip(*saved[b], strict=True)]
        coefficients, products = (_unpadded(x, geometry.n, geometry.m, m) for x in states_b)
        records.append(
            Record(
                steps=recorded[b],
                margins=margins_b,
                gamma=np.ascontiguousarray(gamma_b),
                train_loss=np.logaddexp(0.0, -margins_b).mean(axis=1),
                snapshot_steps=snapshots[b],
                coefficients=coefficients,
                products=products,
                span_residual=np.zeros(len(snapshots[b])),
            )
        )
    return records


def _step_weights(geometry: Geometry, n: int, draw: BatchWeights | None) -> Floats:
    """A step's sample weights, padded to n."""
    weights = np.ones(n)
    if draw is not None:
        weights[: geometry.n] = draw.next()
    return weights


def _host(x: torch.Tensor) -> Floats:
    return np.array(x.to(device="cpu", dtype=torch.float64).numpy())


@dataclass(frozen=True, eq=False)
class _Padded:
    gram: Floats
    products: Floats
    y: Floats
    y_observed: Floats
    real: Floats


def _padded(geometry: Geometry, n: int, m: int) -> _Padded:
    """The geometry with zero samples and filters up to n and m; `real` (n,) marks its own samples."""
    more = n - geometry.n
    gram = np.eye(n + 1)
    gram[: geometry.n + 1, : geometry.n + 1] = geometry.gram
    products = np.zeros((2, m, n + 1))
    products[:, : geometry.m, : geometry.n + 1] = geometry.products.reshape(2, geometry.m, -1)
    one = np.ones(more)
    return _Padded(
        gram=gram,
        products=products.reshape(2 * m, n + 1),
        y=np.concatenate([geometry.y, one]),
        y_observed=np.concatenate([geometry.y_observed, one]),
        real=np.concatenate([np.ones(geometry.n), np.zeros(more)]),
    )


def _unpadded(states: Floats, n: int, m: int, padded_m: int) -> Floats:
    """Own rows and columns of stacked states (S, 2 padded_m, *), as (S, 2m, n+1)."""
    sided = states.reshape(len(states), 2, padded_m, -1)[:, :, :m, : n + 1]
    return np.ascontiguousarray(sided).reshape(len(states), 2 * m, n + 1)
