"""Training the two-layer CNN: data, three engines, trajectories. Imported lazily: torch is slow to load."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_EXPORTS = {
    "Engine": "simulation.engine",
    "EngineResult": "simulation.engine",
    "Geometry": "simulation.geometry",
    "LossAtMost": "simulation.stopping",
    "NoisyFit": "simulation.stopping",
    "Problem": "simulation.problem",
    "StepLimit": "simulation.stopping",
    "Trajectory": "simulation.trajectory",
    "TwoLayerCNN": "simulation.cnn",
    "cnn_engine": "simulation.engine",
    "derive_seed": "simulation.rng",
    "draw_geometry": "simulation.geometry",
    "generator": "simulation.rng",
    "geometry_of": "simulation.geometry",
    "realise": "simulation.realise",
    "reduced_engine": "simulation.engine",
    "resolve_device": "simulation.training",
    "sample_problem": "simulation.problem",
    "train": "simulation.training",
    "train_many": "simulation.training",
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
