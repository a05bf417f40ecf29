"""How tight the bounds are."""

from __future__ import annotations

from verify.report.blocks import Plain, Section, Table, Text
from verify.report.sections.material import Material
from verify.report.tightness import tightness
from verify.report.wording import show

__all__ = ["section"]

_NOTE = (
    "The factor by which the nearer end of a bound could move in before the run left it. Below 1 the run is "
    "outside."
)


def section(material: Material) -> Section | None:
    """A row a claim that bounds a number; None without any."""
    rows = tuple(
        (
            material.ref(t.claim_id),
            *(Plain(show(value)) for value in (t.runs, t.least, t.median, t.largest)),
            Plain(t.remark + (f"; exactly 0 in {t.zero} runs" if t.zero else "")),
        )
        for t in tightness(material.verification)
    )
    if not rows:
        return None
    head = ("claim", "runs", "least", "median", "largest", "remark")
    table = Table("Bound over observed, across the judged runs", head, rows, "numbers")
    return Section("tightness", "Tightness of the bounds", (Text(_NOTE), table), short="Tightness")
