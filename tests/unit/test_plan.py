"""Plans: seeds are pure, profiles nest, sweeps are paired, and the number of workers changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from decide_cases import claim_of

from theory.claim import Claim, Proof
from theory.experiment import PROFILES, Experiment
from theory.ledger import builtin_ledger
from theory.place import Place
from theory.rng import derive_seed
from theory.rules import Band, Event
from theory.run import Run
from theory.two_stage.box import Domain, Fixed, Grid, Sweep
from theory.two_stage.drawn_claims import DRAWS
from theory.two_stage.experiments import EVENT_GRID, EXACT, PAPER, sweep
from theory.two_stage.setting import Setting
from verify.outcome import Observation
from verify.pipeline import verify_claims
from verify.runs.backends import SerialBackend
from verify.runs.built_in import built_in as is_built_in
from verify.runs.plan import RunSpec, plan_runs, run_steps, snapshot_steps

BASE = Setting.from_n_snr2(
    n=20, d=2000, m=4, n_snr2=8.0, tau_plus=0.2, tau_minus=0.2, kappa_0=0.1, clock_step=0.1
)
BOX = Domain(
    "box", n=(10, 20), m=(2, 5), signal_margin=(4, 8), tau=(0.05, 0.2), kappa_0=(0.01, 0.3),
    dimension=(20, 50), clock_step=(0.1, 0.2),
)  # fmt: skip
GRID = Grid((({"x": 1.0}, BASE), ({"x": 2.0}, BASE.with_(m=6))))
RUNS = {"quick": 3, "default": 5, "full": 9}
PLACES: dict[str, Place] = {
    "domain": BOX,
    "sweep": Sweep("eta", BASE, (0.5, 1.0, 2.0)),
    "grid": GRID,
    "fixed": Fixed(BASE),
}
each_place = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())


def experiment(place: Place, **changes: object) -> Experiment:
    fields: dict[str, object] = {"id": "plan", "place": place, "clock": 1.0, "runs": RUNS}
    return Experiment(**(fields | changes))  # type: ignore[arg-type]


def runs_of(specs: list[RunSpec]) -> set[tuple[object, ...]]:
    """What decides a run, without its position in the list."""
    return {(s.setting, s.seed, s.engine, s.replicate, tuple(s.labels.items())) for s in specs}


@each_place
def test_a_plan_is_a_function_of_its_arguments(place: Place) -> None:
    assert plan_runs(experiment(place), "quick", 7) == plan_runs(experiment(place), "quick", 7)
    one, two = plan_runs(experiment(place), "quick", 7), plan_runs(experiment(place), "quick", 8)
    assert not {s.seed for s in one} & {s.seed for s in two}
    other = plan_runs(experiment(place, id="another"), "quick", 7)
    assert not {s.seed for s in one} & {s.seed for s in other}
    assert [s.index for s in one] == list(range(len(one)))


@each_place
def test_a_larger_profile_extends_and_changes_nothing(place: Place) -> None:
    small, middle, large = (plan_runs(experiment(place), profile, 0) for profile in PROFILES)
    assert runs_of(small) < runs_of(middle) < runs_of(large)
    assert len(small) * 3 == len(large)
    assert len(runs_of(large)) == len(large)


@pytest.mark.parametrize("built_in", [PAPER, EXACT, EVENT_GRID, sweep("n")], ids=lambda e: e.id)
def test_the_built_in_profiles_nest(built_in: Experiment) -> None:
    assert runs_of(plan_runs(built_in, "quick", 0)) <= runs_of(plan_runs(built_in, "default", 0))


def test_the_draws_at_a_dimension_are_one_step_each_and_not_paired() -> None:
    small = replace(DRAWS["4n"], runs={"quick": 3})
    specs = plan_runs(small, "quick", 0)
    assert len({s.seed for s in specs}) == len(specs) == 6
    assert {run_steps(small, s.setting) for s in specs} == {1}
    assert [e.place.setting.d for e in DRAWS.values()] == [7, 8, 24, 600]  # type: ignore[union-attr]


def test_a_run_left_out_of_a_profile() -> None:
    assert plan_runs(experiment(BOX, runs={"default": 4}), "quick", 0) == []


def test_adding_an_engine_changes_no_run_of_the_first() -> None:
    alone = plan_runs(experiment(BOX), "quick", 0)
    both = plan_runs(experiment(BOX, engines=("law", "reduced")), "quick", 0)
    assert both[: len(alone)] == alone
    assert [replace(s, engine="law", index=s.index - len(alone)) for s in both[len(alone) :]] == alone


def test_engines_compared_in_distribution_draw_on_their_own() -> None:
    specs = plan_runs(experiment(BOX, engines=("law", "reduced"), pair_engines=False), "quick", 0)
    assert len({s.seed for s in specs}) == len(specs) == 6
    assert [s.setting for s in specs[:3]] == [s.setting for s in specs[3:]]
    assert specs[0].seed == derive_seed(derive_seed(0, "plan", 0), "law")


@pytest.mark.parametrize("parameter", ["eta", "n", "m", "sigma_xi", "d"])
def test_replicates_of_a_sweep_are_paired(parameter: str) -> None:
    place = Sweep(parameter, BASE, (0.5, 1.0, 2.0))  # type: ignore[arg-type]
    specs = plan_runs(experiment(place), "quick", 0)
    seeds = {r: {s.seed for s in specs if s.replicate == r} for r in range(3)}
    assert all(len(of_one) == 1 for of_one in seeds.values())
    assert len(set.union(*seeds.values())) == 3
    values = [s.labels[parameter] for s in specs if s.replicate == 0]
    assert values == [getattr(BASE, parameter) * f for f in (0.5, 1.0, 2.0)]


def test_cells_of_a_grid_are_not_paired() -> None:
    specs = plan_runs(experiment(GRID), "quick", 0)
    assert len({s.seed for s in specs}) == len(specs) == 6


def test_the_length_of_a_run_and_its_snapshots() -> None:
    e = experiment(Fixed(BASE), clock=1.0, snapshots=(0.25, 0.5, 3.0))
    assert run_steps(e, BASE) == 10
    assert snapshot_steps(e, BASE) == [0, 3, 5, 10]
    assert run_steps(replace(e, max_steps=4), BASE) == 4
    assert snapshot_steps(replace(e, max_steps=4), BASE) == [0, 3, 4]
    assert snapshot_steps(replace(e, every_step_snapshots=True), BASE) == list(range(11))
    assert run_steps(replace(e, clock=1e-9), BASE) == 1


# Workers ------------------------------------------------------------------------------------------------


def claim(name: str, rule: object, measure: object, e: Experiment) -> Claim:
    return claim_of(f"plan.{name}", e, rule=rule, measure=measure)


@pytest.fixture
def two_threads() -> Iterator[None]:
    """A single process trains with torch's own threads, a worker with one: neither may show."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_the_number_of_workers_changes_no_bit() -> None:
    box = experiment(replace(BOX, n=(10, 40)), id="plan.box", runs={"quick": 29})
    network = experiment(BOX, id="plan.network", runs={"quick": 3}, engines=("cnn",))
    claims = [
        claim("loss", Band(0.0, 10.0, "example"), lambda run: float(run.train_loss[-1]), box),
        claim("error", Band(0.0, 1.0, "example"), lambda run: run.test_error("iid", 1.0).value, box),
        claim("gamma", Band(-9.0, 9.0, "example"), lambda run: float(run.gamma[-1].sum()), network),
        claim("order", Event(), lambda run: run.t_clean <= run.t_half, box),
    ]

    def observed(jobs: int) -> list[list[Observation]]:
        judgements = verify_claims(
            claims, profile="quick", jobs=jobs, counterexamples=False, adversaries=False
        ).judgements
        return [list(j.observations) for j in judgements]

    one, two = observed(1), observed(2)
    assert one == two
    assert len({o.value for o in one[0]}) == len(one[0]) == 116  # bits to differ in, on fresh runs too


