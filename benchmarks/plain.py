"""The loop to beat: the same network and training, as one writes them in PyTorch without any theory.

Data of shape (n, 2, d), an `nn.Module`, `softplus` of the margins, `loss.backward()`, `optim.SGD`. The loss
tensor is never read back and nothing is recorded, so nothing slows it down.
"""

from __future__ import annotations

import torch
from torch import nn

from simulation.two_stage.problem import Problem

__all__ = ["PatchNetwork", "PlainLoop"]


class PatchNetwork(nn.Module):
    """`f = F_{+1} - F_{-1}`, each side m ReLU filters summed over both patches, second layer fixed."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n,) of samples x (n, 2, d)."""
        _, m, d = self.weight.shape
        hidden = torch.relu(nn.functional.linear(x, self.weight.reshape(2 * m, d)))
        plus, minus = hidden.sum(1).reshape(-1, 2, m).mean(2).unbind(1)
        return plus - minus


class PlainLoop:
    """Full-batch gradient descent on a problem; `run(k)` makes k steps."""

    def __init__(self, problem: Problem, eta: float, device: str = "cpu") -> None:
        signal = torch.from_numpy(problem.y.copy())[:, None] * torch.from_numpy(problem.mu.copy())
        self.x = torch.stack([signal, torch.from_numpy(problem.xi.copy())], dim=1).to(device)
        self.y = torch.from_numpy(problem.y_observed.copy()).to(device)
        self.model = PatchNetwork(torch.from_numpy(problem.w0.copy()).to(device))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=eta)

    def run(self, steps: int) -> None:
        """Make the steps."""
        for _ in range(steps):
            loss = nn.functional.softplus(-self.y * self.model(self.x)).mean()
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own annotation is missing
            self.optimizer.step()
