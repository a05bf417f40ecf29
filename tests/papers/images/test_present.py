"""A development environment judges claims on images: their data must be there."""

from __future__ import annotations

from simulation.models import Job, engine_of
from theory.images.experiments import RUNS
from theory.images.setting import ImageSetting
from theory.paper import find_papers


def test_claims_on_images_are_judged_here() -> None:
    """scikit-learn is a dependency of development: without it no claim on images would be judged,
    silently."""
    assert "images" in find_papers()
    assert RUNS.runs["default"] > 0
    assert engine_of(ImageSetting.model).missing(Job(ImageSetting(), 0, 1)) is None
