"""A model is checked before any run: what is missing is said in one line, with the experiment's name."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulation.models import Engine
from theory.experiment import Experiment
from theory.model import Model, function_model
from theory.place import Box, Coordinate, fixed
from theory.setting import AbstractSetting, Trends
from verify.check import check_model, check_setting, differing_entry, fault_of_run, settings_of
from verify.load import ClaimsFileError, load_claims_file, load_sources
from verify.runs.plan import job_of


@dataclass(frozen=True)
class Walk(AbstractSetting):
    n: int
    p: float = 0.5


def walk(s: Walk, rng: np.random.Generator) -> Mapping[str, Any]:
    return {"end": int(2 * rng.binomial(s.n, s.p) - s.n)}


WALK = function_model(Walk, walk)
E = Experiment(
    "walks",
    place=Box("walks", (Coordinate("n", 5, 50, whole=True),), lambda x: Walk(**x)),
    model=WALK,
    runs={"quick": 10},
)


def test_a_whole_model_passes() -> None:
    check_model(E)
    assert len(list(settings_of(E))) == 20
    assert len(list(settings_of(E, seconds=0.0))) == 1


@dataclass(frozen=True)
class Forgetful(Walk):
    def as_dict(self) -> dict[str, Any]:
        return {"n": self.n}


@dataclass(frozen=True)
class Sticky(Walk):
    def with_(self, **changes: Any) -> Sticky:
        return Sticky(7)


@dataclass(frozen=True)
class Endless(Walk):
    def size(self) -> tuple[float, ...]:
        return (float("inf"),)


@dataclass(frozen=True)
class Still(Walk):
    @property
    def clock_step(self) -> float:
        return 0.0


@dataclass(frozen=True)
class Elsewhere(Walk):
    trends = Trends(slopes=("m",))


@dataclass(frozen=True)
class Listed(Walk):
    trends = ("n",)  # type: ignore[assignment]


@dataclass(frozen=True)
class Misspelt(Walk):
    @classmethod
    def letters(cls) -> Any:
        return {"n": "length"}


@dataclass(frozen=True)
class Blank(Walk):
    def __reduce__(self) -> Any:
        return Blank, (1,)


@dataclass(frozen=True)
class Nested(AbstractSetting):
    inside: tuple[int, ...]


@dataclass
class Loose(AbstractSetting):
    n: int


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (Forgetful(5, 0.2), "as_dict must give the fields that make it again"),
        (Sticky(5), "with_"),
        (Endless(5), "size must hold finite numbers"),
        (Still(5), "clock_step must be > 0"),
        (Elsewhere(5), "trends names 'm'"),
        (Listed(5), "trends must be a Trends, as Trends(slopes=('n',)), was ('n',)"),
        (Misspelt(5), "letter n stands for 'length'"),
        (Blank(5), "must come back equal from a pickle"),
        (Nested((1, 2)), "field inside must be a number or a word"),
        (Loose(5), "must be frozen"),
    ],
)
def test_a_setting_that_is_no_value_is_refused(setting: AbstractSetting, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        check_setting(setting)


class Half:
    """An engine that can make runs, and nothing else."""

    def make(self, jobs: Any, *, device: str) -> Any:
        return []


class Drifting(Engine):
    """Its runs depend on how many were made before."""

    made = 0

    def make(self, jobs: Any, *, device: str) -> Any:
        Drifting.made += 1
        return [
            SimpleNamespace(
                setting=job.setting, seed=job.seed, engine="drifting", dtype=job.dtype, end=Drifting.made,
                steps=np.arange(job.steps + 1), clock=np.arange(job.steps + 1.0),
            )
            for job in jobs
        ]  # fmt: skip


class Nameless(Engine):
    """Its runs do not say what made them."""

    def make(self, jobs: Any, *, device: str) -> Any:
        return [SimpleNamespace(setting=job.setting, seed=job.seed, steps=np.zeros(1)) for job in jobs]


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        (replace(E, model=Model("half", Walk, {"only": Half()})), "engine 'only' has no most, dtypes"),
        (replace(E, engines=("law",)), "engine must be one of function, was 'law'"),
        (replace(E, model=None), "model is missing"),
        (replace(E, options=[1]), "options must be frozen"),
        (replace(E, place=fixed(Still(3))), "Still: clock_step must be > 0"),
        (replace(E, control=lambda s: 3), "control must return a setting, was 3"),
        (replace(E, place=Box("b", (), lambda x: 1 / 0)), "makes no setting at its middle"),  # type: ignore[arg-type, return-value]
    ],
)
def test_a_model_that_is_not_whole_is_refused(experiment: Experiment, said: str) -> None:
    with pytest.raises(ValueError, match=f"^experiment walks: .*{said}") as refused:
        check_model(experiment)
    assert "\n" not in str(refused.value)


def test_runs_that_do_not_repeat_or_lack_an_entry_are_told() -> None:
    job = job_of(replace(E, max_steps=2), next(settings_of(E)), 0, Drifting())
    one, other = (Drifting().make([job], device="cpu")[0] for _ in range(2))
    assert fault_of_run(one, job) is None
    assert differing_entry(one, other) == "end"
    (nameless,) = Nameless().make([job], device="cpu")
    assert fault_of_run(nameless, job) == "a run must have engine"


FILE = """
from dataclasses import dataclass
from theory import *

