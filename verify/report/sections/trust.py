"""Why the verdicts may be believed: what this run measured of itself, and what other commands measured."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from theory.paper_names import paper_names
from verify.measured import last_records, trust_of
from verify.report.blocks import Block, Code, Items, Plain, Section, Table, Text
from verify.report.sections.material import Material
from verify.statistics.error_budget import budget_use, refuted_alone_only
from verify.statistics.joint import headline

__all__ = ["section"]

_HEAD = ("question", "measured", "by")
_NOTE = (
    "The first rows are of this very run{others}. The others are measured by commands of their own, with "
    "their own profile, seed and date; a row that has not been measured says so."
)
_UNKNOWN = "not measured"
#: Of a row whose command stands in the row above.
_SAME = "the same"


def section(material: Material) -> Section:
    """A row a question, then the figures."""
    trust = trust_of(material.verification)
    rows = (*_of_this_run(material), *_of_records(material, trust))
    table = Table("What the verdicts rest on", _HEAD, rows, "stack")
    together = int(material.verification.run_info.get("judged_together", 1))
    others = f" (its counts of runs are of all {together} papers that it judged)" if together > 1 else ""
    blocks: list[Block] = [Text(_NOTE.format(others=others), "small"), table]
    missed = tuple(map(Plain, _missed(trust)))
    if missed:
        blocks.append(
            Section("", "What it is known to miss, and which verdicts change", (Items(missed),), folded=True)
        )
    figure = material.figure("trust")
    if figure is not None:
        blocks.append(figure)
    return Section("trust", "How far to trust it", tuple(blocks), short="Trust")


_Row = tuple[Plain, Plain, Plain | Code]


def _row(question: str, measured: str, by: str = "this run") -> _Row:
    return Plain(question), Plain(measured), Plain(by) if by in ("this run", _SAME) else Code(by)


def _of_this_run(material: Material) -> list[_Row]:
    verification, info = material.verification, material.verification.run_info
    judged = [j for j in verification.judgements if j.judged and j.scope is not None]
    derived = sum(j.verdict == "derived" for j in judged)
    scopes = [j.scope for j in judged if j.scope is not None and j.verdict != "derived"]
    regions = {name: sum(s.region == name for s in scopes) for name in ("conditions", "box", "cells")}
    shares = [s.coverage for s in scopes if s.region == "box" and s.coverage is not None]
    median = statistics.median(shares) if shares else 0.0
    share = f"{100 * median:.2g} %" if median >= 0.01 else "under 1 %"
    boxes = f", which cover {share} of them (the median of this paper's)" if shares else ""
    rows = [
        _row(
            "Do the runs cover the conditions?",
            f"{regions['conditions']} of {len(scopes)} claims judged by runs have settings from all of their "
            f"conditions; {regions['box']} from chosen ranges{boxes}; {regions['cells']} from chosen cells"
            + (f"; {derived} more are proved by algebra" if derived else ""),
        )
    ]
    could = sum(v.refutable for v in material.vacuities)
    proved = sum(material.by_id[v.claim_id].verdict == "derived" for v in material.vacuities)
    without = f", {proved} of them by algebra alone," if proved else ""
    supported = sum(j.verdict == "supported" for j in verification.judgements)
    vacuous = sum(j.verdict == "vacuous" for j in verification.judgements)
    rows.append(
        _row(
            "Could the claims have failed?",
            f"{could} of {len(material.vacuities)} judged claims{without} could have been refuted by some "
            f"outcome; of those that passed by runs, {vacuous or 'none'} ended vacuous (no adversarial run "
            f"moved {'them' if vacuous != 1 else 'it'}) and {supported} supported",
        )
    )
    broken = sum(j.verdict == "errored" for j in verification.judgements)
    rows.append(
        _row(
            "Does the same run give the same number?",
            f"{_again(info.get('made_again', 0), info.get('runs'))}; the code of {broken or 'no'} claim"
            f"{'s' if broken > 1 else ''} failed, or gave another value",
        )
    )
    if isinstance(info.get("error_budget"), Mapping):
        # Of this paper alone: the run may have judged others beside it.
        budget = budget_use(verification.judgements, float(info["error_budget"]["level"])).as_dict()
        alone = [j.claim.id for j in verification.judgements if refuted_alone_only(j)]
        rows.append(
            _row(
                "How likely is a false refutation?",
                f"at most {100 * float(budget['level']):g} % for all {budget['claims']} claims of this paper "
                f"that chance enters together (Holm); {_held_back(alone)}",
            )
        )
    if isinstance(info.get("headline"), Mapping):
        head = headline(verification.judgements).as_dict()
        rows.append(
            _row(
                "Do the supports hold together?",
                f"of {head['supported']} supports {head['without_chance']} involve no chance; "
                f"{head['thin']} by samples were planned with a power below {head['thin_below_power']:g} and "
                f"are not counted; of the other {head['counted']}, {head['joint']} hold jointly at "
                f"{head['joint_level']:g}",
            )
        )
    return rows


def _held_back(claims: Sequence[str]) -> str:
    if not claims:
        return "no claim is refuted alone and held back by it"
    return f"refuted alone, and held back by it: {', '.join(claims)}"


def _again(runs: int, of: Any) -> str:
    if not runs:
        return "at one worker no run was made a second time"
    share = f" of {of} first" if of else ""
    return f"{runs}{share} runs were made a second time in other processes and compared bit by bit"


def _of_records(material: Material, trust: Mapping[str, Any]) -> list[_Row]:
    sound, steady, kept = (trust.get(name) or {} for name in ("soundness", "stability", "conformance"))
    now = material.verification.run_info.get("source_digest")
    words = _of_soundness(sound, _made(sound, now) if sound else "", material)
    changed = (
        f"{steady['changed']} of {steady['claims']} at {steady['seeds']} seeds; "
        f"{steady['opposite']} both supported and refuted ({_made(steady, now)})"
        if steady
        else _UNKNOWN
    )
    asked = f"python -m verify stability --seeds 5{_asked(material)}"
    by = str(steady.get("run", {}).get("command", asked))
    rows = [*words, _row("Do verdicts change with the seed?", changed, by)]
    commands = [paper.commands for paper in material.verification.papers]
    if kept or any("conformance" in names for names in commands):
        by = str(kept.get("run", {}).get("command", "python -m verify conformance"))
        text = f"{_engines(kept['reports'])} ({_made(kept, now)})" if kept else _UNKNOWN
        rows.append(_row("Do the engines train the network as defined?", text, by))
    return rows


def _engines(reports: Sequence[Mapping[str, Any]]) -> str:
    checks, passed = (sum(r[name] for r in reports) for name in ("checks", "passed"))
    return (
        f"{passed} of {checks} checks passed on {', '.join(str(r['engine']) for r in reports)}: gradients "
        "against autograd and differences, symmetries, closure"
    )


def _supported(sound: Mapping[str, Any], material: Material) -> str:
    """Which planted falsehoods were supported, with what the notes of their claims say of it."""
    found = [r for r in (sound.get("falsehoods") or {}).get("undetected", ()) if r["verdict"] == "supported"]
    notes = {r["claim"]: material.by_id[r["claim"]].claim.note for r in found if r["claim"] in material.by_id}
    said = (
        f"{r['claim']}, {r['falsehood']}{f': {n}' if (n := notes.get(r['claim'])) else ''}" for r in found
    )
    return f" ({'; '.join(said)})" if found else ""


def _of_soundness(sound: Mapping[str, Any], made: str, material: Material) -> list[_Row]:
    command = str(sound.get("run", {}).get("command", f"python -m verify soundness{_asked(material)}"))
    planted = sound.get("falsehoods")
    rows = [
        _row(
            "Is what is false found?",
            _not_measured(material)
            if planted is None
            else f"{_of(planted['total'], 'detected', 'planted')} planted falsehoods refuted, "
            f"{planted['total']['wrongly_supported']} supported{_supported(sound, material)}; of gross ones "
            f"{_of(planted['gross'], 'detected', 'planted')} ({made})",
            command,
        )
    ]
    if planted is not None:  # how it was made is said once, of all that one command measured
        made, command = "", _SAME
    told = {name: c for name, c in (sound.get("distances") or {}).get("rows", {}).items() if c["planted"]}
    if told:
        parts = (
            f"{name}: {_of(c, 'right', 'planted')} as they should be, {c['supported']} supported"
            for name, c in told.items()
        )
        rows.append(_row("How false must it be?", "; ".join(parts) + _in_brackets(made), command))
    engines = sound.get("engines")
    if engines is not None and engines["tried"]:
        noticed = f"{engines['detected']} of {engines['tried']} flawed engines{_in_brackets(made)}"
        rows.append(_row("Is a wrong engine noticed?", noticed, command))
    alarms = sound.get("false_alarms")
    if alarms is not None:
        low, high = (100 * end for end in alarms["interval"])
        rows.append(
            _row(
                "Does what is true pass?",
                f"{alarms['suites_with_a_false_refutation']} of {alarms['suites']} verifications of claims "
                f"true by construction refuted one ({low:.2g} to {high:.2g} %, budget "
                f"{100 * alarms['budget']:g} %{f'; {made}' if made else ''})",
                command,
            )
        )
    return rows


def _asked(material: Material) -> str:
    """The options that ask for the papers of a report."""
    return "".join(f" --paper {paper.name}" for paper in material.verification.papers)


def _not_measured(material: Material) -> str:
    """Said of a paper without a record: how many of its false variants would be found is not known; of a
    built-in one, of which others it is."""
    own, names = {paper.name for paper in material.verification.papers}, paper_names()
    beside = [name for name in names if name not in own] if own <= set(names) and own else []
    others = [name for name in beside if "soundness" in last_records(name)]
    known = f" It is measured of {', '.join(others)}, by the same rules: see their reports." if others else ""
    return (
        f"{_UNKNOWN} of this paper: nothing here says how many false variants of its claims would be refuted."
        f"{known}"
    )


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""


def _missed(trust: Mapping[str, Any]) -> Iterator[str]:
    sound, steady = trust.get("soundness") or {}, trust.get("stability") or {}
    for row in (sound.get("falsehoods") or {}).get("undetected", ()):
        yield f"{row['claim']}: {row['falsehood']}: {row['verdict']}"
    for row in (sound.get("distances") or {}).get("missed", ()):
        far = "no margin" if row["distance"] is None else f"{row['distance']:.2g} margins away"
        yield f"{row['claim']}: {row['kind']}, {far}: {row['verdict']}"
    for row in steady.get("flips", ()):
        yield f"{row['claim']}, by seed: {', '.join(row['words'])}"


def _of(counts: Mapping[str, Any], part: str, whole: str) -> str:
    return f"{counts[part]} of {counts[whole]}"


def _made(record: Mapping[str, Any], now: Any) -> str:
    """Profile, seed, release and day of a record, and whether the code is another one now."""
    run = record["run"]
    commit = f" at {run['git_commit'][:12]}" if run.get("git_commit") else ""
    digest = run.get("source_digest")
    parts = [
        f"{run['profile']} profile" if "profile" in run else "",
        f"seed {run['seed']}",
        f"release {run['version']}{commit}" if "version" in run else "",
        str(run["finished"])[:10] if "finished" in run else "",
        "the code has changed since" if digest is not None and now is not None and digest != now else "",
    ]
    return ", ".join(part for part in parts if part)
