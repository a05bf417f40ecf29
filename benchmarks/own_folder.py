"""A folder of 300 pictures in two classes, some in the wrong folder: what two commands say, beside the truth.

`python -m benchmarks.own_folder [--draws 3] [--share .15] [--out FILE.json]`; needs the extra `images`.
Digits 3 and 8 of scikit-learn are written as PNG files into folders `three` and `eight`, a share of them into
the wrong one; 57 others are held out with their true labels. Then a person's two commands are run as they
stand in README (`--probe-flip --plan`, `--probe-flip --out`), and their answer is compared with what was
done. A second set of folders has no picture in the wrong place. The table between the marks of
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

from simulation.audit.words import CLUSTERED
from simulation.images.load import load_images
from simulation.images.own_labels import audit_tasks_of, seeds_of_round
from simulation.images.request import request_of
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


def _costs(folder: Path, pictures: NDArray[Any], labels: NDArray[np.int64], stop: int) -> dict[str, float]:
    """Accuracy on the held-out pictures of the audit's own trainings: best, at the stop, at the end."""
    from dataclasses import replace

    from PIL import Image

    request = request_of(["--data", f"folder:{folder}", "--probe-flip"])
    side = request.images.x.shape[2]
    shown = [
        np.asarray(Image.fromarray(p).convert("RGB").resize((side, side), Image.Resampling.BILINEAR))
        for p in pictures
    ]
    x = (np.stack(shown) / 255.0).transpose(0, 3, 1, 2).astype(np.float32)
    test = scaled_images(x, request.images.x)
    tasks = [replace(t, x_test=test, y_test=labels) for t in audit_tasks_of(request)[1]]
    runs = train_tasks(tasks, replace(request.recipe, ratio=1.15), seeds_of_round(request, 0))
    at = [int(np.searchsorted(run.steps, stop)) for run in runs]
    return {
        "best": float(np.mean([run.test_accuracy.max() for run in runs])),
        "stop": float(np.mean([run.test_accuracy[i] for run, i in zip(runs, at, strict=True)])),
        "end": float(np.mean([run.test_accuracy[-1] for run in runs])),
    }


def draw(share: float, seed: int) -> dict[str, Any]:
    """One folder, the two commands, and the truth."""
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "pictures", Path(place) / "out"
        misplaced, pictures, labels = write_folder(folder, share, seed)
        data = ("--data", f"folder:{folder}", "--probe-flip")
        forecast = _command(*data, "--plan")
        said = _command(*data, "--out", str(out))
        answer = json.loads((out / "audit.json").read_text())
        with (out / "suspects.csv").open(encoding="utf-8") as file:
            suspects = {row["file"] for row in csv.DictReader(file)}
        page = (out / "audit.html").read_text(encoding="utf-8")
        stop = answer["stop_step"]
        costs = _costs(folder, pictures, labels, stop) if share and stop is not None else None
    found = len(suspects & misplaced)
    return {
        "seed": seed, "share": share, "misplaced": len(misplaced), "verdict": answer["verdict"],
        "rate": answer["flip_rate"], "stop_step": stop, "suspects": len(suspects), "found": found,
        "selection": answer["selection"], "accuracy": costs,
        "forecast": "no Stage I is forecast" not in forecast and "Stage I is forecast" in forecast,
        "clusters": CLUSTERED.split(":")[0] in said and "cluster" in said and "cluster" in page,
        "says_clean": bool(re.search(r"\bclean\b|free of errors|no errors", said + page, re.IGNORECASE)),
    }  # fmt: skip


def table_of(draws: Sequence[Mapping[str, Any]]) -> str:
    """The Markdown table of both kinds of folders.

    >>> one = {"share": 0.0, "verdict": "few", "rate": {"high": 0.01}, "stop_step": None, "suspects": 3,
    ...        "found": 0, "misplaced": 0, "accuracy": None, "clusters": True, "says_clean": False}
    >>> print(table_of([one]).splitlines()[-1])
    | 0 %, 1 draw | few 1 |  |  | no stop; nothing to drop; at most 1.0 % spread flips | 1 of 1; 0 of 1 |
    """
    lines = [
        "| in the wrong folder | answers | precision, recall | interval holds the share | stop "
        "| warns of clusters; calls labels clean |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for share in sorted({d["share"] for d in draws}, reverse=True):
        some = [d for d in draws if d["share"] == share]
        counts = Counter(d["verdict"] for d in some)
        verdicts = ", ".join(f"{word} {count}" for word, count in counts.most_common())
        warned, clean = sum(d["clusters"] for d in some), sum(d["says_clean"] for d in some)
        last = f"{warned} of {len(some)}; {clean} of {len(some)}"
        head = f"| {100 * share:.0f} %, {len(some)} draw{'s' if len(some) > 1 else ''} | {verdicts} |"
        if share:
            wrong = sum(d["misplaced"] for d in some)
            found, listed = sum(d["found"] for d in some), sum(d["suspects"] for d in some)
            spread = [d for d in some if d["verdict"] == "spread"]
            held = sum(d["rate"]["low"] <= d["misplaced"] / N <= d["rate"]["high"] for d in spread)
            right = (
                f" {found / max(listed, 1):.2f} ({found} of {listed}), {found / max(wrong, 1):.2f} "
                f"({found} of {wrong}) | {held} of {len(spread)} |"
            )
            seen = [d["accuracy"] for d in some if d["accuracy"]]
            means = [np.mean([a[key] for a in seen]) if seen else np.nan for key in ("stop", "best", "end")]
            stop = "accuracy {:.3f} at the stop, {:.3f} at best, {:.3f} at the end".format(*means)
            lines.append(f"{head}{right} {stop} | {last} |")
        else:
            few = [d for d in some if d["verdict"] == "few"]
            silent = all(d["stop_step"] is None for d in few)
            most = max((d["rate"]["high"] for d in few), default=float("nan"))
            words = "no stop; nothing to drop" if silent else "A STOP"
            lines.append(f"{head}  |  | {words}; at most {100 * most:.1f} % spread flips | {last} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all draws, print and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.own_folder", description=__doc__)
    parser.add_argument("--draws", type=int, default=3, help="folders of each kind")
    parser.add_argument("--share", type=float, default=0.15, help="of pictures in the wrong folder")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    draws = []
    for share in (given.share, 0.0):
        for i in range(given.draws):
            draws.append(draw(share, given.first_seed + i))
            print(draws[-1], flush=True)
    table = table_of(draws)
    print(table)
    given.out.write_text(json.dumps(draws, indent=1) + "\n", encoding="utf-8")
    text = PAGE.read_text(encoding="utf-8")
    new = re.sub(f"{_BEGIN}.*?{_END}", lambda _: f"{_BEGIN}\n{table}\n{_END}", text, flags=re.DOTALL)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
