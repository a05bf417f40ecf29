"""The audit beside cleanlab on the same labels: precision, recall and F1 of the suspects, seconds spent.

`python -m benchmarks.audit_baselines [--draws 5] [--only 3v8] [--out FILE.json]`; needs the extras `images`,
`baselines`. cleanlab's `find_label_issues` gets out-of-sample probabilities of five folds: of the audit's own
network trained to the end (*last*) or stopped at the best mean accuracy on the held-out folds (*stop*), or of
a logistic regression (*linear*). Fold accuracies are on the labels as given: none of them sees a true label.
*loss* lists the samples of largest loss under the stopped probabilities, as many as there are wrong labels:
it is told their number. Draws that the file has are not made again; the table between the marks of
`docs/audit.md` is written anew.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
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

__all__ = ["compared", "main", "places_of_audits", "table_of"]

Floats = NDArray[np.float64]

RESULTS = Path(__file__).parent / "results" / "audit-baselines.json"
PAGE = Path(__file__).parents[1] / "docs" / "audit.md"
_BEGIN, _END = "<!-- audit-baselines:begin -->", "<!-- audit-baselines:end -->"

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


def _largest_losses(task: Task, probabilities: Floats, count: int) -> NDArray[np.int64]:
    own = probabilities[np.arange(len(task.labels)), task.labels]
    return np.argsort(own, kind="stable")[:count]


def _flagged(task: Task, probabilities: Floats) -> NDArray[np.int64]:
    from cleanlab.filter import find_label_issues  # type: ignore[import-not-found,import-untyped,unused-ignore]

    return np.flatnonzero(find_label_issues(task.labels, probabilities))


def compared(setting: ImageSetting, epochs: float, seed: int) -> dict[str, dict[str, float]]:
    """One draw of labels judged five ways; `seconds` of processor time."""
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
    folds = trained - audited
    seconds = (audited - start, folds, folds, fitted - trained, folds)
    found = {
        "audit": outcome.answer.suspects,
        "cleanlab, last": _flagged(task, last),
        "cleanlab, stop": _flagged(task, stop),
        "cleanlab, linear": _flagged(task, linear),
        "loss": _largest_losses(task, stop, int(noisy.sum())),
    }
    return {
        name: {**_scores(suspects, noisy), "seconds": spent}
        for (name, suspects), spent in zip(found.items(), seconds, strict=True)
    }


Draws = Sequence[Mapping[str, Mapping[str, float]]]

#: Ways of listing, by the head of their column.
WAYS = {
    "audit": "audit",
    "cleanlab, last": "cleanlab, to the end",
    "cleanlab, stop": "cleanlab, stopped",
    "cleanlab, linear": "cleanlab, linear",
    "loss": "stopped losses, number given",
}


def _list_of(draws: Draws, way: str) -> str:
    p, r, f = (np.mean([d[way][key] for d in draws]) for key in ("precision", "recall", "f1"))
    return f"{p:.2f}/{r:.2f}, {f:.3f}"


def _difference(draws: Draws) -> str:
    """F1 of the audit less that of the best way that is told nothing, a way a setting, with the 95 %
    t-interval of the paired differences."""
    from scipy.stats import sem, t

    rivals = [way for way in WAYS if way.startswith("cleanlab")]
    best = max(rivals, key=lambda way: float(np.mean([d[way]["f1"] for d in draws])))
    gaps = [d["audit"]["f1"] - d[best]["f1"] for d in draws]
    mean = float(np.mean(gaps))
    if len(gaps) < 2:
        return f"{mean:+.3f} ({WAYS[best].removeprefix('cleanlab, ')})"
    half = float(t.ppf(0.975, len(gaps) - 1) * sem(gaps))
    return f"{mean:+.3f} [{mean - half:+.3f}, {mean + half:+.3f}] ({WAYS[best].removeprefix('cleanlab, ')})"


def table_of(draws: Mapping[str, Draws]) -> str:
    """The Markdown table: precision/recall, F1, means over the draws of each setting."""
    heads = ["labels", "draws", *WAYS.values(), "F1 of the audit less the best of cleanlab"]
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for name, some in draws.items():
        if some:
            cells = [name, str(len(some)), *(_list_of(some, way) for way in WAYS), _difference(some)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the draws that are missing, print and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit_baselines", description=__doc__)
    parser.add_argument(
        "--draws", type=int, default=5, help="draws of flips, each with its own split and seed"
    )
    parser.add_argument("--only", default="", help="settings whose name begins so")
    parser.add_argument("--first-seed", type=int, default=70_000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    kept = json.loads(given.out.read_text(encoding="utf-8")) if given.out.is_file() else {}
    done: dict[str, list[Any]] = {name: list(kept.get(name, ())) for name in _places()}
    with threadpool_limits(1):
        for name, (setting, epochs) in _places().items():
            if not name.startswith(given.only):
                continue
            for i in range(len(done[name]), given.draws):
                done[name].append(compared(setting, epochs, given.first_seed + i))
                given.out.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
            seconds = {way: np.mean([d[way]["seconds"] for d in done[name]]) for way in WAYS if done[name]}
            print(name, {way: f"{spent:.1f} s" for way, spent in seconds.items()}, flush=True)
    table = table_of(done)
    print(table)
    before, rest = given.page.read_text(encoding="utf-8").split(_BEGIN)
    given.page.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{rest.split(_END)[1]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
