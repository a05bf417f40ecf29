"""Small networks on digits: noise as stated, networks as drawn, measures of runs, records and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.early_learning import digits, digits_engines
from simulation.early_learning.digits_engines import ENGINES
from simulation.files import digits_missing
from simulation.models import Job
from theory.early_learning.claims.small_nets import value_of
from theory.early_learning.digits_setting import DigitsSetting
from theory.early_learning.digits_table import PAIRS, ROWS

needs_digits = pytest.mark.skipif(digits_missing() is not None, reason=str(digits_missing()))
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
def test_a_run_is_a_function_of_setting_and_seed(loss: str) -> None:
    setting = SHORT.with_(loss=loss, lam=0.0 if loss == "ce" else 3.0)
    first, other = ENGINES["mlp"].make([Job(setting, seed, steps=3) for seed in (1, 2)], device="cpu")
    again = ENGINES["mlp"].make([Job(setting, 1, steps=3)], device="cpu")[0]
    for name in ("test", "memorised", "corrected", "clean", "peak_targets", "kept"):
        assert np.array_equal(getattr(first, name), getattr(again, name))
    assert not np.array_equal(first.test, other.test)


@needs_digits
def test_losses_with_nothing_to_add_are_cross_entropy() -> None:
    plain = ENGINES["mlp"].make([Job(SHORT.with_(loss="ce", lam=0.0), 1, steps=4)], device="cpu")[0]
    for loss in ("elr", "kl"):
        other = ENGINES["mlp"].make([Job(SHORT.with_(loss=loss, lam=0.0), 1, steps=4)], device="cpu")[0]
        assert np.array_equal(plain.test, other.test)
    mixed = SHORT.with_(loss="ce", lam=0.0, mixup=1.0)
    assert not np.array_equal(plain.test, ENGINES["mlp"].make([Job(mixed, 1, steps=4)], device="cpu")[0].test)


@needs_digits
def test_targets_are_kept_of_the_epoch_that_corrects_most() -> None:
    run = ENGINES["mlp"].make([Job(SHORT, 1, steps=30)], device="cpu")[0]
    best = int(run.epochs[run.corrected.argmax()])
    short = ENGINES["mlp"].make([Job(SHORT, 1, steps=best)], device="cpu")[0]
    assert np.array_equal(run.peak_targets, short.peak_targets)
    assert run.kept.mean() == run.corrected[-1]
    assert len(run.kept) == np.sum(digits.load_digits(SHORT, 1).wrong)


class _Run:
    """Four wrong labels of which two stay corrected."""

    setting = SHORT
    test = np.array([0.5, 0.9, 0.8])
    memorised, corrected = np.array([0.1, 0.5]), np.array([0.9, 0.5])
    clean, target_accuracy = np.array([0.7]), 0.6
    peak_targets, kept = np.array([0.9, 0.8, 0.76, 0.4]), np.array([True, False, True, False])


def test_measures_of_a_run_by_hand() -> None:
    run = _Run()
    expected = {"best": 0.9, "last": 0.8, "decay": 0.1, "memorised": 0.5, "corrected": 0.5, "peak": 0.9}
    # At lambda = 3 the separatrix is 3/4: it tells three of the four; of four pairs three are in order.
    expected |= {"clean": 0.7, "targets": 0.6, "separatrix": 0.75, "ranking": 0.75}
    for what, value in expected.items():
        assert value_of(run, what) == pytest.approx(value)  # type: ignore[arg-type]
    run.kept = np.ones(4, dtype=bool)
    assert np.isnan(value_of(run, "ranking"))  # type: ignore[arg-type]


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
    rows = [*ROWS, *(row for pair in PAIRS for row in (pair.first, pair.second))]
    assert len({(row.setting, row.epochs) for row in rows}) == len(rows)
    assert len({row.name for row in rows}) == len(rows)


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
