"""A whole `verify run` writes its report, and Ctrl-C leaves nothing."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from verify.outcome import VERDICTS

Call = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]
CONTRACT = {
    "id", "source", "provenance", "kind", "statement", "conditions", "verdict", "predicted", "measured",
    "statistic", "n_settings", "n_trials", "counterexample",
}  # fmt: skip

OWN = """
import numpy as np

from theory import Claim, Domain, Event, Experiment, Identity, Source

BOX = Domain("own", n=(4, 20), m=(2, 4), signal_margin=(4, 8), tau=(0.1, 0.2), kappa_0=(0.1, 1),
             dimension=(5, 9), clock_step=(0.1, 0.2))
RUNS = Experiment("own", place=BOX, clock=1.0, runs={"quick": 40})


def claim(name, measure, rule=Event(delta=0.1)):
    return Claim(
        id=f"own.{name}", source=Source("own notes", name), provenance="derived", statement="$1 = 1$",
        rule=rule, measure=measure, experiment=RUNS,
    )


def loss_residual(run):
    return float(np.abs(run.train_loss - np.logaddexp(0, -run.margins).mean(axis=1)).max())


CLAIMS = [
    claim("exact.loss", loss_residual, Identity()),
    claim("false", lambda run: run.setting.n < 10),
]
"""


@pytest.mark.parametrize("wrong", [False, True], ids=["supported", "refuted"])
def test_a_run_writes_the_whole_report(
    wrong: bool,
    tmp_path: Path,
    command: Call,
) -> None:
    """Of a user's own claims: no exhibit of a built-in paper is made, and its report speaks of them alone."""
    own = tmp_path / "own.py"
    own.write_text(OWN)
    out = tmp_path / "reports" / "latest"
    status, text, err = command(
        "run", "--profile", "quick", "--out", str(out), "--jobs", "1", "--seed", "3",
        "--claims-file", str(own), "--timings", "--claims", "own.exact.*", *(["own.false"] if wrong else []),
    )  # fmt: skip
    assert status == int(wrong)
    assert err == ""
    assert str(out / "report.html") in text
    names = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
    assert names >= {"report.html", "report.md", "claims.json", "comparison.csv", "run.json"}
    assert (out / "figures").is_dir()
    assert not any("exhibit" in name or "question" in name for name in names)
    assert "Han et al" not in (out / "report.html").read_text("utf-8")

    records = json.loads((out / "claims.json").read_text())
    wanted = {"own.exact.loss": "supported"}
    if wrong:
        wanted["own.false"] = "refuted"
    assert {r["id"]: r["verdict"] for r in records} == wanted
    assert all(record["verdict"] in VERDICTS and set(record) >= CONTRACT for record in records)
    for claim_id, verdict in wanted.items():
        assert any(claim_id in line and verdict in line for line in text.splitlines())

    info = json.loads((out / "run.json").read_text())
    assert (info["profile"], info["seed"], info["device"], info["jobs"]) == ("quick", 3, "cpu", 1)
    assert set(info) >= {"versions", "wall_seconds", "git_commit"}
    assert list(info["timings"]["experiments"]) == [records[0]["experiment"]]
    stages = info["timings"]["stages"]
    engines, work = info["timings"]["engines"], sum(info["timings"]["experiments"].values())
    assert 0 < engines["runs"] < work
    assert stages.pop("report") > 0
    assert sum(stages.values()) <= info["wall_seconds"] + 0.1
    assert set(info["timings"]["claims"]) == set(wanted)
    drawn = {path.stem for path in (out / "figures").iterdir()}
    assert set(info["timings"]["figures"]) == drawn
    assert records[0]["experiment"] in text
    for name in ("own.exact.loss", "report", *drawn):
        assert re.search(rf"^ +\d+\.\d+  {re.escape(name)}$", text, re.MULTILINE), name
    with (out / "comparison.csv").open(newline="") as table:
        assert {row["claim"] for row in csv.DictReader(table)} == set(wanted)
    assert list(tmp_path.joinpath("reports").iterdir()) == [out]
    if wrong:
        found = next(r for r in records if r["id"] == "own.false")["counterexample"]
        assert found["setting"]["n"] == 10
        assert f"--claims-file {own}" in found["replay"]


# Ctrl-C ---------------------------------------------------------------------------------------------------

SLOW = """
import time
from pathlib import Path

from theory import Claim, Event, Experiment, Fixed, Setting, Source

AT = Setting.from_n_snr2(
    n=10, d=100, m=4, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=1.0, clock_step=0.1
)


def sleeps(run):
    Path({marker!r}).touch()
    time.sleep(600)
    return True


CLAIMS = [
    Claim(id="own.slow", source=Source("own", "1"), provenance="derived", statement="example", rule=Event(),
          measure=sleeps,
          experiment=Experiment("own.slow", place=Fixed(AT), clock=0.5, runs={{"quick": 40}})),
]
"""


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.skipif(os.name != "posix", reason="signals of a terminal")
@pytest.mark.parametrize("jobs", [1, 2])
def test_ctrl_c_leaves_nothing(jobs: int, tmp_path: Path) -> None:
    work, scratch, marker = tmp_path / "work", tmp_path / "scratch", tmp_path / "measuring"
    work.mkdir()
    scratch.mkdir()
    (tmp_path / "slow.py").write_text(SLOW.format(marker=str(marker)))
    process = subprocess.Popen(
        [sys.executable, "-m", "verify", "run", "--profile", "quick", "--jobs", str(jobs),
         "--out", str(work / "report"), "--claims-file", str(tmp_path / "slow.py"), "--claims", "own.slow"],
        env={**os.environ, "TMPDIR": str(scratch), "JOBLIB_TEMP_FOLDER": str(scratch)},
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,  # a process group like a terminal's
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while not marker.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert out == ""
        first, *others = err.splitlines()
        assert first == "verify: interrupted; nothing was written"
        # On a busy machine the library's own tracker may look for what has just been removed.
        assert all("resource_tracker" in line or line.strip() == "warnings.warn(" for line in others), err
        assert list(work.iterdir()) == []
        deadline = time.monotonic() + 30
        while alive(process.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not alive(process.pid)  # nor any worker
        assert list(scratch.iterdir()) == []
    finally:
        if alive(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
