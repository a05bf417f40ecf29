"""Small networks on digits: noise as stated, seeds side by side equal to seeds alone, records and
refusals."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.early_learning import digits, digits_engines
from simulation.early_learning.digits_engines import ENGINES
from simulation.models import Job
from theory.early_learning.claims.small_nets import ROWS
from theory.early_learning.digits_setting import DigitsSetting

needs_digits = pytest.mark.skipif(digits.digits_missing() is not None, reason=str(digits.digits_missing()))
SHORT = DigitsSetting(rate=0.4, loss="elr", lam=3.0, beta=0.7)


def test_symmetric_noise_redraws_an_exact_share_over_all_classes() -> None:
    true = np.arange(1000) % 10
    noisy = digits.noisy_labels(true, DigitsSetting(rate=0.4), seed=1)
    changed = np.mean(noisy != true)
    assert 0.36 - 0.05 < changed < 0.4  # a tenth of those redrawn keep their label
    assert np.sum(noisy != digits.noisy_labels(true, DigitsSetting(rate=0.4), seed=1)) == 0
    counts = np.bincount(noisy[noisy != true], minlength=10)
    assert counts.min() > 15


def test_class_noise_leaves_the_other_classes_clean() -> None:
    true = np.arange(2000) % 10
    noisy = digits.noisy_labels(true, DigitsSetting(rate=0.4, noise="class"), seed=1)
    for digit in range(10):
        share = np.mean(noisy[true == digit] != digit)
        if digit in (3, 5, 7, 8, 9):
            assert share == pytest.approx(0.4, abs=0.12)
        else:
            assert share == 0.0


@needs_digits
def test_pixels_are_scaled_by_one_mean_and_deviation() -> None:
    data = digits.load_digits(SHORT, seed=0)
    both = np.concatenate([data.train, data.test])
    assert both.shape == (1797, 64)
    assert float(both.mean()) == pytest.approx(0.0, abs=1e-5)
    assert float(both.std()) == pytest.approx(1.0, abs=1e-5)
    assert both.std(axis=0).min() < 0.01  # no scaling pixel by pixel: border pixels hardly vary
    assert data.wrong.mean() == pytest.approx(0.36, abs=0.04)


@needs_digits
@pytest.mark.parametrize("loss", ["ce", "elr", "kl"])
def test_seeds_side_by_side_are_seeds_alone(loss: str) -> None:
    setting = SHORT.with_(loss=loss, lam=0.0 if loss == "ce" else 3.0)
    jobs = [Job(setting, seed, steps=3, dtype="float32") for seed in (1, 2)]
    together = ENGINES["mlp"].make(jobs, device="cpu")
    for job, run in zip(jobs, together, strict=True):
        alone = ENGINES["mlp"].make([job], device="cpu")[0]
        assert np.max(np.abs(run.test - alone.test)) < 0.01
        assert np.max(np.abs(run.memorised - alone.memorised)) < 0.01


@needs_digits
@pytest.mark.slow
def test_elr_holds_what_cross_entropy_memorises() -> None:
    setting = SHORT.with_(lam=7.0, beta=0.9)
    elr = ENGINES["mlp"].make([Job(setting, 1, steps=45)], device="cpu")[0]
    plain = ENGINES["mlp"].make([Job(setting.with_(loss="ce", lam=0.0), 1, steps=45)], device="cpu")[0]
    assert elr.memorised[-1] < 0.15
    assert plain.memorised[-1] > 0.4
    assert elr.test[-1] > plain.test[-1] + 0.05
    assert elr.target_accuracy > 0.9


@needs_digits
@pytest.mark.parametrize("shared", ["shared", "independent"])
def test_elr_plus_runs(shared: str) -> None:
    setting = SHORT.with_(networks=2, average=0.9, mixup=1.0, shared=shared)
    run = ENGINES["mlp"].make([Job(setting, 1, steps=3)], device="cpu")[0]
    assert run.epochs.tolist() == [1, 2, 3]
    assert run.test[-1] > 0.5


def test_records_are_dense_early() -> None:
    assert digits_engines._recorded(27) == [*range(1, 21), 25, 27]


def test_without_the_library_a_run_is_not_applicable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "scikit-learn is not installed" in str(ENGINES["mlp"].missing(Job(SHORT, 1)))


def test_rows_of_the_table_have_different_settings() -> None:
    assert len({(row.setting, row.epochs) for row in ROWS}) == len(ROWS)
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rate": 1.0}, "rate must lie"),
        ({"loss": "hinge"}, "loss must be one of"),
        ({"loss": "ce"}, "lam must be"),
        ({"beta": 1.0}, "beta must lie"),
        ({"batch": 0}, "batch must be"),
        ({"networks": 3}, "networks must be"),
        ({"networks": 2}, "shared must be"),
    ],
)
def test_settings_name_what_is_wrong(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SHORT.with_(**changes)
