"""False variants of the claims on images: mistakes of the kind that a measurement on real data makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from theory.falsehood import Falsehood, FalsehoodKind, altered
from theory.images.audit import score_identity, score_spoiled
from theory.images.bridge import measured_and_law
from theory.images.own_network import measured_and_flow
from theory.images.selecting import gain_of_cut
from theory.images.stopping import end_and_nearest, noisy_validation
from theory.ledger import Ledger
from theory.run import NotApplicable

__all__ = ["falsehoods"]

Measure = Callable[[Any], Any]


def _swapped(run: Any) -> Any:
    """Observed labels taken for true ones, and the other way round."""
    return altered(run, y=run.labels, labels=run.y)


def _flipped_tests(run: Any) -> Any:
    """Flips applied to the test part too: accuracy is seen through them."""
    tau = run.setting.flip_rate
    return altered(run, test_accuracy=(1 - tau) * run.test_accuracy + tau * (1 - run.test_accuracy))


def _tests_for_validation(run: Any) -> Any:
    """True test labels passed off as observed validation labels."""
    return altered(run, val_accuracy=run.test_accuracy)


def _scaled(measure: Measure, factor: float) -> Measure:
    def value(run: Any) -> Any:
        found = measure(run)
        return found if isinstance(found, NotApplicable) else (found[0], factor * found[1])

    return value


def _all_kept(run: Any) -> Any:
    """No image has a loss above log 2."""
    return altered(run, losses=0 * run.losses)


def _full_floor(run: Any) -> bool:
    return bool(1 - run.test_accuracy[-1] >= (run.labels != run.y).mean())


def _every_probe_spoiled(run: Any) -> tuple[float, float]:
    return score_spoiled(run)[0], run.wrong


def _nothing_spoiled(run: Any) -> tuple[float, float]:
    return score_identity(run)[0], 0.5 + (1 - run.wrong) * (run.flip_auroc - 0.5)


def _after(lie: Callable[[Any], Any], measure: Measure) -> Measure:
    return lambda run: measure(lie(run))


def _lies(ledger: Ledger) -> Iterable[tuple[str, str, FalsehoodKind, Measure, str]]:
    for name in ("stage_one", "memorised"):
        of = f"images.{name}"
        if of in ledger:
            lie = _after(_swapped, ledger[of].measure)
            yield (
                of,
                "observed for true labels",
                "symbols",
                lie,
                "what is said of true labels holds of no other",
            )
    of = "images.noisy_validation"
    yield (
        of,
        "flips applied to the test part",
        "formula",
        _after(_flipped_tests, noisy_validation),
        "flipped twice",
    )
    yield (
        of,
        "test labels passed off as validation",
        "formula",
        _after(_tests_for_validation, noisy_validation),
        "true labels agree with the network more often than observed ones",
    )
    yield (
        "images.selection",
        "every image kept",
        "formula",
        _after(_all_kept, gain_of_cut),
        "the trivial rule, which wins nothing",
    )
    yield "images.floor", "tau^ for tau^/2", "constant", _full_floor, "the error is below tau^ in most runs"
    yield (
        "images.nearest",
        "twice the error of 1-NN",
        "factor",
        _scaled(end_and_nearest, 2.0),
        "off by .15 or more",
    )
    yield "images.theory.kernel", "kernel halved", "factor", _scaled(measured_and_flow, 2.0), "time doubles"
    yield "images.theory.bridge", "law halved", "factor", _scaled(measured_and_law, 2.0), "time doubles"
    yield "images.audit.spoiled", "t for t/(k-1)", "formula", _every_probe_spoiled, "a probe has k - 1 labels"
    yield (
        "images.audit.identity",
        "b left out",
        "formula",
        _nothing_spoiled,
        "probes that hit the truth look right",
    )


def falsehoods(ledger: Ledger) -> Iterable[Falsehood]:
    """The declared false variants of the claims that are in the ledger."""
    for of, name, kind, measure, why in _lies(ledger):
        if of in ledger:
            yield Falsehood(of, name, kind, replace(ledger[of], measure=measure), why)
