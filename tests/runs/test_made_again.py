"""Runs that are made a second time are kept too: resumed, they are compared and not made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from verify.load import load_claims_file
from verify.pipeline import verify_claims
from verify.runs.keep import KeptBatches
from verify.store import RunStore

COUNTED = """
from dataclasses import dataclass
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
    assert keeper.again.version != keeper.version
    assert keeper.again.store is keeper.store


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
