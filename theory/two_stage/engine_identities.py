"""The engines that the other claims are judged on obey the same recursions as the real network.

The closure ("reduced") and its law ("law") stand in for the network everywhere but in the identities of
section 2. These claims hold them to the recursions step by step, from their own records, so that an engine
with a
mistake refutes a claim and not only a test: over short runs, over 2,000 steps, and in which labels they flip.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from theory.claim import Claim
from theory.experiment import Experiment
from theory.place import grid
from theory.rules import Event, Identity
from theory.run import NotApplicable
from theory.two_stage.box import Domain
from theory.two_stage.exact import CLAIMS as EXACT_CLAIMS
from theory.two_stage.experiments import EXACT
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting
from theory.two_stage.sources import here

__all__ = ["CLAIMS", "CLOSURE_ENGINES", "FLIPS", "LONG", "flips_at_own_rates"]

#: The settings of the identities on real networks, run by the other two engines.
CLOSURE_ENGINES = replace(EXACT, id="two_stage.closure_engines", engines=("law", "reduced"))

#: Small networks over 2,000 steps: rounding that creeps in late.
LONG = replace(
    CLOSURE_ENGINES,
    id="two_stage.closure_engines.long",
    place=replace(cast("Domain", EXACT.place), name="exact, long", n=(3, 10), m=(2, 4)),
    clock=1e4,
    max_steps=2000,
    runs={"quick": 32, "default": 32, "full": 100},
)

_RATES = (0.05, 0.35)

#: Far apart rates, either way round; labels are what matters, so one step will do.
FLIPS = Experiment(
    id="two_stage.engine.flips",
    place=grid(
        "rates far apart",
        tuple(
            (
                {"tau_plus": plus, "tau_minus": minus},
                Setting.from_n_snr2(
                    n=100,
                    d=1000,
                    m=2,
                    n_snr2=6.0,
                    tau_plus=plus,
                    tau_minus=minus,
                    kappa_0=0.1,
                    clock_step=0.1,
                ),
            )
            for plus, minus in (_RATES, _RATES[::-1])
        ),
    ),
    clock=0.1,
    max_steps=1,
    runs={"quick": 60, "default": 100, "full": 500},
    engines=("law", "reduced"),
    snapshots=(),
)


def flips_at_own_rates(run: Run) -> bool | NotApplicable:
    """Whether the class with the larger flip rate has the larger share of flipped labels."""
    s = run.setting
    plus, minus = run.noisy[run.y > 0], run.noisy[run.y < 0]
    if not (plus.size and minus.size):
        return NotApplicable("a class has no sample")
    return bool((plus.mean() - minus.mean()) * (s.tau_plus - s.tau_minus) > 0)


_RULE = Identity(
    factor=256.0, reason="a step sums up to n (d + m) products; 256 eps a step, as for the real network"
)


def _of(name: str, what: str, statement: str, experiment: Experiment = CLOSURE_ENGINES) -> Claim:
    (true,) = (c for c in EXACT_CLAIMS if c.id == f"two_stage.{name}")
    return replace(
        true,
        id=f"two_stage.engine.{what}",
        source=here("docs/engines.md"),
        provenance="derived",
        statement=statement,
        rule=_RULE,
        experiment=experiment,
        parents=(true.id,),
        proof=None,
        prediction=None,
        measured=f"{true.measured.split(';')[0]}; engines law and reduced in place of the network",
        note="",
    )


CLAIMS = (
    _of("recursion.gamma", "gamma", r"Steps of the closure engines follow the recursion of $\gamma$"),
    _of("recursion.rho", "rho", r"Steps of the closure engines follow the recursion of $\rho$"),
    _of(
        "recursion.rho",
        "rho_long",
        r"Steps of the closure engines follow the recursion of $\rho$ over 2,000 steps",
        LONG,
    ),
    Claim(
        id="two_stage.engine.flip_rates",
        source=here("docs/engines.md"),
        provenance="derived",
        statement=r"Labels of each class are flipped at the class's own rate",
        rule=Event(0.05, reason="rates .05 and .35, 100 samples: five standard deviations apart"),
        measure=flips_at_own_rates,
        experiment=FLIPS,
        measured="the class with the larger rate has the larger share of flips; engines law and reduced",
    ),
    _of(
        "closure",
        "margins",
        r"Margins of the closure engines are those of $A^{(0)} + C^{(t)}D^{-1}K$ and the observed labels",
    ),
)
