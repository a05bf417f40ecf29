"""False events of the data and of the initial weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.two_stage.falsehoods.change import changed, other_setting, seen
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting

__all__ = ["falsehoods"]


def falsehoods(known: Ledger) -> Iterator[Falsehood]:
    """Of the lemmas on the initial state."""

    def of(name: str) -> Claim:
        return known[f"two_stage.lemma.{name}"]

    yield seen(
        of("label_counts"),
        "clean and noisy swapped",
        "symbols",
        "a share 1 - tau >= .85 is flipped then; the bound leaves room for .2 beside tau at n >= 40",
        y_observed=lambda run: np.where(run.noisy, run.y, -run.y),
    )
    norms = "|xi|^2/(sigma_xi^2 d) concentrates at 1 (d > 500); {} puts it outside [1/2, 3/2]"
    for c in (0.5, 2.0):
        yield seen(
            of("noise_norms"),
            f"sigma_xi x {c:g}",
            "constant",
            norms.format("a factor 4"),
            setting=other_setting(lambda s, c=c: s.with_(sigma_xi=c * s.sigma_xi)),  # type: ignore[misc]
        )
    yield seen(
        of("noise_norms"),
        "d dropped",
        "factor",
        norms.format("a factor d"),
        setting=other_setting(lambda s: s.with_(d=1)),
    )
    yield seen(
        of("noise_norms"),
        "sigma_xi^2.5",
        "exponent 0.5",
        norms.format(
            "a factor sqrt(sigma_xi) at sigma_xi from .1 to 10, for more than a third of the settings,"
        ),
        setting=other_setting(lambda s: s.with_(sigma_xi=s.sigma_xi**1.25)),
    )
    largest = "the largest of {} normal variables exceeds the bound at more than 5 % of the settings"
    yield seen(
        of("noise_crosstalk"),
        "sqrt(d) dropped",
        "factor",
        largest.format("n^2/2"),
        setting=other_setting(lambda s: s.with_(d=1)),
    )
    yield seen(
        of("noise_crosstalk"),
        "d^0.4 for sqrt(d)",
        "exponent 0.1",
        largest.format("n^2/2") + ": d >= 20,000 makes the bound 2.2 to 2.7 standard deviations",
        setting=other_setting(lambda s: s.with_(d=round(s.d**0.8))),
    )
    for name, many in (("signal_crosstalk", "n"), ("initial_signal", "2m"), ("initial_noise", "2mn")):
        # Half of the bound is about 2, 2 and 3.5 standard deviations.
        yield seen(
            of(name),
            "bound x 0.5",
            "constant",
            largest.format(many),
            setting=other_setting(_half_bound(name)),
        )
        yield seen(
            of(name),
            "sigma^+0.5",
            "exponent 0.5",
            largest.format(many) + ": the bound's unit is wrong by up to 3 either way",
            setting=other_setting(_rooted(name)),
        )
    yield changed(
        of("activation_counts"),
        "share x 2",
        "constant",
        "a filter is active on a patch with probability 1/2 at initialisation, not 0.8",
        _share_doubled,
    )


def _half_bound(name: str) -> Callable[[Setting], Setting]:
    if name == "signal_crosstalk":
        return lambda s: s.with_(signal_norm=s.signal_norm / 2)
    return lambda s: s.with_(sigma_0=s.sigma_0 / 2)


def _rooted(name: str) -> Callable[[Setting], Setting]:
    if name == "signal_crosstalk":
        return lambda s: s.with_(sigma_xi=s.sigma_xi**1.5)
    return lambda s: s.with_(sigma_0=s.sigma_0**1.5)


def _share_doubled(run: Run) -> bool:
    share = (run.label_side(run.initial_products[..., 1:]) > 0).mean(axis=-2)
    return bool(np.all(share >= 0.8))
