"""The seed that nobody chose, and what changes with another one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from decide_cases import claim_of
from typer.testing import CliRunner

from theory import AbstractSetting, Box, Claim, Coordinate, Experiment, Source, function_model
from theory.condition import Condition, Constants
from theory.rng import generator
from theory.rules import Band, Event
from verify.cli.main import app
from verify.pipeline import verify_claims
from verify.release_seed import release_seed
from verify.runs.backends import SerialBackend
from verify.stability import stability, stability_seeds


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int
    p: float = 0.5


MODEL = function_model(Coin, lambda s, rng: {"x": rng.random()}, name="stability")


def box(high: int) -> Box:
    return Box("coins", (Coordinate("n", 10, high, whole=True),), lambda x: Coin(int(x["n"])))


def claim(name: str = "a", rate: float = 0.0, rule: Any = None, high: int = 100, **changes: Any) -> Claim:
    def measure(run: Any) -> bool:
        return bool(generator(run.seed, name).random() >= rate)

    experiment = Experiment(f"stability.{high}", place=box(high), model=MODEL, runs={"quick": 100})
    fields = {"rule": rule or Event(), "measure": measure} | changes
    return claim_of(f"stability.{name}", experiment, **fields)


def test_the_seed_is_a_function_of_what_is_judged() -> None:
    seed = release_seed([claim("a"), claim("b")], "1.0")
    assert 0 <= seed < 2**31
    assert seed == release_seed([claim("b"), claim("a")], "1.0")
    symbol = Coin.letters().keys()
    n = next(s for s in symbol if s.name == "n")
    many = Condition("many", n, 5 + 0 * n, Source("example", "1"), "derived", "why")
    fewer = replace(claim("a").experiment, runs={"quick": 9})
    changed = {
        "version": release_seed([claim("a"), claim("b")], "1.1"),
        "one claim less": release_seed([claim("a")], "1.0"),
        "margin": release_seed([claim("a", rule=Event(delta=0.06)), claim("b")], "1.0"),
        "rule": release_seed([claim("a", rule=Band(0, 1, "why")), claim("b")], "1.0"),
        "place": release_seed([claim("a", high=101), claim("b")], "1.0"),
        "what it closes over": release_seed([claim("a", rate=0.1), claim("b")], "1.0"),
        "measure": release_seed([claim("a", measure=lambda run: run.x > 0), claim("b")], "1.0"),
        "conditions": release_seed([claim("a", conditions=(many,)), claim("b")], "1.0"),
        "constants": release_seed([claim("a", constants=Constants({"C": 2.0})), claim("b")], "1.0"),
        "runs": release_seed([claim("a", experiment=fewer), claim("b")], "1.0"),
    }  # fmt: skip
    assert len({seed, *changed.values()}) == 1 + len(changed), changed


def test_the_built_in_seed_is_the_same_in_another_process() -> None:
    import os
    import subprocess
    import sys

    from theory.ledger import builtin_ledger

    code = (
        "from theory.ledger import builtin_ledger; from verify.release_seed import release_seed;"
        "print(release_seed(list(builtin_ledger())[:40], '1'))"
    )
    hashed = os.environ | {"PYTHONHASHSEED": "1"}  # sets and dicts are not in the order that they have here
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=hashed
    )
    assert int(there.stdout) == release_seed(list(builtin_ledger())[:40], "1")


def test_a_verification_without_a_seed_takes_it() -> None:
    mine = [claim("a")]
    done = verify_claims(mine, "quick", counterexamples=False, backend=SerialBackend())
    assert done.run_info["seed"] == release_seed(mine)


def test_a_verdict_that_hangs_on_the_seed_is_reported() -> None:
    """Violation rate .02 against delta .05, 100 runs: supported at some seeds, undecided at others."""
    claims = [claim("shaky", 0.02), claim("firm", 0.0), claim("false", 0.9)]
    found = stability(
        lambda s: verify_claims(claims, "quick", s, counterexamples=False, backend=SerialBackend()),
        stability_seeds(7, 6),
    )
    assert found.claims == 3
    assert [f.claim_id for f in found.flips] == ["stability.shaky"]
    assert set(found.flips[0].words) == {"supported", "inconclusive"}
    assert not found.opposite
    assert not found.steady  # one of three is more than 5 %
    assert "1 of 3 verdicts are not the same at 6 seeds" in found.text
    with pytest.raises(ValueError, match="--seeds must be at least 2"):
        stability_seeds(0, 1)


def test_the_command(tmp_path: Path) -> None:
    file = Path(__file__).parents[1] / "planted" / "coin_rules.py"
    args = ["stability", "--seeds", "2", "--profile", "quick", "--claims-file", str(file),
            "--claims", "coin_rules.universal*", "--jobs", "1"]  # fmt: skip
    done = CliRunner().invoke(app, args, standalone_mode=False)
    assert done.return_value == 0, done.output
    assert "0 of 4 verdicts are not the same at 2 seeds" in done.output
