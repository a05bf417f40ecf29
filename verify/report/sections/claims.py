"""Claims in detail: everything that a verdict rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verify.jsonable import jsonable
from verify.outcome import Judgement
from verify.report.blocks import (
    Block,
    Cell,
    ClaimEntry,
    Claims,
    Code,
    Formula,
    Items,
    Link,
    Plain,
    Section,
    Table,
    Tag,
    Text,
)
from verify.report.number import coverage_text, number_text, word
from verify.report.regimes import claim_conditions, constants_text
from verify.report.sections.items import again, traits
from verify.report.sections.material import Material
from verify.report.summary import not_judged
from verify.report.wording import rule_sentence, show
from verify.statistics.trials import count

__all__ = ["section"]


_NOTE = (
    "paper: stated by the paper, hidden constants left open. framework: the standard form in the work that "
    "the paper builds on. derived: not in any paper, derived here. A probe leaves a condition out on "
    "purpose, to learn whether it is needed. A reading is a published or tempting statement "
    "that is expected to fail."
)


def section(material: Material) -> Section:
    """Each claim unfolds; those refuted inside their conditions are open."""
    said: dict[Block, str] = {}
    entries = tuple(_entry(material, j, said) for j in material.verification.judgements)
    blocks = (Text(_NOTE, "small"), Claims(entries))
    return Section("claims", "All claims", blocks, short="Claims")


def _entry(material: Material, judgement: Judgement, said: dict[Block, str]) -> ClaimEntry:
    claim = judgement.claim
    tags = (Code(claim.id), Plain(str(claim.source)), Tag(claim.provenance), Tag(claim.kind))
    blocks = (
        *_said(judgement),
        *_why(material, judgement, said),
        *_numbers(judgement),
        *_rest(material, judgement),
    )
    return ClaimEntry(
        claim.id,
        word(judgement),
        (claim.statement, tags),
        Plain(number_text(judgement)),
        blocks,
        traits(judgement),
        judgement.fails_verification or judgement.verdict == "errored",
    )


def _said(judgement: Judgement) -> list[Block]:
    claim = judgement.claim
    blocks: list[Block] = []
    if claim.note:
        blocks.append(Text(("Reading:", claim.note)))
    if claim.prediction is not None:
        unit = Plain(f"({claim.prediction.unit})")
        blocks.append(Text(("Prediction:", Formula(claim.prediction.latex), unit)))
        constants = claim.prediction.constants.items()
        if constants:
            blocks.append(Items(tuple((Code(name), what) for name, what in constants)))
    if claim.measured:
        blocks.append(Text(("Measured:", claim.measured)))
    return [*blocks, Text(("Decided:", rule_sentence(claim.rule)))]


def _why(material: Material, judgement: Judgement, said: dict[Block, str]) -> list[Block]:
    blocks: list[Block] = [Text("Chain of reasons:"), Items(judgement.chain, ordered=True)]
    if judgement.verdict == "errored":
        blocks.append(_failure(judgement))
    blocks += [_once(material, block, judgement.claim.id, said) for block in _conditions(judgement)]
    blocks += again(judgement, material.verification.run_info)
    example = judgement.counterexample
    if example is not None:
        found: tuple[tuple[Cell, ...], ...] = (
            ("setting", Plain(_named(example.setting.as_dict()))),
            ("groups", Plain(_named(example.setting.groups()))),
            ("seed", Plain(str(example.seed))),
            ("engine", Plain(example.engine)),
            ("value", Plain(show(example.value))),
        )
        table = Table("The smallest counterexample found", (), found, "pairs")
        blocks.append(Section("", "Counterexample", (table, Text(example.replay, "command"))))
    return blocks


def _once(material: Material, block: Block, claim: str, said: dict[Block, str]) -> Block:
    """A paragraph that claims share (those of one experiment, under the same conditions) stands with the
    first of them."""
    first = said.setdefault(block, claim)
    if first == claim or not isinstance(block, Text):
        return block
    return Text((Link("#conditions", "Conditions"), Plain("and their slack: as of"), material.ref(first)))


def _conditions(judgement: Judgement) -> list[Block]:
    """What every setting meets in a sentence, with the ranges of the slack; a row for what some miss, or what
    was left out on purpose."""
    claim = judgement.claim
    if not claim.conditions:
        return []
    text = constants_text(claim.conditions, claim.constants)
    at = f" at {text}" if text else ""
    found = claim_conditions(judgement)
    met = [c for _, role, c in found if role == "required" and c.where == "inside"]
    ranges = ", ".join(f"{c.name} ({c.slack_text})" if c.slacks else c.name for c in met)
    blocks: list[Block] = []
    if met:
        made = bool(judgement.observations)
        link = Link("#conditions", f"Conditions{at}{', met at every setting' if made else ''}")
        blocks.append(Text((link, Plain(f"{'with the range of their slack' if made else 'are'}: {ranges}."))))
    others: tuple[tuple[Cell, ...], ...] = tuple(
        (Link("#conditions", condition.name), role, Plain(counter.text), Plain(counter.slack_text))
        for condition, role, counter in found
        if counter not in met
    )
    if others:
        caption = f"Conditions{at} that not every setting meets, or that are left out"
        blocks.append(Table(caption, ("condition", "role", "settings inside", "slack"), others))
    return blocks


def _failure(judgement: Judgement) -> Section:
    """Where the claim's own code failed, and how to see it again."""
    statistic = judgement.decision.statistic
    rows = tuple(
        (name, Plain(show(value))) for name, value in statistic.items() if name != "replay" and value
    )
    table = Table("How the claim's own code failed", (), rows, "pairs")
    replay = statistic.get("replay")
    blocks: tuple[Block, ...] = (table, Text(str(replay), "command")) if replay else (table,)
    return Section("", "Failure", blocks)


