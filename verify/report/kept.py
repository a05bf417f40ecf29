"""A whole report that is kept: where nothing has changed since it was made, it is the report.

It lies as `report/KEY.zip` in the folder of kept runs, the latest alone. The key is a digest of all source,
of every installed package and of what the command was asked for.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from verify.report.folder import replaced_folder
from verify.store.code import code_version
from verify.store.disk import StoreError, write_whole
from verify.store.imports import digest_of_parts

__all__ = ["KeptReport"]

_FOLDER = "report"
#: Beside the report's files, what the command told of it.
_TOLD = ".told.json"


class KeptReport:
    """The report of one command.

    Args:
        folder: of kept runs.
        asked: everything that the report depends on besides source, packages and machine, as JSON types.
    """

    def __init__(self, folder: Path, asked: Mapping[str, Any]) -> None:
        text = json.dumps(dict(asked), sort_keys=True)
        self._folder = folder / _FOLDER
        self._name = f"{digest_of_parts([code_version().encode(), text.encode()])}.zip"

    def restore(self, out: Path) -> dict[str, Any] | None:
        """Write the report to `out`; what the command told of it, None where there is none, or a damaged
        one.

        Raises:
            ValueError: when `out` cannot be written.
        """
        try:
            with zipfile.ZipFile(self._folder / self._name) as archive:
                files = {name: archive.read(name) for name in archive.namelist()}  # checksums are checked
            told: dict[str, Any] = json.loads(files.pop(_TOLD))
        except (OSError, zipfile.BadZipFile, KeyError, ValueError):
            return None
        with replaced_folder(out) as new:
            for name, content in files.items():
                path = new / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        return told

    def keep(self, out: Path, told: Mapping[str, Any]) -> None:
        """Keep the report in `out` in place of an earlier one; where there is no room for it, none."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(_TOLD, json.dumps(dict(told)))
            for path in sorted(out.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(out).as_posix())
        with suppress(OSError, StoreError):
            self._folder.mkdir(exist_ok=True)
            write_whole(self._folder, self._name, buffer.getvalue(), lambda point: None)
            for path in self._folder.glob("*.zip"):
                if path.name != self._name:
                    path.unlink(missing_ok=True)
