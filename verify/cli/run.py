"""The command that judges: run. Heavy imports wait until it needs them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from verify.cli.cluster import check_scheduler, cluster_at
from verify.cli.options import ClaimsFiles, check_jobs, check_profile, check_seed, naming
from verify.out_folder import check_out_file
from verify.profiles import worker_count
from verify.resume import check_apart, folder_of_runs, kept_runs

if TYPE_CHECKING:
    from theory.claim import Claim
    from theory.paper import Paper
    from verify.report.kept import KeptReport

__all__ = ["run"]


def run(
    profile: Annotated[str, typer.Option(help="quick, default or full")] = "default",
    out: Annotated[Path, typer.Option(help="folder of the report")] = Path("reports/latest"),
    paper: Annotated[
        list[str] | None, typer.Option(metavar="NAME|DIR", help="only this paper (or a folder of one's own)")
    ] = None,
    claims: Annotated[list[str] | None, typer.Option(help="only claims matching these globs")] = None,
    claims_file: ClaimsFiles = None,
    seed: Annotated[
        int | None, typer.Option(help="base seed, >= 0 (default: derived from what is judged)")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda")] = "auto",
    jobs: Annotated[int | None, typer.Option(help="worker processes (default: one per core)")] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="keep finished runs in DIR and reuse those there (built-in papers: in the user's cache)",
        ),
    ] = None,
    no_resume: Annotated[
        bool, typer.Option("--no-resume", help="make everything anew and keep nothing")
    ] = False,
    soundness: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="a soundness.json: falsehoods it lists as not found are reported"),
    ] = None,
    claim_timeout: Annotated[
        float | None,
        typer.Option(
            metavar="S",
            help="seconds allowed to one call of a measure (default 10 x the median claim, at least 60)",
        ),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option(metavar="WORD[,WORD]", help="verdicts that end with status 1 too: inconclusive, ..."),
    ] = None,
    place: Annotated[
        str, typer.Option(help="own, or conditions: settings drawn from each claim's conditions")
    ] = "own",
    adversaries: Annotated[
        bool,
        typer.Option(help="ask supported claims about adversarial runs: those that none moves are vacuous"),
    ] = True,
    trust: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="soundness.json, stability.json to show on the trust page"),
    ] = None,
    no_figures: Annotated[bool, typer.Option("--no-figures", help="a report without figures")] = False,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the verdicts as JUnit XML, one case a claim")
    ] = None,
    backend: Annotated[str, typer.Option(help="where runs are made: local, or dask")] = "local",
    scheduler: Annotated[str | None, typer.Option(help="address of a dask scheduler")] = None,
    timings: Annotated[bool, typer.Option("--timings", help="say where the time went")] = False,
    plan: Annotated[
        bool, typer.Option("--plan", help="say what it will cost, from measured pilots; nothing is judged")
    ] = False,
) -> int:
    """Run the verification and write the report.

    Exit status: 0; 1 a claim is refuted inside its conditions; 2 wrong input; 3 a claim's own code failed; 5
    nothing was judged.
    """
    check_profile(profile)
    if seed is not None:
        check_seed(seed)
    check_jobs(jobs)
    if claim_timeout is not None and not 0 < claim_timeout < 1e9:
        raise ValueError(f"--claim-timeout must be a number of seconds > 0, was {claim_timeout}")
    words = _fail_words(fail_on)
    if place not in ("own", "conditions"):
        raise ValueError(f"--place must be own or conditions, was {place!r}")
    if backend not in ("local", "dask"):
        raise ValueError(f"--backend must be local or dask, was {backend!r}")
    check_scheduler(backend, scheduler)
    if junit is not None:
        check_out_file("--junit", junit)

    from verify.load import load_sources
    from verify.report import check_writable, write_report

    sources = load_sources(claims_file or [], papers=paper or [], wanted=claims or [])
    with naming("--claims"):
        chosen = sources.ledger.matching(claims) if claims else list(sources.ledger)
    with naming("--out"):
        check_writable(out)
    if resume is not None and no_resume:
        raise ValueError("--resume and --no-resume: name one of them")
    if resume is not None:
        check_apart(resume, out)
    from verify.soundness.limits import load_limits, with_limits

    with naming("--soundness"):
        limits = {} if soundness is None else load_limits(soundness)

    from verify.measured.trust import read_trust

    with naming("--trust"):
        records = {} if trust is None else read_trust(trust)

    from simulation.device import resolve_device
    from theory.paper_names import paper_names
    from verify.cli.summary import summary_of
    from verify.pipeline import published_seed, verify_claims

    resolved = _device(resolve_device, device, profile)
    workers = 1 if resolved.startswith("cuda") else worker_count(jobs)
    found = tuple(sources.papers.values())
    base = published_seed(chosen, found) if seed is None else seed
    if plan:
        from verify.run_plan import plan_of_run

        print("\n".join(plan_of_run(chosen, profile, base, workers=workers, device=resolved).lines()))
        return 0
    kept_in = resume
    shipped = not sources.own_files and all(name in paper_names() for name in sources.papers)
    if resume is None and shipped and not no_resume:
        kept_in = folder_of_runs(profile, base, out)
    selected = {"--paper": paper, "--claims-file": claims_file, "--claims": claims}
    given = {name: [str(v) for v in values] for name, values in selected.items() if values}
    options = {
        "profile": profile, "seed": base, "device": resolved, "jobs": workers, "claim_timeout": claim_timeout,
        "fail_on": fail_on, "place": place, "adversaries": adversaries, "no_figures": no_figures,
        "soundness": None if soundness is None else soundness.read_text("utf-8"), "trust": records, **given,
    }  # fmt: skip
    whole = None
    if kept_in is not None and scheduler is None and junit is None and shipped:
        whole = _kept_report(kept_in, chosen, found, options)
    told = None if whole is None else whole.restore(out)
    if told is not None:
        print(f"verify: nothing has changed since the report of {told['finished']}", file=sys.stderr)
        return _ended(told, out, timings)
    with (
        kept_runs(kept_in, sources.own_files, asked=resume is not None) as keeper,
        cluster_at(scheduler) as cluster,
    ):
        judged = verify_claims(
            chosen,
            profile,
            base,
            workers,
            device=resolved,
            papers=found,
            exhibits=not no_figures,
            place=cast("Literal['own', 'conditions']", place),
            progress=sys.stderr.isatty(),
            keeper=keeper,
            backend=cluster,
            claim_seconds=claim_timeout,
            adversaries=adversaries,
        )
        verification = with_limits(judged, limits)
        info = {**verification.run_info, "trust": records, "selected": given}
        verification = replace(verification, run_info=info)
        write_report(verification, out, figures=not no_figures, jobs=workers)
    if junit is not None:
        from verify.junit import write_junit

        write_junit(verification, junit)
    told = {
        **summary_of(verification),
        "status": verification.status(words),
        "finished": verification.run_info["finished"],
    }
    if whole is not None and not told["counts"]["errored"] and not (keeper is not None and keeper.lacking):
        whole.keep(out, told)
    return _ended(told, out, timings)


def _kept_report(
    folder: Path, claims: Sequence[Claim], papers: Sequence[Paper], options: Mapping[str, Any]
) -> KeptReport:
    """The kept report of these claims under these options."""
    from verify.made_by import made_by
    from verify.report.kept import KeptReport
    from verify.run_info import device_name

    made = {key: value for key, value in made_by().items() if key != "finished"}
    asked = {
        "claims": [claim.id for claim in claims],
        "papers": [paper.name for paper in papers],
        "machine": device_name(str(options["device"])),
        **made,
        **options,
    }
    return KeptReport(folder, asked)


def _ended(told: Mapping[str, Any], out: Path, timings: bool) -> int:
    """What is said of a report at the end; the exit status."""
    from verify.cli.summary import print_summary

    print_summary(told, out)
    if timings:
        from verify.timings import timings_text

        print(timings_text(json.loads((out / "run.json").read_text("utf-8"))["timings"]))
    status: int = told["status"]
    return status


def _fail_words(text: str | None) -> tuple[str, ...]:
    known = ("inconclusive", "not-applicable", "vacuous", "alone")
    words = tuple(word.strip() for word in (text or "").split(",") if word.strip())
    for word in words:
        if word not in known:
            raise ValueError(f"--fail-on must be of {', '.join(known)}, was {word!r}")
    return words


def _device(resolve, device: str, profile: str) -> str:  # type: ignore[no-untyped-def]
    """Small runs are faster on the CPU; "auto" takes a GPU only for the full profile."""
    if device == "auto" and profile != "full":
        return "cpu"
    resolved: str = resolve(device)
    return resolved
