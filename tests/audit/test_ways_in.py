"""Records made in loops and by scikit-learn, and kept in files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from audit.cases import STEPS, margins_of
from simulation.audit.files import load_plan, load_record
from simulation.audit.margins import of_logits
from simulation.audit.planning import plan
from simulation.audit.record import Recorder
from verify.audit import audit, staged
from verify.audit.command import main


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
    assert head[0] == "rank,index,file,label,predicted,suspicion,precision"
    for argv, match in (
        (["plan", str(tmp_path / "none.csv"), "--out", "x"], "no such file"),
        ([str(tmp_path / "labels.csv")], "no zip archive"),
        (["--level", "x", names[0]], "invalid float"),
        ([], "required: files"),
    ):
        with pytest.raises(ValueError, match=match):
            main(argv)


def test_a_pickle_in_a_record_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "r.npz", labels=np.array([{}], dtype=object), margins=np.zeros((5, 1)))
    with pytest.raises(ValueError, match="plain numbers"):
        load_record(tmp_path / "r.npz")


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
