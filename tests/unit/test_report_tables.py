"""claims.json, run.json and comparison.csv: complete, strict JSON, right numbers."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from report_cases import INJECTION, by_id, strict

from verify.jsonable import jsonable
from verify.outcome import Verification
from verify.report import write_report
from verify.report.claims import claim_record
from verify.report.comparison import _reasons_here, comparison, write_comparison
from verify.report.summary import verdict_counts
from verify.rules.judge import Readout
from verify.rules.registry import read

CONTRACT = {
    "id", "source", "provenance", "kind", "statement", "conditions", "verdict", "predicted", "measured",
    "statistic", "n_settings", "n_trials", "counterexample", "role", "corrected_by", "paper", "reproduce",
    "grade", "scope", "alone", "joint", "weakest_cell",
}  # fmt: skip


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
        assert record["role"] == judgement.claim.role
        assert record["scope"].keys() == {"region", "coverage", "text"}
        assert record["grade"] == judgement.grade
        assert record["joint"] == judgement.joint
        assert record["weakest_cell"] == judgement.weakest_cell
        assert record["reproduce"] == (
            f"python -m verify run --profile quick --seed 0 --claims {judgement.claim.id} --out reports/again"
        )
    injected = records[-1]
    assert injected["statement"] == INJECTION


def test_joint_support_and_the_weakest_cell_stand_in_the_record(small: Verification) -> None:
    cell = {"cell": "p in [.2, .3]", "violations": 1, "of": 20, "upper": 0.22}
    record = claim_record(replace(small.judgements[0], joint=True, weakest_cell=cell))
    assert record["joint"] is True
    assert record["weakest_cell"] == cell


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
    value = {1: {2.5}, "p": Path("x"), "r": Readout(1.0, math.nan, 0.0, 2.0), "b": np.bool_(False), "n": None}
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
    written = (folder / "comparison.csv").read_text(encoding="utf-8")
    assert written == frame(verification).to_csv(index=False, lineterminator="\n")
    assert not table.duplicated(["claim", "n", "d", "m", "sigma_xi", "signal_norm", "sigma_0", "eta",
                                 "tau_plus", "tau_minus"]).any()  # fmt: skip
    assert table["n_runs"].sum() == sum(len(j.observations) for j in verification.judgements)
    assert table["n_judged"].sum() == sum(len(j.judged) for j in verification.judgements)
    assert set(table.columns) >= {"n_snr2", "clock_step", "iota", "kappa_0", "d_over_n", "engine", "measured",
                                  "predicted", "ratio", "log10_slack", "inside.dimension", "slack.dimension",
                                  "inside.width"}  # fmt: skip


def frame(verification: Verification) -> pd.DataFrame:
    columns, rows = comparison(verification)
    return pd.DataFrame(rows, columns=columns)


def test_comparison_numbers(verification: Verification) -> None:
    table = frame(verification)

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


def test_reasons_stand_beside_runs_that_are_judged(verification: Verification) -> None:
    judgement = by_id(verification, "zoo.law.time")
    one, other = judgement.judged[:2]
    assert _reasons_here(judgement, [one, other]) == []
    assert _reasons_here(judgement, [one, replace(other, not_judged="no time")]) == ["no time"]


class Coins:
    """Settings of another model."""

    def as_dict(self) -> dict[str, Any]:
        return {"n": 7, "coins": 3}

    def groups(self) -> dict[str, float]:
        return {"odds": 0.5}


def test_claims_on_several_models_have_columns_of_their_own(
    verification: Verification, tmp_path: Path
) -> None:
    event = by_id(verification, "zoo.theorem_4_1.order")
    other = replace(event, observations=tuple(replace(o, setting=Coins()) for o in event.observations[:1]))
    write_comparison(Verification((event, other), (), {}), tmp_path / "c.csv")
    table = pd.read_csv(tmp_path / "c.csv")
    assert table["coins"].dropna().tolist() == [3]
    assert table["odds"].dropna().tolist() == [0.5]
    assert table["d"].isna().sum() == 1
    assert table["n"].notna().all()
    assert list(table.columns).index("coins") < list(table.columns).index("engine")


def test_comparison_of_nothing_has_a_head() -> None:
    table = frame(Verification((), (), {}))
    assert len(table) == 0
    assert "claim" in table.columns


def test_bound_factor() -> None:
    assert Readout(0.5, math.nan, 0.0, 2.0).factor == 4.0
    assert Readout(1.0, math.nan, 0.5, 8.0).factor == 2.0
    assert Readout(0.25, math.nan, 0.5, 8.0).factor == 0.5
    assert Readout(math.inf, math.nan, 0.5, 8.0).factor == 0.0
    assert math.isnan(Readout(-1.0, math.nan, -2.0, 2.0).factor)
