"""Digests of functions: whatever a value rests on changes them, whatever it does not leaves them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cli_commands import python

from verify.store import imports
from verify.store.imports import loaded_by
from verify.store.own_code import digest_of_own
from verify.store.reached import Reached, UnreadCode

SOURCE = '''
"""A paper's file."""
import math
from dataclasses import dataclass
from functools import cache, partial
import own_other as other
import own_other

RATE = 0.5
TABLE = {"a": (1, 2.0), "b": [3]}
MARGIN = 0.1


@dataclass(frozen=True)
class Law:
    scale: float

    def at(self, x):
        return self.scale * x


LAW = Law(2.0)


def helper(x):
    return x + 1


@cache
def deeper(x):
    return helper(x) * RATE


def factory(power):
    def raised(x):
        return deeper(x) ** power
    return raised


SQUARE, CUBE = factory(2), factory(3)


def measure(run, shift=1.0):
    """What it says."""
    from own_third import late

    def inner(x):
        return math.sin(x) + TABLE["a"][0]

    return inner(SQUARE(run)) + CUBE(run) + LAW.at(run) + other.far(run) + late(run) + shift


half = partial(measure, shift=0.5)
small = lambda run: measure(run) < MARGIN


def unrelated(x):
    return x - 1
'''
OTHER = "LIMIT = 3\n\n\ndef far(x):\n    return x < LIMIT\n\n\ndef unused(x):\n    return 1\n"
THIRD = "def late(x):\n    return x + 7\n"


def module(name: str, text: str) -> ModuleType:
    made = ModuleType(name)
    sys.modules[name] = made
    exec(compile(text, f"{name}.py", "exec"), made.__dict__)
    return made


@pytest.fixture(autouse=True)
def no_modules() -> Iterator[None]:
    yield
    for name in [n for n in sys.modules if n.startswith("own_")]:
        del sys.modules[name]


def digest(source: str = SOURCE, other: str = OTHER, third: str = THIRD, name: str = "measure") -> str:
    module("own_third", third)
    module("own_other", other)
    return Reached(frozenset()).digest(vars(module("own_paper", source))[name])


CHANGES = {
    "the measure": (SOURCE.replace("+ shift", "- shift"), OTHER, THIRD),
    "a default": (SOURCE.replace("shift=1.0", "shift=2.0"), OTHER, THIRD),
    "a constant inside": (SOURCE.replace('["a"][0]', '["a"][1]'), OTHER, THIRD),
    "a global constant": (SOURCE.replace("RATE = 0.5", "RATE = 0.25"), OTHER, THIRD),
    "a helper of a helper": (SOURCE.replace("x + 1", "x + 2"), OTHER, THIRD),
    "a table": (SOURCE.replace("2.0)", "2.5)"), OTHER, THIRD),
    "what two closures hold, exchanged": (SOURCE.replace("SQUARE, CUBE =", "CUBE, SQUARE ="), OTHER, THIRD),
    "a method": (SOURCE.replace("self.scale * x", "self.scale / x"), OTHER, THIRD),
    "an object's value": (SOURCE.replace("Law(2.0)", "Law(2.5)"), OTHER, THIRD),
    "an inner function": (SOURCE.replace("math.sin", "math.cos"), OTHER, THIRD),
    "another module's function": (SOURCE, OTHER.replace("x < LIMIT", "x > LIMIT"), THIRD),
    "another module's constant": (SOURCE, OTHER.replace("LIMIT = 3", "LIMIT = 4"), THIRD),
    "what is imported inside": (SOURCE, OTHER, THIRD.replace("7", "8")),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES.keys())
def test_what_a_function_rests_on_changes_its_digest(changed: tuple[str, str, str]) -> None:
    assert digest(*changed) != digest()


SAME = {
    "a comment and lines": (SOURCE.replace("RATE =", "# why\n\nRATE ="), OTHER, THIRD),
    "a margin it does not read": (SOURCE.replace("MARGIN = 0.1", "MARGIN = 0.2"), OTHER, THIRD),
    "another function": (SOURCE.replace("x - 1", "x - 2"), OTHER, THIRD),
    "another module's other function": (SOURCE, OTHER.replace("return 1", "return 2"), THIRD),
}


@pytest.mark.parametrize("changed", SAME.values(), ids=SAME.keys())
def test_what_it_does_not_rest_on_leaves_it(changed: tuple[str, str, str]) -> None:
    assert digest(*changed) == digest()


def test_a_margin_that_is_read_counts_and_so_does_what_a_partial_holds() -> None:
    assert digest(name="small") != digest(SOURCE.replace("MARGIN = 0.1", "MARGIN = 0.2"), name="small")
    assert digest(name="half") != digest(SOURCE.replace("shift=0.5", "shift=0.75"), name="half")


LOCK = threading.Lock()
UNREAD: dict[str, Any] = {
    "a lock": lambda run: LOCK,
    "a module as a value": "import own_other\ndef measure(run):\n    return getattr(own_other, run)\n",
    "code looked up": "def measure(run):\n    return globals()[run]\n",
    "evaluated text": "def measure(run):\n    return eval(run)\n",
    "a generator": "ROWS = (k for k in range(3))\ndef measure(run):\n    return next(ROWS)\n",
}


@pytest.mark.parametrize("what", UNREAD.values(), ids=UNREAD.keys())
def test_what_cannot_be_read_has_no_digest(what: Any) -> None:
    module("own_other", OTHER)
    value = module("own_paper", what).measure if isinstance(what, str) else what
    with pytest.raises(UnreadCode):
        Reached(frozenset()).digest(value)


def test_a_librarys_own_object_counts_by_its_name() -> None:
    """Its state may be a new one in every process: scipy's laws hold a generator."""
    source = "from scipy.stats import binom, poisson\ndef measure(run):\n    return binom.ppf(run, 2, 0.5)\n"
    first = digest(source)
    from scipy.stats import binom

    before = binom.random_state
    try:
        binom.random_state = 7
        assert digest(source) == first
    finally:
        binom.random_state = before
    assert digest(source.replace("return binom", "return poisson")) != first


_UNLOADED = """
import sys
from verify.store.reached import Reached
def measure(run):
    from scipy.special import ndtr
    return ndtr(run.level)
def digest():
    return "scipy" in sys.modules, Reached(frozenset()).digest(measure)
print(*digest())
import scipy.special
print(*digest())
"""


def test_a_library_that_nothing_has_loaded_yet_is_a_library(tmp_path: Path) -> None:
    """Another process, which has loaded it, must find the runs."""
    fresh = python("-c", _UNLOADED, cwd=tmp_path).stdout.split()
    late = python("-c", "import scipy.special\n" + _UNLOADED, cwd=tmp_path).stdout.split()
    assert (fresh[0], late[0]) == ("False", "True")
    assert fresh[1] == fresh[3] == late[1]


_DIGESTS = """
from theory.paper import load_paper
from theory.paper_names import paper_names
from verify.store.reached import Reached
reached = Reached(frozenset())
for name in paper_names():
    paper = load_paper(name)
    measures = {c.id: c.measure for c in paper.claims}
    measures |= {c.id: c.measure for question in paper.questions for c in question.curves}
    for id_, measure in measures.items():
        print(id_, reached.digest(measure))
"""


def test_measures_of_built_in_papers_have_one_digest_in_every_process(tmp_path: Path) -> None:
    """Else runs would be kept and never found."""
    one, two = (
        python("-c", _DIGESTS, cwd=tmp_path, PYTHONHASHSEED=seed).stdout.splitlines() for seed in ("1", "2")
    )
    assert len(one) > 700
    assert [a for a, b in zip(one, two, strict=True) if a != b] == []


def test_settled_code_counts_by_name_and_what_it_closes_over_besides() -> None:
    settled = Reached(frozenset({"own_paper", "own_other", "own_third"}))
    module("own_third", THIRD)
    module("own_other", OTHER)
    first = module("own_paper", SOURCE)
    second = module("own_paper", SOURCE.replace("x + 1", "x + 2").replace("factory(2)", "factory(4)"))
    assert settled.digest(first.measure) == settled.digest(second.measure)
    assert settled.digest(first.SQUARE) != settled.digest(second.SQUARE)


# Modules ----------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "theory/__init__.py": '_EXPORTS = {"Setting": "theory.setting", "Claim": "theory.claim"}\n',
        "theory/setting.py": "N = 1\n",
        "theory/claim.py": "MARGIN = 1\n",
        "theory/far.py": "F = 1\n",
        "theory/typed.py": "T = 1\n",
        "simulation/__init__.py": "",
        "simulation/engines.py": (
            "from typing import TYPE_CHECKING\nfrom theory import Setting\nif TYPE_CHECKING:\n"
            "    from theory.typed import T\n\n\ndef make():\n    from simulation.loop import step\n"
        ),
        "simulation/loop.py": "from theory import far\n",
        "simulation/table.csv": "1,2\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(imports, "_ROOT", tmp_path)
    caches = (imports._files, imports._imports, imports._exports, loaded_by)
    for cached in caches:
        cached.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def nothing_cached() -> Iterator[None]:
    yield
    for cached in (imports._files, imports._imports, imports._exports, loaded_by):
        cached.cache_clear()


def test_imports_are_followed_into_functions_and_through_lazy_exports(tree: Path) -> None:
    found = loaded_by(("simulation.engines",)).modules
    assert found == {
        "simulation", "simulation.engines", "simulation.loop", "theory", "theory.setting", "theory.far",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("simulation/engines.py", True),
        ("simulation/loop.py", True),
        ("theory/setting.py", True),
        ("theory/far.py", True),
        ("simulation/table.csv", True),
        ("theory/claim.py", False),
        ("theory/typed.py", False),
    ],
)
def test_a_changed_file_counts_where_it_may_be_loaded(tree: Path, file: str, counts: bool) -> None:
    before = loaded_by(("simulation.engines",)).digest
    path = tree / file
    path.write_text(path.read_text() + "\nX = 3\n")
    loaded_by.cache_clear()
    imports._imports.cache_clear()
    assert (loaded_by(("simulation.engines",)).digest != before) == counts


# A file of one's own ----------------------------------------------------------------------------------------

OWN = '''
"""Notes."""
from theory import Band, Claim, Event, Source
import numpy as np

