"""N1 to N7: small networks on real digits. Observed, not derived: means over seeds, and paired
differences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from theory.claim import Claim
from theory.early_learning.claims.made import by_us, times
from theory.early_learning.digits_setting import DigitsRun, DigitsSetting
from theory.experiment import Experiment
from theory.place import fixed
from theory.rules import Difference, Rule
from theory.setting import AbstractSetting

__all__ = ["CLAIMS", "ROWS", "Row"]

What = Literal["best", "last", "memorised", "clean", "targets", "corrected"]
_SEEDS = 8


@dataclass(frozen=True)
class Row:
    """A published row: a setting and the means that were seen, with the margins they are claimed with."""

    name: str
    setting: DigitsSetting
    seen: tuple[tuple[What, float, float], ...]
    words: str
    epochs: float = 100.0


def value_of(run: DigitsRun, what: What) -> float:
    """One number of a run; accuracies are on true labels, "last" and "memorised" at the last epoch."""
    if what == "best":
        return float(run.test.max())
    if what == "targets":
        return float(run.target_accuracy)
    return float(
        {"last": run.test, "memorised": run.memorised, "clean": run.clean, "corrected": run.corrected}[what][
            -1
        ]
    )


def _of(run: DigitsRun, what: What, expected: float) -> tuple[float, float]:
    return value_of(run, what), expected


def _of_control(run: DigitsRun, what: What, expected: float) -> tuple[float, float]:
    return value_of(run.control, what), expected


def _beats_stopping(run: DigitsRun, expected: float) -> tuple[float, float]:
    return value_of(run, "last") - value_of(run.control, "best"), expected


def plain_arm(setting: AbstractSetting) -> AbstractSetting:
    """The same network and labels with cross entropy."""
    return setting.with_(loss="ce", lam=0.0)


PAIR = Experiment(
    "early_learning.digits.pair",
    place=fixed(DigitsSetting(rate=0.4, loss="elr", lam=7.0, beta=0.9)),
    clock=100.0,
    runs=times(1, _SEEDS, 16),
    control=plain_arm,
)
_SEEN: dict[What, str] = {
    "best": "best test accuracy",
    "last": "test accuracy after the last epoch",
    "memorised": "share of wrong labels memorised after the last epoch",
    "clean": "accuracy on rightly labelled training images after the last epoch",
    "targets": "share of all training labels whose target is largest at the true class",
    "corrected": "share of wrong labels classified as their true class after the last epoch",
}


def _elr(rate: float, lam: float, beta: float, **others: Any) -> DigitsSetting:
    return DigitsSetting(rate=rate, loss="elr", lam=lam, beta=beta, **others)


def _plus(rate: float, **others: Any) -> DigitsSetting:
    return DigitsSetting(rate=rate, loss="elr", lam=3.0, beta=0.7, **others)


_AVERAGE = 0.99
_BOTH: dict[str, Any] = {"average": _AVERAGE, "mixup": 1.0, "networks": 2}
#: ELR+ step by step: name, words, what is added to one network with ELR 3/.7.
_ADDED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("one", "one network", {}),
    ("average", "one network with weight averaging", {"average": _AVERAGE}),
    ("mixup", "one network with mixup", {"mixup": 1.0}),
    ("two", "ELR+, both networks on the same noisy labels", {**_BOTH, "shared": "shared"}),
    (
        "leak",
        "ELR+, noise drawn once per network as the released code does",
        {**_BOTH, "shared": "independent"},
    ),
)

#: Rows that the full profile makes.
ROWS: tuple[Row, ...] = (
    Row(
        "ce_20",
        DigitsSetting(rate=0.2),
        (("last", 0.865, 0.03), ("memorised", 0.999, 0.03)),
        "cross entropy at 20 %",
    ),
    Row(
        "elr_1_7_20",
        _elr(0.2, 1.0, 0.7),
        (("last", 0.832, 0.03), ("memorised", 0.994, 0.03)),
        "ELR 1/.7 at 20 %",
    ),
    Row(
        "elr_3_7_20",
        _elr(0.2, 3.0, 0.7),
        (("last", 0.961, 0.02), ("memorised", 0.131, 0.06)),
        "ELR 3/.7 at 20 %",
    ),
    Row(
        "elr_7_9_20",
        _elr(0.2, 7.0, 0.9),
        (("last", 0.972, 0.02), ("memorised", 0.06, 0.06)),
        "ELR 7/.9 at 20 %",
    ),
    Row(
        "elr_1_7_40",
        _elr(0.4, 1.0, 0.7),
        (("last", 0.684, 0.03), ("memorised", 0.994, 0.05)),
        "ELR 1/.7 at 40 %",
    ),
    Row(
        "elr_3_7_40",
        _elr(0.4, 3.0, 0.7),
        (("last", 0.946, 0.02), ("memorised", 0.140, 0.05), ("targets", 0.950, 0.02)),
        "ELR 3/.7 at 40 %",
    ),
    Row(
        "elr_5_7_40",
        _elr(0.4, 5.0, 0.7),
        (("last", 0.962, 0.02), ("memorised", 0.021, 0.03)),
        "ELR 5/.7 at 40 % (N1)",
    ),
    Row("elr_10_7_40", _elr(0.4, 10.0, 0.7), (("memorised", 0.009, 0.03),), "ELR 10/.7 at 40 % (N1)"),
    Row("elr_15_7_40", _elr(0.4, 1.5, 0.7), (("memorised", 1.0, 0.05),), "ELR 1.5/.7 at 40 % (N1)"),
    Row("elr_5_9_40", _elr(0.4, 5.0, 0.9), (("memorised", 0.055, 0.04),), "ELR 5/.9 at 40 % (N1)"),
    Row(
        "elr_3_0_40",
        _elr(0.4, 3.0, 0.0),
        (("last", 0.693, 0.1), ("clean", 0.70, 0.12)),
        "ELR 3/0 at 40 %: collapse (N2)",
    ),
    Row("elr_3_3_40", _elr(0.4, 3.0, 0.3), (("memorised", 0.035, 0.03),), "ELR 3/.3 at 40 % (N2)"),
    Row(
        "elr_3_99_40",
        _elr(0.4, 3.0, 0.99),
        (("memorised", 0.99, 0.03),),
        "ELR 3/.99 at 40 %: targets too slow (N2)",
    ),
    Row(
        "kl_1_40",
        DigitsSetting(rate=0.4, loss="kl", lam=1.0),
        (("last", 0.728, 0.03), ("memorised", 1.0, 0.03)),
        "KL 1/.7 at 40 % (N3)",
    ),
    Row(
        "kl_3_40",
        DigitsSetting(rate=0.4, loss="kl", lam=3.0),
        (("memorised", 0.98, 0.07),),
        "KL 3/.7 at 40 % (N3)",
    ),
    Row(
        "ce_60",
        DigitsSetting(rate=0.6),
        (("last", 0.52, 0.04), ("memorised", 1.0, 0.03)),
        "cross entropy at 60 % (N6)",
    ),
    Row(
        "elr_7_9_60",
        _elr(0.6, 7.0, 0.9),
        (("last", 0.947, 0.03), ("memorised", 0.05, 0.05)),
        "ELR 7/.9 at 60 % (N6)",
    ),
    Row(
        "ce_class",
        DigitsSetting(rate=0.4, noise="class"),
        (("last", 0.824, 0.03),),
        "cross entropy, class-dependent 40 % (N6)",
    ),
    Row(
        "elr_3_7_class",
        _elr(0.4, 3.0, 0.7, noise="class"),
        (("last", 0.881, 0.03),),
        "ELR 3/.7, class-dependent 40 % (N6)",
    ),
    Row("ce_clean", DigitsSetting(rate=0.0), (("last", 0.980, 0.012),), "cross entropy on clean labels (N6)"),
    Row("elr_7_9_clean", _elr(0.0, 7.0, 0.9), (("last", 0.970, 0.012),), "ELR 7/.9 on clean labels (N6)"),
    *(
        Row(
            f"plus_{name}_{round(100 * rate)}",
            _plus(rate, **options),
            (("last", seen, margin),),
            f"{words} at {rate:.0%} (N7)",
            80.0,
        )
        for rate, margin, values in (
            (0.4, 0.02, (0.959, 0.974, 0.958, 0.967, 0.979)),
            (0.8, 0.06, (0.667, 0.782, 0.758, 0.784, 0.908)),
        )
        for (name, words, options), seen in zip(_ADDED, values, strict=True)
    ),
)


def _rule(what: What, margin: float) -> Rule:
    return Difference(
        margin=margin, reason=f"mean over {_SEEDS} seeds, {_SEEN[what]}; observed on other seeds"
    )


def _row_claims(row: Row) -> tuple[Claim, ...]:
    experiment = Experiment(
        f"early_learning.digits.{row.name}",
        place=fixed(row.setting),
        clock=row.epochs,
        runs=times(0, 0, _SEEDS),
    )
    return tuple(
        by_us(
            f"digits.{row.name}.{what}",
            "small networks",
            f"Digits, {row.words}: {_SEEN[what]} is {expected:.3f} within {margin:g}.",
            _rule(what, margin),
            partial(_of, what=what, expected=expected),
            experiment,
            measured=_SEEN[what],
            note="Observed, not derived.",
        )
        for what, expected, margin in row.seen
    )


def _pair_claim(name: str, statement: str, rule: Rule, measure: Any, measured: str) -> Claim:
    return by_us(
        f"digits.{name}",
        "small networks",
        statement,
        rule,
        measure,
        PAIR,
        measured=measured,
        note="Observed, not derived.",
    )


CLAIMS: tuple[Claim, ...] = (
    _pair_claim(
        "elr_7_9_40.memorised",
        r"Digits, ELR with $\lambda = 7$, $\beta = .9$ at 40 % memorises .034 of the wrong labels within "
        r".03.",
        _rule("memorised", 0.03),
        partial(_of, what="memorised", expected=0.034),
        _SEEN["memorised"],
    ),
    _pair_claim(
        "elr_7_9_40.last",
        "Its last test accuracy is .964 within .015.",
        _rule("last", 0.015),
        partial(_of, what="last", expected=0.964),
        _SEEN["last"],
    ),
    _pair_claim(
        "elr_7_9_40.targets",
        "Its targets are largest at the true class for .972 of all training labels within .015.",
        _rule("targets", 0.015),
        partial(_of, what="targets", expected=0.972),
        _SEEN["targets"],
    ),
    _pair_claim(
        "ce_40.memorised",
        "Digits, cross entropy at 40 % symmetric noise memorises all wrong labels.",
        _rule("memorised", 0.03),
        partial(_of_control, what="memorised", expected=1.0),
        _SEEN["memorised"],
    ),
    _pair_claim(
        "ce_40.best",
        "Early in training its test accuracy is .930 within .02 at best.",
        _rule("best", 0.02),
        partial(_of_control, what="best", expected=0.930),
        _SEEN["best"],
    ),
    _pair_claim(
        "ce_40.last",
        "It falls to .715 within .03.",
        _rule("last", 0.03),
        partial(_of_control, what="last", expected=0.715),
        _SEEN["last"],
    ),
    _pair_claim(
        "elr_beats_stopping",
        "Its last test accuracy is higher than cross entropy stopped at its best epoch by .027 within "
        ".015, on the same labels.",
        Difference(margin=0.015, reason="paired over seeds; the stop is chosen on the test set itself"),
        partial(_beats_stopping, expected=0.027),
        "last test accuracy of ELR minus best test accuracy of cross entropy",
    ),
    *(claim for row in ROWS for claim in _row_claims(row)),
)
