"""What every paper must satisfy, whoever wrote it: built-in ones, and those in folders of one's own."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

from simulation.models import engine_of, engines_of
from theory.condition import free_constants
from theory.ledger import Ledger
from theory.paper import Paper
from theory.rng import generator
from theory.setting import AbstractSetting
from verify.runs.plan import engine_names, job_of
from verify.runs.same import identical

__all__ = ["CHECKS"]


def settings_of(paper: Paper, count: int = 20) -> list[AbstractSetting]:
    """Settings of the reference box, or of the claims' places."""
    boxes = [paper.reference_box] if paper.reference_box else [c.experiment.place for c in paper.claims]
    points = [p for box in boxes for p in box.points(count, lambda k: generator(0, "contract", k))]
    return [point.setting for point in points[:count]]


def settings_are_values(paper: Paper) -> None:
    """A setting is its fields: equal after a round through them, a pickle, and no change."""
    for setting in settings_of(paper):
        assert type(setting) in paper.settings
        assert type(setting)(**setting.as_dict()) == setting.with_() == setting
        again = pickle.loads(pickle.dumps(setting))
        assert (again, hash(again)) == (setting, hash(setting))
        assert all(isinstance(v, int | float | str) for v in setting.as_dict().values())
        assert all(math.isfinite(v) for v in setting.size())
        assert all(isinstance(v, float | int) for v in setting.groups().values())
        assert all(hasattr(setting, name) for name in setting.letters().values())


def conditions_have_their_constants(paper: Paper) -> None:
    """Every constant of a condition has a value, in a claim and under the paper's headings."""
    for claim in paper.claims:
        kind = claim.experiment.setting_class
        named = free_constants([e for c in claim.conditions for e in (c.large, c.small)], kind)
        assert named <= set(claim.constants.values), claim.id
    for setting in settings_of(paper, 1):
        for condition in (c for listed in paper.conditions.values() for c in listed):
            assert math.isfinite(condition.check(setting, paper.constants).value), condition.name
    assert set(paper.asked) <= set(paper.conditions)


def engines_are_there(paper: Paper) -> None:
    """Every engine that an experiment names is one of its model's."""
    for experiment in {c.experiment for c in paper.claims}:
        for name in engine_names(experiment):
            engine_of(experiment.of_model, name)


def runs_are_reproducible(paper: Paper) -> None:
    """Of each model: two steps at one setting, made twice, give every claim the same value."""
    for model in {c.experiment.of_model for c in paper.claims}:
        first, engine = next(iter(engines_of(model).items()))
        mine = [c for c in paper.claims if c.experiment.of_model == model]
        mine = [c for c in mine if engine_names(c.experiment)[0] == first]
        if not mine:
            continue

        def job(claim):  # type: ignore[no-untyped-def]
            point = next(iter(claim.experiment.place.points(1, lambda k: generator(0, "contract", k))))
            return job_of(replace(claim.experiment, max_steps=2), point.setting, 0)

        chosen = min(mine, key=lambda c: engine.work(job(c)))
        asked = job(chosen)
        if engine.missing(asked):
            continue
        runs = [engine.make([asked], device="cpu")[0] for _ in range(2)]
        assert all(isinstance(run.setting, model.setting) for run in runs)
        assert (runs[0].seed, runs[0].dtype, int(runs[0].steps[-1])) == (0, asked.dtype, asked.steps)
        assert identical(*(chosen.measure(run) for run in runs)), chosen.id


def parameters_make_settings(paper: Paper) -> None:
    """What stands where nothing is given is a setting of the class."""
    for kind, parameters in paper.parameters.items():
        assert len(set(parameters.names)) == len(parameters.names)
        assert isinstance(parameters.setting_at(parameters.usual({})), kind)


def planes_and_quantities_are_whole(paper: Paper) -> None:
    """Names are unique; corners are settings; boundaries and level sets name quantities there are."""
    assert len({q.name for q in paper.quantities}) == len(paper.quantities)
    assert len({p.name for p in paper.planes}) == len(paper.planes)
    ledger = Ledger(paper.claims)
    for plane in paper.planes:
        for x, y in plane.values(2):
            assert isinstance(plane.setting(x, y, **plane.variables), paper.settings)
        names = {q.name for q in plane.quantities}
        assert all(set(s.quantities) <= names for s in (*plane.level_sets, *plane.boundaries))
        assert not plane.claim or plane.claim in ledger


def falsehoods_are_of_its_claims(paper: Paper) -> None:
    """Each of a claim there is, and named once."""
    found = [(f.of, f.name) for f in paper.falsehoods(Ledger(paper.claims))]
    assert len(set(found)) == len(found)
    assert {of for of, _ in found} <= set(paper.claim_map)


CHECKS = (
    settings_are_values,
    conditions_have_their_constants,
    engines_are_there,
    runs_are_reproducible,
    parameters_make_settings,
    planes_and_quantities_are_whole,
    falsehoods_are_of_its_claims,
)
