"""What a run says, on a run whose stages are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from papers.images.cases import told_run
from simulation.images.answer import limits, sentences
from theory.images import measures
from theory.images.controls import flips_as_said
from theory.images.selecting import gain_of_cut
from theory.images.stage_one import cleans_first, decline, end_memorised, truth_at_stop
from theory.images.stopping import above_floor, cost_acc, cost_val, noisy_validation
from theory.images.validation import observed_accuracy
from theory.run import NotApplicable


def test_times_and_stops() -> None:
    run = told_run()
    assert measures.flip_share(run) == 0.2
    assert measures.t_clean(run) == 4
    assert measures.t_half(run) == 64
    assert measures.stop_acc(run) == 3
    assert measures.stop_acc(run, 0.7) == 1
    assert measures.stop_acc(run, 0.0) == 7
    assert measures.stop_val(run) == 3
    assert measures.oracle(run) == 3
    assert measures.selection(run, 3) == (1.0, 1.0)
    assert measures.selection(run, 8) == (0.8, 1.0)
    assert measures.auroc(run.losses[3], run.noisy) == 1.0
    assert measures.auroc(run.losses[8], run.noisy) == 0.5


def test_a_time_counts_only_from_where_it_lasts() -> None:
    run = told_run()
    predictions = run.predictions.copy()
    predictions[2, run.noisy] = run.labels[run.noisy]
    assert measures.t_half(replace(run, predictions=predictions)) == 64
    predictions[8, run.noisy] = run.y[run.noisy]
    assert measures.t_half(replace(run, predictions=predictions)) == np.inf


def test_claims_on_the_known_run() -> None:
    run = told_run()
    assert cleans_first(run) is True
    assert truth_at_stop(run) is True
    assert end_memorised(run) is True
    assert decline(run) == pytest.approx(0.18)
    assert cost_acc(run) == 0.0
    assert cost_val(run) == 0.0
    assert above_floor(run) is True


def test_keeping_every_image_wins_nothing() -> None:
    run = told_run()
    assert gain_of_cut(run) == 1.0
    assert gain_of_cut(replace(run, losses=0 * run.losses)) == pytest.approx(0.0)
    assert gain_of_cut(replace(run, losses=1 + run.losses)) == pytest.approx(-4.0)  # nothing kept


@pytest.mark.parametrize(
    "lie",
    [
        lambda r: replace(r, y=r.labels, labels=r.y),
        lambda r: replace(r, predictions=r.predictions[::-1]),
        lambda r: replace(r, predictions=np.where(r.predictions >= 0, 1 - r.predictions, 0)),
    ],
    ids=["observed for true labels", "backwards in time", "classes exchanged in the predictions"],
)
def test_lies_are_noticed(lie) -> None:
    run = lie(told_run())
    assert not (cleans_first(run) and truth_at_stop(run) and end_memorised(run))


def test_validation_lies_are_noticed() -> None:
    run = told_run()
    seen, said = noisy_validation(run)
    assert seen == pytest.approx(said)
    seen, said = noisy_validation(replace(run, val_accuracy=run.test_accuracy))
    assert abs(seen - said) > 0.15
    through = 0.8 * run.test_accuracy + 0.2 * (1 - run.test_accuracy)
    seen, said = noisy_validation(replace(run, test_accuracy=through))
    assert abs(seen - said) > 0.05


def test_flips_of_both_parts_are_counted() -> None:
    from types import SimpleNamespace

    run = replace(told_run(), setting=SimpleNamespace(flip_rate=0.2))
    assert flips_as_said(run) is True
    assert flips_as_said(replace(run, labels=run.y)) is False
    assert flips_as_said(replace(run, val_flip_share=0.0)) is False
    assert flips_as_said(replace(run, val_flip_share=float("nan"), v=0)) is True
    assert flips_as_said(replace(run, setting=SimpleNamespace(flip_rate=0.45))) is False


def test_runs_that_say_nothing() -> None:
    run = told_run()
    for silent, reason in (
        (replace(run, failed="loss is not finite"), "not finite"),
        (replace(run, labels=run.y), "flipped"),
    ):
        for measure in (cleans_first, truth_at_stop, decline, cost_acc, above_floor):
            found = measure(silent)
            assert isinstance(found, NotApplicable)
            assert reason in found.reason


@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=2, max_size=40))
def test_auroc_counts_pairs(pairs) -> None:
    scores = np.array([p[0] for p in pairs], dtype=float)
    positive = np.array([p[1] for p in pairs])
    if positive.all() or not positive.any():
        with pytest.raises(ValueError, match="positives and negatives"):
            measures.auroc(scores, positive)
        return
    expected = np.mean([(p > q) + 0.5 * (p == q) for p in scores[positive] for q in scores[~positive]])
    assert measures.auroc(scores, positive) == pytest.approx(expected)


def test_noisy_accuracy_by_drawing() -> None:
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, 400_000)
    seen = np.where(rng.random(len(true)) < 0.3, (true + rng.integers(1, 4, len(true))) % 4, true)
    guess = np.where(rng.random(len(true)) < 0.8, true, (true + rng.integers(1, 4, len(true))) % 4)
    assert (guess == seen).mean() == pytest.approx(observed_accuracy(0.8, 0.3, 4), abs=0.004)


def test_words() -> None:
    lines = sentences([told_run()] * 3, "symmetric", validated=True)
    assert lines[0].startswith("Yes, there is a Stage I: in 3 of 3 runs")
    assert any("Stop at step 4 " in line and "saves 0.180" in line for line in lines)
    assert "independent of the image" in lines[-1]
    assert "depend on the image" in sentences([told_run()], "cluster", validated=True)[-1]
    plain = replace(told_run(), labels=told_run().y)
    assert "no noisy curve" in " ".join(sentences([plain], "symmetric", validated=True))
    assert (
        "failed"
        in sentences(
            [replace(told_run(), failed="loss is not finite at step 3 (lr 9)")], "pair", validated=True
        )[0]
    )
    early = replace(told_run(), predictions=told_run().predictions[::-1])
    assert sentences([early], "symmetric", validated=True)[0].startswith(("No Stage I", "A weak"))


def test_limits_are_exact() -> None:
    from scipy.stats import binom

    low, high = limits(3, 40)
    assert binom.sf(2, 40, low) == pytest.approx(0.05)
    assert binom.cdf(3, 40, high) == pytest.approx(0.05)
    assert limits(40, 40)[1] == 1.0
