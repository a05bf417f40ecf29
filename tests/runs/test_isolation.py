"""A claim's own code may do anything: its claim fails, with run and line, and all others are judged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from theory import Claim, Event, Source
from verify.load import load_claims_file, load_sources
from verify.outcome import Verification
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend
from verify.runs.batch import batches
from verify.runs.keep import KeptBatches
from verify.runs.loky import LokyBackend
from verify.runs.make import Made, RunFailed, make_runs, recheck
from verify.runs.plan import plan_runs
from verify.search.falsify import falsify
from verify.search.shrink import measure_at
from verify.store import RunStore

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FAILING = {"raises": "raised", "exits": "exited", "kills": "died", "hangs": "timed out"}


def judged(file: Path, jobs: int, seconds: float = 2.0) -> Verification:
    sources = load_sources([file], wanted=[f"{file.stem}.*"])
    assert not sources.papers  # a stranger's claims load no paper
    return verify_claims(
        list(sources.ledger),
        "quick",
        0,
        jobs,
        claim_seconds=seconds,
        counterexamples=False,
        adversaries=False,  # toys that could not fail
    )


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_four_bad_claims_leave_six_verdicts(jobs: int) -> None:
    done = judged(HERE / "stranger.py", jobs)
    verdicts = {j.claim.id.partition(".")[2]: j for j in done.judgements}
    assert {name: j.decision.statistic.get("failure") for name, j in verdicts.items() if name in FAILING} == (
        FAILING
    )
    assert all(j.verdict == "errored" for name, j in verdicts.items() if name in FAILING)
    good = {name: j.verdict for name, j in verdicts.items() if name not in FAILING}
    assert good == {**{f"good_{k}": "supported" for k in range(1, 6)}, "false": "refuted"}
    assert done.exit_status == 3
    reason = verdicts["raises"].decision.reason
    assert "KeyError: 'no such thing'" in reason
    line = next(
        k
        for k, text in enumerate((HERE / "stranger.py").read_text().splitlines(), 1)
        if "raise" in text and "KeyError" in text
    )
    assert f"stranger.py:{line}" in reason
    assert "python -m verify replay stranger.raises --setting" in reason
    assert "Coin(n=" in reason


HEAD = """
import numpy as np
from dataclasses import dataclass
from theory import *
@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int
E = Experiment("{name}.e", place=fixed(Coin(10)), runs={{"quick": 100}},
               model=function_model(Coin, lambda s, rng: {{"x": rng.random(s.n)}}))
def claim(id, measure, rule=Event(delta=.05)):
    return Claim(id="{name}." + id, source=Source("me", "1"), provenance="derived", statement="s", rule=rule,
                 measure=measure, experiment=E)
