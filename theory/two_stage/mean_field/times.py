r"""Stage times, trajectories and test errors with their constants: laws without a free parameter, in runs.

The paper leaves these as Theta(.). Each claim here names the regime of kappa_0 it speaks of: the mean field's
law of the active share is leading order in n/d and good for kappa_0 >= 0.3; at kappa_0 >= 10, outside the
bound of Condition 4.1 on sigma_0, p is 1/2 up to .016. The per-sample law and the D_test law read the active
filters or the coefficients from the run and so hold at any kappa_0.

Source: derived here (`docs/derivations/mean_field.md`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from theory.claim import Claim, Prediction
from theory.experiment import Experiment
from theory.rules import Band, Calibration, Law, ZScores
from theory.run import NotApplicable
from theory.two_stage import conditions, predictions
from theory.two_stage.box import Domain
from theory.two_stage.conditions import DEFAULT_CONSTANTS
from theory.two_stage.derived_claim import derived_claim
from theory.two_stage.experiments import EVENT_GRID
from theory.two_stage.flipped import of_flipped_labels
from theory.two_stage.mean_field.event_law import misfit_probability
from theory.two_stage.mean_field.mean_field import Population, mean_field, population, trajectory_sd
from theory.two_stage.mean_field.sample_law import memorisation_error, run_sample_law
from theory.two_stage.mean_field.time_errors import stage_time
from theory.two_stage.run import Run
from theory.two_stage.sources import C_T1
from theory.two_stage.stays import share_time, stay_times

__all__ = ["CLAIMS", "DTEST", "SAMPLE_LAW", "TIMES", "TIMES_BOX", "judged_population"]

#: Fewest flipped labels, and least realised a_y (1 - 2 tau_y), for which a predicted time is judged: with
#: fewer
#: the median is a single sample's time, and below 2 the time diverges with the realised rate.
LEAST_NOISY = 15
LEAST_SIGNAL = 2.0

#: D_test errors are looked at in Stage I, during the transition, and at the end.
DTEST_CLOCKS = (C_T1, 2.0, 4.0, 12.0)

#: Large initialisation, signals on both sides of strong enough.
TIMES_BOX = Domain(
    "sharp times",
    n=(80, 160),
    m=(20, 40),
    signal_margin=(3.0, 12.0),
    tau=(0.1, 0.3),
    kappa_0=(10.0, 1000.0),
    dimension=(1e8, 1e10),
    clock_step=(0.06, 0.1),
)

#: Long enough for t_all: the last sample takes up to four times as long as the median one.
TIMES = Experiment(
    id="two_stage.sharp.times",
    place=TIMES_BOX,
    clock=24.0,
    runs={"quick": 0, "default": 600, "full": 2000},
)


def _sample_law_runs(name: str, kappa_0: float) -> Experiment:
    return Experiment(
        id=f"two_stage.sharp.samples.{name}",
        place=Domain(
            f"sample law, {name}",
            n=(50, 100),
            m=(15, 30),
            signal_margin=(3.0, 10.0),
            tau=(0.1, 0.25),
            kappa_0=(kappa_0, kappa_0),
            dimension=(1e4, 1e8),
            clock_step=(0.06, 0.1),
        ),
        clock=10.0,
        runs={"quick": 16, "default": 40, "full": 400},
        every_step_snapshots=True,
    )


SAMPLE_LAW = {
    "moderate_init": _sample_law_runs("moderate_init", 1.0),
    "small_init": _sample_law_runs("small_init", 0.01),
}

#: Far from the boundary a(1 - 4 tau) = 2p beyond which clean samples outweigh the signal too, 2 where every
#: filter is active: close to it many samples lie at the threshold, where fresh noise decides. Of 400 runs at
#: rates of .12 to .2 seven were off by more than the margin, all above .165 with a(1 - 4 tau) below 6.5.
DTEST = Experiment(
    id="two_stage.sharp.dtest",
    place=Domain(
        "D_test error",
        n=(50, 90),
        m=(10, 20),
        signal_margin=(10.0, 16.0),
        tau=(0.1, 0.16),
        kappa_0=(0.01, 1.0),
        dimension=(100.0, 10_000.0),
        clock_step=(0.06, 0.1),
    ),
    clock=DTEST_CLOCKS[-1],
    runs={"quick": 96, "default": 170, "full": 800},
    snapshots=DTEST_CLOCKS[:-1],
)


def judged_population(run: Run) -> Population | NotApplicable:
    """The run's population, where a stage time can be predicted from it."""
    pop = population(run.setting, run.y, run.y_observed)
    if sum(noisy for _, noisy in pop.counts) < LEAST_NOISY:
        return NotApplicable(f"fewer than {LEAST_NOISY} labels were flipped")
    strength = min(2 * pop.a * (clean - noisy) / pop.n for clean, noisy in pop.counts)
    if strength < LEAST_SIGNAL:
        return NotApplicable(f"a realised a_y(1 - 2 tau_y) is below {LEAST_SIGNAL:g}")
    if run.setting.clock_step > 4 * pop.n / (2 * pop.a * max(map(sum, pop.counts))):
        return NotApplicable("the step exceeds 4/a_y")
    return pop


