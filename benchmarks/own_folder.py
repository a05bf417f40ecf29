"""A folder of 300 pictures in two classes, some in the wrong folder: what two commands say, beside the truth.

`python -m benchmarks.own_folder [--draws 10] [--commands 1] [--share .15] [--out FILE.json]`; needs the extra
`images`. Digits 3 and 8 of scikit-learn are written as PNG files into folders `three` and `eight`, a share of
them into the wrong one; 57 others are held out with their true labels. Then a person's two commands are run
as they stand in README (`--probe-flip --plan`, `--probe-flip --out`) on the first folders, and what they call
on the others, and their answer is compared with what was done. A second set of folders has no picture in the
wrong place. Folders that the file has already are not made again. The table between the marks of
`docs/audit.md` is written anew.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.audit.judging import audit
from simulation.audit.report import write_audit
from simulation.audit.words import CLUSTERED
from simulation.images.audited import record_of
from simulation.images.forecast import plan_text
from simulation.images.load import load_images
from simulation.images.own_labels import audit_tasks_of, seeds_of_round
from simulation.images.request import Request, request_of
from simulation.images.run import ImageRun
from simulation.images.task import scaled_images
from simulation.images.train import train_tasks
from theory.rng import generator

__all__ = ["draw", "main", "table_of", "write_folder"]

N = 300
NAMES = ("three", "eight")
RESULTS = Path(__file__).parent / "results" / "own-folder.json"
PAGE = Path(__file__).parents[1] / "docs" / "audit.md"
_BEGIN, _END = "<!-- own-folder:begin -->", "<!-- own-folder:end -->"


def write_folder(root: Path, share: float, seed: int) -> tuple[set[str], NDArray[Any], NDArray[np.int64]]:
    """Write the folder; the files in the wrong class, and the pictures held out with their true labels."""
    from PIL import Image

    images = load_images("digits", classes=("3", "8"))
    rng = generator(seed, "benchmarks.own_folder")
    order = rng.permutation(images.n)
    wrong = rng.random(N) < share
    misplaced = set()
    for name in NAMES:
        (root / name).mkdir(parents=True)
    grey = np.rint(255 * images.x[:, 0]).astype(np.uint8)
    for place, i in enumerate(order[:N]):
        label = int(images.y[i]) ^ int(wrong[place])
        file = f"{NAMES[label]}/{place:03}.png"
        Image.fromarray(grey[i]).save(root / file)
        if wrong[place]:
            misplaced.add(file)
    held = order[N:]
    # Classes of a folder are in alphabetical order: eight, three.
    return misplaced, grey[held], 1 - images.y[held]


def _command(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "verify", "images", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"status {done.returncode}: {done.stderr}")
    return done.stdout


def _trainings(request: Request, pictures: NDArray[Any], labels: NDArray[np.int64]) -> list[ImageRun]:
    """The audit's own trainings; the held-out pictures are their test part, which changes nothing else."""
    from dataclasses import replace

    from PIL import Image

    side = request.images.x.shape[2]
    shown = [
        np.asarray(Image.fromarray(p).convert("RGB").resize((side, side), Image.Resampling.BILINEAR))
        for p in pictures
    ]
    x = (np.stack(shown) / 255.0).transpose(0, 3, 1, 2).astype(np.float32)
    test = scaled_images(x, request.images.x)
    tasks = [replace(t, x_test=test, y_test=labels) for t in audit_tasks_of(request)[1]]
    return train_tasks(tasks, replace(request.recipe, ratio=1.15), seeds_of_round(request, 0))


def _audited(request: Request, runs: Sequence[ImageRun], out: Path) -> str:
    """What the second command does with its trainings: answer and files."""
    made = audit_tasks_of(request)[0]
    records = [record_of(run, made, r) for r, run in enumerate(runs)]
    answer = audit(records, classes=np.array(request.images.class_names))
    write_audit(answer, out, files=request.images.files, pictures={})
    return answer.text()


def _accuracy(runs: Sequence[ImageRun], stop: int) -> dict[str, float]:
    """On the held-out pictures, means over the trainings: best, at the stop, at the end."""
    at = [int(np.searchsorted(run.steps, stop)) for run in runs]
    return {
        "best": float(np.mean([run.test_accuracy.max() for run in runs])),
        "stop": float(np.mean([run.test_accuracy[i] for run, i in zip(runs, at, strict=True)])),
        "end": float(np.mean([run.test_accuracy[-1] for run in runs])),
    }


def draw(share: float, seed: int, *, commands: bool = True) -> dict[str, Any]:
    """One folder, the two commands (or what they call), and the truth."""
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "pictures", Path(place) / "out"
        misplaced, pictures, labels = write_folder(folder, share, seed)
        data = ["--data", f"folder:{folder}", "--probe-flip"]
        request = request_of(data)
        runs = _trainings(request, pictures, labels) if share or not commands else []
        if commands:
            forecast, said = _command(*data, "--plan"), _command(*data, "--out", str(out))
        else:
            forecast, said = plan_text(request), _audited(request, runs, out)
        answer = json.loads((out / "audit.json").read_text())
        with (out / "suspects.csv").open(encoding="utf-8") as file:
            suspects = {row["file"] for row in csv.DictReader(file)}
        page = (out / "audit.html").read_text(encoding="utf-8")
        stop = answer["stop_step"]
        costs = _accuracy(runs, stop) if share and stop is not None else None
    found = len(suspects & misplaced)
    return {
        "seed": seed, "share": share, "by": "commands" if commands else "their functions",
        "misplaced": len(misplaced), "verdict": answer["verdict"],
        "rate": answer["flip_rate"], "stop_step": stop, "suspects": len(suspects), "found": found,
        "selection": answer["selection"], "accuracy": costs,
        "forecast": "no Stage I is forecast" not in forecast and "Stage I is forecast" in forecast,
        "clusters": CLUSTERED.split(":")[0] in said and "cluster" in said and "cluster" in page,
        "says_clean": bool(re.search(r"\bclean\b|free of errors|no errors", said + page, re.IGNORECASE)),
    }  # fmt: skip


