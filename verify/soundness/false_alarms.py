"""How often whole verifications are wrong about claims whose truth is known by construction.

A suite is a list of claims of every rule kind, judged by `verify_claims` on runs in which nothing happens.
Each claim's measurement ignores the run and draws from a known law with the run's seed, so the claim is
true or false by construction; most stand exactly on the border of what they claim (violation rate exactly
delta, exponent and ratio exactly at the end of the margin, spread exactly at its end), where both errors are
largest. A thousand suites with different seeds give the rates.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from simulation.models import Engine, Job
from theory.claim import Claim
from theory.experiment import Experiment
from theory.model import Model
from theory.place import Box, Cells, Coordinate, Joined, fixed, grid
from theory.rng import generator
from theory.rules import (
    Band,
    Bound,
    Calibration,
    Difference,
    Event,
    EventMap,
    Exponent,
    FittedBand,
    Identity,
    Law,
    Ordering,
    Rule,
    SameLaw,
    Universal,
    ZScores,
)
from theory.run import Run
from theory.setting import AbstractSetting, Trends
from theory.source import Source
from verify.statistics.error_budget import ERROR_BUDGET
from verify.statistics.intervals import rate_interval

__all__ = ["ClaimRates", "FalseAlarms", "known_claims", "measure_false_alarms"]

#: A count is inconsistent with a declared rate when chance gives as many with at most this probability. Some
#: thirty counts are compared at once.
LEVEL = 1e-4


@dataclass(frozen=True)
class _At(AbstractSetting):
    """Where nothing happens: claims draw their values themselves."""

    trends: ClassVar[Trends] = Trends(slopes=("x", "eta"), powers=("x", "eta"))
    x: float = 1.0
    eta: float = 1.0


@dataclass(frozen=True)
class _Idle(Engine):
    """Makes runs of which nothing is recorded."""

    name: str
    most = 64

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[Run]:
        """Setting and seed, nothing else."""
        return [_IdleRun(job.setting, job.seed, self.name) for job in jobs]


@dataclass(frozen=True)
class _IdleRun:
    setting: _At
    seed: int
    engine: str
    dtype: str = "float64"

    @property
    def steps(self) -> NDArray[np.int64]:
        return np.zeros(1, dtype=np.int64)


_FIRST, _SECOND = _Idle("first"), _Idle("second")
_MODEL = Model("false alarms", _At, {"first": _FIRST, "second": _SECOND})
_FACTORS = (0.5, 1.0, 2.0)
#: Skewed laws: a draw, its median and its mean.
_Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]


def _lognormal(s: float) -> tuple[_Draw, float, float]:
    return lambda g, n: np.exp(s * g.normal(size=n)), 1.0, math.exp(s**2 / 2)


_SKEWED: Mapping[str, tuple[_Draw, float, float]] = {
    "lognormal_0_5": _lognormal(0.5),
    "lognormal_1": _lognormal(1.0),
    "lognormal_1_5": _lognormal(1.5),
    "exponential": (lambda g, n: g.exponential(size=n), math.log(2), 1.0),
}
_RUNS = Experiment(
    "false_alarms.runs",
    place=grid("grid", tuple(({"x": float(x)}, _At(x=float(x))) for x in range(1, 5))),
    runs={"quick": 16},
    model=_MODEL,
)
_SWEEP = Experiment(
    "false_alarms.sweep",
    place=Cells("sweep of eta", tuple(({"eta": f}, _At(eta=f)) for f in _FACTORS), paired=True),
    runs={"quick": 6},
    model=_MODEL,
)
_JOINED = Experiment(
    "false_alarms.joined",
    place=Joined(
        Box("settings", (Coordinate("x", 1.0, 4.0),), lambda values: _At(**values)),
        {"eta": Cells("sweep of eta", tuple(({"eta": f}, _At(eta=f)) for f in _FACTORS), paired=True)},
        every=4,
    ),
    runs={"quick": 48},
    model=_MODEL,
)
_ENGINES = Experiment(
    "false_alarms.engines",
    place=fixed(_At()),
    runs={"quick": 32},
    engines=("first", "second"),
    pair_engines=False,
    model=_MODEL,
)

_DELTA = 0.2
_WHY = "declared for a claim that is true by construction"


def _rng(run: Run, purpose: str) -> np.random.Generator:
    return generator(run.seed, f"false alarms {purpose}", 0)


@dataclass(frozen=True)
class _Known:
    """A claim by construction: `holds` and `fails` say what its law makes of it; on the border both do."""

    name: str
    rule: Rule
    draw: Callable[[np.random.Generator, Run], Any]
    experiment: Experiment
    holds: bool
    fails: bool

    def claim(self) -> Claim:
        name, draw = self.name, self.draw

        def measure(run: Run) -> Any:
            return draw(_rng(run, name), run)

        return Claim(
            id=f"false_alarms.{name}",
            source=Source("known by construction", name),
            provenance="derived",
            statement=f"known by construction: {name}",
            rule=self.rule,
            measure=measure,
            experiment=self.experiment,
        )


def _normal(rng: np.random.Generator, mean: float = 0.0, sd: float = 1.0) -> float:
    return float(rng.normal(mean, sd))


def _in_wide_band(rng: np.random.Generator) -> float:
    """Log-uniform over a band of ratio 4, and out of any constant with probability delta."""
    return math.nan if rng.random() < _DELTA else 4.0 ** float(rng.random())


def _power_law(exponent: float, spread: float) -> Callable[[np.random.Generator, Run], float]:
    """`eta ** exponent` with log-normal noise that gives a replicate's slope this standard deviation.

    Runs of one replicate share their seed: the noise of a point is the draw of its own number.
    """
    x = np.log(_FACTORS)
    noise = spread * float(np.linalg.norm(x - x.mean()))

    def draw(rng: np.random.Generator, run: Run) -> float:
        point = int(np.argmin(np.abs(x - math.log(run.setting.eta))))
        errors = rng.normal(0.0, noise, size=len(_FACTORS))
        return math.exp(exponent * math.log(run.setting.eta) + float(errors[point]))

    return draw


def _skewed_power(
    exponent: float, law: str, mirror: int, size: float = 0.05
) -> Callable[[np.random.Generator, Run], float]:
    """`eta ** exponent` with skewed errors of the logarithm, and mean 0, at every point of the sweep."""
    make, _, mean = _SKEWED[law]

    def draw(rng: np.random.Generator, run: Run) -> float:
        point = _FACTORS.index(run.setting.eta) if run.setting.eta in _FACTORS else 0
        errors = mirror * size * (make(rng, len(_FACTORS)) - mean)
        return math.exp(exponent * math.log(run.setting.eta) + float(errors[point]))

    return draw


def _skewed_median(law: str, mirror: int) -> Callable[[np.random.Generator, Run], tuple[float, float]]:
    """A ratio whose median is at the end of a margin of 10 %; its logarithm is skewed."""
    make, median, _ = _SKEWED[law]
    return lambda g, r: (1.1 * math.exp(mirror * 0.2 * (float(make(g, 1)[0]) - median)), 1.0)


def _skewed_difference(law: str, mirror: int) -> Callable[[np.random.Generator, Run], tuple[float, float]]:
    """A skewed difference whose median is at the end of a margin of .1."""
    make, median, _ = _SKEWED[law]
    return lambda g, r: (0.1 + mirror * 0.2 * (float(make(g, 1)[0]) - median), 0.0)


def _skewed_excess(law: str, mirror: int) -> Callable[[np.random.Generator, Run], tuple[float, float]]:
    """A quantity beyond its bound 0 with probability delta exactly, whatever its tail on either side."""
    make, _, _ = _SKEWED[law]

    def draw(rng: np.random.Generator, run: Run) -> tuple[float, float]:
        beyond = rng.random() < _DELTA
        size = float(make(rng, 1)[0]) ** mirror
        return (size if beyond else -size), 0.0

    return draw


def _skewed_claims() -> list[_Known]:
    """Claims on the border whose numbers are skewed, and their mirror images: rules by counts, by ranks and
    by slopes. A slope is a difference of errors, and nearly symmetric whatever they are."""
    law, exponent = Law(margin=0.1, reason=_WHY), Exponent("eta", -1.0)
    theta = FittedBand(max_ratio=1e3, reason=_WHY, widen=5.0, powers=("eta",))
    bound = Bound(delta=_DELTA)
    out: list[_Known] = []
    for name in _SKEWED:
        for mirror, image in ((1, ""), (-1, ".mirrored")):
            out += [
                _Known(f"law.{name}{image}", law, _skewed_median(name, mirror), _RUNS, True, True),
                _Known(
                    f"difference.{name}{image}",
                    Difference(0.1, _WHY),
                    _skewed_difference(name, mirror),
                    _RUNS,
                    True,
                    True,
                ),
                _Known(
                    f"exponent.{name}{image}",
                    exponent,
                    _skewed_power(-0.95, name, mirror),
                    _SWEEP,
                    True,
                    True,
                ),
                _Known(f"theta.{name}{image}", theta, _skewed_power(0.1, name, mirror), _JOINED, True, True),
                _Known(f"bound.{name}{image}", bound, _skewed_excess(name, mirror), _RUNS, True, True),
            ]
    return out


def _calibrated(error: float) -> Callable[[np.random.Generator, Run], tuple[bool, float]]:
    """An event predicted with probability 1/2 that happens with 1/2 + error."""
    return lambda rng, run: (bool(rng.random() < 0.5 + error), 0.5)


def _shifted(distance: float) -> Callable[[np.random.Generator, Run], dict[str, float]]:
    """Uniform on [0, 1]; the second engine's first quantity shifted by the distance of the two laws."""
    return lambda rng, run: {
        "a": float(rng.random()) + distance * (run.engine != "first"),
        "b": float(rng.random()),
    }


