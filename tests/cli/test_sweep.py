"""`sweep` on the command line: wrong input, plans, the examples of the page, resuming, signals, dask."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from verify.runs.batch import Batch
from verify.sweep.memory import Fit
from verify.sweep.runs import split_batch

ROOT = Path(__file__).parents[2]
TEXT = """
name = "cli"
clock = 3.0
replicates = 20
measure = ["t_half", "final_loss", "dtest_error(end)"]
test_samples = 200
[fixed]
n = 8
m = 2
tau = 0.2
kappa_0 = 0.3
clock_step = 0.25
[grid]
n_snr2 = [2.0, 8.0]
d_over_n2 = [1, 10]
"""
CLAIMS = """
import os, time
from theory import Claim, Event, Source
from theory.two_stage.box import Fixed
from theory.experiment import Experiment
from theory.two_stage.setting import Setting

PLACE = Fixed(Setting.from_n_snr2(n=4, d=40, m=2, n_snr2=4.0, tau_plus=0.1, tau_minus=0.1, kappa_0=0.1,
                                  clock_step=0.25))

def slow(run):
    if "SWEEP_TEST_SLOW" in os.environ:
        time.sleep(0.05)
    return True

def dies_elsewhere(run):
    if os.getpid() != @PID@ and run.setting.n_snr2 > 5 and run.setting.d > 100:
        time.sleep(1)  # a worker that dies while it starts is not started again
        os._exit(3)
    return True

CLAIMS = [
    Claim(id=f"mine.{f.__name__}", source=Source("tests", "none"), provenance="derived", statement="x",
          rule=Event(delta=0.05), measure=f, experiment=Experiment("mine", place=PLACE, clock=1.0, runs={}))
    for f in (slow, dies_elsewhere)
]
"""
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(command: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """`verify sweep ...` in this process and an own folder, which holds `c.toml`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.toml").write_text(TEXT)
    (tmp_path / "claims.py").write_text(CLAIMS.replace("@PID@", str(os.getpid())))
    return partial(command, "sweep")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "verify", "sweep", *arguments],
        cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SWEEP_TEST_SLOW": "1"},
    )  # fmt: skip


def tables(folder: Path) -> tuple[bytes, ...]:
    names = ("results.parquet", "results.csv", "summary.csv")
    return tuple((folder / name).read_bytes() for name in names)


