"""Could each claim have failed?"""

from __future__ import annotations

from verify.report.blocks import Plain, Section, Table, Text
from verify.report.sections.material import Material
from verify.report.wording import show
from verify.vacuity import Vacuity

__all__ = ["section"]

_HEAD = ("claim", "conditions hold in", "could it have failed?", "remark")
_INTRODUCTION = (
    "A check that cannot fail says nothing. The second column is the share of a wide reference box of"
    " settings in which the claim is judged, with its exact 95 % interval. The third says whether any outcome"
    " of these very runs would have refuted it. How far bounds are from what they bound stands above."
)


def section(material: Material) -> Section:
    """A row a claim with runs, below a sentence that sums them up."""
    entries = material.vacuities
    weak = sum(bool(v.warning) for v in entries)
    never = sum(not v.refutable for v in entries)
    proved = sum(material.by_id[v.claim_id].verdict == "derived" for v in entries)
    without = f", {proved} of them by algebra alone," if proved else ""
    summary = (
        f"{len(entries) - never} of {len(entries)} judged claims{without} could have been refuted by some"
        f" outcome; {weak} carry a remark."
    )
    rows = tuple((material.ref(v.claim_id), *map(Plain, _row(v))) for v in entries)
    blocks: tuple[Text | Table, ...] = (Text(_INTRODUCTION), Text(summary))
    if rows:
        blocks = (
            *blocks,
            Table("How far each claim is from a check that cannot fail", _HEAD, rows, "compact"),
        )
    return Section("vacuity", "Could the claims have failed?", blocks, short="Vacuity")


def _row(v: Vacuity) -> tuple[str, str, str]:
    share = f"{show(v.share.value)} [{show(v.share.low)}, {show(v.share.high)}]"
    answer = "yes" if v.refutable else "alone only" if v.refutable_alone else "no"
    return share, f"{answer}: {v.how}", v.warning
