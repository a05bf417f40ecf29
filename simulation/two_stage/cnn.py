r"""The real two-layer ReLU CNN as a torch module, trained by gradient descent.

Nothing of the theory enters: weights in R^d, forward pass, gradient. The gradient is the chain rule written
out, which autograd of the module confirms; the signal patch `y_i mu` is never formed per sample. The
coefficients are recovered from the weights by projecting `W^(t) - W^(0)` on the patches.

Memory: weights, patches, and O((m + n)^2) numbers. Patches that do not fit on the device stay where they are
and pass through it in blocks of samples.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from simulation.progress import track
from simulation.two_stage.problem import Problem, patch_gram
from simulation.two_stage.record import Record
from simulation.two_stage.step_weights import StepWeights
from simulation.two_stage.stopping import Monitor, StopRule

__all__ = ["TwoLayerCNN", "run_cnn"]

#: Condition number of the normalised Gram matrix above which a projection is corrected once.
_CONDITION = 100.0
#: Memory for the part of the weights that is looked at outside the span of the patches.
_REST_BYTES = 2**20
#: Memory for a change of the weights before it is added to them.
_PIECE_BYTES = 2**20


class TwoLayerCNN(nn.Module):
    r"""`f = F_{+1} - F_{-1}`, `F_j = (1/m) sum_r [relu(<w_{j,r}, y mu>) + relu(<w_{j,r}, xi>)]`.

    `weight` has shape (2, m, d); index 0 is j = +1. The second layer is fixed at +-1/m. With `biased` every
    filter adds its `bias` (2, m), 0 at first, to its products with both patches.

    Source: Han et al. 2025, section 3.
    """

    def __init__(self, weight: torch.Tensor, biased: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(torch.zeros_like(weight[..., 0])) if biased else None

    def forward(self, mu: torch.Tensor, y: torch.Tensor, xi: torch.Tensor) -> torch.Tensor:
        """Outputs f (n,) for signal `mu` (d,), its signs `y` (n,) and noise patches `xi` (n, d).

        Two samples with the same label share their signal patch, so `<w, mu>` is computed once.
        """
        products = torch.cat([(self.weight @ mu)[..., None], self.weight @ xi.T], dim=-1)
        return self.outputs(products.reshape(-1, products.shape[-1]), y)

    def outputs(self, products: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Outputs f (n,) from the products `W V` (2m, n+1), column 0 for mu, sides stacked."""
        signal, noise = products[:, 0].reshape(2, -1), products[:, 1:].reshape(2, -1, len(y))
        opposite = -signal
        if self.bias is not None:
            signal, opposite, noise = signal + self.bias, opposite + self.bias, noise + self.bias[..., None]
        plus = torch.relu(signal).mean(1)
        minus = torch.relu(opposite).mean(1)
        noise_out = torch.relu(noise).mean(1)
        signal_out = torch.where(y > 0, plus[0] - plus[1], minus[0] - minus[1])
        return signal_out + noise_out[0] - noise_out[1]


class _Patches:
    """`mu` (d,) on the device, and the noise patches in blocks of samples: resident, or brought when used."""

    def __init__(
        self, problem: Problem, device: str, dtype: torch.dtype, resident_bytes: float | None
    ) -> None:
        self.device, self.dtype = device, dtype
        self.mu = self.tensor(problem.mu)
        n, d = problem.n, problem.d
        size = n * d * dtype.itemsize
        room = _room(device) if resident_bytes is None else resident_bytes
        if size <= room:
            rows, self._blocks = n, [self.tensor(problem.xi)]
        else:
            # Two blocks in flight, and as much again for the product's own work.
            rows = max(1, min(n, int(room / 4 / (d * dtype.itemsize))))
            self._blocks = [_shared(problem.xi[k : k + rows]) for k in range(0, n, rows)]
        self.slices = [slice(k, min(k + rows, n)) for k in range(0, n, rows)]

    def tensor(self, array: NDArray[np.float64]) -> torch.Tensor:
        return _shared(array).to(dtype=self.dtype, device=self.device)

    def __iter__(self) -> Iterator[tuple[slice, torch.Tensor]]:
        """Samples and their patches (k, d) on the device."""
        for part, block in zip(self.slices, self._blocks, strict=True):
            yield part, block.to(device=self.device, dtype=self.dtype)

    def products(self, W: torch.Tensor, out: torch.Tensor) -> None:
        """`W V` (R, n+1) of rows `W` (R, d), column 0 for mu."""
        torch.mv(W, self.mu, out=out[:, 0])
        for part, xi in self:
            out[:, part.start + 1 : part.stop + 1] = W @ xi.T

    def step(self, W: torch.Tensor, c: torch.Tensor, alpha: float, out: torch.Tensor) -> None:
        """`W += alpha c V^T` in place, then `W V` into `out`."""
        self.add(W, c, alpha)
        self.products(W, out)

    def add(self, W: torch.Tensor, c: torch.Tensor, alpha: float) -> None:
        """`W += alpha c V^T` in place, c (R, n+1).

        The sum is formed aside, a piece of the dimensions at a time, and added once: added to W term by term
        it would round W, which is larger, as often.
        """
        piece = max(1, int(_PIECE_BYTES / (len(W) * W.element_size())))
        for part, xi in self:
            shares = c[:, part.start + 1 : part.stop + 1].contiguous()
            for low in range(0, W.shape[1], piece):
                columns = slice(low, low + piece)
                change = shares @ xi[:, columns]
                if part.start == 0:
                    change.addr_(c[:, 0], self.mu[columns])
                W[:, columns].add_(change, alpha=alpha)


