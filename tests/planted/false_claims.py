r"""A claims file with statements that are false, each close to one that is true.

    python -m verify run --claims-file tests/planted/false_claims.py --claims "planted.*"

must refute every one of them. The true statements stand in `true_claims.py` under the same names.
"""

from __future__ import annotations

from theory import Claim, Domain, Event, Experiment, Exponent, Identity, Ordering, Run, Setting, Source, Sweep
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


def t_half(run: Run) -> float:
    return run.t_half


def t_eps(run: Run) -> float:
    return run.t_loss(0.1)


def noisy_first(run: Run) -> bool:
    return run.t_half < run.t_clean


def iid_error_large(run: Run) -> bool:
    return run.test_error("iid", float(run.clock[-1])).low > run.setting.tau_min / 4


def flipped_residual(run: Run) -> float:
    """Noisy samples (y y~ = -1) push gamma up here, as clean ones do."""
    return gamma_recursion_residual(run, term=-(eta * mu_norm**2 / (n * m)) * l_prime * signal_active)


def unsquared_residual(run: Run) -> float:
    """|mu| for |mu|^2."""
    term = -(eta * mu_norm / (n * m)) * l_prime * signal_active * y * y_observed
    return gamma_recursion_residual(run, term=term)


CLAIMS = [
    Claim(
        id="planted.time_exponent_n",
        source=Source("planted", "T_1 against n"),
        provenance="derived",
        statement=r"$T_1 \propto n^{1/2}$",
        rule=Exponent("n", 0.5),
        measure=t_half,
        experiment=ALONG_N,
        measured="first step from which half of the noisy samples stay fit",
    ),
    Claim(
        id="planted.loss_time_exponent_eta",
        source=Source("planted", "t_eps against eta"),
        provenance="derived",
        statement=r"$t_\varepsilon \propto \eta^{-0.8}$",
        rule=Exponent("eta", -0.8),
        measure=t_eps,
        experiment=ALONG_ETA,
        measured="first step at which the training loss is at most 0.1",
    ),
    Claim(
        id="planted.gamma_recursion.sign",
        source=Source("planted", "gamma recursion"),
        provenance="derived",
        statement=r"$\Delta\gamma_{j,r} = -\frac{\eta\|\mu\|^2}{nm}\sum_i \ell_i'\,"
        r"\mathbb{1}[\langle w_{j,r}, y_i\mu\rangle > 0]$",
        rule=Identity(factor=256.0),
        measure=flipped_residual,
        experiment=NETWORKS,
        measured="largest error of the increment of gamma, relative to max |gamma|",
    ),
    Claim(
        id="planted.gamma_recursion.norm",
        source=Source("planted", "gamma recursion"),
        provenance="derived",
        statement=r"$\Delta\gamma_{j,r} = -\frac{\eta\|\mu\|}{nm}\sum_i \ell_i'\,"
        r"\mathbb{1}[\langle w_{j,r}, y_i\mu\rangle > 0]\,y_i\tilde y_i$",
        rule=Identity(factor=256.0),
        measure=unsquared_residual,
        experiment=NETWORKS,
        measured="largest error of the increment of gamma, relative to max |gamma|",
    ),
    Claim(
        id="planted.stage_order",
        source=Source("planted", "order of the stages"),
        provenance="derived",
        statement=r"Noisy samples are fit before clean ones: $t_{half} < t_{clean}$",
        rule=Ordering(delta=0.05),
        measure=noisy_first,
        experiment=RUNS,
        measured="whether half of the noisy samples stay fit before all clean ones do",
    ),
    Claim(
        id="planted.iid_error",
        source=Source("planted", "iid error after memorisation"),
        provenance="derived",
        statement=r"At the end the iid test error exceeds $\tau/4$ at $d = 100\,n$",
        rule=Event(delta=0.05),
        measure=iid_error_large,
        experiment=RUNS,
        measured="whether the 95 % lower limit of the iid error exceeds tau/4",
    ),
]
