"""The thresholds follow from the development block by the rule that is written down."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from theory.images import thresholds as t

BLOCK = json.loads((Path(__file__).parent / "development.json").read_text())
PAIRS, PLAIN = BLOCK["pairs"], BLOCK["no_noise"]


def column(name: str, rows: list[dict] = PAIRS) -> np.ndarray:
    return np.array([row[name] for row in rows])


STRONG = [row for row in PAIRS if row["tau"] >= 0.2]
LOW = [row for row in PAIRS if row["tau"] <= 0.2]
GAINS = (np.minimum(column("precision"), column("recall")) - 1 + column("rate")) / column("rate")


def test_the_block_is_large_enough() -> None:
    assert len(PAIRS) >= 100
    assert len(PLAIN) >= 30
    assert len(STRONG) >= 50
    assert {row["classes"] for row in PAIRS} == {"3v8", "4v9", "1v7"}


@pytest.mark.parametrize(
    ("name", "values", "upper", "chance", "step"),
    [
        ("TRUE_SHARE", column("true"), False, 0.5, 0.01),
        ("MEMORISED", column("memorised"), False, 0.5, 0.01),
        ("DECLINE", column("acc", STRONG) - column("end", STRONG), False, 0.0, 0.005),
        ("GAIN", GAINS, False, 0.0, 0.01),
        ("EARLY_RANKS", column("gap", STRONG), False, 0.0, 0.01),
        ("COST_ACC", column("best") - column("acc"), True, 0.0, 0.01),
        ("COST_VAL", column("best", LOW) - column("val", LOW), True, 0.0, 0.01),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_threshold(name: str, values: np.ndarray, upper: bool, chance: float, step: float) -> None:
    raw = t.threshold(values, upper=upper, chance=chance) / step
    rounded = math.ceil(raw - 1e-9) if upper else math.floor(raw + 1e-9)
    assert getattr(t, name) == pytest.approx(rounded * step), raw * step


def test_the_control_is_below_the_decline() -> None:
    assert np.quantile(column("best", PLAIN) - column("end", PLAIN), 0.98) <= t.NO_NOISE < t.DECLINE
