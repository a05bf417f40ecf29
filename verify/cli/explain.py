"""One claim in full, as text."""

from __future__ import annotations

import textwrap
from dataclasses import fields

from theory.claim import Claim
from theory.experiment import Experiment
from verify.runs.plan import engine_names

__all__ = ["describe_experiment", "explanation"]


def explanation(claim: Claim) -> str:
    """Statement, conditions with formulas and constants, prediction, measurement, decision rule."""
    lines = [claim.id, "=" * len(claim.id), ""]
    lines += _field("Source", f"{claim.source} ({claim.provenance})")
    lines += _field("Kind", claim.kind)
    lines += _field("Statement", claim.statement)
    if claim.note:
        lines += _field("Note", claim.note)
    if claim.conditions:
        lines.append("Conditions")
        for c in claim.conditions:
            dropped = "  [left out on purpose: this is a probe]" if c.name in claim.drops else ""
            lines.append(f"    {c.name} ({c.provenance}): {c.latex}{dropped}")
            lines += textwrap.wrap(
                c.why, 96, initial_indent=" " * 8, subsequent_indent=" " * 8, break_on_hyphens=False
            )
        used = {s.name for c in claim.conditions for s in (c.large - c.small).free_symbols}
        constants = {k: v for k, v in claim.constants.values.items() if k in used}
        if constants:
            lines.append("    with " + ", ".join(f"{k} = {v:g}" for k, v in sorted(constants.items())))
    else:
        lines += _field("Conditions", "none")
    if claim.prediction is not None:
        p = claim.prediction
        lines += _field("Prediction", f"{p.latex}   [{p.unit}]")
        lines += [f"        {name}: {what}" for name, what in p.constants.items()]
    lines += _field("Measured", claim.measured or (claim.measure.__doc__ or "see the claim's code"))
    lines += _field("Runs", describe_experiment(claim.experiment))
    rule = claim.rule
    parameters = ", ".join(f"{f.name} = {getattr(rule, f.name)}" for f in fields(rule) if f.name != "reason")
    lines += _field("Decided by", f"{type(rule).__name__}: {parameters}")
    lines += [f"        {line}" for line in textwrap.wrap(_first_paragraphs(rule), 96)]
    lines += _field("Margin because", getattr(rule, "reason", ""))
    if claim.parents:
        lines += _field("Rests on", ", ".join(claim.parents))
    if claim.proof is not None:
        proof = claim.proof()
        lines.append(f"Symbolic proof: {'holds' if proof.holds else 'FAILS'}")
        lines += [f"    {k}. {step}" for k, step in enumerate(proof.steps, 1)]
    return "\n".join(lines)


def _first_paragraphs(rule: object) -> str:
    return " ".join((type(rule).__doc__ or "").split())


def _field(name: str, text: str) -> list[str]:
    body = " ".join(text.split())
    return textwrap.wrap(f"{name}: {body}", 100, subsequent_indent="    ", break_on_hyphens=False)


def describe_experiment(experiment: Experiment) -> str:
    """Where the runs are made, in one paragraph."""
    place = experiment.place
    where = f"random settings of the box {place.describe()}" if place.coordinates else place.describe()
    counts = ", ".join(f"{name} {count}" for name, count in experiment.runs.items())
    length = "" if experiment.clock is None else f"clock up to {experiment.clock:g}; "
    return (
        f"experiment {experiment.id!r}: {where}; engines {', '.join(engine_names(experiment))}; "
        f"{length}runs: {counts}"
    )
