"""The shape of the packages: who imports whom, what is public, what has no place in a repository."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import networkx as nx
import pytest
from every import every

ROOT = Path(__file__).parents[2]
PACKAGES = ("theory", "simulation", "verify")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
FORBIDDEN = {"theory": {"torch", "simulation", "verify"}, "simulation": {"verify"}, "verify": set[str]()}

each_module = every(MODULES)


def typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imported(tree: ast.AST, *, at_import: bool = False, types: bool = True) -> Iterator[str]:
    """Names of all imported modules.

    `at_import`: only those that importing the module imports; `types`: also those for types alone.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            assert node.module is not None
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module
        elif typing_only(node) and not types:
            yield from imported(ast.Module(node.orelse, []), at_import=at_import, types=types)  # type: ignore[attr-defined]
        elif at_import and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        else:
            yield from imported(node, at_import=at_import, types=types)


def wrong_imports(package: str, tree: ast.Module) -> set[str]:
    return {name.split(".")[0] for name in imported(tree)} & FORBIDDEN[package]


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def import_graph(sources: dict[str, ast.Module], *, at_import: bool = False) -> nx.DiGraph:
    """An edge from each module to every one it imports, whenever that is; `at_import`: when it is imported.

    Imports for types alone are no edges: they are never made.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(sources)
    for module, tree in sources.items():
        found = imported(tree, at_import=at_import, types=False)
        graph.add_edges_from((module, name) for name in found if name in sources)
    return graph


def taken(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Every (module, name) that is imported from a module of these packages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                if f"{node.module}.{alias.name}" not in MODULES:
                    yield node.module, alias.name


def declared(tree: ast.Module) -> list[str] | None:
    """The names in `__all__`; None where there is none that can be read off the source."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
        ):
            try:
                return list(ast.literal_eval(node.value))
            except ValueError:
                return None
    return None


@cache
def declared_by(module: str) -> list[str] | None:
    return declared(tree_of(module))


@each_module
def test_imports_run_one_way(module: str) -> None:
    assert not wrong_imports(module.split(".")[0], tree_of(module))


def circles(graph: nx.DiGraph) -> list[set[str]]:
    return [found for found in nx.strongly_connected_components(graph) if len(found) > 1]


def test_no_module_imports_itself_in_a_circle() -> None:
    sources = {module: tree_of(module) for module in MODULES}
    graph = import_graph(sources)
    assert circles(graph) == []
    assert graph.number_of_edges() > len(MODULES)


@cache
def loaded_with_theory() -> set[str]:
    """Modules of a process in which the ledger was loaded and nothing else."""
    code = "import theory.ledger, sys; theory.ledger.builtin_ledger(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("heavy", ["torch", "scipy", "numba", "pandas", "matplotlib"])
def test_theory_loads_without(heavy: str) -> None:
    """Every command loads papers: what that loads each user waits for."""
    assert "numpy" in loaded_with_theory()
    assert heavy not in loaded_with_theory()


@each_module
def test_the_declared_names_exist(module: str) -> None:
    names = declared_by(module)
    if names is None:
        assert MODULES[module].name in ("__init__.py", "__main__.py"), "no __all__"
        return
    assert len(set(names)) == len(names)
    found = import_module(module)
    assert all(hasattr(found, name) for name in names)


@each_module
def test_only_declared_names_are_imported(module: str) -> None:
    for source, name in taken(tree_of(module)):
        names = declared_by(source)
        assert names is None or name in names, f"{source}.{name}"


@each_module
def test_a_module_says_what_it_is(module: str) -> None:
    if MODULES[module].read_text(encoding="utf-8").strip():
        assert ast.get_docstring(tree_of(module))


def test_every_concept_has_its_own_name() -> None:
    stems = {path.stem for path in MODULES.values()}
    assert not stems & {"utils", "util", "helpers", "common", "misc"}


TEXT = ("*.py", "*.md", "*.toml", "*.txt", "*.j2", "*.css", "Makefile", ".ci/run", ".gitignore")
MACHINE_PATH = re.compile(r"(?<![\w.}/])/(?:work|tmp|home|root|Users|var/folders)/\w")


def repository_texts() -> list[Path]:
    left_out = {".git", ".venv", "reports", ".hypothesis", "mutants"}
    found = [path for pattern in TEXT for path in ROOT.rglob(pattern)]
    return [p for p in found if not left_out & set(p.relative_to(ROOT).parts) and p.is_file()]


def test_no_path_of_a_machine_is_written_down() -> None:
    texts = repository_texts()
    assert len(texts) > len(MODULES)
    found = {
        str(path.relative_to(ROOT)): MACHINE_PATH.findall(text)
        for path in texts
        if MACHINE_PATH.search(text := path.read_text(encoding="utf-8"))
    }
    assert not found


# The core knows no paper -----------------------------------------------------------------------------

PAPERS = {
    ".".join(path.parent.relative_to(ROOT / "theory").parts) for path in (ROOT / "theory").rglob("*/paper.py")
}
#: Lazy tables of public names: the one place where a paper may stand in the core.
TABLES = {"theory", "simulation"}
#: Files of the core that name a paper still; this list may only shrink.
REMAINS: set[str] = set()


