"""What the audit of a user's labels promises, judged where the true labels are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from theory.claim import Claim
from theory.images.experiments import (
    AUDIT_CLEAN,
    AUDIT_FULL,
    AUDIT_MATCHED,
    AUDIT_PAIRS,
    AUDIT_REFUSED,
    AUDIT_TEN,
    SCORES,
)
from theory.images.sources import audit_page
from theory.rules import Band, Difference, Event
from theory.run import NotApplicable

__all__ = ["CLAIMS", "score_covered", "score_identity", "score_spoiled"]


def score_covered(run: Any) -> bool:
    """Whether the 90 % interval holds the realised flip rate."""
    return bool(run.low <= run.wrong <= run.high)


def score_identity(run: Any) -> tuple[float, float]:
    """AUROC of probes against others, and 1/2 + (1 - t - b)(AUROC of flips - 1/2), b = t/(k - 1)."""
    t = run.wrong
    return run.probe_auroc, 0.5 + (1 - t - t / (run.setting.k - 1)) * (run.flip_auroc - 0.5)


def score_spoiled(run: Any) -> tuple[float, float]:
    """Share of probes that hit the true label, and t/(k - 1)."""
    return run.spoiled, run.wrong / (run.setting.k - 1)


def _audited(measure: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The measure, where the run was long enough to be audited."""

    def value(run: Any) -> Any:
        return measure(run) if run.audit is not None else NotApplicable("the run is too short for an audit")

    return value


def _spread(run: Any) -> NotApplicable | None:
    verdict = run.audit.answer.verdict
    return (
        None if verdict == "spread" else NotApplicable(f"the audit says {verdict}: no interval is promised")
    )


def covered(run: Any) -> bool | NotApplicable:
    """Whether the interval of an audit that says `spread` holds the realised flip rate."""
    outcome = run.audit
    return _spread(run) or bool(outcome.answer.flip_rate[1] <= outcome.rate <= outcome.answer.flip_rate[2])


def rate_pair(run: Any) -> tuple[float, float] | NotApplicable:
    """Estimated and realised flip rate."""
    return _spread(run) or (float(run.audit.answer.flip_rate[0]), float(run.audit.rate))


def precise(run: Any) -> bool | NotApplicable:
    """Whether the suspects' precision is at least its lower limit."""
    return _spread(run) or bool(run.audit.precision >= run.audit.answer.precision[1])


def answers(run: Any) -> bool:
    """Whether the audit says `spread`."""
    return bool(run.audit.answer.verdict == "spread")


def cost(run: Any) -> float:
    """Best test accuracy less that at the audit's stop."""
    return float(run.audit.cost)


def silent(run: Any) -> bool:
    """Whether nothing is claimed of labels without flips: not `spread`, and no lower limit of .01 or more."""
    answer = run.audit.answer
    return answer.verdict != "spread" and (answer.flip_rate is None or answer.flip_rate[1] < 0.01)


def refused(run: Any) -> bool:
    """Whether the audit says `none`."""
    return bool(run.audit.answer.verdict == "none")


def unlike(run: Any) -> bool:
    """Whether the first round says `unlike`."""
    return bool(run.audit.answer.verdict == "unlike")


def matched_covered(run: Any) -> bool | NotApplicable:
    """Whether the interval of the matched second round holds the realised flip rate."""
    second = run.audit.second
    if second is None:
        return NotApplicable("no second round was asked for")
    return bool(second.flip_rate is not None and second.flip_rate[1] <= run.audit.rate <= second.flip_rate[2])


def f1(run: Any) -> float:
    """F1 of the suspects."""
    p, r = run.audit.precision, run.audit.recall
    return 2 * p * r / (p + r) if np.isfinite(p) and p + r > 0 else 0.0


_PROMISE = "the promise of a 90 % interval, with a tenth to spare for finite records"


def _claim(
    name: str, statement: str, rule: Any, measure: Any, experiment: Any, measured: str, **more: Any
) -> Claim:
    return Claim(
        id=f"images.audit.{name}", source=audit_page(name.replace("_", " ")), provenance="derived",
        statement=statement, rule=rule, measure=measure if experiment is SCORES else _audited(measure),
        experiment=experiment, measured=measured, **more,
    )  # fmt: skip


