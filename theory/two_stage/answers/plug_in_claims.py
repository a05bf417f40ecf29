"""Whether what a stop must know, n SNR^2 and the share of flipped labels, can be read off the data."""

from __future__ import annotations

from theory.rules import Band, Law
from theory.run import NotApplicable
from theory.two_stage.answers.plug_in import estimates
from theory.two_stage.answers.stage_event import answer_claim
from theory.two_stage.answers.stopping_runs import SOURCE, STOPPING, WIDE
from theory.two_stage.run import Run

__all__ = ["CLAIMS"]


def _a_ratio(run: Run) -> tuple[float, float] | NotApplicable:
    found = estimates(run)
    return found if isinstance(found, NotApplicable) else (found.a, run.setting.n_snr2)


def _a_deviation(run: Run) -> float | NotApplicable:
    """a^/a - 1"""
    found = estimates(run)
    return found if isinstance(found, NotApplicable) else found.a / run.setting.n_snr2 - 1


def _rate_deviation(run: Run) -> float | NotApplicable:
    """The estimated share of flipped labels minus the realised one."""
    found = estimates(run)
    return found if isinstance(found, NotApplicable) else found.flip_rate - float(run.noisy.mean())


CLAIMS = (
    answer_claim(
        "plug_in.a",
        r"The plug-in estimate of $a = n\,\mathrm{SNR}^2$ is right in the median, to 2 %",
        _a_ratio,
        STOPPING,
        "estimated a against the setting's",
        source=SOURCE,
        rule=Law(0.02, "no stop moves by a step for it: d ln s_2 / d ln a is below 0.5"),
    ),
    answer_claim(
        "plug_in.flip_rate",
        "The plug-in estimate of the share of flipped labels is right to 0.01",
        _rate_deviation,
        STOPPING,
        "estimated minus realised share of flipped labels",
        source=SOURCE,
        rule=Band(-0.01, 0.01, "less than one label of these data sets"),
    ),
    answer_claim(
        "wide.plug_in.a",
        r"Weak signals and high flip rates: the plug-in estimate of $a$ is right to 20 %",
        _a_deviation,
        WIDE,
        "estimated a over the setting's, minus 1",
        source=SOURCE,
        rule=Band(-0.2, 0.2, "s_2 moves by at most a tenth for it where a(1 - 2 tau) > 4", delta=0.15),
    ),
    answer_claim(
        "wide.plug_in.flip_rate",
        "Weak signals and high flip rates: the plug-in estimate of the share of flipped labels is right to "
        "0.05",
        _rate_deviation,
        WIDE,
        "estimated minus realised share of flipped labels",
        source=SOURCE,
        rule=Band(-0.05, 0.05, "two to four labels of these data sets", delta=0.1),
    ),
)
