"""What a claim's code is, function by function; what `diff` says where it changed; runs made again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import verify
from theory.ledger import builtin_ledger
from theory.run import NotApplicable
from verify.code_digest import code_of
from verify.diff import difference
from verify.load import load_claims_file
from verify.pipeline import verify_claims
from verify.report.claims import claim_record

Call = Callable[..., tuple[int, str, str]]

COINS = """
from dataclasses import dataclass
from functools import partial
from theory import AbstractSetting, Box, Claim, Coordinate, Event, Experiment, Source, function_model

NEAR = 0.4


@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int


def heads(s, rng):
    return (rng.random(s.n) < 0.5).mean()


def toss(s, rng):
    return {"share": float(heads(s, rng))}


def within(run, room):
    return abs(run.share - 0.5) < room * NEAR


def unused(run):
    return True


TOSSES = Experiment(
    "coins.tosses",
    place=Box("coins", (Coordinate("n", 50, 90, whole=True),), lambda x: Coin(**x)),
    model=function_model(Coin, toss),
    runs={"quick": 60, "default": 200},
)
CLAIMS = [
    Claim("coins.near", Source("notes", "1"), "derived", "it is near", Event(0.05),
          partial(within, room=1.0), TOSSES),
    Claim("coins.half", Source("notes", "2"), "derived", "it is exact", Event(0.05),
          lambda run: run.share == 0.5, TOSSES),
]
"""


def codes(folder: Path, name: str, text: str) -> dict[str, dict[str, str]]:
    file = folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    return {claim.id: code_of(claim) for claim in load_claims_file(file)}


def changed(folder: Path, old: str, new: str) -> set[str]:
    """Names of what differs in the code of the first claim when a text is replaced."""
    assert COINS.count(old) == 1
    before, after = codes(folder, "before", COINS), codes(folder, "after", COINS.replace(old, new))
    one, other = before["coins.near"], after["coins.near"]
    return {name for name in {*one, *other} if one.get(name) != other.get(name)}


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("< 0.5).mean()", "<= 0.5).mean()", {"heads"}),
        ('{"share": float', '{"share": 1.0 * float', {"simulate"}),
        ("abs(run.share - 0.5)", "abs(0.5 - run.share)", {"measure"}),
        ("NEAR = 0.4", "NEAR = 0.3", {"NEAR"}),
        ("    return True\n", "    return False\n", set()),
        ('"it is near"', '"it is near indeed"', set()),
        ("\nNEAR", "\n\n# a comment\nNEAR", set()),
    ],
)
def test_what_changed_is_named_and_nothing_else(tmp_path: Path, old: str, new: str, names: set[str]) -> None:
    assert changed(tmp_path, old, new) == names


def test_code_is_of_the_claims_own_folder() -> None:
    names = code_of(builtin_ledger()["two_stage.recursion.gamma"])
    assert {"measure", "proof", "loss_derivative"} <= set(names)
    assert not any("sympy" in name or name == "np" for name in names)
    assert all(len(digest) == 12 for name, digest in names.items() if name.islower())


def test_a_difference_tells_which_function_changed(tmp_path: Path) -> None:
    texts = {
        "old": COINS,
        "new": COINS.replace("run.share == 0.5", "run.share <= 0.5").replace("NEAR = 0.4", "NEAR = 0.39"),
    }
    for name, text in texts.items():
        folder = tmp_path / name
        folder.mkdir()
        file = folder / "coins.py"
        file.write_text(text, encoding="utf-8")
        done = verify_claims(load_claims_file(file), seed=3, counterexamples=False, adversaries=False)
        records = [claim_record(judgement) for judgement in done.judgements]
        if name == "new":  # a verdict that moved
            records[1]["verdict"] = "supported"
        (folder / "claims.json").write_text(json.dumps(records), encoding="utf-8")
    found = difference(tmp_path / "old", tmp_path / "new")
    (change,) = found.changed
    assert change.id == "coins.half"
    assert "code.measure" in change.by
    assert "code.simulate" not in change.by
    assert found.rewritten == {"coins.near": ("NEAR",)}
    assert "coins.near: verdict as before, changed code: NEAR" in list(found.lines())


def test_reports_without_code_are_compared_without_it(tmp_path: Path) -> None:
    record = {"id": "a.b", "verdict": "supported", "reason": ""}
    for name, more in (("old", {}), ("new", {"code": {"measure": "1"}})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "claims.json").write_text(json.dumps([record | more]))
    assert difference(tmp_path / "old", tmp_path / "new").rewritten == {}


def test_a_counterexample_is_made_again_from_python(tmp_path: Path) -> None:
    file = tmp_path / "coins.py"
    file.write_text(COINS, encoding="utf-8")
    done = verify_claims(load_claims_file(file), seed=3, adversaries=False)
    judgement = done["coins.half"]
    found = judgement.counterexample
    assert found is not None
    seen = verify.replay(judgement)
    assert (seen.value, seen.setting, seen.seed) == (found.value, found.setting, found.seed)
    by_id = verify.replay("coins.half", found.setting.as_dict(), found.seed, claims_file=file)
    assert by_id.value == found.value
    with pytest.raises(ValueError, match=r"coins\.near has no counterexample"):
        verify.replay(done["coins.near"])
    with pytest.raises(ValueError, match="must be a Coin, or a mapping of"):
        verify.replay("coins.half", {"m": 3}, 0, claims_file=file)
    with pytest.raises(ValueError, match=r"no claim 'coins\.none'"):
        verify.replay("coins.none", {"n": 60}, 0, claims_file=file)
    with pytest.raises(ValueError, match="setting and seed must say"):
        verify.replay(judgement.claim)
    assert not isinstance(seen.value, NotApplicable)


def test_claims_of_a_file_come_first(tmp_path: Path, command: Call) -> None:
    file = tmp_path / "coins.py"
    file.write_text(COINS, encoding="utf-8")
    status, out, err = command("claims", "--claims-file", str(file))
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")][:2] == [
        "coins.near",
        "coins.half",
    ]
