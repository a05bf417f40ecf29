"""Claims of every rule kind whose truth is known by construction, judged on runs in which nothing happens.

Each claim's measurement ignores the run and draws from a known law with the run's seed, so the claim is
true or false by construction; most stand exactly on the border of what they claim (violation rate exactly
delta, exponent and ratio exactly at the end of the margin, spread exactly at its end), where both errors are
largest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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

__all__ = ["Known", "known_claims", "known_suite"]


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
class Known:
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


def _skewed_claims() -> list[Known]:
    """Claims on the border whose numbers are skewed, and their mirror images: rules by counts, by ranks and
    by slopes. A slope is a difference of errors, and nearly symmetric whatever they are."""
    law, exponent = Law(margin=0.1, reason=_WHY), Exponent("eta", -1.0)
    theta = FittedBand(max_ratio=1e3, reason=_WHY, widen=5.0, powers=("eta",))
    bound = Bound(delta=_DELTA)
    out: list[Known] = []
    for name in _SKEWED:
        for mirror, image in ((1, ""), (-1, ".mirrored")):
            out += [
                Known(f"law.{name}{image}", law, _skewed_median(name, mirror), _RUNS, True, True),
                Known(
                    f"difference.{name}{image}",
                    Difference(0.1, _WHY),
                    _skewed_difference(name, mirror),
                    _RUNS,
                    True,
                    True,
                ),
                Known(
                    f"exponent.{name}{image}",
                    exponent,
                    _skewed_power(-0.95, name, mirror),
                    _SWEEP,
                    True,
                    True,
                ),
                Known(f"theta.{name}{image}", theta, _skewed_power(0.1, name, mirror), _JOINED, True, True),
                Known(f"bound.{name}{image}", bound, _skewed_excess(name, mirror), _RUNS, True, True),
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


def known_suite() -> list[Known]:
    """What a suite is made of, in order."""
    end = 1.2815515655446004  # a normal number lies beyond it, on either side, with probability delta = .2
    law = Law(margin=0.1, reason=_WHY)
    z = ZScores(reason=_WHY, sds=3.0, delta=0.1, bias=0.5, spread=(0.6, 1.4))
    return [
        Known("identity", Identity(factor=64.0), lambda g, r: 64 * 2.0**-52 * g.random(), _RUNS, True, False),
        Known(
            "event.border", Event(delta=_DELTA), lambda g, r: bool(g.random() >= _DELTA), _RUNS, True, True
        ),
        Known(
            "event.true",
            Event(delta=_DELTA),
            lambda g, r: bool(g.random() >= _DELTA / 10),
            _RUNS,
            True,
            False,
        ),
        Known(
            "ordering.border",
            Ordering(delta=_DELTA),
            lambda g, r: bool(g.random() >= _DELTA),
            _RUNS,
            True,
            True,
        ),
        Known(
            "map.border",
            EventMap("x", 2.0, delta=_DELTA),
            lambda g, r: bool(g.random() >= _DELTA),
            _RUNS,
            True,
            True,
        ),
        Known("band.border", Band(-end, end, _WHY, delta=_DELTA), lambda g, r: _normal(g), _RUNS, True, True),
        Known(
            "fitted.border",
            FittedBand(max_ratio=4 * 1.25**2, reason=_WHY, delta=_DELTA, powers=()),
            lambda g, r: _in_wide_band(g),
            _RUNS,
            True,
            True,
        ),
        Known(
            "fitted.true",
            FittedBand(max_ratio=8.0, reason=_WHY, delta=_DELTA, powers=()),
            lambda g, r: math.exp(0.2 * _normal(g)),
            _RUNS,
            True,
            False,
        ),
        Known("exponent.border", Exponent("eta", -1.0), _power_law(-0.95, 0.03), _SWEEP, True, True),
        Known("exponent.true", Exponent("eta", -1.0), _power_law(-1.0, 0.03), _SWEEP, True, False),
        Known("law.border", law, lambda g, r: (1.1 * math.exp(0.2 * _normal(g)), 1.0), _RUNS, True, True),
        Known("law.true", law, lambda g, r: (math.exp(0.2 * _normal(g)), 1.0), _RUNS, True, False),
        Known("same_law.true", SameLaw(0.95, _WHY, alpha=0.05), _shifted(0.0), _ENGINES, True, False),
        Known("same_law.false", SameLaw(0.95, _WHY, alpha=0.05), _shifted(0.95), _ENGINES, False, True),
        Known("z_scores.true", z, lambda g, r: (_normal(g), 0.0, 1.0, 0.0), _RUNS, True, False),
        Known("z_scores.bias", z, lambda g, r: (_normal(g, z.bias), 0.0, 1.0, 0.0), _RUNS, True, True),
        Known(
            "z_scores.spread",
            z,
            lambda g, r: (_normal(g, 0.0, z.spread[1]), 0.0, 1.0, 0.0),
            _RUNS,
            True,
            True,
        ),
        Known("calibration.border", Calibration(0.25, _WHY), _calibrated(0.25), _RUNS, True, True),
        Known("calibration.true", Calibration(0.25, _WHY), _calibrated(0.0), _RUNS, True, False),
        Known(
            "difference.border",
            Difference(0.1, _WHY),
            lambda g, r: (0.1 + float(g.uniform(-0.5, 0.5)), 0.0),
            _RUNS,
            True,
            True,
        ),
        Known("universal.true", Universal(), lambda g, r: bool(g.random() >= 0), _RUNS, True, False),
        *_skewed_claims(),
    ]


def known_claims() -> list[Claim]:
    """The claims of a suite."""
    return [known.claim() for known in known_suite()]
