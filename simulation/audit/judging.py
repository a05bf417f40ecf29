"""The audit: from records of training with probes to a verdict on labels, stop and suspects."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.audit.answer import FEWEST_CAUGHT, Audit, Selection, Verdict
from simulation.audit.margins import of_losses, of_probabilities, predicted
from simulation.audit.planning import FEWEST_PROBES, classes_of
from simulation.audit.rate import Rate, estimate_rate
from simulation.audit.record import Record, Recorder
from simulation.audit.stage import Stage, find_stage
from simulation.audit.suspicion import Suspicion, suspicion
from simulation.audit.words import assumptions_of

__all__ = ["audit", "record_of_arrays"]

_SEEN = 0.1
_FEW, _WEAK = 0.03, 0.01
_LIKE, _LIKE_MATCHED, _LIKE_Z = 0.35, 0.18, -2.0
_Z90 = 1.645


def audit(
    records: Sequence[Record | Recorder] | NDArray[Any],
    labels: Sequence[Any] | NDArray[Any] | None = None,
    *,
    probes: Any = (),
    steps: Any = None,
    n_classes: int | None = None,
    trained: Any = None,
    kind: str = "",
    classes: Any = None,
    level: float = 0.9,
) -> Audit:
    """Judge labels by one or more training runs with probes.

    Args:
        records: records or recorders of the runs (of a first round, and of a matched second one, where there
            was one); or the margins (T, n), probabilities (T, n, C) or losses (T, n; kind="losses") of one
            run.
        labels: for an array, the observed labels (n,). probes: indices of the probes. steps: (T,), default
            1..T.
            n_classes: where the labels do not show all. trained: the labels trained on, needed to turn
            probabilities into margins where there are probes.
        kind: "margins", "probs" or "losses"; default by the number of dimensions.
        classes: names of the classes, for texts and files.
        level: of the flip rate's interval.

    Raises:
        ValueError: naming the argument.
    """
    if not 0.5 <= level < 1:
        raise ValueError(f"level must lie in [0.5, 1), was {level}")
    if isinstance(records, np.ndarray):
        if labels is None:
            raise ValueError("labels must be given with an array of margins, probs or losses")
        made, found = record_of_arrays(records, labels, probes, steps, n_classes, trained, kind)
        classes = found if classes is None else classes
        whole = [made]
    else:
        whole = [r.record() if isinstance(r, Recorder) else r for r in records]
        if classes is None and any(isinstance(r, Recorder) for r in records):
            classes = next(r.plan.classes for r in records if isinstance(r, Recorder))
    _check(whole)
    names = np.arange(whole[0].k) if classes is None else np.asarray(classes)
    if not any(len(r.probes) for r in whole):
        return _uncalibrated(whole, names, level)
    return _judged(whole, names, level)


def record_of_arrays(
    values: NDArray[Any], labels: Any, probes: Any, steps: Any, n_classes: int | None, trained: Any, kind: str
) -> tuple[Record, NDArray[Any]]:
    """A record from plain arrays, and the classes found in the labels."""
    observed, classes = classes_of(labels)
    k = len(classes) if n_classes is None else int(n_classes)
    if k < len(classes):
        raise ValueError(f"n_classes must be at least {len(classes)}, the classes among the labels, was {k}")
    if k > len(classes) and classes.dtype.kind in "iu":
        observed, classes = np.asarray(labels, dtype=np.int64), np.arange(k)
    chosen = np.asarray(probes, dtype=np.int64)
    array = np.asarray(values)
    kind = kind or ("probs" if array.ndim == 3 else "margins")
    if kind not in ("margins", "probs", "losses"):
        raise ValueError(f"kind must be margins, probs or losses, was {kind!r}")
    own = observed
    if trained is not None:
        place = {value: number for number, value in enumerate(classes.tolist())}
        unknown = next((v for v in np.asarray(trained).tolist() if v not in place), None)
        if unknown is not None:
            raise ValueError(f"trained_labels hold {unknown!r}, which no label is")
        own = np.array([place[v] for v in np.asarray(trained).tolist()], dtype=np.int64)
    elif len(chosen):
        # The margins already speak of the labels trained on; of those labels only that they differ is known.
        if kind == "probs":
            raise ValueError("trained must give the labels trained on, to turn probs into margins")
        own = np.array(observed)
        own[chosen] = (own[chosen] + 1) % k
    guess = None
    if kind == "probs":
        if array.ndim != 3 or array.shape[2] != k or array.shape[1] != len(observed):
            raise ValueError(f"probs must have shape (T, {len(observed)}, {k}), have {array.shape}")
        guess, array = predicted(array), of_probabilities(array, own)
    elif kind == "losses":
        array = of_losses(array, k)
    if array.ndim != 2 or array.shape[1] != len(observed):
        raise ValueError(f"{kind} must have shape (T, {len(observed)}), have {array.shape}")
    if guess is None and k == 2:
        guess = np.where(array > 0, own, 1 - own).astype(np.int16)
    grid = np.arange(1, len(array) + 1) if steps is None else np.asarray(steps, dtype=np.int64)
    if grid.shape != (len(array),):
        raise ValueError(f"steps must have {len(array)} entries, one a checkpoint, has shape {grid.shape}")
    return Record(observed, own, chosen, grid, array.astype(np.float32), k, guess), classes


def _check(records: Sequence[Record]) -> None:
    if not records:
        raise ValueError("records must not be empty")
    first = records[0]
    for record in records[1:]:
        if not np.array_equal(record.observed, first.observed) or record.k != first.k:
            raise ValueError("records must have the same labels and classes")
        same_kind = (record.spoiled is None) == (first.spoiled is None)
        if same_kind and not np.array_equal(record.steps, first.steps):
            raise ValueError("records must have the same steps")
    known = sum(len(r.probes) for r in records)
    if 0 < known < FEWEST_PROBES:
        raise ValueError(f"probes: {known} in all runs; at least {FEWEST_PROBES} are needed")
    if known and any(not len(r.probes) for r in records):
        raise ValueError("probes: either all runs have them or none")


def _uncalibrated(records: Sequence[Record], classes: NDArray[Any], level: float) -> Audit:
    first = records[0]
    return Audit(
        verdict="uncalibrated",
        n=len(first.observed),
        k=first.k,
        probes=0,
        runs=len(records),
        caught=0,
        observed=first.observed,
        classes=classes,
        steps=first.steps,
        stage=None,
        stage_one=None,
        stop_step=None,
        memorised_at_end=0.0,
        flip_rate=None,
        level=level,
        recall=None,
        precision=None,
        suspects=np.empty(0, dtype=np.int64),
        suspicion=np.zeros(len(first.observed)),
        predicted=None,
        selection=None,
        like=None,
        separation=(0.0, 0.0),
        matched=False,
        rate=None,
        scores=None,
        assumptions=(),
        warnings=(),
    )


def _judged(records: Sequence[Record], classes: NDArray[Any], level: float) -> Audit:
    uniform = [r for r in records if r.spoiled is None]
    second = [r for r in records if r.spoiled is not None]
    main = uniform or second
    n, k = len(main[0].observed), main[0].k
    stage = find_stage(main)
    scores = suspicion(main, stage.at)
    caught = int((scores.probes > 0).sum())
    gap = float(stage.smooth[stage.at])
    # Matched probes push the way the noise does: they serve the rate alone, the list comes from uniform ones.
    tail = scores if not (uniform and second) else suspicion(second, find_stage(second).at)
    seen = gap - _Z90 * stage.se >= _SEEN and caught >= FEWEST_CAUGHT and bool((tail.probes > 0).any())
    order = np.argsort(-scores.score, kind="stable")
    suspects = order[scores.score[order] > 0] if seen else order[:0]
    rate = like = None
    verdict: Verdict = "none"
    if seen:
        z = NormalDist().inv_cdf((1 + level) / 2)
        rate = estimate_rate(tail.others, tail.probes, n, k, z, second[0].spoiled if second else None)
        like = _like(tail)
        verdict = _verdict(rate, like, matched=bool(second))
    memorised = stage.memorised_at_end
    # Where no label is wrong a stop costs accuracy: it takes some that are shown to be.
    stopping = rate is not None and verdict != "few" and rate.low >= _WEAK
    return Audit(
        verdict=verdict,
        n=n,
        k=k,
        probes=sum(len(r.probes) for r in main),
        runs=len(main),
        caught=caught,
        observed=main[0].observed,
        classes=classes,
        steps=main[0].steps,
        stage=stage,
        stage_one=(int(stage.steps[stage.first]), int(stage.steps[stage.last])) if seen else None,
        stop_step=int(stage.steps[stage.at]) if stopping and memorised >= 0.5 else None,
        memorised_at_end=memorised,
        flip_rate=None if rate is None else (rate.estimate, rate.low, rate.high),
        level=level,
        recall=rate.recall if rate is not None and verdict == "spread" else None,
        precision=_precision(rate, verdict),
        suspects=suspects,
        suspicion=scores.score,
        predicted=_predicted(main, stage.at),
        selection=_selection(rate, verdict),
        like=like,
        separation=(gap, stage.se),
        matched=bool(second),
        rate=rate,
        scores=scores if rate is not None else None,
        assumptions=assumptions_of(bool(second)),
        warnings=_warnings(stage, memorised, second, uniform),
    )


def _verdict(rate: Rate, like: tuple[float, float], *, matched: bool) -> Verdict:
    if rate.high <= _FEW:
        return "few"
    q, z = like
    if q < (_LIKE_MATCHED if matched else _LIKE) and (matched or z < _LIKE_Z):
        return "unlike"
    return "weak" if rate.low < _WEAK else "spread"


def _like(scores: Suspicion) -> tuple[float, float]:
    """Share q of suspects beyond the median of the caught probes, and its z-score against 1/2."""
    caught = scores.probes[scores.probes > 0]
    suspects = scores.others[scores.others > 0]
    if not len(suspects):
        return 0.5, 0.0
    q = float(np.mean(suspects > np.median(caught)))
    # A sample is among the others in nearly every run: it counts once.
    distinct = len(suspects) / scores.runs
    return q, (q - 0.5) / float(np.sqrt(0.25 / len(caught) + 0.25 / distinct))


def _precision(rate: Rate | None, verdict: Verdict) -> tuple[float, float] | None:
    if rate is None or verdict != "spread" or not rate.flagged:
        return None
    return min(1.0, rate.estimate * rate.recall / rate.flagged), min(
        1.0, rate.low * rate.recall / rate.flagged
    )


def _selection(rate: Rate | None, verdict: Verdict) -> Selection | None:
    precision = _precision(rate, verdict)
    if rate is None or precision is None:
        return None
    t, flagged = rate.estimate, rate.flagged
    residual = max(t * (1 - rate.recall) / (1 - flagged), 0.0)
    lost = max((flagged - t * rate.recall) / (1 - t), 0.0)
    return Selection(residual <= t / 4 and lost <= 0.05 and precision[1] >= 0.5, residual, lost)


def _predicted(records: Sequence[Record], at: int) -> NDArray[np.int64] | None:
    """The class that most runs predict at the stop; of equals the smallest."""
    if any(r.predictions is None for r in records):
        return None
    n, k = len(records[0].observed), records[0].k
    votes = np.zeros((n, k))
    for record in records:
        assert record.predictions is not None
        own = np.ones(n)
        own[record.probes] = 0.5  # a run in which a sample carried a false label has less of a say
        votes[np.arange(n), record.predictions[at]] += own
    return np.asarray(votes.argmax(axis=1))


def _warnings(
    stage: Stage, memorised: float, second: Sequence[Record], uniform: Sequence[Record]
) -> tuple[str, ...]:
    out = []
    if stage.swing > 0.2:
        out.append(
            f"erratic training (the separation swings by {stage.swing:.2f} around its best): lower the "
            "learning rate"
        )
    if stage.at == len(stage.steps) - 1 and memorised < 0.5:
        out.append("the separation still grows at the last checkpoint: train longer to see Stage II")
    if second and not uniform:
        out.append("only matched records: their suspects are less precise; add the first round's records")
    return tuple(out)
