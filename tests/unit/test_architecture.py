"""The shape of the packages: who imports whom, what is public, what has no place in a repository."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("theory", "simulation", "verify")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}
FORBIDDEN = {"theory": {"torch", "simulation", "verify"}, "simulation": {"verify"}, "verify": set[str]()}

each_module = pytest.mark.parametrize("module", MODULES)


def typing_only(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)


def imported(tree: ast.AST, *, at_import: bool = False) -> Iterator[str]:
    """Names of all imported modules; `at_import`: only those that importing the module imports."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            assert node.module is not None
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else node.module
        elif at_import and (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or typing_only(node)):  # type: ignore[arg-type]
            continue
        else:
            yield from imported(node, at_import=at_import)


def wrong_imports(package: str, source: str) -> set[str]:
    return {name.split(".")[0] for name in imported(ast.parse(source))} & FORBIDDEN[package]


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def import_graph(sources: dict[str, ast.Module]) -> nx.DiGraph:
    """An edge from each module to every one it imports when it is imported."""
    graph = nx.DiGraph()
    graph.add_nodes_from(sources)
    for module, tree in sources.items():
        graph.add_edges_from((module, name) for name in imported(tree, at_import=True) if name in sources)
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


@each_module
def test_imports_run_one_way(module: str) -> None:
    source = MODULES[module].read_text(encoding="utf-8")
    assert not wrong_imports(module.split(".")[0], source)


def test_no_module_imports_itself_in_a_circle() -> None:
    graph = import_graph({module: tree_of(module) for module in MODULES})
    assert nx.is_directed_acyclic_graph(graph), nx.find_cycle(graph)
    assert graph.number_of_edges() > len(MODULES)


def test_theory_loads_without_torch() -> None:
    code = "import theory.ledger, sys; theory.ledger.builtin_ledger(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@each_module
def test_the_declared_names_exist(module: str) -> None:
    names = declared(tree_of(module))
    if names is None:
        assert MODULES[module].name in ("__init__.py", "__main__.py"), "no __all__"
        return
    assert len(set(names)) == len(names)
    found = import_module(module)
    assert all(hasattr(found, name) for name in names)


@each_module
def test_only_declared_names_are_imported(module: str) -> None:
    for source, name in taken(tree_of(module)):
        names = declared(tree_of(source))
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

PAPERS = {path.parent.name for path in (ROOT / "theory").rglob("paper.py")}
#: Lazy tables of public names: no import, and the one place where a paper may stand in the core.
TABLES = {"theory", "simulation"}
#: Files that still import a paper's; this list may only shrink.
LEFT = {"simulation.two_stage.conformance.check", "verify.conformance"}


def papers_named(tree: ast.Module) -> set[str]:
    """Papers that a module imports, or names as a dotted module."""
    words = {name for name in imported(tree) if name.count(".")}
    words |= {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    found = {re.match(r"(?:theory|simulation|verify)\.(\w+)(?:[.:\w]*)$", word) for word in words}
    return {match[1] for match in found if match and match[1] in PAPERS}


def of_the_core(module: str) -> bool:
    return not PAPERS & set(module.split(".")[1:2])


def test_the_core_names_no_paper() -> None:
    naming = {module for module in MODULES if of_the_core(module) and papers_named(tree_of(module))}
    assert naming == TABLES


def test_the_paper_check_notices() -> None:
    assert papers_named(ast.parse("def f():\n    from theory.two_stage.setting import Setting")) == {
        "two_stage"
    }
    assert papers_named(ast.parse("x = 'simulation.two_stage.engines'")) == {"two_stage"}
    assert papers_named(ast.parse("from theory.setting import AbstractSetting")) == set()


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
    assert wrong_imports(package, source) == found


def test_the_circle_check_notices() -> None:
    sources = {
        "a": ast.parse("import b"),
        "b": ast.parse("from a import x"),
        "c": ast.parse("def f():\n    import b\nif TYPE_CHECKING:\n    import a"),
    }
    graph = import_graph(sources)
    assert set(graph.edges) == {("a", "b"), ("b", "a")}
    assert not nx.is_directed_acyclic_graph(graph)


def test_the_name_check_notices() -> None:
    tree = ast.parse('__all__ = ["f"]\nfrom theory.run import Run, z\nfrom theory.two_stage import closure')
    assert declared(tree) == ["f"]
    assert list(taken(tree)) == [("theory.run", "Run"), ("theory.run", "z")]
    assert declared(ast.parse("x = 1")) is None


def test_the_path_check_notices() -> None:
    folder = "/ho" + "me/somebody"
    assert MACHINE_PATH.search(f"open('{folder}/data')")
    assert not MACHINE_PATH.search("network/home/page and a/tmp/x")