np.seterr(all="ignore")
RATE = 0.5
CLAIMS = [
    Claim(id="own.a", source=Source("notes", "1"), provenance="derived", statement="it is so",
          rule=Event(delta=0.1), measure=lambda run: run.x > 0.25, experiment=RUNS, note="why"),
    Claim(id="own.b", source=Source("notes", "2"), provenance="derived", statement="so too",
          rule=Band(scaled(0.5), 1.5, reason="because"), measure=size, experiment=RUNS),
]
'''


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("delta=0.1", "delta=0.2", True),
        ("1.5, reason", "2.5, reason", True),
        ('"because"', '"else"', True),
        ('"it is so"', '"it is otherwise"', True),
        ('note="why"', 'note="wherefore"', True),
        ('Source("notes", "2")', 'Source("letters", "3")', True),
        ("RATE = 0.5", "RATE = 0.5  # of flips", True),
        ("RATE = 0.5", "RATE = 0.6", False),
        ("run.x > 0.25", "run.x > 0.3", False),
        ("scaled(0.5)", "scaled(0.6)", False),
        ('all="ignore"', 'all="raise"', False),
        ("own.b", "own.c", False),
    ],
)
def test_words_and_margins_of_an_own_file_do_not_count(
    old: str, new: str, same: bool, tmp_path: Path
) -> None:
    file = tmp_path / "own.py"
    file.write_text(OWN)
    before = digest_of_own([file])
    assert old in OWN
    file.write_text(OWN.replace(old, new))
    assert (digest_of_own([file]) == before) == same
