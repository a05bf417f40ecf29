"""The mathematics: settings, conditions, claims and the symbolic derivations behind them.

Names are imported on first use, so that `from theory import Setting` does not load sympy.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_EXPORTS = {
    "AbstractSetting": "theory.setting",
    "AtClocks": "theory.record",
    "Axis": "theory.plane",
    "Band": "theory.rules",
    "Bound": "theory.rules",
    "Boundary": "theory.plane",
    "Box": "theory.place",
    "Calibration": "theory.rules",
    "Cells": "theory.place",
    "Claim": "theory.claim",
    "Condition": "theory.condition",
    "ConditionCheck": "theory.condition",
    "Constant": "theory.condition",
    "Constants": "theory.condition",
    "Coordinate": "theory.place",
    "Curve": "theory.question",
    "Derived": "theory.rules",
    "Difference": "theory.rules",
    "Domain": "theory.two_stage.box",
    "Entry": "theory.letters",
    "Estimate": "theory.run",
    "Event": "theory.rules",
    "EventMap": "theory.rules",
    "EveryStep": "theory.record",
    "Exhibit": "theory.exhibit",
    "Experiment": "theory.experiment",
    "Exponent": "theory.rules",
    "Falsehood": "theory.falsehood",
    "FittedBand": "theory.rules",
    "Fixed": "theory.two_stage.box",
    "Geometric": "theory.record",
    "Grid": "theory.two_stage.box",
    "Identity": "theory.rules",
    "Law": "theory.rules",
    "Ledger": "theory.ledger",
    "LevelSet": "theory.plane",
    "Model": "theory.model",
    "NotApplicable": "theory.run",
    "Ordering": "theory.rules",
    "Panel": "theory.exhibit",
    "Paper": "theory.paper",
    "Parameter": "theory.parameters",
    "Parameters": "theory.parameters",
    "Part": "theory.question",
    "Plane": "theory.plane",
    "PlaneQuantity": "theory.plane",
    "Prediction": "theory.claim",
    "Proof": "theory.claim",
    "Quantity": "theory.quantity",
    "Question": "theory.question",
    "Reference": "theory.source",
    "Resolved": "theory.resolved",
    "Rule": "theory.rules",
    "Run": "theory.run",
    "SameLaw": "theory.rules",
    "SameRun": "theory.rules",
    "Series": "theory.exhibit",
    "Setting": "theory.two_stage.setting",
    "Source": "theory.source",
    "Sweep": "theory.two_stage.box",
    "Table": "theory.table",
    "Trends": "theory.setting",
    "Universal": "theory.rules",
    "UniversalBound": "theory.rules",
    "Variation": "theory.two_stage.variation",
    "ZScores": "theory.rules",
    "altered": "theory.falsehood",
    "builtin_ledger": "theory.ledger",
    "find_papers": "theory.paper",
    "fixed": "theory.place",
    "function_model": "theory.model",
    "load_paper": "theory.paper",
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
