"""Real images: data, label flips, networks, training runs and the kernel flow. Imported lazily."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_EXPORTS = {
    "DataError": "simulation.images.errors",
    "ImageRun": "simulation.images.run",
    "Images": "simulation.images.images",
    "MissingData": "simulation.images.errors",
    "Recipe": "simulation.images.task",
    "flip": "simulation.images.flips",
    "kernel_flow": "simulation.images.flow",
    "load_images": "simulation.images.load",
    "train_images": "simulation.images.train",
    "train_tasks": "simulation.images.train",
    "with_observed": "simulation.images.sources.observed",
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
