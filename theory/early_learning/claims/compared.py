"""E9 and E10: cross entropy, ELR and KL side by side in the linear model."""

from __future__ import annotations

from functools import partial
from typing import Any

from theory.claim import Claim
from theory.early_learning.claims.identities import plain_arm
from theory.early_learning.claims.made import by_us, times
from theory.early_learning.conditions import (
    EARLY,
    ELR,
    FROM_ZERO,
    HALF_EARLY,
    MANY_DIMENSIONS,
    NO_CLAMP,
    NO_MEMORY,
    PULLED,
    STABLE,
    at_least,
    at_most,
    wrong_labels,
)
from theory.early_learning.conditions import KL as WITH_KL
from theory.early_learning.places import mixture_box
from theory.early_learning.run import MixtureRun
from theory.early_learning.setting import MixtureSetting
from theory.early_learning.symbols import gamma, lam
from theory.experiment import Experiment
from theory.place import Cells
from theory.record import AtClocks
from theory.rules import Event

__all__ = ["CLAIMS"]

KL = Experiment(
    "early_learning.compared.kl",
    place=mixture_box(
        "KL with memory",
        {
            "w": (0.1, 0.35),
            "kappa/m": (0.2, 0.8),
            "p/n": (4.0, 60.0),
            "n": (80, 120),
            "lam": (1.0, 12.0),
            "beta": (0.0, 0.95),
        },
        eta=0.1,
        loss="kl",
    ),
    clock=300.0,
    record=AtClocks((100.0, 200.0)),
    runs=times(50, 84, 200),
)
STOPPING = Experiment(
    "early_learning.compared.stopping",
    place=mixture_box(
        "ELR beside cross entropy on the same data",
        {
            "w": (0.1, 0.35),
            "kappa/m": (0.15, 0.5),
            "p/n": (20.0, 100.0),
            "n": (120, 180),
            "lam": (2.0, 6.0),
        },
        eta=0.2,
        loss="elr",
        beta=0.0,
    ),
    clock=100.0,
    runs=times(50, 84, 200),
    control=plain_arm,
)


def _appendix(w: float, **loss: Any) -> MixtureSetting:
    return MixtureSetting(n=100, p=100, sigma=0.2, flip_rate=w, eta=0.5, **loss)


def _cells(**loss: Any) -> Cells:
    return Cells("n = p = 100", tuple(({"w": w}, _appendix(w, **loss)) for w in (0.2, 0.3, 0.4)))


def _experiment(name: str, quick: int, clock: float, **loss: Any) -> Experiment:
    return Experiment(
        f"early_learning.compared.{name}",
        place=_cells(**loss),
        clock=clock,
        record=AtClocks((1.0, 10.0, 100.0, 1000.0)),
        runs=times(quick, 9, 24),
    )


PLAIN = _experiment("plain", 8, 4000.0)
WEAK = _experiment("weak", 0, 4000.0, loss="elr", lam=1.0, beta=0.7, clamp=1e-4)
STRONG = _experiment("strong", 8, 1500.0, loss="elr", lam=3.0, beta=0.7, clamp=1e-4)
STRONGER = _experiment("stronger", 0, 1500.0, loss="elr", lam=7.0, beta=0.9, clamp=1e-4)


def _beats_stopping(run: Any) -> bool:
    return bool(run.cosine[-1] > run.control.cosine.max())


def _all(run: MixtureRun) -> bool:
    return bool(run.memorised[-1] == 1.0)


def _most(run: MixtureRun, share: float) -> bool:
    return bool(run.memorised[-1] >= share)


def _none(run: MixtureRun) -> bool:
    return bool(run.memorised[-1] == 0.0 and run.test_accuracy[-1] >= 0.98)


_CHANGED = (FROM_ZERO, NO_CLAMP, PULLED, STABLE, wrong_labels(8, "E9"))
_APPENDIX = "The paper's appendix B has a linear model in R^100; its n and sigma are not stated."

CLAIMS: tuple[Claim, ...] = (
    by_us(
        "compared.beats_stopping",
        "E6 against D12",
        r"With $2 \le \lambda \le 6$ ELR ends closer to v than cross entropy is at its best step, on the "
        r"same data.",
        Event(delta=0.1),
        _beats_stopping,
        STOPPING,
        (
            *_CHANGED,
            ELR,
            NO_MEMORY,
            HALF_EARLY,
            at_least(lam, 2.0, "E6", "as stated"),
            at_most(lam, 6.0, "E6", "as stated"),
            at_least(gamma, 20.0, "E6", "p >> n"),
        ),
        measured="whether the last cosine with v is above the largest of the cross-entropy run",
        note="The test accuracy is a growing function of the cosine.",
    ),
    by_us(
        "compared.kl_memorises",
        "E9",
        r"With the KL regulariser all wrong labels are memorised in the linear model, whatever $\lambda$ "
        r"and $\beta$.",
        Event(delta=0.1),
        _all,
        KL,
        (*_CHANGED, WITH_KL, EARLY, MANY_DIMENSIONS),
        measured="whether every wrong label is memorised at tau = 300",
    ),
    by_us(
        "compared.plain",
        "E10",
        r"In the linear model with $n = p = 100$, $\sigma = .2$ cross entropy memorises every wrong label.",
        Event(delta=0.2, reason="27 runs over three flip rates"),
        _all,
        PLAIN,
        measured="whether every wrong label is memorised at tau = 4000",
        note=_APPENDIX,
    ),
    by_us(
        "compared.weak",
        "E10",
        r"In the linear model with $n = p = 100$ ELR with $\lambda = 1$ memorises wrong labels too, but "
        r"slower: at "
        r"least three quarters by $\tau = 4000$.",
        Event(delta=0.2, reason="27 runs over three flip rates"),
        partial(_most, share=0.75),
        WEAK,
        measured="whether three quarters of the wrong labels are memorised at tau = 4000",
        note=_APPENDIX,
    ),
    by_us(
        "compared.strong",
        "E10",
        r"In the linear model with $n = p = 100$ ELR with $\lambda = 3$, $\beta = .7$ memorises no wrong "
        r"label and "
        r"keeps a test accuracy above .98.",
        Event(delta=0.2, reason="27 runs over three flip rates"),
        _none,
        STRONG,
        measured="whether none is memorised and the exact test accuracy is at least .98 at tau = 1500",
        note=_APPENDIX,
    ),
    by_us(
        "compared.stronger",
        "E10",
        r"In the linear model with $n = p = 100$ ELR with $\lambda = 7$, $\beta = .9$ memorises no wrong "
        r"label and "
        r"keeps a test accuracy above .98.",
        Event(delta=0.2, reason="27 runs over three flip rates"),
        _none,
        STRONGER,
        measured="whether none is memorised and the exact test accuracy is at least .98 at tau = 1500",
        note=_APPENDIX,
    ),
)