def prose(tree: ast.Module) -> set[int]:
    """Docstrings, whose examples may speak of anything."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    first = [n.body[0] for n in ast.walk(tree) if isinstance(n, documented) and n.body]
    return {id(s.value) for s in first if isinstance(s, ast.Expr)}


def papers_named(tree: ast.Module, papers: set[str]) -> set[str]:
    """Papers that a module imports, or names in a string: as a module, or as the head of a claim's id."""
    left_out = prose(tree)
    words = [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in left_out
    ]
    imports, found = set(imported(tree)), set()
    for name in papers:
        module = re.compile(rf"\b(?:theory|simulation|verify)\.{re.escape(name)}(?!\w)")
        id_of = re.compile(rf"(?:^|[\s'\"`]){re.escape(name)}(?:\.|$)")
        if any(module.match(used) for used in imports):
            found.add(name)
        if any(module.search(word) or id_of.search(word) for word in words if name in word):
            found.add(name)
    return found


def of_the_core(module: str) -> bool:
    """A paper has a folder in `theory` and one in `simulation`; all of `verify` is the core's."""
    package, _, inner = module.partition(".")
    own = any(inner == name or inner.startswith(f"{name}.") for name in PAPERS)
    return package == "verify" or not own


def test_the_core_names_no_paper() -> None:
    core = {module for module in MODULES if of_the_core(module)}
    naming = {module for module in core if papers_named(tree_of(module), PAPERS)}
    naming |= {module for module in core if PAPERS & set(module.split(".")[1:])}
    assert naming - TABLES <= REMAINS
    assert {"two_stage"} <= PAPERS
    assert naming >= TABLES


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("def f():\n    from theory.two_stage.setting import Setting", True),
        ("import simulation.two_stage", True),
        ("x = 'simulation.two_stage.engines'", True),
        ("x = f'{y} two_stage.theorem_4_1.event_map'", True),
        ("x = 'two_stage'", True),
        ('"The claim two_stage.x"', False),
        ("from theory.two_stages import x", False),
        ("x = 'a two_stages.y'", False),
        ("from theory.setting import AbstractSetting", False),
    ],
)
def test_the_paper_check_notices(source: str, named: bool) -> None:
    assert papers_named(ast.parse(source), {"two_stage"}) == ({"two_stage"} if named else set())


# What names files --------------------------------------------------------------------------------------

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_what_pyproject_names_exists() -> None:
    mutmut = PYPROJECT["tool"]["mutmut"]
    folders = [
        *mutmut["source_paths"],
        *mutmut["also_copy"],
        *PYPROJECT["tool"]["mypy"]["files"],
        *PYPROJECT["tool"]["pytest"]["ini_options"]["testpaths"],
        *PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"],
        PYPROJECT["project"]["readme"],
        *mutmut["pytest_add_cli_args_test_selection"],
    ]
    assert [path for path in folders if not (ROOT / path).exists()] == []
    assert [glob for glob in mutmut["only_mutate"] if not any(ROOT.glob(glob))] == []


#: A path of this repository in a page: between backticks, or the target of a link.
_PATH = re.compile(
    r"(?:`|\]\()(?:\.\./)*((?:theory|simulation|verify|tests|docs|benchmarks)/[\w./*-]*)(?:#\w+)?[`)]"
)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "tests" / "README.md"]


def missing_paths(text: str) -> list[str]:
    """Files and folders named in a page that are not there; NAME stands for any."""
    named = [path for path in _PATH.findall(text) if "NAME" not in path]
    return [path for path in named if not any(any(ROOT.glob(path.rstrip("/") + end)) for end in ("", ".py"))]


@every(PAGES, lambda page: page.relative_to(ROOT).as_posix())
def test_paths_that_a_page_names_exist(page: Path) -> None:
    assert missing_paths(page.read_text(encoding="utf-8")) == []


def test_the_search_for_paths_notices() -> None:
    text = "see `theory/nowhere.py`, [x](../verify/load.py), `theory/NAME/paper.py` and `docs/*.md`"
    assert missing_paths(text) == ["theory/nowhere.py"]


# What the checks would notice ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("package", "source", "found"),
    [
        ("theory", "import torch.nn", {"torch"}),
        ("theory", "def f():\n    from simulation.threads import available_threads", {"simulation"}),
        ("theory", "if TYPE_CHECKING:\n    import verify.runs.plan", {"verify"}),
        ("simulation", "from verify import plan", {"verify"}),
        ("simulation", "import torch, theory.run", set()),
        ("verify", "import torch, theory.run, simulation.two_stage.cnn", set()),
    ],
)
def test_the_import_check_notices(package: str, source: str, found: set[str]) -> None:
    assert wrong_imports(package, ast.parse(source)) == found


def test_the_circle_check_notices() -> None:
    sources = {
        "a": ast.parse("import b"),
        "b": ast.parse("def f():\n    from a import x"),
        "c": ast.parse("import b\nif TYPE_CHECKING:\n    import d\nelse:\n    import a"),
        "d": ast.parse("import c"),
    }
    whole = {("a", "b"), ("b", "a"), ("c", "b"), ("c", "a"), ("d", "c")}
    assert set(import_graph(sources).edges) == whole
    assert set(import_graph(sources, at_import=True).edges) == whole - {("b", "a")}
    assert circles(import_graph(sources)) == [{"a", "b"}]
    assert circles(import_graph(sources, at_import=True)) == []


def test_the_name_check_notices() -> None:
    tree = ast.parse('__all__ = ["f"]\nfrom theory.run import Run, z\nfrom theory.two_stage import closure')
    assert declared(tree) == ["f"]
    assert list(taken(tree)) == [("theory.run", "Run"), ("theory.run", "z")]
    assert declared(ast.parse("x = 1")) is None


def test_the_path_check_notices() -> None:
    folder = "/ho" + "me/somebody"
    assert MACHINE_PATH.search(f"open('{folder}/data')")
    assert not MACHINE_PATH.search("network/home/page and a/tmp/x")
