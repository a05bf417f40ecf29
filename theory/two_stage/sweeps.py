"""Sweeps of one parameter: through the paper's conditions from end to end, and around base settings."""

from __future__ import annotations

from theory.experiment import Experiment
from theory.two_stage.box import Sweep, SweepParameter
from theory.two_stage.setting import Setting
from theory.two_stage.sources import EPS

__all__ = ["EXACT_SCALINGS", "SWEEP_PARAMETERS", "sweep", "swept_inside"]

#: Two decades of m and d and 1.3 of n (less where runs are long), inside Condition 4.1 from end to end,
#: n SNR^2 = 20, tau = .15 and h m fixed: where a Theta keeps no power. sigma_xi scales exactly, with |mu| by
#: the same factor, sigma_0 by its inverse and eta by its inverse square: a scale that does not is seen at
#: once. eta has no sweep.
_ALONG: dict[SweepParameter, tuple[dict[str, float], tuple[float, ...]]] = {
    "n": ({"n": 40, "m": 10, "d": 1.2e7, "step": 0.29}, (1.0, 2.0, 4.5, 9.0, 20.0)),
    "m": ({"n": 40, "m": 7, "d": 5e4, "step": 0.95}, (1.0, 4.0, 20.0, 100.0)),
    "d": ({"n": 60, "m": 10, "d": 5e4, "step": 0.6}, (1.0, 3.0, 10.0, 30.0, 100.0)),
    "sigma_xi": ({"n": 40, "m": 10, "d": 5e4, "step": 0.6}, (1.0, 3.0, 10.0)),
}

#: Why eta has no sweep.
EXACT_SCALINGS = {
    "eta": "it sets the time unit of the flow; beside it only the step h <= 1/m, as in Euler's method",
}


def swept_inside(
    parameter: SweepParameter,
    factors: tuple[float, ...] | None = None,
    n_snr2: float = 20.0,
    tau: float = 0.15,
) -> Sweep:
    """One parameter through the paper's conditions, by these factors or by all that stay inside them."""
    numbers, usual = _ALONG[parameter]
    base = Setting.from_n_snr2(
        n=round(numbers["n"]),
        d=round(numbers["d"]),
        m=round(numbers["m"]),
        n_snr2=n_snr2,
        tau_plus=tau,
        tau_minus=tau,
        kappa_0=0.03,
        clock_step=numbers["step"] / numbers["m"],
    )
    return Sweep(parameter, base, factors or usual, hold="step")


#: Not sigma_xi: at the same n SNR^2 and kappa_0 a run at c sigma_xi is the run at c^2 eta, step for step.
SWEEP_PARAMETERS: tuple[SweepParameter, ...] = ("eta", "n", "m", "d")

_SWEEP_FACTORS: dict[SweepParameter, tuple[float, ...]] = {
    "eta": (0.25, 0.5, 1.0, 2.0, 4.0),
    # A slope is decided by its ends and paid for at the upper one.
    "n": (1 / 3, 0.5, 4 / 3),
    "m": (0.4, 0.6, 2.4),
    "d": (0.25, 0.5, 1.0, 2.0, 4.0),
}

#: With 22 replicates alone, all points count.
_WIDE_FACTORS = (0.4, 0.6, 1.0, 1.6, 2.4)

# n and m change the draw, so pairing cannot cancel their scatter: they need more replicates. The quick
# profile tells a wrong exponent from the right one; the default one certifies the margin.
_SWEEP_RUNS = {
    "eta": {"quick": 16, "default": 32, "full": 200},
    "n": {"quick": 12, "default": 520, "full": 1000},
    "m": {"quick": 12, "default": 100, "full": 400},
    "d": {"quick": 8, "default": 40, "full": 200},
}


def sweep(parameter: SweepParameter, kappa_0: float = 0.01) -> Experiment:
    """Runs along one parameter around a base setting, n SNR^2 = 10, tau = 0.2, kappa_0 and eta fixed.

    At kappa_0 = 0.01 the base d is of order 10 n^2 (the paper's regime), at large kappa_0 it keeps
    iota < 0.05 over the whole sweep. The sweep in n starts from more samples than the others: medians over
    few flipped labels are biased by order 1/n, which would pass for a change of the exponent. The sweep in m
    at large kappa_0 starts from 100 filters: late times go with the harmonic mean of the shares
    p = Bin(m, 1/2)/m, which exceeds 2 by order 1/m. A run ends where its loss is at most .1: t_half and that
    time itself are known then, a later time is not.
    """
    large = kappa_0 >= 1
    many = parameter == "n"
    wide = large and parameter == "m"
    base = Setting.from_n_snr2(
        n=240 if many else 60 if wide else 120,
        d=10**10 if large else 2_000_000,
        m=12 if many else 250 if wide else 20,
        n_snr2=10.0,
        tau_plus=0.2,
        tau_minus=0.2,
        kappa_0=kappa_0,
        # Along eta the step itself varies, up to .12; elsewhere a longer one serves.
        clock_step=0.03 if parameter == "eta" else 0.08 if wide else 0.06,
    )
    regime = "large_init" if large else "paper"
    runs = _SWEEP_RUNS[parameter]
    return Experiment(
        id=f"two_stage.sweep.{regime}.{parameter}",
        place=Sweep(parameter, base, _WIDE_FACTORS if wide else _SWEEP_FACTORS[parameter]),
        clock=24.0 if large else 14.0,
        snapshots=(1.0,),
        runs={**runs, "quick": 0, "default": 200 if many else 22 if wide else 16} if large else runs,
        max_steps=4000,
        stop=(("loss", EPS),),
    )