def _known() -> list[_Known]:
    end = 1.2815515655446004  # a normal number lies beyond it, on either side, with probability delta = .2
    law = Law(margin=0.1, reason=_WHY)
    z = ZScores(reason=_WHY, sds=3.0, delta=0.1, bias=0.5, spread=(0.6, 1.4))
    return [
        _Known(
            "identity", Identity(factor=64.0), lambda g, r: 64 * 2.0**-52 * g.random(), _RUNS, True, False
        ),
        _Known(
            "event.border", Event(delta=_DELTA), lambda g, r: bool(g.random() >= _DELTA), _RUNS, True, True
        ),
        _Known(
            "event.true",
            Event(delta=_DELTA),
            lambda g, r: bool(g.random() >= _DELTA / 10),
            _RUNS,
            True,
            False,
        ),
        _Known(
            "ordering.border",
            Ordering(delta=_DELTA),
            lambda g, r: bool(g.random() >= _DELTA),
            _RUNS,
            True,
            True,
        ),
        _Known(
            "map.border",
            EventMap("x", 2.0, delta=_DELTA),
            lambda g, r: bool(g.random() >= _DELTA),
            _RUNS,
            True,
            True,
        ),
        _Known(
            "band.border", Band(-end, end, _WHY, delta=_DELTA), lambda g, r: _normal(g), _RUNS, True, True
        ),
        _Known(
            "fitted.border",
            FittedBand(max_ratio=4 * 1.25**2, reason=_WHY, delta=_DELTA, powers=()),
            lambda g, r: _in_wide_band(g),
            _RUNS,
            True,
            True,
        ),
        _Known(
            "fitted.true",
            FittedBand(max_ratio=8.0, reason=_WHY, delta=_DELTA, powers=()),
            lambda g, r: math.exp(0.2 * _normal(g)),
            _RUNS,
            True,
            False,
        ),
        _Known("exponent.border", Exponent("eta", -1.0), _power_law(-0.95, 0.03), _SWEEP, True, True),
        _Known("exponent.true", Exponent("eta", -1.0), _power_law(-1.0, 0.03), _SWEEP, True, False),
        _Known("law.border", law, lambda g, r: (1.1 * math.exp(0.2 * _normal(g)), 1.0), _RUNS, True, True),
        _Known("law.true", law, lambda g, r: (math.exp(0.2 * _normal(g)), 1.0), _RUNS, True, False),
        _Known("same_law.true", SameLaw(0.95, _WHY, alpha=0.05), _shifted(0.0), _ENGINES, True, False),
        _Known("same_law.false", SameLaw(0.95, _WHY, alpha=0.05), _shifted(0.95), _ENGINES, False, True),
        _Known("z_scores.true", z, lambda g, r: (_normal(g), 0.0, 1.0, 0.0), _RUNS, True, False),
        _Known("z_scores.bias", z, lambda g, r: (_normal(g, z.bias), 0.0, 1.0, 0.0), _RUNS, True, True),
        _Known(
            "z_scores.spread",
            z,
            lambda g, r: (_normal(g, 0.0, z.spread[1]), 0.0, 1.0, 0.0),
            _RUNS,
            True,
            True,
        ),
        _Known("calibration.border", Calibration(0.25, _WHY), _calibrated(0.25), _RUNS, True, True),
        _Known("calibration.true", Calibration(0.25, _WHY), _calibrated(0.0), _RUNS, True, False),
        _Known(
            "difference.border",
            Difference(0.1, _WHY),
            lambda g, r: (0.1 + float(g.uniform(-0.5, 0.5)), 0.0),
            _RUNS,
            True,
            True,
        ),
        _Known("universal.true", Universal(), lambda g, r: bool(g.random() >= 0), _RUNS, True, False),
        *_skewed_claims(),
    ]


