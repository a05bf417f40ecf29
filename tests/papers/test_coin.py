"""A paper in a folder of one's own goes through every command, and nothing speaks of another paper."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from theory.paper import Paper
from theory.rules import Band
from verify.cli.explain import explanation
from verify.load import load_sources
from verify.pipeline import verify_claims
from verify.report.claims import reproduce
from verify.runs.keep import KeptBatches
from verify.search.falsify import falsify
from verify.search.shrink import replay_command
from verify.store import RunStore
from verify.vacuity import vacuities

COIN = Path(__file__).parent / "coin"
#: Letters and words of another paper.
FOREIGN = re.compile(r"kappa|sigma_|tau_|n_snr2|signal|noisy|Theorem 4|filter")
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def paper() -> Paper:
    (found,) = load_sources(papers=[str(COIN)]).papers.values()
    return found


@pytest.fixture
def call(command: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Exit status, stdout and stderr of `verify ...` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        status, out, err = command(*words)
        assert not FOREIGN.search(out + err)
        return status, out, err

    return run


def test_it_is_judged_alike_by_any_number_of_workers_and_from_a_store(paper: Paper, tmp_path: Path) -> None:
    one = verify_claims(paper.claims, "quick")
    assert {j.verdict for j in one.judgements} == {"supported"}
    two = verify_claims(paper.claims, "quick", jobs=2)
    first = KeptBatches(RunStore.open(tmp_path), "1")
    verify_claims(paper.claims, "quick", keeper=first)
    again = KeptBatches(RunStore.open(tmp_path), "1")
    kept = verify_claims(paper.claims, "quick", keeper=again)
    assert (first.added, again.reused, again.added) == (400, 400, 0)
    for other in (two, kept):
        assert [j.observations for j in other.judgements] == [j.observations for j in one.judgements]


@pytest.mark.usefixtures("in_this_process")
def test_its_conditions_are_held_against_its_own_box(paper: Paper) -> None:
    found = vacuities(verify_claims(paper.claims, "quick", counterexamples=False))
    assert {0.5 < v.share.value < 1 for v in found} == {True}
    assert {v.refutable for v in found} == {True}


def test_a_false_claim_is_found_shrunk_and_replayed(paper: Paper, call: Call) -> None:
    near = paper.claim_map["coin.near"]
    false = replace(near, rule=Band(0.0, 0.45, "an example"), measure=lambda run: run.share)
    found = falsify(false, seconds=10).found
    assert found is not None
    assert found.value > 0.45
    assert found.setting.n == 40  # the least of the box
    assert falsify(near, seconds=1).found is None
    words = shlex.split(found.replay)
    assert words[:5] == ["python", "-m", "verify", "replay", "coin.near"]
    setting = json.loads(words[words.index("--setting") + 1])
    assert set(setting) == {"n", "p", "side"}


def test_doctor_knows_its_parameters_and_constants(call: Call) -> None:
    at = ("doctor", "--paper", str(COIN))
    status, out, _ = call(*at, "--n", "10", "--odds", "1", "--side", "tails")
    assert status == 0
    assert out.startswith("n 10, p 0.5, side tails; variance 2.5\n")
    assert "outside, by 2" in out
    assert "The share scatters by 0.16." in out
    assert "not judged, outside enough: 4" in out
    assert re.search(r"n x 2\b|n x 2.1", out)
    _, out, _ = call(*at, "--set", "n=30", "--C", "2", "--json")
    data = json.loads(out)
    assert (data["constants"], data["nearest"]["setting"]["n"]) == ({"C": 2.0}, 40)
    assert call(*at, "--side", "edge")[2] == "verify: error: --side must be one of heads, tails, was 'edge'\n"
    assert "--C must be a finite number > 0" in call(*at, "--C", "0")[2]


def test_its_plane_is_drawn(call: Call, tmp_path: Path) -> None:
    words = ("phase", "fair", "--paper", str(COIN), "--cells", "4", "--runs", "20", "--jobs", "1")
    status, out, _ = call(*words, "--claim", "coin.near", "--out", "p")
    assert status == 0
    located = re.search(r"fair coin: p = ([\d.]+) \[", out)
    assert located
    assert 0.45 < float(located[1]) < 0.55
    table = pd.read_csv(tmp_path / "p" / "fair.csv")
    assert list(table.columns[:6]) == ["p", "n", "inside", "outside", "runs", "more"]
    assert set(table["outside"].dropna()) == {"enough"}
    assert call("phase", "moon", "--paper", str(COIN))[2].endswith("PLANE must be one of fair, was 'moon'\n")


CONFIG = """
name = "coins"
replicates = 30
measure = ["share", "count(tails)", "coin.near"]
[fixed]
n = 50
[grid]
p = [0.25, 0.75]
side = ["heads", "tails"]
"""


def test_it_is_swept_with_words_as_values(call: Call, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CONFIG)
    words = ("sweep", "c.toml", "--paper", str(COIN), "--backend", "serial", "--out", "o")
    status, _, err = call(*words)
    assert (status, err) == (0, "")
    table = pd.read_csv(tmp_path / "o" / "results.csv")
    assert len(table) == 120
    means = table.groupby(["p", "side"])["share"].mean()
    for (p, side), mean in means.items():
        expected = p if side == "heads" else 1 - p
        assert abs(mean - expected) < 5 * (0.1875 / 1500) ** 0.5
    tails = (1 - table["share"]).where(table["side"] == "heads", table["share"])
    assert table["count(tails)"].to_list() == pytest.approx((50 * tails).to_list())
    before = (tmp_path / "o" / "results.csv").read_bytes()
    assert "120 of them finished before" in call(*words)[1]
    assert (tmp_path / "o" / "results.csv").read_bytes() == before
    (tmp_path / "c.toml").write_text(CONFIG.replace('"tails"]', '"edge"]'))
    assert "grid.side must be one of heads, tails, was 'edge'" in call(*words)[2]
    (tmp_path / "c.toml").write_text(CONFIG + "[stop]\nloss = 1\n")
    assert "this engine knows no rule to stop at" in call(*words)[2]


@pytest.mark.usefixtures("in_this_process")
def test_its_falsehoods_are_found(call: Call, tmp_path: Path) -> None:
    words = ("soundness", "--paper", str(COIN), "--profile", "quick", "--jobs", "1", "--suites", "0")
    status, _, _ = call(*words, "--out", "s")
    whole = json.loads((tmp_path / "s" / "soundness.json").read_text())
    record = whole["falsehoods"]
    (mine,) = [f for f in record["falsehoods"] if f["falsehood"] == "1.3 p for p"]
    assert mine["verdict"] == "refuted"
    assert record["total"]["wrongly_supported"] == 0
    assert record["passed"]
    assert status == int(not whole["passed"])


def test_it_is_explained(call: Call) -> None:
    near = load_sources(papers=[str(COIN)]).ledger["coin.near"]
    assert "n 40..400" in explanation(near)


@pytest.mark.usefixtures("in_this_process")
def test_its_report_speaks_of_nothing_else(call: Call, tmp_path: Path) -> None:
    words = ("run", "--paper", str(COIN), "--profile", "quick", "--jobs", "1", "--no-figures", "--out", "r")
    status, out, _ = call(*words)
    assert status == 0
    assert "4 supported, 0 refuted" in out
    page = (tmp_path / "r" / "report.md").read_text()
    assert "coin.near" in page
    assert not FOREIGN.search(page)


@pytest.mark.usefixtures("in_this_process")
def test_the_commands_that_are_printed_find_the_paper_again(call: Call, paper: Paper) -> None:
    """A replay names the folder, as claims files are named; so do `claims`, `explain` and the report."""
    claim = paper.claim_map["coin.near"]
    setting = claim.experiment.setting_class(n=100, p=0.5)  # type: ignore[call-arg]
    words = shlex.split(replay_command(claim, setting, 3, "function"))
    assert words[words.index("--paper") + 1] == str(COIN)
    status, out, _ = call(*words[3:])
    assert (status, out) == (0, "coin.near: the claim holds on this run (measured True)\n")
    assert call("explain", "coin.near", "--paper", str(COIN))[1].startswith("coin.near\n")
    assert [line.split()[0] for line in call("claims", "--paper", str(COIN))[1].splitlines()[::3]] == [
        claim.id for claim in paper.claims
    ]
    done = verify_claims([claim], "quick", counterexamples=False)
    assert f" --paper {COIN} --claims coin.near " in reproduce(done.judgements[0], done.run_info)
