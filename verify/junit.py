"""A verification as JUnit XML: one case a claim, its id for a name."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from verify.outcome import Judgement, Verification, paper_name

__all__ = ["junit_xml", "told", "write_junit"]

#: Characters that XML cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def told(judgement: Judgement) -> str:
    """What there is to say of a claim: its verdict, why, a counterexample, how to see it again."""
    found = judgement.counterexample
    lines = [
        f"{judgement.claim.id}: {judgement.verdict}",
        judgement.claim.statement,
        judgement.decision.reason,
    ]
    if found is not None:
        lines.append(f"counterexample: {found.setting}, seed {found.seed}, measured {found.value}")
        lines.append(f"replay: {found.replay}")
    return "\n".join(lines)


def junit_xml(verification: Verification) -> str:
    """The document.

    A claim that is refuted or, of any role, errored is a failure or an error; one that is inconclusive,
    vacuous or not applicable is skipped, with its reason; a probe and a reading that is refuted passes: it is
    a finding.
    """
    cases = [_case(judgement, verification) for judgement in verification.judgements]
    suite = ElementTree.Element(
        "testsuite",
        {
            "name": "theorem-verifier",
            "tests": str(len(cases)),
            "failures": str(sum(case.find("failure") is not None for case in cases)),
            "errors": str(sum(case.find("error") is not None for case in cases)),
            "skipped": str(sum(case.find("skipped") is not None for case in cases)),
            "time": str(verification.run_info.get("wall_seconds", 0)),
        },
    )
    suite.extend(cases)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def write_junit(verification: Verification, path: Path) -> None:
    """Write the document.

    Raises:
        OSError: when the file cannot be written.
    """
    path.write_text(junit_xml(verification), encoding="utf-8", errors="replace")


def _case(judgement: Judgement, verification: Verification) -> ElementTree.Element:
    claim, verdict = judgement.claim, judgement.verdict
    case = ElementTree.Element(
        "testcase", {"name": claim.id, "classname": paper_name(claim, verification.papers), "time": "0"}
    )
    properties = ElementTree.SubElement(case, "properties")
    for name, value in (
        ("verdict", verdict),
        ("role", claim.role),
        ("runs", str(judgement.decision.n_trials)),
    ):
        ElementTree.SubElement(properties, "property", {"name": name, "value": value})
    kind = {
        "errored": "error",
        "inconclusive": "skipped",
        "vacuous": "skipped",
        "not-applicable": "skipped",
    }.get(verdict, "failure" if judgement.fails_verification else "")
    if kind:
        said = ElementTree.SubElement(
            case, kind, {"message": _clean(f"{verdict}: {judgement.decision.reason}")}
        )
        said.text = _clean(told(judgement))
        if kind != "skipped":
            said.set("type", verdict)
    return case


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("?", text)
