"""Runs of early-learning regularisation: the mixture model's engines, losses for PyTorch, small nets."""

from __future__ import annotations

from importlib import import_module
from typing import Any

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

__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_EXPORTS[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
