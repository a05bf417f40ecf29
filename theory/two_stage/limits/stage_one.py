"""Whether Stage I exists: which way noisy samples are pushed first."""

from __future__ import annotations

import numpy as np

from theory.claim import Claim
from theory.experiment import Experiment
from theory.rules import Event, Law
from theory.run import NotApplicable
from theory.two_stage.box import Domain
from theory.two_stage.conditions import ALL, DEFAULT_CONSTANTS
from theory.two_stage.limits import dynamics as limit_dynamics
from theory.two_stage.limits.claim import sharp_claim
from theory.two_stage.run import Run

__all__ = ["CLAIMS", "SHARP_START", "SHARP_START_SMALL", "first_push", "neutral_strength"]

#: The first quarter of a time unit, on both sides of Stage I's threshold; kappa_0 >> 1, iota <= 0.01.
SHARP_START = Experiment(
    id="two_stage.sharp.start",
    place=Domain(
        "sharp, start",
        n=(60, 120),
        m=(16, 24),
        signal_margin=(0.2, 4.0),
        tau=(0.05, 0.25),
        kappa_0=(100.0, 1000.0),
        dimension=(1e10, 1e12),
        clock_step=(0.02, 0.05),
    ),
    clock=0.25,
    runs={"quick": 260, "default": 400, "full": 2000},
    snapshots=(),
)


#: The paper's regime of kappa_0. In the first step cross-talk switches filters on, and from then on the
#: pattern of a linear growth stays: p is read after it.
SHARP_START_SMALL = Experiment(
    id="two_stage.sharp.start_small",
    place=Domain(
        "sharp, start, small initialisation",
        n=(60, 120),
        m=(30, 50),
        signal_margin=(1.0, 6.0),
        tau=(0.05, 0.25),
        kappa_0=(0.003, 0.3),
        dimension=(1e8, 1e10),
        clock_step=(0.02, 0.04),
    ),
    clock=0.16,
    runs={"quick": 120, "default": 160, "full": 2000},
    every_step_snapshots=True,
)


#: Relative distance from the threshold: at s = 0.25 curvature moves it by less than 10 %, the rest is for
#: the fluctuation of cross-talk.
START_GAP = 1.25


def first_push(run: Run, exists: bool, threshold: float = 2.0) -> bool | NotApplicable:
    """Whether the class's mean noisy margin first falls (`exists`) or rises, in every class on that side.

    A class is on the side of Stage I when `a_y (1 - 2 tau_y) > 1.25 threshold p`, with its noisy samples'
    mean `p_i q_i`; on the other when it is below `threshold p / 1.25`.
    """
    s = run.setting
    weight = run.active_fraction[0] * np.diag(run.gram)[1:] / (s.sigma_xi**2 * s.d)
    outcomes = []
    for label in (1.0, -1.0):
        of, noisy = run.y == label, run.noisy & (run.y == label)
        if not noisy.any():
            continue
        a_y = 2 * s.n_snr2 * float(of.mean())
        strength = (
            a_y * (1 - 2 * float(noisy.sum()) / float(of.sum())) / (threshold * float(weight[noisy].mean()))
        )
        if strength > START_GAP if exists else strength < 1 / START_GAP:
            change = float(np.mean(run.margins[-1, noisy] - run.margins[0, noisy]))
            outcomes.append(change < 0 if exists else change > 0)
    if not outcomes:
        return NotApplicable("no class on this side of the threshold, at a distance of 25 %")
    return all(outcomes)


#: Fewest noisy samples of a class whose mean push is looked at.
LEAST_PUSHED = 3


