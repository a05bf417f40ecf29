"""The paper as a whole: its claims, readings, falsehoods, questions, exhibits and planes hang together."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulation.models import Job, engine_of
from theory.claim import Claim
from theory.condition import all_inside
from theory.early_learning.digits_setting import DigitsSetting
from theory.early_learning.paper import THIS
from theory.early_learning.setting import MixtureSetting
from theory.ledger import Ledger
from theory.place import Point
from theory.rng import derive_seed, generator
from theory.rules import Difference, Identity, Law
from theory.run import NotApplicable

CLAIMS = THIS.claim_map
FALSEHOODS = list(THIS.falsehoods(Ledger(THIS.claims)))


def made(claim: Claim, wanted: int) -> Iterator[Any]:
    """The first runs of a claim's experiment that lie inside its conditions."""
    experiment = claim.experiment

    def draws(replicate: int) -> np.random.Generator:
        return generator(7, experiment.id, replicate)

    found = 0
    for point in experiment.place.points(400, draws):
        if not all_inside(claim.kept_conditions, point.setting, claim.constants):
            continue
        yield from _runs(claim, point)
        found += 1
        if found == wanted:
            return
    raise AssertionError(f"{claim.id}: only {found} of 400 settings lie inside its conditions")


def _runs(claim: Claim, point: Point) -> Iterator[Any]:
    experiment = claim.experiment
    seed = derive_seed(7, experiment.id, point.replicate)
    steps = 0 if experiment.clock is None else point.setting.steps(experiment.clock)
    job = Job(point.setting, seed, steps, record=experiment.record.steps(point.setting, steps))
    for name in experiment.engines or ("",):
        engine = engine_of(experiment.of_model, name)
        run = engine.make([job], device="cpu")[0]
        if experiment.control is not None:
            other = replace(job, setting=experiment.control(point.setting))
            run.control = engine.make([other], device="cpu")[0]  # type: ignore[attr-defined]
        yield run


def cheap(claim: Claim) -> bool:
    """Whether a run takes well under a second."""
    experiment = claim.experiment
    if experiment.clock is None or experiment.model is not None:
        return True
    point = next(iter(experiment.place.points(1, lambda r: generator(7, experiment.id, r))))
    if not isinstance(point.setting, MixtureSetting):
        return False
    return point.setting.steps(experiment.clock) * point.setting.n <= 400_000 and point.setting.n <= 600


def test_readings_name_claims_that_correct_them() -> None:
    readings = [claim for claim in THIS.claims if claim.role == "reading"]
    assert len(readings) >= 8
    for claim in readings:
        assert CLAIMS[claim.corrected_by].role == "claim"


ITEMS = (
    *(f"{letter}{k}" for letter, last in (("D", 12), ("E", 10), ("N", 7)) for k in range(1, last + 1)),
    *("Lemma 2", "table 3.4", "section 2.2", "section 2.3a", "section 2.3c", "section 2.4"),
    *(f"Theorem 1, part {k}" for k in (1, 2, 3)),
)


@pytest.mark.parametrize("item", ITEMS)
def test_every_item_of_the_paper_and_beyond_has_a_claim_that_is_judged(item: str) -> None:
    names = {claim.id: claim.source.item.removeprefix("beyond the paper, ") for claim in THIS.claims}
    found = [
        c for c in THIS.claims if names[c.id] == item or names[c.id].startswith((f"{item} (", f"{item},"))
    ]
    assert any(c.role == "claim" and max(c.experiment.runs.values()) > 0 for c in found), item


def test_every_judged_claim_can_be_told_from_a_false_one() -> None:
    """What a rule does not plant by itself is declared: formulas in identities, values 2.4 margins off."""
    rules = (Identity, Law, Difference)
    needed = {c.id for c in THIS.claims if c.role == "claim" and isinstance(c.rule, rules)}
    assert needed <= {f.of for f in FALSEHOODS}


def test_questions_name_claims() -> None:
    for question in THIS.questions:
        assert set(question.claims) <= set(CLAIMS)


def test_every_file_of_claims_but_the_networks_is_measured_at_quick() -> None:
    """A verdict on networks needs eight seeds: quick has none."""
    by_file: dict[str, bool] = {}
    for claim in THIS.claims:
        if claim.experiment.setting_class is DigitsSetting:
            continue
        file = claim.measure.func.__module__ if hasattr(claim.measure, "func") else claim.measure.__module__
        by_file[file] = by_file.get(file, False) or claim.experiment.runs.get("quick", 0) > 0
    assert all(by_file.values()), by_file


def test_settings_travel() -> None:
    for claim in THIS.claims:
        experiment = claim.experiment
        for point in experiment.place.points(2, lambda r: generator(1, "test", r)):
            again = pickle.loads(pickle.dumps(point.setting))
            assert again == point.setting
            assert type(point.setting)(**point.setting.as_dict()) == point.setting


SUPPORTED_KINDS = ("identity", "universal")


@pytest.mark.parametrize(
    "claim",
    [c for c in THIS.claims if c.kind in SUPPORTED_KINDS and c.role == "claim" and cheap(c)],
    ids=lambda c: c.id,
)
def test_exact_claims_hold_on_new_seeds(claim: Claim) -> None:
    for run in made(claim, 5):
        value = claim.measure(run)
        if isinstance(value, NotApplicable):
            continue
        if claim.kind == "identity":
            assert value < 1e-10
        else:
            assert value


