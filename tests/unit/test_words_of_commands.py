"""What commands say of a user's own claims: planes by name, searches that judge nothing, how a report is made
again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import verify.search.falsify
from theory.plane import Axis, Plane
from theory.two_stage.setting import Setting
from verify.cli import explore
from verify.report.sections.cite import section
from verify.search.falsify import Falsification


def plane(name: str) -> Any:
    axis = Axis("x", "x", 1, 2)
    return Plane(name, axis, axis, lambda x, y: Setting, lambda run: {}, ())  # type: ignore[arg-type, return-value]


def test_a_plane_with_a_typo_names_those_of_the_file() -> None:
    own = SimpleNamespace(name="mine", planes=(plane("gamma-theta"), plane("n-p")))
    papers: list[Any] = [own, SimpleNamespace(name="other", planes=(plane("snr-tau"),))]
    with pytest.raises(ValueError, match=r"one of gamma-theta, n-p, was .*; did you mean gamma-theta"):
        explore.find_plane("gama-theta", papers, [own])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"n-p, snr-tau, was .* did you mean snr-tau"):
        explore.find_plane("snr-tua", papers)
    assert explore.find_plane("mine.n-p", papers).name == "n-p"


@pytest.mark.parametrize(("runs", "status"), [(0, 5), (7, 0)])
def test_a_search_that_judged_nothing_ends_as_a_run_does(
    runs: int, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = SimpleNamespace(id="mine.a", statement="x")
    monkeypatch.setattr(explore, "find_claim", lambda *a, **k: claim)
    done = Falsification("there", runs, runs, 3, 1.0, "nothing", None)
    monkeypatch.setattr(verify.search.falsify, "falsify", lambda *a, **k: done)
    assert explore.falsify("mine.a", budget="1s") == status


@pytest.mark.parametrize(
    ("selected", "command"),
    [
        (
            {"--claims-file": ["my file.py"], "--claims": ["m.*"]},
            "--claims-file 'my file.py' --claims 'm.*' --profile quick --seed 3",
        ),
        ({"--paper": ["folder/bbp"]}, "--paper folder/bbp --profile quick --seed 3"),
        ({}, "--paper bbp --profile quick --seed 3"),
    ],
)
def test_how_to_cite_makes_the_same_report_again(selected: dict[str, list[str]], command: str) -> None:
    info = {"profile": "quick", "seed": 3, "selected": selected}
    paper = SimpleNamespace(name="bbp", reference="B 2024")
    material: Any = SimpleNamespace(verification=SimpleNamespace(run_info=info, papers=(paper,)))
    text = " ".join(str(block) for block in section(material).blocks)
    assert f"python -m verify run {command} --out reports/again" in text.replace("\\'", "'")
