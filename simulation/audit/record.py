"""The record of one training: margins of every sample at every checkpoint, and how they get there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.audit.margins import of_logits, of_losses, of_probabilities, predicted
from simulation.audit.planning import Plan

__all__ = ["Record", "Recorder"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Record:
    """T checkpoints of n samples.

    Args:
        observed: labels as given, (n,). trained: labels trained on, (n,). probes: where they differ, (K,).
        steps: (T,), increasing. margins: on the trained labels, (T, n). k: classes.
        predictions: predicted classes, (T, n); None: not known.
        spoiled: of matched probes (see `Plan`); None: uniform probes.

    Raises:
        ValueError: naming the array.
    """

    observed: Ints
    trained: Ints
    probes: Ints
    steps: Ints
    margins: NDArray[np.float32]
    k: int
    predictions: NDArray[np.int16] | None = None
    spoiled: float | None = None

    def __post_init__(self) -> None:
        n, count = len(self.observed), len(self.steps)
        if len(self.trained) != n:
            raise ValueError(f"trained_labels has {len(self.trained)} entries, labels {n}")
        if self.margins.shape != (count, n):
            raise ValueError(
                f"margins must have shape ({count}, {n}), checkpoints by samples, has {self.margins.shape}"
            )
        if count < 5:
            raise ValueError(f"there must be at least 5 checkpoints, there are {count}")
        if not np.isfinite(self.margins).all():
            raise ValueError("margins must be finite, one is NaN or infinite")
        if (np.diff(self.steps) <= 0).any():
            raise ValueError("steps must increase")
        if len(self.probes):
            if (
                self.probes.min() < 0
                or self.probes.max() >= n
                or len(np.unique(self.probes)) < len(self.probes)
            ):
                raise ValueError(f"probes must be different indices in 0..{n - 1}")
            same = int((self.trained[self.probes] == self.observed[self.probes]).sum())
            if same:
                raise ValueError(
                    f"probes: the label of {same} of them did not change; train on the plan's labels"
                )
        others = np.ones(n, dtype=bool)
        others[self.probes] = False
        if (self.trained != self.observed)[others].any():
            raise ValueError("trained_labels differ from labels at a sample that is no probe")


class Recorder:
    """Collects the record of one run of a plan, in a training loop of any kind.

    In a torch loop: `if rec.due(step): rec(step, model, x)`; elsewhere `rec(step, probabilities)`, or
    `rec(step, outputs, logits=True)`, or `rec.loss(step, losses)` for two classes.

    >>> from simulation.audit.planning import plan
    >>> rec = Recorder(plan([0, 1] * 200))
    >>> for step in range(30):
    ...     if rec.due(step):
    ...         rec(step, np.full((400, 2), 0.5))
    >>> rec.record().steps.tolist()
    [1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15, 18, 21, 25, 29]
    """

    def __init__(self, plan: Plan, run: int = 0, ratio: float = 1.15) -> None:
        if not 0 <= run < plan.runs:
            raise ValueError(f"run must lie in 0..{plan.runs - 1}, was {run}")
        if not 1 < ratio <= 2:
            raise ValueError(f"ratio must lie in (1, 2], was {ratio}")
        self.plan, self.index, self.ratio = plan, run, ratio
        self._steps: list[int] = []
        self._margins: list[NDArray[np.float32]] = []
        self._predictions: list[NDArray[np.int16]] = []

    @property
    def labels(self) -> Ints:
        """The labels that this run must be trained on, (n,)."""
        return np.asarray(self.plan.labels[self.index])

    def due(self, step: int) -> bool:
        """Whether a checkpoint belongs at this step: 1, 2, ..., then spaced by the ratio."""
        if not self._steps:
            return step >= 1
        return step >= max(self._steps[-1] + 1, math.ceil(self._steps[-1] * self.ratio))

    def __call__(
        self, step: int, scores: Any, x: Any = None, *, logits: bool = False, batch: int = 512
    ) -> None:
        """Record a checkpoint.

        Args:
            scores: class probabilities (n, C), outputs before the softmax (logits=True), or a torch module
                that gives such outputs for x (evaluated in evaluation mode, without gradients; its mode is
                put back).
            x: the training samples in the order of the labels, not augmented; only with a module.

        Raises:
            ValueError: naming the argument.
        """
        if x is not None:
            scores, logits = _outputs(scores, x, batch), True
        values = np.asarray(scores)
        n = len(self.labels)
        if values.ndim != 2 or len(values) != n or values.shape[1] != self.plan.k:
            raise ValueError(
                f"scores must have shape ({n}, {self.plan.k}), samples by classes, had {values.shape}"
            )
        if not np.isfinite(values).all():
            raise ValueError(f"scores at step {step} must be finite, one is NaN or infinite")
        margins = (of_logits if logits else of_probabilities)(values, self.labels)
        self._add(step, margins, predicted(values))

    def loss(self, step: int, losses: Any) -> None:
        """Record a checkpoint from cross-entropy losses on the trained labels, (n,); two classes only."""
        values = np.asarray(losses)
        if values.shape != self.labels.shape:
            raise ValueError(f"losses must have shape {self.labels.shape}, had {values.shape}")
        margins = of_losses(values, self.plan.k)
        guess = np.where(margins > 0, self.labels, 1 - self.labels).astype(np.int16)
        self._add(step, margins, guess)

    def _add(self, step: int, margins: NDArray[np.float64], guess: NDArray[np.int16]) -> None:
        if self._steps and step <= self._steps[-1]:
            raise ValueError(f"step must increase: {step} after {self._steps[-1]}")
        self._steps.append(int(step))
        self._margins.append(margins.astype(np.float32))
        self._predictions.append(guess)

    def record(self) -> Record:
        """What was collected.

        Raises:
            ValueError: fewer than 5 checkpoints.
        """
        n = len(self.labels)
        return Record(
            self.plan.observed,
            self.labels,
            self.plan.probes[self.index],
            np.array(self._steps, dtype=np.int64),
            np.stack(self._margins) if self._margins else np.empty((0, n), dtype=np.float32),
            self.plan.k,
            np.stack(self._predictions) if self._predictions else None,
            self.plan.spoiled,
        )

    def save(self, path: str | Path) -> None:
        """Write the record as an .npz file of plain numbers, which `python -m verify audit` reads."""
        made = self.record()
        arrays: dict[str, Any] = {"predictions": made.predictions}
        if made.spoiled is not None:
            arrays["spoiled"] = np.array(made.spoiled)
        with Path(path).open("wb") as file:
            np.savez(
                file, labels=made.observed, trained_labels=made.trained, probes=made.probes, steps=made.steps,
                margins=made.margins, classes=self.plan.classes, **arrays,
            )  # fmt: skip


def _outputs(model: Any, x: Any, batch: int) -> NDArray[Any]:
    """Outputs of a torch module on all samples."""
    import torch

    if not isinstance(model, torch.nn.Module):
        raise ValueError(f"with x given, scores must be a torch module, was {type(model).__name__}")
    device = next(model.parameters()).device
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            parts = [
                model(torch.as_tensor(x[i : i + batch]).to(device)).float().cpu()
                for i in range(0, len(x), batch)
            ]
    finally:
        model.train(training)
    out: NDArray[Any] = torch.cat(parts).numpy()
    return out
