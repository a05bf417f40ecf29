"""`verify diff` and `verify compare`: changed verdicts by what changed; a published table cell by cell."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from cli_commands import ROOT, status_of

from verify.compare import LEVEL, mean_limits
from verify.published import load_published

COINS = """
from dataclasses import dataclass
from theory import AbstractSetting, Box, Claim, Coordinate, Event, Experiment, Quantity, Source
from theory import function_model


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int
    p: float = 0.5


def toss(s, rng):
    share = float((rng.random(s.n) < s.p).mean())
    return {"share": share, "more": share > 0.5}


TOSSES = Experiment(
    "coins.tosses",
    place=Box("coins", (Coordinate("n", 50, 90, whole=True),), lambda x: Coin(**x)),
    model=function_model(Coin, toss),
    runs={"quick": 200, "default": 200},
)
CLAIMS = [
    Claim("coins.near", Source("notes", "1"), "derived", "it is near", Event(0.05),
          lambda run: abs(run.share - 0.5) < 0.4, TOSSES),
]
QUANTITIES = [Quantity("half", (), "share", "of heads", lambda run: run.share, within=(0.0, 1.0))]
"""


def table(folder: Path, text: str) -> Path:
    (folder / "coins.py").write_text(COINS, encoding="utf-8")
    file = folder / "table.csv"
    file.write_text(text, encoding="utf-8")
    return file


COMMON = "compare table.csv --claims-file coins.py --jobs 1 --runs 200"


def test_true_means_are_compatible_and_a_wrong_one_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = (
        "# by hand\nn,p,quantity,mean,standard_error,tolerance,note\n"
        "50,0.3,share,0.3,0.002,,exact\n50,0.7,half,0.7,,0.05,read off\n50,0.7,share,0.6,0.001,0.01,wrong\n"
        "50,0.9,more,1.0,,,\n"
    )
    table(tmp_path, rows)
    assert status_of(monkeypatch, f"{COMMON} --out out.csv") == 1
    assert "2 compatible, 1 agrees, 1 differs of 4 cells" in capsys.readouterr().out
    with (tmp_path / "out.csv").open() as file:
        found = list(csv.DictReader(file))
    assert [row["word"] for row in found] == ["compatible", "agrees", "differs", "compatible"]
    assert {row["runs"] for row in found} == {"200"}
    # 200 runs that all show more heads leave the rate open down to (level/2)^(1/200).
    assert float(found[3]["low"]) == pytest.approx((LEVEL / 4 / 2) ** (1 / 200), rel=1e-6)
    table(tmp_path, "\n".join(line for line in rows.splitlines() if "wrong" not in line))
    assert status_of(monkeypatch, COMMON) == 0


def test_the_family_of_cells_errs_as_seldom_as_it_says() -> None:
    """The level of one cell, held by coins of known means: of 2,000 intervals at 2 % some 40 may miss."""
    rng = np.random.default_rng(11)
    misses = {"truth": 0, "mean": 0}
    for _ in range(2000):
        x = (rng.random(40) < 0.2).astype(float)
        _, low, high = mean_limits(list(x), 0.02, (0.0, 1.0))
        misses["truth"] += not low <= 0.2 <= high
        y = rng.random(40)
        _, low, high = mean_limits(list(y), 0.02)
        misses["mean"] += not low <= 0.5 <= high
    assert misses["truth"] <= 40  # exact limits err less often than they may
    assert 15 <= misses["mean"] <= 65  # 40 +- 4 sd


def test_the_table_of_the_page_comes_out_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "compare.md").read_text(encoding="utf-8")
    (tmp_path / "table.csv").write_text(page.split("```text\n")[1].split("```")[0], encoding="utf-8")
    shutil.copy(ROOT / "tests" / "strangers" / "walk.py", tmp_path)
    assert status_of(monkeypatch, "compare table.csv --claims-file walk.py --jobs 1 --runs 400") == 1
    assert "1 agrees, 1 compatible, 1 differs of 3 cells" in capsys.readouterr().out


def test_a_parameter_without_a_column_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path, "quantity,mean,p\nshare,0.5,0.5\n")
    assert status_of(monkeypatch, f"{COMMON} --set n=60") == 0


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("n,mean\n5,1\n", "", "table.csv:1: column quantity is missing"),
        ("n,quantity,mean\n5,share,x\n", "", "table.csv:2: mean must be a finite number, was 'x'"),
        ("n,quantity,mean\n5,share\n", "", "table.csv:2: must have 3 columns, has 2"),
        ("n,quantity,mean,standard_error\n5,share,1,-1\n", "", "standard_error must be a finite number >= 0"),
        ("q,quantity,mean\n5,share,1\n", "", "line 2: unknown parameter 'q'"),
        ("p,quantity,mean\n.5,share,1\n", "", "line 2: n is missing"),
        ("n,quantity,mean\n5.5,share,1\n", "", "line 2: n must be a whole number, was 5.5"),
        ("n,quantity,mean\n5,shares,1\n", "", "the run has no 'shares'"),
        ("n,quantity,mean\n", "", "must have a header and at least one row"),
        ("n,n,quantity,mean\n5,5,share,1\n", "", "column 'n' must have a name, used once"),
        ("n,quantity,mean\n5,share,1\n", "--runs 1", "--runs must lie in [2, 100000], was 1"),
        ("n,quantity,mean\n5,share,1\n", "--out a/b.csv", "--out: no such folder: a"),
    ],
)
def test_a_table_that_cannot_be_compared_is_refused_in_one_line(
    text: str,
    options: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    table(tmp_path, text)
    assert status_of(monkeypatch, f"compare table.csv --claims-file coins.py --jobs 1 {options}") == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_a_published_value_keeps_its_type(tmp_path: Path) -> None:
    (one,) = load_published(table(tmp_path, "n,p,word,quantity,mean\n5,0.5,heads,share,1e-3\n"))
    assert dict(one.values) == {"n": 5, "p": 0.5, "word": "heads"}
    assert (one.mean, one.standard_error, one.tolerance, one.line) == (0.001, None, 0.0, 2)
    assert math.isfinite(one.mean)


# diff ----------------------------------------------------------------------------------------------------


def record(id_: str, verdict: str, **more: object) -> dict[str, object]:
    return {"id": id_, "verdict": verdict, "reason": f"it is {verdict}", "n_trials": 100, **more}


def test_changed_verdicts_are_told_with_what_else_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    old = [
        record("a.x", "supported", statistic={"rate": 0.01}, rule={"delta": 0.05}),
        record("a.y", "supported"),
        record("a.z", "refuted"),
    ]
    new = [
        record("a.x", "refuted", statistic={"rate": 0.2}, rule={"delta": 0.05}),
        record("a.y", "supported", n_trials=7),
        record("a.new", "derived"),
    ]
    for name, records, seed in (("old", old, 1), ("new", new, 2)):
        Path(name).mkdir()
        Path(name, "claims.json").write_text(json.dumps(records))
        Path(name, "run.json").write_text(json.dumps({"seed": seed, "profile": "quick"}))
    assert status_of(monkeypatch, "diff old new") == 1
    assert capsys.readouterr().out.splitlines() == [
        "a.x: supported -> refuted",
        "    statistic.rate: 0.01 -> 0.2",
        "    now: it is refuted",
        "a.new: new, derived",
        "a.z: gone, was refuted",
        "run: seed: 1 -> 2",
        "1 verdicts changed, 1 did not; 1 claims are new, 1 are gone",
    ]
    assert status_of(monkeypatch, "diff old new --json") == 1
    assert json.loads(capsys.readouterr().out)["changed"][0]["by"] == {"statistic.rate": [0.01, 0.2]}
    assert status_of(monkeypatch, "diff new/claims.json new") == 0


@pytest.mark.parametrize("text", ["{", "{}", '[{"id": "a"}]', None])
def test_what_is_no_report_is_wrong_input(
    text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("claims.json").write_text(text)
    assert status_of(monkeypatch, "diff . .") == 2
    assert "OLD" in capsys.readouterr().err