def _mean(values: Sequence[float], digits: int = 3) -> str:
    """Mean with its 95 % t-interval over folders.

    >>> _mean([0.8, 0.9, 1.0])
    '0.900 [0.652, 1.148]'
    """
    from scipy.stats import sem, t

    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:.{digits}f}"
    half = float(t.ppf(0.975, len(values) - 1) * sem(values))
    return f"{mean:.{digits}f} [{mean - half:.{digits}f}, {mean + half:.{digits}f}]"


def table_of(draws: Sequence[Mapping[str, Any]]) -> str:
    """The Markdown table of both kinds of folders.

    >>> one = {"share": 0.0, "verdict": "few", "rate": {"low": 0.0, "high": 0.01}, "stop_step": None,
    ...        "suspects": 3, "found": 0, "misplaced": 0, "selection": None, "accuracy": None,
    ...        "clusters": True, "says_clean": False}
    >>> print(table_of([one]).splitlines()[-1])
    | answers other than `few`; stops; lists called safe to drop; lower limits of 1 % |  | 0; 0; 0; 0 of 1 |
    """
    lines = ["| asked | some in the wrong folder | none |", "| --- | --- | --- |"]
    wrong = [d for d in draws if d["share"] > 0]
    right = [d for d in draws if not d["share"]]

    def row(what: str, first: str, second: str) -> None:
        lines.append(f"| {what} | {first} | {second} |")

    shares = sorted({d["share"] for d in wrong})
    which = ", ".join(f"{100 * share:.0f} % wrong" for share in shares)
    row("folders", f"{len(wrong)} ({which})" if wrong else "0", str(len(right)))
    row("answers", _answers(wrong), _answers(right))
    warned = [f"{sum(d['clusters'] for d in some)} of {len(some)}" for some in (wrong, right)]
    row("warns of clusters that it cannot see", *warned)
    clean = [f"{sum(d['says_clean'] for d in some)} of {len(some)}" for some in (wrong, right)]
    row("calls labels clean", *clean)
    few = [d["rate"]["high"] for d in right if d["verdict"] == "few"]
    row("upper limit of spread flips, largest", "", f"{100 * max(few):.1f} %" if few else "")
    if wrong:
        lines += _of_wrong(wrong)
    alarms = (
        sum(d["verdict"] != "few" for d in right),
        sum(d["stop_step"] is not None for d in right),
        sum(bool(d["selection"] and d["selection"]["safe"]) for d in right),
        sum(bool(d["rate"] and d["rate"]["low"] >= 0.01) for d in right),
    )
    row(
        "answers other than `few`; stops; lists called safe to drop; lower limits of 1 %",
        "",
        f"{'; '.join(map(str, alarms))} of {len(right)}" if right else "",
    )
    return "\n".join(lines)


def _answers(draws: Sequence[Mapping[str, Any]]) -> str:
    counts = Counter(d["verdict"] for d in draws)
    return ", ".join(f"{word} {count}" for word, count in counts.most_common())


def _of_wrong(draws: Sequence[Mapping[str, Any]]) -> list[str]:
    """Rows on folders with misplaced pictures: list, interval, stop."""
    listed = [d for d in draws if d["suspects"]]
    precision = [d["found"] / d["suspects"] for d in listed]
    recall = [d["found"] / d["misplaced"] for d in draws]
    spread = [d for d in draws if d["verdict"] == "spread"]
    held = sum(d["rate"]["low"] <= d["misplaced"] / N <= d["rate"]["high"] for d in spread)
    rows = [
        ("precision of the list, mean", _mean(precision) if listed else ""),
        ("recall of the list, mean", _mean(recall)),
        ("interval holds the share, of those that give one", f"{held} of {len(spread)}"),
    ]
    seen = [d["accuracy"] for d in draws if d["accuracy"]]
    if seen:
        regret = [a["best"] - a["stop"] for a in seen]
        ways = "; ".join(_mean([a[key] for a in seen]) for key in ("stop", "best", "end"))
        rows += [
            ("accuracy at the stop; at best; at the end", ways),
            ("regret of the stop, mean; largest", f"{_mean(regret)}; {max(regret):.3f}"),
        ]
    return [f"| {what} | {figure} |  |" for what, figure in rows]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the draws that are missing, print and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.own_folder", description=__doc__)
    parser.add_argument("--draws", type=int, default=10, help="folders of each kind")
    parser.add_argument("--commands", type=int, default=1, help="of these, by the commands themselves")
    parser.add_argument("--share", type=float, default=0.15, help="of pictures in the wrong folder")
    parser.add_argument("--first-seed", type=int, default=5200)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(1)
    draws = json.loads(given.out.read_text(encoding="utf-8")) if given.out.is_file() else []
    there = {(d["share"], d["seed"]) for d in draws}
    for i in range(given.draws):
        for share in (given.share, 0.0):
            seed = given.first_seed + i
            if (share, seed) not in there:
                draws.append(draw(share, seed, commands=i < given.commands))
                print(draws[-1], flush=True)
                given.out.write_text(json.dumps(draws, indent=1) + "\n", encoding="utf-8")
    table = table_of(draws)
    print(table)
    text = given.page.read_text(encoding="utf-8")
    new = re.sub(f"{_BEGIN}.*?{_END}", lambda _: f"{_BEGIN}\n{table}\n{_END}", text, flags=re.DOTALL)
    given.page.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
