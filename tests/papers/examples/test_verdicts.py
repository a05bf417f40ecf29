"""The examples at quick, on their own places and on all of their conditions: true claims are supported,
planted ones refuted; sizes; nothing else knows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.paper import Paper, find_papers, load_paper, paper_names
from verify.region import all_on_conditions
from verify.soundness.falsehoods import plant_and_judge

ROOT = Path(__file__).parents[3]
EXAMPLES = [name for name in paper_names() if name.startswith("examples.")]
#: Verdicts other than "supported": a probe that shows its condition needed, and truths on the border.
OTHERWISE = {
    "examples.jl.squared": "refuted",
    "examples.coins.border_rate": "inconclusive",
    "examples.coins.border_ratio": "inconclusive",
}
#: Supported in one seed of twenty, as the level says.
BORDER = frozenset(id_ for id_, verdict in OTHERWISE.items() if verdict == "inconclusive")
#: Runs on all conditions where quick's own number costs much. No verdict is easier to come by with fewer:
#: each keeps its level at any number.
FEWER = {"examples.cao": 120, "examples.max_margin": 20}
#: Most lines that are not blank, the engine included.
SIZES = {
    "jl": 80,
    "marchenko_pastur": 80,
    "double_descent": 80,
    "coins": 80,
    "max_margin": 150,
    "deep_linear": 150,
    "kou": 150,
    "cao": 180,
}


def files(name: str) -> list[Path]:
    short = name.removeprefix("examples.")
    engine = ROOT / "simulation" / "examples" / f"{short}.py"
    return [
        *sorted((ROOT / "theory" / "examples" / short).glob("*.py")),
        *([engine] if engine.exists() else []),
    ]


def lines(path: Path) -> int:
    return sum(bool(line.strip()) for line in path.read_text(encoding="utf-8").splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_true_claims_pass_and_planted_ones_are_found(name: str) -> None:
    paper = load_paper(name)
    declared = list(paper.falsehoods(Ledger(paper.claims)))
    assert declared
    holds(paper.claims, declared)


def moved(paper: Paper, claims: list[Claim]) -> list[Claim]:
    """On places drawn from their conditions in the reference box; sweeps and grids stay as they are."""
    if paper.name in FEWER:
        runs = {"quick": FEWER[paper.name]}
        claims = [replace(c, experiment=replace(c.experiment, runs=runs)) for c in claims]
    boxes = {c.id: paper.reference_for(c.experiment.setting_class) for c in claims}
    assert None not in boxes.values(), f"{paper.name} has no reference box"
    drawn, stay = all_on_conditions(claims, {id_: box for id_, box in boxes.items() if box is not None})
    assert stay == {}
    return drawn


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_so_they_do_on_all_of_their_conditions(name: str) -> None:
    paper = load_paper(name)
    boxed = [c for c in paper.claims if c.experiment.place.coordinates]
    ids = {c.id for c in boxed}
    declared = [f for f in paper.falsehoods(Ledger(paper.claims)) if f.of in ids]
    false = moved(paper, [f.claim for f in declared])
    planted = [replace(f, claim=c) for f, c in zip(declared, false, strict=True)]
    holds(moved(paper, boxed), planted, free=BORDER & ids)


def holds(claims: Sequence[Claim], declared: list[Falsehood], free: frozenset[str] = frozenset()) -> None:
    """The verdicts of claims and of what is planted in them, on the same runs; not "refuted" for `free`."""
    expected = {c.id: OTHERWISE.get(c.id, "supported") for c in claims}
    found = plant_and_judge(claims, declared, profile="quick", seed=0)
    assert found.verdicts == expected | {id_: found.verdicts[id_] for id_ in free}
    assert "refuted" not in {found.verdicts[id_] for id_ in free}
    names = {(f.of, f.name) for f in declared}
    planted = {(d.planted.of.id, d.planted.name): d.verdict for d in found.detections}
    assert {key: planted.get(key) for key in names} == dict.fromkeys(names, "refuted")
    assert not [d.planted.name for d in found.detections if d.wrongly_supported]


def test_they_are_as_small_as_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    counted = {name.removeprefix("examples."): sum(map(lines, files(name))) for name in EXAMPLES}
    with capsys.disabled():
        print("\nlines of the examples:", ", ".join(f"{name} {count}" for name, count in counted.items()))
    assert set(counted) == set(SIZES)
    assert {name: count for name, count in counted.items() if count > SIZES[name]} == {}
    assert lines(ROOT / "simulation" / "examples" / "cao.py") <= 160


def test_they_are_judged_when_named_only() -> None:
    assert set(EXAMPLES) <= set(find_papers(optional=True))
    assert not set(EXAMPLES) & set(find_papers())


def test_no_file_outside_them_names_or_imports_one() -> None:
    inside = {p for name in EXAMPLES for p in files(name)}
    named = re.compile(
        "|".join([r"(theory|simulation)[./]examples", *(rf"\b{re.escape(n)}\b" for n in EXAMPLES)])
    )
    core = [p for package in ("theory", "simulation", "verify") for p in (ROOT / package).rglob("*.py")]
    assert len(core) > 10 * len(inside)
    found = [p for p in core if p not in inside and named.search(p.read_text(encoding="utf-8"))]
    assert found == []
    assert all(named.search(p.read_text(encoding="utf-8")) for p in inside if p.name == "paper.py")


def test_they_import_the_papers_that_they_say() -> None:
    papers = [re.escape(name) for name in paper_names()]
    module = re.compile(rf"\b(?:theory|simulation)\.({'|'.join(papers)})\b")
    for name in EXAMPLES:
        allowed = {name, *load_paper(name).builds_on}
        for path in files(name):
            assert set(module.findall(path.read_text(encoding="utf-8"))) <= allowed, path
