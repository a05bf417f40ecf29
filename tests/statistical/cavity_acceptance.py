"""The cavity law against gradient descent at random settings, as its page reports it.

`python -m tests.statistical.cavity_acceptance --seed N`. Every setting is drawn with its labels; a run of
the engine that is exact in law gives t_half and t_all, and the law, or the law with a part left out, gives
replicates of them. No setting is excluded but those that the law itself, before the run is looked at, puts
beyond the horizon or at the first step with probability above 5 %.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulation import train
from theory.rng import derive_seed, generator
from theory.two_stage.box import Domain
from theory.two_stage.cavity import places
from theory.two_stage.cavity.law import REPLICATES, cavity_law
from theory.two_stage.cavity.terms import FULL, Terms
from theory.two_stage.mean_field.mean_field import Population, population
from theory.two_stage.mean_field.sampled_field import TimeLaw, normal_score
from theory.two_stage.setting import Setting
from theory.two_stage.stays import share_time, stay_times

#: The box of the criteria; `small` is what a test affords.
WIDE = replace(places.WIDE.place, accept=None)
SMALL = replace(places.TIMES.place, accept=None)
#: By name; the last four lie where the law is not claimed.
BOXES: Mapping[str, Domain] = {
    "wide": WIDE,
    "small": SMALL,
    # Of the criteria's box, where nearly all settings have 15 flipped labels and strength 3.
    "budget": replace(
        WIDE, n=(100, 180), m=(20, 60), signal_margin=(5.0, 16.0), tau=(0.15, 0.3), clock_step=(0.06, 0.1)
    ),
    "strong": replace(SMALL, signal_margin=(15.0, 30.0)),
    "d/n=5": replace(SMALL, dimension=(5.0, 5.0), kappa_0=(1e-3, 0.1)),
    "d/n=2": replace(SMALL, dimension=(2.0, 2.0), kappa_0=(1e-3, 0.1)),
    "m=5": replace(SMALL, m=(5, 5)),
    "tau=.4": replace(SMALL, tau=(0.4, 0.4)),
}
HORIZON = 14.0

#: The parts that can be left out.
MUTATIONS: Mapping[str, Terms] = {
    "law": FULL,
    "no signal cross-talk": Terms(signal=False),
    "no shared field": Terms(shared=False),
    "no U": Terms(filters=False),
    "U of fixed direction": Terms(rotating=False),
    "no other side": Terms(other_side=False),
    "no trace of the symmetry": Terms(symmetric=False),
}


@dataclass(frozen=True)
class Row:
    """One run against one law: normal scores and log ratios to the law's mean of t_half and t_all."""

    setting: Setting
    noisy: int
    strength: float
    half: float
    all: float
    half_log: float
    all_log: float


def settings(box: Domain, seed: int, count: int) -> list[Setting]:
    """Random settings with iota <= .1."""
    rng = generator(seed, "cavity acceptance")
    out: list[Setting] = []
    while len(out) < count:
        setting = box.draw(rng)
        if isinstance(setting, Setting) and setting.iota <= 0.1:
            out.append(setting)
    return out


def _score(law: TimeLaw, share: float, step: float, clock_step: float) -> tuple[float, float]:
    times = law.times(share)
    if law.censored(share) > 0.05 or float(np.mean(times <= clock_step)) > 0.05:
        return math.nan, math.nan
    clock = min(step * clock_step, law.end)
    return normal_score(clock, times), math.log(max(clock, 1e-9) / float(times.mean()))


def rows(
    box: Domain, seed: int, count: int, laws: Iterable[str], replicates: int = REPLICATES
) -> dict[str, list[Row]]:
    """One run at each setting against every law named."""
    out: dict[str, list[Row]] = {name: [] for name in laws}
    for k, setting in enumerate(settings(box, seed, count)):
        steps = math.ceil(HORIZON / setting.clock_step)
        run = train(
            setting, steps=steps, engine="law", seed=derive_seed(seed, "run", k), record_coefficients=False
        )
        flipped = run.y != run.y_observed
        if not flipped.any():
            continue
        pop = population(setting, run.y, run.y_observed)
        stays = stay_times(run.margins[:, flipped], run.steps)
        for name, found in out.items():
            law = cavity_law(pop, steps, replicates, MUTATIONS[name])
            half, half_log = _score(law.times, 0.5, share_time(stays, 0.5), setting.clock_step)
            last, all_log = _score(law.times, 1.0, share_time(stays, 1.0), setting.clock_step)
            found.append(Row(setting, int(flipped.sum()), _strength(pop), half, last, half_log, all_log))
    return out


