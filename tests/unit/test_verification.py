"""What `verify_claims` returns, as people use it: frames, reprs, pictures, a report."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from papers.coin.paper import BOX, CLAIMS, THIS, TOSSES, Coin

from theory import Cells, NotApplicable
from theory.rules import Band
from verify import Verification, settings_in, verify_claims
from verify.runs.backends import SerialBackend


@pytest.fixture(scope="module")
def done() -> Verification:
    small = replace(TOSSES, runs={"quick": 120})
    more = [
        replace(CLAIMS[1], id="coin.far", measure=lambda run: abs(run.share - run.setting.p) > 0.3),
        replace(CLAIMS[1], id="coin.some", measure=lambda run: run.setting.n > 200 or NotApplicable("few")),
        replace(CLAIMS[1], id="coin.band", rule=Band(0.0, 1.0, "a share"), measure=lambda run: run.share),
    ]
    claims = [replace(claim, experiment=small) for claim in (*CLAIMS, *more)]
    return verify_claims(claims, "quick", seed=5, backend=SerialBackend())


def test_a_frame_has_a_row_a_claim(done: Verification) -> None:
    frame = done.to_frame()
    assert list(frame.index) == [j.claim.id for j in done.judgements]
    assert frame.loc["coin.near", "verdict"] == "supported"
    assert frame.loc["coin.far", "verdict"] == "refuted"
    assert frame["runs"].to_dict() == {j.claim.id: j.decision.n_trials for j in done.judgements}


def test_observations_have_a_row_a_run(done: Verification) -> None:
    rows = done.observations("coin.some")
    assert len(rows) == 480  # its 120 runs left it undecided: four times as many settled it
    assert set(rows["n"]) == {o.setting.n for o in done["coin.some"].observations}
    assert (rows.loc[~rows["judged"], "not_judged"] == "few").any()
    assert rows.loc[rows["judged"], "value"].all()
    pairs = done.observations("coin.share")
    assert np.allclose(pairs["predicted"], pairs["p"])
    with pytest.raises(KeyError):
        done.observations("coin.none")


def test_reprs_are_short_and_say_what_matters(done: Verification) -> None:
    assert repr(done).startswith(f"Verification({len(done.judgements)} claims: ")
    assert "seed 5" in repr(done)
    assert repr(done["coin.far"]).startswith("Judgement('coin.far': refuted, 120 runs")
    assert repr(CLAIMS[1]).startswith("Claim('coin.near', Event(delta=0.05, alpha=0.05")
    assert repr(TOSSES).startswith(
        "Experiment('coin.tosses', coins: n 40..400, p 0.2..0.8, runs {'quick': 400"
    )
    assert repr(THIS) == "Paper('coin', 4 claims)"
    assert all(len(repr(x)) < 400 for x in (done, done["coin.far"], CLAIMS[0]))


def test_notebooks_see_tables_with_mathematics(done: Verification) -> None:
    claim = replace(CLAIMS[1], statement=r"$x_n < \frac{1}{n}$ & more")
    page = claim._repr_html_()
    assert "<mfrac>" in page
    assert "&amp; more" in page
    judged = done["coin.far"]._repr_html_()
    assert "python -m verify replay coin.far" in judged
    assert "<b>refuted</b>" in judged
    whole = done._repr_html_()
    assert whole.count("<tr>") == len(done.judgements) + 1
    setting = Coin(10, 0.25)._repr_html_()
    assert "<mi>n</mi>" in setting
    assert "0.25" in setting
    assert "variance" in setting


@pytest.mark.parametrize("name", ["sum", "near", "share", "score", "far", "some", "band"])
def test_every_judgement_can_be_drawn(name: str, done: Verification) -> None:
    figure: Any = done[f"coin.{name}"].plot()
    assert figure._repr_png_().startswith(b"\x89PNG")
    (axes,) = figure.axes
    assert axes.get_title() == f"coin.{name}: {done[f'coin.{name}'].verdict}"
    assert axes.lines or axes.containers


def test_shares_are_drawn_where_they_are(done: Verification) -> None:
    """Every run of coin.near holds: five shares of 1 over the claimed 0.95."""
    axes: Any = done["coin.near"].plot().axes[0]
    assert [float(c.lines[0].get_ydata()[0]) for c in axes.containers] == [1.0] * 5
    assert any(np.allclose(line.get_ydata(), 0.95) for line in axes.lines)


def test_what_has_no_run_cannot_be_drawn(done: Verification) -> None:
    bare = replace(done["coin.near"], observations=())
    with pytest.raises(ValueError, match="no run was judged"):
        bare.plot()


def test_the_report_is_written(done: Verification, tmp_path: Path) -> None:
    page = done.report(tmp_path / "r", figures=False)
    assert page == tmp_path / "r" / "report.html"
    records = json.loads((tmp_path / "r" / "claims.json").read_text())
    assert [r["id"] for r in records] == [j.claim.id for j in done.judgements]


def test_refuted_claims_are_listed(done: Verification) -> None:
    assert [j.claim.id for j in done.refuted] == ["coin.far"]


@given(settings_in(BOX))
def test_settings_are_drawn_from_the_places_of_claims(setting: Any) -> None:
    """As a user's property test would: the mean of a coin's share is what its setting says."""
    assert 40 <= setting.n <= 400
    assert math.isclose(setting.groups()["variance"], setting.n * setting.p * (1 - setting.p))


@given(settings_in(Cells("two", (({"n": 1}, Coin(50, 0.5)), ({"n": 2}, Coin(60, 0.5))))))
def test_settings_are_drawn_from_cells_too(setting: Any) -> None:
    assert setting in (Coin(50, 0.5), Coin(60, 0.5))


def test_trajectories_show_themselves() -> None:
    from simulation import sample_problem, train
    from simulation.early_learning import MixtureProblem
    from simulation.early_learning import train as train_mixture
    from simulation.label_noise_sgd import LinearProblem
    from simulation.label_noise_sgd import train as train_linear
    from theory import Setting

    s = Setting.from_n_snr2(
        n=20, d=800, m=4, sigma_xi=1.0, n_snr2=6.0, tau_plus=0.1, tau_minus=0.1, kappa_0=0.1, clock_step=0.1
    )
    rng = np.random.default_rng(0)
    v = np.array([1.0, 0, 0, 0, 0])
    e = np.where(rng.random(12) < 0.5, 1.0, -1.0)
    x = e[:, None] * (v + 0.3 * rng.standard_normal((12, 5)))
    runs: list[Any] = [
        train(sample_problem(s, seed=0), eta=s.eta, steps=20, engine="reduced"),
        train_mixture(MixtureProblem(x, e, e * np.where(np.arange(12) < 2, -1, 1), v), eta=0.1, steps=20),
        train_linear(
            LinearProblem(rng.standard_normal((6, 3)), rng.standard_normal(6), np.ones(3)),
            eta=0.01, steps=50, batch=2, sigma=0.1, seed=0,
        ),
    ]  # fmt: skip
    for run in runs:
        assert run.plot()._repr_png_().startswith(b"\x89PNG")
        assert run._repr_html_().startswith("<table>")
        assert len(repr(run)) < 400
