r"""The law engine: it takes a Setting and draws its own geometry, so its checks start from the draw.

Each setting's geometry is realised as concrete arrays (`simulation.two_stage.realise`), on which gradient
descent by
autograd must give the same run. Its other laws: equal draws in other units (sigma_xi -> c sigma_xi,
|mu| -> c |mu|, sigma_0 -> sigma_0/c, eta -> eta/c^2), a shorter run as the beginning of a longer one, and
no dependence on the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from simulation.conformance.check import Measurement, States, compare, exact, not_run, states_of, try_all
from simulation.conformance.result import CheckResult, ConformanceReport
from simulation.two_stage.conformance.cases import Case, first_clear
from simulation.two_stage.conformance.engine import EngineResult
from simulation.two_stage.conformance.repetition import BATCH_RULE, SINGLE_RULE, single_states
from simulation.two_stage.conformance.rounding import RULE, allowed_error, curvature
from simulation.two_stage.conformance.structure import monotone_states, rebuilt_margins
from simulation.two_stage.geometry import draw_geometry
from simulation.two_stage.realise import realise
from theory.rng import derive_seed
from theory.two_stage.setting import Setting

__all__ = ["LawEngine", "run_law_conformance"]

#: n, d, m, a = n SNR^2, initial pre-activation iota, flip rate of both classes.
_SHAPES = ((2, 6, 1, 2.0, 0.6, 0.2), (4, 10**6, 2, 3.0, 0.3, 0.3), (5, 12, 2, 4.0, 0.5, 0.0))
_STEP = 0.4
_BATCH, _SPLIT = 16, 7


class LawEngine(Protocol):
    """Runs exact in law, side by side; `simulation.train_many` is one."""

    def __call__(
        self,
        settings: Sequence[Setting],
        seeds: Sequence[int],
        *,
        steps: Sequence[int],
        dtype: str = "float64",
        device: str = "cpu",
    ) -> Sequence[EngineResult]: ...


@dataclass(frozen=True, eq=False)
class LawCase(Case):
    """A setting and the seed of its draw, with the realised problem."""

    setting: Setting
    draw: int


def _law_cases(seed: int, steps: int, per_shape: int) -> tuple[LawCase, ...]:
    cases = []
    for k, (n, d, m, a, iota, tau) in enumerate(s for s in _SHAPES for _ in range(per_shape)):
        base = Setting.from_n_snr2(
            n=n, d=d, m=m, n_snr2=a, tau_plus=tau, tau_minus=tau, sigma_0=iota / d**0.5, clock_step=1.0
        )

        def draw(attempt: int, base: Setting = base, k: int = k) -> LawCase:
            number = derive_seed(seed, "law conformance", 1000 * k + attempt)
            problem = realise(draw_geometry(base, number), off_span=False)
            eta = _STEP / curvature(problem)
            return LawCase(f"law case {k}", problem, eta, steps, seed, base.with_(eta=eta), number)

        found = first_clear(draw)
        assert isinstance(found, LawCase)
        cases.append(found)
    return tuple(cases)


@dataclass(frozen=True, eq=False)
class _LawTrial:
    engine: LawEngine

    def run(
        self, cases: Sequence[LawCase], dtype: str = "float64", device: str = "cpu", scale: float = 1.0
    ) -> list[States]:
        settings = [_in_units(c.setting, scale) for c in cases]
        results = self.engine(
            settings, [c.draw for c in cases], steps=[c.steps for c in cases], dtype=dtype, device=device
        )
        return [states_of(r, c.problem.n, c.problem.m, c.steps) for r, c in zip(results, cases, strict=True)]

    def one(self, case: LawCase, dtype: str = "float64", device: str = "cpu", scale: float = 1.0) -> States:
        return self.run([case], dtype, device, scale)[0]


def _in_units(s: Setting, c: float) -> Setting:
    if c == 1.0:
        return s
    return s.with_(
        sigma_xi=c * s.sigma_xi, signal_norm=c * s.signal_norm, sigma_0=s.sigma_0 / c, eta=s.eta / c**2
    )


def _realised(trial: _LawTrial, case: LawCase) -> Measurement:
    r = case.reference
    return compare(trial.one(case), States(r.margins, r.gamma, r.rho), case.allowed)


def _decomposition(trial: _LawTrial, case: LawCase) -> Measurement:
    return rebuilt_margins(case.problem, trial.one(case), 2 * case.allowed)


def _monotone(trial: _LawTrial, case: LawCase) -> Measurement:
    return monotone_states(case.problem.y_observed, trial.one(case), 2 * case.allowed)


def _units(trial: _LawTrial, case: LawCase) -> Measurement:
    return compare(trial.one(case, scale=7.0), trial.one(case), 2 * case.allowed)


def _beginning(trial: _LawTrial, case: LawCase) -> Measurement:
    cut = case.steps // 2
    short = trial.engine([case.setting], [case.draw], steps=[cut])[0]
    whole = trial.one(case)
    expected = States(whole.margins[: cut + 1], whole.gamma[: cut + 1], whole.rho[: cut + 1])
    return compare(states_of(short, case.problem.n, case.problem.m, cut), expected, case.allowed)


def _replay(trial: _LawTrial, cases: Sequence[LawCase], case: LawCase) -> Measurement:
    first = trial.one(case)
    trial.one(cases[0] if case is not cases[0] else cases[-1])
    return exact(trial.one(case), first)


def _float32(trial: _LawTrial, case: LawCase) -> Measurement:
    allowed = 2 * allowed_error(case.problem, case.reference, "float32")
    return single_states(trial.one(case, dtype="float32"), trial.one(case), allowed)


def _batches(trial: _LawTrial, cases: Sequence[LawCase], seed: int) -> CheckResult:
    batch = [cases[k % len(cases)] for k in range(_BATCH)]
    made: list[list[States]] = []

    def measure(k: int) -> Measurement:
        if not made:
            made.append(trial.run(batch))
            made.append(trial.run(batch[:_SPLIT]) + trial.run(batch[_SPLIT:]))
        case = batch[k]
        alone = trial.one(case)
        worst = max((compare(x[k], alone, 2 * case.allowed) for x in made), key=lambda x: x.error)
        return Measurement(worst.error, worst.allowed, f"{case}: {worst.where}")

    return try_all("batch invariance", BATCH_RULE, seed, range(_BATCH), measure)


def _cuda(trial: _LawTrial, cases: Sequence[LawCase], seed: int) -> CheckResult:
    import torch

    if not torch.cuda.is_available():
        return not_run("cuda", "no CUDA device", seed)
    return try_all(
        "cuda",
        f"2 x {RULE}",
        seed,
        cases,
        lambda case: compare(trial.one(case, device="cuda"), trial.one(case), 2 * case.allowed),
    )


def run_law_conformance(
    engine: LawEngine | None = None,
    *,
    name: str = "law",
    seed: int = 0,
    per_shape: int = 2,
    steps: int = 20,
) -> ConformanceReport:
    """Try an engine that takes settings, default `simulation.train_many`.

    Arguments and errors as for `run_engine_conformance`.

    >>> run_law_conformance(per_shape=1, steps=8).passed
    True
    """
    if seed < 0:
        raise ValueError(f"seed must be an integer >= 0, was {seed}")
    if per_shape < 1:
        raise ValueError(f"per_shape must be at least 1, was {per_shape}")
    if steps < 4:
        raise ValueError(f"steps must be at least 4, was {steps}")
    if engine is None:
        from simulation.two_stage.training import train_many

        engine = train_many
    cases = _law_cases(seed, steps, per_shape)
    trial = _LawTrial(engine)
    results = (
        try_all("trajectory: autograd", RULE, seed, cases, partial(_realised, trial)),
        try_all("decomposition", f"2 x {RULE}", seed, cases, partial(_decomposition, trial)),
        try_all("monotone coefficients", f"2 x {RULE}", seed, cases, partial(_monotone, trial)),
        try_all("scaling", f"2 x {RULE}", seed, cases, partial(_units, trial)),
        try_all("beginning", RULE, seed, cases, partial(_beginning, trial)),
        try_all("replay", "equal to the last bit", seed, cases, partial(_replay, trial, cases)),
        _batches(trial, cases, seed),
        try_all("float32", SINGLE_RULE, seed, cases, partial(_float32, trial)),
        _cuda(trial, cases, seed),
    )
    return ConformanceReport(name, results)
