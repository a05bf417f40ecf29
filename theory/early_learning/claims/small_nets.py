"""Table 3.4 and N1 to N7: small networks on real digits. Observed, not derived: medians over seeds, and
paired differences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from theory.claim import Claim
from theory.early_learning.claims.made import by_us, times
from theory.early_learning.digits_setting import DigitsRun
from theory.early_learning.digits_table import PAIRS, ROWS, Gain, Pair, Row, What
from theory.early_learning.targets import separatrix
from theory.experiment import Experiment
from theory.place import fixed
from theory.rules import Difference
from theory.run import NotApplicable
from theory.setting import AbstractSetting

__all__ = ["CLAIMS", "PAIR", "plain_arm", "value_of"]

#: Seeds of a row in the full profile, and of one with ELR+, whose runs are ten times as dear; of the pair
#: that the default profile makes, there and in full. A median of under 15 seeds is refuted by nothing within
#: the error budget of all claims.
_SEEDS, _PLUS_SEEDS, _PAIR_SEEDS = 24, 16, (32, 40)
_WORDS: dict[What, str] = {
    "best": "best test accuracy",
    "last": "test accuracy after the last epoch",
    "decay": "best minus last test accuracy",
    "memorised": "share of wrong labels memorised after the last epoch",
    "corrected": "share of wrong labels classified as their true class after the last epoch",
    "peak": "largest share of wrong labels classified as their true class at any epoch",
    "clean": "accuracy on rightly labelled training images after the last epoch",
    "targets": "share of all training labels whose target is largest at the true class",
    "separatrix": "share of wrong labels of which the threshold lambda/(2(lambda - 1)) of the target, asked "
    "when most are corrected, tells whether they stay so",
    "ranking": "probability that a label that stays corrected has the larger target at the true class then",
}


def value_of(run: DigitsRun, what: What) -> float:
    """One number of a run, NaN where it has none; accuracies are on true labels."""
    if what == "separatrix":
        return float(np.mean((run.peak_targets > separatrix(run.setting.lam)) == run.kept))
    if what == "ranking":
        return _ranking(run)
    test = run.test
    values = {
        "best": test.max(),
        "last": test[-1],
        "decay": test.max() - test[-1],
        "memorised": run.memorised[-1],
        "corrected": run.corrected[-1],
        "peak": run.corrected.max(),
        "clean": run.clean[-1],
        "targets": run.target_accuracy,
    }
    return float(values[what])


def _ranking(run: DigitsRun) -> float:
    from scipy.stats import rankdata

    kept = int(run.kept.sum())
    lost = len(run.kept) - kept
    if not kept or not lost:
        return float("nan")
    ranks = rankdata(run.peak_targets)[run.kept].sum()
    return float((ranks - kept * (kept + 1) / 2) / (kept * lost))


def _of(run: DigitsRun, what: What, expected: float) -> tuple[float, float] | NotApplicable:
    value = value_of(run, what)
    return (value, expected) if value == value else NotApplicable("all or none stay corrected")


def _of_second(run: DigitsRun, what: What, expected: float) -> tuple[float, float] | NotApplicable:
    return _of(run.control, what, expected)


def _gain(run: DigitsRun, gain: Gain) -> tuple[float, float]:
    return value_of(run, gain.first) - value_of(run.control, gain.second), gain.seen


def plain_arm(setting: AbstractSetting) -> AbstractSetting:
    """The same network and labels with cross entropy."""
    return setting.with_(loss="ce", lam=0.0)


def _same_labels(setting: AbstractSetting) -> AbstractSetting:
    """ELR+ with one vector of noisy labels."""
    return setting.with_(shared="shared")


def _row_claims(row: Row, experiment: Experiment, *, second: bool = False) -> Iterator[Claim]:
    for what, (expected, margin) in row.seen.items():
        yield by_us(
            f"digits.{row.name}.{what}",
            {"targets": "N3" if row.setting.loss == "ce" else "N4", "separatrix": "N5", "ranking": "N5"}.get(
                what, row.item
            ),
            f"Digits, {row.words}: {_WORDS[what]} is {expected:.3f} within {margin:g}.",
            Difference(margin=margin, reason="the median over seeds; seen on other seeds"),
            partial(_of_second if second else _of, what=what, expected=expected),
            experiment,
            measured=f"{_WORDS[what]}, and the {expected:.3f} seen before: what is judged is how far the "
            f"two are "
            "apart",
            note="Observed, not derived.",
        )


def _experiment(row: Row, pair: Pair | None = None) -> Experiment:
    in_default = pair is PAIRS[0]
    name = "pair" if in_default else f"{row.name}_pair" if pair else row.name
    return Experiment(
        f"early_learning.digits.{name}",
        place=fixed(row.setting),
        clock=row.epochs,
        runs=times(0, *_PAIR_SEEDS)
        if in_default
        else times(0, 0, _PLUS_SEEDS if row.setting.is_plus else _SEEDS),
        control=None if pair is None else _same_labels if row.setting.shared else plain_arm,
    )


def _pair_claims(pair: Pair, experiment: Experiment) -> Iterator[Claim]:
    yield from _row_claims(pair.first, experiment)
    yield from _row_claims(pair.second, experiment, second=True)
    gain = pair.gain
    yield by_us(
        f"digits.{gain.name}",
        gain.item,
        f"Digits: {gain.statement} The difference is {gain.seen:.3f} within {gain.margin:g}, at one setting.",
        Difference(margin=gain.margin, reason="paired over seeds; seen on other seeds"),
        partial(_gain, gain=gain),
        experiment,
        measured=f"{_WORDS[gain.first]} of the first minus {_WORDS[gain.second]} of the second, and the "
        f"difference seen before, {gain.seen:.3f}: what is judged is how far the two are apart",
        note="Observed, not derived.",
    )


#: ELR 7/.9 beside cross entropy at 40 %: the row of the table that the default profile makes.
PAIR = _experiment(PAIRS[0].first, PAIRS[0])

CLAIMS: tuple[Claim, ...] = (
    *_pair_claims(PAIRS[0], PAIR),
    *(claim for pair in PAIRS[1:] for claim in _pair_claims(pair, _experiment(pair.first, pair))),
    *(claim for row in ROWS for claim in _row_claims(row, _experiment(row))),
)