def known_claims() -> list[Claim]:
    """The claims of a suite."""
    return [known.claim() for known in _known()]


@dataclass(frozen=True)
class ClaimRates:
    """One claim over all suites: how often its p-value alone refuted it at its alpha, how often it was
    REFUTED and SUPPORTED in the end, and which of the three its construction makes an error."""

    name: str
    alpha: float
    refuted_alone: int
    refuted: int
    supported: int
    holds: bool
    fails: bool


@dataclass(frozen=True)
class FalseAlarms:
    """Counts over all suites. `alarms` are the suites with at least one claim REFUTED though it holds."""

    suites: int
    budget: float
    alarms: int
    claims: tuple[ClaimRates, ...]

    @property
    def too_frequent(self) -> tuple[str, ...]:
        """Every rate that exceeds its declared level beyond chance (exact binomial, `LEVEL`), in words."""
        out = []
        if _too_often(self.alarms, self.suites, self.budget):
            out.append(
                f"suites with a false refutation: {self.alarms} of {self.suites}, budget {self.budget:g}"
            )
        for c in self.claims:
            if c.holds and _too_often(c.refuted_alone, self.suites, c.alpha):
                out.append(
                    f"{c.name}: refuted alone in {c.refuted_alone} of {self.suites}, alpha {c.alpha:g}"
                )
            if c.fails and _too_often(c.supported, self.suites, c.alpha):
                out.append(f"{c.name}: supported in {c.supported} of {self.suites}, alpha {c.alpha:g}")
        return tuple(out)

    @property
    def passed(self) -> bool:
        """Whether every rate is consistent with its declared level."""
        return not self.too_frequent

    @property
    def text(self) -> str:
        """A table for a terminal."""
        share = rate_interval(self.alarms, self.suites, 0.05)
        lines = [
            f"{self.alarms} of {self.suites} suites refute a claim that holds:"
            f" {share.value:.4f}, 95 % interval [{share.low:.4f}, {share.high:.4f}]; budget {self.budget:g}",
            f"{'claim':22s} {'alpha':>6s} {'refuted alone':>14s} {'refuted':>8s} {'supported':>10s}",
        ]
        for c in self.claims:
            truth = "border" if c.holds and c.fails else "true" if c.holds else "false"
            lines.append(
                f"{c.name:22s} {c.alpha:6g} {c.refuted_alone:14d} {c.refuted:8d} {c.supported:10d}  {truth}"
            )
        ending = [f"TOO FREQUENT: {line}" for line in self.too_frequent]
        return "\n".join(lines + (ending or ["every rate is consistent with its declared level"]))


