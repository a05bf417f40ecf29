"""The mixture model's engines: trajectories exact in law or on real inputs, and solvers without steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulation.early_learning.force import Loss
from simulation.early_learning.gram import Gram, draw_gram, gram_of
from simulation.early_learning.margins import hard_margin_of_gram, separable
from simulation.early_learning.minimiser import NotConverged, minimiser
from simulation.early_learning.problem import MixtureProblem, draw_start, sample_problem
from simulation.early_learning.run import MixtureRun
from simulation.early_learning.training import MixtureResult, descend, train
from simulation.models import UNITS_A_SECOND, Engine, Job, read_only
from theory.early_learning.setting import MixtureSetting
from theory.rng import generator

__all__ = ["ENGINES", "DescentEngine", "SolverEngine"]

Floats = NDArray[np.float64]


def _run(job: Job, engine: str, result: MixtureResult, gram: Gram) -> MixtureRun:
    read_only([*vars(result).values(), *vars(gram).values()])
    return MixtureRun(job.setting, job.seed, engine, result, gram)


def _records(job: Job) -> int | Sequence[int]:
    return 1 if job.record is None else job.record


def _arrays(setting: MixtureSetting, seed: int) -> tuple[MixtureProblem, Floats]:
    problem = sample_problem(setting, seed)
    return problem, draw_start(setting, problem.v, seed)


def _trained(job: Job, problem: MixtureProblem, start: Floats, engine: str) -> MixtureResult:
    s: MixtureSetting = job.setting
    options: dict[str, object] = {}
    if s.loss in ("elr", "kl"):
        options = {"lam": s.lam, "beta": s.beta, "clamp": s.clamp or None}
    elif s.loss == "frozen":
        options = {"lam": s.lam, "target": s.target}
    return train(
        problem,
        eta=s.eta,
        steps=job.steps,
        loss=s.loss,
        engine=engine,  # type: ignore[arg-type]
        theta_0=start,
        record_every=_records(job),
        **options,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class DescentEngine(Engine):
    """Gradient descent: "dual" on Gram matrices drawn in law (any p), the others on real inputs.

    "three_ways" trains the same real inputs by all three engines; its run is the primal one, and `ways` holds
    what the others gave.
    """

    # Made one after the other: a batch only spares their hand-over to a worker.
    most = 16
    name: Literal["dual", "primal", "two_row", "three_ways"]

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[MixtureRun]:
        """One after the other, on the CPU: the arrays are small."""
        return [self._one(job) for job in jobs]

    def _one(self, job: Job) -> MixtureRun:
        if self.name == "dual":
            gram = draw_gram(job.setting, job.seed)
            result = descend(
                gram, job.setting.eta, job.steps, Loss.of(job.setting), _records(job), stop=job.stop
            )
            return _run(job, self.name, result, gram)
        problem, start = _arrays(job.setting, job.seed)
        gram = gram_of(problem, start)
        if self.name != "three_ways":
            return _run(job, self.name, _trained(job, problem, start, self.name), gram)
        run = _run(job, self.name, _trained(job, problem, start, "primal"), gram)
        for other in ("dual", "two_row"):
            run.ways[other] = _trained(job, problem, start, other)
            read_only(vars(run.ways[other]).values())
        return run

    def shape(self, job: Job) -> tuple[float, ...]:
        """Length and examples."""
        return float(job.steps), float(job.setting.n)

    def work(self, job: Job) -> float:
        """A step's products and element-wise work, and the Gram matrix."""
        s: MixtureSetting = job.setting
        losses = 1.0 if s.loss == "ce" else 3.5
        if self.name == "dual":
            step = 6e-6 + 4e-10 * s.n**2 + 5e-8 * losses * s.n
            return UNITS_A_SECOND * (2e-10 * s.n**3 + max(1, job.steps) * step)
        ways = 3.0 if self.name == "three_ways" else 1.0
        return UNITS_A_SECOND * ways * (3e-8 * s.n * s.p + max(1, job.steps) * (2e-5 + 1e-9 * s.n * s.p))

    def bytes(self, job: Job) -> int:
        """Kernel, and margins and coefficients at every record."""
        s: MixtureSetting = job.setting
        records = job.steps + 1 if job.record is None else len(job.record)
        inputs = 0 if self.name == "dual" else 3 * s.n * s.p
        return 8 * (3 * s.n**2 + 2 * records * s.n + inputs)


