"""What every paper must satisfy, whoever wrote it: built-in ones, and those in folders of one's own."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from itertools import islice

from simulation.models import engine_of, engines_of
from theory.condition import check_all, free_constants
from theory.ledger import Ledger
from theory.paper import Paper, load_paper
from theory.rng import generator
from theory.setting import AbstractSetting
from verify.check import check_model, check_setting
from verify.checking.statements import is_set
from verify.runs.plan import engine_names, job_of
from verify.runs.same import identical

__all__ = ["CHECKS", "is_set"]


def settings_of(paper: Paper, count: int = 20) -> list[AbstractSetting]:
    """Settings of the reference box, and of every place that claims are judged on."""
    places = dict.fromkeys(claim.experiment.place for claim in paper.claims)
    drawn = [
        [p.setting for p in islice(place.points(count, lambda k: generator(0, "contract", k)), count)]
        for place in (*paper.reference_boxes, *places)
    ]
    assert all(drawn)
    return [setting for settings in drawn for setting in settings]


def settings_are_values(paper: Paper) -> None:
    """A setting is its fields: equal after a round through them, a pickle, and no change."""
    for setting in settings_of(paper):
        assert type(setting) in paper.settings
        check_setting(setting)
        assert pickle.loads(pickle.dumps(setting)) == setting
        assert setting.with_(**setting.as_dict()) == setting
        assert all(math.isfinite(v) for v in setting.groups().values())
        assert setting.steps(setting.clock(2)) == 2


def models_are_whole(paper: Paper) -> None:
    """As a user's own model is checked when it is loaded."""
    for experiment in dict.fromkeys(claim.experiment for claim in paper.claims):
        check_model(experiment)


def claims_are_in_order(paper: Paper) -> None:
    """Ids begin with the name, parents and correctors are claims, and something is said in every field."""
    ledger = Ledger(paper.claims)
    if not paper.builds_on:
        ledger.check()
    others = {c.id for name in paper.builds_on for c in load_paper(name).claims}
    for claim in paper.claims:
        assert claim.paper == paper.name, claim.id
        assert claim.id.startswith(f"{paper.name}.")
        assert {*claim.parents} <= {*paper.claim_map, *others}, claim.id
        if claim.role == "reading":
            assert claim.corrected_by in paper.claim_map, claim.id
            assert paper.claim_map[claim.corrected_by].role == "claim", claim.id
        said = (claim.statement, claim.source.paper, claim.source.item)
        assert all(text.strip() for text in said), claim.id
        for condition in claim.conditions:
            assert condition.why.strip(), f"{claim.id}: {condition.name}"
    for question in paper.questions:
        assert {i for part in question.parts for i in part.claims} <= set(paper.claim_map), question
    for item in paper.items:
        assert set(item.claims) <= set(paper.claim_map), item
        assert is_set(item.words), item


def mathematics_is_set(paper: Paper) -> None:
    """Dollars and braces are balanced, so that no page shows LaTeX as it is written."""
    texts = [(c.id, text) for c in paper.claims for text in (c.statement, c.measured, c.note)]
    texts += [(e.letter, f"${e.latex}$ {e.meaning}") for e in paper.letters]
    texts += [(x.id, x.title) for x in paper.exhibits]
    for where, text in texts:
        assert is_set(text), f"{where}: {text!r}"


def claims_have_runs_or_say_why(paper: Paper) -> None:
    """Every claim is judged in the default profile and in the full one, which makes no fewer runs."""
    for claim in paper.claims:
        if claim.kind == "derivation":
            continue
        runs = claim.experiment.runs
        few = [profile for profile in ("default", "full") if not runs.get(profile)]
        assert not few or claim.note.strip(), f"{claim.id}: no runs in {few}, and its note does not say why"
        assert few or runs["full"] >= runs["default"] >= runs.get("quick", 0), claim.id


def conditions_have_their_constants(paper: Paper) -> None:
    """Every constant of a condition has a value, in a claim and under the paper's headings."""
    for claim in paper.claims:
        kind = claim.experiment.setting_class
        named = free_constants([e for c in claim.conditions for e in (c.large, c.small)], kind)
        assert named <= set(claim.constants.values), claim.id
        points = claim.experiment.place.points(20, lambda k: generator(0, "contract", k))
        for point in islice(points, 20):
            assert type(point.setting) is kind, f"{claim.id}: its place makes no {kind.__name__}"
            for check in check_all(claim.conditions, point.setting, claim.constants):
                assert not math.isnan(check.slack), f"{claim.id}: {check.name}"
    for setting in settings_of(paper, 1):
        for condition in (c for listed in paper.conditions.values() for c in listed):
            if not condition.speaks_of(type(setting), paper.constants):
                continue  # of another of the paper's models
            check = condition.check(setting, paper.constants)
            assert math.isfinite(check.value) or not check.inside, condition.name
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

        def job(claim, engine=engine):  # type: ignore[no-untyped-def]
            point = next(iter(claim.experiment.place.points(1, lambda k: generator(0, "contract", k))))
            return job_of(replace(claim.experiment, max_steps=2), point.setting, 0, engine)

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
    models_are_whole,
    claims_are_in_order,
    mathematics_is_set,
    claims_have_runs_or_say_why,
    conditions_have_their_constants,
    engines_are_there,
    runs_are_reproducible,
    parameters_make_settings,
    planes_and_quantities_are_whole,
    falsehoods_are_of_its_claims,
)
