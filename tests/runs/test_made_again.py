"""Runs that are made a second time are kept too: resumed, they are compared and not made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from theory import AbstractSetting, Model
from theory.falsehood import altered
from verify.load import load_claims_file
from verify.pipeline import verify_claims
from verify.runs.batch import Batch, Measurement
from verify.runs.entries import Entries, fault_of_runs, is_entries
from verify.runs.keep import KeptBatches
from verify.runs.plan import RunSpec
from verify.store import RunStore

COUNTED = """
from dataclasses import dataclass
import os
import subprocess
import sys
from pathlib import Path
from theory import AbstractSetting, Box, Claim, Coordinate, Event, Experiment, Source, function_model

MADE = Path(__file__).with_name("made")


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int


def toss(s, rng):
    with MADE.open("a") as file:
        file.write(".")
    return {"share": float((rng.random(s.n) < 0.5).mean())}


TOSSES = Experiment(
    "coins.tosses",
    place=Box("coins", (Coordinate("n", 50, 90, whole=True),), lambda x: Coin(**x)),
    model=function_model(Coin, toss),
    runs={"quick": 40},
)
CLAIMS = [Claim("coins.near", Source("notes", "1"), "derived", "it is near", Event(0.3),
                lambda run: abs(run.share - 0.5) < 0.4, TOSSES)]
"""


def judged(folder: Path, seed: int = 1) -> tuple[Any, int]:
    """The judgement and the number of runs made for it, those made again included."""
    file, made = folder / "coins.py", folder / "made"
    made.write_text("")
    keeper = KeptBatches(RunStore.open(folder / "kept"), "1")
    done = verify_claims(
        load_claims_file(file), seed=seed, jobs=2, keeper=keeper, counterexamples=False, adversaries=False
    )
    return done["coins.near"], len(made.read_text())


def test_a_second_verification_makes_no_run(tmp_path: Path) -> None:
    (tmp_path / "coins.py").write_text(COUNTED, encoding="utf-8")
    first, made = judged(tmp_path)
    assert made >= 42
    second, more = judged(tmp_path)
    assert more == 0
    assert second.decision == first.decision
    assert judged(tmp_path, seed=2)[1] == made


def test_what_was_made_again_has_keys_of_its_own(tmp_path: Path) -> None:
    """A batch of one run and the same run made again are two: comparing a value with itself finds nothing."""
    keeper = KeptBatches(RunStore.open(tmp_path), "1")
    spec = RunSpec("coins.tosses", 0, 0, None, 1, "function", {})
    batch = Batch(0, (spec,), (), ((),), Model("coins", AbstractSetting, {}), "function")
    made = [Measurement(spec, 0, {}, {})]
    keeper.again.save(batch, "cpu", made)
    assert keeper.load(batch, "cpu") is None
    assert keeper.beside.load(batch, "cpu") is None
    assert keeper.again.load(batch, "cpu") == made
    assert (keeper.reused, keeper.added) == (0, 0)


@pytest.mark.parametrize("changed", [True, False])
def test_a_value_that_came_out_otherwise_is_seen_when_resumed(tmp_path: Path, changed: bool) -> None:
    text = COUNTED
    if changed:  # a measure that counts how often it was asked
        text = text.replace(
            "lambda run: abs(run.share - 0.5) < 0.4, TOSSES",
            "lambda run: abs(run.share - 0.5) < 0.4 and (MADE.with_name(f'{run.seed}').exists()"
            " or MADE.with_name(f'{run.seed}').write_text('') is None), TOSSES",
        )
    (tmp_path / "coins.py").write_text(text, encoding="utf-8")
    words = [judged(tmp_path)[0].verdict for _ in range(2)]
    assert words == (["errored"] * 2 if changed else ["supported"] * 2)


GLOBAL = COUNTED.replace("rng.random(s.n)", "__import__('numpy').random.random(s.n)")


def test_runs_that_ignore_their_seed_end_errored_though_the_values_agree(tmp_path: Path) -> None:
    """True equals True: what the runs hold is compared, not the claims' values alone."""
    (tmp_path / "coins.py").write_text(GLOBAL, encoding="utf-8")
    for _ in range(2):  # resumed too
        judgement, _ = judged(tmp_path)
        assert judgement.verdict == "errored"
        said = "share of two runs of one seed differs: a run must be a function of (setting, seed)"
        assert said in judgement.decision.reason
        assert judgement.decision.reason.startswith("The model's own code failed on run ")
        assert "\n" not in judgement.decision.reason


class Held:
    """A run of a class: an array, a list of tuples, a number, and what cannot be compared."""

    def __init__(self, end: float, far: Any = 1.0) -> None:
        self.path, self.marks, self.end, self.tool = np.arange(3.0), [(1, far)], end, object()

    @property
    def broken(self) -> float:
        raise RuntimeError("no")


def test_every_entry_that_has_bytes_is_compared() -> None:
    one = Entries()(Held(2.0))
    assert set(one) == {"path", "marks", "end"}
    assert fault_of_runs(one, Entries()(Held(2.0))) is None
    assert "end of two" in str(fault_of_runs(one, Entries()(Held(-2.0))))
    assert "marks of two" in str(fault_of_runs(one, Entries()(Held(2.0, 3.0))))
    arms = [Entries()(altered(Held(2.0), control=Held(far))) for far in (1.0, 2.0)]
    assert "control.end of two" in str(fault_of_runs(*arms))


def test_runs_of_built_in_models_are_measured_by_their_claims_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from theory.paper import load_paper

    seen: list[str] = []

    def no_runs(work: Any, *more: Any, **named: Any) -> Any:
        seen.extend(name for batch in work for name in batch.names)
        raise StopIteration

    monkeypatch.setattr("verify.pipeline.make_runs", no_runs)
    with pytest.raises(StopIteration):
        verify_claims(load_paper("two_stage").claims[:3], seed=1)
    assert seen
    assert not [name for name in seen if is_entries(name)]


def test_the_order_of_what_has_none_and_the_sign_of_a_nan_are_no_difference() -> None:
    """The order of a set of words is another one in every process."""

    def entries(marks: Any) -> dict[str, str]:
        return Entries()(Held(2.0, marks))

    long = [float(k) for k in range(1000)]
    for one, same, other in (
        ({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}, {"a": 2.0, "b": 1.0}),
        (
            {"a": np.arange(3), "b": {"c": 1}},
            {"b": {"c": 1}, "a": np.arange(3)},
            {"b": {"c": 2}, "a": np.arange(3)},
        ),
        (np.array([np.nan, 1.0]), np.array([-np.nan, 1.0]), np.array([1.0, np.nan])),
        (long, list(long), [*long[:-1], 0.5]),
    ):
        assert fault_of_runs(entries(one), entries(same)) is None
        assert "marks of two" in str(fault_of_runs(entries(one), entries(other)))


def test_a_set_of_words_has_no_order_in_any_process() -> None:
    code = (
        "from types import SimpleNamespace as Run; from verify.runs.entries import Entries;"
        "print(Entries()(Run(values={'w': 0}, w={'one', 'two', 'three', 'four'})))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert b"w" in said.pop()
