"""`verify run --plan`: what it counts is what is made, and seconds follow the work within an experiment."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from verify.load import load_claims_file
from verify.pipeline import verify_claims
from verify.run_plan import plan_of_run

SLEEPY = """
import time
from dataclasses import dataclass
from theory import AbstractSetting, Box, Claim, Coordinate, Event, Experiment, Source, function_model


@dataclass(frozen=True)
class Nap(AbstractSetting):
    n: int


def nap(s, rng):
    time.sleep(0.01)
    return {"high": bool(rng.random() < 2)}


NAPS = Experiment(
    "naps.short",
    place=Box("naps", (Coordinate("n", 50, 90, whole=True),), lambda x: Nap(**x)),
    model=function_model(Nap, nap),
    runs={"quick": 200, "default": 400},
)
CLAIMS = [
    Claim(f"naps.{k}", Source("notes", "1"), "derived", "it is", Event(0.05), lambda run: run.high, NAPS)
    for k in ("one", "two")
]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "naps.py"
    path.write_text(SLEEPY, encoding="utf-8")
    return path


def test_runs_are_counted_and_seconds_predicted(file: Path) -> None:
    claims = load_claims_file(file)
    plan = plan_of_run(claims, "quick", 0, workers=1)
    assert (plan.claims, plan.runs, plan.steps) == (2, 200, 0)
    # A nap of .01 s a run, in a worker: no load of this machine makes it shorter.
    assert plan.by_experiment["naps.short"] > 0.9 * 200 * 0.01
    assert plan.making == pytest.approx(plan.by_experiment["naps.short"])
    assert plan_of_run(claims, "default", 0, workers=1).runs == 400


def test_several_workers_share_the_work_and_make_some_again(file: Path) -> None:
    claims = load_claims_file(file)
    plan = plan_of_run(claims, "quick", 0, workers=4)
    work = plan.by_experiment["naps.short"]
    assert 1.05 * work / 4 * 0.99 <= plan.making < 0.7 * work
    assert plan.seconds > plan.making


def test_a_built_in_paper_is_planned_in_this_process() -> None:
    from theory.ledger import builtin_ledger

    claims = [c for c in builtin_ledger() if c.id.startswith("two_stage.theorem_4_1.clean_fit")]
    plan = plan_of_run(claims, "quick", 0)
    began = time.process_time()
    done = verify_claims(claims, seed=0, counterexamples=False, adversaries=False)
    took = time.process_time() - began
    assert plan.runs == done.run_info["runs"]
    assert plan.steps == done.run_info["gradient_steps"]
    # A wide net: what is meant is that it is no order of magnitude off.
    assert took / 8 < plan.making + 0.5 < 8 * took + 2


def test_the_command_plans_and_judges_nothing(
    file: Path, tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    out = tmp_path / "report"
    words = ["run", "--claims-file", str(file), "--claims", "naps.*", "--profile", "quick", "--plan"]
    status, said, err = command(*words, "--jobs", "1", "--out", str(out))
    assert (status, err) == (0, "")
    assert not out.exists()
    assert said.splitlines()[:2] == ["claims         2", "runs           200, in 1 experiments"]
    assert "naps.short" in said
