"""One Parquet file of results: what a batch of runs yielded, or which keys were deleted.

Columns: `key` (str), `deleted` (bool), and one a name and type, called `float NAME`, `int NAME`, `bool NAME`
or `str NAME`; null where a run has no such value. The file's own name carries the digest of all its bytes:
page checksums leave out the footer and the page headers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from verify.store.flat import Flat, Scalar

__all__ = ["FORMAT", "SCHEMA", "Name", "Shard", "ShardError", "decode", "encode", "parse_name"]

#: What the files say they are, and the version of the columns described above.
FORMAT = "run store"
SCHEMA = 1

_NAME = re.compile(r"(\d{12})-([0-9a-f]{40})\.parquet")
_TYPES: dict[str, pa.DataType] = {
    "float": pa.float64(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "str": pa.string(),
}


class ShardError(ValueError):
    """A file that is not a whole, unchanged file of this store; the message says why."""


@dataclass(frozen=True, order=True)
class Name:
    """A file's name: its place in the order of writing, and the digest of its bytes."""

    serial: int
    digest: str

    def __str__(self) -> str:
        return f"{self.serial:012d}-{self.digest}.parquet"


@dataclass(frozen=True)
class Shard:
    """A file's content: `rows[key]` is the row of a key in `table`, None when the file deletes the key."""

    table: pa.Table
    rows: Mapping[str, int | None]

    def values(self, row: int) -> dict[str, Scalar]:
        """The values of one row."""
        out: dict[str, Scalar] = {}
        for column in self.table.column_names:
            kind, _, name = column.partition(" ")
            if kind in _TYPES:
                value = self.table.column(column)[row].as_py()
                if value is not None:
                    out[name] = value
        return out


def parse_name(name: str) -> Name | None:
    """The parts of a file's name; None when it is no name of this store."""
    match = _NAME.fullmatch(name)
    return None if match is None else Name(int(match[1]), match[2])


def encode(serial: int, rows: Mapping[str, Flat | None]) -> tuple[Name, bytes, Shard]:
    """The file of these rows, None for a key that is deleted; values as `flat.checked` returns them."""
    keys = sorted(rows)
    data: dict[str, Any] = {
        "key": pa.array(keys, pa.string()),
        "deleted": pa.array([rows[key] is None for key in keys], pa.bool_()),
    }
    columns: dict[str, list[Scalar | None]] = {}
    for index, key in enumerate(keys):
        for name, value in (rows[key] or {}).items():
            column = f"{type(value).__name__} {name}"
            columns.setdefault(column, [None] * len(keys))[index] = value
    data |= {
        column: pa.array(columns[column], _TYPES[column.partition(" ")[0]]) for column in sorted(columns)
    }
    table = pa.table(data)
    sink = pa.BufferOutputStream()
    # No dictionaries: whether 0.0 and -0.0, or two nans, are one entry is then no question.
    with pq.ParquetWriter(
        sink,
        table.schema,
        use_dictionary=False,
        write_statistics=False,
        write_page_checksum=True,
        store_schema=False,
        compression="zstd",
    ) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"format": FORMAT, "schema": str(SCHEMA)})
    content = sink.getvalue().to_pybytes()
    return Name(serial, _digest(content)), content, Shard(table, _rows(table))


def decode(name: Name, content: bytes) -> Shard:
    """The content of a file that is what it was when it was written.

    Raises:
        ShardError: for any other file.
    """
    if _digest(content) != name.digest:
        raise ShardError("its bytes do not have the digest in its name")
    try:
        file = pq.ParquetFile(pa.BufferReader(content), page_checksum_verification=True)
        _check_metadata(file.metadata.metadata or {})
        # Arrow's threads, if one still works when the interpreter ends, abort the process (arrow #34314).
        table = file.read(use_threads=False)
        _check_columns(table.schema)
        return Shard(table, _rows(table))
    except (pa.ArrowException, OSError, UnicodeDecodeError, KeyError) as error:
        raise ShardError(f"not a Parquet file of this store: {error}") from error


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=20).hexdigest()


def _check_metadata(metadata: Mapping[bytes, bytes]) -> None:
    if metadata.get(b"format") != FORMAT.encode():
        raise ShardError("a Parquet file of another program")
    version = metadata.get(b"schema", b"").decode(errors="replace")
    if version != str(SCHEMA):
        raise ShardError(f"written in version {version or 'unknown'} of the format, this is version {SCHEMA}")


def _check_columns(schema: pa.Schema) -> None:
    if schema.names[:2] != ["key", "deleted"] or len(set(schema.names)) != len(schema.names):
        raise ShardError("its columns are not those of this store")
    expected = [pa.string(), pa.bool_()]
    for column in schema.names[2:]:
        kind, space, _ = column.partition(" ")
        if not space or kind not in _TYPES:
            raise ShardError(f"its column {column!r} is not one of this store")
        expected.append(_TYPES[kind])
    if schema.types != expected:
        raise ShardError("its columns do not have the types of this store")


def _rows(table: pa.Table) -> dict[str, int | None]:
    keys: Sequence[str | None] = table.column("key").to_pylist()
    deleted: Sequence[bool | None] = table.column("deleted").to_pylist()
    if None in keys or None in deleted or len(set(keys)) != len(keys):
        raise ShardError("its keys are missing or repeated")
    return {
        key: None if gone else row
        for row, (key, gone) in enumerate(zip(keys, deleted, strict=True))
        if key is not None
    }