"""


def written(folder: Path, name: str, body: str) -> Path:
    file = folder / f"{name}.py"
    file.write_text(HEAD.format(name=name) + body)
    return file


OTHER = "claim('other', lambda run: bool(np.any(np.diff(run.x) < 0)))]\n"
#: By name: a first claim that fails, and what its judgement says.
FAULTS_OF_CODE = {
    "sorts": ("CLAIMS = [claim('first', lambda run: run.x.sort() is None), ", "read-only"),
    "draws": (
        "rng = np.random.default_rng(0)\nCLAIMS = [claim('first', lambda run: rng.random() < .96), ",
        "not reproducible: gave",
    ),
    "typed": ("CLAIMS = [claim('first', lambda run: 'yes'), ", "must be True or False, was 'yes'"),
    "unmade": (
        "def broken(s, rng):\n    raise RuntimeError('out of luck')\n"
        "M = function_model(Coin, broken)\n"
        "F = Experiment('unmade.f', place=fixed(Coin(3)), runs={'quick': 5}, model=M)\n"
        "from dataclasses import replace\n"
        "CLAIMS = [replace(claim('first', lambda run: 1), experiment=F), ",
        "5 of 5 runs could not be made: RuntimeError: out of luck",
    ),
}


@pytest.mark.parametrize(
    ("name", "jobs"), [("sorts", 1), ("sorts", 2), ("draws", 1), ("draws", 2), ("typed", 1), ("unmade", 1)]
)
def test_a_claim_that_fails_errs_alone(tmp_path: Path, name: str, jobs: int) -> None:
    """It changes nothing that others see, and its reason says what happened."""
    code, said = FAULTS_OF_CODE[name]
    done = judged(written(tmp_path, name, code + OTHER), jobs)
    assert [j.verdict for j in done.judgements] == ["errored", "supported"]
    assert said in done[f"{name}.first"].decision.reason


def test_state_that_grows_with_the_runs_is_not_reproducible(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "counting",
        "seen = {}\n"
        "count = lambda run: float(seen.setdefault(run.seed, len(seen)))\n"
        "CLAIMS = [claim('counts', count, Band(-1., 1e9, 'x'))]\n",
    )
    done = judged(file, 2)
    # Called twice on one run it answers alike; made again in a new process and another order, it does not.
    assert done.judgements[0].verdict == "errored"


def test_what_a_failing_claim_left_out_is_made_again_on_resume(tmp_path: Path) -> None:
    body = "CLAIMS = [claim('kills', lambda run: os._exit(9)), claim('other', lambda run: run.x[0] < 2)]\n"
    file = written(tmp_path, "again", "import os\n" + body)
    sources = load_sources([file], wanted=["again.*"])
    seen = []
    for _ in range(2):
        keeper = KeptBatches(RunStore.open(tmp_path / "kept"), "1")
        done = verify_claims(
            list(sources.ledger), "quick", 0, 1, claim_seconds=5.0, keeper=keeper, adversaries=False
        )
        seen.append([j.verdict for j in done.judgements])
        assert keeper.reused == 0  # no batch was measured whole
    assert seen == [["errored", "supported"]] * 2


def test_a_measure_that_fails_the_second_time_only_is_noted() -> None:
    from stranger import TOSSES

    again = False

    def measure(run: object) -> bool:
        if again:
            raise RuntimeError("not again")
        return True

    specs = plan_runs(TOSSES, "quick", 0)[:8]
    work = batches(TOSSES, specs, {"m": measure}, {spec.index: ["m"] for spec in specs})
    notes = Made()
    made = {TOSSES.id: {m.spec.index: m for m in make_runs(work, notes)}}
    recheck(work, made, notes, device="cpu", backend=SerialBackend())
    assert not notes.failures
    again = True
    recheck(work, made, notes, device="cpu", backend=SerialBackend())
    assert notes.failures["m"][1].kind == "not reproducible"
    assert "not again" in notes.failures["m"][1].text


def test_runs_made_again_reach_every_measure_and_stay_few() -> None:
    """One in a hundred, two of a measure at least, fifty of a large experiment."""
    from stranger import TOSSES

    (first, *_) = plan_runs(TOSSES, "quick", 0)

    def asked(runs: int, rare: set[int]) -> Counter[str]:
        asked: Counter[str] = Counter()

        def often(run: object) -> bool:
            asked["often"] += 1
            return True

        def seldom(run: object) -> bool:
            asked["rare"] += 1
            return True

        specs = [replace(first, index=k) for k in range(runs)]
        wanted = {k: ["often", "rare"] if k in rare else ["often"] for k in range(runs)}
        work = batches(TOSSES, specs, {"often": often, "rare": seldom}, wanted)
        made = {TOSSES.id: {m.spec.index: m for m in make_runs(work, Made())}}
        asked.clear()
        recheck(work, made, Made(), device="cpu", backend=SerialBackend())
        return asked

    assert asked(200, {3, 5, 7}) == {"often": 4, "rare": 2}
    assert asked(8000, set()) == {"often": 50}


def command(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "verify", *arguments], cwd=cwd, capture_output=True, text=True, timeout=240
    )


def test_a_helper_beside_the_file_and_a_simulation_of_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "simulation.py").write_text("raise SystemExit('the wrong module')\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "helper.py").write_text("def holds(run):\n    return True\n")
    file = written(tmp_path / "mine", "helped", "import helper\nCLAIMS = [claim('a', helper.holds)]\n")
    done = command(
        "run", "--claims-file", str(file), "--claims", "helped.*", "--profile", "quick", "--jobs", "2",
        "--no-adversaries",
        "--no-figures", "--out", str(tmp_path / "out"), cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (record,) = json.loads((tmp_path / "out" / "claims.json").read_text())
    assert record["verdict"] == "supported"


A = "from dataclasses import replace\nCLAIMS = [claim('a', lambda r: True)]\n"
FAULTY = {
    "parameter must be one of": "Sweep(CLAIMS, 'eta', (1.,))",
    "constants must be theory.Constants, was a dict": "replace(CLAIMS[0], constants={'C': 1.})",
    "reason must be text, was 0.05": "replace(CLAIMS[0], rule=Bound(0.05, 0.05, 0.05))",
    "statement is no text that can be written": "replace(CLAIMS[0], statement='\\ud800')",
    "ZeroDivisionError": "1 / 0",
}


@pytest.mark.parametrize("said", FAULTY)
def test_a_file_that_does_not_import_ends_with_two_and_its_line(tmp_path: Path, said: str) -> None:
    file = written(tmp_path, "wrong", A + FAULTY[said] + "\n")
    out = tmp_path / "out"
    done = command("run", "--claims-file", str(file), "--claims", "wrong.*", "--out", str(out), cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert f"{file}:{len(file.read_text().splitlines())}" in line
    assert said in line
    assert not out.exists()


def test_nothing_judged_ends_with_five(tmp_path: Path) -> None:
    file = written(tmp_path, "idle", "CLAIMS = [claim('a', lambda run: NotApplicable('never'))]\n")
    assert judged(file, 1).exit_status == 5


def test_words_that_fail(tmp_path: Path) -> None:
    file = written(tmp_path, "few", "CLAIMS = [claim('a', lambda run: bool(run.x[0] < .95))]\n")
    done = judged(file, 1)
    assert done.judgements[0].verdict == "inconclusive"
    assert (done.status(), done.status(("inconclusive",))) == (0, 1)


def test_a_claim_outside_a_file_is_measured_too() -> None:
    from stranger import TOSSES

    own = Claim(
        id="local.heads", source=Source("x", "1"), provenance="derived", statement="s", rule=Event(),
        measure=lambda run: bool(np.isfinite(run.heads)), experiment=TOSSES,
    )  # fmt: skip
    assert verify_claims([own], "quick", adversaries=False).judgements[0].verdict == "supported"


SAID = {
    "raises": "KeyError: 'no such thing'",
    "exits": "asked the interpreter to exit",
    "kills": "ended its process",
    "hangs": "gave no answer within 2 s",
}


@pytest.mark.parametrize("name", SAID)
def test_falsify_and_replay_say_what_a_claims_own_code_did(name: str) -> None:
    """As `run` does, within its limits: status 3, one line that names claim, run and setting."""
    (own,) = [c for c in load_claims_file(HERE / "stranger.py") if c.id == f"stranger.{name}"]
    with pytest.raises(
        RunFailed, match=rf"^claim stranger\.{name}: run .* at Coin\(n=.*{SAID[name]}"
    ) as caught:
        falsify(own, seconds=20.0, claim_seconds=2.0)
    assert caught.value.status == 3
    if name == "hangs":
        return  # a replay has a minute
    setting = own.experiment.setting_class(n=60, p=0.5)  # type: ignore[call-arg]
    with pytest.raises(RunFailed, match=SAID[name]):
        measure_at(own, setting, 0, "function")


def test_a_command_ends_with_the_status_of_its_error() -> None:
    words = ["falsify", "stranger.kills", "--claims-file", str(HERE / "stranger.py"), "--budget", "9s"]
    done = command(*words, cwd=ROOT)
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("verify: error: claim stranger.kills: run ")


@pytest.mark.slow
@pytest.mark.parametrize(("pause", "processes"), [(0.0, 1), (0.3, 2)])
def test_a_second_worker_starts_when_the_first_has_work_for_it(pause: float, processes: int) -> None:
    """To start a process takes longer than many a check of a user's claims."""
    from stranger import TOSSES

    def where(run: object) -> float:
        time.sleep(pause)
        return float(os.getpid())

    specs = plan_runs(TOSSES, "quick", 0)[:12]
    work = [  # a batch a run
        batch for spec in specs for batch in batches(TOSSES, [spec], {"m": where}, {spec.index: ["m"]})
    ]
    backend = LokyBackend(2, sparing=True)
    seen = [m.values["m"] for m in make_runs(work, Made(), backend=backend)]
    assert len(seen) == 12  # each once, whoever made it
    assert len(set(seen)) >= processes
    if processes == 1:
        assert len(set(seen)) == 1
