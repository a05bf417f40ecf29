"""A newcomer's own loop on digits, with the lines of the documentation added: an answer in half a minute."""

from __future__ import annotations

import time

import numpy as np
import pytest

from verify.audit import Recorder, audit, plan


def test_digits_in_a_loop_of_ones_own() -> None:
    torch = pytest.importorskip("torch")
    datasets = pytest.importorskip("sklearn.datasets")
    start = time.process_time()
    x, y = datasets.load_digits(return_X_y=True)
    keep = np.isin(y, (3, 8))
    x = torch.as_tensor(x[keep] / 16.0, dtype=torch.float32)
    true = (y[keep] == 8).astype(int)
    wrong = np.random.default_rng(0).random(len(true)) < 0.15
    labels = np.where(wrong, 1 - true, true)

    p = plan(labels)
    records = []
    for run in range(p.runs):
        rec = Recorder(p, run)
        generator = torch.Generator().manual_seed(run)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(run)
            model = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 2))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
        targets = torch.as_tensor(rec.labels)
        for step in range(1, 1501):
            index = torch.randint(0, len(x), (64,), generator=generator)
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[index]), targets[index]).backward()
            optimizer.step()
            if rec.due(step):
                rec(step, model, x)
        records.append(rec)
    answer = audit(records)

    assert answer.verdict == "spread", answer.text()
    assert answer.flip_rate is not None
    assert answer.flip_rate[1] <= wrong.mean() <= answer.flip_rate[2]
    assert wrong[answer.suspects].mean() > 0.75
    assert wrong[answer.suspects].sum() > 0.75 * wrong.sum()
    assert answer.stop_step is not None
    assert answer.stop_step < 300
    assert time.process_time() - start < 30
