r"""Exactness in law: the law engine's draw against arrays of d dimensions, from no room at all to d = 100n.

A run is a function of `(K, A^(0), y, y~)`, so these are compared and nothing is trained beyond the one step
that a run has. Source: derived here (`docs/engines.md`, Exactness in law).
"""

from __future__ import annotations

from collections.abc import Mapping

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import SameLaw
from theory.two_stage.box import Fixed
from theory.two_stage.drawn_law import draw_features
from theory.two_stage.run import Run
from theory.two_stage.setting import Setting
from theory.two_stage.sources import here

__all__ = ["CLAIMS", "DRAWS"]

_N = 6
#: 16,000 draws of each engine certify eight distances below .05 at 99 %, with probability .8 for equal laws.
_RUNS = {"quick": 0, "default": 16_000, "full": 40_000}


def _draws(name: str, d: int) -> Experiment:
    return Experiment(
        id=f"two_stage.draws.{name}",
        place=Fixed(
            Setting.from_n_snr2(
                n=_N,
                d=d,
                m=2,
                n_snr2=4.0,
                tau_plus=0.35,
                tau_minus=0.1,
                kappa_0=1.0,
                clock_step=0.1,
                sigma_xi=0.7,
            )
        ),
        clock=0.1,
        max_steps=1,
        runs=_RUNS,
        engines=("law", "reduced"),
        pair_engines=False,
    )


#: Both engines' draws by the dimension's name.
DRAWS: Mapping[str, Experiment] = {
    "n_plus_1": _draws("n_plus_1", _N + 1),
    "n_plus_2": _draws("n_plus_2", _N + 2),
    "4n": _draws("4n", 4 * _N),
    "100n": _draws("100n", 100 * _N),
}


def _features(run: Run) -> Mapping[str, float]:
    products = run.initial_products.reshape(-1, run.setting.n + 1)
    return {k: float(v) for k, v in draw_features(run.gram, products, run.y, run.y_observed).items()}


def _claim(name: str, dimension: str, id: str) -> Claim:
    return Claim(
        id=id,
        source=here("docs/engines.md, Exactness in law"),
        provenance="derived",
        statement=r"$(K, A^{(0)})$ and the labels drawn by Bartlett and Wishart factors, without any "
        rf"$d$-vector, have the law of the real data and weights, at $d = {dimension}$ and unequal flip "
        r"rates",
        rule=SameLaw(
            margin=0.05,
            reason="the distance that 16,000 draws of each engine certify at 99 % for eight quantities; one "
            "degree of freedom too many moves ln det K by a distance of 1.0 to .028 (d = n + 1 to 100n)",
        ),
        measure=_features,
        experiment=DRAWS[name],
        parents=("two_stage.closure",),
        measured="ln det K, its least and largest eigenvalue, tr A0 K^-1 A0^T, squared norms of a patch and "
        "of a row of A0, and the flipped labels of each class: law engine against sampled arrays",
    )


CLAIMS: tuple[Claim, ...] = (
    _claim("4n", "4n", "two_stage.law"),
    _claim("n_plus_1", "n + 1", "two_stage.law.n_plus_1"),
    _claim("n_plus_2", "n + 2", "two_stage.law.n_plus_2"),
    _claim("100n", "100n", "two_stage.law.100n"),
)