# Wrong input --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        (("", ""), "missing.toml", "CONFIG: missing.toml cannot be read: No such file"),
        (("clock =", "clok ="), "c.toml", "unknown key 'clok'; did you mean clock?"),
        (("n_snr2 = [2.0, 8.0]\nd_over_n2 = [1, 10]\n", ""), "c.toml", "[grid] must name at least one"),
        (("tau = 0.2", "tau = 0.5"), "c.toml", "tau_plus must lie in [0, 1/2), was 0.5"),
        (("n = 8", "n = 1"), "c.toml", "n must be at least 2, was 1"),
        (('"t_half"', '"t_haf"'), "c.toml", "measure: unknown quantity 't_haf'; did you mean t_half"),
        (('"t_half"', '"mine.*"'), "c.toml", "measure: no claim matches 'mine.*'"),
        (("n = 8", "n = 30000"), "c.toml --memory 1G", "n: one run of point 0 needs"),
        (("", ""), "c.toml --memory 0", "--memory must be a size > 0"),
        (("", ""), "c.toml --backend ray", "--backend must be one of auto, loky, dask, serial, was 'ray'"),
        (("", ""), "c.toml --backend dask", "--backend dask and --scheduler ADDRESS go together"),
        (("", ""), "c.toml --scheduler tcp://h:1", "--backend dask and --scheduler ADDRESS go together"),
        (("", ""), "c.toml --jobs 0", "--jobs must be at least 1, was 0"),
        (("", ""), "c.toml --seed -1", "--seed must be an integer in [0, 2^63), was -1"),
        (("", ""), "c.toml --out c.toml", "--out must be a folder, c.toml is a file"),
        (("", ""), "c.toml --out .", "--out: folder . is not empty and holds more than a sweep"),
        (("", ""), "c.toml --out c.toml/x", "--out: folder c.toml/x cannot be made"),
        (("", ""), "c.toml --out /proc/none", "--out: folder /proc/none cannot be written"),
        (("", ""), "c.toml --device tpu", "device"),
        (("", ""), "c.toml --claims-file none.py", "no such file: none.py"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_line_and_writes_nothing(
    change: tuple[str, str], arguments: str, said: str, here: Call, tmp_path: Path
) -> None:
    assert change[0] in TEXT
    (tmp_path / "c.toml").write_text(TEXT.replace(*change, 1))
    before = sorted(tmp_path.iterdir())
    status, out, err = here(*arguments.split())
    assert (status, out) == (2, "")
    assert err.startswith("verify: error: ")
    assert err.count("\n") == 1
    assert said in err
    assert sorted(tmp_path.iterdir()) == before


def test_a_scheduler_that_is_not_there(here: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("verify.runs.dask._CONNECT_SECONDS", 0.5)
    status, out, err = here("c.toml", "--backend", "dask", "--scheduler", "tcp://127.0.0.1:1")
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert "--scheduler: no dask scheduler answers at 'tcp://127.0.0.1:1'" in err
    status, _, err = here("c.toml", "--backend", "dask", "--scheduler", "nonsense")
    assert status == 2
    assert "--scheduler: no dask scheduler answers at 'nonsense'" in err


def test_without_dask_the_message_says_how_to_get_it(here: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    status, _, err = here("c.toml", "--backend", "dask", "--scheduler", "tcp://127.0.0.1:1")
    assert status == 2
    assert "--backend dask needs dask.distributed, which is not installed: pip install" in err


# Plans and results --------------------------------------------------------------------------------------


def test_a_plan_starts_nothing(here: Call, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    status, out, err = here("c.toml", "--plan")
    assert (status, err) == (0, "")
    assert re.search(r"runs +80\nbatches +5\ngradient steps 960\ntime .*\nmemory .*\ndisk .*\n$", out)
    assert sorted(tmp_path.iterdir()) == before


def test_a_sweep_writes_its_table_and_goes_on_where_it_was(here: Call, tmp_path: Path) -> None:
    status, out, err = here("c.toml", "--out", "o")
    assert (status, err) == (0, "")
    assert re.search(r"took .* predicted .*; most memory of a worker .*, predicted", out)
    assert {p.name for p in (tmp_path / "o").iterdir()} == {
        "results.csv", "results.parquet", "summary.csv", "sweep.json", "store",
    }  # fmt: skip
    table = pd.read_parquet(tmp_path / "o" / "results.parquet")
    assert len(table) == 80
    text = pd.read_csv(tmp_path / "o" / "results.csv", keep_default_na=False, na_values=[""])
    assert list(text.columns) == list(table.columns)
    assert text["final_loss"].equals(table["final_loss"]), "numbers are written with all their digits"
    about = json.loads((tmp_path / "o" / "sweep.json").read_text())
    assert about["failed"] == {}
    assert about["actual"]["runs_made"] == 80
    assert about["plan"]["steps"] == 960
    first = tables(tmp_path / "o")
    status, out, _ = here("c.toml", "--out", "o")
    assert status == 0
    assert "80 of them finished before" in out
    assert "all runs were finished before" in out
    assert tables(tmp_path / "o") == first
    status, out, _ = here("c.toml", "--out", "o", "--no-resume")
    assert "finished before" not in out
    assert tables(tmp_path / "o") == first
    status, out, _ = here("c.toml", "--out", "p", "--store", "o/store")
    assert "all runs were finished before" in out
    assert tables(tmp_path / "p") == first
    status, _, err = here("c.toml", "--out", "o", "--seed", "5")
    assert status == 2
    assert "--out: folder o holds another sweep's results" in err


@pytest.mark.parametrize("index", [0, 1], ids=["grid", "sample"])
def test_the_examples_of_the_page_run(index: int, here: Call, tmp_path: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "sweeps.md").read_text(), re.DOTALL)
    assert len(examples) == 2
    (tmp_path / "e.toml").write_text(examples[index])
    status, _, err = here("e.toml", "--out", "o", "--backend", "serial")
    assert (status, err) == (0, "")
    table = pd.read_csv(tmp_path / "o" / "results.csv")
    assert len(table) == (48, 24)[index]
    if index == 0:
        medians = table.groupby("n_snr2")["t_half"].median()
        assert medians.iloc[-1] > 2 * medians.iloc[0], "a strong signal delays memorisation"
    else:
        assert (np.ceil(table["t_eps(0.1)"]) == table["end_step"]).all()
        assert table["n"].nunique() > 10


def test_small_memory_splits_batches_and_changes_nothing(
    here: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from verify.sweep.memory import batch_bytes, fit_into

    assert here("c.toml", "--out", "o")[0] == 0

    def tight(batches: list[Batch], limit: int, base: int, workers: int, backend: str) -> Fit:
        half = (batch_bytes(batches[0]) + batch_bytes(split_batch(batches[0], 16)[0])) // 2
        return fit_into(batches, half, 0, workers, backend)

    monkeypatch.setattr("verify.sweep.driver.fit_into", tight)
    status, out, _ = here("c.toml", "--out", "p")
    assert status == 0
    assert re.search(r"batches +\d\d, 5 of them split to fit into memory", out)
    assert tables(tmp_path / "p") == tables(tmp_path / "o")


# Signals ------------------------------------------------------------------------------------------------


def stored(folder: Path) -> int:
    return len(list(folder.glob("o/store/*.parquet")))


@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT", "SIGTERM"])
def test_stopped_and_resumed_gives_the_same_table(how: str, here: Call, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(TEXT.replace('"t_half"', '"t_half", "mine.slow"'))
    words = ("c.toml", "--claims-file", "claims.py", "--backend", "serial")
    process = start(tmp_path, *words, "--out", "o")
    deadline = time.monotonic() + 120
    while stored(tmp_path) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(getattr(signal, how))
    out, err = process.communicate(timeout=60)
    assert 2 <= stored(tmp_path) < 5
    assert not (tmp_path / "o" / "results.csv").exists()
    if how == "SIGKILL":
        assert process.returncode == -signal.SIGKILL
    else:
        assert process.returncode == 130
        kept = re.search(r"^verify: interrupted; (\d+) of 80 runs are kept, the same command goes on", err)
        assert kept
        assert int(kept[1]) >= 32
        assert err.count("\n") == 1
    status, out, err = here(*words, "--out", "o")
    assert (status, err) == (0, "")
    assert re.search(r"(32|48|64) of them finished before", out)
    assert here(*words, "--out", "whole")[0] == 0
    assert tables(tmp_path / "o") == tables(tmp_path / "whole")


# dask ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a scheduler with one worker process; a task that kills its worker is not tried again."""
    import dask
    from distributed import LocalCluster

    with (
        dask.config.set(
            {
                "distributed.scheduler.allowed-failures": 0,
                # The cluster gives a worker up that happens to be starting again so long after its death.
                "distributed.deploy.lost-worker-timeout": "300s",
            }
        ),
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
        ) as made,
    ):
        yield made.scheduler_address


@pytest.mark.filterwarnings("default")  # distributed's own
@pytest.mark.slow
def test_dask_gives_the_same_bytes_and_names_what_is_lost(
    cluster: str, here: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import Client

    text = TEXT.replace("replicates = 20", "replicates = 12")  # all runs that die are of one batch
    (tmp_path / "c.toml").write_text(text)
    assert here("c.toml", "--out", "o", "--backend", "serial")[0] == 0
    status, out, err = here("c.toml", "--out", "p", "--backend", "dask", "--scheduler", cluster)
    assert (status, err) == (0, "")
    assert tables(tmp_path / "p") == tables(tmp_path / "o")
    assert json.loads((tmp_path / "p" / "sweep.json").read_text())["backend"] == "dask"

    (tmp_path / "c.toml").write_text(text.replace('"t_half"', '"t_half", "mine.dies_elsewhere"'))
    words = ("--claims-file", "claims.py", "--backend", "dask", "--scheduler", cluster)
    status, _, err = here("c.toml", "--out", "q", *words)
    assert status == 1
    table = pd.read_csv(tmp_path / "q" / "results.csv")
    lost = table["failed"].notna()
    assert lost.any()
    assert (~lost).any()
    assert (table["n_snr2"][lost] > 5).any()
    assert all("every worker that tried it died" in text for text in table["failed"][lost])
    assert re.search(r"verify: run \d+ \(point \d.*: every worker that tried it died", err)
    whole = pd.read_csv(tmp_path / "o" / "results.csv")
    assert table["final_loss"][~lost].equals(whole["final_loss"][~lost])

    with Client(cluster) as client:  # the worker that died is started again
        client.wait_for_workers(1)
    monkeypatch.setattr("verify.store.code_version", lambda files=(): "another")
    status, out, err = here("c.toml", "--out", "r", *words)
    assert (status, out) == (2, "")
    assert re.search(r"--scheduler: worker tcp://\S+ runs another version of this code", err)