def _too_often(count: int, suites: int, rate: float) -> bool:
    from scipy.special import bdtrc

    return count > 0 and rate < 1 and float(bdtrc(count - 1, suites, rate)) < LEVEL


def measure_false_alarms(
    suites: int = 1000,
    *,
    seed: int = 0,
    error_budget: float = ERROR_BUDGET,
    rules: Mapping[str, Rule] | None = None,
    declared_budget: float | None = None,
    jobs: int = 1,
) -> FalseAlarms:
    """Judge the known claims in this many verifications with seeds derived from `seed`.

    `rules` replaces the rules of claims by name, and `declared_budget` the budget that the alarms are held
    against: to see a broken decider or a missing correction caught. A replaced rule is held to the alpha of
    the original. The counts do not depend on `jobs`.

    Raises:
        ValueError: when suites is not positive, or a name is unknown.
    """
    if suites < 1:
        raise ValueError(f"suites must be at least 1, was {suites!r}")
    known = _known()
    changed = dict(rules or {})
    unknown = set(changed) - {k.name for k in known}
    if unknown:
        raise ValueError(f"rules must name known claims, was {sorted(unknown)[0]!r}")
    levels = [float(getattr(k.rule, "alpha", 0.05)) for k in known]
    if jobs == 1:
        parts = [_judge_suites(range(suites), seed, error_budget, changed)]
    else:
        from joblib import Parallel, delayed

        shares = [range(start, suites, 4 * jobs) for start in range(min(suites, 4 * jobs))]
        parts = Parallel(n_jobs=jobs)(
            delayed(_judge_suites)(share, seed, error_budget, changed) for share in shares
        )
    counts = np.sum([part for part, _ in parts], axis=0)
    alarms = sum(part for _, part in parts)
    return FalseAlarms(
        suites,
        error_budget if declared_budget is None else declared_budget,
        alarms,
        tuple(
            ClaimRates(c.name, level, int(row[0]), int(row[1]), int(row[2]), c.holds, c.fails)
            for c, level, row in zip(known, levels, counts, strict=True)
        ),
    )


