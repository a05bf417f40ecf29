"""Writers that die at any moment, writers that meet, and disks that fill."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash.store_writer import POINTS, PROFILE, WRITES, batch, everything

from verify.store import RunStore, StoreError, disk, folder

ROOT = Path(__file__).parents[2]
WRITER = Path(__file__).with_name("store_writer.py")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, locks and limits of POSIX")


def writer(*arguments: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    return subprocess.Popen([sys.executable, str(WRITER), *map(str, arguments)], env=environment)


def check_survivor(target: Path, said: str) -> bool:
    """What a killed session left: all that it promised, nothing torn; it can go on. True if a temporary
    file was left behind."""
    if not target.exists():
        assert said == ""
        return False
    stray = bool(list(target.glob(f"{disk.TEMPORARY}*")))
    store = RunStore.open(target)
    assert store.quarantined == []
    assert list(target.glob(f"{disk.TEMPORARY}*")) == []
    promised = said.splitlines()
    whole = everything(range(3))
    for number in range(3):
        mine = {key for key in batch(number) if key in store}
        gone = set(batch(number)) - mine
        assert gone in (set(), set(batch(number)), {"0 0"})  # a batch is there whole or not at all
        if f"stored {number}" in promised:
            assert gone <= {"0 0"}
    if "deleted" in promised:
        assert "0 0" not in store
    elif "stored 2" not in promised:
        assert ("0 0" in store) == ("0 1" in store)
    assert all(store.get(key) == whole[key] for key in store)
    store.put(whole.items())
    again = RunStore.open(target)
    assert {key: again.get(key) for key in again} == whole
    return stray


def test_a_kill_at_every_point_of_every_write_loses_nothing(tmp_path: Path) -> None:
    points = len(POINTS) * WRITES
    assert writer("points", tmp_path, points).wait(timeout=200) == 0
    strays = [check_survivor(tmp_path / str(k), (tmp_path / f"{k}.said").read_text()) for k in range(points)]
    # Of the six points of a write the first four leave their temporary file: each was really reached.
    assert strays == [k % len(POINTS) < 4 for k in range(points)]


def test_kills_at_random_times_lose_nothing(tmp_path: Path) -> None:
    kills = {"quick": 20, "default": 100, "full": 400}[PROFILE]
    assert writer("random", tmp_path, kills).wait(timeout=300) == 0
    promised = [(tmp_path / f"{k}.said").read_text() for k in range(kills)]
    for k, said in enumerate(promised):
        check_survivor(tmp_path / str(k), said)
    assert len(set(promised)) > 1  # they died at different places


def test_processes_on_one_folder_do_not_harm_each_other(tmp_path: Path) -> None:
    target = tmp_path / "store"
    writers = [writer("together", target, 25) for _ in range(3)]
    seen: set[str] = set()
    whole = everything(range(25))
    while any(process.poll() is None for process in writers):
        store = RunStore.open(target)
        assert store.quarantined == []
        assert seen <= store.keys()
        seen = set(store.keys())
        assert all(store.get(key) == whole[key] for key in seen)
    assert [process.returncode for process in writers] == [0, 0, 0]
    store = RunStore.open(target)
    assert {key: store.get(key) for key in store} == whole
    assert list(target.glob(f"{disk.TEMPORARY}*")) == []


def test_a_temporary_file_in_use_is_not_swept(tmp_path: Path) -> None:
    path, descriptor = disk._new_temporary(tmp_path)
    (tmp_path / f"{disk.TEMPORARY}stray").write_bytes(b"half")
    assert disk.sweep(tmp_path) == 1
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    os.close(descriptor)  # as when its writer dies
    assert disk.sweep(tmp_path) == 1


def test_a_writer_whose_new_file_was_swept_takes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.open
    swept = []

    def open_and_sweep(path: Path, *rest: int, **more: int) -> int:
        descriptor = really(path, *rest, **more)
        if not swept:
            swept.append(1)
            disk.sweep(tmp_path)
        return descriptor

    monkeypatch.setattr(disk.os, "open", open_and_sweep)
    disk.write_whole(tmp_path, "file", b"data", lambda point: None)
    assert swept
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("file", b"data")]


def test_two_writers_of_one_serial_are_both_read(tmp_path: Path) -> None:
    one, two = RunStore.open(tmp_path), RunStore.open(tmp_path)
    files = folder.os.listdir(tmp_path)
    one.put([("a", {"x": 1}), ("both", {"x": 1})])
    (entry,) = set(os.listdir(tmp_path)) - set(files)
    hidden = tmp_path.parent / entry
    os.rename(tmp_path / entry, hidden)  # as if it were not there yet when the other one looks
    two.put([("b", {"x": 2}), ("both", {"x": 2})])
    os.rename(hidden, tmp_path / entry)
    assert len({name.split("-")[0] for name in os.listdir(tmp_path) if name.endswith(".parquet")}) == 1
    found = []
    for store in (one, two, RunStore.open(tmp_path)):
        store.refresh()
        assert (store.get("a"), store.get("b")) == ({"x": 1}, {"x": 2})
        found.append(store.get("both"))
    assert found[0] in ({"x": 1}, {"x": 2})
    assert found == [found[0]] * 3  # all readers agree


# Full disks and folders that cannot be written -------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["open", "write", "fsync", "replace"])
def test_a_refused_write_leaves_no_damage(
    call: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore.open(tmp_path)
    store.put(batch(0).items())
    before = sorted(os.listdir(tmp_path))

    def refuse(*_: object, **__: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(disk.os, call, refuse)
        with pytest.raises(StoreError) as caught:
            store.put(batch(1).items())
    assert str(tmp_path) in str(caught.value)
    assert os.strerror(code) in str(caught.value)
    assert str(caught.value).count("\n") == 0
    assert sorted(os.listdir(tmp_path)) == before
    for one in (store, RunStore.open(tmp_path)):
        assert {key: one.get(key) for key in one} == batch(0)
    store.put(batch(1).items())
    assert RunStore.open(tmp_path).keys() == everything(range(2)).keys()


def test_a_file_size_limit_leaves_no_damage(tmp_path: Path) -> None:
    """The system's own refusal in the middle of a write."""
    store = RunStore.open(tmp_path)
    store.put(batch(0).items())
    before = sorted(os.listdir(tmp_path))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))
    try:
        with pytest.raises(StoreError, match="cannot be written: File too large"):
            store.put(batch(1).items())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(os.listdir(tmp_path)) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own; only root may mount one."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(mounted)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield mounted
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def test_a_full_disk_leaves_what_was_stored(small_disk: Path) -> None:
    store = RunStore.open(small_disk / "store")
    number = 0

    def fill() -> None:
        nonlocal number
        while number < 200:
            store.put(batch(number).items())
            number += 1

    with pytest.raises(StoreError, match="No space left on device"):
        fill()
    assert number > 2
    again = RunStore.open(small_disk / "store") if _room(small_disk) else store
    assert {key: again.get(key) for key in again} == everything(range(number))
    assert list((small_disk / "store").glob(f"{disk.TEMPORARY}*")) == []


def _room(mounted: Path) -> bool:
    return os.statvfs(mounted).f_ffree > 0


def test_a_read_only_disk_is_refused_in_one_line(small_disk: Path) -> None:
    RunStore.open(small_disk / "store").put(batch(0).items())
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for name in ("store", "new"):
        with pytest.raises(StoreError, match=f"folder {small_disk}.*Read-only file system"):
            RunStore.open(small_disk / name)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    RunStore.open(tmp_path / "store").put(batch(0).items())
    (tmp_path / "store").chmod(0o500)
    with pytest.raises(StoreError, match="cannot be written"):
        RunStore.open(tmp_path / "store")


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_in_the_way_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StoreError, match="cannot be made"):
        RunStore.open(tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"