@pytest.mark.parametrize(
    "claim",
    [c for c in THIS.claims if c.role == "reading" and c.kind in SUPPORTED_KINDS],
    ids=lambda c: c.id,
)
def test_readings_fail(claim: Claim) -> None:
    values = [claim.measure(run) for run in made(claim, 12)]
    assert any(v > 1e-3 if claim.kind == "identity" else not v for v in values)


@pytest.mark.slow
@pytest.mark.parametrize(
    "false", [f for f in FALSEHOODS if cheap(f.claim)], ids=lambda f: f"{f.of}: {f.name}"
)
def test_falsehoods_are_further_off_than_the_truth(false: Any) -> None:
    """On the same runs the false prediction misses by more than the margin where the true one does not."""
    true = CLAIMS[false.of]
    pairs = []
    for run in made(true, 12 if true.kind in ("event", "universal") else 6):
        right, wrong = true.measure(run), false.claim.measure(run)
        if not isinstance(right, NotApplicable):
            pairs.append((right, wrong))
    if true.kind == "identity":
        assert all(w > 1e-8 and r < 1e-10 for r, w in pairs)
        return
    if true.kind in ("event", "universal"):
        assert sum(bool(w) for _, w in pairs) < sum(bool(r) for r, _ in pairs)
        return
    relative = true.kind == "law"
    errors = np.array(
        [[np.log(a / b) if relative else a - b for a, b in (right, wrong)] for right, wrong in pairs]
    )
    margin = true.rule.margin  # type: ignore[union-attr]
    assert abs(errors[:, 1].mean()) > (np.log1p(margin) if relative else margin)
    assert abs(errors[:, 1].mean()) > abs(errors[:, 0].mean())


def test_a_plane_has_settings_at_its_corners() -> None:
    for plane in THIS.planes:
        for x in (plane.x.low, plane.x.high):
            for y in (plane.y.low, plane.y.high):
                assert isinstance(plane.setting(x, y), MixtureSetting)
        assert plane.claim == "" or plane.claim in CLAIMS


def test_exhibits_can_be_drawn() -> None:
    for exhibit in THIS.exhibits:
        setting = exhibit.setting
        engine = engine_of(setting.model, exhibit.engine)  # type: ignore[arg-type]
        steps = setting.steps(exhibit.clock or 0.0)
        run: Any = engine.make([Job(setting, exhibit.seed, steps)], device="cpu")[0]
        if exhibit.control is not None:
            run.control = engine.make([Job(exhibit.control, exhibit.seed, steps)], device="cpu")[0]
        for panel in exhibit.panels(run):
            for series in panel.series:
                x, y = series.arrays()
                assert np.all(np.isfinite(x))
                assert y is not None
                assert np.all(np.isfinite(y))


def test_regime_speaks_of_the_setting() -> None:
    elr = MixtureSetting.from_kappa(
        n=200, kappa=0.2, gamma=50.0, flip_rate=0.2, eta=0.1, loss="elr", lam=0.3, beta=0.0
    )
    text = " ".join(THIS.regime(elr))
    assert "early learning" in text
    assert "memorised" in text
    assert "no early learning" in " ".join(THIS.regime(elr.with_(sigma=1.0)))


def test_parameters_make_settings() -> None:
    parameters = THIS.parameters[MixtureSetting]
    made_setting = parameters.setting_at({"n": 100, "gamma": 2.0, "kappa": 0.3, "flip_rate": 0.2})
    assert isinstance(made_setting, MixtureSetting)
    assert made_setting.p == 200
    assert made_setting.kappa == pytest.approx(0.3)
    with pytest.raises(ValueError, match=r"do not go together|give one of"):
        parameters.setting_at({"n": 100, "gamma": 2.0, "p": 50, "kappa": 0.3, "flip_rate": 0.2})


def test_the_page_of_items_names_every_claim() -> None:
    """And no other: the pages of the paper's items and digits are of the claims as they stand."""
    pages = Path(__file__).parents[3] / "docs" / "derivations" / "early_learning"
    listed = set(re.findall(r"`([a-z0-9_]+\.[a-z0-9_.]+)`", (pages / "items.md").read_text("utf-8")))
    digits = (pages / "digits.md").read_text("utf-8")
    known = {claim.id.removeprefix("early_learning.") for claim in THIS.claims}
    assert {name for name in known if not name.startswith("digits.")} <= listed
    named = {f"digits.{name}" for name in re.findall(r"`([a-z0-9_]+(?:\.[a-z]+)?)`", digits)}
    assert {name for name in known if name.startswith("digits.")} <= named


def test_margins_that_had_no_time_to_fall_are_not_judged() -> None:
    """A run with a small step is cut before tau = 2000: what it does not show is no violation."""
    claim = THIS.claim_map["early_learning.frozen.unheld"]
    setting = MixtureSetting(
        n=100, p=1000, sigma=0.1, flip_rate=0.2, eta=1.0, loss="frozen", lam=0.4, target=0.9
    )
    verdicts = []
    for steps in (2000, 1100):
        engine = engine_of(claim.experiment.of_model, "dual")
        job = Job(setting, 5, steps=steps, record=1000)
        verdicts.append(claim.measure(engine.make([job], device="cpu")[0]))
    assert verdicts[0] is True
    assert isinstance(verdicts[1], NotApplicable)
