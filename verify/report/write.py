"""All files of a report, written as one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.jsonable import jsonable
from verify.outcome import Verification
from verify.report.folder import replaced_folder
from verify.report.sections.material import Layer
from verify.report.summary import verdict_counts
from verify.runs.work import peak_memory
from verify.timings import Timings

if TYPE_CHECKING:
    from verify.report.blocks import Figure
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
    from verify.report.figures import begin_all
    from verify.report.render import index_pages
    from verify.vacuity import vacuities

    spent, started = Timings(), time.perf_counter()
    with replaced_folder(folder) as new:
        parts = verification.by_paper() or {"": verification}
        # The workers draw while this process writes the rest.
        begun: dict[str, Callable[[], list[Figure]]] = {
            name: begin_all(part, jobs) if figures else list for name, part in parts.items()
        }
        known = {name: vacuities(part) for name, part in parts.items()}
        every = [vacuity for own in known.values() for vacuity in own]
        _write_json(new / "claims.json", claim_records(verification, every))
        write_comparison(verification, new / "comparison.csv")
        for name, part in parts.items():
            drawn = begun[name]()
            _write_paper(part, new if len(parts) == 1 else new / name, drawn, known[name])
            prefix = f"{name}/" if len(parts) > 1 else ""
            spent.figures |= {f"{prefix}{figure.name}": figure.seconds for figure in drawn}
        if len(parts) > 1:
            html, markdown = index_pages(parts)
            (new / "report.html").write_text(html, encoding="utf-8")
            (new / "report.md").write_text(markdown, encoding="utf-8")
        spent.stages["report"] = time.perf_counter() - started
        _write_json(new / "run.json", run_record(verification, spent))
        written = sorted(path.relative_to(new) for path in new.rglob("*") if path.is_file())
    written.sort(key=lambda path: path != Path("report.html"))
    return [Path(folder) / path for path in written]


def _write_paper(
    verification: Verification, folder: Path, drawn: Sequence[Figure], known: Sequence[Vacuity]
) -> None:
    from verify.report.context import page
    from verify.report.render import html_of, markdown_of

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


def run_record(verification: Verification, spent: Timings | None = None) -> dict[str, Any]:
    """The content of `run.json`: everything the run noted, what its report took (`spent`), how it ended.

    `memory` are bytes held at most: by this process, and by a worker while runs were made.
    """
    info = dict(verification.run_info)
    known, more = info.get("timings") or {}, {} if spent is None else spent.as_dict()
    timings = {part: {**known.get(part, {}), **more.get(part, {})} for part in (*known, *more)}
    return {
        **info,
        "timings": timings,
        "memory": {"process": peak_memory(), **(info.get("memory") or {})},
        "claims": len(verification.judgements),
        "papers": list(verification.by_paper()),
        "verdicts": verdict_counts(verification),
        "exit_status": verification.exit_status,
    }


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(jsonable(value), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", errors="replace")
