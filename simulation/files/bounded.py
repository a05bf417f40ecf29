"""Reading files of unknown origin with a ceiling on what they may occupy in memory.

Nothing here runs code from a file. A header is believed only after its promise is compared with a ceiling and
with the number of bytes that really follow; a compressed stream is cut at the first byte beyond its promise.
"""

from __future__ import annotations

import gzip
import io
import stat
import zipfile
import zlib
from pathlib import Path

from simulation.files.errors import DataError, one_line

__all__ = ["CEILING", "open_zip", "read_file", "read_member", "refuse_pickle", "unpack_gzip"]

#: No file may occupy more than this once decompressed, in bytes.
CEILING = 2**30

#: First bytes of a pickle of protocol 2 to 5.
_PICKLES = tuple(bytes([0x80, version]) for version in range(2, 6))


def read_file(path: Path, ceiling: int = CEILING) -> bytes:
    """The bytes of a plain file.

    Raises:
        DataError: there is no such file, it is no plain file (a folder, a pipe, a device), it cannot be read,
            or it holds more than `ceiling` bytes.
    """
    try:
        status = path.stat()
    except OSError:
        raise DataError(f"no such file: {path}") from None
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{path} must be a plain file")
    if status.st_size > ceiling:
        raise DataError(f"{path} holds {status.st_size} bytes; at most {ceiling} are read")
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def refuse_pickle(data: bytes, path: Path, instead: str) -> None:
    """Raise where the bytes are a pickle, which would run code when loaded; `instead` says what to give."""
    if data[:2] in _PICKLES:
        raise DataError(f"{path} is a pickle, which runs code when it is loaded: refused; {instead}")


def unpack_gzip(data: bytes, path: Path, ceiling: int = CEILING) -> bytes:
    """Decompressed bytes, read no further than one byte beyond `ceiling`.

    Raises:
        DataError: damaged, truncated, or longer than `ceiling`.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            out = stream.read(ceiling + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} is truncated or no gzip file: {one_line(error)}") from None
    if len(out) > ceiling:
        raise DataError(f"{path} unpacks to more than the {ceiling} bytes that its header or format allows")
    return out


def open_zip(data: bytes, path: Path, ceiling: int = CEILING) -> zipfile.ZipFile:
    """A zip archive whose members together unpack to at most `ceiling` bytes.

    `zipfile` reads no more of a member than its directory entry says, so the sum of the entries is a bound.

    Raises:
        DataError: no zip archive, encrypted, or too large.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{path} is truncated or no zip archive: {one_line(error)}") from None
    total = sum(member.file_size for member in members)
    if total > ceiling:
        raise DataError(f"{path} unpacks to {total} bytes; at most {ceiling} are read")
    if any(member.flag_bits & 1 for member in members):
        raise DataError(f"{path} is encrypted; give the plain file")
    return archive


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    """The bytes of one member of an archive; `name` says in errors what it is.

    Raises:
        DataError: damaged, or packed in a way that this Python cannot unpack.
    """
    try:
        return archive.read(member)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError, zlib.error) as error:
        raise DataError(f"{name} is damaged: {one_line(error)}") from None
