"""False clocks of schedules, heavy ball and mini-batches."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import sympy as sp

from theory.claim import Claim
from theory.falsehood import Falsehood, altered
from theory.ledger import Ledger
from theory.two_stage.cavity.driven import Drive
from theory.two_stage.clock.claims import times_of
from theory.two_stage.clock.lag import prove_lag
from theory.two_stage.clock.law_claims import Number, score_of
from theory.two_stage.falsehoods.change import changed
from theory.two_stage.run import Run

__all__ = ["falsehoods"]

_ONE_CLOCK = "the same run cannot have its t_half at two clocks that differ by more than the margins"


def _in_steps(run: Run) -> Any:
    """The clock that counts steps, whatever their size."""
    return times_of(altered(run, clock=run.steps * run.setting.clock_step))


def _scaled(true: Claim, factor: float, run: Run) -> Any:
    found = true.measure(run)
    return (factor * found[0], found[1]) if isinstance(found, tuple) else found


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the clock."""

    def of(name: str) -> Claim:
        return known[f"two_stage.clock.{name}"]

    # (At kappa_0 <= .3 t_half comes before a cosine has fallen by more than the margin.)
    for name in ("cosine.large", "drop.large", "drop.small"):
        yield changed(of(f"schedule.{name}"), "clock counts steps", "formula", _ONE_CLOCK, _in_steps)
    for regime in ("large", "small"):
        yield changed(
            of(f"schedule.drop.{regime}"),
            "s^1.1",
            "exponent 0.1",
            _ONE_CLOCK,
            partial(times_of, power=1.1),
        )
    for name in (
        "schedule.alternating.large", "momentum.50.large", "momentum.90.large", "batches.50.t_half",
    ):  # fmt: skip
        for factor in (1.1, 1 / 1.1):
            yield changed(
                of(name), f"x {factor:.3g}", "constant", _ONE_CLOCK, partial(_scaled, of(name), factor)
            )
    for factor in (0.0, 3.0):
        yield changed(
            of("momentum.90.large"),
            f"{factor:g} times the lag",
            "constant",
            "the lag is 3 % of t_half there",
            partial(times_of, momentum=0.9, factor=factor),
        )
    laws: tuple[tuple[str, Number, int | None], ...] = (
        ("batches.20.law.share", "share", None),
        ("batches.20.law.half", "half", 50),
        ("batches.10.law.share_sd", "share_sd", None),
    )
    for name, number, size in laws:
        wrong = partial(score_of, number=number, drive=Drive(batch_size=size))
        words = "all samples" if size is None else f"batches of {size}"
        yield changed(
            of(name), f"the law with {words}", "formula", "batches turn filters off before a visit", wrong
        )
    for momentum in (0.0, 0.8):
        yield changed(
            of("momentum.90.law.half"),
            f"the law with beta = {momentum:g}",
            "constant",
            "lag and inertia of beta = .9 are 5 to 40 % of t_half",
            partial(score_of, number="half", drive=Drive(momentum=momentum)),
        )
    yield changed(
        of("lag"),
        "1/(1 - beta) (proof)",
        "formula",
        "the velocity's sum starts with 1 - beta",
        proof=partial(prove_lag, stated=1 / (1 - sp.Symbol("beta", positive=True))),
    )
