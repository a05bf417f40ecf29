"""The report of several runs on images: page, text, tables, lists, figures."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.images.answer import Check
from simulation.images.images import Images
from simulation.images.run import ImageRun
from theory.images.measures import LOG2, average_margin, stop_acc
from theory.images.tables import CURVE_COLUMNS, STOP_COLUMNS, curve_rows, stop_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["kept_images", "sample_rows", "write_report"]

SAMPLE_COLUMNS = (
    "seed", "index", "file", "observed", "true", "loss_at_stop", "aum", "fit_from_step", "suspicion_rank",
)  # fmt: skip


def sample_rows(run: ImageRun, images: Images) -> Iterable[Mapping[str, Any]]:
    """One row a training image; `fit_from_step` is where it stays predicted as labelled, "" for never."""
    names = images.class_names
    at = stop_acc(run)
    margin = average_margin(run)
    fit = run.predictions == run.labels
    rank = np.empty(run.n, dtype=int)
    rank[np.argsort(-run.losses[at], kind="stable")] = np.arange(1, run.n + 1)
    for i in range(run.n):
        misfit = np.flatnonzero(~fit[:, i])
        start = 0 if not len(misfit) else int(misfit[-1]) + 1
        place = int(run.index[i])
        values = (
            run.seed, place, images.files[place] if images.files else "", names[run.labels[i]],
            names[run.y[i]], f"{run.losses[at, i]:.6g}", f"{margin[i]:.6g}",
            int(run.steps[start]) if start < len(run.steps) else "", int(rank[i]),
        )  # fmt: skip
        yield dict(zip(SAMPLE_COLUMNS, values, strict=True))


def kept_images(run: ImageRun) -> list[int]:
    """Training images kept by selection at stop acc: loss below log 2, for more than two classes also
    argmax."""
    at = stop_acc(run)
    kept = run.losses[at] < LOG2 if run.k == 2 else run.margins[at] > 0
    return sorted(run.index[kept].tolist())


def write_report(
    folder: Path, title: str, lines: Sequence[str], runs: Sequence[ImageRun], images: Images,
    checks: Sequence[Check], figures: Mapping[str, Figure],
) -> None:  # fmt: skip
    """Write `report.html|md`, `claims.json`, `curves.csv`, `samples.csv`, `stops.csv`,
    `selected_indices.txt`, `figures/*.png`.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fine = [run for run in runs if not run.failed]
    _csv(folder / "curves.csv", CURVE_COLUMNS, (row for run in fine for row in curve_rows(run)))
    _csv(folder / "samples.csv", SAMPLE_COLUMNS, (row for run in fine for row in sample_rows(run, images)))
    flipped = [run for run in fine if run.noisy.any()]
    _csv(folder / "stops.csv", STOP_COLUMNS, (row for run in flipped for row in stop_rows(run)))
    if fine:
        text = "\n".join(str(i) for i in kept_images(fine[0]))
        (folder / "selected_indices.txt").write_text(text + "\n", encoding="utf-8")
    records = [
        {
            "id": c.claim.id, "statement": c.claim.statement, "kind": c.claim.kind, "verdict": c.word,
            "violated": c.violated, "of": c.of, "low": c.low, "high": c.high, "delta": c.allowed,
        }
        for c in checks
    ]  # fmt: skip
    (folder / "claims.json").write_text(
        json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    pictures = []
    (folder / "figures").mkdir(exist_ok=True)
    for name, figure in figures.items():
        data = io.BytesIO()
        figure.savefig(data, format="png", dpi=110)
        (folder / "figures" / f"{name}.png").write_bytes(data.getvalue())
        pictures.append((name, data.getvalue()))
    _pages(folder, title, lines, checks, pictures)


def _csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


_NOTE = (
    "Each claim is decided by its own rule on these runs alone, all of them within one error budget; "
    "`python -m verify run --paper images` judges them all on digits."
)


def _pages(
    folder: Path,
    title: str,
    lines: Sequence[str],
    checks: Sequence[Check],
    pictures: Sequence[tuple[str, bytes]],
) -> None:
    table = [
        f"| {c.claim.id} | {c.word} | {c.violated} of {c.of} | {c.low:.3f} to {c.high:.3f} | {c.allowed:g} |"
        for c in checks
    ]
    head = [
        "| claim | word | fails in | rate of failing, 95 % limits | allowed |",
        "| --- | --- | --- | --- | --- |",
    ]
    body = [f"# {title}", "", *[f"* {line}" for line in lines], ""]
    if checks:
        body += ["## Claims", "", _NOTE, "", *head, *table, ""]
    body += [f"![{name}](figures/{name}.png)" for name, _ in pictures]
    (folder / "report.md").write_text("\n".join(body) + "\n", encoding="utf-8")
    rows = "".join(
        f"<tr><td>{escape(c.claim.id)}</td><td>{c.word}</td><td>{c.violated} of {c.of}</td>"
        f"<td>{c.low:.3f} to {c.high:.3f}</td></tr>"
        for c in checks
    )
    shown = "".join(
        f'<figure><img alt="{escape(n)}" src="data:image/png;base64,{base64.b64encode(d).decode()}">'
        f"<figcaption>{escape(_CAPTIONS.get(n, n))}</figcaption></figure>"
        for n, d in pictures
    )
    points = "".join(f"<li>{escape(line)}</li>" for line in lines)
    claims = f"<h2>Claims</h2><p>{escape(_NOTE)}</p><table>{rows}</table>" if checks else ""
    (folder / "report.html").write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>body{{font:16px sans-serif;max-width:62em;margin:2em auto;"
        "padding:0 1em}img{max-width:100%}td{padding:.15em .8em}</style>"
        f"<h1>{escape(title)}</h1><ul>{points}</ul>{shown}{claims}</html>\n",
        encoding="utf-8",
    )


_CAPTIONS = {
    "curves": "Median and 10 to 90 % over the runs.",
    "losses": "Losses on the observed label at the first step, at the stop and at the end; the line is log "
    "2.",
    "ranking": "How well the loss tells wrong labels from right ones.",
    "against_rate": "Test accuracy at the stop and at the end, a point a run.",
    "memorised_last": "Wrongly labelled images that were memorised last, in one run.",
    "doubted": "Images with an unchanged label and the largest loss at the stop: candidates for real "
    "mistakes.",
    "maps": "Attribution maps (illustrations): red for the second class, blue for the first.",
}
