"""soundness.json, soundness.md and soundness.html, each whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from verify.jsonable import jsonable
from verify.soundness.section import Section, Table

__all__ = ["SCHEMA", "check_folder", "render_html", "render_markdown", "soundness_record", "write_soundness"]

SCHEMA = "soundness/1"
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:75em;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}th{background:#eee}"
    "td,th{border:1px solid #bbb;padding:.2em .6em;text-align:left;vertical-align:top}"
)


def soundness_record(sections: Sequence[Section], run_info: Mapping[str, Any]) -> dict[str, Any]:
    """Strict JSON types: what the runs were, whether all targets are met, and every section by its name."""
    out: dict[str, Any] = jsonable(
        {
            "schema": SCHEMA,
            "run": run_info,
            "passed": all(s.passed for s in sections),
            **{s.name: s.record for s in sections},
        }
    )
    return out


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _markdown_table(table: Table) -> str:
    rows = [table.header, ["---"] * len(table.header), *table.rows]
    body = "\n".join("| " + " | ".join(_cell(str(c)) for c in row) + " |" for row in rows)
    return f"### {table.title}\n\n{body}\n" if table.rows else f"### {table.title}\n\nNone.\n"


def _heading(run_info: Mapping[str, Any]) -> str:
    return (
        f"{run_info['profile']} profile, seed {run_info['seed']}, {run_info['runs']} runs, "
        f"{run_info['wall_seconds']} s on {run_info['jobs']} worker(s)"
    )


def render_markdown(sections: Sequence[Section], run_info: Mapping[str, Any]) -> str:
    """All tables as Markdown."""
    parts = ["# Soundness\n", _heading(run_info) + "\n"]
    for s in sections:
        parts.append(f"## {s.title}\n")
        parts.append("Targets met.\n" if s.passed else "Targets NOT met.\n")
        parts += [_markdown_table(table) for table in s.tables]
    return "\n".join(parts)


def render_html(sections: Sequence[Section], run_info: Mapping[str, Any]) -> str:
    """All tables as one self-contained page."""
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Soundness</title>',
        f"<style>{_STYLE}</style>",
        f"<h1>Soundness</h1><p>{escape(_heading(run_info))}</p>",
    ]
    for s in sections:
        met = "Targets met." if s.passed else "<strong>Targets not met.</strong>"
        parts.append(f"<h2>{escape(s.title)}</h2><p>{met}</p>")
        for table in s.tables:
            head = "".join(f"<th>{escape(c)}</th>" for c in table.header)
            body = "".join(
                "<tr>" + "".join(f"<td>{escape(str(c))}</td>" for c in row) + "</tr>" for row in table.rows
            )
            shown = f"<table><tr>{head}</tr>{body}</table>" if table.rows else "<p>None.</p>"
            parts.append(f"<h3>{escape(table.title)}</h3>{shown}")
    return "\n".join(parts) + "</html>\n"


def check_folder(folder: Path) -> None:
    """Refuse a folder that could not be written, before any run is made; leaves nothing behind.

    Raises:
        ValueError: naming the folder and what stands in the way.
    """
    from verify.out_folder import check_out_folder

    check_out_folder(folder)


def write_soundness(sections: Sequence[Section], run_info: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the three files into the folder (made if missing), the HTML page first in the list of paths.

    Raises:
        ValueError: when the folder cannot be written; no file is then half-written.
    """
    text = json.dumps(soundness_record(sections, run_info), indent=1, ensure_ascii=False, allow_nan=False)
    contents = {
        "soundness.html": render_html(sections, run_info),
        "soundness.md": render_markdown(sections, run_info),
        "soundness.json": text + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            _write_whole(folder / name, content)
    except OSError as error:
        raise ValueError(f"--out: folder {folder} cannot be written: {error.strerror or error}") from error
    return [folder / name for name in contents]


def _write_whole(path: Path, content: str) -> None:
    """A temporary file of the same folder, then a rename over the target."""
    handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