def _judge_suites(
    suites: Sequence[int], seed: int, error_budget: float, rules: Mapping[str, Rule]
) -> tuple[NDArray[np.int64], int]:
    """Per known claim how often it is refuted alone, refuted and supported; and the suites with an alarm."""
    from theory.rng import derive_seed
    from verify.pipeline import verify_claims
    from verify.runs.backends import SerialBackend

    known = _known()
    claims = [replace(k, rule=rules.get(k.name, k.rule)).claim() for k in known]
    levels = [float(getattr(k.rule, "alpha", 0.05)) for k in known]
    counts = np.zeros((len(known), 3), dtype=np.int64)
    alarms = 0
    gc.collect()
    gc.freeze()  # statsmodels collects garbage at every correction, which would take longer than the suite
    try:
        for k in suites:
            judgements = verify_claims(
                claims,
                profile="quick",
                seed=derive_seed(seed, "false alarms", k),
                counterexamples=False,
                adversaries=False,
                error_budget=error_budget,
                backend=SerialBackend(),
            ).judgements
            verdicts = [j.verdict for j in judgements]
            alone = [j.decision.p_value for j in judgements]
            counts[:, 0] += [p is not None and p < level for p, level in zip(alone, levels, strict=True)]
            counts[:, 1] += [v == "refuted" for v in verdicts]
            counts[:, 2] += [v == "supported" for v in verdicts]
            alarms += any(v == "refuted" and c.holds for v, c in zip(verdicts, known, strict=True))
    finally:
        gc.unfreeze()
    return counts, alarms
