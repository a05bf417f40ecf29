"""The one guard of what speaks of flipped labels: on a run without any there is nothing to measure."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from theory.run import NotApplicable
from theory.two_stage.run import Run

__all__ = ["of_flipped_labels"]

P = ParamSpec("P")
R = TypeVar("R")


def of_flipped_labels(
    measure: Callable[Concatenate[Run, P], R],
) -> Callable[Concatenate[Run, P], R | NotApplicable]:
    """The measurement, not applicable to a run in which no label was flipped.

    >>> from types import SimpleNamespace
    >>> import numpy as np
    >>> share = of_flipped_labels(lambda run: float(run.noisy.mean()))
    >>> share(SimpleNamespace(noisy=np.array([True, False])))
    0.5
    >>> share(SimpleNamespace(noisy=np.array([False, False])))
    NotApplicable(reason='no label was flipped')
    """

    @wraps(measure)
    def guarded(run: Run, /, *args: P.args, **kwargs: P.kwargs) -> R | NotApplicable:
        if not run.noisy.any():
            return NotApplicable("no label was flipped")
        return measure(run, *args, **kwargs)

    return guarded
