r"""Statements that are false, each beside the true one that it is close to.

    python -m verify run --claims-file tests/planted/twin_claims.py --claims "planted.*"

must refute every one; `planted_true.*` are their twins: supported, but for the exponent of n, which takes
more runs than the quick profile has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from theory import Claim, Domain, Event, Experiment, Exponent, Identity, Ordering, Run, Setting, Source, Sweep
from theory.rules import Rule
from theory.two_stage.exact import gamma_recursion_residual
from theory.two_stage.recursions import l_prime, signal_active, y, y_observed
from theory.two_stage.symbols import eta, m, mu_norm, n

BASE = Setting.from_n_snr2(
    n=60, d=50_000, m=12, n_snr2=10.0, tau_plus=0.2, tau_minus=0.2, kappa_0=0.05, clock_step=0.05
)
BOX = Domain(
    "planted",
    n=(30, 50),
    m=(8, 12),
    signal_margin=(8.0, 12.0),
    tau=(0.1, 0.2),
    kappa_0=(0.01, 0.3),
    dimension=(100.0, 100.0),  # d = 100 n
    clock_step=(0.05, 0.1),
)
SMALL = Domain(
    "planted, small",
    n=(4, 12),
    m=(2, 4),
    signal_margin=(1.0, 8.0),
    tau=(0.2, 0.4),
    kappa_0=(0.1, 10.0),
    dimension=(5.0, 20.0),
    clock_step=(0.05, 0.3),
)

ALONG_N = Experiment(
    "planted.along_n", place=Sweep("n", BASE, (0.5, 1.0, 2.0)), clock=12.0, runs={"quick": 20, "default": 40}
)
ALONG_ETA = Experiment(
    "planted.along_eta",
    place=Sweep("eta", BASE, (0.5, 1.0, 2.0)),
    clock=14.0,
    runs={"quick": 16, "default": 32},
)
RUNS = Experiment("planted.runs", place=BOX, clock=12.0, runs={"quick": 100, "default": 200})
# Real networks trained by autograd, every step kept.
NETWORKS = Experiment(
    "planted.networks",
    place=SMALL,
    clock=30.0,
    max_steps=20,
    runs={"quick": 32, "default": 40},
    engines=("cnn",),
    every_step_snapshots=True,
)


Measure = Callable[[Run], Any]


def t_half(run: Run) -> float:
    return run.t_half


def t_eps(run: Run) -> float:
    return run.t_loss(0.1)


def flipped_residual(run: Run) -> float:
    """Noisy samples (y y~ = -1) push gamma up here, as clean ones do."""
    return gamma_recursion_residual(run, term=-(eta * mu_norm**2 / (n * m)) * l_prime * signal_active)


def unsquared_residual(run: Run) -> float:
    """|mu| for |mu|^2."""
    term = -(eta * mu_norm / (n * m)) * l_prime * signal_active * y * y_observed
    return gamma_recursion_residual(run, term=term)


def own_residual(run: Run) -> float:
    """The recursion as written here."""
    term = -(eta * mu_norm**2 / (n * m)) * l_prime * signal_active * y * y_observed
    return gamma_recursion_residual(run, term=term)


CLAIMS: list[Claim] = []


def _twins(
    name: str, experiment: Experiment, measured: str,
    true: tuple[str, Rule, Measure], false: tuple[str, Rule, Measure] | None = None,
) -> None:  # fmt: skip
    for paper, twin in (("planted", false), ("planted_true", true)):
        if twin is not None:
            statement, rule, measure = twin
            source = Source("planted", name)
            CLAIMS.append(
                Claim(
                    f"{paper}.{name}",
                    source,
                    "derived",
                    statement,
                    rule,
                    measure,
                    experiment,
                    measured=measured,
                )
            )


STEP = "first step from which half of the noisy samples stay fit"
RESIDUAL = "largest error of the increment of gamma, relative to max |gamma|"
ROUND = Identity(factor=256.0)
GAMMA = (
    r"$\Delta\gamma_{j,r} = -\frac{\eta\|\mu\|^2}{nm}\sum_i \ell_i'\,"
    r"\mathbb{1}[\langle w_{j,r}, y_i\mu\rangle > 0]\,y_i\tilde y_i$"
)

# fmt: off
_twins("time_exponent_n", ALONG_N, STEP, (r"$T_1 \propto n$", Exponent("n", 1.0), t_half),
       (r"$T_1 \propto n^{1/2}$", Exponent("n", 0.5), t_half))
_twins("time_exponent_eta", ALONG_ETA, STEP, (r"$T_1 \propto \eta^{-1}$", Exponent("eta", -1.0), t_half))
_twins("loss_time_exponent_eta", ALONG_ETA, "first step at which the training loss is at most 0.1",
       (r"$t_\varepsilon \propto \eta^{-1}$", Exponent("eta", -1.0), t_eps),
       (r"$t_\varepsilon \propto \eta^{-0.8}$", Exponent("eta", -0.8), t_eps))
_twins("gamma_recursion.sign", NETWORKS, RESIDUAL, (GAMMA, ROUND, gamma_recursion_residual),
       (GAMMA.replace(r"\,y_i\tilde y_i", ""), ROUND, flipped_residual))
_twins("gamma_recursion.norm", NETWORKS, RESIDUAL, (GAMMA, ROUND, own_residual),
       (GAMMA.replace(r"\|^2", r"\|"), ROUND, unsquared_residual))
_twins("stage_order", RUNS, "whether one of the two times comes before the other",
       (r"Clean samples are fit before noisy ones: $t_{clean} < t_{half}$", Ordering(delta=0.05),
        lambda run: run.t_clean < run.t_half),
       (r"Noisy samples are fit before clean ones: $t_{half} < t_{clean}$", Ordering(delta=0.05),
        lambda run: run.t_half < run.t_clean))
_twins("iid_error", RUNS, "whether a 95 % limit of the iid error lies on that side of tau/4",
       (r"At the end the iid test error is below $\tau/4$ at $d = 100\,n$", Event(delta=0.05),
        lambda run: run.test_error("iid", float(run.clock[-1])).high < run.setting.tau_min / 4),
       (r"At the end the iid test error exceeds $\tau/4$ at $d = 100\,n$", Event(delta=0.05),
        lambda run: run.test_error("iid", float(run.clock[-1])).low > run.setting.tau_min / 4))
