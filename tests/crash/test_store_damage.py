"""Damaged, foreign and old files of a run store: set aside whole, never read as numbers, never deleted."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from crash.store_writer import PROFILE
from hypothesis import given
from hypothesis import strategies as st

from verify.store import RunStore, StoreError, shard

BATCHES: list[dict[str, dict[str, Any]]] = [
    {
        f"{name}{k}": {
            "t_half": 12.5 + k,
            "fits": k % 2 == 0,
            "n": k,
            "note": f"run {k}",
            "never": float("inf"),
        }
        for k in range(8)
    }
    for name in ("a", "b")
]
EVERYTHING = BATCHES[0] | BATCHES[1]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good") / "store"
    store = RunStore.open(folder)
    for batch in BATCHES:
        store.put(batch.items())
    return folder


def files_of(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file())


def silent_wrong(folder: Path) -> tuple[int, RunStore]:
    """How many values are read that were never written, and the store."""
    store = RunStore.open(folder)
    wrong = sum(store.get(key) != EVERYTHING.get(key) for key in store)
    return wrong, store


def check_damage(good: Path, scratch: Path, name: str, content: bytes) -> None:
    """With one file's bytes replaced: nothing wrong is read, and the damaged bytes are kept aside."""
    folder = scratch / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder)
    assert content != (good / name).read_bytes()
    (folder / name).write_bytes(content)
    wrong, store = silent_wrong(folder)
    assert wrong == 0
    assert [one.name for one in store.quarantined] == [name]
    assert (folder / "quarantine" / name).read_bytes() == content
    lost = {} if name == "manifest.json" else next(b for b in BATCHES if not b.keys() & store.keys())
    assert store.keys() == EVERYTHING.keys() - lost.keys()
    store.put(lost.items())  # made again
    again = RunStore.open(folder)
    assert again.quarantined == []
    assert again.keys() == EVERYTHING.keys()
    assert all(again.get(key) == values for key, values in EVERYTHING.items())