class _CompiledPatches(_Patches):
    """The same on a CPU, each step in one pass over the patches."""

    def __init__(self, problem: Problem, dtype: torch.dtype) -> None:
        from simulation.two_stage.network_kernel import PatchPass

        super().__init__(problem, "cpu", dtype, None)
        xi = self._blocks[0].numpy()
        self._pass = PatchPass(self.mu.numpy(), xi, 2 * problem.m, torch.get_num_threads())

    def step(self, W: torch.Tensor, c: torch.Tensor, alpha: float, out: torch.Tensor) -> None:
        self._pass(W.numpy(), (alpha * c).numpy(), out.numpy())


def _shared(array: NDArray[np.float64]) -> torch.Tensor:
    """The array's own memory. torch warns where that is read-only, although nothing here writes to it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not writable", category=UserWarning)
        return torch.from_numpy(array)


def _room(device: str) -> float:
    """Bytes that patches may take on a device. Where arrays live already, they take none."""
    if not device.startswith("cuda"):
        return float("inf")
    return 0.8 * torch.cuda.mem_get_info(device)[0]


class _Projector:
    """Coefficients of `W - W0` on the patches: least squares, by the normal equations in float64.

    `(W - W0) V = A - A^(0)` is at hand after a forward pass, so that a projection needs no further pass over
    the patches. The equations square the condition number of the normalised patches; where that matters, one
    correction from the residual makes up for it (corrected seminormal equations, Bjorck 1987).
    """

    def __init__(
        self, patches: _Patches, W0: torch.Tensor, A0: torch.Tensor, gram: NDArray[np.float64]
    ) -> None:
        self.patches, self.W0, self.A0 = patches, W0, A0
        K = torch.as_tensor(gram, dtype=torch.float64, device=patches.device)
        self.norms_sq = torch.diagonal(K).clone()
        self.norms = self.norms_sq.sqrt()
        unit = K / self.norms / self.norms[:, None]
        eigenvalues = torch.linalg.eigvalsh(unit)
        self.factor = torch.linalg.cholesky(unit)
        self.corrects = float(eigenvalues[-1] / eigenvalues[0]) > _CONDITION

    def __call__(self, W: torch.Tensor, A: torch.Tensor, share: float = 1.0) -> torch.Tensor:
        """`C` (R, n+1), float64, with `W - share W0 = C D^-1 V^T + rest`, D = diag of squared norms."""
        C = self._solve((A - share * self.A0).double())
        if self.corrects:
            left = torch.empty_like(A)
            for rows, rest, _ in self._rests(W, C, share):
                self.patches.products(rest, left[rows])
            C += self._solve(left.double())
        return C

    def _solve(self, products: torch.Tensor) -> torch.Tensor:
        return torch.cholesky_solve((products / self.norms).T, self.factor).T * self.norms

    def _rests(
        self, W: torch.Tensor, C: torch.Tensor, share: float
    ) -> Iterator[tuple[slice, torch.Tensor, torch.Tensor]]:
        """Blocks of filters, small as they are copies: rows, `change - C D^-1 V^T` and `|change|^2`, where
        the change is `W - share W0`."""
        c = (C / self.norms_sq).to(W.dtype)
        block = max(1, int(_REST_BYTES / (W.shape[1] * W.element_size())))
        for low in range(0, len(W), block):
            rows = slice(low, low + block)
            rest = W[rows] - share * self.W0[rows]
            size = torch.linalg.vector_norm(rest) ** 2
            self.patches.add(rest, c[rows], -1.0)
            yield rows, rest, size

    def residual(self, W: torch.Tensor, C: torch.Tensor, share: float = 1.0) -> float:
        """Share of `|W - share W0|` outside the span of the patches; 0 for no change."""
        outside = total = 0.0
        for _, rest, size in self._rests(W, C, share):
            outside += float(torch.linalg.vector_norm(rest)) ** 2
            total += float(size)
        return math.sqrt(outside / total) if total > 0 else 0.0


def run_cnn(
    problem: Problem,
    eta: float,
    *,
    steps: int,
    recorded: NDArray[np.int64],
    snapshots: NDArray[np.int64],
    batching: StepWeights | None = None,
    decay: float = 0.0,
    momentum: float = 0.0,
    bias_eta: float | None = None,
    stop: StopRule | None = None,
    device: str = "cpu",
    dtype: str = "float64",
    progress: bool = False,
    gram: NDArray[np.float64] | None = None,
    gradient: Literal["closed", "autograd"] = "closed",
    resident_bytes: float | None = None,
) -> Record:
    """Train the network by plain gradient descent; one Record.

    Args:
        batching: weights of the samples, step by step: mini-batches, schedules, fresh flips.
        decay: a step first multiplies W by one minus this.
        momentum: beta of `V <- beta V - (1 - beta) eta grad`, `W <- W + V`.
        bias_eta: step size of the biases (eta, in whatever units the patches are); None: there are none.
        stop: the run ends at the first step where this holds, which is recorded and kept as a snapshot.
        gram: `V^T V` of the patches, where it is at hand.
        gradient: "closed", the chain rule written out, or "autograd" of the module, its oracle.
        resident_bytes: patches larger than this pass through the device in blocks; default what fits.
    """
    n, d, m = problem.n, problem.d, problem.m
    number = getattr(torch, dtype)
    if device == "cpu" and resident_bytes is None:
        patches: _Patches = _CompiledPatches(problem, number)
    else:
        patches = _Patches(problem, device, number, resident_bytes)
    y, y_observed = patches.tensor(problem.y), patches.tensor(problem.y_observed)
    W0 = patches.tensor(problem.w0).reshape(2 * m, d)
    net = TwoLayerCNN(W0.reshape(2, m, d), biased=bias_eta is not None)
    W = net.weight.detach().reshape(2 * m, d)
    bias = None if net.bias is None else net.bias.detach().reshape(2 * m)
    side = torch.ones(2 * m, dtype=W.dtype, device=device)
    side[m:] = -1.0
    A = torch.empty((2 * m, n + 1), dtype=W.dtype, device=device)
    patches.products(W, A)
    project = _Projector(patches, W0, A.clone(), patch_gram(problem.mu, problem.xi) if gram is None else gram)
    monitor = None if stop is None else Monitor(stop, problem.y != problem.y_observed)

    margins_out = np.empty((len(recorded) + 1, n))
    gamma_out = np.empty((len(recorded) + 1, 2 * m))
    C_out = np.empty((len(snapshots) + 1, 2 * m, n + 1))
    A_out = np.empty_like(C_out)
    residual_out, share_out = np.empty(len(snapshots) + 1), np.empty(len(snapshots) + 1)
    bias_out = np.zeros((len(snapshots) + 1, 2 * m))
    share, velocity = 1.0, torch.zeros_like(W) if momentum else None
    bias_velocity = torch.zeros(2 * m, dtype=W.dtype, device=device)
    wanted, kept = {int(t) for t in recorded}, {int(t) for t in snapshots}
    written: list[int] = []
    saved: list[int] = []

    for t in track(range(steps + 1), "cnn", progress):
        margins = y_observed * net.outputs(A, y).detach()
        z = margins.double().cpu().numpy() if t in wanted or monitor is not None else None
        over = monitor is not None and z is not None and monitor.holds(t, z)
        if over or t in wanted or t in kept:
            C = project(W, A, share)
            if over or t in wanted:
                margins_out[len(written)] = z
                gamma_out[len(written)] = (side * C[:, 0]).cpu().numpy()
                written.append(t)
            if over or t in kept:
                C_out[len(saved)] = C.cpu().numpy()
                A_out[len(saved)] = A.double().cpu().numpy()
                residual_out[len(saved)] = project.residual(W, C, share)
                share_out[len(saved)] = share
                if bias is not None:
                    bias_out[len(saved)] = bias.double().cpu().numpy()
                saved.append(t)
        if over or t == steps:
            break
        weights = None if batching is None else patches.tensor(batching.next())
        closed = gradient == "closed"
        slopes = change = bias_change = None
        if closed:
            slopes, bias_change = _slopes(A, margins, y, y_observed, side, weights, bias)
        else:
            change, bias_change = _autograd(net, patches, y, y_observed, weights)
        if bias is not None and bias_change is not None and bias_eta is not None:
            # Without momentum the velocity is the step.
            bias_velocity.mul_(momentum).sub_(bias_change, alpha=(1.0 - momentum) * bias_eta)
            bias.add_(bias_velocity)
        if decay:
            W.mul_(1.0 - decay)
            share *= 1.0 - decay
        moved, rate = W, eta
        if velocity is not None:
            moved, rate = velocity.mul_(momentum), (1.0 - momentum) * eta
        if slopes is not None and velocity is None:
            patches.step(W, slopes, -eta, A)
            continue
        if slopes is not None:
            patches.add(moved, slopes, -rate)
        elif change is not None:
            moved.sub_(change, alpha=rate)
        if velocity is not None:
            W.add_(velocity)
        patches.products(W, A)

    T, S = len(written), len(saved)
    margins_out = margins_out[:T]
    return Record(
        steps=np.array(written, dtype=np.int64),
        margins=margins_out,
        gamma=gamma_out[:T].reshape(-1, 2, m),
        train_loss=np.logaddexp(0.0, -margins_out).mean(axis=1),
        snapshot_steps=np.array(saved, dtype=np.int64),
        coefficients=C_out[:S],
        products=A_out[:S],
        span_residual=residual_out[:S],
        initial_share=share_out[:S],
        biases=None if bias is None else bias_out[:S],
    )


def _slopes(
    A: torch.Tensor,
    margins: torch.Tensor,
    y: torch.Tensor,
    y_observed: torch.Tensor,
    side: torch.Tensor,
    weights: torch.Tensor | None,
    bias: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """`dL/dA` (2m, n+1), so that `dL/dW = (dL/dA) V^T`, by the chain rule, and `dL/db` (2m,); relu'(0) = 0.

    Column 0 gathers the signal patches: of samples with y = +1 where `<w, mu> > 0`, and of those with
    y = -1, whose patch is -mu, where `<w, mu> < 0`. With biases the filters' thresholds are at -b. A sample
    of negative weight is seen with the other label.
    """
    n, m = len(y), len(side) // 2
    seen = margins if weights is None else torch.where(weights < 0, -margins, margins)
    pull = -y_observed * torch.sigmoid(-seen)
    if weights is not None:
        pull *= weights
    pull /= n * m
    slopes = torch.empty_like(A)
    threshold = torch.zeros_like(side) if bias is None else -bias
    torch.mul((A[:, 1:] > threshold[:, None]) * side[:, None], pull, out=slopes[:, 1:])
    positive = y > 0
    plus, minus = pull[positive].sum(), pull[~positive].sum()
    up, down = plus * (A[:, 0] > threshold), minus * (-A[:, 0] > threshold)
    slopes[:, 0] = side * (up - down)
    return slopes, None if bias is None else side * (up + down) + slopes[:, 1:].sum(1)


def _autograd(
    net: TwoLayerCNN,
    patches: _Patches,
    y: torch.Tensor,
    y_observed: torch.Tensor,
    weights: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """`dL/dW` (2m, d) and, where there are biases, `dL/db` (2m,) by automatic differentiation of the
    module."""
    xi = torch.cat([block for _, block in patches])
    # Not softplus: torch cuts it to a straight line beyond 20, and its gradient is then off by e^-20.
    seen = y_observed if weights is None else torch.where(weights < 0, -y_observed, y_observed)
    losses = -nn.functional.logsigmoid(seen * net(patches.mu, y, xi))
    loss = (losses if weights is None else losses * weights.abs()).mean()
    found, *of_bias = torch.autograd.grad(loss, list(net.parameters()))
    return found.reshape(-1, found.shape[-1]), of_bias[0].reshape(-1) if of_bias else None
