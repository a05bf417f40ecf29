"""Files of unknown origin: what is damaged ends in one line, whatever the damage; nothing is run."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

from simulation.files import (
    DataError,
    array_from_npy,
    open_zip,
    read_file,
    read_labels,
    read_npz,
    unpack_gzip,
)

GOOD = np.arange(12, dtype=np.int64).reshape(3, 4)


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def header(descr: object, shape: tuple[int, ...], data: bytes = b"") -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": False, "shape": shape})
    return out.getvalue() + data


def refused(call, match: str) -> None:
    with pytest.raises(DataError, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_are_read_as_written(order: str) -> None:
    array = np.asarray(GOOD, order=order)  # type: ignore[call-overload]
    np.testing.assert_array_equal(array_from_npy(npy(array), "a"), array)
    assert array_from_npy(npy(np.array(["cat", "eel"])), "a").tolist() == ["cat", "eel"]


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (header("<U0", (60,)), "plain numbers or words"),
        (header("|V0", (2**62, 2**62)), "plain numbers or words"),
        (header([("a", "<i8")], (2,), bytes(16)), "plain numbers or words"),
        (header("|O", (1,), bytes(8)), "pickle"),
        (header("<i8", (2**40,)), "promises"),
        (header("<i8", (-1,)), "promises"),
        (header("<i8", (0, 2**63, 2**63)), "no .npy array"),
        (npy(GOOD)[:60], "no .npy array"),
        (npy(GOOD).replace(b"}", b"("), "no .npy array"),
        (npy(GOOD).replace(b"'<i8'", b"open()"), "no .npy array"),
        (b"", "no .npy array"),
    ],
    ids=["no width", "no width, huge", "table", "objects", "too long", "negative", "empty, huge", "cut",
         "open bracket", "a call", "nothing"],
)  # fmt: skip
def test_headers_refused(data: bytes, match: str) -> None:
    refused(lambda: array_from_npy(data, "a.npy"), match)


def test_any_damage_to_an_archive_ends_in_one_line(tmp_path: Path) -> None:
    """Three thousand spoilt archives: bytes changed, cut, put in and taken out, anywhere."""
    draw = random.Random(0)
    out = io.BytesIO()
    np.savez_compressed(out, x=GOOD, words=np.array(["a", "bc"]))
    whole = out.getvalue()
    path = tmp_path / "a.npz"
    path.write_bytes(whole)
    np.testing.assert_array_equal(read_npz(path)["x"], GOOD)
    survived = 0
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(draw.choice([1, 2, 5])):
            at = draw.randrange(len(data))
            way = draw.randrange(4)
            if way == 0:
                data[at] = draw.randrange(256)
            elif way == 1:
                del data[at:]
            elif way == 2:
                data[at:at] = draw.randbytes(draw.randrange(1, 9))
            else:
                del data[at : at + draw.randrange(1, 9)]
            if not data:
                break
        path.write_bytes(bytes(data))
        try:
            read_npz(path)
            survived += 1
        except DataError as error:
            assert str(error).isprintable()  # noqa: PT017
    assert survived < 1000  # changed bytes that no reader looks at, such as dates


def test_ceilings(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, x=np.zeros(100_000))
    assert path.stat().st_size < 2000
    refused(lambda: read_npz(path, 2**16), "unpacks to")
    refused(lambda: read_file(path, 10), "at most 10 are read")
    refused(lambda: open_zip(b"PK", path), "no zip archive")
    refused(lambda: unpack_gzip(b"\x1f\x8bno", path), "no gzip file")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x\ny.npy", b"?")
    refused(lambda: read_npz(path), "x y is no .npy array")


def test_labels(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(6) % 2)
    (tmp_path / "a.csv").write_text("file,label\nx,cat\ny,dog\n")
    (tmp_path / "one.csv").write_text("cat\ndog\n")
    assert read_labels(tmp_path / "a.npy").tolist() == [0, 1] * 3
    for name in ("a.csv", "one.csv"):
        assert read_labels(tmp_path / name).tolist() == ["cat", "dog"]
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "f.npy", np.zeros(3))
    (tmp_path / "two.csv").write_text("a,b\n1,2\n")
    (tmp_path / "gap.csv").write_text("label,x\n,2\n")
    (tmp_path / "wide.csv").write_text('label\n"' + "a" * 200_000 + '"\n')
    (tmp_path / "bytes.csv").write_bytes(b"label\n\xff\xfe\n")
    for name, match in (
        ("o.npy", "plain"),
        ("f.npy", "one whole number or word a sample"),
        ("two.csv", "none is named label"),
        ("gap.csv", "row 2 has no label"),
        ("wide.csv", "no table of text"),
        ("bytes.csv", "no table of text"),
        ("x.txt", "no such"),
    ):
        refused(lambda name=name: read_labels(tmp_path / name), match)
