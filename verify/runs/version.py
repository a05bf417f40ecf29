"""The version of the code that a batch depends on: results of another version are not reused.

What no run depends on is no part of it: rules with their margins, notes, sources, falsehoods, the report. A
changed margin is judged on the runs that there are.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from verify.runs.batch import Batch
from verify.store.code import code_version, libraries
from verify.store.imports import Loaded, digest_of_parts, loaded_by
from verify.store.own_code import digest_of_own
from verify.store.reached import Reached

__all__ = ["BatchVersion"]

#: What makes and measures runs, beside a model's engines; and all that a measure of the verifier's own asks.
_MAKING = ("verify.runs.work", "verify.runs.plan", "verify.runs.entries", "verify.runs.keep")
_ASKING, _JUDGING = "verify.vacuous", "verify.adversarial.adversary"


class BatchVersion:
    """The version of a batch: a digest of

    - the source of its engines' module and of those that make runs, with all that they import;
    - its measures, its model and the options of its jobs, each by what it reaches (`verify.store.reached`);
    - the installed packages, Python and the machine's architecture.

    Where a measure cannot be read, the source of the three packages and of one's own files counts as a whole.

    Args:
        own_files: claims files and papers of one's own: they count besides, as far as runs may depend on them
            (`verify.store.own_code`).
    """

    def __init__(self, own_files: Sequence[str | Path] = ()) -> None:
        self._own = tuple(Path(file) for file in own_files)
        self._readers: dict[tuple[str, ...], tuple[Loaded, Reached]] = {}
        self._known: dict[tuple[Any, ...], tuple[str, Any]] = {}

    def __call__(self, batch: Batch) -> str:
        """40 hexadecimal digits."""
        engines = batch.model.engines
        start = [*_MAKING, *([engines] if isinstance(engines, str) else [])]
        measures = {id(m): m for own in batch.measures for _, m in own}
        if any(type(m).__module__ == _ASKING for m in measures.values()):
            start += _judging()
        loaded, reader = self._reader(tuple(start))
        values = {id(v): v for job in (*batch.jobs, *batch.controls) for v in (job.options, job.stop)}
        told = [self._told(reader, value) for value in (batch.model, *values.values(), *measures.values())]
        return digest_of_parts([part.encode() for part in (loaded.digest, _machine(), self._files, *told)])

    def _reader(self, start: tuple[str, ...]) -> tuple[Loaded, Reached]:
        if start not in self._readers:
            loaded = loaded_by(start)
            self._readers[start] = loaded, Reached(loaded.modules)
        return self._readers[start]

    def _told(self, reader: Reached, value: Any) -> str:
        key = id(reader), id(value)
        if key not in self._known:  # with the value, so that its address stays its own
            try:
                self._known[key] = reader.digest(value), value
            except Exception:  # nothing is reused that could not be read
                self._known[key] = self._whole, value
        return self._known[key][0]

    @cached_property
    def _whole(self) -> str:
        return code_version(self._own)

    @cached_property
    def _files(self) -> str:
        return digest_of_own(self._own)


def _judging() -> tuple[str, ...]:
    """Judges are found by looking into their folder."""
    folder = Path(__file__).parents[1] / "rules"
    return _JUDGING, *(f"verify.rules.{path.stem}" for path in sorted(folder.glob("[a-z]*.py")))


@cache
def _machine() -> str:
    return " ".join((*libraries(), platform.python_version(), platform.machine()))
