"""The survey of the finite-size bracket: what it counts, and that a violation cannot hide in it."""

from __future__ import annotations

import sys

import pytest

from benchmarks import bracket_survey as survey
from benchmarks.bracket_survey import Outcome, survey_lines


def test_real_runs_are_counted_and_none_violates() -> None:
    outcomes = list(survey.bracket_survey(3, seed=0))
    assert len(outcomes) == 3
    assert all(o.holds is not False for o in outcomes)
    assert all(0.0 < o.certified <= 1.0 for o in outcomes if o.holds is not None)


def test_a_violation_shows_in_its_regime_and_in_the_exit_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = [
        Outcome(0.5, True, 1.0, float("inf"), float("inf"), "end"),
        Outcome(50.0, False, 1.0, 0.25, float("inf"), "end"),
        Outcome(500.0, None, 0.0, float("inf"), float("inf"), "not aligned"),
    ]
    lines = survey_lines(outcomes)
    assert lines[0] == "3 runs: 1 violations in 2 brackets, 1 not applicable"
    assert "| 30 to 300 | 1 | 1 | 1 | 1 | 1, 0.250 | 0, - |" in lines
    assert lines[-1] == "not applicable: 1 x not aligned"
    monkeypatch.setattr(survey, "bracket_survey", lambda runs, seed: iter(outcomes))
    monkeypatch.setattr(sys, "argv", ["bracket_survey", "--runs", "3"])
    with pytest.raises(SystemExit) as stop:
        survey.main()
    assert stop.value.code == 1
    assert "1 violations" in capsys.readouterr().out
