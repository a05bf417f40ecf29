"""The folder: an append-only set of immutable files, safe for any number of processes without a lock.

Every `put` and `delete` is one new file whose name holds its place in the order of writing and the digest of
its bytes; of two files that name a key the later one counts. No file is ever changed, so writers share none.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verify.store.disk import TEMPORARY, Reached, StoreError, read_regular, sweep, sync_folder, write_whole
from verify.store.flat import Flat, Scalar, checked
from verify.store.shard import FORMAT, SCHEMA, Name, Shard, ShardError, decode, encode, parse_name

__all__ = ["Quarantined", "RunStore"]

_MANIFEST = "manifest.json"
_MANIFEST_TEXT = json.dumps({"format": FORMAT, "schema": SCHEMA}, indent=2) + "\n"
_QUARANTINE = "quarantine"


@dataclass(frozen=True)
class Quarantined:
    """A file that was moved to `quarantine/`, and why it could not be used."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name} set aside in {_QUARANTINE}/: {self.reason}; its runs are made again"


def _passed(point: str) -> None:
    del point


class RunStore:
    """Results of finished runs by key; made by `RunStore.open`.

    Keys are any text, by custom `digest(run_identity(...))`; values are flat mappings (`flat.checked`).
    Everything read is verified: a file that is not what was written is moved to `quarantine/`, listed in
    `quarantined`, and its keys are absent. Each handle keeps what it has read in memory; what other handles
    write is seen after `refresh`. A handle is not shared between threads.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     store = RunStore.open(folder)
    ...     store.put([("one", {"t_half": 12.0, "fits": True})])
    ...     RunStore.open(folder).get("one")
    {'fits': True, 't_half': 12.0}
    """

    def __init__(self, folder: Path, reached: Reached) -> None:
        self.folder = folder
        #: Files set aside by this handle, oldest first.
        self.quarantined: list[Quarantined] = []
        self._reached = reached
        self._seen: set[str] = set()
        self._found: dict[str, tuple[Name, Shard]] = {}

    @classmethod
    def open(cls, folder: str | Path, *, reached: Reached = _passed) -> RunStore:
        """Open a folder, made if absent, and read and verify all that is in it.

        Args:
            folder: a run store, an empty folder, or one that does not exist.
            reached: told every point of a write that is passed; for tests of crashes.

        Raises:
            StoreError: when it cannot be made, read or written, or holds other things and no run store.
        """
        path = Path(folder).expanduser().resolve()
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"folder {path} cannot be made: {error.strerror or error}") from error
        store = cls(path, reached)
        entries = store._entries()
        strangers = [n for n in entries if n != _MANIFEST and not n.startswith(".") and parse_name(n) is None]
        # Only a manifest of ours, or files of results, vouch for a folder: the names alone are anybody's.
        known = any(parse_name(n) is not None for n in entries) or store._has_manifest()
        if not known and any(n != _QUARANTINE for n in strangers + [n for n in entries if n == _MANIFEST]):
            raise StoreError(f"folder {path} is not empty and holds no run store; name another one")
        sweep(path)
        store._check_manifest()
        store.refresh()
        return store

    def get(self, key: str) -> dict[str, Scalar] | None:
        """The values of a key, a new dict in the order of their types and names; None when it has none."""
        found = self._found.get(key)
        if found is None:
            return None
        row = found[1].rows[key]
        return None if row is None else found[1].values(row)

    def put(self, batch: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Store values by key, all of them or, when killed, none. A key that is there takes the new values.

        Raises:
            ValueError: naming the key, for values that cannot be stored; nothing is stored then.
            StoreError: when the folder cannot be written (no space, read-only); nothing is stored then.
        """
        rows: dict[str, Flat | None] = {}
        for key, values in batch:
            try:
                checked({key: True})  # keys are text like names
                rows[key] = checked(values)
            except ValueError as error:
                raise ValueError(f"key {key!r}: {error}") from None
        self._append(rows)

    @property
    def untouched(self) -> bool:
        """Whether nothing was ever stored, as far as this handle has read."""
        return not self._found

    def keys(self) -> Set[str]:
        """All keys that have values."""
        return {key for key, (_, shard) in self._found.items() if shard.rows[key] is not None}

    def __contains__(self, key: object) -> bool:
        found = self._found.get(key) if isinstance(key, str) else None
        return found is not None and found[1].rows[str(key)] is not None

    def __len__(self) -> int:
        return len(self.keys())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def delete(self, keys: Iterable[str]) -> None:
        """Forget the values of these keys; absent ones are no error.

        Raises:
            StoreError: when the folder cannot be written.
        """
        if isinstance(keys, str):
            raise ValueError(f"keys must be a collection of keys, was the text {keys!r}")
        self.refresh()
        self._append({key: None for key in keys if key in self})

    def refresh(self) -> None:
        """Read and verify what other handles have written since.

        Raises:
            StoreError: when the folder cannot be read.
        """
        for entry in sorted(self._entries()):
            if entry in self._seen or entry == _MANIFEST or entry.startswith("."):
                continue
            name = parse_name(entry)
            path = self.folder / entry
            if name is None:
                if not _is_folder(path):
                    self._set_aside(entry, "not a file of this store", None)
                continue
            try:
                inode, content = _read(path)
                shard = decode(name, content)
            except FileNotFoundError:  # set aside by another process
                continue
            except ShardError as error:
                self._set_aside(entry, str(error), inode)
            except OSError as error:
                if error.errno not in (errno.EIO, errno.ELOOP, errno.EISDIR, errno.ENXIO):
                    raise self._unreadable(error) from error
                self._set_aside(entry, f"cannot be read: {error.strerror}", None)
            else:
                self._take(name, shard)

    def _take(self, name: Name, shard: Shard) -> None:
        self._seen.add(str(name))
        for key in shard.rows:
            known = self._found.get(key)
            if known is None or known[0] < name:
                self._found[key] = (name, shard)

    def _append(self, rows: Mapping[str, Flat | None]) -> None:
        if not rows:
            return
        # Names are listed anew: a later serial than every file that was there when this call began.
        serials = [name.serial for name in map(parse_name, self._entries()) if name is not None]
        name, content, shard = encode(max(serials, default=0) + 1, rows)
        write_whole(self.folder, str(name), content, self._reached)
        self._take(name, shard)

    def _entries(self) -> list[str]:
        try:
            return os.listdir(self.folder)
        except OSError as error:
            raise self._unreadable(error) from error

    def _has_manifest(self) -> bool:
        """Whether the manifest is one of this format, of any version."""
        try:
            found = json.loads(read_regular(self.folder / _MANIFEST))
        except (OSError, ValueError):
            return False
        return isinstance(found, dict) and found.get("format") == json.loads(_MANIFEST_TEXT)["format"]

    def _check_manifest(self) -> None:
        """Leaves a good manifest; also shows whether the folder can be written."""
        try:
            if read_regular(self.folder / _MANIFEST) == _MANIFEST_TEXT.encode():
                self._try_writing()
                return
            self._set_aside(_MANIFEST, f"not the manifest of version {SCHEMA} of the format", None)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._set_aside(_MANIFEST, f"cannot be read: {error.strerror}", None)
        write_whole(self.folder, _MANIFEST, _MANIFEST_TEXT.encode(), self._reached)

    def _try_writing(self) -> None:
        # Permissions and read-only file systems are known for certain only by trying.
        path = self.folder / f"{TEMPORARY}{secrets.token_hex(8)}"
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
            path.unlink(missing_ok=True)  # a sweep may have come first
        except OSError as error:
            raise StoreError(f"folder {self.folder} cannot be written: {error.strerror or error}") from error

    def _set_aside(self, entry: str, reason: str, inode: int | None) -> None:
        """Move a file to the quarantine, unless another process did, or put a good one in its place."""
        quarantine = self.folder / _QUARANTINE
        target = quarantine / entry
        path = self.folder / entry
        try:
            quarantine.mkdir(exist_ok=True)
            while os.path.lexists(target):
                target = quarantine / f"{entry}.{secrets.token_hex(4)}"
            if inode is not None and os.lstat(path).st_ino != inode:
                return
            os.rename(path, target)
            sync_folder(quarantine)
            sync_folder(self.folder)
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(
                f"folder {self.folder}: {entry} cannot be set aside ({error.strerror or error}): {reason}"
            ) from error
        self.quarantined.append(Quarantined(entry, reason))

    def _unreadable(self, error: OSError) -> StoreError:
        return StoreError(f"folder {self.folder} cannot be read: {error.strerror or error}")


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except FileNotFoundError:
        return True  # gone: nothing to set aside


def _read(path: Path) -> tuple[int, bytes]:
    return os.lstat(path).st_ino, read_regular(path)
