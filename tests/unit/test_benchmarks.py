"""The benchmarks measure what they say: the plain loop trains the network, a target decides pass or fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.__main__ import RESULTS, main
from benchmarks.cpu import setting_of
from benchmarks.plain import PlainLoop
from benchmarks.rows import Row
from benchmarks.timing import Spread, alternate, ratio
from simulation.two_stage.problem import sample_problem
from simulation.two_stage.training import train


def test_the_plain_loop_trains_the_same_network() -> None:
    setting = setting_of(12, 60, 3)
    problem = sample_problem(setting, 0)
    plain = PlainLoop(problem, setting.eta)
    plain.run(40)
    with torch.no_grad():
        margins = (plain.y * plain.model(plain.x)).numpy()
    expected = train(problem, steps=40, engine="cnn").margins
    assert np.abs(margins - expected[-1]).max() < 1e-11
    assert np.abs(expected[-1] - expected[0]).max() > 0.1


@pytest.mark.parametrize(
    ("better", "value", "passed"),
    [
        ("at least", 10.0, True),
        ("at least", 9.9, False),
        ("at most", 10.0, True),
        ("at most", 10.1, False),
        ("between", 11.5, True),
        ("between", 8.4, False),
    ],
)
def test_a_row_passes_on_the_right_side_of_its_target(better: str, value: float, passed: bool) -> None:
    row = Row("x", 10.0, better, "x", Spread(value, value, value), 1.5)  # type: ignore[arg-type]
    assert row.passed is passed
    assert row.as_dict()["passed"] is passed


def test_what_was_not_run_passes_nothing() -> None:
    row = Row("x", 1.0, "at least", skipped="no GPU")
    assert row.passed is None
    assert row.value_text == "not run: no GPU"


def test_ratios_are_taken_round_by_round() -> None:
    ticks = iter(range(100))
    calls: list[str] = []
    seconds = alternate([lambda: calls.append("a"), lambda: calls.append("b")], 3, lambda: float(next(ticks)))
    assert calls == ["a", "b"] * 4
    assert seconds == [[1.0] * 3, [1.0] * 3]
    assert ratio([2.0, 4.0, 9.0], [1.0, 1.0, 3.0]) == Spread(3.0, 2.5, 3.5)


def test_a_small_run_of_the_command_writes_its_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "bench.json"
    sizes = ["--n", "20", "--d", "200", "--m", "2", "--runs", "3", "--rounds", "1", "--out", str(out)]
    threads = torch.get_num_threads()
    try:
        assert main([*sizes, "--rows", "reduced", "batch", "cnn", "cuda"]) == 0
    finally:
        torch.set_num_threads(threads)
    written = json.loads(out.read_text(encoding="utf-8"))
    printed = capsys.readouterr().out
    names = [row["measure"] for row in written["rows"]]
    assert len(names) == (7 if not torch.cuda.is_available() else len(names))
    assert all(name in printed for name in names)
    assert written["device"]
    assert written["threads"] == 1
    for row in written["rows"]:
        if "CUDA" in row["measure"] and not torch.cuda.is_available():
            assert row["skipped"] == "no GPU"
            assert row["passed"] is None
        else:
            assert row["value"]["median"] > 0


@pytest.mark.parametrize("given", [["--n", "0"], ["--rows", "magic"], ["--rounds", "x"]])
def test_a_wrong_option_ends_with_status_two(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
    assert given[0] in capsys.readouterr().err


def _row(
    measure: str, value: float, unit: str = "x", better: str = "at least", **details: float
) -> dict[str, Any]:
    spread = {"median": value, "low": value, "high": value}
    return {"measure": measure, "unit": unit, "better": better, "value": spread, "details": details}


def test_a_ratio_that_fell_behind_is_named_and_a_time_is_not() -> None:
    from benchmarks.regressions import regressions

    before = {
        "a": _row("a", 1000.0),
        "b": _row("b", 1.0, better="at most"),
        "c": _row("c", 2.0, unit=" ms", better="at most", ratio_to_tails=3.0),
    }
    assert regressions(before, [_row("a", 700.0), _row("b", 1.4, better="at most")]) == []
    assert regressions(before, [_row("a", 600.0)]) == ["a: 600, recorded 1e+03"]
    assert regressions(before, [_row("b", 1.6, better="at most")]) == ["b: 1.6, recorded 1"]
    slow = _row("c", 20.0, unit=" ms", better="at most", ratio_to_tails=3.1)
    assert regressions(before, [slow, _row("new", 1.0)]) == []
    slow["details"]["ratio_to_tails"] = 5.0
    assert regressions(before, [slow]) == ["c (ratio_to_tails): 5, recorded 3"]


def test_what_is_recorded_is_read_from_the_results(tmp_path: Path) -> None:
    from benchmarks.regressions import recorded

    (tmp_path / "x.json").write_text(json.dumps({"rows": [_row("a", 2.0)]}))
    assert recorded(tmp_path)["a"]["value"]["median"] == 2.0
    assert "law, whole run of 300 steps at n = 200, m = 20: d = 1e12 against d = 1e3" in recorded(RESULTS)
