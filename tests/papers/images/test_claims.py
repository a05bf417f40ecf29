"""The claims on images: they load, are measured in quick, and lies about them change what is measured."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from simulation.models import Job, engine_of
from theory.experiment import Experiment
from theory.images import audit, experiments, own_network, selecting, stage_one, stopping
from theory.images.experiments import PAIRS, RUNS
from theory.images.paper import CLAIMS, THIS
from theory.images.setting import ImageSetting, PatchSetting, ScoreSetting
from theory.ledger import ledger_of
from theory.run import NotApplicable

pytest.importorskip("sklearn")
pytest.importorskip("torch")


def jobs(experiment: Experiment, count: int, seed: int = 0) -> list[Job]:
    points = list(experiment.place.points(count, lambda r: np.random.default_rng([seed, r])))[:count]
    clock = experiment.clock
    return [
        Job(p.setting, 100 * seed + r, p.setting.steps(clock) if clock else 0, options=experiment.options)
        for r, p in enumerate(points)
    ]


@pytest.fixture(scope="module")
def runs():
    """Six trainings on pairs of digits, as the claims see them."""
    return engine_of(RUNS.of_model).make(jobs(RUNS, 6), device="cpu")


def test_the_paper_is_whole() -> None:
    ledger = ledger_of([THIS])
    assert len(ledger) == len(CLAIMS)
    for claim in CLAIMS:
        assert claim.measured, claim.id
        if claim.role == "reading":
            assert claim.corrected_by in ledger
    asked = {c for q in THIS.questions for c in q.claims}
    assert asked <= {c.id for c in CLAIMS}
    assert Counter(c.role for c in CLAIMS)["probe"] >= 6


@pytest.mark.parametrize(
    "module", [stage_one, stopping, selecting, own_network, audit], ids=lambda m: m.__name__
)
def test_every_file_of_claims_is_measured_in_quick(module) -> None:
    assert any(c.experiment.runs["quick"] > 0 for c in module.CLAIMS)


def test_default_runs_decide_and_fit_the_time() -> None:
    """29 runs without violation certify .1; seconds a run as measured on one idle core."""
    assert RUNS.runs["default"] >= 48 * 2  # half of them have a flip rate of at least .2
    seconds = {
        "images.pairs": 0.52,
        "images.no_noise": 0.47,
        "images.boundary": 0.17,
        "images.cluster": 0.17,
        "images.cluster_strong": 0.17,
        "images.theory.kernel": 0.94,
        "images.theory.eta": 0.52 * 4,
        "images.audit.pairs": 0.25,
    }
    every = {c.experiment.id: c.experiment for c in CLAIMS}
    total = sum(seconds[name] * every[name].runs["default"] for name in seconds)
    assert total < 240  # two minutes on two cores


def test_runs_obey_the_contract(runs) -> None:
    for run, job in zip(runs, jobs(RUNS, 6), strict=True):
        assert run.setting == job.setting
        assert run.seed == job.seed
        assert run.steps[-1] == job.steps
        assert run.clock[-1] == pytest.approx(job.steps * job.setting.clock_step)
        assert not run.losses.flags.writeable
        assert run.setting.classes in PAIRS


def test_a_run_alone_is_the_run_in_a_batch(runs) -> None:
    again = engine_of(RUNS.of_model).make(jobs(RUNS, 6)[2:3], device="cpu")[0]
    np.testing.assert_array_equal(again.losses, runs[2].losses)
    np.testing.assert_array_equal(again.test_accuracy, runs[2].test_accuracy)


def holds(claim, run) -> bool | None:
    from theory.rules import Band, Difference, Event

    value = claim.measure(run)
    if isinstance(value, NotApplicable):
        return None
    if isinstance(claim.rule, Band):
        return claim.rule.lower <= value <= claim.rule.upper
    if isinstance(claim.rule, Difference):
        return None
    assert isinstance(claim.rule, Event)
    return bool(value)


def test_claims_on_pairs_hold_on_nearly_all_runs(runs) -> None:
    for claim in CLAIMS:
        if claim.experiment.id == RUNS.id and claim.role == "claim":
            found = [holds(claim, run) for run in runs]
            assert sum(v is False for v in found) <= 1, claim.id


def test_lies_about_pairs_are_noticed(runs) -> None:
    from theory.rules import Difference

    lies = [f for f in THIS.falsehoods(ledger_of([THIS])) if f.claim.experiment.id == RUNS.id]
    assert len(lies) >= 6
    for lie in lies:
        if isinstance(lie.claim.rule, Difference):
            pairs = np.array([lie.claim.measure(run) for run in runs], dtype=float)
            assert abs(np.mean(pairs[:, 0] - pairs[:, 1])) > lie.claim.rule.margin, lie.name
        else:
            found = [holds(lie.claim, run) for run in runs]
            assert sum(v is False for v in found) >= 3, lie.name


def test_the_exact_cut_fails() -> None:
    """One run in which the log 2 cut is not exact is enough to see that the reading can fail."""
    made = engine_of(RUNS.of_model).make(jobs(RUNS, 4, seed=1), device="cpu")
    assert not all(selecting.cut_is_exact(run) for run in made)


def test_scores_are_covered_and_lies_noticed() -> None:
    made = engine_of(ScoreSetting.model).make(jobs(experiments.SCORES, 60), device="cpu")
    assert np.mean([audit.score_covered(run) for run in made]) >= 0.9
    for lie in THIS.falsehoods(ledger_of([THIS])):
        if lie.claim.experiment is experiments.SCORES:
            pairs = np.array([lie.claim.measure(run) for run in made])
            assert abs(np.mean(pairs[:, 0] - pairs[:, 1])) > lie.claim.rule.margin, lie.name


def test_kernel_flow_and_network() -> None:
    made = engine_of(PatchSetting.model).make(jobs(experiments.KERNEL, 1), device="cpu")[0]
    measured, predicted = own_network.measured_and_flow(made)
    assert 0.8 < measured.value / predicted.value < 1.45
    assert own_network.not_before_flow(made)


def test_an_audited_training() -> None:
    run = engine_of(ImageSetting.model).make(jobs(experiments.AUDIT_PAIRS, 1), device="cpu")[0]
    outcome = run.audit
    assert outcome.answer.verdict == "spread"
    assert audit.covered(run)
    assert outcome.precision > 0.7


def test_missing_data_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from simulation.images import torch_engine
    from simulation.images.errors import MissingData

    def absent(data: str, classes: str):
        raise MissingData("the digits come with scikit-learn: pip install scikit-learn")

    monkeypatch.setattr(torch_engine, "images_of", absent)
    reason = engine_of(ImageSetting.model).missing(jobs(RUNS, 1)[0])
    assert reason == "the digits come with scikit-learn: pip install scikit-learn"


def test_classes_of_settings_are_classes_of_their_data() -> None:
    """Also of sets that are not on this machine, whose runs would be the first to notice."""
    from simulation.images.sources.idx import FASHION_NAMES
    from simulation.images.torch_engine import class_names

    known = {"fashion": set(FASHION_NAMES), "mnist5k": set("0123456789"), "digits": set("0123456789")}
    for claim in CLAIMS:
        setting = next(iter(claim.experiment.place.points(1, lambda r: np.random.default_rng(r)))).setting
        if hasattr(setting, "classes"):
            assert set(class_names(setting.classes) or ()) <= known[setting.data], claim.id


def test_settings() -> None:
    setting = ImageSetting()
    assert ImageSetting(**setting.as_dict()) == setting
    assert setting.spread == 1.0
    assert setting.with_(flip_kind="cluster").spread == 0.0
    assert setting.with_(data="npz:mine").plain_accuracy == 0.0
    assert setting.validation_images == 54
    for wrong in ({"flip_rate": 1.0}, {"n": 5}, {"lr": 0.0}, {"validation": 0.8}, {"batch": -1}):
        with pytest.raises(ValueError):
            ImageSetting(**wrong)
    assert PatchSetting(eta=50.0, m=50).clock_step == 1.0
