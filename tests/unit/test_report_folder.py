"""A report's folder: all files, and replaced as a whole or not at all."""

from __future__ import annotations

import csv
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from report_cases import FILES, make_verification, strict

from verify.outcome import VERDICTS, Verification
from verify.report import check_writable, write_report
from verify.report import figures as figure_module
from verify.report import write as write_module
from verify.report.blocks import Figure
from verify.report.figures import draw_all


def test_zoo_has_every_verdict_and_kind(verification: Verification) -> None:
    decided_by_rules = set(VERDICTS) - {"derived", "vacuous", "errored"}
    assert {j.verdict for j in verification.judgements} == decided_by_rules
    assert {j.claim.kind for j in verification.judgements} == {
        "identity", "event", "ordering", "band", "exponent", "law"
    }  # fmt: skip


def test_all_files_are_written(folder: Path) -> None:
    assert {p.name for p in folder.iterdir()} == FILES
    drawn = {
        "coverage", "exhibit_label_noise", "exhibit_no_noise", "event_map", "exponents", "bounds", "slack",
        "trust",
    }  # fmt: skip
    assert {p.stem for p in (folder / "figures").iterdir()} == drawn
    assert [p.name for p in folder.parent.iterdir()] == ["latest"]


def test_claims_of_several_papers_have_a_report_each(small: Verification, tmp_path: Path) -> None:
    second, first = small.judgements
    own = replace(second, claim=replace(second.claim, id="own.order", parents=()))
    exhibits = make_verification("zoo.exponent.eta").exhibits
    both = replace(small, judgements=(first, own), exhibits=exhibits)
    paths = write_report(both, tmp_path / "out")
    names = {str(p.relative_to(tmp_path / "out")) for p in paths}
    once = {"report.html", "report.md", "claims.json", "comparison.csv", "run.json"}
    assert {n for n in names if "/" not in n} == once
    assert names - once == {
        "zoo/report.html", "zoo/report.md", "zoo/appendix.html", "zoo/appendix.md", "own/report.html",
        "own/report.md", "own/appendix.html", "own/appendix.md", "zoo/figures/exponents.png",
        "own/figures/coverage.png",
        "zoo/figures/exhibit_label_noise.png", "zoo/figures/exhibit_no_noise.png",
    }  # fmt: skip
    index = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert 'href="zoo/report.html"' in index
    assert 'href="own/report.html"' in index
    # A report speaks of its own claims, and no figure of another paper stands in it.
    html = (tmp_path / "out" / "own" / "report.html").read_text("utf-8")
    assert "own.order" in html
    assert "claim-zoo." not in html
    assert html.count("<img") == 1
    records = strict((tmp_path / "out" / "claims.json").read_text("utf-8"))
    assert [r["paper"] for r in records] == ["zoo", "own"]


def test_a_report_without_figures(small: Verification, tmp_path: Path) -> None:
    write_report(small, tmp_path / "out", figures=False)
    assert list((tmp_path / "out" / "figures").iterdir()) == []
    assert "<img" not in (tmp_path / "out" / "report.html").read_text("utf-8")


@pytest.mark.usefixtures("quick_figures")
def test_returned_paths_exist(small: Verification, tmp_path: Path) -> None:
    paths = write_report(small, tmp_path / "out")
    assert paths[0] == tmp_path / "out" / "report.html"
    assert set(paths) == {p for p in (tmp_path / "out").rglob("*") if p.is_file()}


def test_equal_verifications_give_equal_files(small: Verification, tmp_path: Path) -> None:
    first, second = (write_report(small, tmp_path / name) for name in ("a", "b"))
    for one, other in zip(first, second, strict=True):
        if one.name != "run.json":
            assert one.read_bytes() == other.read_bytes(), one.name
            continue
        # But for the seconds and the memory that each took.
        told = [strict(path.read_text("utf-8")) for path in (one, other)]
        seconds = [record.pop("timings") for record in told]
        assert all(record.pop("memory")["process"] > 0 for record in told)
        assert told[0] == told[1]
        assert all(s.keys() == {"stages", "figures"} for s in seconds)


_STEPS: list[tuple[Any, str]] = [
    (Path, "write_text"), (Path, "write_bytes"), (Path, "mkdir"), (csv, "writer"),
    (os, "fsync"), (os, "rename"),
]  # fmt: skip


def _interrupting(
    function: Callable[..., Any], call: int, after: bool
) -> tuple[Callable[..., Any], list[int]]:
    """The function, raising KeyboardInterrupt at its call number `call`, before or after its work."""
    calls = [0]

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] == call and not after:
            raise KeyboardInterrupt
        result = function(*args, **kwargs)
        if calls[0] == call:
            raise KeyboardInterrupt
        return result

    return wrapped, calls


def _marked(small: Verification, mark: str) -> Verification:
    return replace(small, run_info={"profile": mark})


