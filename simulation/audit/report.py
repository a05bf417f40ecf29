"""An audit as a folder: page, text, JSON, the list of suspects, curves, figures."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.audit.answer import Audit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["SUSPECT_COLUMNS", "figures", "suspect_rows", "write_audit"]

_CLEAN, _PROBE = "#117733", "#AA4499"


SUSPECT_COLUMNS = ("rank", "index", "file", "label", "predicted", "suspicion", "precision")


def suspect_rows(audit: Audit, files: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    """The suspects by `SUSPECT_COLUMNS`; precision is the expected share of wrong labels down to this rank.

    The rank is 1 for the most suspicious; file, predicted and precision are empty where they are not known.
    """
    rows = []
    for rank, index in enumerate(audit.suspects.tolist(), start=1):
        precision = audit.precision_at(rank) if audit.verdict == "spread" else None
        rows.append(
            (
                rank,
                index,
                files[index] if files else "",
                audit.classes[audit.observed[index]],
                "" if audit.predicted is None else audit.classes[audit.predicted[index]],
                f"{audit.suspicion[index]:.6g}",
                "" if precision is None else f"{precision:.4f}",
            )
        )
    return rows


def write_audit(
    audit: Audit, folder: Path, *, files: Sequence[str] = (), pictures: Mapping[str, Figure] | None = None
) -> None:
    """Write `audit.html|md|json`, `suspects.csv`, `curves.csv` and `figures/*.png`.

    Args:
        files: the file of each sample, (n,), where samples have one. pictures: more figures, by name.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "audit.json").write_text(audit.to_json() + "\n", encoding="utf-8")
    (folder / "audit.md").write_text(f"# Audit\n\n```\n{audit.text()}```\n", encoding="utf-8")
    rows = suspect_rows(audit, files)
    _write_csv(folder / "suspects.csv", SUSPECT_COLUMNS, rows)
    curves = audit.curves()
    _write_csv(folder / "curves.csv", tuple(curves), list(zip(*curves.values(), strict=True)))
    images = []
    for name, figure in {**(pictures or {}), **figures(audit)}.items():
        data = io.BytesIO()
        # No date and no version in the file: equal audits give equal bytes.
        figure.savefig(data, format="png", dpi=120, metadata={"Software": None})
        (folder / "figures").mkdir(exist_ok=True)
        (folder / "figures" / f"{name}.png").write_bytes(data.getvalue())
        images.append((name, base64.b64encode(data.getvalue()).decode()))
    (folder / "audit.html").write_text(_page(audit, rows, images), encoding="utf-8")


def _write_csv(path: Path, columns: tuple[str, ...], rows: list[Any]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


_STYLE = (
    "body{font:16px sans-serif;max-width:60em;margin:2em auto;padding:0 1em}pre{white-space:pre-wrap}"
    "img{max-width:100%}td,th{padding:.1em .8em;text-align:right}"
)
_SHOWN = 200


def _page(audit: Audit, suspects: list[tuple[Any, ...]], images: list[tuple[str, str]]) -> str:
    from html import escape

    pictures = "\n".join(
        f'<img alt="{escape(name)}" src="data:image/png;base64,{data}">' for name, data in images
    )
    table = ""
    if suspects:
        head = "".join(f"<th>{name}</th>" for name in SUSPECT_COLUMNS)
        rows = "\n".join(
            "<tr>" + "".join(f"<td>{escape(str(v))}</td>" for v in row) + "</tr>" for row in suspects[:_SHOWN]
        )
        title = f"Suspects, first {min(_SHOWN, len(suspects))} of {len(suspects)}"
        table = f"<h2>{title}</h2><table><tr>{head}</tr>{rows}</table>"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Audit</title><style>{_STYLE}</style>'
        f"<h1>Audit</h1><pre>{escape(audit.text())}</pre>{pictures}{table}</html>\n"
    )


def figures(audit: Audit) -> dict[str, Figure]:
    """Fit of probes and others against the step; scores at the stop with the probes; rate by cut."""
    from matplotlib.figure import Figure

    out: dict[str, Figure] = {}
    if audit.stage is None:
        return out
    stage = audit.stage
    figure = Figure(figsize=(7, 3.4), layout="constrained")
    ax = figure.subplots()
    ax.plot(stage.steps, stage.fit, color=_CLEAN, label="other samples, as labelled")
    ax.plot(stage.steps, stage.probes_fit, color=_PROBE, label="probes, as their false label")
    ax.plot(stage.steps, stage.smooth, color="#555555", linestyle=":", label="separation J")
    if audit.stage_one is not None:
        ax.axvspan(*audit.stage_one, color="#DDDDDD", zorder=0, label="Stage I")
    if audit.stop_step is not None:
        ax.axvline(audit.stop_step, color="black", linewidth=0.8, linestyle="--", label="stop")
    ax.set(xscale="log", xlabel="step", ylabel="share", ylim=(-0.02, 1.02))
    ax.legend(fontsize=8)
    out["fit"] = figure
    if audit.scores is not None:
        figure = Figure(figsize=(7, 3.4), layout="constrained")
        ax = figure.subplots()
        low, high = np.quantile(audit.scores.others, [0.0, 1.0])
        bins: Any = np.linspace(min(low, -1.0), max(high, float(audit.scores.probes.max()), 1.0), 60)
        for values, colour, name in (
            (audit.scores.others, _CLEAN, "other samples"),
            (audit.scores.probes, _PROBE, "probes"),
        ):
            ax.hist(
                values,
                bins,
                weights=np.full(len(values), 1 / len(values)),
                color=colour,
                alpha=0.5,
                label=name,
            )
        ax.axvline(0.0, color="black", linewidth=0.8, label="margin 0; suspects to the right")
        ax.set(xlabel="suspicion at the stop", ylabel="share", yscale="log")
        ax.legend(fontsize=8)
        out["suspicion"] = figure
    if audit.profile:
        figure = Figure(figsize=(5, 3.2), layout="constrained")
        ax = figure.subplots()
        fractions, rates = zip(*audit.profile, strict=True)
        ax.plot(fractions, rates, marker="o", color="#332288")
        assert audit.flip_rate is not None
        ax.axhspan(audit.flip_rate[1], audit.flip_rate[2], color="#DDDDDD", zorder=0, label="interval")
        ax.set(xlabel="share of caught probes beyond the cut", ylabel="rate at this cut")
        ax.legend(fontsize=8)
        out["profile"] = figure
    return out
