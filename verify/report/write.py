"""All files of a report, written as one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from verify.jsonable import jsonable
from verify.outcome import Verification
from verify.report.folder import replaced_folder
from verify.report.summary import verdict_counts

__all__ = ["run_record", "write_report"]


def write_report(verification: Verification, folder: Path, *, figures: bool = True) -> list[Path]:
    """Write `report.html`, `report.md`, `claims.json`, `comparison.csv`, `run.json` and `figures/*.png`.

    The folder appears complete or not at all: an interrupt leaves an earlier report untouched. A figure
    that cannot be drawn is named in the report with its error and costs nothing else.

    Returns:
        The paths written, the HTML report first.

    Raises:
        ValueError: when the folder cannot be written, or holds something else than an earlier report.
    """
    from verify.report.claims import claim_records
    from verify.report.comparison import comparison
    from verify.report.figures import draw_all
    from verify.report.html import render_html
    from verify.report.markdown import render_markdown

    with replaced_folder(folder) as new:
        drawn = draw_all(verification) if figures else []
        (new / "figures").mkdir()
        for figure in drawn:
            if figure.png is not None:
                (new / "figures" / f"{figure.name}.png").write_bytes(figure.png)
        _write_json(new / "claims.json", claim_records(verification))
        comparison(verification).to_csv(new / "comparison.csv", index=False, lineterminator="\n")
        _write_json(new / "run.json", run_record(verification))
        (new / "report.md").write_text(render_markdown(verification, drawn), encoding="utf-8")
        (new / "report.html").write_text(render_html(verification, drawn), encoding="utf-8")
        written = sorted(path.relative_to(new) for path in new.rglob("*") if path.is_file())
    written.sort(key=lambda path: path.name != "report.html")
    return [Path(folder) / path for path in written]


def run_record(verification: Verification) -> dict[str, Any]:
    """The content of `run.json`: everything the run noted, and how it ended."""
    return {
        **dict(verification.run_info),
        "claims": len(verification.judgements),
        "verdicts": verdict_counts(verification),
        "exit_status": verification.exit_status,
    }


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(jsonable(value), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