@dataclass(frozen=True)
class SolverEngine(Engine):
    """No training: a run of one record, or none, with what a solver found.

    "first_step" draws the two numbers that the first gradient is made of from their exact law; "separability"
    asks a linear program whether the observed labels are separable; "hard_margin" solves for the direction of
    late times; "minimiser" for the finite limit of gradient descent, `separable` where there is none.
    """

    most = 16
    name: Literal["first_step", "separability", "hard_margin", "minimiser"]

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[MixtureRun]:
        """One after the other."""
        makers = {
            "first_step": _first_step,
            "separability": _separability,
            "hard_margin": _hard_margin,
            "minimiser": _minimiser,
        }
        return [makers[self.name](job) for job in jobs]

    def work(self, job: Job) -> float:
        """A draw, a quadratic programme, or a linear one."""
        s: MixtureSetting = job.setting
        if self.name == "first_step":
            return 2e-5 * UNITS_A_SECOND
        if self.name == "hard_margin":
            return float(3e-9 * UNITS_A_SECOND * s.n**3)
        return float(1e-8 * UNITS_A_SECOND * s.n * min(s.n, s.p) ** 1.5)


def _empty(gram: Gram, theta: tuple[float, float] | None = None, f: Floats | None = None) -> MixtureResult:
    n = len(gram.s)
    a, across = theta or (0.0, 0.0)
    return MixtureResult(
        steps=np.zeros(1, dtype=np.int64),
        f=np.zeros((1, n)) if f is None else f[None, :],
        coefficients=np.zeros((1, n)),
        a=np.array([a]),
        noise_norm=np.array([across]),
        s=gram.s,
        sigma=gram.sigma,
        theta=None,
    )


def _first_step(job: Job) -> MixtureRun:
    r"""theta after one step from zero: `(eta/2) [(mh + sigma N/sqrt n) v + (sigma/sqrt n) xi]`, |xi|^2 ~
    chi^2."""
    s: MixtureSetting = job.setting
    draws = generator(job.seed, "mixture.first_step")
    flipped = s.wrong if s.flips == "exact" else int(draws.binomial(s.n, s.flip_rate))
    scale = s.eta / 2.0
    along = 1.0 - 2.0 * flipped / s.n + s.sigma * draws.standard_normal() / np.sqrt(s.n)
    across = s.sigma * np.sqrt(draws.chisquare(s.p - 1) / s.n)
    nothing = Gram(np.ones(1), np.zeros((1, 1)), np.ones(1), np.zeros(1), 0.0, 0.0, s.sigma)
    return _run(job, "first_step", _empty(nothing, (scale * along, scale * across)), nothing)


def _separability(job: Job) -> MixtureRun:
    problem, _ = _arrays(job.setting, job.seed)
    nothing = Gram(np.ones(1), np.zeros((1, 1)), problem.s, np.zeros(1), 0.0, 0.0, problem.sigma)
    run = _run(job, "separability", _empty(nothing), nothing)
    run.separable = separable(problem.x, problem.e_observed)
    return run


def _hard_margin(job: Job) -> MixtureRun:
    # The margin is the data's: an initial vector has no part in it.
    gram = draw_gram(job.setting.with_(start=0.0), job.seed)
    found = hard_margin_of_gram(gram.kernel * len(gram.s) * np.outer(gram.s, gram.s))
    # theta = sum_i weights_i e'_i x_i, so that coefficients are n weights s.
    c = len(gram.s) * found.weights * gram.s
    theta = float(gram.signal(c)), float(np.sqrt(gram.noise_norm2(c)))
    run = _run(job, "hard_margin", _empty(gram, theta, gram.kernel @ c), gram)
    run.separable = True
    return run


def _minimiser(job: Job) -> MixtureRun:
    problem, _ = _arrays(job.setting, job.seed)
    nothing = Gram(np.ones(1), np.zeros((1, 1)), problem.s, np.zeros(1), 0.0, 0.0, problem.sigma)
    try:
        theta = minimiser(problem.x, problem.e_observed)
    except NotConverged:
        run = _run(job, "minimiser", _empty(nothing), nothing)
        run.separable = True
        return run
    along = float(theta @ problem.v)
    across = float(np.linalg.norm(theta - along * problem.v))
    margins = problem.e * (problem.x @ theta)
    run = _run(job, "minimiser", _empty(nothing, (along, across), margins), nothing)
    run.separable = False
    return run


ENGINES: Mapping[str, Engine] = {
    "dual": DescentEngine("dual"),
    "primal": DescentEngine("primal"),
    "two_row": DescentEngine("two_row"),
    "three_ways": DescentEngine("three_ways"),
    "first_step": SolverEngine("first_step"),
    "separability": SolverEngine("separability"),
    "hard_margin": SolverEngine("hard_margin"),
    "minimiser": SolverEngine("minimiser"),
}