def _named(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {show(value)}" for name, value in values.items()) or "–"


def _numbers(judgement: Judgement) -> list[Block]:
    claim, decision = judgement.claim, judgement.decision
    if not judgement.observations and judgement.verdict != "derived":
        return [Text(Plain(f"{number_text(judgement).capitalize()}; experiment {claim.experiment.id}."))]
    said = [
        (name, show(value))
        for name, value in (("measured", decision.measured), ("predicted", decision.predicted))
        if value is not None
    ]
    if decision.needed is not None:
        said.append(("runs that would decide", f"about {decision.needed}"))
    tables = []
    for name, value in _statistic(judgement).items():
        label = name.replace("_", " ")
        if _is_table(value):
            head = tuple(str(key).replace("_", " ") for key in value[0])
            body = tuple(tuple(Plain(show(cell)) for cell in row.values()) for row in value)
            tables.append(
                Section("", label.capitalize(), (Table(label, head, body, "compact"),), folded=True)
            )
        elif jsonable(value) != []:
            said.append((label, show(value)))
    blocks: list[Block] = [Text(_runs(judgement))] if judgement.observations else []
    numbers = Items(tuple(Plain(f"{name}: {value}") for name, value in said), style="inline")
    return [*blocks, Text("What the rule computed:"), numbers, *tables]


def _runs(judgement: Judgement) -> Cell:
    """Which runs they are; how many stands in the chain of reasons."""
    experiment = Link("#regimes", judgement.claim.experiment.id)
    trials, share = judgement.decision.n_trials, coverage_text(judgement)
    parts = (
        f"{count(trials, 'independent trial')}" if trials != len(judgement.judged) else "",
        f"covering {share} of its conditions" if share else "",
    )
    told = ", ".join(part for part in parts if part)
    return ("Experiment", experiment, Plain(f"({told})")) if told else ("Experiment", experiment)


#: What the chain of reasons says of a violation rate, in words.
_IN_CHAIN = ("violations", "violation_rate", "delta")


def _statistic(judgement: Judgement) -> dict[str, Any]:
    """What the rule computed, without what the chain of reasons says; an interval with its level in one
    entry."""
    if judgement.verdict == "errored":
        return {}
    found = dict(judgement.decision.statistic)
    for name, known in (("runs", len(judgement.judged)), ("trials", judgement.decision.n_trials)):
        if found.get(name) == known:
            del found[name]
    if found.get("not_finite") == 0:
        del found["not_finite"]
    if {"violations", "violation_rate"} <= found.keys():
        for name in _IN_CHAIN:
            found.pop(name, None)
    if {"p_pooled", "p_cells", "cells_looked_at", "p_cells_from"} <= found.keys():
        pooled, cells, number, least = (
            found.pop(k) for k in ("p_pooled", "p_cells", "cells_looked_at", "p_cells_from")
        )
        found["p"] = f"{show(pooled)} pooled, {show(cells)} in the smallest of {number} cells ({least})"
    if "interval" in found and isinstance(found.get("level"), float):
        of = found.pop("interval_of", "")
        level, interval = found.pop("level"), found.pop("interval")
        found = {f"{100 * level:.3g} % interval{f' of {of}' if of else ''}": interval, **found}
    return found


def _is_table(value: Any) -> bool:
    """A list of mappings with the same keys."""
    return (
        isinstance(value, (list, tuple))
        and len(value) > 0
        and all(isinstance(row, Mapping) and row.keys() == value[0].keys() for row in value)
    )


def _rest(material: Material, judgement: Judgement) -> list[Block]:
    claim = judgement.claim
    blocks: list[Block] = []
    if judgement.proof is not None:
        title = f"Symbolic proof: {'holds' if judgement.proof.holds else 'FAILS'}"
        first = material.first_with_proof[judgement.proof.steps]
        if first == claim.id:
            blocks.append(Section("", title, (Items(judgement.proof.steps, ordered=True),), folded=True))
        else:
            blocks.append(Text((Plain(f"{title}. Its steps stand with"), material.ref(first))))
    if not_judged(judgement):
        blocks.append(Text(Link("#unjudged", "Why runs were left out"), "small"))
    if claim.corrected_by:
        blocks.append(Text(("What is true instead:", material.ref(claim.corrected_by))))
    if claim.parents:
        blocks.append(Text(("Rests on", *(material.ref(parent) for parent in claim.parents))))
    return blocks
