"""The same model as a softmax with two weight vectors, from Lemma 2's gradient of every logit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from simulation.early_learning.force import Loss
from simulation.early_learning.problem import MixtureProblem

__all__ = ["TwoRow"]

Floats = NDArray[np.float64]


class TwoRow:
    r"""Gradient descent on two rows with step eta/2; their difference is the logistic model's vector.

    Logit gradients of an example are `(p - y + lam g) / n` with
    `g_c = p_c sum_k (t_k - t_c) p_k / (1 - <p, t>)` (Liu et al. 2020, Lemma 2) or, for the KL regulariser,
    `g = (sum t) p - t`. Written with p and t by class, apart from the margins' forces of the other engines.

    Args:
        problem, loss: data and loss.
        theta_0: difference of the two rows at the start, (p,).
        eta: step of the logistic model.
    """

    def __init__(self, problem: MixtureProblem, loss: Loss, theta_0: Floats, eta: float) -> None:
        self.problem, self.loss, self.eta = problem, loss, eta
        self.rows = np.stack([theta_0 / 2.0, -theta_0 / 2.0])
        n = len(problem.e)
        self.label = np.stack([problem.e_observed > 0, problem.e_observed < 0], axis=1).astype(np.float64)
        self.visits = 0
        self.t = np.zeros((n, 2))
        self.missing = 1.0
        if loss.name == "frozen" and loss.target is not None:
            true = np.stack([problem.e > 0, problem.e < 0], axis=1)
            self.t = np.where(true, loss.target, 1.0 - loss.target)
            self.missing = 0.0

    @property
    def difference(self) -> Floats:
        """First row minus second, (p,)."""
        return np.asarray(self.rows[0] - self.rows[1])

    def step(self) -> Floats:
        """One step; returns the force `-d loss_i / d f_i` on the margins towards the true sign, (n,)."""
        n = len(self.label)
        p = np.exp(log_softmax(self.problem.x @ self.rows.T, axis=1))
        gradient = p - self.label + self.loss.lam * self._regulariser(p)
        self.rows = self.rows - (self.eta / 2.0) * (gradient.T @ self.problem.x) / n
        return np.asarray(-self.problem.e * (gradient[:, 0] - gradient[:, 1]) / 2.0)

    def _regulariser(self, p: Floats) -> Floats:
        loss = self.loss
        if loss.name == "ce" or loss.lam == 0.0:
            return np.zeros_like(p)
        inside = np.ones(len(p), dtype=bool)
        if loss.clamp is not None:
            inside = np.all((p >= loss.clamp) & (p <= 1.0 - loss.clamp), axis=1)
            p = np.clip(p, loss.clamp, 1.0 - loss.clamp)
        if loss.name != "frozen":
            self.visits += 1
            self.t = loss.beta * self.t + (1.0 - loss.beta) * p
            self.missing = loss.beta**self.visits
        if loss.name == "kl":
            g = (1.0 - self.missing) * p - self.t
        else:
            rest = self.missing + np.sum(self.t * p[:, ::-1], axis=1)
            other_t, other_p = self.t[:, ::-1], p[:, ::-1]
            # <p, t> - t_c = sum_k (t_k - t_c) p_k, whose term k = c is zero.
            g = p * (other_t - self.t) * other_p / rest[:, None]
        return np.where(inside[:, None], g, 0.0)
