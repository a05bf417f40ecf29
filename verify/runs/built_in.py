"""Whose code a measure is: the project's own needs no guard, a user's may do anything."""

from __future__ import annotations

from functools import partial
from typing import Any

from theory.model import Model

__all__ = ["built_in", "own_model"]


def built_in(measure: Any, model: Model) -> bool:
    """Whether all that a measure and its runs' engines call is this project's own code."""
    engines = model.engines
    modules = [
        *(getattr(part, "__module__", "") or "" for part in _functions(measure)),
        engines if isinstance(engines, str) else (getattr(engines, "__module__", "") or ""),
    ]
    return all(module.split(".")[0] in ("theory", "simulation") for module in modules)


def own_model(model: Model) -> bool:
    """Whether a model's engines are a user's own: tests hold this project's to what is asked of a run."""
    return not (isinstance(model.engines, str) and model.engines.startswith("simulation."))


def _functions(measure: Any) -> list[Any]:
    """The functions that a partial one is made of, however deep; another measure is one itself."""
    if not isinstance(measure, partial):
        return [measure]
    given = [x for x in (*measure.args, *measure.keywords.values()) if callable(x)]
    return [function for part in (measure.func, *given) for function in _functions(part)]