def _t_half(run: Run) -> tuple[float, float, float, float] | NotApplicable:
    """Clock of t_half, predicted clock and sd; both are interpolated, so nothing is rounded."""
    pop = judged_population(run)
    if isinstance(pop, NotApplicable):
        return pop
    predicted = stage_time(pop, len(run.steps) - 1, 0.5)
    if predicted is None:
        return NotApplicable("no t_half is predicted within the run")
    return run.t_half * run.setting.clock_step, predicted.clock, predicted.sd, 0.0


def _trajectory(run: Run) -> float | NotApplicable:
    """Largest deviation of gamma, mean margins and loss from the mean field over 5 sd + iota, at any step."""
    pop = judged_population(run)
    if isinstance(pop, NotApplicable):
        return pop
    steps = len(run.steps) - 1
    field = mean_field(pop, steps)
    sd_gamma, sd_margins, sd_loss = trajectory_sd(pop, steps)
    worst = [
        np.max(np.abs(run.gamma.mean(axis=2) - field.gamma) / (5 * sd_gamma + pop.iota)),
        np.max(np.abs(run.train_loss - field.train_loss) / (5 * sd_loss + pop.iota)),
    ]
    for c, label in enumerate((1, -1)):
        for kind, who in enumerate((run.clean, run.noisy)):
            chosen = who & (run.y == label)
            if chosen.any():
                off = np.abs(run.margins[:, chosen].mean(axis=1) - field.margins[:, c, kind])
                worst.append(np.max(off / (5 * sd_margins[:, c, kind] + pop.iota)))
    return float(max(worst))


@of_flipped_labels
def _sample_t_half(run: Run) -> tuple[float, float] | NotApplicable:
    paths = run_sample_law(run)
    predicted = share_time(stay_times(paths.margins[:, run.noisy], run.steps), 0.5)
    if min(run.t_half, predicted) == 0:
        return NotApplicable("half of the noisy samples are fit from the start")
    return run.t_half, predicted


def _dtest(run: Run) -> float:
    """Largest difference of the D_test error from its law, over .01 + 3 Monte Carlo standard deviations."""
    worst = 0.0
    for clock in DTEST_CLOCKS:
        predicted = memorisation_error(run, clock)
        measured = run.test_error("spurious", clock)
        # The exact 95 % interval is 2 x 1.96 sd wide; at rates near 0 it is wider, never narrower.
        sd = (measured.high - measured.low) / (2 * 1.96)
        worst = max(worst, abs(measured.value - predicted) / (0.01 + 3 * sd))
    return worst


def _dtest_size(run: Run) -> tuple[float, float] | NotApplicable:
    """D_test error and its law, summed over the clocks."""
    predicted = sum(memorisation_error(run, clock) for clock in DTEST_CLOCKS)
    if predicted == 0:
        return NotApplicable("nothing is memorised within the run")
    return sum(run.test_error("spurious", clock).value for clock in DTEST_CLOCKS), predicted


@of_flipped_labels
def _event(run: Run) -> tuple[bool, float]:
    pop = population(run.setting, run.y, run.y_observed)
    return run.clean_fit(C_T1) and run.noisy_misfit(C_T1), misfit_probability(pop, C_T1)


_LARGE_INIT = tuple(conditions.ALL[name] for name in ("kappa_large", "iota_small", "clock_step"))
_SECTION = "docs/derivations/mean_field.md, "


def _claim(name: str, section: str, *given: Any, **more: Any) -> Claim:
    return derived_claim(
        f"sharp.{name}", _SECTION + section, *given, **{"parents": ("two_stage.closure",), **more}
    )