def budget(
    box: Domain, seed: int, count: int, runs: int, replicates: int = REPLICATES
) -> dict[str, tuple[int, float, float, float, float]]:
    """Criterion A2, over settings with a_y (1 - 2 tau_y) >= 3 in every class and 15 flipped labels or more in
    every run: their number, the mean of ln t less the law's mean of it, its root mean square over settings,
    what sampling explains of that (of `runs` runs and of the replicates), and the upper 95 % limit of the
    rest. In logarithms on both sides: a maximum's law is skew, and the logarithm of its mean is no mean.
    """
    errors: dict[str, list[float]] = {"t_half": [], "t_all": []}
    noise: dict[str, list[float]] = {"t_half": [], "t_all": []}
    for k, setting in enumerate(settings(box, seed, count)):
        steps = math.ceil(HORIZON / setting.clock_step)
        logs: dict[str, list[float]] = {"t_half": [], "t_all": []}
        spread: dict[str, list[float]] = {"t_half": [], "t_all": []}
        for j in range(runs):
            run = train(
                setting,
                steps=steps,
                engine="law",
                seed=derive_seed(seed, "budget", runs * k + j),
                record_coefficients=False,
            )
            flipped = run.y != run.y_observed
            pop = population(setting, run.y, run.y_observed)
            if flipped.sum() < 15 or _strength(pop) < 3:
                break
            law = cavity_law(pop, steps, replicates).times
            stays = stay_times(run.margins[:, flipped], run.steps)
            for name, share in (("t_half", 0.5), ("t_all", 1.0)):
                score, log = _score(law, share, share_time(stays, share), setting.clock_step)
                times = law.times(share)
                log += math.log(float(times.mean())) - float(np.log(times).mean())
                logs[name].append(log if math.isfinite(score) else math.nan)
                spread[name].append(float(np.log(times).std(ddof=1)))
        for name, found in logs.items():
            if len(found) == runs and all(map(math.isfinite, found)):
                errors[name].append(float(np.mean(found)))
                own = float(np.mean(np.square(spread[name])))
                noise[name].append(own / runs * (1 + 1 / replicates))
    out = {}
    for name, found in errors.items():
        square, expected = np.square(found), np.array(noise[name])
        rest = float(np.mean(square - expected))
        error = float(np.std(square - expected, ddof=1) / len(square) ** 0.5)
        out[name] = (
            len(found),
            float(np.mean(found)),
            float(square.mean() ** 0.5),
            float(expected.mean() ** 0.5),
            max(0.0, rest + 1.645 * error) ** 0.5,
        )
    return out


def _strength(pop: Population) -> float:
    return min(2 * pop.a * (clean - noisy) / pop.n for clean, noisy in pop.counts)


def summary(scores: Iterable[float]) -> tuple[int, float, float]:
    """How many are known, their mean and standard deviation."""
    known: NDArray[np.float64] = np.array([x for x in scores if math.isfinite(x)])
    return len(known), float(known.mean()), float(known.std(ddof=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=int, default=150)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--box", choices=list(BOXES), default="wide")
    parser.add_argument("--laws", nargs="*", default=list(MUTATIONS), choices=list(MUTATIONS))
    parser.add_argument("--runs", type=int, default=1, help="from 6 on: criterion A2 in place of the scores")
    options = parser.parse_args()
    if options.runs > 1:
        found_budget = budget(BOXES[options.box], options.seed, options.settings, options.runs)
        for name, (number, bias, rms, sampling, rest) in found_budget.items():
            print(
                f"{name}: {number} settings, mean {bias:+.4f} +- {rms / number**0.5:.4f}, rms {rms:.4f}, "
                f"of which sampling {sampling:.4f}; the rest below {rest:.4f} (95 %)"
            )
        return
    found = rows(BOXES[options.box], options.seed, options.settings, options.laws)
    print("law, t_half: runs, mean, sd of scores, mean log ratio; t_all: the same")
    for name, of in found.items():
        cells = []
        for scores, logs in (
            ([r.half for r in of], [r.half_log for r in of]),
            ([r.all for r in of], [r.all_log for r in of]),
        ):
            number, mean, sd = summary(scores)
            _, log, spread = summary(logs)
            cells.append(f"{number:4d} {mean:+.3f} {sd:.3f} {log:+.3f} +- {spread / number**0.5:.3f}")
        print(f"{name:26s} | " + " | ".join(cells), flush=True)


if __name__ == "__main__":
    main()
