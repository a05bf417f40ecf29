"""The closure on a device of torch: runs share a leading axis, one batched matrix product a step.

Smaller problems are padded with samples and filters that are identically zero: such a filter or sample is
never active, so it moves nothing. All arrays of size O(runs x m n) are made once; on CUDA the two halves of a
step, evaluation and update, are captured as graphs, so that a step costs two launches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from simulation.progress import track
from simulation.two_stage.geometry import Geometry
from simulation.two_stage.record import Record
from simulation.two_stage.step_weights import StepWeights
from simulation.two_stage.stopping import BOTH, EITHER, LOSS, MEMORISED, NOISY, STEP, StopRule, postfix

__all__ = ["run_on_torch"]

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

#: Steps between two looks at whether every run of the batch has ended: a look waits for the device.
_LOOK = 64


def run_on_torch(
    geometries: Sequence[Geometry],
    etas: Sequence[float],
    steps: Sequence[int],
    recorded: Sequence[Steps],
    snapshots: Sequence[Steps],
    batching: Sequence[StepWeights | None],
    decay: Sequence[float],
    momentum: float,
    stop: StopRule | None,
    device: str,
    dtype: str,
    progress: bool,
) -> list[Record]:
    """As `run_reduced`, all runs at once; equal to single runs up to rounding.

    A run that has ended is frozen, so that the state at the end of the batch is its last one.
    """
    batch = len(geometries)
    if batch == 0:
        return []
    number = {"float64": torch.float64, "float32": torch.float32}[dtype]
    state = _State(geometries, etas, device, number, decay, momentum)
    evaluate, update = _graphs(state) if device.startswith("cuda") else (state.evaluate, state.update)
    rule = postfix(stop)
    ends = torch.as_tensor(np.asarray(steps), device=device)
    mini = any(draw is not None for draw in batching)

    longest = max(steps)
    # Runs rarely record every step of the longest one: only asked-for steps are stored.
    wanted = sorted({int(t) for run in recorded for t in run})
    slot = {t: k for k, t in enumerate(wanted)}
    options: dict[str, Any] = {"dtype": state.A.dtype, "device": device}
    out_margins = torch.empty((len(wanted), batch, state.n), **options)
    out_gamma = torch.empty((len(wanted), batch, 2 * state.m), **options)
    kept: dict[int, list[int]] = {}
    for b, run in enumerate(snapshots):
        for t in run:
            kept.setdefault(int(t), []).append(b)
    saved: list[dict[int, tuple[Floats, Floats]]] = [{} for _ in range(batch)]
    left: list[dict[int, float]] = [{} for _ in range(batch)]

    for t in track(range(longest + 1), "training", progress):
        evaluate()
        if len(rule):
            state.end(t, rule, ends)
        if t in slot:
            out_margins[slot[t]].copy_(state.margins)
            torch.mul(state.side, state.C[:, :, 0], out=out_gamma[slot[t]])
        for b in kept.get(t, ()):
            saved[b][t] = (_host(state.C[b]), _host(state.A[b]))
            left[b][t] = float(state.left[b])
        if t == longest or (len(rule) and t % _LOOK == 0 and not bool((state.alive > 0).any())):
            break
        if mini:
            state.draw(batching)
        update()

    all_margins, all_gamma = _host(out_margins), _host(out_gamma)
    last = _host(state.margins), _host(state.side * state.C[:, :, 0])
    ended = state.ended.cpu().numpy()
    records = []
    for b, geometry in enumerate(geometries):
        end = int(ended[b]) if ended[b] >= 0 else None
        grid, kept_steps = recorded[b], snapshots[b]
        rows = np.array([slot[int(t)] for t in grid if end is None or t < end], dtype=np.int64)
        margins, gamma = all_margins[rows, b], all_gamma[rows, b]
        if end is not None:
            grid, kept_steps = _until(grid, end), _until(kept_steps, end)
            margins = np.concatenate([margins, last[0][b : b + 1]])
            gamma = np.concatenate([gamma, last[1][b : b + 1]])
            saved[b][end] = (_host(state.C[b]), _host(state.A[b]))
            left[b][end] = float(state.left[b])
        margins = np.ascontiguousarray(margins[:, : geometry.n])
        gamma = gamma.reshape(-1, 2, state.m)[:, :, : geometry.m]
        pairs = [saved[b][int(t)] for t in kept_steps]
        states = [np.array(part).reshape(len(pairs), 2 * state.m, -1) for part in zip(*pairs, strict=True)]
        coefficients, products = (_unpadded(x, geometry.n, geometry.m, state.m) for x in states)
        records.append(
            Record(
                steps=grid,
                margins=margins,
                gamma=np.ascontiguousarray(gamma),
                train_loss=np.logaddexp(0.0, -margins).mean(axis=1),
                snapshot_steps=kept_steps,
                coefficients=coefficients,
                products=products,
                span_residual=np.zeros(len(kept_steps)),
                initial_share=np.array([left[b][int(t)] for t in kept_steps]),
            )
        )
    return records


class _State:
    """Tensors of a batch, and the two halves of a step. B runs, R = 2m filters, W = n + 1 patches."""

    def __init__(
        self,
        geometries: Sequence[Geometry],
        etas: Sequence[float],
        device: str,
        dtype: torch.dtype,
        decay: Sequence[float],
        momentum: float,
    ) -> None:
        self.geometries = geometries
        self.n = n = max(g.n for g in geometries)
        self.m = m = max(g.m for g in geometries)
        padded = [_padded(g, n, m) for g in geometries]

        def stack(arrays: Sequence[Floats]) -> torch.Tensor:
            return torch.as_tensor(np.stack(arrays), dtype=dtype, device=device)

        K = stack([p.gram for p in padded])
        norms = torch.diagonal(K, dim1=1, dim2=2).clone()
        self.N = K.div_(norms[:, :, None])
        self.A0 = stack([p.products for p in padded])
        y = stack([p.y for p in padded])
        self.y_observed = stack([p.y_observed for p in padded])
        self.real = stack([p.real for p in padded])
        self.noisy = (y != self.y_observed) & (self.real > 0)
        self.sizes = stack([np.array([float(g.n)]) for g in geometries])[:, 0]
        scale = stack([np.array([eta / (g.n * g.m)]) for eta, g in zip(etas, geometries, strict=True)])
        self.side = torch.ones(2 * m, dtype=dtype, device=device)
        self.side[m:] = -1.0
        self.head = (self.side / stack([np.array([[float(g.m)]]) for g in geometries])).contiguous()
        self.positive, self.negative = (y > 0).to(dtype), (y < 0).to(dtype)
        # Pushes of the two signal patches and of every noise patch, per unit of the loss derivative.
        agree = y * self.y_observed * self.real * scale * norms[:, :1]
        self.signal_push = torch.stack([agree * self.positive, agree * self.negative], dim=2)
        self.noise_push = scale * norms[:, 1:] * self.y_observed * self.real

        # What a step takes off the weights, and what is left of the initial ones, (B, 1, 1).
        self.decays, self.momentum = any(decay), momentum
        self.decay = stack([np.array([[loss]]) for loss in decay])
        self.left = torch.ones_like(self.decay)
        self.start = self.A0.clone()
        self.C = torch.zeros_like(self.A0)
        self.V = torch.zeros_like(self.A0) if momentum else None
        self.A = torch.empty_like(self.A0)
        self.work = torch.empty_like(self.A0)
        self.margins = torch.empty_like(self.y_observed)
        self.g = torch.empty_like(self.margins)
        # Weights of the samples in a step, and whether it sees their labels as observed or flipped (+-1).
        self.weights, self.seen = torch.ones_like(self.margins), torch.ones_like(self.margins)
        self.alive = torch.ones((len(geometries), 1), dtype=dtype, device=device)
        self.ended = torch.full((len(geometries),), -1, dtype=torch.int64, device=device)
        self.streak = torch.zeros_like(self.ended)

    def evaluate(self) -> None:
        """Pre-activations and margins of the present coefficients; `work` holds relu(A)."""
        if self.decays:
            torch.mul(self.A0, self.left, out=self.start)
        torch.baddbmm(self.start, self.C, self.N, out=self.A)
        torch.clamp_min(self.A, 0.0, out=self.work)
        f = torch.bmm(self.head, self.work)[:, 0]
        f_minus = torch.bmm(self.head, torch.clamp_min(-self.A[:, :, :1], 0.0))[:, 0]
        torch.add(f[:, 1:], self.positive * f[:, :1] + self.negative * f_minus, out=self.margins)
        self.margins.mul_(self.y_observed)

    def update(self) -> None:
        """One gradient step of the runs that are alive, from what `evaluate` left."""
        torch.sigmoid(-self.margins * self.seen, out=self.g)
        self.g.mul_(self.weights).mul_(self.alive)
        push = torch.bmm(self.g[:, None, :], self.signal_push)[:, 0]
        active = self.work.sign_()
        dgamma = push[:, :1] * active[:, :, 0] + push[:, 1:] * (self.A[:, :, 0] < 0)
        moved = (self.noise_push * self.g)[:, None, :]
        m = self.m
        if self.decays:
            keep = 1.0 - self.decay * self.alive[:, :, None]
            self.C.mul_(keep)
            self.left.mul_(keep)
        if self.V is None:
            into, share = self.C, 1.0
        else:
            into, share = self.V.mul_(self.momentum), 1.0 - self.momentum
        into[:, :, 0].addcmul_(dgamma, self.side, value=share)
        into[:, :m, 1:].addcmul_(active[:, :m, 1:], moved, value=share)
        into[:, m:, 1:].addcmul_(active[:, m:, 1:], moved, value=-share)
        if self.V is not None:
            self.C.addcmul_(self.V, self.alive[:, :, None])

    def reset(self) -> None:
        """Back to the start of the runs."""
        self.C.zero_()
        self.left.fill_(1.0)
        if self.V is not None:
            self.V.zero_()

    def draw(self, batching: Sequence[StepWeights | None]) -> None:
        """The next step's sample weights."""
        rows = np.ones(tuple(self.weights.shape))
        for row, geometry, draw in zip(rows, self.geometries, batching, strict=True):
            if draw is not None:
                row[: geometry.n] = draw.next()
        self.weights.copy_(torch.as_tensor(rows, dtype=self.weights.dtype))
        self.seen.copy_(torch.as_tensor(np.where(rows < 0, -1.0, 1.0), dtype=self.seen.dtype))

    def end(self, t: int, rule: Floats, ends: torch.Tensor) -> None:
        """Freeze the runs whose rule holds at step t, and those that have made all their steps."""
        memorised = (self.margins > 0) & self.noisy
        fit = memorised.sum(1) == self.noisy.sum(1)
        self.streak = torch.where(fit, self.streak + 1, 0)
        stack: list[torch.Tensor] = []
        for code, parameter in rule.tolist():
            if code == LOSS:
                losses = -torch.nn.functional.logsigmoid(self.margins) * self.real
                stack.append(losses.sum(1) / self.sizes <= parameter)
            elif code == NOISY:
                stack.append(self.streak >= parameter)
            elif code == MEMORISED:
                stack.append(memorised.sum(1) >= parameter * self.noisy.sum(1))
            elif code == STEP:
                stack.append(torch.full_like(fit, t >= parameter))
            else:
                assert code in (BOTH, EITHER)
                second, first = stack.pop(), stack.pop()
                stack.append(first & second if code == BOTH else first | second)
        alive = self.alive[:, 0] > 0
        self.ended = torch.where(stack[0] & alive, t, self.ended)
        self.alive[:, 0] *= ~stack[0] & (ends > t)


def _graphs(state: _State) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The two halves of a step as CUDA graphs, or as they are where the device cannot capture them."""
    torch.cuda.synchronize(state.A.device)
    stream = torch.cuda.Stream(state.A.device)  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream(state.A.device))
    with torch.cuda.stream(stream):
        # Libraries allocate their workspaces on a first call, which no capture may contain.
        state.evaluate()
        state.update()
        state.reset()
    torch.cuda.current_stream(state.A.device).wait_stream(stream)
    replays = []
    for half in (state.evaluate, state.update):
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.device(state.A.device), torch.cuda.graph(graph):
            half()
        replays.append(graph.replay)
    return replays[0], replays[1]


def _until(steps: Steps, end: int) -> Steps:
    return np.append(steps[steps < end], np.int64(end))


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
