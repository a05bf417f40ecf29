r"""The real two-layer ReLU CNN as a torch module, trained by full-batch gradient descent.

Nothing of the theory enters: forward pass, autograd gradient, weights in R^d. The coefficients are
recovered from the weights by projecting `W^(t) - W^(0)` on the patches.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from simulation.minibatch import BatchWeights
from simulation.problem import Problem
from simulation.progress import track
from simulation.reduced import Record

__all__ = ["TwoLayerCNN", "run_cnn"]


class TwoLayerCNN(nn.Module):
    r"""`f = F_{+1} - F_{-1}`, `F_j = (1/m) sum_r [relu(<w_{j,r}, y mu>) + relu(<w_{j,r}, xi>)]`.

    `weight` has shape (2, m, d); index 0 is j = +1. The second layer is fixed at +-1/m.

    Source: Han et al. 2025, section 3.
    """

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())

    def forward(self, mu: torch.Tensor, y: torch.Tensor, xi: torch.Tensor) -> torch.Tensor:
        """Outputs f (n,) for signal `mu` (d,), its signs `y` (n,) and noise patches `xi` (n, d).

        Two samples with the same label share their signal patch, so `<w, mu>` is computed once.
        """
        signal = self.weight @ mu
        noise = torch.einsum("jrd,nd->jrn", self.weight, xi)
        plus = torch.relu(signal).mean(1)
        minus = torch.relu(-signal).mean(1)
        noise_out = torch.relu(noise).mean(1)
        signal_out = torch.where(y > 0, plus[0] - plus[1], minus[0] - minus[1])
        return signal_out + noise_out[0] - noise_out[1]


class _Projector:
    """Least-squares coefficients of `W - W0` on the patches, by QR of the normalised patches."""

    def __init__(self, V: torch.Tensor) -> None:
        self.norms = torch.linalg.vector_norm(V, dim=0)
        self.Q, self.R = torch.linalg.qr(V / self.norms)

    def __call__(self, change: torch.Tensor) -> torch.Tensor:
        """`C` (2m, n+1) with `change = C D^-1 V^T`, D = diag of squared norms."""
        unit = torch.linalg.solve_triangular(self.R, (change @ self.Q).T, upper=True)
        return torch.mul(unit.T, self.norms)

    def residual(self, change: torch.Tensor) -> float:
        """Share of `|change|` outside the span of the patches; 0 for no change."""
        size = torch.linalg.vector_norm(change)
        if size == 0:
            return 0.0
        return float(torch.linalg.vector_norm(change - (change @ self.Q) @ self.Q.T) / size)


def run_cnn(
    problem: Problem,
    eta: float,
    *,
    steps: int,
    recorded: NDArray[np.int64],
    snapshots: NDArray[np.int64],
    batching: BatchWeights | None = None,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    progress: bool = False,
) -> Record:
    """Train the network by autograd and plain gradient descent; one Record."""
    n, d, m = problem.n, problem.d, problem.m

    def tensor(array: NDArray[np.float64]) -> torch.Tensor:
        # torch warns of read-only memory, although nothing here writes to it.
        return torch.as_tensor(array if array.flags.writeable else array.copy(), dtype=dtype, device=device)

    mu, xi, y = tensor(problem.mu), tensor(problem.xi), tensor(problem.y)
    y_observed = tensor(problem.y_observed)
    W0 = tensor(problem.w0)
    net = TwoLayerCNN(W0)
    V = torch.cat([mu[None], xi]).T
    project = _Projector(V)
    side = torch.ones(2 * m, dtype=dtype, device=device)
    side[m:] = -1.0

    margins_out = np.empty((len(recorded), n))
    gamma_out = np.empty((len(recorded), 2 * m))
    C_out = np.empty((len(snapshots), 2 * m, n + 1))
    A_out = np.empty_like(C_out)
    residual_out = np.empty(len(snapshots))
    wanted = {int(t): k for k, t in enumerate(recorded)}
    kept = {int(t): k for k, t in enumerate(snapshots)}

    for t in track(range(steps + 1), "cnn", progress):
        margins = y_observed * net(mu, y, xi)
        if t in wanted or t in kept:
            with torch.no_grad():
                W = net.weight.reshape(2 * m, d)
                change = W - W0.reshape(2 * m, d)
                C = project(change)
                if t in wanted:
                    margins_out[wanted[t]] = margins.double().cpu().numpy()
                    gamma_out[wanted[t]] = (side * C[:, 0]).double().cpu().numpy()
                if t in kept:
                    C_out[kept[t]] = C.double().cpu().numpy()
                    A_out[kept[t]] = (W @ V).double().cpu().numpy()
                    residual_out[kept[t]] = project.residual(change)
        if t == steps:
            break
        # Not softplus: torch cuts it to a straight line beyond 20, and its gradient is then off by e^-20.
        losses = -nn.functional.logsigmoid(margins)
        if batching is not None:
            losses = losses * tensor(batching.next())
        loss = losses.mean()
        (gradient,) = torch.autograd.grad(loss, [net.weight])
        with torch.no_grad():
            net.weight.sub_(gradient, alpha=eta)

    return Record(
        steps=recorded,
        margins=margins_out,
        gamma=gamma_out.reshape(-1, 2, m),
        train_loss=np.logaddexp(0.0, -margins_out).mean(axis=1),
        snapshot_steps=snapshots,
        coefficients=C_out,
        products=A_out,
        span_residual=residual_out,
    )
