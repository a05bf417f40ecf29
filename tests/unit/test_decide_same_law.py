"""Two engines in law."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from decide_cases import observation, observations, well_formed
from scipy import stats

from theory.rules import SameLaw
from verify.outcome import Decision, Observation
from verify.rules.registry import decide
from verify.rules.same_law import certified_width, decide_same_law, kolmogorov_smirnov, runs_for_same_law

SAME = SameLaw(margin=0.15, reason="test")


def engines(first: dict[str, Any], second: dict[str, Any]) -> list[Observation]:
    """A run a row of each engine's columns."""
    out: list[Observation] = []
    for engine, table in (("law", first), ("cnn", second)):
        for row in zip(*table.values(), strict=True):
            value = {name: float(x) for name, x in zip(table, row, strict=True)}
            out.append(observation(value, len(out), engine=engine))
    return out


def normal_tables(runs: int, shift: float = 0.0) -> list[Observation]:
    rng = np.random.default_rng(3)
    first = {name: rng.normal(size=runs) for name in "xy"}
    second = {"x": rng.normal(size=runs), "y": rng.normal(shift, size=runs)}
    return engines(first, second)


def test_equal_laws_are_supported_once_the_distance_is_certified() -> None:
    few = well_formed(decide(SAME, normal_tables(100)))
    assert few.verdict == "inconclusive"
    assert few.needed is not None
    assert few.needed > 100
    many = well_formed(decide(SAME, normal_tables(few.needed)))
    assert many.verdict == "supported"
    assert many.n_trials == few.needed
    assert many.statistic["runs_by_engine"] == {"law": few.needed, "cnn": few.needed}
    assert max(many.statistic["certified_distance"].values()) < SAME.margin


def test_one_shifted_quantity_refutes() -> None:
    decision = well_formed(decide(SAME, normal_tables(1000, shift=0.3)))
    assert decision.verdict == "refuted"
    assert "of y differ" in decision.reason
    assert decision.statistic["largest_distance_of"] == "y"
    assert decision.statistic["holm_p_value"]["y"] < SAME.alpha < decision.statistic["holm_p_value"]["x"]


def test_holm_protects_many_quantities() -> None:
    """A p-value of .005 rejects alone at alpha = .01 and not as the lowest of ten."""
    n = 100
    x = np.arange(n) / n
    shifted = x + 0.24
    assert 0.001 < kolmogorov_smirnov(x, shifted)[1] < 0.01
    alone = decide(SAME, engines({"x": x}, {"x": shifted}))
    assert alone.verdict == "refuted"
    names = [f"q{k}" for k in range(9)]
    among = decide(
        SAME, engines({"x": x, **dict.fromkeys(names, x)}, {"x": shifted, **dict.fromkeys(names, x)})
    )
    assert among.verdict == "inconclusive"


def test_holm_multiplies_by_the_tests_that_are_left() -> None:
    x = np.arange(100) / 100
    shifts = {"a": 0.24, "b": 0.23, "c": 0.0}
    seen = engines(dict.fromkeys(shifts, x), {name: x + by for name, by in shifts.items()})
    s = decide(SAME, seen).statistic
    p, holm = s["p_value"], s["holm_p_value"]
    assert p["a"] <= p["b"] < p["c"]
    expected = max(3 * p["a"], 2 * p["b"])
    assert (holm["a"], holm["b"]) == (pytest.approx(3 * p["a"]), pytest.approx(expected))


