"""The audit beside cleanlab on the same labels: precision, recall and F1 of the suspects, seconds spent.

`python -m benchmarks.audit_baselines [--draws 5] [--out FILE.json]`; needs the extras `images`, `baselines`.
cleanlab's `find_label_issues` gets out-of-sample probabilities of five folds: of the audit's own network
trained to the end (*last*) or stopped at the best mean accuracy on the held-out folds (*stop*), or of a
logistic regression (*linear*). Fold accuracies are on the labels as given: none of them sees a true label.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.images.alone import evaluate, train_alone
from simulation.images.audited import audit_tasks
from simulation.images.task import Recipe, Task
from simulation.images.torch_engine import task_at
from theory.experiment import Experiment
from theory.images.experiments import AUDIT_PAIRS, AUDIT_TEN
from theory.images.setting import ImageSetting
from theory.rng import generator

__all__ = ["compared", "main", "places_of_audits"]

Floats = NDArray[np.float64]

FOLDS = 5
_RATIO = 1.15


def _setting(experiment: Experiment) -> ImageSetting:
    found = experiment.place.settings[0]
    assert isinstance(found, ImageSetting)
    return found


def places_of_audits() -> tuple[tuple[ImageSetting, float], tuple[ImageSetting, float]]:
    """Settings and epochs of audits of two classes and of ten."""
    pair, ten = ((_setting(e), float(e.clock or 0)) for e in (AUDIT_PAIRS, AUDIT_TEN))
    return pair, ten


def _places() -> dict[str, tuple[ImageSetting, float]]:
    (pair, epochs), (ten, ten_epochs) = places_of_audits()
    return {
        "3v8, .1": (pair.with_(flip_rate=0.1), epochs),
        "3v8, .2": (pair, epochs),
        "ten classes, .1": (ten.with_(flip_rate=0.1), ten_epochs),
        "ten classes, .2": (ten, ten_epochs),
        "ten classes, to the next class, .2": (ten.with_(flip_kind="pair"), ten_epochs),
    }


def _scores(suspects: NDArray[np.int64], noisy: NDArray[np.bool_]) -> dict[str, float]:
    hits = int(noisy[suspects].sum())
    precision, recall = hits / max(len(suspects), 1), hits / max(int(noisy.sum()), 1)
    both = precision + recall
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / both if both else 0.0}


def _folds(n: int, seed: int) -> Iterator[NDArray[np.int64]]:
    yield from np.array_split(generator(seed, "benchmarks.folds").permutation(n), FOLDS)


def _network_probabilities(task: Task, recipe: Recipe, seed: int) -> tuple[Floats, Floats]:
    """Out-of-sample probabilities (n, k) at the end, and at the stop of the held-out folds."""
    import torch

    kept: dict[int, Floats] = {}
    for number, held in enumerate(_folds(len(task.labels), seed)):
        rest = np.setdiff1d(np.arange(len(task.labels)), held)
        part = replace(task, x=task.x[rest], labels=task.labels[rest], y=task.y[rest], index=rest)
        outside = torch.from_numpy(task.x[held])

        def keep(step: int, net_of: Any, held: Any = held, outside: Any = outside) -> None:
            logits = torch.from_numpy(evaluate(net_of(0), outside).astype(np.float64))
            kept.setdefault(step, np.zeros((len(task.labels), task.k)))[held] = logits.softmax(dim=1).numpy()

        train_alone(part, recipe, FOLDS * seed + number, keep=keep)
    fit = {step: float(np.mean(p.argmax(axis=1) == task.labels)) for step, p in kept.items()}
    best = max(fit, key=lambda step: (fit[step], -step))
    return kept[max(kept)], kept[best]


def _linear_probabilities(task: Task, seed: int) -> Floats:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped,unused-ignore]

    out = np.zeros((len(task.labels), task.k))
    # Pixels from 0 to 1, as they come: a regression on standardised ones is regularised too little.
    flat = task.x.reshape(len(task.x), -1).astype(np.float64)
    flat = (flat - flat.min()) / (flat.max() - flat.min())
    for held in _folds(len(task.labels), seed):
        rest = np.setdiff1d(np.arange(len(task.labels)), held)
        out[held] = (
            LogisticRegression(max_iter=2000).fit(flat[rest], task.labels[rest]).predict_proba(flat[held])
        )
    return out


def _flagged(task: Task, probabilities: Floats) -> NDArray[np.int64]:
    from cleanlab.filter import find_label_issues  # type: ignore[import-not-found,import-untyped,unused-ignore]

    return np.flatnonzero(find_label_issues(task.labels, probabilities))


def compared(setting: ImageSetting, epochs: float, seed: int) -> dict[str, dict[str, float]]:
    """One draw of labels judged four ways; `seconds` of processor time."""
    task = task_at(setting, seed)
    noisy: NDArray[np.bool_] = np.asarray(task.labels != task.y)
    recipe = Recipe(
        setting.net, "sgd", setting.lr, setting.momentum, setting.batch, setting.steps(epochs), _RATIO
    )
    start = time.process_time()
    outcome = audit_tasks([task], recipe, [seed], 2)[0][1]
    audited = time.process_time()
    last, stop = _network_probabilities(task, recipe, seed)
    trained = time.process_time()
    linear = _linear_probabilities(task, seed)
    fitted = time.process_time()
    seconds = (audited - start, trained - audited, trained - audited, fitted - trained)
    found = {
        "audit": outcome.answer.suspects,
        "cleanlab, last": _flagged(task, last),
        "cleanlab, stop": _flagged(task, stop),
        "cleanlab, linear": _flagged(task, linear),
    }
    return {
        name: {**_scores(suspects, noisy), "seconds": spent}
        for (name, suspects), spent in zip(found.items(), seconds, strict=True)
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print means over the draws and write every draw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit_baselines", description=__doc__)
    parser.add_argument(
        "--draws", type=int, default=5, help="draws of flips, each with its own split and seed"
    )
    parser.add_argument("--first-seed", type=int, default=70_000)
    parser.add_argument(
        "--out", type=Path, default=Path(__file__).parent / "results" / "audit-baselines.json"
    )
    given = parser.parse_args(arguments)
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    written: dict[str, Any] = {}
    with threadpool_limits(1):
        for name, (setting, epochs) in _places().items():
            draws = [compared(setting, epochs, given.first_seed + i) for i in range(given.draws)]
            written[name] = draws
            print(name, flush=True)
            for way in draws[0]:
                mean = {key: float(np.mean([d[way][key] for d in draws])) for key in draws[0][way]}
                print(
                    f"  {way:18s} precision {mean['precision']:.3f} recall {mean['recall']:.3f} "
                    f"F1 {mean['f1']:.3f}  {mean['seconds']:.1f} s",
                    flush=True,
                )
    given.out.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