def flipped(content: bytes, bit: int) -> bytes:
    out = bytearray(content)
    out[bit // 8] ^= 1 << (bit % 8)
    return bytes(out)


@given(data=st.data())
def test_a_bit_flip_anywhere_is_noticed(
    data: st.DataObject, good: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = data.draw(st.sampled_from(files_of(good)))
    content = path.read_bytes()
    bit = data.draw(st.integers(0, 8 * len(content) - 1))
    check_damage(good, tmp_path_factory.getbasetemp(), path.name, flipped(content, bit))


def test_random_bit_flips_give_no_wrong_value(good: Path, tmp_path: Path) -> None:
    flips = {"quick": 200, "default": 500, "full": 2000}[PROFILE]
    draw = random.Random(flips)
    paths = files_of(good)
    sizes = [path.stat().st_size for path in paths]
    for _ in range(flips):
        (path,) = draw.choices(paths, sizes)
        content = path.read_bytes()
        check_damage(good, tmp_path, path.name, flipped(content, draw.randrange(8 * len(content))))


def test_truncation_at_every_percent(good: Path, tmp_path: Path) -> None:
    path = next(p for p in files_of(good) if p.suffix == ".parquet")
    content = path.read_bytes()
    for percent in range(100):
        check_damage(good, tmp_path, path.name, content[: len(content) * percent // 100])
    check_damage(good, tmp_path, path.name, content + b"\x00")
    check_damage(good, tmp_path, "manifest.json", b"")


def test_the_page_checksums_are_a_second_line(good: Path) -> None:
    """Without the digest, a flip in the data is still an error of the Parquet reader."""
    path = next(p for p in files_of(good) if p.suffix == ".parquet")
    content = path.read_bytes()
    meta = pq.ParquetFile(path).metadata
    column = meta.row_group(0).column(meta.num_columns - 1)
    last = column.data_page_offset + column.total_compressed_size - 1  # within that column's page
    damaged = pa.BufferReader(flipped(content, 8 * last))
    with pytest.raises(OSError, match="CRC"):
        pq.ParquetFile(damaged, page_checksum_verification=True).read()


def named(content: bytes, serial: int = 7) -> str:
    return str(shard.Name(serial, shard._digest(content)))


def parquet(metadata: dict[str, str], columns: dict[str, pa.Array]) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.table(columns)
    with pq.ParquetWriter(sink, table.schema, write_page_checksum=True, store_schema=False) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata(metadata)
    return sink.getvalue().to_pybytes()


OURS = {"format": "run store", "schema": str(shard.SCHEMA)}
ONE = pa.array([False])
KEY = {"key": pa.array(["a0"]), "deleted": ONE}
WRONG = {"float t_half": pa.array([99.0])}
FOREIGN: dict[str, tuple[bytes, str]] = {
    "old version": (parquet(OURS | {"schema": "0"}, KEY | WRONG), "version 0"),
    "later version": (parquet(OURS | {"schema": "2"}, KEY | WRONG), "version 2"),
    "no version": (parquet({"format": "run store"}, KEY | WRONG), "version unknown"),
    "another program": (parquet({}, KEY | WRONG), "another program"),
    "not Parquet": (b"PAR1 but not really", "not a Parquet file"),
    "empty": (b"", "not a Parquet file"),
    "no key": (parquet(OURS, WRONG), "columns"),
    "unknown column": (parquet(OURS, KEY | {"t_half": pa.array([99.0])}), "'t_half'"),
    "wrong type": (parquet(OURS, KEY | {"float t_half": pa.array(["99"])}), "types"),
    "float32": (parquet(OURS, KEY | {"float x": pa.array([9.0], pa.float32())}), "types"),
    "key not text": (parquet(OURS, {"key": pa.array([1]), "deleted": pa.array([False])}), "types"),
    "key missing": (parquet(OURS, {"key": pa.array([None], pa.string()), "deleted": ONE}), "keys"),
    "key twice": (parquet(OURS, {"key": pa.array(["a0", "a0"]), "deleted": pa.array([False, True])}), "keys"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "reason"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_file_of_another_origin_is_set_aside(
    content: bytes, reason: str, good: Path, tmp_path: Path
) -> None:
    """Under a name with the right digest: the digest alone does not make a file ours."""
    folder = tmp_path / "store"
    shutil.copytree(good, folder)
    name = named(content)
    (folder / name).write_bytes(content)
    wrong, store = silent_wrong(folder)
    assert (wrong, store.keys()) == (0, EVERYTHING.keys())
    (aside,) = store.quarantined
    assert aside.name == name
    assert reason in aside.reason
    assert str(aside).count("\n") == 0
    assert (folder / "quarantine" / name).read_bytes() == content
    assert RunStore.open(folder).quarantined == []


def test_the_examples_differ_from_a_good_file_in_one_thing(tmp_path: Path) -> None:
    content = parquet(OURS, KEY | WRONG)
    RunStore.open(tmp_path)
    (tmp_path / named(content)).write_bytes(content)
    assert RunStore.open(tmp_path).get("a0") == {"t_half": 99.0}


def test_odd_entries_are_set_aside_or_left_alone(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    shutil.copytree(good, folder)
    secret = tmp_path / "secret"
    secret.write_text("somebody's data")
    (folder / "notes.txt").write_text("mine")
    (folder / "a_folder").mkdir()
    (folder / ".hidden").write_text("of the file system")
    (folder / "link").symlink_to(secret)
    (folder / named(b"1")).symlink_to(secret)
    os.mkfifo(folder / named(b"2"))  # reading it must not wait for a writer
    (folder / named(b"3")).mkdir()
    store = RunStore.open(folder)
    assert store.keys() == EVERYTHING.keys()
    expected = {"notes.txt", "link", named(b"1"), named(b"2"), named(b"3")}
    assert {one.name for one in store.quarantined} == expected
    assert {p.name for p in (folder / "quarantine").iterdir()} == expected
    assert (folder / "a_folder").is_dir()
    assert (folder / ".hidden").exists()
    assert secret.read_text() == "somebody's data"


def test_the_same_damage_twice_keeps_both(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    shutil.copytree(good, folder)
    for text in ("one", "two"):
        (folder / "notes.txt").write_text(text)
        RunStore.open(folder)
    assert sorted(p.read_text() for p in (folder / "quarantine").iterdir()) == ["one", "two"]


def test_a_copy_of_a_file_changes_nothing(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    shutil.copytree(good, folder)
    for path in files_of(folder):
        name = shard.parse_name(path.name)
        if name is not None:
            shutil.copy(path, folder / str(shard.Name(name.serial + 40, name.digest)))
    wrong, store = silent_wrong(folder)
    assert (wrong, store.keys(), store.quarantined) == (0, EVERYTHING.keys(), [])


def test_a_folder_of_other_things_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match="is not empty and holds no run store"):
        RunStore.open(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("text", ['{"name": "my extension"}', "[1, 2]", "not JSON"])
def test_a_folder_with_a_manifest_of_another_kind_is_refused_and_untouched(text: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(text)
    (tmp_path / "quarantine").mkdir()
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match="is not empty and holds no run store"):
        RunStore.open(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["manifest.json", "quarantine", "thesis.tex"]
    assert (tmp_path / "manifest.json").read_text() == text


def test_a_lost_manifest_is_written_again(good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    shutil.copytree(good, folder)
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").unlink()
    assert RunStore.open(folder).keys() == EVERYTHING.keys()
    assert (folder / "manifest.json").read_text() == text


@pytest.fixture
def no_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that believes every file's name."""
    monkeypatch.setattr(shard, "_digest", lambda content: "0" * 40)


def test_the_flips_would_show_a_store_without_digests(no_digest: None, tmp_path: Path) -> None:
    store = RunStore.open(tmp_path / "store")
    store.put(EVERYTHING.items())
    (path,) = (p for p in files_of(tmp_path / "store") if p.suffix == ".parquet")
    content = path.read_bytes()
    noticed = 0
    for bit in range(0, 8 * len(content), 37):
        path.write_bytes(flipped(content, bit))
        try:
            shard.decode(shard.Name(1, "0" * 40), path.read_bytes())
        except shard.ShardError:
            noticed += 1
    assert noticed < len(range(0, 8 * len(content), 37))