def test_failures_must_be_equally_frequent() -> None:
    """inf is an outcome: 0 against 20 % of them is a different law, equal shares are the same. nan is not
    measured: neither is decided."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=1500), rng.normal(size=1500)
    for bad, words in ((math.inf, ("refuted", "supported")), (math.nan, ("inconclusive",) * 2)):
        broken = np.where(np.arange(1500) % 5 == 0, bad, y)
        assert well_formed(decide(SAME, engines({"x": x}, {"x": broken}))).verdict == words[0]
        also = np.where(np.arange(1500) % 5 == 0, bad, x)
        assert well_formed(decide(SAME, engines({"x": also}, {"x": broken}))).verdict == words[1]


CLOSE = SameLaw(0.5, "test", alpha=0.04)


def uniform(n: int, shift: float = 0.0) -> list[float]:
    return [k / n + shift for k in range(n)]


def test_widths_and_plans_of_engines() -> None:
    width = sum(math.sqrt(math.log(2 * 2 * 3 / 0.04) / (2 * n)) for n in (50, 80))
    assert certified_width(0.04, 3, 50, 80) == pytest.approx(width)
    distance = stats.kstwobign.isf(0.2 / 3) * math.sqrt(2)
    runs = ((distance + math.sqrt(2 * math.log(4 * 3 / 0.04))) / 0.3) ** 2
    assert runs_for_same_law(0.3, 0.04, 3) == math.ceil(runs)
    assert runs_for_same_law(0.3, 0.04, 3, 0.8) == math.ceil(runs)
    assert runs_for_same_law(0.3, 0.04, 3, 0.9) > math.ceil(runs)


def test_the_two_sample_test_by_scipy() -> None:
    x, y = np.array([1.0, 2.0, 3.5, 7.0]), np.array([2.5, 3.0, 8.0, 9.0, 10.0])
    found = kolmogorov_smirnov(x, y)
    reference = stats.ks_2samp(x, y, method="exact")
    assert found == pytest.approx((reference.statistic, reference.pvalue))
    rng = np.random.default_rng(0)
    for sizes, method in (((500, 500), "exact"), ((500, 501), "asymp")):
        u, v = rng.random(sizes[0]), rng.random(sizes[1]) ** 1.1
        reference = stats.ks_2samp(u, v, method=method)
        other = stats.ks_2samp(u, v, method="asymp" if method == "exact" else "exact")
        assert kolmogorov_smirnov(u, v)[1] == pytest.approx(reference.pvalue, rel=1e-12)
        assert reference.pvalue != pytest.approx(other.pvalue, rel=1e-6)
    infinite = kolmogorov_smirnov(np.array([1.0, math.inf]), np.array([1.0, math.nan]))
    assert infinite[0] == 0.5


@pytest.mark.parametrize(
    ("n", "shift", "verdict"), [(300, 0.0, "supported"), (60, 0.6, "refuted"), (30, 0.1, "inconclusive")]
)
def test_two_engines_word_by_word(n: int, shift: float, verdict: str) -> None:
    first = {"x": uniform(n), "y": uniform(n)}
    second = {"x": [*uniform(n + 5, shift / 2)], "y": [*uniform(n + 5, shift)]}
    found = decide_same_law(CLOSE, engines(first, second), None)
    tests = {k: stats.ks_2samp(first[k], second[k], method="exact") for k in "xy"}
    d = {k: float(t.statistic) for k, t in tests.items()}
    p = {k: float(t.pvalue) for k, t in tests.items()}
    low = min(p, key=lambda k: p[k])
    holm = {k: min(1.0, max(2 * p[low], p[k])) for k in p}
    holm[low] = min(1.0, 2 * p[low])
    worst = max(d, key=lambda k: d[k])
    width = certified_width(0.04, 2, n, n + 5)
    bound = min(1.0, d[worst] + width)
    planned = runs_for_same_law(0.5, 0.04, 2)
    head = f"Over {n} runs of law and {n + 5} of cnn"
    certified = (
        f"{head} no test rejects (lowest corrected p = {holm[low]:.2g}), and every distance is"
        f" certified below"
        f" {bound:.3g} at 96 % confidence"
    )
    reasons = {
        "refuted": f"{head} the distributions of {low} differ: distance {d[low]:.3g}, p = {holm[low]:.2g}"
        " after Holm's correction, below alpha = 0.04.",
        "supported": f"{certified}, under the margin 0.5.",
        "inconclusive": f"{certified}, not under the margin 0.5; about {max(planned, n + 1)} runs of each"
        " engine would decide.",
    }
    assert found.reason == reasons[verdict]
    assert (found.verdict, found.measured, found.predicted) == (verdict, pytest.approx(d[worst]), 0.0)
    assert found.needed == (max(planned, n + 1) if verdict == "inconclusive" else None)
    s = dict(found.statistic)
    for name, wanted in (
        ("distance", d), ("p_value", p), ("holm_p_value", holm),
        ("certified_distance", {k: min(1.0, v + width) for k, v in d.items()}),
        ("interval", [max(0.0, d[worst] - width), bound]),
    ):  # fmt: skip
        assert s.pop(name) == pytest.approx(wanted)
    assert s == {
        "runs": 2 * n + 5, "trials": n, "runs_by_engine": {"law": n, "cnn": n + 5},
        "interval_of": "largest distance between the distributions", "level": 0.96, "margin": 0.5,
        "largest_distance_of": worst, "not_finite": {e: {"x": 0, "y": 0} for e in ("law", "cnn")},
    }  # fmt: skip
    assert found.n_trials == n
    assert found.p_value == pytest.approx(holm[low])
    room = 0.5 - d[worst]
    if room <= 0:
        assert found.support_p == 1.0
    else:
        root = room / (math.sqrt(0.5 / n) + math.sqrt(0.5 / (n + 5)))
        alpha = min(1.0, 2 * 2 * 2 * math.exp(-(root**2)))
        assert found.support_p == pytest.approx(alpha)
        if alpha < 1:
            assert certified_width(alpha, 2, n, n + 5) == pytest.approx(room)


def test_a_comparison_that_cannot_be_made() -> None:
    one = decide_same_law(CLOSE, observations([{"x": 1.0}] * 4), None)
    statistic = {
        "runs": 4, "trials": 0, "runs_by_engine": {"law": 4}, "interval": None,
        "interval_of": "largest distance between the distributions", "level": 0.96, "margin": 0.5,
    }  # fmt: skip
    assert one == Decision(
        "inconclusive", "Only law was judged; a comparison needs two engines.", None, 0.0, statistic, 0,
        runs_for_same_law(0.5, 0.04, 1), p_value=1.0, support_p=1.0,
    )  # fmt: skip
    seen = [observation({"x": 0.0}, k, seed=k // 2, engine="law") for k in range(4)]
    seen += [observation({"x": 0.0}, 10 + k, seed=k, engine="cnn") for k in range(9)]
    shared = decide_same_law(CLOSE, seen, None)
    assert shared == Decision(
        "inconclusive", "Runs of law share seeds, so they are no independent sample.", None, 0.0,
        statistic | {"runs": 13, "trials": 4, "runs_by_engine": {"law": 4, "cnn": 9}}, 4, None, 1.0, 1.0,
    )  # fmt: skip
    three = [observation({"x": 1.0}, k, engine=e) for k, e in enumerate(("law", "cnn", "gd"))]
    with pytest.raises(ValueError, match=r"^engines must be two to be compared, was \['cnn', 'gd', 'law'\]$"):
        decide_same_law(CLOSE, three, None)
    for bad in (3.0, {}, {"x": "?"}, {"z": "a"}):
        with pytest.raises(ValueError, match=r"^claim value must be a mapping of names to numbers, was "):
            decide_same_law(CLOSE, [observation(bad)], None)
    with pytest.raises(
        ValueError, match=r"^claim value must be a mapping with the names \['x'\] as in the other"
    ):
        decide_same_law(CLOSE, [observation({"x": 1.0}), observation({"y": 1.0}, 1)], None)


def test_values_that_are_not_finite_are_counted_by_engine_and_name() -> None:
    found = decide_same_law(
        CLOSE,
        engines(
            {"x": [1.0, math.nan, 3.0], "y": [1.0] * 3}, {"x": [1.0] * 3, "y": [math.inf, -math.inf, 0.0]}
        ),
        None,
    )
    assert found.statistic["not_finite"] == {"law": {"x": 1, "y": 0}, "cnn": {"x": 0, "y": 2}}


def test_a_distance_of_the_margin_has_no_room() -> None:
    seen = engines({"x": [0.0, 1, 2]}, {"x": [0.0, 1, 9]})
    wide = decide_same_law(replace(CLOSE, margin=1 / 3), seen, None)
    assert wide.measured == pytest.approx(1 / 3)
    far = decide_same_law(replace(CLOSE, margin=0.2), seen, None)
    assert far.support_p == 1.0


def test_the_rule_s_level_rejects() -> None:
    """p = .0443: above .04."""
    seen = engines({"x": uniform(13)}, {"x": uniform(13, 6 / 13)})
    found = decide_same_law(CLOSE, seen, None)
    assert found.p_value == pytest.approx(0.04427, abs=1e-5)
    assert found.verdict == "inconclusive"
    assert decide_same_law(replace(CLOSE, alpha=0.045), seen, None).verdict == "refuted"
