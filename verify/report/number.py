"""One number of a claim with its error, and the words that qualify its verdict."""

from __future__ import annotations

import math

from theory.experiment import PROFILES
from verify.cells import cell_in_words
from verify.outcome import Judgement
from verify.report.blocks import Cell, Chip, Plain
from verify.rules.registry import judge_of

__all__ = ["coverage_text", "number_text", "qualifiers", "region_word", "weakest_text", "word"]


def number_text(judgement: Judgement) -> str:
    """What the runs say in the few numbers that a line can hold, and of what; why there are none."""
    if not judgement.observations:
        return "" if judgement.verdict == "derived" else _no_runs(judgement)
    if judgement.verdict == "errored" or not judgement.judged:
        return ""
    judge = judge_of(judgement.claim.rule)
    return f"{judge.number_of} {judge.numbers(judgement)}".strip()


def _no_runs(judgement: Judgement) -> str:
    """Which is the first profile that makes any."""
    runs = judgement.claim.experiment.runs
    first = next((profile for profile in PROFILES if runs.get(profile, 0)), "")
    return "no runs in this profile" + (f", first in {first}" if first else "")


def qualifiers(judgement: Judgement) -> list[str]:
    """Grade, region, and whether a support does not stand together with all others."""
    alone = "not jointly" if judgement.joint is False else ""
    return [text for text in (judgement.grade or "", region_word(judgement), alone) if text]


def region_word(judgement: Judgement) -> str:
    """Where the settings come from: "own conditions", "on its box" or "on its cells"; "" without runs. A
    probe's are drawn from the conditions that it does not leave out."""
    scope = judgement.scope
    if scope is None or scope.region is None or judgement.verdict == "derived":
        return ""
    return scope.word or ("its other conditions" if judgement.claim.is_probe else "own conditions")


def word(judgement: Judgement) -> Cell:
    """The verdict with its grade and region, and the role where it is no plain claim."""
    claim = judgement.claim
    role = [claim.role] if claim.role != "claim" else []
    words = ", ".join([*qualifiers(judgement), *role])
    return (Chip(judgement.verdict), Plain(words)) if words else Chip(judgement.verdict)


def weakest_text(judgement: Judgement) -> str:
    """The least certified cell: `m 10 to 15: 0 of 40 violate it, rate below 0.072`, and what it means that
    its limit exceeds what the claim allows a region; "" without."""
    cell, rule = judgement.weakest_cell, judgement.claim.rule
    if cell is None:
        return ""
    allowed = getattr(rule, "delta", None)
    over = judgement.verdict == "supported" and allowed is not None and float(cell["upper"]) > allowed
    told = f", over the {allowed:g} allowed: holds on average, not certified cell by cell" if over else ""
    return cell_in_words(rule, cell) + told


def coverage_text(judgement: Judgement) -> str:
    """The share of the claim's conditions that its settings cover; "" where it has no meaning."""
    scope = judgement.scope
    if scope is None or scope.coverage is None or math.isnan(scope.coverage):
        return ""
    share = scope.coverage
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"
