"""The survey of enclosures: its points, what it keeps, its command."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

from theory.two_stage.certified import survey as survey_module
from theory.two_stage.certified.survey import Point, SurveyResult, random_points, survey


def test_conjecture_at_certified_points() -> None:
    assert survey(100, seed=1).undecided == ()


def test_points_of_the_survey() -> None:
    rng = random.Random(3)
    for point in random_points(20, 3):
        t = Fraction(rng.randint(10, 400), 1000)
        excess = Fraction(round(1000 * math.exp(rng.uniform(math.log(1.02), math.log(30)))), 1000)
        q = Fraction(rng.randint(250, 1000), 1000)
        assert point == Point(2 * q * excess / (1 - 2 * t), t, q)
    assert len(list(random_points(4, 0))) == 4
    found = survey(2, 1)
    assert (found.certified, found.undecided) == (2, ())
    assert survey(2) == survey(2, 0)


def _above_a_fifth(a: Fraction, t: Fraction, q: Fraction, **_: int) -> bool | None:
    return True if t > Fraction(1, 5) else None


def test_undecided_points_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_module, "below_strong_signal_limit", _above_a_fifth)
    for seed in (0, 5):
        points = list(random_points(30, seed))
        found = survey(30, seed)
        assert found.undecided == tuple(q for q in points if q.tau <= Fraction(1, 5))
        assert found.certified == 30 - len(found.undecided)
        assert 0 < found.certified < 30


@pytest.mark.parametrize(
    ("arguments", "points", "seed"),
    [([], 10_000, 0), (["--points", "30"], 30, 0), (["--points", "30", "--seed", "5"], 30, 5)],
)
def test_the_survey_on_the_command_line(
    arguments: list[str],
    points: int,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    undecided = tuple(random_points(2, seed))
    asked: list[tuple[int, int]] = []

    def answer(count: int, start: int) -> SurveyResult:
        asked.append((count, start))
        return SurveyResult(count - len(asked[1:]), undecided if len(asked) > 1 else ())

    monkeypatch.setattr(survey_module, "survey", answer)
    monkeypatch.setattr("sys.argv", ["survey", *arguments])
    with pytest.raises(SystemExit) as end:
        survey_module.main()
    assert end.value.code == 0
    assert capsys.readouterr().out == f"s_2 < s_inf certified at {points} of {points} points\n"
    with pytest.raises(SystemExit) as end:
        survey_module.main()
    assert end.value.code == 1
    lines = [f"undecided: a = {q.a}, tau = {q.tau}, p = {q.p}" for q in undecided]
    assert capsys.readouterr().out.splitlines()[1:] == lines
    assert asked == [(points, seed)] * 2
