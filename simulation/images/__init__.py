"""Real images: data, label flips, networks, training runs and the kernel flow. Imported lazily."""

from __future__ import annotations

from theory.lazy import lazy_exports

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

__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS)
