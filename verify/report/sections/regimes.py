"""Where the runs lie in the space of settings."""

from __future__ import annotations

from verify.report.blocks import Block, Cell, Code, Items, Line, Plain, Section, Table, Text
from verify.report.regimes import Regime, regimes
from verify.report.sections.material import Material

__all__ = ["section"]

_INSIDE = (
    "How many conditions of the paper and its framework every setting meets, and by name those that some or "
    "all miss, with the range of the slack. Shown for every experiment, also where the claims do not ask for "
    "the condition; their own stand with the claims."
)


def section(material: Material) -> Section | None:
    """Ranges, conditions met and missed, and the paper's own words for where settings lie."""
    found = regimes(material.verification)
    if not found:
        return None
    places = {r.place: [o.experiment for o in found if o.place == r.place] for r in found}
    from_there = tuple((Plain(place), Plain(", ".join(names))) for place, names in places.items())
    blocks: list[Block] = [
        Table("Where settings come from", ("place", "experiments"), from_there, "compact"),
        Text("Ranges over the judged settings of each experiment."),
    ]
    names = list(dict.fromkeys(name for r in found for name in r.ranges))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Code(r.experiment), Plain(r.engines), Plain(str(r.runs)), Plain(str(r.settings)),
         *(Plain(r.ranges.get(name, "–")) for name in names))
        for r in found
    )  # fmt: skip
    head = ("experiment", "engine", "runs", "settings", *(_letter(material, name) for name in names))
    blocks.append(Table("Where the runs of each experiment lie", head, rows, "compact"))
    if any(r.sentences for r in found):
        said = tuple(Line((Code(r.experiment), *map(Plain, r.sentences))) for r in found if r.sentences)
        blocks.append(Section("", "In the paper's words", (Items(said),), folded=True))
    if any(r.conditions for r in found):
        body = tuple((Code(r.experiment), *_met(r)) for r in found if r.conditions)
        table = Table(_INSIDE, ("experiment", "met by all", "met by some", "met by none"), body, "compact")
        blocks.append(Section("", "The paper's conditions at these settings", (table,)))
    return Section("regimes", "Regimes: where the runs lie", tuple(blocks), short="Regimes")


def _letter(material: Material, name: str) -> str:
    entry = material.letters.get(name)
    return name.replace("_", " ") if entry is None else f"${entry.latex}$"


def _met(regime: Regime) -> tuple[Cell, Cell, Cell]:
    found = regime.conditions.values()
    inside = sum(c.where == "inside" for c in found)
    some = "; ".join(f"{c.name} {c.text} ({c.slack_text})" for c in found if c.where == "both")
    none = "; ".join(f"{c.name} ({c.slack_text})" for c in found if c.where == "outside")
    return Plain(f"{inside} of {len(found)}"), Plain(some), Plain(none)
