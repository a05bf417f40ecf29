"""The command line: run, claims, explain, replay, and those of `cli_explore`. Heavy imports wait until a
command needs them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from simulation.console import run_app, spread_options
from verify.cli import explore as cli_explore
from verify.cli import index as cli_index
from verify.cli import own as cli_own
from verify.cli import soundness as cli_soundness
from verify.cli import stability as cli_stability
from verify.cli import sweep as cli_sweep
from verify.cli import tables as cli_tables
from verify.cli.cluster import check_scheduler, cluster_at
from verify.cli.examples import with_examples
from verify.cli.options import ClaimsFiles, Outside, Papers, check_seed, find_claim, fits, naming
from verify.out_folder import check_out_file
from verify.profiles import PROFILES, worker_count
from verify.resume import check_apart, folder_of_runs, kept_runs

if TYPE_CHECKING:
    from theory.claim import Claim
    from theory.paper import Paper
    from theory.setting import AbstractSetting
    from verify.report.kept import KeptReport

__all__ = ["app", "main"]

_CONSOLE = "theorem-verifier"

app = typer.Typer(
    name="verify",
    help="Judge theorems: which claims hold, where they stop holding, on what evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        print(f"theorem-verifier {metadata.version('theorem-verifier')}")
        raise typer.Exit


@app.callback()
def whole(
    version: Annotated[
        bool,
        typer.Option("--version", help="say which version this is", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    """Judge theorems: which claims hold, where they stop holding, on what evidence."""


@app.command()
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
    if profile not in PROFILES:
        raise ValueError(f"--profile must be one of {', '.join(PROFILES)}, was {profile!r}")
    if seed is not None:
        check_seed(seed)
    if jobs is not None and jobs < 1:
        raise ValueError(f"--jobs must be at least 1, was {jobs}")
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


@app.command()
def papers(as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """The papers found: name, title, reference, number of claims, settings, engines."""
    from simulation.models import engines_of
    from theory.paper import find_papers

    rows: list[dict[str, Any]] = []
    for found in find_papers(optional=True).values():
        models = {c.experiment.of_model.name: c.experiment.of_model for c in found.claims}
        rows.append(
            {
                "name": found.name,
                "title": found.reference.title,
                "reference": str(found.reference),
                "claims": len(found.claims),
                "settings": [kind.__name__ for kind in found.settings],
                "engines": {name: list(engines_of(model)) for name, model in models.items()},
                "optional": found.optional,
            }
        )
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        print(f"{row['name']}: {row['reference']}")
        engines = "; ".join(f"{name}: {', '.join(these)}" for name, these in row["engines"].items())
        print(
            f"    {row['claims']} claims; settings {', '.join(row['settings']) or 'none'}; engines {engines}"
        )


@app.command("claims")
def list_claims(
    pattern: Annotated[
        str, typer.Argument(help="only ids or items that contain it, or match it as a glob")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
    paper: Papers = None,
    claims_file: ClaimsFiles = None,
) -> None:
    """Every claim: id, source, statement, provenance, conditions."""
    from verify.load import load_sources

    sources = load_sources(claims_file or [], papers=paper or [])
    built_in = {claim.id for found in sources.papers.values() for claim in found.claims}
    # Those of a file first: they are what is looked for, and the others are hundreds.
    ordered = sorted(sources.ledger, key=lambda claim: claim.id in built_in)
    found = [claim for claim in ordered if fits(claim, pattern)]
    if not found:
        raise ValueError(f"PATTERN: no claim's id or item contains or matches {pattern!r}")
    if as_json:
        print(json.dumps([_claim_dict(c) for c in found], indent=2, ensure_ascii=False))
        return
    for claim in found:
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
def explain(claim_id: str, paper: Papers = None, claims_file: ClaimsFiles = None) -> None:
    """One claim whole: statement, conditions, prediction, how it is measured and decided."""
    from verify.cli.explain import explanation

    print(explanation(find_claim(claim_id, claims_file, papers=paper)))


@app.command()
def replay(
    claim_id: str,
    setting: Annotated[str, typer.Option(help="the setting's fields as JSON")],
    seed: Annotated[int, typer.Option(help="the run's seed")],
    engine: Annotated[str, typer.Option(help="of the claim's model (default: its first)")] = "",
    outside: Outside = None,
    paper: Papers = None,
    claims_file: ClaimsFiles = None,
) -> int:
    """Measure one claim on one run again; exit status 1 when the run breaks it."""
    check_seed(seed)
    from verify.rules.registry import breaks_alone
    from verify.search.shrink import measure_at, replay_words

    claim = find_claim(claim_id, claims_file, papers=paper)
    if outside:
        claim = replace(claim, drops=tuple(dict.fromkeys((*claim.drops, *outside))))
    seen = measure_at(claim, _setting(setting, claim.experiment.setting_class), seed, engine)
    if seen.not_judged is not None:
        print(f"{claim_id}: not judged: {seen.not_judged}")
        return 0
    broken = breaks_alone(claim, seen)
    print(f"{claim_id}: {replay_words(claim, seen.value, broken)}")
    return int(broken is True)


app.command()(cli_own.new)
app.command()(cli_own.check)
app.command()(cli_explore.falsify)
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(cli_explore.doctor)
app.command()(cli_explore.phase)
app.command()(cli_index.index)
app.command()(cli_soundness.soundness)
app.command()(cli_stability.stability)
app.command()(cli_sweep.sweep)
app.command()(cli_tables.diff)
app.command()(cli_tables.compare)


@app.command(
    add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
)
def simulate(ctx: typer.Context) -> None:
    """Make runs and look at them, nothing judged: the commands of `python -m simulation`."""
    from simulation.cli import main as simulation_main

    sys.argv = ["simulation", *ctx.args]
    simulation_main()


with_examples(app, "python -m verify")


def _setting(text: str, kind: type[AbstractSetting]) -> AbstractSetting:
    try:
        return kind(**json.loads(text))
    except (json.JSONDecodeError, TypeError, RecursionError) as error:
        raise ValueError(
            f"--setting must be a JSON object with a {kind.__name__}'s fields: {error}"
        ) from None


def _of_papers(word: str) -> str | None:
    """The dotted function of a command that a paper names; None for one of the core's own."""
    own = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback is not None}
    if word.startswith("-") or word in own:
        return None
    from theory.paper import find_papers

    named = [paper.commands for paper in find_papers(optional=True).values()]
    return next((commands[word] for commands in named if word in commands), None)


def main() -> None:
    """Entry point of `python -m verify`, and of the command `theorem-verifier`."""
    program = Path(sys.argv[0]).stem if Path(sys.argv[0]).stem == _CONSOLE else "python -m verify"
    several = ["--claims", "--claims-file", "--outside", "--quantity", "--engine-file", "--paper"]
    argv = spread_options(sys.argv[1:], several)
    where = _of_papers(argv[0]) if argv else None
    if where is not None:
        from simulation.cli import run_command
        from verify.judge import judge_runs

        sys.exit(run_command("verify", where, sys.argv[2:], judge_runs))
    run_app(app, "verify", argv, program)
