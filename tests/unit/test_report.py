"""The report: complete, strict, safe against what claims contain, and replaced as a whole."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from verify.outcome import VERDICTS, Judgement, Verification
from verify.report import check_writable, write_report
from verify.report import figures as figure_module
from verify.report import write as write_module
from verify.report.claims import claim_record
from verify.report.comparison import comparison
from verify.report.figures import FIGURES, draw_all
from verify.report.figures.claims_graph import layout
from verify.report.figures.event_map import cells
from verify.report.figures.style import FigureSpec
from verify.report.html import render_html
from verify.report.jsonable import jsonable
from verify.report.markdown import render_markdown
from verify.report.mathtext import formula_html, statement_html, statement_markdown
from verify.report.reading import Reading, bound_factor, read
from verify.report.regimes import regimes
from verify.report.summary import findings, headline, not_judged, verdict_counts

sys.path.insert(0, str(Path(__file__).parent.parent))
from report_zoo import INJECTION, make_verification

CONTRACT = {
    "id", "source", "provenance", "kind", "statement", "conditions", "verdict", "predicted", "measured",
    "statistic", "n_settings", "n_trials", "counterexample",
}  # fmt: skip
FILES = {"report.html", "report.md", "claims.json", "comparison.csv", "run.json", "figures"}


@pytest.fixture(scope="module")
def verification() -> Verification:
    return make_verification()


@pytest.fixture(scope="module")
def folder(verification: Verification, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zoo") / "reports" / "latest"
    write_report(verification, folder)
    return folder


@pytest.fixture(scope="module")
def small() -> Verification:
    """Two claims and no showcase: quick to write again and again."""
    return make_verification("zoo.exponent.eta", "zoo.theorem_4_1.order", showcases=False)


def by_id(verification: Verification, claim_id: str) -> Judgement:
    return next(j for j in verification.judgements if j.claim.id == claim_id)


class Page(HTMLParser):
    """Tags, resource addresses and visible text of a page; unclosed tags raise."""

    VOID = frozenset(("meta", "img", "br", "path", "input", "hr", "wbr"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.handlers: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "data", "action", "poster", "xlink:href"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open, f"</{tag}> closes nothing"
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "title" not in self.open:
            self.text.append(data)


# The whole folder ---------------------------------------------------------------------------------------


def test_zoo_has_every_verdict_and_kind(verification: Verification) -> None:
    assert {j.verdict for j in verification.judgements} == set(VERDICTS)
    assert {j.claim.kind for j in verification.judgements} == {
        "identity", "event", "ordering", "band", "exponent", "law"
    }  # fmt: skip


def test_all_files_are_written(folder: Path) -> None:
    assert {p.name for p in folder.iterdir()} == FILES
    assert {p.stem for p in (folder / "figures").iterdir()} == {f.name for f in FIGURES}
    assert [p.name for p in folder.parent.iterdir()] == ["latest"]


def test_returned_paths_exist(small: Verification, tmp_path: Path) -> None:
    paths = write_report(small, tmp_path / "out")
    assert paths[0] == tmp_path / "out" / "report.html"
    assert set(paths) == {p for p in (tmp_path / "out").rglob("*") if p.is_file()}


def test_equal_verifications_give_equal_files(small: Verification, tmp_path: Path) -> None:
    first, second = (write_report(small, tmp_path / name) for name in ("a", "b"))
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


# claims.json, run.json, comparison.csv --------------------------------------------------------------------


def strict(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_claims_json(verification: Verification, folder: Path) -> None:
    records = strict((folder / "claims.json").read_text("utf-8"))
    assert [r["id"] for r in records] == [j.claim.id for j in verification.judgements]
    for record, judgement in zip(records, verification.judgements, strict=True):
        assert record.keys() >= CONTRACT
        assert record["source"].keys() >= {"paper", "item"}
        assert record["verdict"] == judgement.verdict
        assert record["n_settings"] == len({o.setting for o in judgement.observations if not o.not_judged})
        assert record["conditions"] == [c.name for c in judgement.claim.conditions]
        assert isinstance(record["statistic"], dict)
        assert (record["counterexample"] is None) == (judgement.counterexample is None)
    injected = records[-1]
    assert injected["statement"] == INJECTION


def test_records_say_how_they_were_planned(verification: Verification) -> None:
    record = claim_record(by_id(verification, "zoo.exponent.eta"))
    assert record["rule"]["name"] == "Exponent"
    assert record["rule"]["value"] == -1.0
    assert record["planned_power"] > 0.99
    assert claim_record(by_id(verification, "zoo.exponent.few"))["planned_power"] < 0.2
    assert record["prediction"]["constants"] == {"C": "free"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float64("nan")])
def test_json_has_no_nan_or_infinity(small: Verification, tmp_path: Path, value: float) -> None:
    judgement = small.judgements[0]
    bad = replace(judgement.decision, measured=[value], statistic={"x": {"y": np.array([value, 1.0])}})
    odd = replace(small, judgements=(replace(judgement, decision=bad),), run_info={"seed": np.int64(3)})
    write_report(odd, tmp_path / "out")
    record = strict((tmp_path / "out" / "claims.json").read_text("utf-8"))[0]
    assert record["measured"] == [None]
    assert record["statistic"] == {"x": {"y": [None, 1.0]}}
    assert strict((tmp_path / "out" / "run.json").read_text("utf-8"))["seed"] == 3


def test_jsonable_refuses_nothing() -> None:
    value = {1: {2.5}, "p": Path("x"), "r": Reading(1.0, math.nan, 0.0, 2.0), "b": np.bool_(False), "n": None}
    assert json.loads(json.dumps(jsonable(value), allow_nan=False)) == {
        "1": [2.5], "p": "x", "b": False, "n": None,
        "r": {"measured": 1.0, "predicted": None, "low": 0.0, "high": 2.0},
    }  # fmt: skip


def test_run_json(verification: Verification, folder: Path) -> None:
    record = strict((folder / "run.json").read_text("utf-8"))
    assert record.items() >= {**verification.run_info, "exit_status": 1}.items()
    assert record["verdicts"] == verdict_counts(verification)
    assert sum(record["verdicts"].values()) == record["claims"] == len(verification.judgements)


def test_comparison_has_a_row_for_each_claim_and_setting(verification: Verification, folder: Path) -> None:
    table = pd.read_csv(folder / "comparison.csv")
    pairs = {(j.claim.id, o.setting) for j in verification.judgements for o in j.observations}
    assert len(table) == len(pairs)
    assert not table.duplicated(["claim", "n", "d", "m", "sigma_xi", "signal_norm", "sigma_0", "eta",
                                 "tau_plus", "tau_minus"]).any()  # fmt: skip
    assert table["n_runs"].sum() == sum(len(j.observations) for j in verification.judgements)
    assert table["n_judged"].sum() == sum(len(j.judged) for j in verification.judgements)
    assert set(table.columns) >= {"n_snr2", "clock_step", "iota", "kappa_0", "d_over_n", "engine", "measured",
                                  "predicted", "ratio", "log10_slack", "inside.dimension", "slack.dimension",
                                  "inside.width"}  # fmt: skip


def test_comparison_numbers(verification: Verification) -> None:
    table = comparison(verification)

    def rows(claim_id: str) -> Any:
        return table[table["claim"] == claim_id]

    time = by_id(verification, "zoo.law.time").judged[0]
    row = rows("zoo.law.time").iloc[0]
    assert row["measured"] == time.value[0]
    assert row["predicted"] == time.value[1]
    assert row["ratio"] == pytest.approx(time.value[0] / time.value[1])

    # The exponent's line has the claimed slope, and the measured points scatter around it.
    line = rows("zoo.exponent.eta")
    slope = np.polyfit(np.log(line["eta"]), np.log(line["predicted"]), 1)[0]
    assert slope == pytest.approx(-1.0)
    assert np.log(line["ratio"]).mean() == pytest.approx(0.0, abs=1e-3)
    wrong = rows("zoo.exponent.d")
    assert abs(np.polyfit(np.log(wrong["d"]), np.log(wrong["ratio"]), 1)[0] - 0.2) < 0.02

    event = rows("zoo.theorem_4_1.order")
    assert set(event["measured"]) == {0.0, 1.0}
    assert set(event["predicted"]) == {0.95}

    crossed = rows("zoo.bound.crossed")
    outside = [not read(by_id(verification, "zoo.bound.crossed"), o).holds
               for o in by_id(verification, "zoo.bound.crossed").judged]  # fmt: skip
    assert sum(crossed["log10_slack"] < 0) == sum(outside) > 5
    assert math.isinf(crossed["measured"].max())

    missing = rows("zoo.nowhere")
    assert missing["measured"].isna().all()
    assert (missing["not_judged_because"] == "width: outside, by a factor 4").all()
    assert not missing["inside.width"].any()


def test_comparison_of_nothing_has_a_head() -> None:
    table = comparison(Verification((), (), {}))
    assert len(table) == 0
    assert "claim" in table.columns


def test_bound_factor() -> None:
    assert bound_factor(Reading(0.5, math.nan, 0.0, 2.0)) == 4.0
    assert bound_factor(Reading(1.0, math.nan, 0.5, 8.0)) == 2.0
    assert bound_factor(Reading(0.25, math.nan, 0.5, 8.0)) == 0.5
    assert bound_factor(Reading(math.inf, math.nan, 0.5, 8.0)) == 0.0
    assert math.isnan(bound_factor(Reading(-1.0, math.nan, -2.0, 2.0)))


# HTML and Markdown ------------------------------------------------------------------------------------------


def test_html_is_self_contained_and_without_scripts(verification: Verification, folder: Path) -> None:
    html = (folder / "report.html").read_text("utf-8")
    assert "<script" not in html.lower()
    page = Page(html)
    assert page.open == []
    assert page.handlers == []
    assert {"script", "link", "iframe", "object"}.isdisjoint(page.tags)
    assert not re.search(r"url\(|@import", html)
    for address in page.addresses:
        assert address.startswith(("#", "data:image/png;base64,")), address
    # Every link leads somewhere, except to parents that were not chosen.
    targets = {a[1:] for a in page.addresses if a.startswith("#")}
    assert targets - set(page.ids) == {"claim-absent.claim"}


def test_html_shows_every_claim_and_the_injection_as_text(verification: Verification, folder: Path) -> None:
    text = "".join(Page((folder / "report.html").read_text("utf-8")).text)
    for judgement in verification.judgements:
        assert judgement.claim.id in text
        if "$" not in judgement.decision.reason:
            assert judgement.decision.reason in text
        if judgement.counterexample is not None:
            assert judgement.counterexample.replay in text
    assert 'Ünïcode ≥ <script>alert("x")</script> &' in text
    assert "中文" in text
    assert "<b>Someone</b> & co" in text
    for verdict in VERDICTS:
        assert verdict in text


def test_html_without_escaping_would_be_caught(verification: Verification) -> None:
    # The check above can fail: the same text put in unescaped makes tags.
    assert "script" in Page(f"<p>{INJECTION}</p>").tags


def test_formulas_are_drawn_or_shown_as_source(folder: Path) -> None:
    html = (folder / "report.html").read_text("utf-8")
    assert html.count("<svg") > 50
    assert re.findall(r'<code class="tex">(.*?)</code>', html) == [
        r"a &lt; b \le \unknowncommand{c}",
        r"a &lt; b \le \unknowncommand{c}",
        r"a &lt; b \le \unknowncommand{c}",
    ]


@pytest.mark.parametrize(
    "latex",
    [
        r"\sqrt{\frac n2\log\frac4\delta}", r"x \le y \ge z", r"\underline\rho_{j,r,i}^{(t)}", r"\tfrac12",
        r"\lvert x\rvert", r"\bigl(x\bigr)", r"\mathbf 1[x>0]", r"\int\limits_0^1 x\,dx", r"\sqrt d",
        r"\left|{\mu}\right| \max\left(a, b\right)", r"e^{\frac{3}{2}}", r"\#\{i: y_i \ne \tilde y_i\}",
    ],
)  # fmt: skip
def test_common_latex_is_drawn(latex: str) -> None:
    assert formula_html(latex).startswith("<svg")


def test_every_builtin_formula_is_drawn() -> None:
    from theory.ledger import builtin_ledger

    for claim in builtin_ledger():
        prediction = "" if claim.prediction is None else f"${claim.prediction.latex}$"
        parts = [claim.statement, claim.note, prediction, *(f"${c.latex}$" for c in claim.conditions)]
        for part in parts:
            assert '<code class="tex">' not in statement_html(part), (claim.id, part)


def test_outline_keeps_the_baseline_and_the_size() -> None:
    def box(latex: str) -> tuple[float, float, float]:
        pattern = r"width:([\d.]+)em;height:([\d.]+)em;vertical-align:(-?[\d.]+)em"
        style = re.search(pattern, formula_html(latex))
        assert style is not None
        width, height, shift = map(float, style.groups())
        return width, height, shift

    assert box("xx")[0] == pytest.approx(2 * box("x")[0], rel=0.1)
    assert box("p")[2] < box("x")[2] < 0  # a descender reaches further below the line
    assert box(r"\frac{a}{b}")[1] > 1.5 * box("a")[1]


def test_markdown_escapes_tags(folder: Path) -> None:
    text = (folder / "report.md").read_text("utf-8")
    assert "<" not in text
    assert "&lt;script&gt;" in text
    for link in re.findall(r"\]\(([^)]*)\)", text):
        assert (folder / link).is_file()
    assert statement_markdown("$a<b$") == r"$a\lt b$"


def test_markdown_tables_are_rectangular(folder: Path) -> None:
    width = 0
    for line in (folder / "report.md").read_text("utf-8").splitlines():
        cells_ = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        if width and cells_:
            assert cells_ == width, line
        width = cells_


# Summary ----------------------------------------------------------------------------------------------------


def test_findings_group_probes_apart_from_failures(verification: Verification) -> None:
    found = {f.claim_id: f.group for f in findings(verification)}
    assert found["zoo.probe.needed"] == "Conditions that are needed"
    assert found["zoo.theorem_4_1.order"] == "Refuted inside their conditions"
    assert found["zoo.exponent.few"] == "Undecided"
    assert found.keys().isdisjoint({"zoo.lemma.norms", "zoo.nowhere"})
    probe = by_id(verification, "zoo.probe.not_needed")
    holds = replace(probe, decision=replace(probe.decision, verdict="supported"))
    (finding,) = findings(Verification((holds,), (), {}))
    assert finding.group == "Conditions that were not needed"
    assert "Outside dimension" in finding.text


def test_headline_counts_probes_apart(verification: Verification) -> None:
    probes = tuple(j for j in verification.judgements if j.claim.is_probe)
    assert headline(Verification(probes, (), {})).startswith("0 of 0 claims")
    assert "; 4 are refuted" in headline(verification)
    assert verdict_counts(verification)["refuted"] == 5


def test_not_judged_reasons_are_pooled_with_their_range(verification: Verification) -> None:
    judgement = by_id(verification, "zoo.theorem_4_1.paper_box")
    reasons = not_judged(judgement)
    assert sum(reasons.values()) == len(judgement.observations) - len(judgement.judged)
    assert len(reasons) == 2
    assert all(re.search(r"by a factor [\d.]+ to [\d.]+$", reason) for reason in reasons)


def test_regimes_tell_the_papers_conditions_everywhere(verification: Verification) -> None:
    found = {r.experiment: r for r in regimes(verification)}
    assert set(found["zoo.sweep_eta"].conditions) == {"small initialisation", "dimension", "width"}
    assert found["zoo.sweep_eta"].conditions["dimension"].share == "all inside"
    assert found["zoo.unused"].conditions["width"].share == "none inside"
    box = found["zoo.box"]
    settings = {o.setting for o in by_id(verification, "zoo.lemma.norms").observations}
    assert box.conditions["small initialisation"].inside == sum(s.kappa_0 <= 1 for s in settings)
    assert sum(box.kappa) == box.settings == len(settings)
    assert "zoo.empty" not in found


# Figures ----------------------------------------------------------------------------------------------------


def pixels(png: bytes) -> Any:
    import io

    from matplotlib.image import imread

    return imread(io.BytesIO(png), format="png")


def test_every_figure_is_drawn_and_not_blank(verification: Verification) -> None:
    drawn = draw_all(verification)
    assert [f.name for f in drawn] == [f.name for f in FIGURES]
    for figure in drawn:
        assert figure.error == ""
        assert figure.png is not None
        image = pixels(figure.png)[..., :3]
        assert image.shape[1] > 700
        assert 0.005 < (image < 0.9).any(axis=2).mean() < 0.6, figure.name
        assert figure.caption.endswith(".")


def test_figures_without_data_are_left_out() -> None:
    assert draw_all(Verification((), (), {})) == []
    names = [f.name for f in draw_all(make_verification("zoo.exponent.eta", showcases=False))]
    assert names == ["exponents"]


def test_figures_survive_odd_numbers(verification: Verification) -> None:
    odd = []
    for judgement in verification.judgements:
        for bad in (math.inf, math.nan, 0.0):
            changed = tuple(
                replace(o, value=_spoilt(o.value, bad)) if o.not_judged is None else o
                for o in judgement.observations
            )
            odd.append(replace(judgement, observations=changed))
    assert [f.error for f in draw_all(Verification(tuple(odd), (), {})) if f.error] == []


def _spoilt(value: Any, bad: float) -> Any:
    if isinstance(value, tuple):
        return tuple(bad for _ in value)
    return bad if isinstance(value, float) else value


def test_a_failing_figure_costs_only_itself(
    small: Verification, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Verification) -> None:
        raise ZeroDivisionError("no <data>")

    broken = FigureSpec("broken", "Broken", "Nothing.", fail)
    monkeypatch.setattr(figure_module, "FIGURES", (broken, *FIGURES))
    write_report(small, tmp_path / "out")
    html = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "This figure could not be drawn: ZeroDivisionError: no &lt;data&gt;" in html
    drawn = {p.stem for p in (tmp_path / "out" / "figures").iterdir()}
    assert drawn == {"exponents", "claims_graph"}


def test_drawing_leaves_matplotlib_as_it_was(small: Verification) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    draw_all(small)
    assert dict(matplotlib.rcParams) == before


def test_event_map_counts_cells(verification: Verification) -> None:
    judgement = by_id(verification, "zoo.map.small_init")
    found = cells(judgement)
    assert len(found) == 24
    assert sum(c.judged for c in found) == len(judgement.judged) == 240
    assert {c.judged for c in found if c.at("kappa_0") == 100.0} == {0}
    assert sum(c.held for c in found) == sum(bool(o.value) for o in judgement.judged)


def test_graph_layout_puts_parents_left() -> None:
    import networkx as nx

    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("a", "c"), ("d", "c"), ("e", "f")])
    place = layout(graph)
    assert all(place[p][0] < place[c][0] for p, c in graph.edges)
    assert len(set(place.values())) == len(place)


# Replacing the folder as a whole ----------------------------------------------------------------------------

_STEPS: list[tuple[Any, str]] = [
    (Path, "write_text"), (Path, "write_bytes"), (Path, "mkdir"), (pd.DataFrame, "to_csv"),
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


@pytest.fixture
def quick_figures(monkeypatch: pytest.MonkeyPatch, small: Verification) -> None:
    """Figures drawn once: what is tested here is the writing."""
    drawn = draw_all(small)
    monkeypatch.setattr(figure_module, "draw_all", lambda _: drawn)


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


def test_a_report_of_no_claims_can_be_read() -> None:
    empty = Verification((), (), {})
    page = Page(render_html(empty, []))
    assert page.open == []
    assert "0 of 0 claims" in render_markdown(empty, [])