def test_the_base_seed_changes_the_values() -> None:
    e = experiment(BOX, id="plan.seed", runs={"quick": 2})
    c = claim("loss", Band(0.0, 10.0, "example"), lambda run: float(run.train_loss[-1]), e)
    first, again, other = (
        [
            o.value
            for o in verify_claims([c], "quick", seed, backend=SerialBackend(), adversaries=False)
            .judgements[0]
            .observations
        ]
        for seed in (0, 0, 1)
    )
    assert first == again
    assert not set(first) & set(other)


@pytest.mark.parametrize(
    "change",
    [{"clock": 2.0}, {"snapshots": (0.5,)}, {"max_steps": 3}, {"every_step_snapshots": True}],
    ids=str,
)
def test_two_experiments_may_not_share_an_id(change: dict[str, object]) -> None:
    a = claim("a", Event(), bool, experiment(BOX))
    b = claim("b", Event(), bool, experiment(BOX, **change))
    with pytest.raises(ValueError, match=r"claim plan\.b: experiment id 'plan' is used by another"):
        verify_claims([a, b], profile="quick")


def test_claims_of_one_experiment_share_its_runs() -> None:
    ledger = builtin_ledger()
    chosen = ledger.matching(["two_stage.recursion.*", "two_stage.closure"])
    small = replace(EXACT, id="plan.shared", runs={"quick": 2})
    verification = verify_claims([replace(c, experiment=small, proof=None) for c in chosen], profile="quick")
    assert verification.run_info["runs"] == 2
    assert [j.decision.n_trials for j in verification.judgements] == [2] * 3
    assert [j.decision.statistic["violations"] for j in verification.judgements] == [0] * 3


def test_a_proof_that_two_claims_cite_is_done_once() -> None:
    done: list[int] = []

    def proved() -> Proof:
        done.append(1)
        return Proof(True, ("once",))

    first = replace(builtin_ledger().matching(["two_stage.closure"])[0], proof=proved)
    small = replace(EXACT, id="plan.proof", runs={"quick": 1})
    claims = [replace(first, id=f"plan.proof_{k}", experiment=small, parents=()) for k in range(2)]
    verification = verify_claims(claims, profile="quick", seed=0, counterexamples=False)
    assert done == [1]
    assert all("The symbolic proof holds." in j.chain for j in verification.judgements)


def test_a_partial_measure_is_as_built_in_as_the_functions_in_it() -> None:
    closure = builtin_ledger().matching(["two_stage.closure"])[0]

    def own(run: Run) -> float:
        return 0.0

    model = closure.experiment.of_model
    assert is_built_in(closure.measure, model)
    assert is_built_in(partial(partial(closure.measure), level=2.0), model)
    for measure in (own, partial(own), partial(closure.measure, own), partial(partial(own), 1)):
        assert not is_built_in(measure, model)