CLAIMS: tuple[Claim, ...] = (
    _claim(
        "spoiled",
        r"A label that the audit flips on purpose lands on the true one with probability $b = t/(k-1)$, $t$ "
        r"the share of wrong labels and $k$ the number of classes",
        Difference(0.01, "a tenth of the smallest effect on a rate that is printed"),
        score_spoiled,
        SCORES,
        "share of the labels flipped on purpose that are then right, and t/(k-1)",
    ),
    _claim(
        "identity",
        r"The AUROC of labels flipped on purpose against all others is $1/2 + (1 - t - b)$ (AUROC of wrong "
        r"against right labels $- 1/2$): what separates the former best separates the unknown flips best",
        Difference(0.01, "a tenth of the loss of AUROC that matters"),
        score_identity,
        SCORES,
        "both sides of the equation, on drawn scores",
    ),
    _claim(
        "interval_of_scores",
        r"Where the audit's assumptions hold, its 90 \% interval covers the realised flip rate in at least "
        r"90 \% of draws (2 to 10 classes, 50 to 400 labels flipped on purpose, 5 to 40 \% wrong labels)",
        Event(delta=0.1, reason="its nominal level"),
        score_covered,
        SCORES,
        "whether the share of wrong labels lies in the interval",
    ),
    _claim(
        "answers",
        "The audit recognises spread flips in separable classes: it says `spread` (digits 3 and 8, two flips "
        "in ten)",
        Event(delta=0.2, reason="four in five"),
        answers,
        AUDIT_PAIRS,
        "whether the audit says `spread`",
    ),
    _claim(
        "covers",
        "Where the audit says `spread` its interval holds the realised flip rate (digits 3 and 8, two flips "
        "in ten)",
        Event(delta=0.15, reason=_PROMISE),
        covered,
        AUDIT_PAIRS,
        "whether the realised flip rate lies in the interval",
    ),
    _claim(
        "bias",
        "The audit's flip rate is right in the median, within .02 (digits 3 and 8, two flips in ten)",
        Difference(0.02, "a tenth of the rate"),
        rate_pair,
        AUDIT_PAIRS,
        "estimated and realised flip rate",
    ),
    _claim(
        "precision",
        "The precision of the audit's suspects is at least the lower limit that it gives (digits 3 and 8, "
        "two "
        "flips in ten)",
        Event(delta=0.05, reason="a lower limit at 95 %"),
        precise,
        AUDIT_PAIRS,
        "whether the precision is at least its lower limit",
    ),
    _claim(
        "stop",
        "Stopping where the audit says costs at most .06 of test accuracy against the best evaluation "
        "(digits "
        "3 and 8, two flips in ten)",
        Band(-1.0, 0.06, "some eight of 125 test images, against the best of 50 evaluations", delta=0.1),
        cost,
        AUDIT_PAIRS,
        "best test accuracy of all evaluations less that at the stop, mean of two trainings",
    ),
    _claim(
        "suspects",
        "The audit's suspects have an F1 of at least .8 (digits 3 and 8, two flips in ten)",
        Band(0.8, 1.0, "set below the worst of the first runs", delta=0.1),
        f1,
        AUDIT_PAIRS,
        "harmonic mean of the suspects' precision and recall against the true labels",
    ),
    _claim(
        "mild.covers",
        "With one flip in ten, where the audit says `spread` its interval holds the realised flip rate",
        Event(delta=0.15, reason=_PROMISE),
        covered,
        AUDIT_FULL,
        "whether the realised flip rate lies in the interval",
    ),
    _claim(
        "ten.covers",
        "With ten classes, where the audit says `spread` its interval holds the realised flip rate",
        Event(delta=0.15, reason=_PROMISE),
        covered,
        AUDIT_TEN,
        "whether the realised flip rate lies in the interval",
    ),
    _claim(
        "silent",
        "Without flips the audit claims none: never `spread`, no lower limit of .01 or more",
        Event(delta=0.05),
        silent,
        AUDIT_CLEAN,
        "whether the audit says something else than `spread`, with a lower limit of the rate below .01",
    ),
    _claim(
        "refuses",
        "Where there is no Stage I (two classes, four flips in ten) the audit says `none`",
        Event(delta=0.35, reason="most of the time"),
        refused,
        AUDIT_REFUSED,
        "whether the audit says `none`",
    ),
    _claim(
        "notices",
        "The audit notices class-dependent flips (ten classes, each to the next): it says `unlike`",
        Event(delta=0.1),
        unlike,
        AUDIT_MATCHED,
        "whether the audit says `unlike`",
    ),
    _claim(
        "matched",
        "With class-dependent flips a second round, whose own flips follow the classes too, gives an "
        "interval "
        "that holds the realised flip rate",
        Event(delta=0.15, reason=_PROMISE),
        matched_covered,
        AUDIT_MATCHED,
        "whether the realised flip rate lies in the interval",
    ),
)