def _complete(folder: Path, marks: set[str]) -> None:
    """The folder holds one complete report, of one of the marks, and nothing stands beside it."""
    assert [p.name for p in folder.parent.iterdir()] == [folder.name]
    assert {p.name for p in folder.iterdir()} == FILES
    mark = strict((folder / "run.json").read_text("utf-8"))["profile"]
    assert mark in marks
    assert f"<b>{mark}</b>" in (folder / "report.html").read_text("utf-8")
    strict((folder / "claims.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def drawn(small: Verification) -> list[Figure]:
    return draw_all(small)


@pytest.fixture
def quick_figures(monkeypatch: pytest.MonkeyPatch, drawn: list[Figure]) -> None:
    """Figures drawn once: what is tested here is the writing."""
    monkeypatch.setattr(figure_module, "begin_all", lambda *_: lambda: drawn)


@pytest.mark.usefixtures("quick_figures")
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("owner", "name"), _STEPS, ids=[name for _, name in _STEPS])
def test_interrupt_leaves_the_old_report_or_the_new(
    small: Verification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, after: bool
) -> None:
    folder = tmp_path / "reports" / "latest"
    write_report(_marked(small, "old"), folder)
    interrupts = 0
    for call in range(1, 50):
        wrapped, calls = _interrupting(getattr(owner, name), call, after)
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, wrapped)
            try:
                write_report(_marked(small, "new"), folder)
            except KeyboardInterrupt:
                interrupts += 1
        _complete(folder, {"old", "new"})
        if calls[0] < call:
            break
    assert calls[0] < call, "the loop must run until a report is written without an interrupt"
    assert interrupts > 0
    _complete(folder, {"new"})


@pytest.mark.usefixtures("quick_figures")
def test_writing_in_place_would_be_caught(
    small: Verification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "reports" / "latest"
    write_report(_marked(small, "old"), folder)

    @contextmanager
    def in_place(target: Path) -> Iterator[Path]:
        shutil.rmtree(target)
        target.mkdir()
        yield target

    wrapped, _ = _interrupting(Path.write_text, 2, after=False)
    with monkeypatch.context() as patch:
        patch.setattr(write_module, "replaced_folder", in_place)
        patch.setattr(Path, "write_text", wrapped)
        with pytest.raises(KeyboardInterrupt):
            write_report(_marked(small, "new"), folder)
    with pytest.raises(AssertionError):
        _complete(folder, {"old", "new"})


@pytest.mark.usefixtures("quick_figures")
def test_interrupt_of_a_first_report_leaves_nothing(
    small: Verification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapped, _ = _interrupting(Path.write_text, 2, after=False)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", wrapped)
        with pytest.raises(KeyboardInterrupt):
            write_report(small, tmp_path / "latest")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick_figures")
def test_ctrl_c_between_the_renames_waits_for_the_swap(
    small: Verification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "reports" / "latest"
    write_report(_marked(small, "old"), folder)
    rename = os.rename

    def rename_and_signal(*args: Any) -> None:
        rename(*args)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", rename_and_signal)
        with pytest.raises(KeyboardInterrupt):
            write_report(_marked(small, "new"), folder)
    _complete(folder, {"new"})
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def _foreign(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    data = tmp_path / "data"
    data.mkdir()
    (data / "thesis.tex").write_text("years of work", "utf-8")
    (data / "claims.json").write_text("[]", "utf-8")
    yield "holds no earlier report", data
    file = tmp_path / "file"
    file.write_text("x", "utf-8")
    yield "is a file", file
    yield "is not a folder", file / "latest"
    yield "name a folder inside it", Path("/")
    if Path("/proc").is_dir():  # not writable for anybody
        yield "cannot be", Path("/proc/reports/latest")


def test_other_folders_are_refused_and_kept(small: Verification, tmp_path: Path) -> None:
    for words, folder in _foreign(tmp_path):
        for action in (check_writable, lambda folder: write_report(small, folder)):
            with pytest.raises(ValueError, match=words) as caught:
                action(folder)
            assert str(folder) in str(caught.value)
            assert "\n" not in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "file"]
    assert (tmp_path / "data" / "thesis.tex").read_text("utf-8") == "years of work"


@pytest.mark.usefixtures("quick_figures")
def test_missing_empty_and_report_folders_are_accepted(small: Verification, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    check_writable(folder)
    assert list(tmp_path.iterdir()) == []
    folder.mkdir(parents=True)
    check_writable(folder)
    write_report(_marked(small, "one"), folder)
    (folder / "figures" / "stale.png").write_bytes(b"")
    check_writable(folder)
    write_report(_marked(small, "two"), folder)
    _complete(folder, {"two"})
    assert not (folder / "figures" / "stale.png").exists()


def test_a_full_disk_is_one_clear_line(
    small: Verification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ValueError, match="cannot be written: No space left on device"):
        write_report(small, tmp_path / "latest")
    assert list(tmp_path.iterdir()) == []
