"""`verify run --resume DIR`: what is finished is reused; the verdicts are those of an uninterrupted run."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from crash.resume_killer import CLAIMS
from crash.store_writer import PROFILE

from simulation.two_stage import training
from theory.claim import Claim
from verify.jsonable import jsonable
from verify.load import load_claims_file
from verify.outcome import Verification
from verify.pipeline import verify_claims
from verify.report.claims import claim_records
from verify.runs.backends import SerialBackend
from verify.runs.batch import Measurement, batches
from verify.runs.keep import KeptBatches
from verify.runs.plan import plan_runs
from verify.store import RunStore, StoreError, disk

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

Call = Callable[..., tuple[int, str, str]]


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_killed_run_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    kills = {"quick": 2, "default": 10, "full": 100}[PROFILE]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    command = [
        sys.executable,
        str(Path(__file__).with_name("resume_killer.py")),
        str(tmp_path),
        str(kills),
        "5",  # with the fewest kills: one at a point of the writes, and one at a time, of one folder
    ]
    out = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    done = json.loads(out)
    assert done["kills"] >= kills
    assert done["finished"] >= 1
    assert 1 <= done["at_points"] < done["kills"]
    assert (done["different"], done["between_jobs"], done["set_aside"], done["tracebacks"]) == (0, 0, 0, 0)
    assert done["resumed_with_reuse"] >= 1


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("claims") / "own.py"
    path.write_text(CLAIMS)
    return path


@pytest.fixture(autouse=True)
def _short_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what the engine makes at once: several are kept apart."""
    monkeypatch.setattr("verify.runs.batch._TIMES", 1)


@pytest.fixture(scope="module")
def claims(file: Path) -> list[Claim]:
    return load_claims_file(file)


def verified(claims: Sequence[Claim], folder: Path | None, **more: Any) -> tuple[str, KeptBatches | None]:
    """The text of claims.json, and the keeper."""
    keeper = None if folder is None else KeptBatches(RunStore.open(folder), "version")
    options = {"profile": "quick", "seed": 5, "jobs": 1, "counterexamples": False} | more
    verification: Verification = verify_claims(claims, keeper=keeper, backend=SerialBackend(), **options)
    return json.dumps(jsonable(claim_records(verification))), keeper


@pytest.fixture(scope="module")
def plain(claims: list[Claim]) -> str:
    return verified(claims, None)[0]


