"""What an experiment asks of a run beside the curves; handed to the engine as it is."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ImageOptions"]


@dataclass(frozen=True)
class ImageOptions:
    """Options of a run on images.

    Args:
        ratio: of two evaluation steps that follow each other.
        audit: number of trainings with probes that are audited (`run.audit`); 0: none, and no curves are
            lost.
        audit_classes: whether the audit is followed by a second round with matched probes, where it asks for
            one.
        maps_at: step of the first of two attribution maps of every training image (`run.maps`); 0: none.
        nearest: whether the 1-NN error is measured.
    """

    ratio: float = 1.1
    audit: int = 0
    audit_classes: bool = False
    maps_at: int = 0
    nearest: bool = False
