"""False variants of the claims on images: mistakes of the kind that a measurement on real data makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from theory.falsehood import Falsehood, FalsehoodKind, altered
from theory.images.audit import score_identity, score_spoiled
from theory.images.bridge import measured_and_law
from theory.images.controls import flips_as_said
from theory.images.own_network import measured_and_flow
from theory.images.selecting import early_advantage, gain_of_cut
from theory.images.stage_one import decline
from theory.images.stopping import below_half_rate, end_and_nearest, noisy_validation
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


def _no_stop(run: Any) -> Any:
    """Every evaluation is the last one."""
    return altered(run, **{name: 0 * getattr(run, name) + getattr(run, name)[-1] for name in _CURVES})


#: What an evaluation says of a run.
_CURVES = ("losses", "margins", "predictions", "test_accuracy", "val_accuracy")


def _audit_unstopped(run: Any) -> Any:
    """The last evaluation taken for that at the audit's stop."""
    audit = run.audit
    return altered(run, audit=audit and altered(audit, cost=audit.best - audit.last))


def _everything_listed(run: Any) -> Any:
    """Every image is a suspect."""
    audit = run.audit
    return altered(run, audit=audit and altered(audit, precision=audit.rate, recall=1.0))


def _spoiled_forgotten(measure: Measure) -> Measure:
    """The rate from the tails, t/(1 - b), in place of t: no probe is taken to carry its true label."""

    def value(run: Any) -> Any:
        found = measure(run)
        if isinstance(found, NotApplicable):
            return found
        return found[0] / (1 - found[0] / (run.audit.answer.k - 1)), found[1]

    return value


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
    yield (
        "images.flips",
        "observed for true labels",
        "symbols",
        _after(lambda run: altered(run, y=run.labels), flips_as_said),
        "no label is then wrong",
    )
    yield (
        "images.flips",
        "true labels in validation",
        "symbols",
        _after(lambda run: altered(run, val_flip_share=0.0), flips_as_said),
        "no label of some fifty is then wrong, which a rate of .13 or more does in less than .0005 of draws",
    )
    for of, measure, why in (
        ("images.decline", decline, "nothing is lost after the end"),
        ("images.early_ranks", early_advantage, "the ranking at the end is not better than itself"),
    ):
        yield of, "the end for the stop", "formula", _after(_no_stop, measure), why
    yield (
        "images.generalises",
        "flips applied to the test part",
        "formula",
        _after(_flipped_tests, below_half_rate),
        "the error is then at least the flip rate",
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
    if "images.audit.bias" in ledger:
        yield (
            "images.audit.bias",
            "spoiled probes forgotten",
            "formula",
            _spoiled_forgotten(ledger["images.audit.bias"].measure),
            "t/(1 - t) lies .05 above t = .2 for two classes, beyond twice the margin",
        )
    for name, what, alter, why in (
        ("stop", "the end for the stop", _audit_unstopped, "two memorised flips in ten cost more than .06"),
        ("suspects", "every image listed", _everything_listed, "at a rate of .2 its F1 is 1/3"),
    ):
        of = f"images.audit.{name}"
        if of in ledger:
            yield of, what, "formula", _after(alter, ledger[of].measure), why
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
