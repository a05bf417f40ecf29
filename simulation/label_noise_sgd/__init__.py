"""Engines of the two-layer linear network under label-noise SGD and sharpness-aware minimisation.

Names are imported on first use: compiled code and torch are slow to load.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_EXPORTS = {
    "Dynamics": "simulation.label_noise_sgd.dynamics",
    "LinearProblem": "simulation.label_noise_sgd.problem",
    "Trajectory": "theory.label_noise_sgd.trajectory",
    "sample_problem": "simulation.label_noise_sgd.problem",
    "train": "simulation.label_noise_sgd.training",
    "train_many": "simulation.label_noise_sgd.training",
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
