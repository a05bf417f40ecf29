"""Help and explanations: at once, loading nothing heavy, of every command, option and claim."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from every import every

from theory.claim import Claim, Proof
from theory.ledger import builtin_ledger
from theory.rules import Kind
from verify.cli.explain import explanation

Call = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "sympy", "matplotlib", "pandas", "scipy", "hypothesis", "statsmodels", "networkx", "joblib")


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of `python ARGUMENTS`."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=200)
    return done.returncode, done.stdout, done.stderr


def test_help_comes_at_once() -> None:
    """Measured against loading the command-line library alone: torch by itself takes fifteen times that."""

    def fastest(commands: Sequence[tuple[str, ...]]) -> list[float]:
        times: list[list[float]] = [[] for _ in commands]
        for _ in range(3):
            for command, mine in zip(commands, times, strict=True):
                began = time.perf_counter()
                status, _, _ = run(*command)
                mine.append(time.perf_counter() - began)
                assert status == 0
        return [min(mine) for mine in times]

    library, answer = fastest([("-c", "import typer"), ("-m", "verify", "--help")])
    assert answer < 6 * library


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ("--help", set()),
        ("run --help", set()),
        ("run --profile slow", set()),
        ("run --claims no.such.*", {"sympy", "networkx", "scipy"}),  # what the ledger is made of
    ],
)
def test_help_and_refusals_load_nothing_heavy(arguments: str, needed: set[str]) -> None:
    _, _, err = run("-X", "importtime", "-m", "verify", *arguments.split())
    loaded = {line.rsplit("|", 1)[-1].strip() for line in err.splitlines() if line.startswith("import time:")}
    assert {"typer", "verify.cli.main"} <= loaded
    assert not loaded & (set(HEAVY) - needed)


def test_the_help_names_every_command_and_option() -> None:
    status, out, err = run("-m", "verify", "--help")
    assert (status, err) == (0, "")
    assert all(f" {command} " in out for command in ("run", "claims", "explain", "replay"))
    status, out, err = run("-m", "verify", "run", "--help")
    options = ("--profile", "--out", "--claims", "--claims-file", "--seed", "--device", "--jobs")
    assert (status, err) == (0, "")
    assert all(option in out for option in options)


# Claims and explanations ---------------------------------------------------------------------------------


def test_claims_lists_every_claim(command: Call) -> None:
    status, out, err = command("claims")
    assert (status, err) == (0, "")
    for claim in builtin_ledger():
        assert f"{claim.id}  [{claim.provenance}, {claim.kind}]  {claim.source}\n" in out
        assert claim.statement in out


def test_claims_as_json_has_the_fields_of_the_contract(command: Call) -> None:
    status, out, err = command("claims", "--json")
    assert (status, err) == (0, "")
    records = json.loads(out)
    assert [r["id"] for r in records] == [c.id for c in builtin_ledger()]
    for record in records:
        assert set(record["source"]) >= {"paper", "item"}
        assert record["provenance"] in ("paper", "framework", "derived")
        assert record["kind"] in Kind.__args__  # type: ignore[attr-defined]
        assert isinstance(record["statement"], str)
        assert all(isinstance(name, str) for name in record["conditions"])


@every(builtin_ledger(), lambda claim: claim.id)
def test_every_claim_can_be_explained(claim: Claim) -> None:
    if claim.proof is not None:  # proofs have tests of their own
        claim = replace(claim, proof=lambda: Proof(True, ("Compare both sides.",)))
    text = explanation(claim)
    plain = " ".join(text.split())
    assert text.startswith(claim.id)
    for part in (claim.statement, claim.note, claim.measured, claim.rule.reason, str(claim.source)):
        assert " ".join(part.split()) in plain
    for condition in claim.conditions:
        assert f"{condition.name} ({condition.provenance}): {condition.latex}" in text
    if claim.prediction is not None:
        assert " ".join(claim.prediction.latex.split()) in plain
    if claim.proof is not None:
        assert "Symbolic proof: holds\n    1. Compare both sides." in text
    assert ("[left out on purpose: this is a probe]" in text) == claim.is_probe
    assert claim.experiment.id in text


def test_explain_prints_it(command: Call) -> None:
    status, out, err = command("explain", "two_stage.recursion.gamma")
    assert (status, err) == (0, "")
    assert "Symbolic proof: holds" in out
    assert out == explanation(builtin_ledger()["two_stage.recursion.gamma"]) + "\n"
