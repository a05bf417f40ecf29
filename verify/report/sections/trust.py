"""Why the verdicts may be believed: what this run measured of itself, and what other commands measured."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from verify.report.blocks import Block, Code, Plain, Section, Table, Text
from verify.report.sections.material import Material

__all__ = ["section"]

_HEAD = ("question", "measured", "by")
_NOTE = (
    "The first rows are of this very run. The others are measured by commands of their own, with their own "
    "profile and seed; a row that has not been measured says so."
)


def section(material: Material) -> Section:
    """A row a question, then the figures."""
    rows = (*_of_this_run(material), *_of_records(material.verification.run_info.get("trust") or {}))
    table = Table("What the verdicts rest on", _HEAD, rows)
    blocks: list[Block] = [Text(_NOTE, "small"), table]
    figure = material.figure("trust")
    if figure is not None:
        blocks.append(figure)
    return Section("trust", "How far to trust it", tuple(blocks), short="Trust")


_Row = tuple[Plain, Plain, Plain | Code]


def _row(question: str, measured: str, by: str = "this run") -> _Row:
    return Plain(question), Plain(measured), Plain(by) if by == "this run" else Code(by)


def _of_this_run(material: Material) -> list[_Row]:
    verification, info = material.verification, material.verification.run_info
    scopes = [j.scope for j in verification.judgements if j.judged and j.scope is not None]
    regions = {name: sum(s.region == name for s in scopes) for name in ("conditions", "box", "cells")}
    shares = [s.coverage for s in scopes if s.region == "box" and s.coverage is not None]
    median = statistics.median(shares) if shares else 0.0
    share = f"{100 * median:.2g} %" if median >= 0.01 else "under 1 %"
    boxes = f", which cover {share} of them in the median" if shares else ""
    rows = [
        _row(
            "Do the runs cover the conditions?",
            f"{regions['conditions']} of {len(scopes)} judged claims have settings from all of their "
            f"conditions; {regions['box']} from chosen ranges{boxes}; {regions['cells']} from chosen cells",
        )
    ]
    could = sum(v.refutable for v in material.vacuities)
    supported = sum(j.verdict == "supported" for j in verification.judgements)
    vacuous = sum(j.verdict == "vacuous" for j in verification.judgements)
    rows.append(
        _row(
            "Could the claims have failed?",
            f"{could} of {len(material.vacuities)} claims with runs could have been refuted by some outcome "
            f"of them; {vacuous} that no adversarial run moved end vacuous, {supported} are supported",
        )
    )
    broken = sum(j.verdict == "errored" for j in verification.judgements)
    rows.append(
        _row(
            "Does the same run give the same number?",
            f"a part of the runs was made a second time in another process and compared bit by bit; the code "
            f"of {broken} claims failed, or gave another value",
        )
    )
    budget, head = info.get("error_budget"), info.get("headline")
    if isinstance(budget, Mapping):
        rows.append(
            _row(
                "How likely is a false refutation?",
                f"at most {100 * float(budget['level']):g} % for all {budget['claims']} claims together "
                f"(Holm); {budget['refuted_alone_only']} would be refuted alone, and are not",
            )
        )
    if isinstance(head, Mapping):
        rows.append(
            _row(
                "Do the supports hold together?",
                f"{head['joint']} of {head['counted']} supports that chance enters hold jointly at "
                f"{head['joint_level']:g}; {head['without_chance']} more involve none; {head['thin']} were "
                f"planned with a power below {head['thin_below_power']:g}",
            )
        )
    return rows


def _of_records(trust: Mapping[str, Any]) -> list[_Row]:
    rows: list[_Row] = []
    sound = trust.get("soundness") or {}
    command = "python -m verify soundness"
    planted = sound.get("falsehoods")
    rows.append(
        _row(
            "Is what is false found?",
            "not measured with this report"
            if planted is None
            else f"{_of(planted['total'], 'detected', 'planted')} planted falsehoods refuted, "
            f"{planted['total']['wrongly_supported']} supported; of gross ones "
            f"{_of(planted['gross'], 'detected', 'planted')} ({_made(sound)})",
            command,
        )
    )
    engines = sound.get("engines")
    if engines is not None and engines["tried"]:
        rows.append(
            _row(
                "Is a wrong engine noticed?",
                f"{engines['detected']} of {engines['tried']} flawed engines ({_made(sound)})",
                command,
            )
        )
    alarms = sound.get("false_alarms")
    if alarms is not None:
        low, high = (100 * end for end in alarms["interval"])
        rows.append(
            _row(
                "Does what is true pass?",
                f"{alarms['suites_with_a_false_refutation']} of {alarms['suites']} verifications of claims "
                f"true by construction refuted one ({low:.2g} to {high:.2g} %, budget "
                f"{100 * alarms['budget']:g} %)",
                command,
            )
        )
    steady = trust.get("stability")
    rows.append(
        _row(
            "Do verdicts change with the seed?",
            "not measured with this report"
            if steady is None
            else f"{steady['changed']} of {steady['claims']} at {steady['seeds']} seeds; "
            f"{steady['opposite']} both supported and refuted ({_made(steady)})",
            "python -m verify stability --seeds 5",
        )
    )
    return rows


def _of(counts: Mapping[str, Any], part: str, whole: str) -> str:
    return f"{counts[part]} of {counts[whole]}"


def _made(record: Mapping[str, Any]) -> str:
    run = record["run"]
    return f"{run['profile']} profile, seed {run['seed']}"
