"""Two reports compared: which verdicts changed, and by what."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Change", "Difference", "difference", "load_report"]

#: What a verdict may hang on, in the order in which it is named: what is claimed, how it is judged, on what.
_CLAIMED = (
    "statement",
    "role",
    "kind",
    "conditions",
    "constants",
    "drops",
    "rule",
    "experiment",
    "engines",
    "code",
)
_SEEN = ("n_trials", "n_settings", "measured", "predicted", "alone", "grade")
_RUN = ("profile", "seed", "git_commit", "source_digest", "device")


@dataclass(frozen=True)
class Change:
    """A claim whose word is not the same, and what else is not.

    Args:
        old, new: verdicts.
        by: name -> (old, new) of all that differs, what is claimed first.
        reason: of the new verdict.
    """

    id: str
    old: str
    new: str
    by: Mapping[str, tuple[Any, Any]]
    reason: str


@dataclass(frozen=True)
class Difference:
    """Of two reports.

    Args:
        changed: verdicts that changed, in the order of the new report.
        added, removed: ids with their verdicts.
        same: claims of one verdict in both.
        rewritten: of these, those whose code changed: the names of the functions and constants, by id.
        run: what differs of the runs as a whole: profile, seed, commit, source.
    """

    changed: tuple[Change, ...]
    added: Mapping[str, str]
    removed: Mapping[str, str]
    same: int
    rewritten: Mapping[str, tuple[str, ...]]
    run: Mapping[str, tuple[Any, Any]]

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For the terminal."""
        for change in self.changed:
            yield f"{change.id}: {change.old} -> {change.new}"
            for name, (old, new) in change.by.items():
                yield f"    {name}: {_short(old)} -> {_short(new)}"
            yield f"    now: {change.reason}"
        yield from (
            f"{id_}: verdict as before, changed code: {', '.join(names)}"
            for id_, names in self.rewritten.items()
        )
        yield from (f"{id_}: new, {verdict}" for id_, verdict in self.added.items())
        yield from (f"{id_}: gone, was {verdict}" for id_, verdict in self.removed.items())
        yield from (f"run: {name}: {_short(old)} -> {_short(new)}" for name, (old, new) in self.run.items())
        yield (
            f"{len(self.changed)} verdicts changed, {self.same} did not; {len(self.added)} claims are new, "
            f"{len(self.removed)} are gone"
        )


def load_report(path: Path, argument: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The records of a report's folder, or of a claims.json, and its run.json where there is one.

    Raises:
        ValueError: naming the argument and the file.
    """
    file = path / "claims.json" if path.is_dir() else path
    records = _read(file, argument)
    whole = isinstance(records, list) and all(
        isinstance(r, dict) and isinstance(r.get("id"), str) and isinstance(r.get("verdict"), str)
        for r in records
    )
    if not whole:
        raise ValueError(
            f"{argument}: {file} is no claims.json: it must be a list of claims with id and verdict"
        )
    beside = file.with_name("run.json")
    run = _read(beside, argument) if beside.is_file() else {}
    return records, run if isinstance(run, dict) else {}


def _read(file: Path, argument: str) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{argument}: {file} cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{argument}: {file} is not JSON: {error}") from None


def difference(old: Path, new: Path) -> Difference:
    """Of two reports: folders, or their claims.json.

    Raises:
        ValueError: as `load_report`.
    """
    records, run = load_report(old, "OLD")
    records_new, run_new = load_report(new, "NEW")
    before = {record["id"]: record for record in records}
    after = {record["id"]: record for record in records_new}
    both = [id_ for id_ in after if id_ in before]
    changed = [
        Change(
            id_,
            before[id_]["verdict"],
            after[id_]["verdict"],
            dict(_differences(before[id_], after[id_])),
            str(after[id_].get("reason", "")),
        )
        for id_ in both
        if before[id_]["verdict"] != after[id_]["verdict"]
    ]
    return Difference(
        tuple(changed),
        {id_: record["verdict"] for id_, record in after.items() if id_ not in before},
        {id_: record["verdict"] for id_, record in before.items() if id_ not in after},
        len(both) - len(changed),
        {
            id_: names
            for id_ in both
            if before[id_]["verdict"] == after[id_]["verdict"]
            and (names := _rewritten(before[id_].get("code"), after[id_].get("code")))
        },
        {n: (run.get(n), run_new.get(n)) for n in _RUN if run.get(n) != run_new.get(n)},
    )


def _rewritten(old: Any, new: Any) -> tuple[str, ...]:
    """Names of what changed in the code; none where a report is too old to tell."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ()
    return tuple(name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name))


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name in (*_CLAIMED, *_SEEN):
        if not _same(old.get(name), new.get(name)):
            was, now = old.get(name), new.get(name)
            if not isinstance(was, dict) or not isinstance(now, dict) or was.get("name") != now.get("name"):
                yield name, (was, now)
                continue
            for key in dict.fromkeys((*was, *now)):
                if not _same(was.get(key), now.get(key)):
                    yield f"{name}.{key}", (was.get(key), now.get(key))
    one, other = old.get("statistic"), new.get("statistic")
    if isinstance(one, dict) and isinstance(other, dict):
        for name in dict.fromkeys((*one, *other)):
            if not _same(one.get(name), other.get(name)):
                yield f"statistic.{name}", (one.get(name), other.get(name))


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12)
    return bool(one == other)


def _short(value: Any, most: int = 100) -> str:
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else f"{text[: most - 3]}..."
