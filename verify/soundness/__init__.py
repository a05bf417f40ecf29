"""The verifier judged by falsehoods, claims and engines whose truth is known."""

from __future__ import annotations

from verify.rules.judge import Exempt, Planted
from verify.soundness.detect import Detection, detect
from verify.soundness.generate import by_rule, measured_falsehoods

__all__ = ["Detection", "Exempt", "Planted", "by_rule", "detect", "measured_falsehoods"]
