r"""Claims for the search: false ones in a corner of a small box, and true ones that a careless search breaks.

    python -m verify falsify planted.search.corner --claims-file tests/planted/search_claims.py --budget 10s

finds a counterexample to each `planted.search.*`, and none to any `planted.sound.*`.
"""

from __future__ import annotations

import numpy as np

from theory import Band, Claim, Domain, Event, Experiment, FittedBand, Identity, Law, Run, Source
from theory.rules import Rule, ZScores
from theory.two_stage.exact import gamma_recursion_residual
from theory.two_stage.recursions import l_prime, signal_active
from theory.two_stage.symbols import eta, m, mu_norm, n

BOX = Domain(
    "search",
    n=(6, 16),
    m=(2, 6),
    signal_margin=(1.0, 20.0),
    tau=(0.1, 0.3),
    kappa_0=(0.01, 10.0),
    dimension=(20.0, 100.0),
    clock_step=(0.1, 0.3),
)
RUNS = Experiment("planted.search", place=BOX, clock=0.6, runs={"quick": 64})
NETWORKS = Experiment(
    "planted.search_networks", place=BOX, clock=3.0, max_steps=8, runs={"quick": 8}, engines=("cnn",),
    every_step_snapshots=True,
)  # fmt: skip


def corner(run: Run) -> bool:
    """False in about 4 % of the box."""
    return not (run.setting.kappa_0 > 2.5 and run.setting.signal_margin > 11)


def growth(run: Run) -> float:
    """gamma at the end, per unit of clock."""
    return float(run.gamma[-1].mean() / run.clock[-1])


def peak(run: Run) -> float:
    """The largest signal coefficient at the end."""
    return float(run.gamma[-1].max())


def shifted(run: Run) -> float:
    """Negative where the signal is weak."""
    return growth(run) - 1.0


def growth_law(run: Run) -> tuple[float, float]:
    """Half of the signal margin: right for a small margin only, as the derivative -l' falls."""
    return growth(run), run.setting.signal_margin / 4 * 1.6


def wrong_sign(run: Run) -> float:
    return gamma_recursion_residual(run, term=-(eta * mu_norm**2 / (n * m)) * l_prime * signal_active)


def rare(run: Run) -> bool:
    """Violated by one run in fifty at every setting, below delta."""
    return run.seed % 50 != 0


def rounding(run: Run) -> float:
    """Ten times the accepted residual, all of it rounding: it grows with the float type's epsilon."""
    return 10 * 64.0 * float(np.finfo(run.dtype).eps) * float(run.steps[-1])


def normal(run: Run) -> tuple[float, float, float, float]:
    """A standard normal number, predicted as such."""
    return float(np.random.default_rng(run.seed).standard_normal()), 0.0, 1.0, 0.0


def _claim(name: str, rule: Rule, measure: object, experiment: Experiment = RUNS) -> Claim:
    return Claim(
        id=f"planted.{name}",
        source=Source("planted", name),
        provenance="derived",
        statement=name,
        rule=rule,
        measure=measure,  # type: ignore[arg-type]
        experiment=experiment,
    )


CLAIMS = [
    _claim("search.corner", Event(delta=0.05), corner),
    _claim("search.band", Band(0.0, 3.0, "test"), growth),
    _claim("search.fitted", FittedBand(2.0, "test"), peak),
    _claim("search.sign", FittedBand(1000.0, "test"), shifted),
    _claim("search.law", Law(0.3, "test"), growth_law),
    _claim("search.identity", Identity(factor=256.0), wrong_sign, NETWORKS),
    _claim("sound.rare", Event(delta=0.05), rare),
    _claim("sound.rounding", Identity(factor=64.0), rounding, NETWORKS),
    _claim("sound.zscores", ZScores("test"), normal),
    _claim("sound.fitted", FittedBand(1000.0, "test"), peak),
]
