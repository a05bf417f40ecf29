"""The command line: run, claims, explain, replay, and those of `cli_explore`. Heavy imports wait until a
command needs them."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulation.console import run_app, spread_options
from verify.cli import conformance as cli_conformance
from verify.cli import explore as cli_explore
from verify.cli import soundness as cli_soundness
from verify.cli import sweep as cli_sweep
from verify.cli.options import ClaimsFiles, Outside, check_seed, find_claim, naming
from verify.profiles import PROFILES, worker_count
from verify.resume import check_apart, kept_runs

if TYPE_CHECKING:
    from theory.claim import Claim
    from theory.two_stage.setting import Setting

__all__ = ["app", "main"]

app = typer.Typer(
    name="verify",
    help="Judge theorems: which claims hold, where they stop holding, on what evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    profile: Annotated[str, typer.Option(help="quick, default or full")] = "default",
    out: Annotated[Path, typer.Option(help="folder of the report")] = Path("reports/latest"),
    claims: Annotated[list[str] | None, typer.Option(help="only claims matching these globs")] = None,
    claims_file: ClaimsFiles = None,
    seed: Annotated[int, typer.Option(help="base seed, >= 0")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    jobs: Annotated[int | None, typer.Option(help="worker processes (default: one per core)")] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="reuse the finished runs in DIR and add to them; made if absent"),
    ] = None,
    soundness: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="a soundness.json: falsehoods it lists as not found are reported"),
    ] = None,
) -> int:
    """Run the verification and write the report; exit status 1 if a claim is refuted."""
    if profile not in PROFILES:
        raise ValueError(f"--profile must be one of {', '.join(PROFILES)}, was {profile!r}")
    check_seed(seed)
    if jobs is not None and jobs < 1:
        raise ValueError(f"--jobs must be at least 1, was {jobs}")

    from verify.load import load_ledger
    from verify.report import check_writable, write_report

    ledger = load_ledger(claims_file or [])
    with naming("--claims"):
        chosen = ledger.matching(claims) if claims else list(ledger)
    with naming("--out"):
        check_writable(out)
    if resume is not None:
        check_apart(resume, out)
    from verify.soundness.limits import load_limits, with_limits

    with naming("--soundness"):
        limits = {} if soundness is None else load_limits(soundness)

    from simulation.two_stage.training import resolve_device
    from theory.paper import find_papers
    from verify.cli.summary import print_summary
    from verify.pipeline import verify_claims

    resolved = _device(resolve_device, device, profile)
    with kept_runs(resume, claims_file or []) as keeper:
        verification = verify_claims(
            chosen,
            profile=profile,
            seed=seed,
            jobs=1 if resolved.startswith("cuda") else worker_count(jobs),
            device=resolved,
            questions=[q for paper in find_papers().values() for q in paper.questions],
            progress=sys.stderr.isatty(),
            keeper=keeper,
        )
        verification = with_limits(verification, limits)
        write_report(verification, out)
    print_summary(verification, out)
    return verification.exit_status


def _device(resolve, device: str, profile: str) -> str:  # type: ignore[no-untyped-def]
    """Small runs are faster on the CPU; "auto" takes a GPU only for the full profile."""
    if device == "auto" and profile != "full":
        return "cpu"
    resolved: str = resolve(device)
    return resolved


@app.command("claims")
def list_claims(
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
    claims_file: ClaimsFiles = None,
) -> None:
    """Every claim: id, source, statement, provenance, conditions."""
    from verify.load import load_ledger

    ledger = load_ledger(claims_file or [])
    if as_json:
        print(json.dumps([_claim_dict(c) for c in ledger], indent=2, ensure_ascii=False))
        return
    for claim in ledger:
        conditions = ", ".join(c.name for c in claim.conditions) or "none"
        print(f"{claim.id}  [{claim.provenance}, {claim.kind}]  {claim.source}")
        print(f"    {claim.statement}")
        print(f"    conditions: {conditions}")


def _claim_dict(claim: Claim) -> dict[str, object]:
    return {
        "id": claim.id,
        "source": claim.source.as_dict(),
        "provenance": claim.provenance,
        "kind": claim.kind,
        "statement": claim.statement,
        "conditions": [c.name for c in claim.conditions],
        "drops": list(claim.drops),
        "parents": list(claim.parents),
    }


@app.command()
def explain(claim_id: str, claims_file: ClaimsFiles = None) -> None:
    """One claim whole: statement, conditions, prediction, how it is measured and decided."""
    from verify.cli.explain import explanation

    print(explanation(find_claim(claim_id, claims_file)))


@app.command()
def replay(
    claim_id: str,
    setting: Annotated[str, typer.Option(help="the setting's fields as JSON")],
    seed: Annotated[int, typer.Option(help="the run's seed")],
    engine: Annotated[str, typer.Option(help="law, reduced or cnn")] = "law",
    outside: Outside = None,
    claims_file: ClaimsFiles = None,
) -> int:
    """Measure one claim on one run again; exit status 1 when the run breaks it."""
    check_seed(seed)
    from verify.search.shrink import measure_at, violates

    claim = find_claim(claim_id, claims_file)
    if outside:
        claim = replace(claim, drops=tuple(dict.fromkeys((*claim.drops, *outside))))
    value, steps, reason = measure_at(claim, _setting(setting), seed, engine)
    if reason is not None:
        print(f"{claim_id}: not judged: {reason}")
        return 0
    broken = violates(claim, value, steps)
    outcome = {True: "violated", False: "holds", None: "measured"}[broken]
    print(f"{claim_id}: {outcome}: {value}")
    return int(broken is True)


app.command()(cli_explore.falsify)
app.command()(cli_explore.doctor)
app.command()(cli_explore.phase)
app.command()(cli_conformance.conformance)
app.command()(cli_soundness.soundness)
app.command()(cli_sweep.sweep)


def _setting(text: str) -> Setting:
    from theory.two_stage.setting import Setting

    try:
        return Setting(**json.loads(text))
    except (json.JSONDecodeError, TypeError, RecursionError) as error:
        raise ValueError(f"--setting must be a JSON object with a Setting's fields: {error}") from None


def main() -> None:
    """Entry point of `python -m verify`."""
    several = ["--claims", "--claims-file", "--outside", "--quantity", "--engine-file"]
    argv = spread_options(sys.argv[1:], several)
    run_app(app, "verify", argv)
