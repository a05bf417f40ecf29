"""The commands that show what there is: papers, claims, explain, and one run of a claim again: replay. Heavy
imports wait."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from verify.cli.options import ClaimsFiles, Outside, Papers, check_seed, find_claim, fits

if TYPE_CHECKING:
    from theory.setting import AbstractSetting

__all__ = ["explain", "list_claims", "papers", "replay"]


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
        from verify.report.claims import claim_fields

        rows = [{**claim_fields(c), "drops": list(c.drops), "parents": list(c.parents)} for c in found]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for claim in found:
        conditions = ", ".join(c.name for c in claim.conditions) or "none"
        print(f"{claim.id}  [{claim.provenance}, {claim.kind}]  {claim.source}")
        print(f"    {claim.statement}")
        print(f"    conditions: {conditions}")


def explain(claim_id: str, paper: Papers = None, claims_file: ClaimsFiles = None) -> None:
    """One claim whole: statement, conditions, prediction, how it is measured and decided."""
    from verify.cli.explain import explanation

    print(explanation(find_claim(claim_id, claims_file, papers=paper)))


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


def _setting(text: str, kind: type[AbstractSetting]) -> AbstractSetting:
    try:
        return kind(**json.loads(text))
    except (json.JSONDecodeError, TypeError, RecursionError) as error:
        raise ValueError(
            f"--setting must be a JSON object with a {kind.__name__}'s fields: {error}"
        ) from None
