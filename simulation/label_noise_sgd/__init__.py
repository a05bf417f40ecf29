"""Engines of the two-layer linear network under label-noise SGD and sharpness-aware minimisation.

Names are imported on first use: compiled code and torch are slow to load.
"""

from __future__ import annotations

from theory.lazy import lazy_exports

_EXPORTS = {
    "Dynamics": "simulation.label_noise_sgd.dynamics",
    "LinearProblem": "simulation.label_noise_sgd.problem",
    "Trajectory": "theory.label_noise_sgd.trajectory",
    "sample_problem": "simulation.label_noise_sgd.problem",
    "train": "simulation.label_noise_sgd.training",
    "train_many": "simulation.label_noise_sgd.training",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