CLAIMS = (
    _claim(
        "t_half",
        "Stage times",
        r"Half of the flipped labels are memorised at the clock at which the mean field says, and runs "
        r"scatter "
        r"around it as the error model says; nothing fitted, $\kappa_0 \ge 10$",
        ZScores(
            reason="a normal value lies beyond 4 sd in one run of 16,000; what the error model leaves out "
            "is the "
            "next order, of relative size 1/sqrt(15) = .26 in the variance at 15 flipped labels, .13 in "
            "the sd"
        ),
        _t_half,
        "clock of t_half, its prediction from the run's label counts, and the prediction's sd",
        experiment=TIMES,
        conditions=_LARGE_INIT,
        prediction=Prediction(
            "t_{half}",
            predictions.stage_one_time(),
            "gradient steps",
            {"c_T": "derived: the order statistic of the crossing law, computed for the run's label counts"},
        ),
        note="kappa_0 >= 10 lies outside Condition 4.1's bound on sigma_0, which is kappa_0 <= 1/C.",
    ),
    _claim(
        "trajectories",
        "Trajectories",
        r"$\gamma$, the mean margins of clean and noisy samples and the training loss follow the mean "
        r"field at "
        r"EVERY step, within 5 predicted standard deviations plus $\iota$; $\kappa_0 \ge 10$",
        Band(
            0.0,
            1.0,
            "5 sd at hundreds of correlated steps and seven quantities leaves a normal value out in far "
            "less than "
            "one run of 20; iota is the size of an initial pre-activation, which the mean field replaces "
            "by its mean",
        ),
        _trajectory,
        "largest deviation over its margin, over all steps",
        experiment=TIMES,
        conditions=_LARGE_INIT,
        parents=("two_stage.sharp.t_half",),
    ),
    *(
        _claim(
            f"sample_law.{name}",
            "Single samples",
            r"$\dot G_i = g(M_i)$, $\dot P_i = p_i(s)\,q_i\,g(M_i)$ with the active shares $p_i(s)$ of the "
            r"run gives "
            rf"$t_{{half}}$ at $\kappa_0 = {experiment.place.kappa_0[0]:g}$",  # type: ignore[union-attr]
            Law(
                0.02,
                reason="cross-talk between samples, of relative size sqrt(n/d) <= .01 over the box, is "
                "left out",
            ),
            _sample_t_half,
            "t_half of the run and of the law, in steps",
            experiment=experiment,
            note="The shares are integrated along the path; frozen at the start they give a t_half that is "
            "wrong by up to a factor 2 at kappa_0 = 0.01.",
        )
        for name, experiment in SAMPLE_LAW.items()
    ),
    _claim(
        "dtest_is_memorisation",
        "Test errors",
        r"At every time the $\mathcal{D}_{test}$ error is $\frac12\hat\tau$ times the memorised fraction "
        r"of the noisy "
        r"samples plus $\frac1{2n}\#\{\mathrm{clean}\ I: P_I > \gamma_{-y_I}\}$, at $d/n \ge 100$",
        Band(
            0.0,
            1.0,
            ".01 for samples so close to the threshold that the fresh noise, of relative size sqrt(n/d) <= "
            ".1, "
            "decides; 3 standard deviations of the Monte Carlo estimate",
        ),
        _dtest,
        "largest difference over (.01 + 3 Monte Carlo sd), at four clocks from T_1 to the end",
        experiment=DTEST,
        conditions=(conditions.ALL["dimension_ratio"],),
        constants=DEFAULT_CONSTANTS.with_(c_ratio=100.0),
    ),
    _claim(
        "dtest_size",
        "Test errors",
        r"In the median over runs the $\mathcal{D}_{test}$ error is $\frac12\hat\tau$ times the memorised "
        r"fraction "
        r"of the noisy samples plus the clean ones with noise above signal, at $d/n \ge 100$",
        Law(0.05, reason="half of what samples close to the threshold may change in a run at d/n = 100"),
        _dtest_size,
        "D_test error and its law, each summed over four clocks",
        experiment=DTEST,
        conditions=(conditions.ALL["dimension_ratio"],),
        constants=DEFAULT_CONSTANTS.with_(c_ratio=100.0),
        parents=("two_stage.sharp.dtest_is_memorisation",),
    ),
    _claim(
        "event_probability",
        "Events",
        r"Theorem 4.1's event at $T_1$ has probability $\prod_y \Phi(-M_n^y/(\Psi_y\sqrt{v_y}))^{N_y}$ "
        r"given the label "
        r"counts, over the grid of $a(1-2\tau)$ and $\tau$ at $\kappa_0 = 100$",
        Calibration(
            0.05,
            reason="0.1 in the quarter of the cells whose probability is neither 0 nor 1: the crossing law "
            "is Gaussian in a binomial share; its tail is raised to the "
            "power of the number of flipped labels",
        ),
        _event,
        "whether the event happens, and its predicted probability given the run's label counts",
        experiment=EVENT_GRID,
        conditions=(conditions.ALL["kappa_large"],),
        parents=("two_stage.theorem_4_1.event_map",),
    ),
)
