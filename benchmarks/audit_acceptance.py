"""What the audit says of digits whose labels were flipped, beside the truth: verdict, rate, list, stop.

`python -m benchmarks.audit_acceptance [--draws 30] [--only 3v8] [--out FILE.json]`; needs the extra `images`.
Draws that the file has already are not made again, so the table may be filled piece by piece; the table
between the marks of `docs/audit.md` is written anew.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.audit_baselines import places_of_audits
from simulation.images.audited import audit_tasks
from simulation.images.task import Recipe
from simulation.images.torch_engine import task_at
from theory.images.setting import ImageSetting

__all__ = ["draw", "main", "settings", "table_of"]

RESULTS = Path(__file__).parent / "results" / "audit-acceptance.json"
PAGE = Path(__file__).parents[1] / "docs" / "audit.md"
_BEGIN, _END = "<!-- audit-acceptance:begin -->", "<!-- audit-acceptance:end -->"
_RATIO = 1.15
#: With two and with ten classes: flips stop short of rates at which labels say nothing.
_RANDOM = (0.5 - 1e-6, 0.9 - 1e-6)


def settings() -> dict[str, tuple[ImageSetting, float]]:
    """Settings and epochs by what is printed of them."""
    (pair, epochs), (ten, ten_epochs) = places_of_audits()
    found: dict[str, tuple[ImageSetting, float]] = {}
    for name, base, length, rates in (
        ("3v8", pair, epochs, (0.1, 0.2, 0.3, 0.4, _RANDOM[0], 0.0)),
        ("ten", ten, ten_epochs, (0.1, 0.2, 0.3, _RANDOM[1], 0.0)),
    ):
        for rate in rates:
            word = "random labels" if rate in _RANDOM else f"{rate:g}" if rate else "no flips"
            found[f"{name}, {word}"] = base.with_(flip_rate=rate), length
        for kind in ("boundary", "cluster"):
            found[f"{name}, {kind}, 0.2"] = base.with_(flip_rate=0.2, flip_kind=kind), length
    found["ten, to the next class, 0.2"] = ten.with_(flip_rate=0.2, flip_kind="pair"), ten_epochs
    return found


def draw(setting: ImageSetting, epochs: float, seed: int) -> dict[str, Any]:
    """One audit of two trainings; after `unlike` of flips to the next class also the matched round."""
    recipe = Recipe(
        setting.net, "sgd", setting.lr, setting.momentum, setting.batch, setting.steps(epochs), _RATIO
    )
    matched = setting.flip_kind == "pair"
    outcome = audit_tasks([task_at(setting, seed)], recipe, [seed], 2, second_round=matched)[0][1]
    answer, second = outcome.answer, outcome.second
    return {
        "seed": seed, "verdict": answer.verdict, "rate": outcome.rate, "interval": answer.flip_rate,
        "precision": outcome.precision, "recall": outcome.recall, "promised": answer.precision,
        "cost": outcome.cost, "cost_at_end": outcome.best - outcome.last,
        "matched": None if second is None else {"verdict": second.verdict, "interval": second.flip_rate},
    }  # fmt: skip


def _counted(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {count}" for word, count in Counter(words).most_common())


def _covered(draws: Sequence[Mapping[str, Any]]) -> str:
    hits = sum(d["interval"][1] <= d["rate"] <= d["interval"][2] for d in draws)
    return f"{hits} of {len(draws)}" if draws else ""


def row_of(name: str, draws: Sequence[Mapping[str, Any]]) -> str:
    """A row of the table; cover, bias, width and promised precision are of draws that end `spread`, the
    list is of those that give one."""
    verdicts = _counted(d["verdict"] for d in draws)
    spread = [d for d in draws if d["verdict"] == "spread"]
    off = [d["interval"][0] - d["rate"] for d in spread]
    bias = f"{np.mean(off):.3f}, {np.std(off):.3f}" if len(off) > 1 else ""
    width = f"{np.mean([d['interval'][2] - d['interval'][1] for d in spread]):.2f}" if spread else ""
    held = f"{sum(d['precision'] >= d['promised'][1] for d in spread)} of {len(spread)}" if spread else ""
    found, cost = "", ""
    listed = [d for d in draws if d["rate"] > 0 and d["precision"] == d["precision"]]
    if listed:
        pairs = np.array([(d["precision"], d["recall"]) for d in listed])
        both = pairs.sum(axis=1)
        f1 = np.divide(2 * pairs.prod(axis=1), both, out=np.zeros(len(both)), where=both > 0)
        found = f"{pairs[:, 0].mean():.2f}/{pairs[:, 1].mean():.2f}, {f1.mean():.3f}"
    if any(d["rate"] > 0 for d in draws):
        cost = f"{np.mean([d['cost'] for d in draws]):.3f}, {np.mean([d['cost_at_end'] for d in draws]):.3f}"
    cells = (name, str(len(draws)), verdicts, _covered(spread), bias, width, held, found, cost)
    line = f"| {' | '.join(cells)} |"
    again = [d for d in draws if d["matched"] and d["matched"]["interval"]]
    if again:
        second = [{"rate": d["rate"], "interval": d["matched"]["interval"]} for d in again]
        verdicts = _counted(d["matched"]["verdict"] for d in again)
        line += (
            f"\n| the same, matched round | {len(again)} | {verdicts} | {_covered(second)} |  |  |  |  |  |"
        )
    return line


def table_of(draws: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The Markdown table of all settings that have draws."""
    columns = (
        "labels", "draws", "verdicts", "covered", "bias, sd", "width", "lower precision held",
        "precision/recall, F1", "cost at the stop, at the end",
    )  # fmt: skip
    rows = [row_of(name, some) for name, some in draws.items() if some]
    return "\n".join([f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}", *rows])


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the draws that are missing, print and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audit_acceptance", description=__doc__)
    parser.add_argument("--draws", type=int, default=30)
    parser.add_argument("--only", default="", help="settings whose name begins so")
    parser.add_argument("--first-seed", type=int, default=88_000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    import torch

    torch.set_num_threads(1)
    kept = json.loads(given.out.read_text(encoding="utf-8")) if given.out.is_file() else {}
    done = {name: list(kept.get(name, ())) for name in settings()}
    for name, (setting, epochs) in settings().items():
        if name.startswith(given.only):
            there = {d["seed"] for d in done[name]}
            for seed in range(given.first_seed, given.first_seed + given.draws):
                if seed not in there:
                    done[name].append(draw(setting, epochs, seed))
            given.out.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")
            print(row_of(name, done[name]), flush=True)
    before, rest = given.page.read_text(encoding="utf-8").split(_BEGIN)
    new = f"{before}{_BEGIN}\n{table_of(done)}\n{_END}{rest.split(_END)[1]}"
    given.page.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
