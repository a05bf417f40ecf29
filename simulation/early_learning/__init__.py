"""Runs of early-learning regularisation: the mixture model's engines, losses for PyTorch, small nets."""

from __future__ import annotations

from theory.lazy import lazy_exports

_EXPORTS = {
    "ELRLoss": "simulation.early_learning.elr_loss",
    "ELRPlus": "simulation.early_learning.elr_plus",
    "Loss": "simulation.early_learning.force",
    "MixtureProblem": "simulation.early_learning.problem",
    "MixtureResult": "simulation.early_learning.training",
    "hard_margin": "simulation.early_learning.margins",
    "train_cifar10": "simulation.early_learning.cifar",
    "minimiser": "simulation.early_learning.minimiser",
    "sample_problem": "simulation.early_learning.problem",
    "separable": "simulation.early_learning.margins",
    "train": "simulation.early_learning.training",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
