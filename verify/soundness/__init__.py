"""The verifier judged by falsehoods, claims and engines whose truth is known."""

from __future__ import annotations

from verify.soundness.detect import Detection, detect
from verify.soundness.generate import by_rule, measured_falsehoods
from verify.soundness.planted import Exempt, Planted

__all__ = ["Detection", "Exempt", "Planted", "by_rule", "detect", "measured_falsehoods"]