def neutral_strength(
    run: Run, threshold: float = 2.0, rate_factor: float = -2.0
) -> tuple[float, float] | NotApplicable:
    r"""The strength `x = a_y (1 - 2 tau_y)/p` at which noisy samples would not be pushed at all, and 2.

    The push is `M_n' = (p/2)(1 - x/2)` while slopes are 1/2. So a run at strength x whose mean noisy margin
    moves at rate r shows the neutral strength `x/(1 - 2r/p)`. Measured over the second step: in the first,
    half of the filters still point away from their class's signal. p is that of the step before, where it is
    kept, else that of the start, which it keeps at large kappa_0. The mean over classes; `threshold` and
    `rate_factor` (the -2 of 1 - 2 tau) are there to be set wrong.
    """
    s = run.setting
    if len(run.margins) < 3:
        return NotApplicable("the run has fewer than two steps")
    kept = np.flatnonzero(run.snapshot_steps == 1)
    pattern = run.active_fraction[int(kept[0]) if len(kept) else 0]
    weight = pattern * np.diag(run.gram)[1:] / (s.sigma_xi**2 * s.d)
    found = []
    for label in (1.0, -1.0):
        of, noisy = run.y == label, run.noisy & (run.y == label)
        if noisy.sum() < LEAST_PUSHED:
            continue
        p = float(weight[noisy].mean())
        rate = float(noisy.sum()) / float(of.sum())
        strength = 2 * s.n_snr2 * float(of.mean()) * (1 + rate_factor * rate) / p
        push = float(np.mean(run.margins[2, noisy] - run.margins[1, noisy])) / s.clock_step
        found.append(strength / (1 - 2 * push / p))
    if not found:
        return NotApplicable(f"no class has {LEAST_PUSHED} flipped labels")
    return float(np.mean(found)), threshold


_PATTERN_STAYS = (ALL["kappa_large"], ALL["iota_small"])
#: Initial signs alone decide the pattern, and the head start of the margins is a hundredth.
_SHARP = DEFAULT_CONSTANTS.with_(c_kappa=100.0, c_iota=0.01)
_SMALL = (ALL["kappa_small"], ALL["iota_small"], ALL["dimension_ratio"], ALL["slopes_at_half"])

CLAIMS: tuple[Claim, ...] = (
    sharp_claim(
        "stage_one.exists",
        "Stage I",
        r"Where $a_y(1-2\tau_y) > 2p$, noisy samples are first pushed the wrong way",
        Event(
            delta=0.05,
            reason="25 % from the threshold; the class mean over few noisy samples may still fluctuate",
        ),
        lambda run: first_push(run, exists=True),
        "whether the mean noisy margin falls over the first quarter of a time unit, in every class above "
        "the threshold",
        limit_dynamics.prove_stage_one,
        SHARP_START,
        conditions=_PATTERN_STAYS,
        constants=_SHARP,
        note="At kappa_0 >= 100, outside Condition 4.1's bound on sigma_0.",
    ),
    sharp_claim(
        "stage_one.absent",
        "Stage I",
        r"Where $a_y(1-2\tau_y) < 2p$, there is no Stage I: noisy samples move toward their label at once",
        Event(
            delta=0.05,
            reason="25 % from the threshold; the class mean over few noisy samples may still fluctuate",
        ),
        lambda run: first_push(run, exists=False),
        "whether the mean noisy margin rises over the first quarter of a time unit, in every class below "
        "the threshold",
        limit_dynamics.prove_stage_one,
        SHARP_START,
        conditions=_PATTERN_STAYS,
        constants=_SHARP,
        note="At kappa_0 >= 100, outside Condition 4.1's bound on sigma_0.",
    ),
    sharp_claim(
        "stage_one.threshold",
        "Stage I",
        r"The strength at which noisy samples are pushed neither way is $a_y(1-2\tau_y) = 2p$",
        Law(margin=0.05, reason="slopes have left 1/2 by h a/4 <= .05 when the second step is made"),
        neutral_strength,
        "neutral a_y(1-2 tau_y)/p extrapolated from the second step's push, and 2",
        limit_dynamics.prove_stage_one,
        SHARP_START,
        conditions=(*_PATTERN_STAYS, ALL["slopes_at_half"]),
        constants=_SHARP,
        note="At kappa_0 >= 100, outside Condition 4.1's bound on sigma_0.",
    ),
    sharp_claim(
        "stage_one.threshold.small_init",
        "Stage I",
        r"At $\kappa_0 \le .3$ too noisy samples are pushed neither way at $a_y(1-2\tau_y) = 2p$, with the "
        r"share $p$ that cross-talk has switched on in the first step",
        Law(margin=0.05, reason="slopes have left 1/2 by h a/4 <= .05 when the second step is made"),
        neutral_strength,
        "neutral a_y(1-2 tau_y)/p extrapolated from the second step's push, and 2",
        limit_dynamics.prove_stage_one,
        SHARP_START_SMALL,
        conditions=_SMALL,
        constants=DEFAULT_CONSTANTS.with_(c_iota=0.01),
        note="Inside Condition 4.1's bound on sigma_0.",
    ),
)
