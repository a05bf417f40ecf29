"""What several runs on images say, in words and numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulation.images.run import ImageRun
from theory.claim import Claim
from theory.images.measures import (
    flip_share,
    memorised,
    oracle,
    selection,
    stop_acc,
    stop_val,
    t_clean,
    t_half,
    true_share,
)
from theory.rules import Band, Event

__all__ = ["Check", "Judge", "checks_of", "limits", "sentences"]


@dataclass(frozen=True)
class Check:
    """A claim's measure on these runs.

    Args:
        claim: whose measure and rule. violated, of: runs that break it, runs that it speaks of.
        low, high: exact 95 % one-sided limits of the violation rate.
        word: the verdict, within the error budget of all claims on these runs.
        allowed: rate of violation that the rule allows.
    """

    claim: Claim
    violated: int
    of: int
    low: float
    high: float
    word: str
    allowed: float


def limits(hits: int, of: int, level: float = 0.95) -> tuple[float, float]:
    """Exact (Clopper-Pearson) one-sided limits of a rate, each at `level`.

    >>> tuple(round(x, 3) for x in limits(0, 29))
    (0.0, 0.098)
    """
    from scipy.stats import beta

    low = 0.0 if hits == 0 else float(beta.ppf(1 - level, hits, of - hits + 1))
    high = 1.0 if hits == of else float(beta.ppf(level, hits + 1, of - hits))
    return low, high


#: The core's judge of runs that were made already: one judgement a claim, with its verdict.
Judge = Callable[[Sequence[Claim], Sequence[ImageRun]], Sequence[Any]]


def checks_of(claims: Sequence[Claim], runs: Sequence[ImageRun], judge: Judge) -> list[Check]:
    """Every claim that is decided run by run (events, orderings, bands) and speaks of some of these runs."""
    out = []
    for found in judge([c for c in claims if isinstance(c.rule, Event | Band)], runs):
        rule = found.claim.rule
        values = [o.value for o in found.judged]
        if not values:
            continue
        broken = sum(not (rule.lower <= v <= rule.upper) if isinstance(rule, Band) else not v for v in values)
        low, high = limits(broken, len(values))
        out.append(Check(found.claim, broken, len(values), low, high, found.verdict, rule.delta))
    return out


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


def _mean(runs: Sequence[ImageRun], number: Callable[[ImageRun], Any]) -> float:
    return float(np.mean([number(run) for run in runs]))


def sentences(runs: Sequence[ImageRun], kind: str, *, validated: bool) -> list[str]:
    """The answer in words: is there a Stage I, where to stop, what it saves, what selection keeps, on what
    basis."""
    fine = [run for run in runs if not run.failed]
    lines = []
    failed = len(runs) - len(fine)
    if failed:
        lines.append(f"{failed} of {len(runs)} runs failed: {next(r.failed for r in runs if r.failed)}.")
    if not fine:
        return [*lines, "Nothing can be said: lower --lr."]
    if not any(run.noisy.any() for run in fine):
        drop = _mean(fine, lambda r: r.test_accuracy.max() - r.test_accuracy[-1])
        return [
            *lines,
            "No label was flipped: there is no noisy image to speak of, and no noisy curve.",
            f"Training on costs {drop:.3f} of test accuracy against the best evaluation.",
        ]
    noisy = [run for run in fine if run.noisy.any()]
    first = sum(t_clean(r) < t_half(r) for r in noisy)
    truth = _mean(noisy, lambda r: true_share(r)[stop_acc(r)])
    lines.append(_stage_line(first, len(noisy), truth))
    steps = [float(r.steps[stop_acc(r)]) for r in noisy]
    saved = _mean(noisy, lambda r: r.test_accuracy[stop_acc(r)] - r.test_accuracy[-1])
    lines.append(
        f"Stop at step {_range(steps)} (where training accuracy reaches 1 - {_mean(noisy, flip_share):.2f}, "
        "the flip "
        f"rate): test accuracy is {_mean(noisy, lambda r: r.test_accuracy[stop_acc(r)]):.3f} there and "
        f"{_mean(noisy, lambda r: r.test_accuracy[-1]):.3f} at the end; stopping saves {saved:.3f}."
    )
    if validated and noisy[0].v:
        lines.append(
            f"The best accuracy on validation images with observed labels stops at step "
            f"{_range([float(r.steps[stop_val(r)]) for r in noisy])}, with test accuracy "
            f"{_mean(noisy, lambda r: r.test_accuracy[stop_val(r)]):.3f}; the best of all evaluations is "
            f"{_mean(noisy, lambda r: r.test_accuracy[oracle(r)]):.3f} (an oracle's)."
        )
    pairs = np.array([selection(r, stop_acc(r)) for r in noisy]).mean(axis=0)
    lines.append(
        f"Keeping the images with loss below log 2 at the stop keeps {100 * pairs[1]:.0f} % of the rightly "
        "labelled "
        f"ones; {100 * pairs[0]:.1f} % of what is kept is rightly labelled."
    )
    end = _mean(noisy, lambda r: memorised(r)[-1])
    lines.append(f"At the end {100 * end:.0f} % of the wrong labels are memorised.")
    lines.append(_basis(kind))
    return lines


def _stage_line(first: int, of: int, truth: float) -> str:
    if first == of and truth >= 0.65:
        return (
            f"Yes, there is a Stage I: in {first} of {of} runs rightly labelled images are fit first, and "
            "then "
            f"{100 * truth:.0f} % of the wrongly labelled ones are predicted as what they really are."
        )
    if first >= 0.8 * of:
        return (
            f"A weak Stage I: in {first} of {of} runs rightly labelled images are fit first; at the stop "
            f"{100 * truth:.0f} % of the wrongly labelled ones are predicted as what they really are."
        )
    return (
        f"No Stage I to rely on: rightly labelled images are fit first in {first} of {of} runs only; at the "
        "stop "
        f"{100 * truth:.0f} % of the wrongly labelled ones are predicted as what they really are."
    )


def _basis(kind: str) -> str:
    if kind in ("symmetric", "pair", "class"):
        return (
            "This rests on flips that are independent of the image, which these are; real errors may not be. "
            "The labels of the data were taken as right before some were flipped."
        )
    if kind == "observed":
        return "The flips are those of your file; whether others like them would behave so is not known."
    return "These flips depend on the image: they are fit before spread ones, and validation may prefer them."
