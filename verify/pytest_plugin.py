"""The plugin of pytest: one test a claim.

`pytest --claims FILE.py|DIR` judges the claims of a file, or of a paper's folder; with `claims = true` in the
configuration files named `*_claims.py` are collected beside all other tests. Nothing else of this project is
imported until claims are asked for.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from verify.claims_session import ClaimsSession, Outcome

__all__ = ["ClaimItem", "ClaimsCollector"]

_ENDING = "_claims.py"
_UNEXPECTED = "unexpected reading"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, and the key of the configuration."""
    group = parser.getgroup("claims", "claims of theorems (theorem-verifier)")
    group.addoption(
        "--claims",
        action="append",
        metavar="FILE.py|DIR",
        help="judge the claims of a file, or of a paper's folder",
    )
    group.addoption("--claims-profile", metavar="P", default="quick", help="quick (default), default or full")
    group.addoption(
        "--claims-seed", metavar="N", type=int, help="base seed (default: derived from the claims)"
    )
    group.addoption(
        "--claims-strict", action="store_true", help="a claim that is not judged, or left undecided, fails"
    )
    parser.addini("claims", "collect files named *_claims.py", type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Claims that are named are collected; alone, where nothing else is named."""
    named = _named(config)
    if config.getoption("claims_profile") not in ("quick", "default", "full"):
        raise pytest.UsageError(
            f"--claims-profile must be quick, default or full, was {config.getoption('claims_profile')!r}"
        )
    seed = config.getoption("claims_seed")
    if seed is not None and not 0 <= seed < 2**63:
        raise pytest.UsageError(f"--claims-seed must be an integer in [0, 2^63), was {seed}")
    for path in named:
        if not path.is_file():
            raise pytest.UsageError(f"--claims: no such file, and no folder with a paper.py: {path}")
    if named:
        given = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
        config.args = [*given, *(str(path) for path in named)]


def _named(config: pytest.Config) -> list[Path]:
    """The files of `--claims`: of a folder its paper.py."""
    base = config.invocation_params.dir
    given = [base / text for text in config.getoption("claims") or []]
    return [path / "paper.py" if path.is_dir() else path for path in given]


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> Generator[None, Any, Any]:
    """Claims of a file; one that `--claims` names is nothing else."""
    others = yield
    named = any(path.exists() and path.samefile(file_path) for path in _named(parent.config))
    found = named or (file_path.name.endswith(_ENDING) and parent.config.getini("claims"))
    if not found:
        return others
    own = ClaimsCollector.from_parent(parent, path=file_path)
    return [own] if named else [*others, own]


class ClaimsCollector(pytest.File):
    """The claims of a file."""

    def collect(self) -> Iterator[ClaimItem]:
        """One item a claim, named by its id."""
        try:
            names = _session(self.config).claims_of(self.path)
        except ValueError as error:
            raise self.CollectError(str(error)) from error
        for name in names:
            yield ClaimItem.from_parent(self, name=name)


class ClaimItem(pytest.Item):
    """A claim as a test: it fails where the claim is refuted or its own code does."""

    def runtest(self) -> None:
        """Judge all claims of the file that are wanted, once a session, and say what became of this one."""
        outcome = _session(self.config).outcome(self.path, self.name, _wanted(self))
        strict = bool(self.config.getoption("claims_strict"))
        self.user_properties += [("verdict", outcome.verdict), ("runs", outcome.runs), ("seed", outcome.seed)]
        if outcome.unexpected:
            self.user_properties.append((_UNEXPECTED, outcome.id))
        if outcome.fails(strict):
            raise ClaimFailed(outcome)
        if outcome.verdict == "not-applicable":
            pytest.skip(outcome.reason)
        if outcome.verdict in ("inconclusive", "vacuous"):
            pytest.xfail(f"{outcome.verdict}: {outcome.reason}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What became of the claim; no traceback, for the fault is none of a program."""
        if isinstance(excinfo.value, ClaimFailed):
            return excinfo.value.outcome.told
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Its file, and its id."""
        return self.path, None, self.name


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Readings that passed against what was expected: no failure, and nothing to pass over in silence."""
    passed = terminalreporter.stats.get("passed", ())
    found = [value for report in passed for name, value in report.user_properties if name == _UNEXPECTED]
    if found:
        terminalreporter.write_line(
            f"readings expected to fail that did not: {', '.join(found)}", yellow=True
        )


class ClaimFailed(Exception):
    """A claim that is refuted, or whose own code failed."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


_SESSION = pytest.StashKey["ClaimsSession"]()


def _session(config: pytest.Config) -> ClaimsSession:
    """What this session knows of claims, made when it is first asked for."""
    if _SESSION not in config.stash:
        from verify.claims_session import ClaimsSession

        workerinput = getattr(config, "workerinput", None)
        config.stash[_SESSION] = ClaimsSession(
            profile=str(config.getoption("claims_profile")),
            seed=config.getoption("claims_seed"),
            shared=None if workerinput is None else str(workerinput["testrunuid"]),
        )
    return config.stash[_SESSION]


def _wanted(item: ClaimItem) -> list[str]:
    """The claims of the item's file that are left after -k and the like."""
    return [i.name for i in item.session.items if isinstance(i, ClaimItem) and i.path == item.path]
