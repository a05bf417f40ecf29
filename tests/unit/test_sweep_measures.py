"""What a sweep measures: names are checked, values are those of a measured run, nothing reads as reached."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sweep_cases import configuration, made_of, no_ledger, small_sweep

from simulation import train
from simulation.two_stage.run import MeasuredRun
from theory.ledger import Ledger, builtin_ledger
from theory.run import Estimate, NotApplicable
from theory.two_stage import quantities
from theory.two_stage.setting import Setting
from verify.sweep.measures import QuantityMeasure, flattened, parse_measures
from verify.sweep.runs import plan_sweep

QUANTITIES = {q.name: q for q in quantities.QUANTITIES}
SETTING = Setting.from_n_snr2(
    n=30, d=3000, m=5, n_snr2=8.0, tau_plus=0.2, tau_minus=0.3, kappa_0=0.1, clock_step=0.1
)
PAGE = Path(__file__).parents[2] / "docs" / "sweeps.md"


@pytest.fixture(scope="module")
def run() -> MeasuredRun:
    kept = range(0, 101, 10)
    return MeasuredRun(train(SETTING, steps=100, seed=3, snapshots=kept), SETTING, test_samples=500)


@pytest.fixture(scope="module")
def clean_run() -> MeasuredRun:
    setting = SETTING.with_(tau_plus=0.0, tau_minus=0.0)
    return MeasuredRun(train(setting, steps=100, seed=3, snapshots=range(0, 101, 10)), setting)


def value(text: str, run: MeasuredRun) -> Any:
    (measure,), _ = parse_measures([text], no_ledger, quantities.QUANTITIES)
    found = measure(run)
    return found[measure.column] if isinstance(found, dict) else found


def losses(run: MeasuredRun, clock: float) -> np.ndarray:
    return np.logaddexp(0.0, -run.margins[run.at(clock)])


EXPECTED: dict[str, Callable[[MeasuredRun], float]] = {
    "t_clean": lambda r: r.t_clean,
    "t_half": lambda r: r.t_half,
    "t_half_plus": lambda r: r.t_half_of(1),
    "t_half_minus": lambda r: r.t_half_of(-1),
    "t_all": lambda r: r.t_all,
    "crossing": lambda r: r.crossing,
    "t_eps(0.4)": lambda r: r.t_loss(0.4),
    "final_loss": lambda r: losses(r, 10).mean(),
    "loss(1)": lambda r: losses(r, 1).mean(),
    "min_margin(noisy, 1)": lambda r: r.margins[10][r.y != r.y_observed].min(),
    "min_margin(clean, 1)": lambda r: r.margins[10][r.y == r.y_observed].min(),
    "mean_margin(noisy, 1)": lambda r: r.margins[10][r.y != r.y_observed].mean(),
    "mean_margin(all, end)": lambda r: r.margins[100].mean(),
    "log2_gap(1)": lambda r: losses(r, 1)[r.noisy].min() - losses(r, 1)[r.clean].max(),
    "clean_fit(1)": lambda r: r.clean_fit(1),
    "noisy_misfit(1)": lambda r: r.noisy_misfit(1),
    "memorised_fraction(1)": lambda r: (r.margins[10][r.noisy] > 0).mean(),
    "iid_error(2)": lambda r: r.test_error("iid", 2).value,
    "dtest_error(2)": lambda r: r.test_error("spurious", 2).value,
    "log_iid_error(2)": lambda r: r.log_test_error("iid", 2).value,
    "log_dtest_error(2)": lambda r: r.log_test_error("spurious", 2).value,
    "gamma_mean(1)": lambda r: r.gamma[10].mean(),
    "rho_mean(noisy, 2)": lambda r: r.label_side(r.rho[2]).mean(axis=0)[r.noisy].mean(),
    "active_fraction(noisy, 2)": lambda r: (
        (r.label_side(r.products[2][..., 1:]) > 0).mean(axis=0)[r.noisy].mean()
    ),
    "flip_rate_plus": lambda r: (r.y_observed[r.y > 0] < 0).mean(),
    "flip_rate_minus": lambda r: (r.y_observed[r.y < 0] > 0).mean(),
    "end_step": lambda r: 100,
}


@pytest.mark.parametrize("text", EXPECTED)
def test_a_quantity_is_what_its_definition_says(text: str, run: MeasuredRun) -> None:
    assert run.noisy.sum() >= 4
    assert value(text, run) == pytest.approx(EXPECTED[text](run), rel=1e-12, abs=0)


def test_no_quantity_is_left_out() -> None:
    assert {text.partition("(")[0] for text in EXPECTED} == set(QUANTITIES)


def test_the_page_lists_every_quantity() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for quantity in QUANTITIES.values():
        assert f"| `{quantity.usage}` | {quantity.unit} | {quantity.meaning} |" in page


@pytest.mark.parametrize(
    "name",
    ["t_half", "t_half_plus", "t_half_minus", "t_all", "crossing", "memorised_fraction(1)", "log2_gap(1)",
     "min_margin(noisy, 1)", "mean_margin(noisy, 1)", "rho_mean(noisy, 2)", "active_fraction(noisy, 2)"],
)  # fmt: skip
def test_without_noisy_samples_nothing_about_them_is_a_number(name: str, clean_run: MeasuredRun) -> None:
    assert not clean_run.noisy.any()
    assert math.isnan(value(name, clean_run))


def test_estimates_bring_their_limits(run: MeasuredRun) -> None:
    (measure,), _ = parse_measures(["dtest_error( end )"], no_ledger, quantities.QUANTITIES)
    estimate = run.test_error("spurious", 10.0)
    assert measure(run) == {
        "dtest_error(end)": estimate.value,
        "dtest_error(end)_low": estimate.low,
        "dtest_error(end)_high": estimate.high,
    }
    assert estimate.low < estimate.value < estimate.high


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t_haf", "unknown quantity 't_haf'; did you mean t_half"),
        ("zzz", "unknown quantity 'zzz'; known: t_clean"),
        ("t_half(1)", "'t_half(1)' must be t_half"),
        ("t_eps", "'t_eps' must be t_eps(eps)"),
        ("t_eps(0)", "eps must be a finite number > 0, was '0'"),
        ("t_eps(x)", "eps must be a finite number > 0, was 'x'"),
        ("t_eps(end)", "eps must be a finite number > 0, was 'end'"),
        ("loss(-1)", "clock must be a number >= 0 or 'end', was '-1'"),
        ("loss(inf)", "clock must be a number >= 0 or 'end', was 'inf'"),
        ("min_margin(noise, 1)", "'noise' must be one of clean, noisy, all"),
        ("min_margin(1, noisy)", "'1' must be one of clean, noisy, all"),
        ("t_half)", "must be a quantity such as t_half"),
        ("two_stage.theorem_4_1.cleanfit", "no claim matches 'two_stage.theorem_4_1.cleanfit'; did you mean"),
        ("nothing.*", "no claim matches 'nothing.*'"),
    ],
)  # fmt: skip
def test_an_unknown_measure_is_one_line(text: str, said: str) -> None:
    with pytest.raises(ValueError) as error:
        parse_measures([text], builtin_ledger, quantities.QUANTITIES)
    assert str(error.value).startswith("measure: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_one_quantity_written_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"loss\(1\) is given twice"):
        parse_measures(["loss(1)", "loss( 1.0 )"], no_ledger, quantities.QUANTITIES)


def test_claims_are_measured_by_glob_with_their_conditions() -> None:
    ledger = builtin_ledger()
    measures, claims = parse_measures(
        ["two_stage.theorem_4_1.*_fit", "t_half"], lambda: ledger, quantities.QUANTITIES
    )
    assert [c.id for c in claims] == ["two_stage.theorem_4_1.clean_fit"]
    assert [m.column for m in measures] == ["two_stage.theorem_4_1.clean_fit", "t_half"]


def test_a_claim_needs_runs_as_long_as_its_own() -> None:
    config = configuration(measure=["two_stage.theorem_4_1.clean_fit"])
    with pytest.raises(ValueError, match=r"claim two_stage.theorem_4_1.clean_fit is measured over 32 steps"):
        plan_sweep(config, builtin_ledger)
    sweep = plan_sweep(configuration(clock=20.0, measure=list(config.measure)), builtin_ledger)
    assert (
        {8.0}
        <= {t * 0.25 for t in sweep.batches[0].jobs[0].snapshots}
        <= {0.0, 20.0}
        | {c for claim in sweep.claims for c in (*claim.experiment.snapshots, claim.experiment.clock)}
    )
    with pytest.raises(ValueError, match="record_every must be 1 where claims are measured"):
        plan_sweep(configuration(clock=20.0, record_every=2, measure=list(config.measure)), builtin_ledger)


@pytest.mark.parametrize("text", ["loss(4)", "dtest_error(4)", "min_margin(clean, 3.5)"])
def test_a_clock_beyond_the_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not reached: point 0 ends at clock 3"):
        small_sweep(measure=[text])


def test_crossing_needs_snapshots() -> None:
    with pytest.raises(ValueError, match="snapshots must hold 2 clocks or more: crossing"):
        small_sweep(measure=["crossing"])
    sweep = small_sweep(measure=["crossing"], snapshots={"from": 0, "to": 3, "count": 7})
    assert sweep.batches[0].jobs[0].snapshots == (0, 2, 4, 6, 8, 10, 12)
    assert not made_of(sweep).failed


@pytest.mark.parametrize(
    ("given", "columns"),
    [
        (True, {"x": True}), (np.bool_(False), {"x": False}), (3, {"x": 3.0}), (np.float64(2.5), {"x": 2.5}),
        (Estimate(1.0, 0.0, 2.0), {"x": 1.0, "x_low": 0.0, "x_high": 2.0}),
        ({"a": 1, "b": [2.0, True]}, {"x.a": 1.0, "x.b.0": 2.0, "x.b.1": True}),
        (np.arange(2.0), {"x.0": 0.0, "x.1": 1.0}), ((), {}),
    ],
)  # fmt: skip
def test_values_become_columns_of_numbers(given: object, columns: dict[str, object]) -> None:
    assert flattened("x", given) == columns
    assert {k: type(v) for k, v in flattened("x", given).items()} == {k: type(v) for k, v in columns.items()}


def test_what_is_no_number_does_not_become_one() -> None:
    assert math.isnan(flattened("x", NotApplicable("why"))["x"])
    with pytest.raises(ValueError, match="x is a str: only numbers fit"):
        flattened("x", "text")


def test_a_measure_is_named_the_same_however_it_was_written() -> None:
    texts = ("loss(1)", "loss( 1.0 )", "loss(1e0)")
    assert {parse_measures([t], Ledger, quantities.QUANTITIES)[0][0].column for t in texts} == {"loss(1)"}
    assert QuantityMeasure(QUANTITIES["loss"], (math.inf,)).column == "loss(end)"
