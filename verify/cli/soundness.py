"""The soundness command: how many falsehoods and false engines the verification finds."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from verify.cli.options import ClaimsFiles, Papers, check_jobs, check_profile, check_seed, naming
from verify.profiles import worker_count

__all__ = ["soundness"]


def soundness(
    profile: Annotated[str, typer.Option(help="quick, default or full")] = "default",
    out: Annotated[Path, typer.Option(help="folder of soundness.json, .md and .html")] = Path(
        "reports/soundness"
    ),
    paper: Papers = None,
    claims: Annotated[list[str] | None, typer.Option(help="only claims matching these globs")] = None,
    claims_file: ClaimsFiles = None,
    seed: Annotated[int, typer.Option(help="base seed, >= 0")] = 0,
    jobs: Annotated[int | None, typer.Option(help="worker processes (default: one per core)")] = None,
    suites: Annotated[
        int, typer.Option(help="verifications of claims known by construction, for false alarms; 0: none")
    ] = 1000,
    wider_runs: Annotated[
        int, typer.Option(help="runs of each claim outside each of its conditions, in the reference box")
    ] = 0,
) -> int:
    """Plant falsehoods and false engines and see them refuted, count false alarms; exit status 1 if a target
    is missed."""
    check_profile(profile)
    check_seed(seed)
    check_jobs(jobs)
    if suites < 0:
        raise ValueError(f"--suites must be at least 0, was {suites}")
    if wider_runs < 0:
        raise ValueError(f"--wider-runs must be at least 0, was {wider_runs}")

    from verify.load import load_sources
    from verify.made_by import command_text, made_by
    from verify.soundness import alarms, distances, engines, falsehoods, wider
    from verify.soundness.declared import declared_falsehoods
    from verify.soundness.report import check_folder, write_soundness

    started = time.perf_counter()
    sources = load_sources(claims_file or [], papers=paper or [], wanted=claims or [])
    ledger = sources.ledger
    with naming("--claims"):
        chosen = ledger.matching(claims) if claims else list(ledger)
    declared = declared_falsehoods(ledger, claims_file or [], sources.papers.values())
    check_folder(out)

    workers, progress = worker_count(jobs), sys.stderr.isatty()
    planted = falsehoods.plant_and_judge(
        chosen, declared, profile=profile, seed=seed, jobs=workers, progress=progress
    )
    sections = [
        falsehoods.section(planted),
        distances.section(
            distances.distances(planted.judgements, planted.level, planted.fresh, planted.second_level)
        ),
        engines.section(
            chosen,
            planted.verdicts,
            profile=profile,
            seed=seed,
            jobs=workers,
            progress=progress,
            all_must_be_noticed=not claims,
        ),
    ]
    if wider_runs:
        found, runs = wider.wider_conditions(
            chosen,
            planted.verdicts,
            tuple(sources.papers.values()),
            profile=profile,
            seed=seed,
            jobs=workers,
            runs=wider_runs,
            progress=progress,
        )
        sections.append(wider.section(found, runs))
    if suites:
        sections.append(alarms.section(suites, seed=seed, jobs=workers))
    options = {
        "--profile": profile, "--paper": paper, "--claims": claims, "--seed": seed, "--suites": suites,
        "--wider-runs": wider_runs or None,
    }  # fmt: skip
    run_info = {
        "profile": profile,
        "seed": seed,
        "command": command_text("python -m verify soundness", options),
        **made_by(),
        "jobs": workers,
        "claims": len(chosen),
        "runs": sum(s.runs for s in sections),
        "wall_seconds": round(time.perf_counter() - started, 1),
    }
    written = write_soundness(sections, run_info, out)
    for section in sections:
        print("\n".join(section.lines))
    print(f"{run_info['runs']} runs in {run_info['wall_seconds']} s ({profile} profile)")
    print(f"report: {written[0]}")
    for section in sections:
        if not section.passed:
            print(f"target missed: {section.title}: {section.missed or 'see its lines above'}")
    return int(not all(s.passed for s in sections))
