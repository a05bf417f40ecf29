"""Finished runs in a folder, a file each: what `--resume` reuses. Plain numbers only; a kill leaves whole
files."""

from __future__ import annotations

import hashlib
import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from simulation.images.images import Images
from simulation.images.run import ImageRun
from simulation.images.task import Recipe

__all__ = ["KeptRuns", "run_key"]

#: Raised whenever runs would come out differently.
_VERSION = "images 2"
_ARRAYS = (
    "steps",
    "losses",
    "margins",
    "predictions",
    "test_accuracy",
    "val_accuracy",
    "y",
    "labels",
    "index",
    "clock",
)
_NUMBERS = ("k", "v", "u", "seed")
_SHARES = ("val_flip_share",)


def run_key(images: Images, recipe: Recipe, validation: float, device: str, seed: int) -> str:
    """The name under which a run is kept: a digest of images with their observed labels, training and seed.

    A user's own network enters by the bytes of its code's constants and names.
    """
    model = recipe.model
    name = model if isinstance(model, str) else repr((model.__code__.co_code, model.__code__.co_consts))
    parts = (
        _VERSION,
        images.digest,
        name,
        recipe.optimizer,
        recipe.lr,
        recipe.momentum,
        recipe.batch,
        recipe.steps,
        recipe.ratio,
        validation,
        device,
        seed,
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


class KeptRuns:
    """Runs by key; None as folder keeps nothing.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def load(self, key: str) -> ImageRun | None:
        """The run, or None where there is none or its file is damaged."""
        if self.folder is None:
            return None
        path = self.folder / f"{key}.npz"
        try:
            with np.load(path, allow_pickle=False) as kept:
                values: dict[str, Any] = {name: kept[name] for name in _ARRAYS}
                values |= {name: int(kept[name]) for name in _NUMBERS}
                values |= {name: float(kept[name]) for name in _SHARES}
                return ImageRun(**values, failed=str(kept["failed"]))
        except Exception:  # absent or damaged: the run is made again
            return None

    def save(self, key: str, run: ImageRun) -> None:
        """Keep a run; the file appears whole or not at all."""
        if self.folder is None:
            return
        path = self.folder / f"{key}.npz"
        part = path.with_suffix(f".{os.getpid()}.part")
        names = {*_ARRAYS, *_NUMBERS, *_SHARES}
        values = {f.name: getattr(run, f.name) for f in fields(run) if f.name in names}
        with part.open("wb") as file:
            np.savez(file, failed=np.array(run.failed), **values)
        os.replace(part, path)
