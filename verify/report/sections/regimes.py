"""Where the runs lie in the space of settings."""

from __future__ import annotations

from verify.report.blocks import Block, Cell, Code, Items, Line, Plain, Section, Table, Text
from verify.report.regimes import Regime, regimes
from verify.report.sections.material import Material

__all__ = ["section"]

_INSIDE = (
    "Settings inside each condition of the paper and its framework, and the range of the slack. Shown for "
    "every experiment, also where the claims do not ask for the condition."
)


def section(material: Material) -> Section | None:
    """Ranges, conditions met and missed, and the paper's own words for where settings lie."""
    found = regimes(material.verification)
    if not found:
        return None
    blocks: list[Block] = [Text("Ranges over the judged settings of each experiment.")]
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
    conditions = list(dict.fromkeys(name for r in found for name in r.conditions))
    if conditions:
        body: tuple[tuple[Cell, ...], ...] = tuple(
            (Code(r.experiment), *(_count(r, name) for name in conditions)) for r in found
        )
        table = Table(_INSIDE, ("experiment", *conditions), body, "compact")
        blocks.append(Section("", "The paper's conditions at these settings", (table,)))
    return Section("regimes", "Regimes: where the runs lie", tuple(blocks), short="Regimes")


def _letter(material: Material, name: str) -> str:
    entry = material.letters.get(name)
    return name.replace("_", " ") if entry is None else f"${entry.latex}$"


def _count(regime: Regime, name: str) -> Cell:
    counted = regime.conditions.get(name)
    if counted is None:
        return Plain("of another model")
    return Line((Plain(counted.share), Plain(counted.slack_text)))
