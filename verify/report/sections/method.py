"""How a verdict is made."""

from __future__ import annotations

from verify.outcome import VERDICTS
from verify.report.blocks import Chip, Items, Section, Tag, Text
from verify.report.sections.material import Material
from verify.report.wording import VERDICT_EXPLANATIONS, rule_explanations
from verify.rules.registry import judge_of

__all__ = ["section"]

_FIXED = (
    "Statement, conditions, decision rule, margins and numbers of runs are fixed before the runs that judge "
    "the claim; a bar that earlier runs had set says so in its note, and other seeds judge it. A setting "
    "that misses a condition is not judged and is counted as such. Runs that share a seed are one trial."
)
_FILES = (
    "Every claim, its numbers and its counterexample stand in `claims.json`; every claim and setting in "
    "`comparison.csv`."
)


def section(material: Material) -> Section:
    """The words of verdicts, and of the rules in use."""
    used = {judge_of(j.claim.rule).rule.__name__ for j in material.verification.judgements}
    verdicts = tuple((Chip(verdict), f"{VERDICT_EXPLANATIONS[verdict]}.") for verdict in VERDICTS)
    rules = tuple((Tag(kind), text) for kind, text in rule_explanations().items() if kind in used)
    blocks = (Text(_FIXED), Items(verdicts), Items(rules), Text(_FILES))
    return Section("method", "How a verdict is made", blocks, short="Method")
