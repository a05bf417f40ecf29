"""The stability command: which verdicts change with the seed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from verify.cli.options import ClaimsFiles, Papers, check_jobs, check_profile, check_seed, naming
from verify.profiles import worker_count

__all__ = ["stability"]


def stability(
    seeds: Annotated[int, typer.Option(metavar="K", help="number of seeds, >= 2")] = 5,
    profile: Annotated[str, typer.Option(help="quick, default or full")] = "default",
    paper: Papers = None,
    claims: Annotated[list[str] | None, typer.Option(help="only claims matching these globs")] = None,
    claims_file: ClaimsFiles = None,
    seed: Annotated[
        int | None, typer.Option(help="the first seed, >= 0 (default: derived from what is judged)")
    ] = None,
    jobs: Annotated[int | None, typer.Option(help="worker processes (default: one per core)")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="write stability.json there, for `run --trust`")
    ] = None,
) -> int:
    """Judge the claims at several seeds and report every verdict that changes.

    Exit status 1 when a claim is supported at one seed and refuted at another, or more than 5 % change.
    """
    check_profile(profile)
    if seed is not None:
        check_seed(seed)
    check_jobs(jobs)
    from verify.stability import stability as measured
    from verify.stability import stability_seeds

    if out is not None and out.exists() and not out.is_dir():
        raise ValueError(f"--out: must be a folder, was the file {out}")
    if seeds < 2:
        raise ValueError(f"--seeds must be at least 2, was {seeds}")

    from verify.load import load_sources
    from verify.made_by import command_text, made_by
    from verify.pipeline import published_seed, verify_claims

    sources = load_sources(claims_file or [], papers=paper or [], wanted=claims or [])
    with naming("--claims"):
        chosen = sources.ledger.matching(claims) if claims else list(sources.ledger)
    known = tuple(sources.papers.values())
    first = published_seed(chosen, known) if seed is None else seed
    found = measured(
        lambda s: verify_claims(
            chosen,
            profile,
            s,
            worker_count(jobs),
            papers=known,
            progress=sys.stderr.isatty(),
            counterexamples=False,
            adversaries=True,
        ),
        stability_seeds(first, seeds),
    )
    print(found.text)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        options = {
            "--seeds": seeds, "--profile": profile, "--paper": paper, "--claims": claims, "--seed": first,
        }  # fmt: skip
        record = found.as_dict(profile)
        record["run"] |= {"command": command_text("python -m verify stability", options), **made_by()}
        text = json.dumps(record, indent=1)
        (out / "stability.json").write_text(text + "\n", encoding="utf-8")
    return int(not found.steady)
