"""Sweeps: results do not depend on who makes which batch when, nor on what was made before or failed."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from dying import PARENT, VICTIM, dies_in_a_worker
from hypothesis import given, settings
from hypothesis import strategies as st
from sweep_cases import MemoryStore, Shuffled, configuration, ignore, keeper_of, made_of, small_sweep

from theory.two_stage.run import Run
from verify.runs.backends import SerialBackend
from verify.runs.batch import Batch, Measurement
from verify.runs.loky import LokyBackend
from verify.store import RunStore
from verify.sweep.execute import Made
from verify.sweep.files import write_sweep
from verify.sweep.measures import ClaimMeasure
from verify.sweep.runs import Sweep, split_batch, where
from verify.sweep.table import results_table, summary_table

FIXED = {"m": 2, "tau": 0.2, "kappa_0": 0.3, "clock_step": 0.25}
#: Several batches of several shapes.
CHANGES = {
    "fixed": FIXED, "grid": {"n": [6, 30], "n_snr2": [4.0], "d_over_n2": [2.0]}, "replicates": 40,
    "snapshots": [1.0, 2.0],
}  # fmt: skip
SWEEP = small_sweep(**CHANGES)


#: Batches are named by their first run.
FIRST = [batch.specs[0].index for batch in SWEEP.batches]


@cache
def whole() -> Made:
    """The sweep made in this process, batch by batch: what all other ways must give."""
    return made_of(SWEEP)


def same(one: Made, other: Made, sweep: Sweep = SWEEP) -> bool:
    """Equal to the last bit, nan included."""
    tables = [results_table(sweep, made.values, made.failed) for made in (one, other)]
    return bool(tables[0].equals(tables[1])) and tables[0].to_csv() == tables[1].to_csv()


def test_there_is_something_to_shuffle() -> None:
    assert len(SWEEP.batches) == 6
    assert not whole().failed
    table = results_table(SWEEP, whole().values, {})
    assert len(table) == 80
    assert table["seed"].is_unique
    assert table["final_loss"].nunique() == 80


@given(order=st.permutations(FIRST))
@settings(max_examples=5)
def test_the_order_of_batches_changes_nothing(order: list[int]) -> None:
    assert same(made_of(SWEEP, Shuffled(order)), whole())


@given(cuts=st.lists(st.integers(1, 16), min_size=6, max_size=6))
@settings(max_examples=5)
def test_how_batches_are_cut_changes_nothing(cuts: list[int]) -> None:
    """On a CPU every run is made on its own: cutting a batch to fit into memory is free."""
    pieces = [p for batch, k in zip(SWEEP.batches, cuts, strict=True) for p in split_batch(batch, k)]
    assert sum(len(p.specs) for p in pieces) == 80
    work = [replace(piece, index=k) for k, piece in enumerate(pieces)]
    assert same(made_of(SWEEP, batches=work), whole())


@given(stops=st.lists(st.integers(0, 3), max_size=4), order=st.permutations(FIRST))
@settings(max_examples=5)
def test_interrupted_and_resumed_gives_the_same(stops: list[int], order: list[int]) -> None:
    store = MemoryStore()
    made_before: list[int] = []
    for stop in stops:
        backend = Shuffled(order, stop_after=stop)
        made = made_of(SWEEP, backend, store)
        made_before += backend.seen
        assert made.interrupted == (len(made_before) < 6)
        assert set(made.values) == {
            r.index for b in SWEEP.batches if b.specs[0].index in made_before for r in b.specs
        }
    last = Shuffled()
    again = made_of(SWEEP, last, store)
    assert sorted(made_before + last.seen) == sorted(FIRST), "no batch is made twice"
    assert again.reused == sum(len(b.specs) for b in SWEEP.batches if b.specs[0].index in made_before)
    assert same(again, whole())


def test_worker_processes_change_nothing() -> None:
    assert same(made_of(SWEEP, LokyBackend(2, ignore)), whole())


def test_the_real_store_gives_back_the_same(tmp_path: Path) -> None:
    first = made_of(SWEEP, store=RunStore.open(tmp_path))
    again = made_of(SWEEP, Shuffled(stop_after=0), store=RunStore.open(tmp_path))
    assert again.reused == 80
    assert same(first, whole())
    assert same(again, whole())


def test_files_are_the_same_bytes(tmp_path: Path) -> None:
    for name, made in (("a", whole()), ("b", made_of(SWEEP, Shuffled(FIRST[::-1])))):
        tables = results_table(SWEEP, made.values, {}), summary_table(SWEEP, made.values)
        write_sweep(tmp_path / name, *tables, {"hash": "x"})
    for name in ("results.parquet", "results.csv", "summary.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


# Keys ---------------------------------------------------------------------------------------------------


def keys(batch: Batch, version: str = "1", device: str = "cpu") -> set[str]:
    store = MemoryStore()
    made = [Measurement(spec, 1, dict.fromkeys(batch.names, 0.0), {}) for spec in batch.specs]
    keeper_of(store, version).save(batch, device, made)
    return set(store.rows)


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1}, {"clock": 2.5}, {"record_every": 2}, {"measure": ["t_half"]}, {"test_samples": 100},
        {"test_lines": 10}, {"dtype": "float32"}, {"variation": {"batch_size": 4}}, {"engine": "reduced"},
        {"stop": {"loss": 0.5}}, {"snapshots": [0.5]},
    ],
    ids=str,
)  # fmt: skip
def test_a_run_is_not_taken_for_another(changes: dict[str, object]) -> None:
    mine = small_sweep(replicates=1).batches[0]
    assert not keys(mine) & keys(small_sweep(replicates=1, **changes).batches[0])


def test_other_code_and_other_devices_share_no_results() -> None:
    mine = small_sweep(replicates=1).batches[0]
    assert keys(mine) == keys(mine)
    assert not keys(mine) & keys(mine, version="2")
    assert not keys(mine) & keys(mine, device="another")


# Failures -----------------------------------------------------------------------------------------------


def odd_seeds_fail(run: Run) -> float:
    if run.seed % 2:
        raise KeyError("planted")
    return 1.0


def measuring(sweep: Sweep, measure: object) -> Sweep:
    extra = ClaimMeasure("planted.claim", measure)  # type: ignore[arg-type]
    named = (extra.column, extra)
    return replace(
        sweep,
        batches=tuple(replace(b, measures=tuple((*m, named) for m in b.measures)) for b in sweep.batches),
        measures=(*sweep.measures, extra),
    )


def test_a_run_that_fails_is_named_and_the_others_are_kept() -> None:
    sweep = measuring(SWEEP, odd_seeds_fail)
    said: list[str] = []
    made = made_of(sweep, said=said)
    odd = {run.index for run in sweep.runs if run.seed % 2}
    assert 20 < len(odd) < 60
    assert set(made.failed) == odd
    assert set(made.values) == {run.index for run in sweep.runs} - odd
    assert all(line.endswith(": planted.claim: KeyError: 'planted'") for line in said)
    assert said[0].startswith(where(sweep.runs[min(odd)]))
    named = {k for line in said for first, *last in [re.findall(r"run (\d+)", line)]
             for k in range(int(first), int((last or [first])[0]) + 1)}  # fmt: skip
    assert named == odd
    table = results_table(sweep, made.values, made.failed)
    assert set(table["run"][table["failed"] != ""]) == odd
    good = [run.index for run in sweep.runs if run.index not in odd]
    alone = results_table(SWEEP, whole().values, {})
    assert table["final_loss"][good].equals(alone["final_loss"][good])
    assert table["final_loss"][sorted(odd)].isna().all()


def test_a_failed_run_is_tried_again_on_resuming() -> None:
    store = MemoryStore()
    made_of(measuring(SWEEP, odd_seeds_fail), store=store)
    backend = Shuffled()
    made_of(measuring(SWEEP, odd_seeds_fail), backend, store)
    assert sorted(backend.seen) == sorted(FIRST)


def test_a_worker_that_dies_costs_its_batch_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PARENT, str(os.getpid()))
    # After a death each measure is tried in a process of its own: two of them are enough.
    sweep = measuring(small_sweep(**CHANGES, measure=["final_loss"]), dies_in_a_worker)
    (batch,) = [b for b in sweep.batches if any(r.seed == VICTIM for r in b.specs)]
    said: list[str] = []
    made = made_of(sweep, LokyBackend(1, said.append), said=said)
    assert set(made.failed) == {run.index for run in batch.specs}
    assert set(made.values) == {run.index for run in sweep.runs} - set(made.failed)
    assert all("planted.claim: ended its process: its worker process died" in r for r in made.failed.values())
    assert all("\n" not in line for line in said)
    assert all(made.values[k]["final_loss"] == whole().values[k]["final_loss"] for k in made.values)


def test_a_lost_batch_is_named() -> None:
    said: list[str] = []
    lost = SWEEP.batches[3]
    made = made_of(SWEEP, Shuffled(lost={FIRST[3]: "every worker that tried it died"}), said=said)
    assert set(made.failed) == {run.index for run in lost.specs}
    assert all("every worker that tried it died" in line for line in said)
    assert where(min(lost.specs, key=lambda r: r.index)) in said[0]


def test_one_thread_or_many_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert same(made_of(SWEEP, SerialBackend()), whole())
    assert os.environ["OMP_NUM_THREADS"] == "2"


# Tables -------------------------------------------------------------------------------------------------


def test_the_summary_is_that_of_the_rows() -> None:
    table = results_table(SWEEP, whole().values, {})
    summary = summary_table(SWEEP, whole().values)
    assert list(summary["point"]) == [0, 1]
    for point, rows in table.groupby("point"):
        at = summary.iloc[int(point)]  # type: ignore[call-overload]
        losses = rows["final_loss"]
        assert at["runs"] == at["final_loss runs"] == 40
        assert at["final_loss median"] == pytest.approx(losses.median())
        assert at["final_loss mean"] == pytest.approx(losses.mean())
        half = 2.0226909 * losses.std(ddof=1) / np.sqrt(40)  # Student's 97.5 % point at 39 degrees of freedom
        assert at["final_loss high"] - at["final_loss mean"] == pytest.approx(half, rel=1e-6)
        assert at["final_loss mean"] - at["final_loss low"] == pytest.approx(half, rel=1e-6)
        fits = rows["clean_fit(1)"]
        assert at["clean_fit(1) mean"] == pytest.approx(fits.mean())
        assert 0 <= at["clean_fit(1) low"] < at["clean_fit(1) mean"] <= at["clean_fit(1) high"] <= 1
        times = rows["t_half"].dropna()
        assert at["t_half runs"] == len(times)
        if np.isinf(times).any():
            assert np.isnan(at["t_half low"])
            assert np.isinf(at["t_half mean"])
    assert not [name for name in summary if name.startswith("dtest_error(end)_")]


def test_coordinates_stand_as_asked_for() -> None:
    sweep = small_sweep(replicates=1, fixed=FIXED | {"n": 9}, grid={"d_over_n": [3.3], "n_snr2": [4.0]})
    (row,) = results_table(sweep, made_of(sweep).values, {}).to_dict("records")
    assert (row["d_over_n"], row["d"], row["n_snr2"], row["tau"]) == (3.3, 30, 4.0, 0.2)
    assert (row["tau_plus"], row["tau_minus"]) == (0.2, 0.2)
    assert row["signal_margin"] == pytest.approx(2.4)


def test_a_stopped_run_says_nothing_of_later_clocks() -> None:
    measure = ["end_step", "loss(0.5)", "loss(3)", "dtest_error(3)", "dtest_error(end)", "t_eps(0.6)"]
    sweep = small_sweep(replicates=4, measure=measure, stop={"loss": 0.6})
    table = results_table(sweep, made_of(sweep).values, {})
    stopped = table[table["end_step"] < 12]
    assert len(stopped) > 5
    # The run ends with the step within which the loss falls to its level.
    assert (stopped["end_step"] == np.ceil(stopped["t_eps(0.6)"])).all()
    assert stopped["loss(3)"].isna().all()
    assert stopped["dtest_error(3)"].isna().all()
    assert stopped["dtest_error(end)"].notna().all()
    limited = small_sweep(measure=["end_step"], stop={"steps": 5, "noisy_fit": 2, "when": "any"})
    assert {v["end_step"] for v in made_of(limited).values.values()} <= {1.0, 2.0, 3.0, 4.0, 5.0}
    with pytest.raises(ValueError, match="must give at least one of loss, memorised, noisy_fit and steps"):
        configuration(stop={})
