"""Nothing that the programs read may execute code, but claims and engine files, which are the user's own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from every import every

ROOT = Path(__file__).parents[2]
SOURCES = [path for package in ("theory", "simulation", "verify") for path in (ROOT / package).rglob("*.py")]

#: Modules whose reading runs what is read; `cloudpickle` only marks claims files for worker processes.
MODULES = {"pickle", "dill", "marshal", "shelve", "yaml", "jsonpickle", "cPickle"}
#: Calls that do, whoever offers them.
CALLS = {"eval", "exec", "compile", "read_pickle", "unsafe_load", "system", "popen"}
#: The places that run a user's own file, and a batch that a worker has from its own parent.
ALLOWED = {
    ("simulation/user_file.py", "exec_module"),
    ("simulation/images/request.py", "exec_module"),  # a network of the user's own, FILE.py:NAME
    ("verify/runs/work.py", "cloudpickle.loads"),
    ("verify/check.py", "pickle"),  # what this process has just written, to see whether it comes back
}


def dangers(source: str) -> Iterator[str]:
    """What in a source file could run what it reads."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            owner = ast.unparse(called.value) if isinstance(called, ast.Attribute) else ""
            words = {k.arg: ast.unparse(k.value) for k in node.keywords}
            if (isinstance(called, ast.Name) and name in CALLS) or name in CALLS - {"compile", "eval"}:
                yield name
            elif name in ("load", "loads") and owner in ("torch", "cloudpickle", "joblib"):
                if owner != "torch" or words.get("weights_only") != "True":
                    yield f"{owner}.{name}"
            elif words.get("allow_pickle") == "True" or words.get("shell") == "True":
                yield ast.unparse(node)
            elif name == "exec_module":
                yield name


@every(SOURCES, lambda path: str(path.relative_to(ROOT)))
def test_nothing_that_is_read_is_run(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    found = {(where, danger) for danger in dangers(path.read_text(encoding="utf-8"))}
    assert found <= ALLOWED


@pytest.mark.parametrize(
    "source",
    [
        "import pickle", "from pickle import loads", "import yaml", "eval(text)", "exec(text)",
        "torch.load(path)", "torch.load(path, weights_only=False)", "np.load(path, allow_pickle=True)",
        "pd.read_pickle(path)", "joblib.load(path)", "subprocess.run(text, shell=True)", "os.system(text)",
        "cloudpickle.loads(data)", "spec.loader.exec_module(module)",
    ],
)  # fmt: skip
def test_the_check_notices(source: str) -> None:
    assert list(dangers(source))


@pytest.mark.parametrize(
    "source", ["torch.load(path, weights_only=True)", "np.load(path)", "json.loads(text)", "re.compile(text)"]
)
def test_the_check_lets_pass(source: str) -> None:
    assert not list(dangers(source))
