"""The audit's estimator: what probes identify, the interval, verdicts, words, files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from simulation.audit.files import load_labels, load_plan, load_record
from simulation.audit.margins import of_logits, of_losses, of_probabilities
from simulation.audit.planning import plan
from simulation.audit.rate import estimate_rate
from simulation.audit.record import Record, Recorder
from simulation.audit.stage import find_stage, rank_auroc
from simulation.images.score_engines import draw_scores
from verify.audit import Audit, audit, staged
from verify.audit.command import main

STEPS = np.unique(np.round(1.3 ** np.arange(30)).astype(np.int64))


def margins_of(
    trained: np.ndarray, true: np.ndarray, seed: int, *, stage: bool = True, late: bool = True
) -> np.ndarray:
    """Margins over STEPS of a training that first learns true labels, then memorises (T, n)."""
    rng = np.random.default_rng(seed)
    wrong = trained != true
    grow = np.linspace(0, 4, len(STEPS))[:, None]
    towards = np.where(wrong, -1.0, 1.0) if stage else np.ones(len(true))
    base = grow * towards + rng.standard_normal(len(true)) * 0.9
    if late:
        base = base + np.where(np.arange(len(STEPS)) > 18, 1.0, 0.0)[:, None] * 9.0
    return base + 0.2 * rng.standard_normal((len(STEPS), len(true)))


def made(
    n: int = 1000,
    k: int = 2,
    t: float = 0.2,
    seed: int = 0,
    runs: int = 2,
    flips: str = "spread",
    **how: bool,
):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, k, n)
    observed = true.copy()
    if flips == "spread":
        wrong = rng.random(n) < t
        observed[wrong] = (true[wrong] + rng.integers(1, k, wrong.sum())) % k
    elif flips == "cluster":
        # A group that the model takes for what it is labelled: it behaves like right labels do.
        cluster = np.arange(n) < int(t * n)
        observed[cluster] = (true[cluster] + 1) % k
        true = np.where(cluster, observed, true)
    p = plan(observed, runs=runs, seed=seed)
    records = [
        Record(
            observed,
            p.labels[r],
            p.probes[r],
            STEPS,
            margins_of(p.labels[r], true, 10 * seed + r, **how).astype(np.float32),
            k,
        )
        for r in range(runs)
    ]
    return records, observed != true if flips == "spread" else np.arange(n) < int(t * n)


# What probes identify -----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 10])
@pytest.mark.parametrize("t", [0.05, 0.2, 0.4])
def test_probes_hit_the_truth_and_rank_like_flips(k: int, t: float) -> None:
    """b = t/(k-1) and AUROC(probes) = 1/2 + (1 - t - b)(AUROC(flips) - 1/2): errors below 4 standard
    errors."""
    spoiled, identity = [], []
    for seed in range(200):
        d = draw_scores(2000, k, t, 300, 2.0, seed)
        spoiled.append(d["spoiled"] - t / (k - 1))
        both = np.concatenate([d["others"], d["probes"]])
        probe = np.arange(len(both)) >= len(d["others"])
        flips = rank_auroc(d["others"], d["noisy"])
        identity.append(rank_auroc(both, probe) - 0.5 - (1 - t - t / (k - 1)) * (flips - 0.5))
    for errors in (spoiled, identity):
        assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(len(errors))


def test_the_identity_check_notices_a_missing_term() -> None:
    errors = []
    for seed in range(200):
        d = draw_scores(2000, 2, 0.3, 300, 2.0, seed)
        both = np.concatenate([d["others"], d["probes"]])
        probe = np.arange(len(both)) >= len(d["others"])
        errors.append(rank_auroc(both, probe) - 0.5 - 0.7 * (rank_auroc(d["others"], d["noisy"]) - 0.5))
    assert abs(np.mean(errors)) > 20 * np.std(errors) / np.sqrt(len(errors))


@pytest.mark.parametrize("k", [2, 10])
@pytest.mark.parametrize("count", [50, 100, 400])
@pytest.mark.parametrize("t", [0.0, 0.05, 0.2, 0.4])
def test_the_interval_covers_on_drawn_scores(k: int, count: int, t: float) -> None:
    """Coverage at least .90 less three standard errors of 200 draws, at every cell."""
    hits = 0
    for seed in range(200):
        d = draw_scores(2000, k, t, count, 4.0, seed)
        rate = estimate_rate(d["others"], d["probes"], 2000, k, 1.645)
        hits += rate.low <= d["wrong"] <= rate.high
    assert hits / 200 >= 0.9 - 3 * np.sqrt(0.09 / 200)


def test_the_interval_is_no_wider_than_it_must_be() -> None:
    """With 400 probes at t = .2 the interval is narrower than .1: it can say something."""
    widths = []
    for seed in range(30):
        d = draw_scores(4000, 10, 0.2, 400, 4.0, seed)
        rate = estimate_rate(d["others"], d["probes"], 4000, 10, 1.645)
        widths.append(rate.high - rate.low)
    assert np.mean(widths) < 0.1


def test_an_interval_without_the_spoiled_probes_undercovers() -> None:
    """Conditional on how many probes are spoiled the error would look smaller than it is, for k = 2, t =
    .4."""
    errors = []
    for seed in range(300):
        d = draw_scores(2000, 2, 0.4, 100, 4.0, seed)
        rate = estimate_rate(d["others"], d["probes"], 2000, 2, 1.645)
        errors.append(np.log(dict(rate.profile)[1.0] / d["wrong"]))
    count, b, found = 100, 0.4, 0.977
    share = (1 - b) * found
    here = (1 - b) * np.sqrt((1 - share) / (share * count))
    without = np.sqrt((1 - found) / (found * count * (1 - b)))
    assert np.std(errors) == pytest.approx(here, rel=0.15)
    assert without < 0.5 * np.std(errors)


def test_no_caught_probe_is_no_rate() -> None:
    with pytest.raises(ValueError, match="no probe is caught"):
        estimate_rate(np.array([-1.0, 2.0]), np.array([-1.0, -2.0]), 4, 2, 1.645)


# Verdicts ------------------------------------------------------------------------------------------------


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


def test_unlike_flips_are_called_so() -> None:
    """Wrong labels that the model doubts only a little: suspects lie below the caught probes."""
    records, _ = made(t=0.0)
    hard = np.arange(1000) % 5 == 0
    changed = []
    for r in records:
        margins = r.margins.copy()
        mask = hard.copy()
        mask[r.probes] = False
        margins[:24, mask] = np.minimum(margins[:24, mask], -0.3)
        changed.append(Record(r.observed, r.trained, r.probes, r.steps, margins, 2))
    answer = audit(changed)
    assert answer.verdict == "unlike"
    assert answer.precision is None
    assert "no upper limit" in answer.text()


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
    from verify.audit.report import write_audit

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


# Stage ---------------------------------------------------------------------------------------------------


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


# Inputs --------------------------------------------------------------------------------------------------


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


def test_recorder_in_a_torch_loop() -> None:
    torch = pytest.importorskip("torch")
    p = plan(np.arange(400) % 2)
    rec = Recorder(p)
    x = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Dropout(0.5))
    model.train()
    for step in range(12):
        if rec.due(step):
            rec(step, model, x)
    assert model.training
    with torch.no_grad():
        expected = of_logits((x @ model[0].weight.T + model[0].bias).numpy(), p.labels[0])
    np.testing.assert_allclose(rec.record().margins[0], expected, rtol=1e-4, atol=1e-5)


def test_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = np.array(["a", "b"])[np.arange(600) % 2]
    (tmp_path / "labels.csv").write_text("label\n" + "\n".join(labels) + "\n")
    assert main(["plan", str(tmp_path / "labels.csv"), "--out", str(tmp_path / "plan.npz")]) == 0
    p = load_plan(tmp_path / "plan.npz")
    names = []
    for r in range(p.runs):
        rec = Recorder(p, r)
        true = np.arange(600) % 2
        for step, margin in zip(STEPS, margins_of(p.labels[r], true, r), strict=True):
            share = 1 / (1 + np.exp(-margin))
            probs = np.where(np.arange(2) == p.labels[r][:, None], share[:, None], 1 - share[:, None])
            rec(int(step), probs)
        rec.save(tmp_path / f"run{r}.npz")
        names.append(str(tmp_path / f"run{r}.npz"))
    record, classes = load_record(Path(names[0]))
    assert classes.tolist() == ["a", "b"]
    np.testing.assert_array_equal(record.probes, p.probes[0])
    capsys.readouterr()
    assert main([*names, "--out", str(tmp_path / "out"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["verdict"] in ("few", "weak", "unlike")
    head = (tmp_path / "out" / "suspects.csv").read_text().splitlines()
    assert head[0] == "rank,index,label,predicted,suspicion,precision"
    for argv, match in (
        (["plan", str(tmp_path / "none.csv"), "--out", "x"], "no such file"),
        ([str(tmp_path / "labels.csv")], "must be an .npz file"),
        (["--level", "x", names[0]], "invalid float"),
        ([], "required: files"),
    ):
        with pytest.raises(ValueError, match=match):
            main(argv)


def test_labels_of_files(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6) % 2)
    (tmp_path / "a.csv").write_text("file,label\nx,cat\ny,dog\n")
    (tmp_path / "one.csv").write_text("cat\ndog\n")
    assert load_labels(tmp_path / "a.npy").tolist() == [0, 1] * 3
    assert (
        load_labels(tmp_path / "a.csv").tolist()
        == load_labels(tmp_path / "one.csv").tolist()
        == ["cat", "dog"]
    )
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "two.csv").write_text("a,b\n1,2\n")
    (tmp_path / "gap.csv").write_text("label,x\n,2\n")
    for name, match in (
        ("o.npy", "plain"),
        ("two.csv", "one named label"),
        ("gap.csv", "without"),
        ("x.txt", "no such"),
    ):
        with pytest.raises(ValueError, match=match):
            load_labels(tmp_path / name)


def test_a_pickle_in_a_record_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "r.npz", labels=np.array([{}], dtype=object), margins=np.zeros((5, 1)))
    with pytest.raises(ValueError, match="plain numbers"):
        load_record(tmp_path / "r.npz")


def test_speed_at_the_size_of_cifar() -> None:
    """n = 50,000, T = 60, ten classes: under a second of processor time, twice that allowed here."""
    import time

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


# scikit-learn --------------------------------------------------------------------------------------------


def test_staged_partial_fit() -> None:
    sklearn = pytest.importorskip("sklearn.neural_network")
    rng = np.random.default_rng(1)
    x = rng.standard_normal((600, 10))
    true = (x[:, 0] + x[:, 1] > 0).astype(int)
    observed = np.where(rng.random(600) < 0.2, 1 - true, true)
    records = staged(sklearn.MLPClassifier((64,), random_state=0), x, plan(observed), rounds=40)
    assert len(records) == 2
    assert records[0].margins.shape == (40, 600)
    assert not np.array_equal(records[0].margins, records[1].margins)
    again = staged(sklearn.MLPClassifier((64,), random_state=0), x, plan(observed), rounds=40)
    np.testing.assert_array_equal(records[0].margins, again[0].margins)
    answer = audit(records)
    assert answer.verdict in ("spread", "unlike")
    assert (observed != true)[answer.suspects].mean() > 0.5


def test_staged_boosting_and_neither() -> None:
    ensemble = pytest.importorskip("sklearn.ensemble")
    rng = np.random.default_rng(2)
    x = rng.standard_normal((300, 4))
    observed = (x[:, 0] > 0).astype(int)
    records = staged(ensemble.GradientBoostingClassifier(n_estimators=30, max_depth=2), x, plan(observed))
    assert records[0].steps[0] == 1
    assert records[0].steps[-1] <= 30
    with pytest.raises(ValueError, match="must have partial_fit"):
        staged(pytest.importorskip("sklearn.svm").SVC(), x, plan(observed))
