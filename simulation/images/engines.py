"""The engine of trainings on images, and its false ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulation.images.torch_engine import TorchEngine
from simulation.models import Engine

__all__ = ["ENGINES"]

ENGINES: Mapping[str, Engine] = {"torch": TorchEngine()}


def __getattr__(name: str) -> Any:
    if name != "FLAWED":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from simulation.images.flawed import FLAWED

    return FLAWED