@dataclass(frozen=True)
class Coin(AbstractSetting):
    n: int
    def as_dict(self):
        return {{"n": {told}}}

E = Experiment("file.e", place=fixed(Coin(10)), runs={{"quick": 100}},
               model=function_model(Coin, lambda s, rng: {{"x": rng.random()}}))
CLAIMS = [Claim(id="file.a", source=Source("x", "1"), provenance="derived", statement="s", rule=Event(),
                measure=lambda run: True, experiment=E)]
"""


def test_a_claims_file_is_checked_when_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(FILE.format(told="self.n"))
    assert [c.id for c in load_claims_file(tmp_path / "good.py")] == ["file.a"]
    (tmp_path / "bad.py").write_text(FILE.format(told="11"))
    said = r"^--claims-file .*bad.py: experiment file.e: Coin: as_dict must give the fields .*'n': 11}$"
    with pytest.raises(ClaimsFileError, match=said):
        load_claims_file(tmp_path / "bad.py")


def test_a_paper_in_a_folder_is_checked_when_it_is_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "checked_paper"
    folder.mkdir()
    (folder / "paper.py").write_text(
        FILE.format(told="11").replace("file.", "checked_paper.")
        + 'THIS = Paper("checked_paper", Reference("a", 2000, "t", "w"), tuple(CLAIMS))\n'
    )
    with pytest.raises(
        ValueError, match=r"^--paper .*checked_paper: experiment checked_paper.e: Coin: as_dict"
    ):
        load_sources(papers=[str(folder)])


def test_an_exponent_needs_a_sweep(tmp_path: Path) -> None:
    """On a box every replicate is one point: no slope is ever measured."""
    swept = FILE.format(told="self.n").replace("rule=Event()", 'rule=Exponent("n", 0.5)')
    swept = swept.replace("measure=lambda run: True", "measure=lambda run: run.x + 1")
    boxed = 'Box("b", (Coordinate("n", 5, 50, whole=True),), lambda x: Coin(**x))'
    for place, said in (
        (boxed, r"claim file.a: Exponent\('n'\) needs a sweep of n; experiment file.e is a Box$"),
        (
            'along("n", Coin(5), (5, 9))',
            r"of n over at least 3 values; .* file.e has 2 values$",
        ),
    ):
        (tmp_path / "bad.py").write_text(swept.replace("fixed(Coin(10))", place))
        with pytest.raises(ClaimsFileError, match=said):
            load_claims_file(tmp_path / "bad.py")
        for module in [m for m in sys.modules if "claims_file_" in m]:
            del sys.modules[module]
    (tmp_path / "good.py").write_text(swept.replace("fixed(Coin(10))", 'along("n", Coin(5), (5, 9, 20))'))
    assert len(load_claims_file(tmp_path / "good.py")) == 1


def test_no_constant_is_silently_one(tmp_path: Path) -> None:
    condition = 'Condition("long", Constant("n_0"), 2, Source("x", "1"), "derived", "w")'
    text = FILE.format(told="self.n").replace("experiment=E)", f"experiment=E, conditions=({condition},))")
    (tmp_path / "bad.py").write_text(text.replace("n_0", "C"))
    said = (
        "claim file.a: constants gives no value to 'C', which condition 'long' contains"
        " and no letter of the setting is \\(n\\); it has none, and"
    )
    with pytest.raises(ClaimsFileError, match=said):
        load_claims_file(tmp_path / "bad.py")
