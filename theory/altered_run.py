"""A run seen through a mistake: some of its quantities replaced, everything else as it was."""

from __future__ import annotations

from typing import Any

import numpy as np

from theory.run import Run

__all__ = ["AlteredRun", "altered"]


class AlteredRun:
    """Delegates to a run, except for the replaced attributes.

    `clean`, `noisy`, `label_side` and `other_side` follow a replaced `y` or `y_observed`. Quantities that
    the run
    measured itself (times, states, test errors, the clock) stay what they were.
    """

    def __init__(self, run: Run, changes: dict[str, Any]) -> None:
        self._run = run
        self._changes = changes

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        changes = self._changes
        if name in changes:
            return changes[name]
        if changes.keys() & {"y", "y_observed"}:
            if name in ("clean", "noisy"):
                return (self.y == self.y_observed) == (name == "clean")
            if name in ("label_side", "other_side"):
                return self._side(name == "label_side")
        return getattr(self._run, name)

    def _side(self, label: bool) -> Any:
        positive = self.y_observed > 0 if label else self.y_observed <= 0
        return lambda values: np.where(positive, values[..., 0, :, :], values[..., 1, :, :])


def altered(run: Run, **changes: Any) -> Run:
    """The run with these attributes replaced, for a measurement that makes one mistake.

    >>> class Seen:
    ...     y, y_observed, seed = np.array([1.0, -1.0]), np.array([1.0, 1.0]), 3
    >>> wrong = altered(Seen(), y_observed=np.array([-1.0, -1.0]))
    >>> wrong.noisy.tolist(), wrong.seed
    ([True, False], 3)
    """
    return AlteredRun(run, changes)
