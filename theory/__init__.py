"""The mathematics: settings, conditions, claims and the symbolic derivations behind them.

Names are imported on first use, so that `from theory import Setting` does not load sympy.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_EXPORTS = {
    "Band": "theory.rules",
    "Claim": "theory.claim",
    "Condition": "theory.condition",
    "ConditionCheck": "theory.condition",
    "Constants": "theory.condition",
    "Domain": "theory.two_stage.box",
    "Estimate": "theory.run",
    "Event": "theory.rules",
    "Experiment": "theory.experiment",
    "Exponent": "theory.rules",
    "Falsehood": "theory.falsehood",
    "FittedBand": "theory.rules",
    "Fixed": "theory.two_stage.box",
    "Grid": "theory.two_stage.box",
    "Identity": "theory.rules",
    "Law": "theory.rules",
    "Ledger": "theory.ledger",
    "NotApplicable": "theory.run",
    "Ordering": "theory.rules",
    "Prediction": "theory.claim",
    "Proof": "theory.claim",
    "Run": "theory.run",
    "SameLaw": "theory.rules",
    "Setting": "theory.two_stage.setting",
    "Source": "theory.source",
    "Sweep": "theory.two_stage.box",
    "Variation": "theory.two_stage.variation",
    "altered": "theory.altered_run",
    "builtin_ledger": "theory.ledger",
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
