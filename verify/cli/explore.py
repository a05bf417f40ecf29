"""The commands that look beyond a verdict: falsify, doctor, phase. Heavy imports wait for the command."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from verify.cli.options import (
    ClaimsFiles,
    Outside,
    Papers,
    check_jobs,
    check_profile,
    check_seed,
    find_claim,
    find_sources,
)
from verify.cli.values import named_values, number, parsed
from verify.profiles import worker_count

if TYPE_CHECKING:
    from theory.paper import Paper
    from theory.plane import Plane

__all__ = ["doctor", "falsify", "phase"]


#: Exit status where nothing was judged, as of `run`.
NOTHING_JUDGED_STATUS = 5


def falsify(
    claim_id: str,
    budget: Annotated[str, typer.Option(help="time to search, such as 30s, 5m or 1h")] = "1m",
    outside: Outside = None,
    paper: Papers = None,
    claims_file: ClaimsFiles = None,
    seed: Annotated[int, typer.Option(help="seed of the search, >= 0")] = 0,
) -> int:
    """Search for a counterexample to a claim; exit status 1 when one is found, 5 when no run was judged."""
    from verify.budget import parse_budget

    seconds = parse_budget(budget)
    check_seed(seed)
    claim = find_claim(claim_id, claims_file, papers=paper)
    from verify.search.falsify import falsify as search
    from verify.setting_text import setting_text

    result = search(claim, seconds=seconds, outside=outside or [], seed=seed)
    print(f"claim:    {claim.id}: {claim.statement}")
    print(f"searched: {result.searched}")
    skipped = f"; {result.rejected} settings not judged, outside the conditions" if result.rejected else ""
    print(
        f"made:     {result.runs} runs at {result.settings} settings in {result.seconds:.1f} s"
        f" (budget {budget}){skipped}"
    )
    if result.found is None:
        print(f"verdict:  none found in {result.runs} runs")
        print(f"closest:  {result.measured}")
        return 0 if result.runs else NOTHING_JUDGED_STATUS
    found = result.found
    from verify.rules.registry import judge_of

    print("verdict:  counterexample found")
    if judge_of(claim.rule).many:
        print(f"measured: {result.measured}")
        print("note:     the claim speaks of many runs together, one alone does not decide it")
        print(f"setting:  {setting_text(found.setting)}")
        print(f"one run:  {found.replay}" if " replay " in found.replay else f"again:    {found.replay}")
        return 1
    print(f"measured: {found.value}; {result.measured}")
    print(f"setting:  {setting_text(found.setting)}")
    print(f"replay:   {found.replay}")
    return 1


def doctor(
    ctx: typer.Context,
    claim: Annotated[str | None, typer.Option(help="find the nearest setting for this claim")] = None,
    paper: Annotated[
        str | None, typer.Option(metavar="NAME|DIR", help="whose parameters are meant (default: that fits)")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="the same as --NAME VALUE")
    ] = None,
    keep: Annotated[
        str, typer.Option(metavar="NAME,NAME", help="fields that the nearest setting must not move")
    ] = "",
    claims_file: ClaimsFiles = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """What holds at a setting, what is judged there, and the nearest setting inside the conditions.

    Every parameter of the paper is an option, --NAME VALUE, and so is every constant of its conditions.
    """
    given = named_values([*ctx.args, *(word for text in values or [] for word in ("--set", text))])
    from theory.paper import paper_of
    from verify.doctor import diagnose
    from verify.file_paper import own_papers
    from verify.load import load_sources
    from verify.sweep.subject import fitting

    if claim is not None:
        chosen, sources = find_sources(claim, claims_file, "--claim", [paper] if paper else None)
        kind = chosen.experiment.setting_class
        mine = own_papers(sources)
        owner = mine.get(chosen.paper) or sources.paper_of(chosen) or paper_of(kind)
        if owner is None or kind not in owner.parameters:
            raise ValueError(f"--claim {claim}: no paper says how a {kind.__name__} is made of named values")
        found, parameters = owner, owner.parameters[kind]
        constants = {*owner.constants.values, *chosen.constants.values}
    else:
        chosen, sources = None, load_sources(claims_file or [], papers=[paper] if paper else [])
        own = own_papers(sources)
        fits = fitting(
            (own if claims_file and not paper else sources.papers | own).values(), given, constants=True
        )
        if fits is None:
            raise ValueError(
                "--paper: none of the papers found says how its settings are made of named values"
            )
        found, _, parameters = fits
        constants = set(found.constants.values)
    chosen_values = {k: parsed(parameters[k], text) for k, text in given.items() if k not in constants}
    diagnosis = diagnose(
        parameters.setting_at(parameters.usual(chosen_values)),
        sources.ledger,
        paper=found,
        claim=chosen,
        keep=tuple(name.strip() for name in keep.split(",") if name.strip()),
        **{k: number(k, text) for k, text in given.items() if k in constants},
    )
    if as_json:
        print(json.dumps(diagnosis.as_dict(), indent=2, ensure_ascii=False, allow_nan=False))
        return
    from verify.cli.doctor_text import print_diagnosis

    print_diagnosis(diagnosis)


def phase(
    plane: Annotated[str, typer.Argument(help="a plane's name, such as snr-tau, or PAPER.NAME")],
    quantity: Annotated[list[str] | None, typer.Option(help="what to draw (default all)")] = None,
    cells: Annotated[int | None, typer.Option(help="cells a side, 3 to 100")] = None,
    runs: Annotated[int | None, typer.Option(help="runs a cell")] = None,
    out: Annotated[Path, typer.Option(help="folder of PNG, CSV and JSON")] = Path("reports/phase"),
    profile: Annotated[str, typer.Option(help="quick, default or full: sizes not given")] = "default",
    claim: Annotated[
        str | None, typer.Option(help="hatch cells outside this claim's conditions; 'none' colours all")
    ] = None,
    paper: Papers = None,
    claims_file: ClaimsFiles = None,
    seed: Annotated[int, typer.Option(help="base seed, >= 0")] = 0,
    jobs: Annotated[int | None, typer.Option(help="worker processes (default: one per core)")] = None,
) -> None:
    """A phase diagram over two parameters, with predicted and located boundaries."""
    check_profile(profile)
    if cells is not None and not 3 <= cells <= 100:
        raise ValueError(f"--cells must lie in [3, 100], was {cells}")
    if runs is not None and not 1 <= runs <= 10_000:
        raise ValueError(f"--runs must lie in [1, 10000], was {runs}")
    check_jobs(jobs)
    check_seed(seed)
    from verify.file_paper import papers_of_files
    from verify.load import load_sources
    from verify.out_folder import check_out_folder
    from verify.phase.files import write_phase

    sources = load_sources(claims_file or [], papers=paper or [])
    own_papers = papers_of_files(sources)
    papers = own_papers | sources.papers
    chosen = find_plane(plane, papers.values(), own_papers.values() if claims_file and not paper else ())
    known = [q.name for q in chosen.quantities]
    for name in quantity or []:
        if name not in known:
            raise ValueError(f"--quantity must be of {', '.join(known)}, was {name!r}")
    check_out_folder(out)
    from verify.phase.boundaries import located_boundaries
    from verify.phase.diagram import phase_diagram

    hatching = claim or chosen.claim or "none"
    sizes = chosen.sizes[profile]
    made = phase_diagram(
        chosen,
        cells=cells or sizes[0],
        runs=runs or sizes[1],
        claim=None if hatching == "none" else find_claim(hatching, claims_file, "--claim", paper),
        seed=seed,
        jobs=worker_count(jobs),
        progress=sys.stderr.isatty(),
        paper=next(p for p in papers.values() if chosen in p.planes),
    )
    from verify.report.figures.phase import phase_png

    boundaries = located_boundaries(made)
    paths = write_phase(made, boundaries, phase_png(made, boundaries, quantity or known), out)
    hatched = sum(bool(c.outside) for c in made.cells)
    print(
        "; ".join(
            part
            for part in (
                f"{chosen.name}: {len(made.cells)} cells, {sum(c.runs for c in made.cells)} runs",
                f"{hatched} cells outside the conditions of {made.claim_id}" if made.claim_id else "",
                made.plane.fixed,
            )
            if part
        )
    )
    for boundary in boundaries:
        print(boundary.text)
    for path in paths:
        print(path)


def find_plane(name: str, papers: Iterable[Paper], own: Collection[Paper] = ()) -> Plane:
    """The plane of this name, or of this paper and name.

    Raises:
        ValueError: naming those there are; those of `own` alone, where a claims file has any.
    """
    planes = {(paper.name, plane.name): plane for paper in papers for plane in paper.planes}
    for (paper_name, short), plane in planes.items():
        if name in (short, f"{paper_name}.{short}"):
            return plane
    known = [plane.name for paper in own for plane in paper.planes] or [plane for _, plane in planes]
    near = get_close_matches(name, known, 1)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"PLANE must be one of {', '.join(known) or 'none'}, was {name!r}{meant}")
