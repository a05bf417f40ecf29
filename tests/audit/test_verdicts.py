"""Verdicts on made-up trainings, their words, and the stage that they rest on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from audit.cases import STEPS, made
from simulation.audit.record import Record
from simulation.audit.stage import find_stage
from verify.audit import audit


def test_spread_flips_are_found() -> None:
    records, noisy = made()
    answer = audit(records)
    assert answer.verdict == "spread"
    assert answer.flip_rate is not None
    assert answer.flip_rate[1] <= noisy.mean() <= answer.flip_rate[2]
    assert noisy[answer.suspects].mean() >= answer.precision[1]
    assert answer.recall == pytest.approx(noisy[answer.suspects].sum() / noisy.sum(), abs=0.06)
    assert answer.stage_one[0] <= answer.stop_step <= answer.stage_one[1]
    assert answer.stop_step < STEPS[19]
    top = answer.suspects[: len(answer.suspects) // 2]
    assert answer.precision_at(len(top)) == pytest.approx(noisy[top].mean(), abs=0.12)
    # Beyond the topmost scores there is hardly a probe: the list's beginning is no place to count them.
    assert min(answer.precision_at(m) for m in range(1, 30)) > 0.6


def test_coverage_of_whole_audits() -> None:
    hits = spread = 0
    for seed in range(40):
        records, noisy = made(n=600, k=3, seed=seed)
        answer = audit(records)
        if answer.verdict == "spread":
            spread += 1
            hits += answer.flip_rate[1] <= noisy.mean() <= answer.flip_rate[2]
    assert spread >= 36
    assert binom.sf(hits, spread, 0.9) < 0.999  # not surely below .9


def test_few() -> None:
    answer = audit(made(n=4000, t=0.0)[0])
    assert answer.verdict == "few"
    assert answer.stop_step is None
    assert answer.selection is None
    text = answer.text()
    assert "Do not stop early, drop nothing" in text
    assert "At most" in text


def test_none_without_a_stage() -> None:
    answer = audit(made(stage=False, late=False)[0])
    assert answer.verdict == "none"
    assert len(answer.suspects) == 0
    assert answer.flip_rate is None
    assert "No estimate, no stop, no list" in answer.text()


def test_stage_one_only_needs_no_stop() -> None:
    answer = audit(made(late=False)[0])
    assert answer.verdict == "spread"
    assert answer.stop_step is None
    assert "no stop is needed" in answer.text()


def with_hard_samples(every: int) -> list[Record]:
    """Right labels that the model doubts a little at first."""
    records, _ = made(t=0.0)
    hard = np.arange(1000) % every == 0
    changed = []
    for r in records:
        margins = r.margins.copy()
        mask = hard.copy()
        mask[r.probes] = False
        margins[:24, mask] = np.minimum(margins[:24, mask], -0.3)
        changed.append(Record(r.observed, r.trained, r.probes, r.steps, margins, 2))
    return changed


def test_unlike_flips_are_called_so() -> None:
    """Suspects lie below the caught probes."""
    answer = audit(with_hard_samples(5))
    assert answer.verdict == "unlike"
    assert answer.precision is None
    assert "no upper limit" in answer.text()


@pytest.mark.parametrize("every", [25, 5])
def test_no_stop_is_named_where_no_label_is_shown_to_be_wrong(every: int) -> None:
    """Every label is right: stopping would cost accuracy."""
    answer = audit(with_hard_samples(every))
    assert answer.verdict in ("unlike", "weak")
    assert answer.flip_rate is not None
    assert answer.flip_rate[1] < 0.01
    assert answer.memorised_at_end > 0.5
    assert answer.stop_step is None
    assert "No stop is named" in answer.text()


def test_clustered_errors_are_said_to_be_invisible() -> None:
    """A whole group labelled wrongly and accepted at once: the answer is wrong about it, and says that it
    may be."""
    records, cluster = made(flips="cluster")
    answer = audit(records)
    assert cluster[answer.suspects].sum() < 0.1 * cluster.sum()
    first = "\n".join(answer.text().splitlines()[:10])
    assert "Not testable: wrong labels that the model accepts at once" in first
    assert "clusters" in first


def test_no_text_calls_labels_clean() -> None:
    cases = [
        made(),
        made(n=4000, t=0.0),
        made(stage=False, late=False),
        made(late=False),
        made(flips="cluster"),
        made(t=0.01),
    ]
    for records, _ in cases:
        assert "clean" not in audit(records).text().lower()


def test_without_probes_nothing_is_calibrated() -> None:
    n = 50
    answer = audit(np.zeros((6, n)), np.arange(n) % 2)
    assert answer.verdict == "uncalibrated"
    assert "audit plan" in answer.text()
    json.loads(answer.to_json())


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    from simulation.audit.report import write_audit

    for name in ("a", "b"):
        write_audit(audit(made()[0]), tmp_path / name)
    found = sorted(p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file())
    assert {str(p) for p in found} >= {"audit.html", "audit.md", "audit.json", "suspects.csv", "curves.csv"}
    for path in found:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes(), path


def test_matched_second_round() -> None:
    records, _ = made(k=3, t=0.2)
    k, n = 3, 1000
    predictions = [np.where(r.margins > 0, r.trained, (r.trained + 1) % k).astype(np.int16) for r in records]
    first = audit(
        [
            Record(r.observed, r.trained, r.probes, r.steps, r.margins, k, p)
            for r, p in zip(records, predictions, strict=True)
        ]
    )
    second = first.second_plan(runs=2)
    assert second.spoiled is not None
    assert 0 < second.spoiled < 0.5
    for r in range(2):
        assert (second.labels[r][second.probes[r]] != second.observed[second.probes[r]]).all()
        assert (second.labels[r] != second.observed).sum() == len(second.probes[r])
    assert n == len(second.observed)


def test_stage_of_known_curves() -> None:
    records, _ = made(n=2000)
    stage = find_stage(records)
    mask = np.zeros(2000, dtype=bool)
    mask[records[0].probes] = True
    own = (records[0].margins > 0)[:, ~mask].mean(axis=1) - (records[0].margins > 0)[:, mask].mean(axis=1)
    other = find_stage(records[:1])
    np.testing.assert_allclose(other.separation, own)
    assert stage.first <= stage.at <= stage.last
    assert stage.smooth[stage.at] == stage.smooth.max()
    assert (stage.smooth[stage.first : stage.last + 1] >= 0.95 * stage.smooth.max() - 1e-12).all()


def test_erratic_training_is_warned_of() -> None:
    records, _ = made()
    changed = []
    for r in records:
        margins = r.margins.copy()
        margins[1::2] = -np.abs(margins[1::2])
        changed.append(Record(r.observed, r.trained, r.probes, r.steps, margins, 2))
    answer = audit(changed)
    assert any("lower the learning rate" in w for w in answer.warnings)
