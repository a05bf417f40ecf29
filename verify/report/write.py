"""All files of a report, written as one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.jsonable import jsonable
from verify.outcome import Verification
from verify.report.folder import replaced_folder
from verify.report.sections.material import Layer
from verify.report.summary import verdict_counts

if TYPE_CHECKING:
    from verify.vacuity import Vacuity

__all__ = ["run_record", "write_report"]


def write_report(
    verification: Verification, folder: Path, *, figures: bool = True, jobs: int = 1
) -> list[Path]:
    """Write `report.html`, `appendix.html`, both as Markdown, `claims.json`, `comparison.csv`, `run.json` and
    `figures/*.png`.

    With the claims of several papers `report.html` and `report.md` lead to `NAME/report.html` and so on.
    The folder appears complete or not at all: an interrupt leaves an earlier report untouched. A figure
    that cannot be drawn is named in the report with its error and costs nothing else.

    Args:
        figures: whether figures are drawn.
        jobs: worker processes that draw them.

    Returns:
        The paths written, the HTML report first.

    Raises:
        ValueError: when the folder cannot be written, or holds something else than an earlier report.
    """
    from verify.report.claims import claim_records
    from verify.report.comparison import write_comparison
    from verify.report.render import index_pages
    from verify.vacuity import vacuities

    with replaced_folder(folder) as new:
        parts = verification.by_paper() or {"": verification}
        known: list[Vacuity] = []
        for name, part in parts.items():
            own = vacuities(part)
            _write_paper(part, new if len(parts) == 1 else new / name, figures, jobs, own)
            known += own
        if len(parts) > 1:
            html, markdown = index_pages(parts)
            (new / "report.html").write_text(html, encoding="utf-8")
            (new / "report.md").write_text(markdown, encoding="utf-8")
        _write_json(new / "claims.json", claim_records(verification, known))
        write_comparison(verification, new / "comparison.csv")
        _write_json(new / "run.json", run_record(verification))
        written = sorted(path.relative_to(new) for path in new.rglob("*") if path.is_file())
    written.sort(key=lambda path: path != Path("report.html"))
    return [Path(folder) / path for path in written]


def _write_paper(
    verification: Verification, folder: Path, figures: bool, jobs: int, known: Sequence[Vacuity]
) -> None:
    from verify.report.context import page
    from verify.report.figures import draw_all
    from verify.report.render import html_of, markdown_of

    drawn = draw_all(verification, jobs) if figures else []
    (folder / "figures").mkdir(parents=True)
    for figure in drawn:
        if figure.png is not None:
            (folder / "figures" / f"{figure.name}.png").write_bytes(figure.png)
    layers: tuple[Layer, ...] = ("report", "appendix")
    for layer in layers:
        shown = page(verification, drawn, layer, known)
        # A lone surrogate in a claim's text must not lose the report.
        for name, text in ((f"{layer}.md", markdown_of(shown)), (f"{layer}.html", html_of(shown))):
            (folder / name).write_text(text, encoding="utf-8", errors="replace")


def run_record(verification: Verification) -> dict[str, Any]:
    """The content of `run.json`: everything the run noted, and how it ended."""
    return {
        **dict(verification.run_info),
        "claims": len(verification.judgements),
        "papers": list(verification.by_paper()),
        "verdicts": verdict_counts(verification),
        "exit_status": verification.exit_status,
    }


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(jsonable(value), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", errors="replace")
