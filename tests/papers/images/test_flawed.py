"""Engines that go wrong in one place: each is noticed by claims of the default profile, by name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from simulation.images.engines import ENGINES, FLAWED
from simulation.models import Job
from theory.experiment import Experiment
from theory.images.experiments import RUNS, STILL
from theory.images.options import ImageOptions
from theory.images.paper import CLAIMS
from theory.images.setting import ImageSetting
from theory.rules import Difference
from theory.run import NotApplicable, Run

pytest.importorskip("sklearn")
pytest.importorskip("torch")

#: The claims that must notice, beside others that may.
NOTICED = {
    "observed for true labels": {"images.flips"},
    "true and observed labels exchanged": {"images.stage_one", "images.memorised"},
    "flips applied to the test part": {"images.generalises", "images.noisy_validation"},
    "evaluated in training mode": {"images.still"},
    "test labels passed off as validation": {"images.flips"},
}
#: Long enough for a stop, not for memorisation.
STEPS = {RUNS.id: 240, STILL.id: 14}


def jobs(experiment: Experiment, count: int = 5) -> list[Job]:
    setting = ImageSetting(flip_rate=0.25)
    if experiment is STILL:
        setting = next(iter(STILL.place.points(1, lambda r: np.random.default_rng(r)))).setting
    return [Job(setting, seed, STEPS[experiment.id], options=experiment.options) for seed in range(count)]


def fails(claim, runs) -> bool:
    """Whether most runs break the claim; a difference of medians by twice its margin, for so few runs."""
    values = [v for run in runs if not isinstance(v := claim.measure(run), NotApplicable)]
    if not values:
        return False
    if isinstance(claim.rule, Difference):
        pairs = np.array(values, dtype=float)
        return bool(abs(np.median(pairs[:, 0] - pairs[:, 1])) > 2 * claim.rule.margin)
    return sum(not v for v in values) > len(values) / 2


@cache
def flawed(name: str, experiment: Experiment) -> Sequence[Run]:
    """The runs of an engine that goes wrong, made once for all that looks at them."""
    return FLAWED[name].make(jobs(experiment), device="cpu")


@pytest.fixture(scope="module")
def honest():
    return {e.id: ENGINES["torch"].make(jobs(e), device="cpu") for e in (RUNS, STILL)}


@pytest.mark.parametrize("name", FLAWED)
def test_every_flaw_is_noticed_by_the_claims_named(name: str, honest) -> None:
    for claim in CLAIMS:
        if claim.id in NOTICED[name]:
            experiment = claim.experiment
            assert experiment.runs["default"] > 0
            assert FLAWED[name].stands_for("torch", experiment.options)
            assert fails(claim, flawed(name, experiment)), claim.id
            if claim.id != "images.memorised":  # the runs are too short for that
                assert not fails(claim, honest[experiment.id]), claim.id


def test_a_flaw_is_in_one_place(honest) -> None:
    """Labels and weights are drawn as the true engine draws them: what is not spoilt comes out the same."""
    for name, same in {
        "observed for true labels": ("losses", "test_accuracy", "val_accuracy", "labels"),
        "true and observed labels exchanged": ("losses", "test_accuracy", "val_accuracy"),
        "flips applied to the test part": ("losses", "val_accuracy", "labels", "y"),
        "test labels passed off as validation": ("losses", "test_accuracy", "labels", "y"),
    }.items():
        for run, true in zip(flawed(name, RUNS), honest[RUNS.id], strict=True):
            for part in same:
                np.testing.assert_array_equal(getattr(run, part), getattr(true, part))
    still = flawed("evaluated in training mode", STILL)
    assert not np.array_equal(still[0].losses, honest[STILL.id][0].losses)
    np.testing.assert_array_equal(still[0].labels, honest[STILL.id][0].labels)


def test_audits_are_left_out() -> None:
    engine = FLAWED["observed for true labels"]
    assert not engine.stands_for("torch", ImageOptions(audit=2))
    assert not engine.stands_for("torch", None)
