"""An audit in plain English. No sentence ever says that labels are free of errors: that cannot be seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulation.audit.answer import Audit

__all__ = ["CLUSTERED", "EXCHANGEABLE", "OVERLAP", "assumptions_of", "text_of"]

CLUSTERED = (
    "Not testable: wrong labels that the model accepts at once, such as a whole group of look-alike samples "
    "labelled wrongly (clusters). They are not among the suspects; check 100 random labels by hand for a "
    "rate that "
    "needs no assumption."
)
EXCHANGEABLE = "Wrong labels behave in training like the probes: spread over the samples."
OVERLAP = (
    "Right labels are not fit as late as flips. Flips and overlapping classes cannot be told apart without "
    "labels "
    "checked by hand: the rate is the share of labels that contradict what the features say (flips or "
    "overlap)."
)


def assumptions_of(matched: bool) -> tuple[str, ...]:
    """What every answer rests on."""
    first = EXCHANGEABLE
    if matched:
        first = "Within each pair of classes, wrong labels behave in training like the probes."
    return (first, CLUSTERED, OVERLAP)


def _percent(x: float) -> str:
    return f"{100 * x:.3g} %" if x < 0.0995 else f"{100 * x:.0f} %"


def text_of(audit: Audit) -> str:
    """The answer: verdict and advice first, then what it assumes, then the numbers behind it."""
    lines = [*_verdict(audit), "", "This assumes:"]
    lines += [f"  - {sentence}" for sentence in audit.assumptions]
    lines += ["", *_numbers(audit)]
    lines += [f"Warning: {w}" for w in audit.warnings]
    return "\n".join(lines) + "\n"


def _verdict(audit: Audit) -> list[str]:
    return {
        "none": _none, "few": _few, "weak": _weak, "unlike": _unlike, "spread": _spread,
        "uncalibrated": _uncalibrated,
    }[audit.verdict](audit)  # fmt: skip


def _none(audit: Audit) -> list[str]:
    gap, se = audit.separation
    lines = [
        "NONE. No Stage I: at no time does this model fit your labels more than labels known to be wrong.",
        "No estimate, no stop, no list.",
    ]
    if gap - 1.645 * se >= 0.1:
        lines.append(f"Only {audit.caught} probes are caught; at least 15 are needed: {_more(audit)}.")
    elif gap > 0.1:
        needed = math.ceil(audit.probes * (1.645 * se / (gap - 0.1)) ** 2)
        lines.append(
            f"A separation of {gap:.2f} would be seen with about {needed} probes (there are {audit.probes})."
        )
    return lines


def _more(audit: Audit) -> str:
    share = max(audit.caught, 1) / audit.probes
    return f"use about {math.ceil(15 / share)} probes or more samples"


def _few(audit: Audit) -> list[str]:
    assert audit.flip_rate is not None
    return [
        f"FEW. At most {_percent(audit.flip_rate[2])} of the labels are flips of the spread kind.",
        f"Suspects: {len(audit.suspects)}, hard samples rather than flips. Do not stop early, drop nothing.",
        "Clustered errors cannot be seen.",
    ]


def _weak(audit: Audit) -> list[str]:
    assert audit.flip_rate is not None
    return [
        f"WEAK. Between 0 and {_percent(audit.flip_rate[2])} of the labels are wrong.",
        f"They cannot be told from hard samples with {audit.probes} probes; use more probes or runs.",
        *_stop(audit),
    ]


def _unlike(audit: Audit) -> list[str]:
    assert audit.flip_rate is not None
    lines = [
        "UNLIKE. The suspects are not like random flips: they are hard samples, overlapping classes, or "
        "errors that "
        "depend on the class or the image.",
    ]
    if audit.flip_rate[1] >= 0.01:
        lines.append(
            f"At least {_percent(audit.flip_rate[1])} of the labels are wrong; no upper limit, no precision."
        )
    else:
        lines.append("No lower limit, no upper limit, no precision.")
    if not audit.matched:
        lines.append(
            "A second round with probes that follow the class pairs of the suspects may tell: --matched."
        )
    return [*lines, *_stop(audit)]


def _spread(audit: Audit) -> list[str]:
    assert audit.flip_rate is not None
    assert audit.recall is not None
    assert audit.precision is not None
    assert audit.selection is not None
    rate, low, high = audit.flip_rate
    found = (
        f"SPREAD. About {_percent(rate)} of the labels are wrong ({_percent(audit.level)} interval "
        f"{_percent(low)} to {_percent(high)})."
    )
    suspects = (
        f"{len(audit.suspects)} suspects hold about {_percent(audit.recall)} of the wrong labels; about "
        f"{_percent(audit.precision[0])} of the suspects are wrong (at least {_percent(audit.precision[1])})."
    )
    chosen = audit.selection
    left, lost = _percent(chosen.residual), _percent(chosen.lost)
    word = "safe" if chosen.safe else "not advised"
    advice = (
        f"Dropping the suspects is {word}: {left} wrong labels would be left, {lost} of the right ones lost."
    )
    return [found, suspects, advice, *_stop(audit)]


def _uncalibrated(audit: Audit) -> list[str]:
    return [
        "UNCALIBRATED. The records hold no probes, so nothing can be said of the labels.",
        "Rerun with the labels of `audit plan`.",
    ]


def _stop(audit: Audit) -> list[str]:
    if audit.stage_one is None:
        return []
    first, last = audit.stage_one
    if audit.stop_step is None and audit.memorised_at_end >= 0.5:
        return [
            "No stop is named: under 1 % of the labels are shown to be wrong, and where none is it costs."
        ]
    if audit.stop_step is None:
        return [
            f"Stage I only: at the end the model fits {_percent(audit.memorised_at_end)} of the probes, "
            "nothing is "
            "memorised and no stop is needed."
        ]
    return [
        f"Stop at step {audit.stop_step} (Stage I: steps {first} to {last}); train the final model without "
        "probes."
    ]


def _numbers(audit: Audit) -> list[str]:
    lines = [
        f"{audit.n} samples, {audit.k} classes, {audit.runs} runs, {audit.probes} probes, {audit.caught} "
        "caught."
    ]
    if audit.stage is not None:
        lines.append(
            f"Separation at its best {audit.separation[0]:.3f} (standard error {audit.separation[1]:.3f}); "
            f"{_percent(audit.memorised_at_end)} of the probes are fit at the end."
        )
    if audit.like is not None:
        lines.append(
            f"Suspects beyond the median caught probe: {_percent(audit.like[0])} (1/2 for flips; z "
            f"{audit.like[1]:.1f})."
        )
    if audit.profile:
        lines.append("Rate by cut: " + ", ".join(f"{t:.3f} at {f:.1f}" for f, t in audit.profile) + ".")
    return lines
