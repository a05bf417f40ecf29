"""Margins, plans, records and arrays: what goes in, and what is refused."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from audit.cases import made
from simulation.audit.margins import of_logits, of_losses, of_probabilities
from simulation.audit.planning import plan
from simulation.audit.record import Record
from verify.audit import Audit, audit


def test_margins_agree() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(7, 2))
    labels = rng.integers(0, 2, 7)
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    losses = -np.log(p[np.arange(7), labels])
    np.testing.assert_allclose(of_logits(logits, labels), of_probabilities(p, labels))
    np.testing.assert_allclose(of_logits(logits, labels), of_losses(losses, 2), rtol=1e-9)
    assert np.isfinite(of_losses(np.array([0.0, 1e4, 1e-320]), 2)).all()
    with pytest.raises(ValueError, match="losses cannot tell which class; give probs or margins"):
        of_losses(losses, 3)
    with pytest.raises(ValueError, match="sum to 1"):
        of_probabilities(p * 0.5, labels)


def test_plan() -> None:
    labels = np.array(["cat", "dog", "eel"] * 100)
    p = plan(labels, runs=3, seed=4)
    assert p.classes.tolist() == ["cat", "dog", "eel"]
    assert [len(q) for q in p.probes] == [30, 30, 30]
    assert len(np.unique(np.concatenate(p.probes))) == 90
    for r in range(3):
        assert np.flatnonzero(p.labels[r] != p.observed).tolist() == p.probes[r].tolist()
    assert not np.array_equal(plan(labels, seed=5).probes[0], p.probes[0])
    for wrong, match in (
        ({"runs": 0}, "runs must be at least 1"),
        ({"rate": 0.5}, "rate must lie"),
        ({"rate": 0.01}, "fewer than 20 in all"),
    ):
        with pytest.raises(ValueError, match=match):
            plan(labels, **wrong)
    with pytest.raises(ValueError, match="at least 2 classes"):
        plan(np.zeros(300, dtype=int))


def test_wrong_input_is_one_line(tmp_path: Path) -> None:
    records, _ = made()
    r = records[0]
    wrong = [
        (
            lambda: Record(r.observed, r.observed, r.probes, r.steps, r.margins, 2),
            "the label of 50 of them did not change",
        ),
        (
            lambda: Record(r.observed, r.trained, r.probes, r.steps[:4], r.margins[:4], 2),
            "at least 5 checkpoints",
        ),
        (lambda: Record(r.observed, r.trained, r.probes, r.steps, r.margins * np.nan, 2), "NaN"),
        (lambda: Record(r.observed, r.trained, r.probes, r.steps[::-1], r.margins, 2), "steps must increase"),
        (
            lambda: Record(r.observed, r.trained, r.probes[:40], r.steps, r.margins, 2),
            "at a sample that is no probe",
        ),
        (
            lambda: Record(r.observed[:9], r.trained, r.probes, r.steps, r.margins, 2),
            "trained_labels has 1000 entries",
        ),
        (lambda: audit([]), "must not be empty"),
        (lambda: audit(records, level=0.2), "level must lie"),
        (lambda: audit(r.margins, r.observed, probes=r.probes[:10]), "at least 20 are needed"),
        (lambda: audit(r.margins), "labels must be given"),
        (
            lambda: audit(np.full((6, 1000, 2), 0.5), r.observed, probes=r.probes),
            "trained must give the labels",
        ),
    ]
    for call, match in wrong:
        with pytest.raises(ValueError, match=match) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_arrays_and_records_agree() -> None:
    records, _ = made(runs=1)
    r = records[0]
    a, b = audit(records), audit(r.margins, r.observed, probes=r.probes, steps=r.steps)
    assert (a.verdict, a.flip_rate, a.stop_step) == (b.verdict, b.flip_rate, b.stop_step)
    np.testing.assert_array_equal(a.suspects, b.suspects)


def test_speed_at_the_size_of_cifar() -> None:
    """n = 50,000, T = 60, ten classes: under a second of processor time, twice that allowed here."""

    rng = np.random.default_rng(0)
    observed = rng.integers(0, 10, 50_000)
    p = plan(observed, runs=1)
    margins = rng.standard_normal((60, 50_000)).astype(np.float32) + 1
    margins[:, p.probes[0]] -= 2
    record = Record(observed, p.labels[0], p.probes[0], np.arange(1, 61), margins, 10)
    start = time.process_time()
    answer = audit([record])
    assert time.process_time() - start < 2.0
    assert isinstance(answer, Audit)
