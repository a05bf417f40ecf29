"""What both templates show: one set of values, free of its format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from theory.place import class_made
from verify.outcome import VERDICTS, Judgement, Verdict, Verification
from verify.report.blocks import Figure, Section
from verify.report.sections import all_sections
from verify.report.sections.items import traits
from verify.report.sections.material import Layer, Material
from verify.report.summary import lead, verdict_counts
from verify.report.wording import show
from verify.vacuity import Vacuity

__all__ = ["Count", "Page", "counts_of", "page", "title_of"]

_META = ("profile", "seed", "device", "finished")


@dataclass(frozen=True)
class Count:
    """How many claims have a verdict, and how many of them are no plain claims."""

    verdict: Verdict
    claims: int
    apart: str


@dataclass(frozen=True)
class Page:
    """One layer of a paper's report. `caveat` says how far its statements are the paper's own words; `items`
    are the claims of each item, for the appendix's overview; `traits` the words that its claims are filtered
    by, by name."""

    layer: Layer
    title: str
    lead: str
    more: str
    checked: str
    caveat: str
    meta: tuple[tuple[str, str], ...]
    counts: tuple[Count, ...]
    items: tuple[tuple[str, tuple[Judgement, ...]], ...]
    traits: Mapping[str, tuple[str, ...]]
    sections: tuple[Section, ...]


def page(
    verification: Verification,
    figures: Sequence[Figure],
    layer: Layer = "report",
    known: Sequence[Vacuity] | None = None,
) -> Page:
    """The report of one paper's claims, or the appendix that holds everything; `known` as in `Material`."""
    info = verification.run_info
    meta = [(name, show(info[name])) for name in _META if info.get(name) is not None]
    if info.get("place", "own") != "own":
        meta.append(("settings drawn from", str(info["place"])))
    if info.get("wall_seconds") is not None:
        meta.append(("wall time", f"{show(info['wall_seconds'])} s"))
    if info.get("git_commit"):
        meta.append(("commit", str(info["git_commit"])[:12]))
    material = Material(verification, figures, layer, known)
    first, more = lead(verification)
    shown = [traits(j) for j in verification.judgements if layer == "appendix" or j.claim.id in material.main]
    return Page(
        layer=layer,
        title=title_of(verification),
        lead=first,
        more=more,
        checked=_checked(verification),
        caveat=" ".join(p.caveat for p in verification.papers if p.caveat),
        meta=tuple(meta),
        counts=counts_of(verification),
        items=tuple(_items(verification).items()) if layer == "appendix" else (),
        traits={
            name: tuple(dict.fromkeys(found[name] for found in shown))
            for name in ("verdict", "region", "role", "provenance")
        },
        sections=all_sections(material),
    )


def title_of(verification: Verification) -> str:
    """The papers whose claims were checked, the most cited first; other sources where there is none."""
    if verification.papers:
        return "; ".join(
            f"{p.reference.authors} ({p.reference.year}): {p.reference.title}" for p in verification.papers
        )
    stated = Counter(j.claim.source.paper for j in verification.judgements if j.claim.provenance == "paper")
    papers = stated or Counter(j.claim.source.paper for j in verification.judgements)
    return "; ".join(paper for paper, _ in papers.most_common()) or "no claims"


def _checked(verification: Verification) -> str:
    """What was checked, in one or two sentences."""
    judgements = verification.judgements
    probes = sum(j.claim.is_probe for j in judgements)
    experiments = {o.experiment for j in judgements for o in j.judged}
    fresh, first = (
        {(o.experiment, o.seed, o.index) for j in judgements if _on_fresh_runs(j) is which for o in j.judged}
        for which in (True, False)
    )
    words = {
        "paper": "stated by the paper",
        "framework": "from the framework it builds on",
        "derived": "derived here",
    }
    tags = Counter(j.claim.provenance for j in judgements)
    origin = ", ".join(f"{tags[tag]} {text}" for tag, text in words.items() if tags[tag])  # type: ignore[index]
    printed_probes = sum(j.claim.is_probe and j.claim.provenance == "paper" for j in judgements)
    if printed_probes:
        outside = f"{printed_probes} of them with a condition left out"
        origin = origin.replace(words["paper"], f"{words['paper']}, {outside}", 1)
    are = "is a probe" if probes == 1 else "are probes"
    probe = f" {probes} of them {are}, judged outside a condition on purpose." if probes else ""
    late = len(fresh - first)
    runs = f"{len(first)} first runs and {late} fresh ones, which settle what the first left open,"
    made = f" They were judged on {runs if late else f'{len(first)} runs'} in {len(experiments)} experiments."
    return f"{len(judgements)} claims ({origin or 'none'}).{probe}{made}{_reference(verification)}"


def _on_fresh_runs(judgement: Judgement) -> bool:
    """Whether it was settled in the second stage, on runs of its own seeds."""
    return bool((judgement.decision.statistic.get("second_stage") or {}).get("settled"))


def _reference(verification: Verification) -> str:
    """The box that conditions are looked at in, of the settings of most claims."""
    kinds = Counter(o.setting.__class__ for j in verification.judgements for o in j.judged[:1])
    boxes = [b for p in verification.papers for b in p.reference_boxes if class_made(b) in kinds]
    if not boxes:
        return ""
    first = max(boxes, key=lambda b: kinds[class_made(b)])
    ranges = first.describe().partition(": ")[2]
    named = "; ".join(b.name for b in boxes if b is not first)
    others = f" Claims on other models have boxes of their own: {named}." if named else ""
    return f" Reference box, within which conditions are looked at: {ranges}.{others}"


def counts_of(verification: Verification) -> tuple[Count, ...]:
    """The counts of a page's head: all verdicts that a claim has, and the first three anyway."""
    out = []
    counts = verdict_counts(verification)
    for verdict in VERDICTS:
        number = counts[verdict]
        roles = Counter(j.claim.role for j in verification.judgements if j.verdict == verdict)
        apart = ", ".join(
            f"{roles[r]} {r}{'s' if roles[r] > 1 else ''}" for r in ("probe", "reading") if roles[r]
        )
        if number or verdict in VERDICTS[:3]:
            out.append(Count(verdict, number, apart))
    return tuple(out)


def _items(verification: Verification) -> dict[str, tuple[Judgement, ...]]:
    """The claims of each item; an item of another work names it, a page of this project's is its file."""
    subject = Counter(j.claim.source.paper for j in verification.judgements).most_common(1)
    out: dict[str, tuple[Judgement, ...]] = {}
    for judgement in verification.judgements:
        source = judgement.claim.source
        page = source.item.startswith("docs/")
        item = source.item.rpartition("/")[2] if page else source.item
        name = item if source.paper == subject[0][0] or item != source.item else f"{item} ({source.paper})"
        out[name] = (*out.get(name, ()), judgement)
    return out
