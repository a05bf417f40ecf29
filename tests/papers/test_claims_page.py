"""The models that docs/claims.md shows go through the pipeline, and end as the page says."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from verify.load import load_sources
from verify.pipeline import verify_claims
from verify.search.falsify import falsify

PAGE = (Path(__file__).parents[2] / "docs" / "claims.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.S)
#: Words of a built-in paper.
FOREIGN = re.compile(r"kappa_0|sigma_xi|n_snr2|noisy|Theorem 4|filter")


def block(word: str) -> str:
    (found,) = [code for code in BLOCKS if word in code]
    return str(found)


WALK = block("def walk(")
#: The page's blocks build on each other.
BOWL = WALK + block("class Bowl(")


def written(folder: Path, name: str, code: str) -> Path:
    file = folder / f"{name}.py"
    file.write_text(code, encoding="utf-8")
    return file


def test_the_function_model_is_a_file_of_forty_lines() -> None:
    assert len([line for line in WALK.splitlines() if line.strip()]) <= 40


def test_the_function_model_goes_through_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., tuple[int, str, str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "walk", WALK)
    line = "run --claims-file walk.py --claims 'walk.*' --profile quick --jobs 1 --no-figures --seed 0"
    line += " --resume kept --out r"
    assert command(*shlex.split(line))[0] == 0
    records = {r["id"]: r for r in json.loads((tmp_path / "r" / "claims.json").read_text())}
    assert {name: r["verdict"] for name, r in records.items()} == {
        "walk.hoeffding": "supported", "walk.half": "refuted", "walk.arcsine": "supported",
    }  # fmt: skip
    # Walks shorter than the condition asks for are not judged.
    assert records["walk.half"]["n_trials"] == 344
    page = (tmp_path / "r" / "report.md").read_text()
    assert "walk.arcsine" in page
    assert not FOREIGN.search(page)
    status, _, err = command(*shlex.split(line))
    assert status == 0
    assert "344 of 344 runs reused" in err
    again = {r["id"]: r for r in json.loads((tmp_path / "r" / "claims.json").read_text())}
    assert {n: r["statistic"] for n, r in again.items()} == {n: r["statistic"] for n, r in records.items()}


def test_what_contradicts_its_reading_is_found_and_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., tuple[int, str, str]]
) -> None:
    monkeypatch.chdir(tmp_path)
    file = written(tmp_path, "walk", WALK)
    reading = load_sources([file], wanted=["walk.*"]).ledger["walk.half"]
    found = falsify(reading, seconds=10).found
    assert found is not None
    assert found.setting.n >= 100  # as the condition asks
    status, out, _ = command(*shlex.split(found.replay)[3:])
    assert status == 1
    assert "walk.half" in out


def test_the_model_with_an_engine_is_judged(tmp_path: Path) -> None:
    file = written(tmp_path, "descent", BOWL + block("FALSEHOODS ="))
    ledger = load_sources([file], wanted=["bowl.*"]).ledger
    done = verify_claims(list(ledger), "quick")
    assert [(j.claim.id, j.verdict) for j in done.judgements] == [("bowl.rate", "supported")]
    from verify.load import claims_module

    (false,) = claims_module(file).FALSEHOODS
    wrong = replace(false.claim, id="bowl.wrong")
    assert verify_claims([wrong], "quick").judgements[0].verdict == "refuted"


def test_the_paper_of_the_page_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "bowl"
    folder.mkdir()
    written(folder, "paper", BOWL + block("THIS = Paper("))
    (paper,) = load_sources(papers=[str(folder)]).papers.values()
    assert (paper.name, [c.id for c in paper.claims]) == ("bowl", ["bowl.rate"])