def test_a_second_call_makes_no_run(
    claims: list[Claim], plain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, keeper = verified(claims, tmp_path)
    assert keeper is not None
    assert (first, keeper.reused, keeper.added) == (plain, 0, 92)

    def none(*_: object, **__: object) -> None:
        raise AssertionError("a run was made")

    monkeypatch.setattr(training, "train", none)
    monkeypatch.setattr(training, "train_many", none)
    again, keeper = verified(claims, tmp_path)
    assert keeper is not None
    assert (again, keeper.reused, keeper.added) == (plain, 92, 0)


def test_a_batch_that_is_missing_is_made_again(claims: list[Claim], plain: str, tmp_path: Path) -> None:
    verified(claims, tmp_path)
    store = RunStore.open(tmp_path)
    sizes = {len(path.read_bytes()): path for path in tmp_path.glob("*.parquet")}
    sizes[max(sizes)].unlink()  # sixteen runs of the law engine
    remaining = RunStore.open(tmp_path).keys()
    assert len(store.keys() - remaining) == 1
    store.delete(list(remaining)[:1])
    found, keeper = verified(claims, tmp_path)
    assert keeper is not None
    assert found == plain
    assert 16 <= keeper.added <= 16 + 16  # with the other batch, unless it was of runs made again
    assert keeper.reused + keeper.added == 92


def test_runs_of_another_seed_claim_or_version_are_not_reused(claims: list[Claim], tmp_path: Path) -> None:
    verified(claims[:3], tmp_path)
    for changed, options in ((claims[:3], {"seed": 6}), (claims[:2], {})):
        _, keeper = verified(changed, tmp_path, **options)
        assert keeper is not None
        assert keeper.reused == 0
    keeper = KeptBatches(RunStore.open(tmp_path), "another version")
    verify_claims(
        claims[:3], profile="quick", seed=5, keeper=keeper, counterexamples=False, backend=SerialBackend()
    )
    assert keeper.reused == 0


def test_damage_is_made_good(claims: list[Claim], plain: str, tmp_path: Path) -> None:
    verified(claims, tmp_path)
    files = sorted(tmp_path.glob("*.parquet"))
    assert len(files) > 5
    for number, path in enumerate(files):
        content = bytearray(path.read_bytes())
        content[number * len(content) // len(files)] ^= 4
        path.write_bytes(content)
    found, keeper = verified(claims, tmp_path)
    assert keeper is not None
    assert (found, keeper.reused, keeper.added) == (plain, 0, 92)
    assert len(keeper.store.quarantined) == len(files)
    assert verified(claims, tmp_path)[0] == plain


def test_stored_numbers_are_the_ones_that_are_judged(claims: list[Claim], plain: str, tmp_path: Path) -> None:
    """The reuse is real: a store that lies changes the verdicts."""
    verified(claims, tmp_path)
    store = RunStore.open(tmp_path)
    kept = {key: json.loads(str((store.get(key) or {})["made"])) for key in store}
    for row in (row for rows in kept.values() for row in rows if "value own.loss" in row):
        row["value own.loss"] = 9.0
    store.put((key, {"made": json.dumps(rows)}) for key, rows in kept.items())
    assert verified(claims, tmp_path)[0] != plain


class Odd:
    """A value that no store keeps."""

    def __bool__(self) -> bool:
        return True


def test_values_that_cannot_be_kept_are_made_again(claims: list[Claim], tmp_path: Path) -> None:
    keeper = KeptBatches(RunStore.open(tmp_path), "version")
    experiment = claims[0].experiment
    specs = plan_runs(experiment, "quick", 5)[:1]
    (batch,) = batches(experiment, specs, {"own.odd": lambda run: Odd()}, {specs[0].index: ["own.odd"]})
    keeper.save(batch, "cpu", [Measurement(specs[0], 3, {"own.odd": Odd()}, {})])
    assert (keeper.added, len(keeper.store)) == (0, 0)


# The command ----------------------------------------------------------------------------------------------


@pytest.fixture
def verify_run(
    command: Call, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_this_process: None
) -> Call:
    """Exit status, stdout and stderr of `verify run` on two small claims, into `tmp_path/report`; every batch
    is a file of its own."""
    monkeypatch.setattr("verify.resume._EVERY", 0.0)

    def call(*arguments: str) -> tuple[int, str, str]:
        given = ["--profile", "quick", "--jobs", "1", "--out", str(tmp_path / "report")]
        return command("run", *given, "--claims-file", str(file), "--claims", "own.loss", *arguments)

    return call


def test_the_command_says_what_it_reused(verify_run: Call, tmp_path: Path) -> None:
    kept = tmp_path / "new" / "kept"
    status, _, err = verify_run("--resume", str(kept))
    assert (status, err) == (0, "verify: 0 of 80 runs reused\n")
    first = (tmp_path / "report" / "claims.json").read_bytes()
    damaged = min(kept.glob("*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    status, _, err = verify_run("--resume", str(kept))
    lines = err.splitlines()
    assert status == 0
    assert lines[0].startswith(f"verify: --resume: {damaged.name} set aside in quarantine/: ")
    assert lines[1:] == ["verify: 64 of 80 runs reused"]
    assert (tmp_path / "report" / "claims.json").read_bytes() == first


REFUSED = {
    "a file": ("{dir}/file", "cannot be made"),
    "below a file": ("{dir}/file/kept", "cannot be made"),
    "other things": ("{dir}/data", "is not empty and holds no run store"),
    "the report's folder": ("{dir}/report", "must lie apart"),
    "inside the report": ("{dir}/report/kept", "must lie apart"),
    "around the report": ("{dir}", "must lie apart"),
}


@pytest.mark.parametrize(("where", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_folder_that_cannot_be_used_is_one_line(
    where: str, words: str, verify_run: Call, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.csv").write_text("1,2\n")
    before = sorted(p for p in tmp_path.rglob("*"))
    status, out, err = verify_run("--resume", where.format(dir=tmp_path))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("verify: error: --resume: ")
    assert words in err
    assert sorted(p for p in tmp_path.rglob("*")) == before


def test_a_full_disk_is_one_line_and_keeps_what_was_stored(
    verify_run: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = disk._write
    written: list[int] = []

    def fills(descriptor: int, data: bytes) -> None:
        written.append(len(data))
        if len(written) > 6:  # the manifest and two batches, two halves each
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really(descriptor, data)

    with monkeypatch.context() as patch:
        patch.setattr(disk, "_write", fills)
        status, out, err = verify_run("--resume", str(tmp_path / "kept"))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"verify: error: --resume: folder {tmp_path / 'kept'} cannot be written: No space")
    assert not (tmp_path / "report").exists()
    status, _, err = verify_run("--resume", str(tmp_path / "kept"))
    assert (status, err) == (0, "verify: 32 of 80 runs reused\n")


def test_ctrl_c_says_what_is_kept(verify_run: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count: list[str] = []

    def interrupt(point: str) -> None:
        count.append(point)
        if count.count("folder flushed") == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(RunStore, "open", partial(RunStore.open, reached=interrupt))
    status, out, err = verify_run("--resume", str(tmp_path / "kept"))
    assert (status, out) == (130, "")
    assert err == (
        f"verify: interrupted; no report was written, finished runs are kept in {tmp_path / 'kept'}\n"
    )
    assert not (tmp_path / "report").exists()
    assert len(RunStore.open(tmp_path / "kept")) == 2  # batches of sixteen


def test_a_store_error_is_wrong_input() -> None:
    assert issubclass(StoreError, ValueError)  # `simulation.console.run_app` makes it one line, status 2
